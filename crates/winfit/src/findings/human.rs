//! Findings for people: excerpts with the exact place, in the style of compilers.

use anstyle::{AnsiColor, Style};
use winfit_core::finding::{Finding, Severity};

use super::closing::{not_judged, templates};
use super::places::{Excerpts, MOST_PLACES, places};
use super::{Report, clean, fix_word, plural, to_paste};
use crate::output::{bold, faint};

/// How wide sentences are at most.
const SENTENCE: usize = 80;

/// All findings, one after the other, then a line that counts them and what was not judged.
///
/// Excerpts may be as wide as given, sentences no wider than is good to read.
pub(crate) fn human(report: &Report<'_>, width: usize, verbose: bool) -> String {
    let mut text = String::new();
    for finding in report.findings {
        text.push_str(&block(report, finding, width, verbose));
        text.push('\n');
    }
    let width = width.min(SENTENCE);
    for applied in report.fixed {
        let place = clean(&super::in_words(&applied.origin));
        let line = format!("{place}: {}: {}", applied.rule, clean(&applied.title));
        text.push_str(&wrap(&line, "fixed ", "  ", width));
        text.push('\n');
    }
    if !report.fixed.is_empty() {
        text.push('\n');
    }
    let summary = match report.fixable.in_words() {
        Some(fixable) => format!("{}; {fixable}", report.summary()),
        None => report.summary(),
    };
    text.push_str(&bold(&wrap(&summary, "", "", width)));
    text.push('\n');
    let not_judged = not_judged(report.not_judged, verbose);
    for line in not_judged.into_iter().chain(templates(report.templates)) {
        text.push_str(&wrap(&line, "", "  ", width));
        text.push('\n');
    }
    if !report.findings.is_empty() {
        text.push_str("winfit rules NAME shows a rule's page\n");
    }
    text
}

fn block(report: &Report<'_>, finding: &Finding, width: usize, verbose: bool) -> String {
    let Excerpts {
        text: body,
        gutter,
        outside,
    } = places(report, finding, width);
    let width = width.min(SENTENCE);
    let mut text = title(finding, width);
    text.push_str(&body);
    let bar = |text: &mut String| {
        if !text.ends_with("|\n") {
            text.push_str(&format!("{:gutter$} |\n", ""));
        }
    };
    bar(&mut text);
    let mut line = |label: &str, words: &str| {
        let first = format!("{:gutter$} = {label}: ", "");
        let rest = " ".repeat(first.len());
        text.push_str(&wrap(&clean(words), &first, &rest, width));
        text.push('\n');
    };
    for (place, label) in &outside {
        line(place, label);
    }
    if verbose {
        line("about", &finding.subject.in_words());
        line("confidence", finding.confidence.name());
    }
    let more = finding.related.len().saturating_sub(MOST_PLACES);
    if more > 0 {
        line("note", &format!("and {}", plural(more, "more place")));
    }
    for note in &finding.notes {
        line("note", note);
    }
    for (at, remedy) in finding.remedies.iter().enumerate() {
        let word = fix_word(remedy);
        let label = if finding.remedies.len() == 1 {
            word
        } else {
            word.replacen("fix", &format!("fix {}", at + 1), 1)
        };
        let first = format!("{:gutter$} = {label}: ", "");
        let rest = " ".repeat(gutter + 5);
        let wrapped = wrap(&clean(&remedy.title), &first, &rest, width);
        let (before, rest) = wrapped.split_at(gutter + 3);
        let (_, rest) = rest.split_at(label.len());
        text.push_str(&format!("{before}{}{rest}\n", bold(&label)));
        for (is_label, line) in to_paste(remedy) {
            let line = if is_label { faint(&line) } else { line };
            text.push_str(&format!("{:gutter$}       {line}\n", ""));
        }
    }
    text.push_str(&format!(
        "{:gutter$} = see docs/rules/{}.md\n",
        "", finding.rule
    ));
    text
}

