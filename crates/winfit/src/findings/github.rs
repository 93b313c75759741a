//! Findings as workflow commands of GitHub Actions, which become annotations on lines.

use winfit_core::finding::{Finding, Severity};

use super::{Report, clean, fix_word, in_words, to_paste};

/// The longest message, in bytes before they are escaped: GitHub's runner cuts longer ones at 4096
/// UTF-16 units (`_maxIssueMessageLength` in its `ExecutionContext.cs`).
const MOST: usize = 4000;

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
        let message = message(finding, place.is_some());
        text.push_str(&format!(
            "::{command} {}::{}\n",
            properties.join(","),
            data(&message)
        ));
    }
    text
}

/// What an annotation says: all that a person would see beside the excerpt.
fn message(finding: &Finding, has_place: bool) -> String {
    let mut lines = vec![clean(&finding.message)];
    if !has_place {
        lines.push(in_words(&finding.origin));
    }
    if !finding.label.is_empty() {
        lines.push(format!("here: {}", clean(&finding.label)));
    }
    lines.extend(finding.notes.iter().map(|note| clean(note)));
    for remedy in &finding.remedies {
        lines.push(format!("{}: {}", fix_word(remedy), clean(&remedy.title)));
        let pasted = to_paste(remedy).into_iter();
        lines.extend(pasted.map(|(_, line)| format!("    {line}")));
    }
    let page = format!("see docs/rules/{}.md", finding.rule);
    let mut message = String::new();
    for line in lines {
        let room = MOST.saturating_sub(message.len() + page.len());
        if line.len() > room {
            // Whole lines alone are good to paste.
            if message.is_empty() {
                message.push_str(&line[..line.floor_char_boundary(room)]);
            }
            message.push_str("…\n");
            break;
        }
        message.push_str(&line);
        message.push('\n');
    }
    message + &page
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
    fn a_long_message_ends_with_a_whole_line_and_its_page() {
        let mut finding = Sample::new().findings.swap_remove(0);
        finding.notes = vec!["窓".repeat(100); 50];
        let told = message(&finding, true);
        assert!(told.len() < MOST + 10, "{}", told.len());
        assert!(told.ends_with("窓\n…\nsee docs/rules/build-mismatch.md"));
        finding.message = "窓".repeat(5000);
        let told = message(&finding, true);
        assert!(told.len() < MOST + 10, "{}", told.len());
        assert!(told.ends_with("窓…\nsee docs/rules/build-mismatch.md"));
    }

    #[test]
    fn each_finding_is_one_line_that_nothing_in_it_ends() {
        let sample = Sample::new();
        insta::assert_snapshot!(github(&sample.report()), @r#"
        ::error file=shop/web/Dockerfile,line=2,endLine=2,col=7,endColumn=52,title=build-mismatch::this image (Windows Server 2022, 20348) cannot start on one of the two hosts that the Deployment may use%0Ahere: needs 20348 or newer%0Athe version is read from the tag%0Afix (unsafe, moves pods): admit only ltsc2022 (20348)%0A    nodeSelector:%0A      node.kubernetes.io/windows-build: "10.0.20348"%0Asee docs/rules/build-mismatch.md
        ::warning file=shop/web/Dockerfile,line=3,endLine=3,col=10,endColumn=23,title=hostile::says �]0;owned� | `<b>` @all, *50%25*�and��more%0Ahere: �here%0Asee docs/rules/hostile.md
        ::notice file=shop/deploy/100%25 web.yaml,line=3,endLine=3,col=12,endColumn=15,title=hostile::a wide character stands before it%0Asee docs/rules/hostile.md
        ::notice title=an-object::a node has no place in a file%0Anode win-a, metadata.labels%0Asee docs/rules/an-object.md
        ::notice file=shop/web/Dockerfile,title=a-whole-file::a file as a whole%0Asee docs/rules/a-whole-file.md
        "#);
    }
}
