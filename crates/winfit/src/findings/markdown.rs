//! Findings as Markdown, for pull requests and wikis.

use winfit_core::finding::Finding;

use super::{Report, clean, fix_word, in_words, to_paste};

/// A table of all findings, then what each says beyond its row.
pub(crate) fn markdown(report: &Report<'_>) -> String {
    let mut text = format!("**{}**\n", escaped(&report.summary()));
    if report.findings.is_empty() {
        return text;
    }
    text.push_str("\n| severity | rule | place | finding |\n|---|---|---|---|\n");
    for finding in report.findings {
        let place = code(&in_words(&finding.origin)).replace('|', "\\|");
        text.push_str(&format!(
            "| {} | {} | {place} | {} |\n",
            finding.severity.name(),
            finding.rule,
            escaped(&finding.message),
        ));
    }
    for finding in report.findings {
        let details = details(finding);
        if !details.is_empty() {
            let place = code(&in_words(&finding.origin));
            text.push_str(&format!("\n**{}** at {place}\n\n{details}", finding.rule));
        }
    }
    text
}

/// What a finding says beyond its sentence, as a list; empty where that has said all.
pub(super) fn details(finding: &Finding) -> String {
    let mut items = Vec::new();
    if !finding.label.is_empty() {
        items.push(format!("- here: {}\n", escaped(&finding.label)));
    }
    for related in &finding.related {
        let place = code(&in_words(&related.origin));
        items.push(format!("- {place}: {}\n", escaped(&related.label)));
    }
    for note in &finding.notes {
        items.push(format!("- {}\n", escaped(note)));
    }
    for remedy in &finding.remedies {
        let mut item = format!("- {}: {}\n", fix_word(remedy), escaped(&remedy.title));
        let lines: Vec<String> = to_paste(remedy).into_iter().map(|(_, line)| line).collect();
        if !lines.is_empty() {
            let fence = fence(&lines.join("\n"), 3);
            item.push_str(&format!("\n  {fence}\n"));
            for line in lines {
                item.push_str(&format!("  {line}\n"));
            }
            item.push_str(&format!("  {fence}\n"));
        }
        items.push(item);
    }
    items.concat()
}

/// Text that Markdown, HTML and GitHub's mentions leave alone.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '@' => safe.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Text between as many backticks as it needs.
pub(crate) fn code(text: &str) -> String {
    let fence = fence(text, 1);
    let pad = if fence.len() > 1 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// More backticks than any run of them in the text has, and at least so many.
fn fence(text: &str, least: usize) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(least.max(longest + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::samples::Sample;

    #[test]
    fn nothing_in_a_finding_is_taken_for_markdown() {
        let sample = Sample::new();
        insta::assert_snapshot!(markdown(&sample.report()), @r#"
        **1 error, 1 warning, 3 info in 2 files against 2 hosts (winfit.toml), 2 ignored, 1 not read**

        | severity | rule | place | finding |
        |---|---|---|---|
        | error | build-mismatch | `shop/web/Dockerfile:2:7` | this image (Windows Server 2022, 20348) cannot start on one of the two hosts that the Deployment may use |
        | warning | hostile | `shop/web/Dockerfile:3:10` | says �\]0;owned� \| \`&lt;b&gt;\` &#64;all, \*50%\*�and��more |
        | info | hostile | `shop/deploy/100% web.yaml:3:12` | a wide character stands before it |
        | info | an-object | `node win-a, metadata.labels` | a node has no place in a file |
        | info | a-whole-file | `shop/web/Dockerfile` | a file as a whole |

        **build-mismatch** at `shop/web/Dockerfile:2:7`

        - here: needs 20348 or newer
        - `shop/deploy/100% web.yaml:7:41`: admits ltsc2016 (14393)
        - the version is read from the tag
        - fix (unsafe, moves pods): admit only ltsc2022 (20348)

          ```
          nodeSelector:
            node.kubernetes.io/windows-build: "10.0.20348"
          ```

        **hostile** at `shop/web/Dockerfile:3:10`

        - here: �here

        **hostile** at `shop/deploy/100% web.yaml:3:12`

        - `shop/web/Dockerfile`: and here
        "#);
    }
}
