//! Reports that go to files: `--output FORMAT=FILE`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use winfit_files::fix::write::replace;

use crate::cli::FindingsFormat;

/// A report, and the file that it is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportFile {
    /// How it is written.
    pub(crate) format: FindingsFormat,
    /// Where.
    pub(crate) path: PathBuf,
}

/// Reads `FORMAT=FILE`.
pub(crate) fn parse(text: &str) -> Result<ReportFile, String> {
    let formats = || {
        let names = FindingsFormat::value_variants().iter();
        let names = names.filter_map(ValueEnum::to_possible_value);
        let names: Vec<String> = names.map(|name| name.get_name().to_owned()).collect();
        names.join(", ")
    };
    let (format, path) = text
        .split_once('=')
        .ok_or("expected a format and a file, as sarif=winfit.sarif")?;
    let format = FindingsFormat::from_str(format, true)
        .map_err(|_| format!("{format:?} is no format; there are {}", formats()))?;
    match path {
        "" => Err("behind = a file is expected, as sarif=winfit.sarif".to_owned()),
        "-" => Err("- is no file; standard output has the report of --format".to_owned()),
        path => Ok(ReportFile {
            format,
            path: path.into(),
        }),
    }
}

impl ReportFile {
    /// Writes the report: readers find the old file or the new one whole. Errors say why not.
    pub(crate) fn write(&self, text: &str) -> Result<(), String> {
        // What a link points to is replaced, not the link.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let there = fs::metadata(&path).ok();
        let written = match &there {
            Some(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            // A device or a pipe is written to, never replaced.
            Some(there) if !there.is_file() => OpenOptions::new()
                .write(true)
                .open(&path)
                .and_then(|mut file| file.write_all(text.as_bytes())),
            there => replace(&path, there.as_ref(), text.as_bytes()),
        };
        written.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "there is no such folder".to_owned(),
            io::ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
            io::ErrorKind::PermissionDenied => "it may not be written".to_owned(),
            _ => format!("it could not be written ({error})"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_and_a_file() {
        let file = |format, path: &str| {
            Ok(ReportFile {
                format,
                path: path.into(),
            })
        };
        let refused = |why: &str| Err(why.to_owned());
        for (text, expected) in [
            ("sarif=a.sarif", file(FindingsFormat::Sarif, "a.sarif")),
            ("GITLAB=a=b.json", file(FindingsFormat::Gitlab, "a=b.json")),
            (
                "sarif",
                refused("expected a format and a file, as sarif=winfit.sarif"),
            ),
            (
                "xml=a",
                refused(
                    "\"xml\" is no format; there are human, json, sarif, github, gitlab, markdown",
                ),
            ),
            (
                "json=",
                refused("behind = a file is expected, as sarif=winfit.sarif"),
            ),
            (
                "json=-",
                refused("- is no file; standard output has the report of --format"),
            ),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
