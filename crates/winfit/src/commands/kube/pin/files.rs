//! `--output`: a file for each change; `--diff`: the templates side by side.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use similar::TextDiff;
use winfit_kube::pin::{Object, Owned, Plan};

use super::Pinned;
use crate::output::printable;

/// By this line winfit knows its own files.
const MARK: &str = "# Written by winfit kube pin";

/// What became of a file.
pub(super) enum Told {
    /// It says now what it should.
    Written(PathBuf),
    /// Nothing was written.
    Not,
}

/// The unified diffs of all templates that change.
pub(super) fn diff(pinned: &[Pinned]) -> String {
    let mut text = String::new();
    for (plan, object) in pinned.iter().filter_map(Pinned::change) {
        let (old, new) = (object.template(&plan.old), object.template(&plan.new));
        let name = file_name(object);
        let diff = TextDiff::from_lines(&old, &new);
        let mut diff = diff.unified_diff();
        let diff = diff.context_radius(3);
        text.push_str(
            &diff
                .header(&format!("a/{name}"), &format!("b/{name}"))
                .to_string(),
        );
    }
    text
}

/// Writes a file for each change. Gives back why some were not written.
pub(super) fn write(folder: &Path, pinned: &mut [Pinned]) -> Vec<String> {
    let mut complaints = Vec::new();
    if let Err(error) = fs::create_dir_all(folder) {
        return vec![format!("{}: {}", folder.display(), reason(&error))];
    }
    for one in pinned {
        let Some((plan, object)) = one.change() else {
            continue;
        };
        let path = folder.join(file_name(object));
        let text = text(plan, object, &one.owned);
        one.file = Some(match put(&path, &text) {
            Ok(()) => Told::Written(path),
            Err(why) => {
                complaints.push(format!("{}: {why}", printable(&path.display().to_string())));
                Told::Not
            }
        });
    }
    complaints
}

/// An I/O error in the words of the voice.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "it may not be written".to_owned(),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            "there is something else of that name".to_owned()
        }
        _ => format!("it could not be written ({error})"),
    }
}

fn text(plan: &Plan, object: &Object, owned: &Owned) -> String {
    let body = match owned {
        Owned::Immutable => object.anew(&plan.new),
        _ => object.patch_file(&plan.old, &plan.new),
    };
    let what = match owned {
        Owned::Immutable => "the manifest to make it anew",
        _ => "a strategic merge patch, as kustomize takes it",
    };
    format!("{MARK}: {what}.\n{body}")
}

/// Puts a file there. One that somebody else wrote is left alone.
fn put(path: &Path, text: &str) -> Result<(), String> {
    let known = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(reason(&error)),
        Ok(there) if there.is_file() => {
            Some(fs::read_to_string(path).map_err(|error| reason(&error))?)
        }
        Ok(_) => return Err("there is something else of that name".to_owned()),
    };
    match known {
        Some(known) if known == text => Ok(()),
        Some(known) if !known.starts_with(MARK) => Err(
            "somebody else has written this file, and it is left as it is; --output names another folder"
                .to_owned(),
        ),
        Some(_) => fs::write(path, text).map_err(|error| reason(&error)),
        None => {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(path)
                .map_err(|error| reason(&error))?;
            file.write_all(text.as_bytes()).map_err(|error| reason(&error))
        }
    }
}

/// `plang.deployment.web.yaml`: a name in which nothing leads elsewhere.
pub(super) fn file_name(object: &Object) -> String {
    let parts = [object.namespace(), object.kind(), object.name()];
    let parts = parts.iter().filter(|part| !part.is_empty());
    let parts: Vec<String> = parts.map(|part| plain(part)).collect();
    format!("{}.yaml", parts.join("."))
}

fn plain(part: &str) -> String {
    let symbols = part.to_lowercase();
    let symbols = symbols.chars().enumerate();
    symbols
        .map(|(at, symbol)| match symbol {
            '.' if at == 0 => '_',
            'a'..='z' | '0'..='9' | '-' | '.' => symbol,
            _ => '_',
        })
        .collect()
}
