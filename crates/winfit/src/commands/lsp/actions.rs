//! What an editor offers to do about findings: their remedies, and to ignore them.

use std::collections::{BTreeMap, HashMap};

use lsp_types::{
    CodeAction, CodeActionContext, CodeActionKind, CodeActionOrCommand, Diagnostic,
    DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, Range, TextDocumentEdit,
    TextEdit, Uri, WorkspaceEdit,
};
use winfit_core::finding::Finding;
use winfit_core::remedy::Safety;
use winfit_files::fix::{FileEdit, edits};
use winfit_files::ignores::ignore_here;
use winfit_files::source::Source;

use super::diagnostics::diagnostic;
use super::places::Places;
use super::settings::Client;
use crate::findings::clean;

/// Whether an editor that asks with this context wants such actions.
pub(super) fn wanted(context: &CodeActionContext) -> bool {
    context.only.as_ref().is_none_or(|only| {
        only.iter().any(|kind| {
            *kind == CodeActionKind::EMPTY || kind.as_str() == CodeActionKind::QUICKFIX.as_str()
        })
    })
}

/// The actions for all findings of a text that touch a range.
pub(super) fn of_range(
    places: &Places<'_>,
    client: Client,
    source: &Source,
    range: Range,
) -> Vec<CodeActionOrCommand> {
    let mut actions = Vec::new();
    let findings = places.judged.lint.findings.iter();
    for finding in findings.filter(|finding| *finding.origin.source == *source.name) {
        let Some(location) = places.location(&finding.origin) else {
            continue;
        };
        if location.range.start > range.end || location.range.end < range.start {
            continue;
        }
        let diagnostic = diagnostic(places, client, finding, location.range);
        of_finding(places, client, finding, &diagnostic, &mut actions);
    }
    actions
        .into_iter()
        .map(CodeActionOrCommand::CodeAction)
        .collect()
}

fn of_finding(
    places: &Places<'_>,
    client: Client,
    finding: &Finding,
    diagnostic: &Diagnostic,
    actions: &mut Vec<CodeAction>,
) {
    let repository = &places.judged.repository;
    let remedies: Vec<_> = finding
        .remedies
        .iter()
        .filter_map(|remedy| {
            let edit = workspace_edit(places, client, &edits(repository, remedy).ok()?)?;
            Some((remedy, edit))
        })
        .collect();
    let only = remedies.len() == 1;
    let best = remedies
        .iter()
        .position(|(remedy, _)| remedy.safety == Safety::Safe)
        .or(only.then_some(0));
    for (at, (remedy, edit)) in remedies.into_iter().enumerate() {
        let cost = match remedy.safety {
            Safety::Safe => "",
            Safety::Unsafe => " (moves, restarts or rebuilds what runs)",
        };
        actions.push(CodeAction {
            is_preferred: (best == Some(at)).then_some(true),
            ..action(format!("{}{cost}", clean(&remedy.title)), edit, diagnostic)
        });
    }
    let ignore = ignore_here(repository, finding);
    if let Some(edit) = ignore.and_then(|edit| workspace_edit(places, client, &[edit])) {
        actions.push(action(
            format!("ignore {} here", finding.rule),
            edit,
            diagnostic,
        ));
    }
}

fn action(title: String, edit: WorkspaceEdit, diagnostic: &Diagnostic) -> CodeAction {
    CodeAction {
        title,
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![diagnostic.clone()]),
        edit: Some(edit),
        ..CodeAction::default()
    }
}

/// The edits of one file.
struct OfFile {
    uri: Uri,
    version: Option<i32>,
    edits: Vec<TextEdit>,
}

/// Edits of files in the editor's terms; none: a file has no address.
fn workspace_edit(
    places: &Places<'_>,
    client: Client,
    edits: &[FileEdit],
) -> Option<WorkspaceEdit> {
    let mut files: BTreeMap<&str, OfFile> = BTreeMap::new();
    for edit in edits {
        // The text as this project has it: the edit's own is the same one.
        let source = places.judged.repository.source(&edit.source.name)?;
        let text_edit = TextEdit::new(places.range(source, &edit.range), edit.text.clone());
        match files.get_mut(&*edit.source.name) {
            Some(file) => file.edits.push(text_edit),
            None => {
                let file = OfFile {
                    uri: places.uri(source)?,
                    version: places.document(source).map(|document| document.version),
                    edits: vec![text_edit],
                };
                files.insert(&edit.source.name, file);
            }
        }
    }
    let files = files.into_values();
    Some(if client.versioned_edits {
        let versioned = files.map(|file| TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier {
                uri: file.uri,
                version: file.version,
            },
            edits: file.edits.into_iter().map(OneOf::Left).collect(),
        });
        WorkspaceEdit {
            document_changes: Some(DocumentChanges::Edits(versioned.collect())),
            ..WorkspaceEdit::default()
        }
    } else {
        // The protocol's own type has addresses as keys; their text never changes.
        #[allow(clippy::mutable_key_type)]
        let changes: HashMap<Uri, Vec<TextEdit>> =
            files.map(|file| (file.uri, file.edits)).collect();
        WorkspaceEdit::new(changes)
    })
}
