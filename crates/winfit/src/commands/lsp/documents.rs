//! The documents that the editor has open.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lsp_types::{TextDocumentContentChangeEvent, TextDocumentItem, Uri};

use super::addresses;
use super::positions::{Lines, Units};

/// A byte order mark, which some editors leave in the text.
const MARK: char = '\u{feff}';

/// An open document.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) uri: Uri,
    /// Its path; none: it is not a file.
    pub(super) path: Option<PathBuf>,
    pub(super) version: i32,
    pub(super) text: String,
    /// What the editor takes it for: `dockerfile`, `yaml`.
    language: String,
}

impl Document {
    /// How many bytes of its text stand before what winfit takes for its text.
    pub(super) fn mark(&self) -> usize {
        if self.text.starts_with(MARK) {
            MARK.len_utf8()
        } else {
            0
        }
    }

    /// The name that says what a document without a path is.
    pub(super) fn name(&self) -> String {
        let last = addresses::last_part(self.uri.as_str());
        match self.language.as_str() {
            "dockerfile" => format!("{last}.Dockerfile"),
            "dockercompose" => "compose.yaml".to_owned(),
            "yaml" | "kubernetes" | "helm" => format!("{last}.yaml"),
            _ => last,
        }
    }

    /// Puts a change into the text. What it says of places outside of the text is brought back into it.
    fn change(&mut self, change: TextDocumentContentChangeEvent, units: Units) {
        let Some(range) = change.range else {
            self.text = change.text;
            return;
        };
        let lines = Lines::new(&self.text);
        let (start, end) = (
            lines.offset(range.start, units),
            lines.offset(range.end, units),
        );
        self.text
            .replace_range(start.min(end)..start.max(end), &change.text);
    }
}

/// All of them, by address.
#[derive(Debug, Default)]
pub(super) struct Documents(BTreeMap<String, Document>);

impl Documents {
    pub(super) fn open(&mut self, item: TextDocumentItem) {
        let key = item.uri.as_str().to_owned();
        let document = Document {
            path: addresses::path_of(&item.uri),
            uri: item.uri,
            version: item.version,
            text: item.text,
            language: item.language_id,
        };
        self.0.insert(key, document);
    }

    /// Changes a document; whether it is open.
    pub(super) fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        units: Units,
    ) -> bool {
        let Some(document) = self.0.get_mut(uri.as_str()) else {
            return false;
        };
        for change in changes {
            document.change(change, units);
        }
        document.version = version;
        true
    }

    pub(super) fn close(&mut self, uri: &Uri) {
        self.0.remove(uri.as_str());
    }

    pub(super) fn get(&self, uri: &Uri) -> Option<&Document> {
        self.0.get(uri.as_str())
    }

    /// The document of a file.
    pub(super) fn at(&self, path: &Path) -> Option<&Document> {
        self.iter()
            .find(|document| document.path.as_deref() == Some(path))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Document> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use lsp_types::{Position, Range};

    use super::*;

    #[test]
    fn changes_go_one_after_the_other() {
        let mut documents = Documents::default();
        let uri: Uri = "file:///a/Dockerfile".parse().unwrap();
        documents.open(TextDocumentItem::new(
            uri.clone(),
            "dockerfile".to_owned(),
            1,
            "𝄞 one\r\ntwo\r\n".to_owned(),
        ));
        let change = |start: (u32, u32), end: (u32, u32), text: &str| {
            let place = |(line, character)| Position::new(line, character);
            TextDocumentContentChangeEvent {
                range: Some(Range::new(place(start), place(end))),
                range_length: None,
                text: text.to_owned(),
            }
        };
        let changes = vec![
            change((0, 3), (0, 6), "1"),
            change((0, 4), (1, 0), "\n"),
            // The wrong way round, and beyond the end.
            change((9, 9), (1, 3), "!"),
        ];
        assert!(documents.change(&uri, 2, changes, Units::Utf16));
        let document = documents.get(&uri).unwrap();
        assert_eq!((document.text.as_str(), document.version), ("𝄞 1\ntwo!", 2));
        let other: Uri = "file:///b".parse().unwrap();
        assert!(!documents.change(&other, 2, Vec::new(), Units::Utf16));
    }
}
