//! What terminals, encoders and mail do to a text changes nothing.

use proptest::prelude::*;
use winfit_explain::explain_bytes;

use crate::corpus::{PULLS, starts};
use crate::{brief, one};

fn wrap(text: &str, width: usize, line_break: &str) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        if at > 0 && at % width == 0 {
            out.push_str(line_break);
        }
        out.push(c);
    }
    out
}

#[test]
fn a_hard_wrap_at_any_column_hides_no_mismatch() {
    for (row, text, expected) in starts() {
        for lead in ["", "docker: Error response from daemon: "] {
            let text = format!("{lead}{text}");
            for width in 20..=200 {
                let wrapped = wrap(&text, width, "\n");
                let report = explain_bytes(wrapped.as_bytes());
                assert!(
                    report.diagnoses.len() == 1
                        && brief(&report.diagnoses[0]).starts_with(&expected[..16]),
                    "{row} at {width}\n{wrapped}\n{:#?}",
                    report.diagnoses
                );
            }
        }
    }
}

#[test]
fn a_hard_wrap_of_a_terminal_hides_no_pull() {
    for (row, text, expected, _) in PULLS {
        // The words alone do not say Windows there, and a wrap may cut the image's name.
        if *row == "linux, Windows image" || *row == "A10 any" {
            continue;
        }
        for width in 40..=200 {
            let wrapped = wrap(text, width, "\n");
            let report = explain_bytes(wrapped.as_bytes());
            let kind = expected.split(' ').next();
            assert!(
                report.diagnoses.len() == 1 && Some(report.diagnoses[0].kind.name()) == kind,
                "{row} at {width}\n{wrapped}\n{:#?}",
                report.diagnoses
            );
        }
    }
}

#[test]
fn a_wrap_keeps_the_container_and_the_pod() {
    let id = "b81ed896222eb87906ccab1c3dd2fc49324eafa798438f7979b87b210906f839";
    let text = format!(
        "E0512 \"Error syncing pod, skipping\" err=\"failed to create shim task: hcs::CreateComputeSystem {id}: The container operating system does not match the host operating system.: unknown\" pod=\"shop/web-0\""
    );
    for width in [40, 60, 80, 100, 120] {
        for line_break in ["\n", "\r\n"] {
            let found = one(&wrap(&text, width, line_break));
            assert_eq!(found.subject.name.as_deref(), Some("web-0"), "{width}");
        }
    }
}

#[test]
fn quoting_and_colours_hide_nothing() {
    for (row, text, expected) in starts() {
        for changed in [
            wrap(&text, 72, "\n> "),
            wrap(&text, 60, "\n| "),
            wrap(&text, 50, "\n    "),
            format!(
                "\u{1b}[31m{}\u{1b}[0m",
                text.replace("operating", "\u{1b}[1moperating\u{1b}[22m")
            ),
        ] {
            let found = one(&changed);
            assert!(
                brief(&found).starts_with(&expected[..16]),
                "{row}\n{changed}"
            );
        }
    }
}

/// One more level of JSON's escaping.
fn escape(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('"', r#"\""#)
        .replace('\n', r"\n")
        .replace('<', r"\u003c")
}

#[test]
fn json_escaping_of_any_depth_hides_nothing() {
    for (row, text, expected) in starts() {
        let mut escaped = text;
        for depth in 0..=4 {
            let found = one(&format!("{{\"log\":\"{escaped}\"}}"));
            assert_eq!(brief(&found), expected, "{row} at depth {depth}");
            escaped = escape(&escaped);
        }
    }
    let run = include_str!("../fixtures/es-docker-run.txt");
    let mut escaped = run.trim_end().to_owned();
    let layers = one(&escaped).layer_ids;
    for depth in 1..=4 {
        escaped = escape(&escaped);
        assert_eq!(one(&escaped).layer_ids, layers, "depth {depth}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_phase_of_any_wrap(width in 20_usize..=200, lead in 0_usize..200, index in 0_usize..14) {
        let (row, text, expected) = starts().swap_remove(index);
        let text = format!("{}{text}", "x ".repeat(lead / 2));
        let wrapped = wrap(&text, width, "\n");
        let report = explain_bytes(wrapped.as_bytes());
        prop_assert!(
            report.diagnoses.iter().any(|found| brief(found).starts_with(&expected[..16])),
            "{} at {}\n{}", row, width, wrapped
        );
    }
}

#[test]
fn a_box_around_a_wrapped_text_hides_nothing() {
    for bar in ["|", "│"] {
        let text = format!(
            "{bar} Error response from daemon: a Windows version 10.0.20348-based image {bar}\n\
             {bar} is incompatible with a 10.0.17763 host                               {bar}\n"
        );
        let report = explain_bytes(text.as_bytes());
        assert_eq!(report.diagnoses.len(), 1, "{text}");
        assert_eq!(report.diagnoses[0].kind.name(), "pull-uplevel");
    }
}
