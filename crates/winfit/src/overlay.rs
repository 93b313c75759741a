//! The catalog of this run: the built-in one, with what `winfit catalog sync` has learnt beside it.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use winfit_core::Catalog;
use winfit_core::catalog::overlay::{MOST_BYTES, Reading};

use crate::input;
use crate::output::printable;

/// Says `off` where a run must depend on the program alone.
const VARIABLE: &str = "WINFIT_CATALOG_OVERLAY";

/// The catalog with its overlay.
#[derive(Debug)]
pub(crate) struct Current {
    catalog: Catalog,
    /// Its file.
    pub(crate) path: PathBuf,
}

static CURRENT: OnceLock<Current> = OnceLock::new();

/// The catalog of this run.
pub(crate) fn catalog() -> &'static Catalog {
    CURRENT
        .get()
        .map_or_else(Catalog::builtin, |current| &current.catalog)
}

/// The overlay of this run, where there is one.
pub(crate) fn current() -> Option<&'static Current> {
    CURRENT.get()
}

/// Whether the environment says that there is none.
pub(crate) fn is_off() -> bool {
    std::env::var_os(VARIABLE).is_some_and(|value| value == "off")
}

/// Takes up the overlay of the user, once a process. What is wrong with it is said; the built-in catalog
/// is there in any case.
pub(crate) fn take_up(wanted: bool) -> Vec<String> {
    /// Of a file that is no overlay every line would be told.
    const SHOWN: usize = 3;
    if !wanted || is_off() {
        return Vec::new();
    }
    let Some(path) = file() else {
        return Vec::new();
    };
    let text = match read(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return Vec::new(),
        Err(error) => {
            return vec![format!(
                "{}: {}; only the built-in catalog is used",
                printable(&path.display().to_string()),
                input::reason(&error)
            )];
        }
    };
    // Its rows are borrowed for as long as the process lives.
    let (catalog, reading) = Catalog::with_overlay(text.leak());
    let shown = printable(&path.display().to_string());
    let mut complaints: Vec<String> = reading
        .refused
        .iter()
        .take(SHOWN)
        .map(|reason| format!("{shown}: {}", printable(reason)))
        .collect();
    if let Some(more @ 1..) = reading.refused.len().checked_sub(SHOWN) {
        complaints.push(format!("{shown}: {more} more rows are refused"));
    }
    // The process has one catalog, and this is the only place that sets it.
    let _ = CURRENT.set(Current { catalog, path });
    complaints
}

/// What an overlay's file holds now; one that is not there holds nothing.
pub(crate) fn reading(path: &Path) -> io::Result<Reading> {
    let text = read(path)?.unwrap_or_default();
    // Its rows are borrowed for as long as the process lives.
    Ok(Catalog::with_overlay(text.leak()).1)
}

/// The overlay's text; none: there is no overlay.
fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = Vec::new();
    // One byte more than an overlay may have tells that it is too large.
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The overlay's file; none: the user has no folder for data.
pub(crate) fn file() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let base = if cfg!(windows) {
        PathBuf::from(from("LOCALAPPDATA")?)
            .join("winfit")
            .join("data")
    } else {
        from("XDG_DATA_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(from("HOME")?).join(".local/share")))?
            .join("winfit")
    };
    Some(base.join("catalog").join("updates.tsv"))
}
