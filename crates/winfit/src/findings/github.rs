//! Findings as workflow commands of GitHub Actions, which become annotations on lines.

use winfit_core::finding::Severity;

use super::{Report, clean, in_words};

/// One command a finding, and nothing else.
pub(crate) fn github(report: &Report<'_>) -> String {
    let mut text = String::new();
    for finding in report.findings {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let mut properties: Vec<(&str, String)> = Vec::new();
        let place = report.place(&finding.origin);
        if let Some(place) = &place {
            properties.push(("file", place.path.clone()));
        }
        if let Some(region) = place.as_ref().and_then(|place| place.region) {
            properties.push(("line", region.line.to_string()));
            properties.push(("endLine", region.end_line.to_string()));
            // GitHub takes columns only of a piece of one line.
            if region.line == region.end_line {
                properties.push(("col", region.column.to_string()));
                properties.push(("endColumn", region.end_column.to_string()));
            }
        }
        properties.push(("title", finding.rule.to_owned()));
        let properties: Vec<String> = properties
            .iter()
            .map(|(name, value)| format!("{name}={}", property(value)))
            .collect();
        let mut lines = vec![clean(&finding.message)];
        if place.is_none() {
            lines.push(in_words(&finding.origin));
        }
        lines.extend(finding.notes.iter().map(|note| clean(note)));
        for remedy in &finding.remedies {
            lines.push(format!(
                "{}: {}",
                super::fix_word(remedy),
                clean(&remedy.title)
            ));
        }
        lines.push(format!("see docs/rules/{}.md", finding.rule));
        text.push_str(&format!(
            "::{command} {}::{}\n",
            properties.join(","),
            data(&lines.join("\n"))
        ));
    }
    text
}

/// The text of a command: what would end its line is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property: what would end the value is escaped too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::samples::Sample;

    /// The escapes of GitHub's own toolkit.
    #[test]
    fn what_ends_a_command_or_a_property_is_escaped() {
        assert_eq!(data("50%, a: b\r\n"), "50%25, a: b%0D%0A");
        assert_eq!(property("C:/a,b%\n"), "C%3A/a%2Cb%25%0A");
    }

    #[test]
    fn each_finding_is_one_line_that_nothing_in_it_ends() {
        let sample = Sample::new();
        insta::assert_snapshot!(github(&sample.report()), @r#"
        ::error file=shop/web/Dockerfile,line=2,endLine=2,col=7,endColumn=52,title=build-mismatch::this image (Windows Server 2022, 20348) cannot start on one of the two hosts that the Deployment may use%0Athe version is read from the tag%0Afix (unsafe): admit only ltsc2022 (20348)%0Asee docs/rules/build-mismatch.md
        ::warning file=shop/web/Dockerfile,line=3,endLine=3,col=10,endColumn=23,title=hostile::says �]0;owned� | `<b>` @all, *50%25*�and��more%0Asee docs/rules/hostile.md
        ::notice file=shop/deploy/100%25 web.yaml,line=3,endLine=3,col=12,endColumn=15,title=hostile::a wide character stands before it%0Asee docs/rules/hostile.md
        ::notice title=an-object::a node has no place in a file%0Anode win-a, metadata.labels%0Asee docs/rules/an-object.md
        ::notice file=shop/web/Dockerfile,title=a-whole-file::a file as a whole%0Asee docs/rules/a-whole-file.md
        "#);
    }
}
