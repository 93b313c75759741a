//! What an editor offers to do about findings: their remedies, and to ignore them.

use std::collections::{BTreeMap, HashMap};

use lsp_types::{
    CodeAction, CodeActionContext, CodeActionKind, CodeActionOrCommand, CreateFile, Diagnostic,
    DocumentChangeOperation, DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier,
    Range, ResourceOp, TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};
use winfit_core::finding::Finding;
use winfit_core::remedy::Safety;
use winfit_files::fix::{FileEdit, edits};
use winfit_files::ignores::ignore_here;
use winfit_files::repository::Facts;
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
        let cost = match (remedy.safety, remedy.effect()) {
            (Safety::Safe, _) => String::new(),
            (Safety::Unsafe, Some(effect)) => format!(" ({effect})"),
            (Safety::Unsafe, None) => " (unsafe)".to_owned(),
        };
        actions.push(CodeAction {
            is_preferred: (best == Some(at)).then_some(true),
            ..action(
                format!("{}{cost}", clean(&remedy.done_in_words())),
                edit,
                diagnostic,
            )
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
    /// It is not there yet.
    new: bool,
}

/// Edits of files in the editor's terms; none: a file has no address, or is not there yet and the editor
/// makes none.
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
        if let Some(file) = files.get_mut(&*edit.source.name) {
            file.edits.push(text_edit);
            continue;
        }
        let read = places.judged.repository.file(&edit.source.name)?;
        let new = matches!(read.facts, Facts::NotThere);
        if new && !client.creates_files {
            return None;
        }
        let file = OfFile {
            uri: places.uri(source)?,
            version: places.document(source).map(|document| document.version),
            edits: vec![text_edit],
            new,
        };
        files.insert(&edit.source.name, file);
    }
    let some_are_new = files.values().any(|file| file.new);
    let files = files.into_values();
    Some(if client.versioned_edits {
        let changes = if some_are_new {
            DocumentChanges::Operations(files.flat_map(operations).collect())
        } else {
            DocumentChanges::Edits(files.map(versioned).collect())
        };
        WorkspaceEdit {
            document_changes: Some(changes),
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

fn versioned(file: OfFile) -> TextDocumentEdit {
    TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier {
            uri: file.uri,
            version: file.version,
        },
        edits: file.edits.into_iter().map(OneOf::Left).collect(),
    }
}

/// The edits of a file, behind its making where it is new.
fn operations(file: OfFile) -> Vec<DocumentChangeOperation> {
    let made = file.new.then(|| {
        DocumentChangeOperation::Op(ResourceOp::Create(CreateFile {
            uri: file.uri.clone(),
            options: None,
            annotation_id: None,
        }))
    });
    made.into_iter()
        .chain([DocumentChangeOperation::Edit(versioned(file))])
        .collect()
}

#[cfg(test)]
mod tests {
    use winfit_core::Catalog;
    use winfit_core::change::Change;
    use winfit_core::finding::{Severity, Subject};
    use winfit_core::remedy::{Remedy, RemedyKind};
    use winfit_files::lint::Lint;
    use winfit_files::repository::{ReadOptions, read};

    use super::*;
    use crate::commands::lsp::analysis::Judged;
    use crate::commands::lsp::documents::Documents;
    use crate::commands::lsp::positions::Units;

    const OLD: &str = "mcr.microsoft.com/windows/servercore:ltsc2019";
    const NEW: &str = "mcr.microsoft.com/windows/servercore:ltsc2022";

    /// An untitled Dockerfile, and a finding at its base with these remedies.
    fn judged(text: &str, safeties: &[Safety]) -> Judged {
        let name = "Untitled-1.Dockerfile";
        let options = ReadOptions {
            stdin: Some((name.to_owned(), text.as_bytes().to_vec())),
            ..ReadOptions::default()
        };
        let repository = read(Catalog::builtin(), &options);
        let start = text.find(OLD).unwrap();
        let at = repository
            .source(name)
            .unwrap()
            .origin(start, start + OLD.len());
        let subject = Subject::new("Dockerfile", name);
        let mut finding = Finding::new("floating-base", Severity::Info, subject, at.clone(), "m");
        for safety in safeties {
            let change = |old: &str| Change::Text {
                at: at.clone(),
                old: old.to_owned(),
                new: NEW.to_owned(),
            };
            let remedy = |title: &str, changes| Remedy {
                kind: RemedyKind::Rebuild,
                title: title.to_owned(),
                safety: *safety,
                commands: Vec::new(),
                diff: None,
                changes,
            };
            finding = finding
                .remedy(remedy("by hand", Vec::new()))
                .remedy(remedy("gone", vec![change("a:ltsc2016")]))
                .remedy(remedy("take ltsc2022", vec![change(OLD)]));
        }
        Judged {
            repository,
            lint: Lint {
                findings: vec![finding],
                ..Lint::default()
            },
            untitled: Some(("untitled:Untitled-1".to_owned(), name.to_owned())),
        }
    }

    /// The actions as `title` or `title!` where they are preferred, and the edit of the first.
    fn offered(safeties: &[Safety], versioned_edits: bool) -> (Vec<String>, serde_json::Value) {
        let text = format!("# 𝄞\r\nFROM {OLD}\r\n");
        let judged = judged(&text, safeties);
        let mut documents = Documents::default();
        documents.open(lsp_types::TextDocumentItem::new(
            "untitled:Untitled-1".parse().unwrap(),
            "dockerfile".to_owned(),
            7,
            text,
        ));
        let places = Places::new(&judged, &documents, None, Units::Utf16);
        let client = Client {
            versioned_edits,
            ..Client::of(&lsp_types::ClientCapabilities::default())
        };
        let place = lsp_types::Position::new(1, 25);
        let source = judged.repository.source("Untitled-1.Dockerfile").unwrap();
        let actions = of_range(&places, client, source, Range::new(place, place));
        let actions: Vec<CodeAction> = actions
            .into_iter()
            .map(|action| match action {
                CodeActionOrCommand::CodeAction(action) => action,
                CodeActionOrCommand::Command(command) => panic!("{command:?}"),
            })
            .collect();
        let titles = actions.iter().map(|action| {
            let mark = if action.is_preferred == Some(true) {
                "!"
            } else {
                ""
            };
            format!("{}{mark}", action.title)
        });
        let edit = serde_json::to_value(&actions[0].edit).unwrap();
        (titles.collect(), edit)
    }

    #[test]
    fn remedies_that_are_changes_are_offered() {
        const UNSAFE: &str =
            "take ltsc2022: mcr.microsoft.com/windows/servercore:ltsc2022 (changes the image)";
        let ignore = "ignore floating-base here".to_owned();
        let (titles, edit) = offered(&[Safety::Unsafe], true);
        assert_eq!(titles, [format!("{UNSAFE}!"), ignore.clone()]);
        let text_edit = serde_json::json!({
            "range": {
                "start": { "line": 1, "character": 5 },
                "end": { "line": 1, "character": 50 },
            },
            "newText": NEW,
        });
        assert_eq!(
            edit,
            serde_json::json!({ "documentChanges": [{
                "textDocument": { "uri": "untitled:Untitled-1", "version": 7 },
                "edits": [text_edit],
            }] })
        );
        let (titles, edit) = offered(&[Safety::Unsafe, Safety::Safe], false);
        assert_eq!(
            titles,
            [
                UNSAFE.to_owned(),
                "take ltsc2022: mcr.microsoft.com/windows/servercore:ltsc2022!".to_owned(),
                ignore.clone()
            ]
        );
        assert_eq!(
            edit,
            serde_json::json!({ "changes": { "untitled:Untitled-1": [text_edit] } })
        );
        let (titles, _) = offered(&[Safety::Unsafe, Safety::Unsafe], true);
        assert_eq!(titles, [UNSAFE.to_owned(), UNSAFE.to_owned(), ignore]);
    }
}
