//! From the places of facts to those that an editor knows, and back.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use lsp_types::{Location, Position, Uri};
use winfit_core::finding::Origin;
use winfit_files::repository::{ReadFile, tidy};
use winfit_files::source::Source;

use super::addresses;
use super::analysis::Judged;
use super::documents::{Document, Documents};
use super::positions::{Lines, Units};

/// The places of one project. The open documents are those that it was judged with.
pub(super) struct Places<'a> {
    pub(super) judged: &'a Judged,
    documents: &'a Documents,
    /// The folder from which the project's paths go.
    base: Option<&'a Path>,
    units: Units,
    /// The lines of texts that were asked for, by name.
    lines: RefCell<HashMap<&'a str, Rc<Lines<'a>>>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(
        judged: &'a Judged,
        documents: &'a Documents,
        base: Option<&'a Path>,
        units: Units,
    ) -> Self {
        Self {
            judged,
            documents,
            base,
            units,
            lines: RefCell::default(),
        }
    }

    /// The open document of a text.
    pub(super) fn document(&self, source: &Source) -> Option<&'a Document> {
        if let Some((uri, name)) = &self.judged.untitled
            && *source.name == **name
        {
            return self.documents.get(&uri.parse().ok()?);
        }
        self.documents.at(&self.path(source))
    }

    /// The address of a text: the editor's own where it has it open.
    pub(super) fn uri(&self, source: &Source) -> Option<Uri> {
        match self.document(source) {
            Some(document) => Some(document.uri.clone()),
            None => addresses::of_path(&self.path(source)),
        }
    }

    fn path(&self, source: &Source) -> PathBuf {
        tidy(&match self.base {
            Some(base) => base.join(&source.path),
            None => std::path::absolute(&source.path).unwrap_or_else(|_| source.path.clone()),
        })
    }

    /// The text as the editor has it, and how many bytes of it stand before winfit's.
    fn lines(&self, source: &'a Source) -> (Rc<Lines<'a>>, usize) {
        let document = self.document(source);
        let mark = document.map_or(0, Document::mark);
        let mut known = self.lines.borrow_mut();
        let lines = known.entry(&*source.name).or_insert_with(|| {
            let text = document.map_or(source.text.as_str(), |document| document.text.as_str());
            Rc::new(Lines::new(text))
        });
        (Rc::clone(lines), mark)
    }

    /// A piece of a text as the editor counts.
    pub(super) fn range(&self, source: &'a Source, bytes: &Range<usize>) -> lsp_types::Range {
        let (lines, mark) = self.lines(source);
        lines.range(&(bytes.start + mark..bytes.end + mark), self.units)
    }

    /// The byte of a text at a position.
    pub(super) fn offset(&self, source: &'a Source, position: Position) -> usize {
        let (lines, mark) = self.lines(source);
        lines.offset(position, self.units).saturating_sub(mark)
    }

    /// Where an origin stands; a file as a whole at its start. None: it is in no file.
    pub(super) fn location(&self, origin: &Origin) -> Option<Location> {
        let source = self.judged.repository.source(&origin.source)?;
        let bytes = origin.span.map_or(0..0, |span| span.start..span.end);
        Some(Location::new(self.uri(source)?, self.range(source, &bytes)))
    }

    /// The file that a document is.
    pub(super) fn file(&self, uri: &Uri) -> Option<&'a ReadFile> {
        let document = self.documents.get(uri);
        self.judged.repository.files.iter().find(|file| {
            let source = &file.source;
            match document {
                Some(document) => self
                    .document(source)
                    .is_some_and(|found| std::ptr::eq(found, document)),
                None => addresses::path_of(uri).is_some_and(|path| path == self.path(source)),
            }
        })
    }
}