/// `error[rule]: message`, wrapped.
fn title(finding: &Finding, width: usize) -> String {
    let colour = match finding.severity {
        Severity::Error => AnsiColor::BrightRed,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Info => AnsiColor::BrightBlue,
    };
    let style = Style::new().bold().fg_color(Some(colour.into()));
    let head = format!("{}[{}]", finding.severity.name(), finding.rule);
    let wrapped = wrap(&clean(&finding.message), &format!("{head}: "), "", width);
    let (_, rest) = wrapped.split_at(head.len());
    format!("{style}{head}{style:#}{}\n", bold(rest))
}

/// Wraps a sentence. Words (image references, paths) are never broken.
fn wrap(text: &str, first: &str, rest: &str, width: usize) -> String {
    if text.trim().is_empty() {
        return first.trim_end().to_owned();
    }
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::fill(text, options)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use winfit_core::finding::{Origin, Subject};
    use winfit_core::remedy::{Command, Remedy, RemedyKind, Safety, Shell};
    use winfit_files::source::Source;

    use super::*;
    use crate::findings::samples::{Sample, place};

    const DOCKERFILE: &str =
        "# escape=`\n\tFROM mcr.microsoft.com/windows/servercore:ltsc2022 AS build\n";

    const MANIFEST: &str = "          image: registry.example.com/shop/web:1.4\n";

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn findings_are_shown_where_they_stand() {
        let sample = Sample::new();
        insta::assert_snapshot!(plain(&human(&sample.report(), 80, false)), @r#"
        error[build-mismatch]: this image (Windows Server 2022, 20348) cannot start on
        one of the two hosts that the Deployment may use
         --> shop/web/Dockerfile:2:7
          |
        2 |     FROM mcr.microsoft.com/windows/servercore:ltsc2022 AS 窓
          |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ needs 20348 or newer
         ::: shop/deploy/100% web.yaml:7:41
          |
        7 |       nodeSelector: { kubernetes.io/os: windows }
          |                                         --------- admits ltsc2016 (14393)
          |
          = note: the version is read from the tag
          = fix (unsafe, moves pods): admit only ltsc2022 (20348)
                nodeSelector:
                  node.kubernetes.io/windows-build: "10.0.20348"
          = see docs/rules/build-mismatch.md

        warning[hostile]: says �]0;owned� | `<b>` @all, *50%*�and��more
         --> shop/web/Dockerfile:3:10
          |
        3 | RUN echo �]0;owned��2J done
          |          ^^^^^^^^^^^^^ �here
          |
          = see docs/rules/hostile.md

        info[hostile]: a wide character stands before it
         --> shop/deploy/100% web.yaml:3:12
          |
        3 |   name: 窓口 # 窓
          |              ^^^^
         ::: shop/web/Dockerfile: and here
          |
          = see docs/rules/hostile.md

        info[an-object]: a node has no place in a file
         --> node win-a, metadata.labels
          |
          = see docs/rules/an-object.md

        info[a-whole-file]: a file as a whole
         --> shop/web/Dockerfile
          |
          = see docs/rules/a-whole-file.md

        1 error, 1 warning, 3 info in 2 files against 2 hosts (winfit.toml), 2 ignored,
        1 not read
        winfit rules NAME shows a rule's page
        "#);
    }

    #[test]
    fn in_a_narrow_terminal_no_excerpt_runs_over_the_edge() {
        let long = format!(
            "{}FROM mcr.microsoft.com/windows/servercore:ltsc2022{}\n",
            " ".repeat(30),
            "x".repeat(30)
        );
        for width in 40..80 {
            for (text, place) in [
                (DOCKERFILE, "mcr.microsoft.com/windows/servercore:ltsc2022"),
                (DOCKERFILE, "AS build"),
                (&long, "mcr.microsoft.com/windows/servercore:ltsc2022"),
                (&long, "xxx"),
                (&long, "FROM"),
                (MANIFEST, "registry.example.com/shop/web:1.4"),
                (MANIFEST, "image"),
            ] {
                for label in [
                    "",
                    "needs it",
                    "needs Windows Server 2022 (20348), which is newer than the host's",
                ] {
                    let text = format!("{}{text}", "\n".repeat(19));
                    let source = Source::of_text("a", &text);
                    let start = text.find(place).unwrap();
                    let origin = source.origin(start, start + place.len());
                    let finding = about(origin).label(label);
                    let text = plain(&human(&one(source, finding).report(), width, false));
                    for line in text.lines() {
                        assert!(line.chars().count() <= width, "{width}: {text}");
                    }
                    assert!(text.contains("^^"), "{width}: {text}");
                    for word in label.split(' ') {
                        assert!(text.contains(word), "{width}: {text}");
                    }
                }
            }
        }
    }

    #[test]
    fn sentences_are_no_wider_than_is_good_to_read() {
        let sample = Sample::new();
        let text = plain(&human(&sample.report(), 100, false));
        assert_eq!(text, plain(&human(&sample.report(), 80, false)));
    }

    #[test]
    fn colour_only_adds() {
        let sample = Sample::new();
        let text = human(&sample.report(), 80, false);
        assert!(
            text.contains(&format!(
                " = {}: admit only",
                bold("fix (unsafe, moves pods)")
            )),
            "{text}"
        );
    }

    #[test]
    fn the_end_tells_what_was_not_judged() {
        let sample = Sample::new();
        let report = Report {
            findings: &[],
            unread: &[],
            ignored: 0,
            not_judged: &[("Pod web".to_owned(), "label disktype".to_owned())],
            templates: &["helm template CHART | winfit lint -"],
            ..sample.report()
        };
        assert_eq!(
            plain(&human(&report, 80, false)),
            "no findings in 2 files against 2 hosts (winfit.toml)
not judged: 1 workload (label disktype is not declared)
1 template not read (helm template CHART | winfit lint -)
"
        );
    }

    fn one(source: Source, finding: Finding) -> Sample {
        Sample {
            sources: vec![source],
            findings: vec![finding],
            hosts: Vec::new(),
            unread: Vec::new(),
            ..Sample::new()
        }
    }

    fn shown(text: &str, finding: impl Fn(&Source) -> Finding) -> String {
        let source = Source::of_text("a", text);
        let finding = finding(&source);
        plain(&human(&one(source, finding).report(), 80, true))
    }

    fn about(origin: Origin) -> Finding {
        let subject = Subject::new("Dockerfile", "a");
        Finding::new("a-rule", Severity::Error, subject, origin, "a sentence")
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}here{}", "before ".repeat(60), " after".repeat(60));
        let shown = shown(&text, |source| {
            about(place(source, "here")).label("a label")
        });
        insta::assert_snapshot!(shown, @r#"
        error[a-rule]: a sentence
         --> a:1:421
          |
        1 | ... before before before before here after after after after after after ...
          |                                 ^^^^ a label
          |
          = about: Dockerfile a
          = confidence: certain
          = see docs/rules/a-rule.md

        1 error in 1 file, 2 ignored; no hosts are declared
        winfit rules NAME shows a rule's page
        "#);
        assert!(shown.lines().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn a_label_that_does_not_fit_stands_below() {
        let image = format!("FROM {}", "x".repeat(60));
        let shown = shown(&image, |source| {
            about(place(source, &image[5..])).label("needs 20348 or newer")
        });
        insta::assert_snapshot!(shown, @r#"
        error[a-rule]: a sentence
         --> a:1:6
          |
        1 | FROM xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
          |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |      |
          |      needs 20348 or newer
          |
          = about: Dockerfile a
          = confidence: certain
          = see docs/rules/a-rule.md

        1 error in 1 file, 2 ignored; no hosts are declared
        winfit rules NAME shows a rule's page
        "#);
    }

    #[test]
    fn places_of_one_file_share_an_excerpt() {
        let text = "one:\n  two: 2\n  three: 3\n\n\n\n\n  four: 4\n";
        let shown = shown(text, |source| {
            let mut finding = about(place(source, "four")).label("again");
            for word in ["two", "three", "3", "2", "one", ":", "4"] {
                finding = finding.related(place(source, word), format!("the {word}"));
            }
            finding
        });
        insta::assert_snapshot!(shown, @r#"
        error[a-rule]: a sentence
         --> a:8:3
          |
        1 | one:
          | ---- the :
          | |
          | the one
        2 |   two: 2
          |   ---  - the 2
          |   |
          |   the two
        3 |   three: 3
          |   -----  - the 3
          |   |
          |   the three
        ...
        8 |   four: 4
          |   ^^^^ again
          |
          = about: Dockerfile a
          = confidence: certain
          = note: and 1 more place
          = see docs/rules/a-rule.md

        1 error in 1 file, 2 ignored; no hosts are declared
        winfit rules NAME shows a rule's page
        "#);
    }

    #[test]
    fn a_place_may_be_several_lines_or_nothing() {
        let several = shown("a: |\n  b\n  c\n", |source| {
            about(place(source, "|\n  b\n  c")).label("all this")
        });
        insta::assert_snapshot!(several, @r#"
        error[a-rule]: a sentence
         --> a:1:4
          |
        1 |   a: |
          |  ____^
        2 | |   b
        3 | |   c
          | |___^ all this
          |
          = about: Dockerfile a
          = confidence: certain
          = see docs/rules/a-rule.md

        1 error in 1 file, 2 ignored; no hosts are declared
        winfit rules NAME shows a rule's page
        "#);
        let nothing = shown("a:\n", |source| {
            about(source.origin(2, 2)).label("nothing here")
        });
        insta::assert_snapshot!(nothing, @r#"
        error[a-rule]: a sentence
         --> a:1:3
          |
        1 | a:
          |   ^ nothing here
          |
          = about: Dockerfile a
          = confidence: certain
          = see docs/rules/a-rule.md

        1 error in 1 file, 2 ignored; no hosts are declared
        winfit rules NAME shows a rule's page
        "#);
    }

    #[test]
    fn remedies_are_numbered_and_commands_never_wrapped() {
        let long = format!("docker run {}", "x".repeat(90));
        let remedy = |title: &str| Remedy {
            kind: RemedyKind::Rebuild,
            title: title.to_owned(),
            safety: Safety::Safe,
            commands: vec![Command {
                shell: Shell::PowerShell,
                text: long.clone(),
            }],
            diff: Some("--- a\n+++ a\n-old\n+new".to_owned()),
            changes: Vec::new(),
        };
        let shown = shown("FROM a\n", |source| {
            about(source.whole())
                .note("a note that is so long that it does not fit into one line of the terminal")
                .remedy(remedy("do this"))
                .remedy(remedy("or that"))
        });
        insta::assert_snapshot!(shown, @r#"
        error[a-rule]: a sentence
         --> a
          |
          = about: Dockerfile a
          = confidence: certain
          = note: a note that is so long that it does not fit into one line of the
                  terminal
          = fix 1 (by hand): do this
                a
                -old
                +new
                # PowerShell
                docker run xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
          = fix 2 (by hand): or that
                a
                -old
                +new
                # PowerShell
                docker run xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
          = see docs/rules/a-rule.md

        1 error in 1 file, 2 ignored; no hosts are declared
        winfit rules NAME shows a rule's page
        "#);
    }

    proptest! {
        /// Whatever a file says and wherever a finding points: no panic, and nothing that drives a
        /// terminal.
        #[test]
        fn nothing_in_a_file_reaches_the_terminal_as_more_than_text(
            text in "(\\PC|[\\x00-\\x1f\\x7f-\\x9f\u{202e}\u{200d}\u{301}窓]|\r?\n){0,60}",
            places in proptest::collection::vec((0usize..200, 0usize..200), 1..5),
            width in 40usize..80,
        ) {
            let source = Source::of_text("a", &text);
            let origin = |(start, length): (usize, usize)| {
                let start = text.floor_char_boundary(start);
                let end = text.floor_char_boundary(start + length);
                source.origin(start, end)
            };
            let mut finding = about(origin(places[0])).label(text.clone());
            for place in &places[1..] {
                finding = finding.related(origin(*place), "there");
            }
            finding.message.clone_from(&text);
            let sample = one(Source::of_text("a", &text), finding);
            let shown = plain(&human(&sample.report(), width, true));
            prop_assert!(
                !shown.contains(|c: char| c != '\n' && clean(&c.to_string()) != c.to_string()),
                "{shown:?}"
            );
        }
    }
}
