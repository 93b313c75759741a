//! Reading the catalog's tables: tab-separated, the first line names the columns.

use std::str::FromStr;

use thiserror::Error;
use time::Date;

use crate::day::parse_day;

/// A line of a data file that cannot be read. The data is compiled in and covered by tests, so
/// users meet this only through an overlay of their own.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}: column {column}: {reason}")]
pub struct TableError {
    /// The data file's name.
    pub file: &'static str,
    /// 1-based line.
    pub line: usize,
    /// The column's name.
    pub column: &'static str,
    /// What is wrong with the value, and what it should be.
    pub reason: String,
}

/// One row, its cells looked up by column name.
pub(crate) struct Row<'t> {
    file: &'static str,
    line: usize,
    header: &'t [&'static str],
    cells: Vec<&'static str>,
}

impl Row<'_> {
    /// Its line, from 1.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    pub(crate) fn error(&self, column: &'static str, reason: impl Into<String>) -> TableError {
        TableError {
            file: self.file,
            line: self.line,
            column,
            reason: reason.into(),
        }
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<&'static str, TableError> {
        self.header
            .iter()
            .position(|name| *name == column)
            .and_then(|at| self.cells.get(at).copied())
            .ok_or_else(|| self.error(column, "the column is missing"))
    }

    pub(crate) fn number<T: FromStr>(&self, column: &'static str) -> Result<T, TableError> {
        let text = self.text(column)?;
        text.parse()
            .map_err(|_| self.error(column, format!("{text:?} is not a number in range")))
    }

    pub(crate) fn optional<T: FromStr>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, TableError> {
        if self.text(column)?.is_empty() {
            return Ok(None);
        }
        self.number(column).map(Some)
    }

    pub(crate) fn day(&self, column: &'static str) -> Result<Option<Date>, TableError> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        parse_day(text)
            .map(Some)
            .map_err(|error| self.error(column, error.to_string()))
    }

    pub(crate) fn required_day(&self, column: &'static str) -> Result<Date, TableError> {
        self.day(column)?
            .ok_or_else(|| self.error(column, "a day is missing"))
    }
}

/// Reads every row of `text` with `read`.
pub(crate) fn table<T>(
    file: &'static str,
    text: &'static str,
    mut read: impl FnMut(&Row<'_>) -> Result<T, TableError>,
) -> Result<Vec<T>, TableError> {
    let mut lines = text.lines();
    let header: Vec<&'static str> = lines.next().unwrap_or_default().split('\t').collect();
    let mut rows = Vec::new();
    for (index, line) in lines.enumerate() {
        if line.is_empty() {
            continue;
        }
        let row = Row {
            file,
            line: index + 2,
            header: &header,
            cells: line.split('\t').collect(),
        };
        rows.push(read(&row)?);
    }
    Ok(rows)
}
