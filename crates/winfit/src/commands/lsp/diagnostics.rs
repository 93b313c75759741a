//! Findings as an editor shows them.

use std::collections::BTreeMap;

use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, NumberOrString,
    Uri,
};
use winfit_core::finding::{Finding, Related, Severity};

use super::places::Places;
use super::settings::Client;
use crate::findings::{clean, fix_word, in_words, to_paste};

/// Rules about something that has another name today; editors strike it through.
const OLD_NAMES: [&str; 2] = ["deprecated-label", "old-image-name"];

/// Rules about something that does nothing; editors show it faded.
const UNUSED: &str = "unused-ignore";

/// The diagnostics of a project, by address.
pub(super) fn of_project(
    places: &Places<'_>,
    client: Client,
    found: &mut BTreeMap<String, (Uri, Vec<Diagnostic>)>,
) {
    for finding in &places.judged.lint.findings {
        let Some(location) = places.location(&finding.origin) else {
            continue;
        };
        let diagnostic = diagnostic(places, client, finding, location.range);
        let (_, of_file) = found
            .entry(location.uri.as_str().to_owned())
            .or_insert_with(|| (location.uri, Vec::new()));
        // A file may belong to two projects.
        if !of_file.contains(&diagnostic) {
            of_file.push(diagnostic);
        }
    }
}

/// A finding, whose place is known.
pub(super) fn diagnostic(
    places: &Places<'_>,
    client: Client,
    finding: &Finding,
    range: lsp_types::Range,
) -> Diagnostic {
    Diagnostic {
        range,
        severity: Some(match finding.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Info => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(finding.rule.to_owned())),
        code_description: None,
        source: Some("winfit".to_owned()),
        message: message(client, finding),
        related_information: client.related.then(|| {
            let related = finding.related.iter();
            related
                .filter_map(|related| further(places, related))
                .collect()
        }),
        tags: tag(finding.rule)
            .filter(|_| client.tags)
            .map(|tag| vec![tag]),
        data: None,
    }
}

fn tag(rule: &str) -> Option<DiagnosticTag> {
    if OLD_NAMES.contains(&rule) {
        Some(DiagnosticTag::DEPRECATED)
    } else {
        (rule == UNUSED).then_some(DiagnosticTag::UNNECESSARY)
    }
}

fn further(places: &Places<'_>, related: &Related) -> Option<DiagnosticRelatedInformation> {
    Some(DiagnosticRelatedInformation {
        location: places.location(&related.origin)?,
        message: clean(&related.label),
    })
}

/// All that a person would see beside the excerpt. Of what the editor can change by an action the title
/// is enough; what takes a person's hand is told whole.
fn message(client: Client, finding: &Finding) -> String {
    let mut lines = vec![clean(&finding.message)];
    if !finding.label.is_empty() {
        lines.push(format!("here: {}", clean(&finding.label)));
    }
    if !client.related {
        let related = finding.related.iter();
        lines
            .extend(related.map(|related| {
                format!("{}: {}", in_words(&related.origin), clean(&related.label))
            }));
    }
    lines.extend(finding.notes.iter().map(|note| clean(note)));
    for remedy in &finding.remedies {
        lines.push(format!("{}: {}", fix_word(remedy), clean(&remedy.title)));
        if remedy.changes.is_empty() {
            let pasted = to_paste(remedy).into_iter();
            lines.extend(pasted.map(|(_, line)| format!("    {line}")));
        }
    }
    lines.join("\n")
}
