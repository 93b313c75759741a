//! What was learnt, by this run and those before: the overlay, and beside it what was refused.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Result;
use winfit_core::catalog::overlay::{Learnt, Standing, standing, write};
use winfit_files::fix::write::replace;

use super::learn::Pinned;
use crate::input;
use crate::output::{hint, nothing};
use crate::overlay;

/// The largest file of refusals that is read.
const MOST_REFUSED: u64 = 1024 * 1024;

/// All that is known beside the built-in catalog.
#[derive(Debug)]
pub(super) struct State {
    /// The overlay's file.
    pub(super) file: PathBuf,
    /// Its rows.
    rows: Vec<Learnt>,
    /// Those that this run has learnt.
    pub(super) learnt: Vec<Learnt>,
    /// Tags that were looked at and not taken: by repository and tag, why.
    pub(super) refused: BTreeMap<(String, String), String>,
    /// Held for as long as this lives: two runs that write the whole file would lose each other's rows.
    _lock: File,
}

impl State {
    /// What earlier runs have left.
    pub(super) fn read(file: PathBuf) -> Result<Self> {
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)
            .map_err(|error| nothing(format!("{}: {}", folder.display(), input::reason(&error))))?;
        let lock = lock(&file)?;
        let refused = match fs::metadata(beside(&file)) {
            Ok(there) if there.len() <= MOST_REFUSED => {
                let text = fs::read(beside(&file)).unwrap_or_default();
                read_refused(&String::from_utf8_lossy(&text))
            }
            _ => BTreeMap::new(),
        };
        // What this process took up at its start may be older than the file by now.
        let reading = overlay::reading(&file)
            .map_err(|error| nothing(format!("{}: {}", file.display(), input::reason(&error))))?;
        let rows = reading.taken.iter().chain(&reading.apart);
        let rows = rows.map(Learnt::from).collect();
        Ok(Self {
            file,
            rows,
            learnt: Vec::new(),
            refused,
            _lock: lock,
        })
    }

    /// Whether a tag may tell something new. One that contradicts the catalog by its text alone is
    /// refused here.
    pub(super) fn wants(&mut self, repository: &str, pinned: &Pinned) -> bool {
        let key = (repository.to_owned(), pinned.tag.clone());
        let catalog = overlay::catalog();
        let build = pinned.version.build;
        let Some(kb) = pinned.kb else {
            let revision = pinned.version.revision.unwrap_or_default();
            let learnt = self
                .rows
                .iter()
                .any(|row| (row.build, row.revision) == (build, revision));
            let known = standing(catalog, build, revision, None) == Standing::Known;
            return !known && !learnt && !self.refused.contains_key(&key);
        };
        let of_kb = catalog.updates_of_kb(kb);
        if of_kb.iter().any(|update| update.build == build)
            || self
                .rows
                .iter()
                .any(|row| (row.build, row.kb) == (build, Some(kb)))
        {
            return false;
        }
        if let Some(other) = of_kb.first() {
            self.refused.insert(
                key,
                format!("KB{kb} is an update of {}, not of {build}", other.build),
            );
            return false;
        }
        !self.refused.contains_key(&key)
    }

    /// Takes what a tag told, unless the catalog knows better.
    pub(super) fn learn(&mut self, repository: &str, tag: &str, new: &Learnt) {
        match standing(overlay::catalog(), new.build, new.revision, new.kb) {
            Standing::New | Standing::UnknownBuild => {}
            Standing::Known => return,
            Standing::Conflict(reason) => return self.refuse(repository, tag, reason),
        }
        let same = |row: &Learnt| (row.build, row.revision) == (new.build, new.revision);
        if let Some(other) = self
            .rows
            .iter()
            .find(|row| same(row))
            .and_then(|row| row.kb)
            && let Some(kb) = new.kb.filter(|kb| *kb != other)
        {
            let (build, revision) = (new.build, new.revision);
            let reason = format!("{build}.{revision} comes with KB{other}, not with KB{kb}");
            return self.refuse(repository, tag, reason);
        }
        // The tag of the KB and that of the version are one image: the row with both says it.
        if new.kb.is_none() && self.rows.iter().any(same) {
            return;
        }
        for rows in [&mut self.rows, &mut self.learnt] {
            rows.retain(|row| !(same(row) && row.kb.is_none()));
            rows.push(new.clone());
        }
    }

    /// Keeps what was not taken, so that it is not asked for again.
    pub(super) fn refuse(&mut self, repository: &str, tag: &str, reason: String) {
        self.refused
            .insert((repository.to_owned(), tag.to_owned()), reason);
    }

    /// Writes both files, the overlay first: what is in neither is only asked for again.
    pub(super) fn write(&self) -> Result<()> {
        put(&self.file, &write(&self.rows))?;
        let mut text = "repository\ttag\treason\n".to_owned();
        for ((repository, tag), reason) in &self.refused {
            let reason = reason.replace(['\t', '\n', '\r'], " ");
            text.push_str(&format!("{repository}\t{tag}\t{reason}\n"));
        }
        put(&beside(&self.file), &text)
    }
}

/// Waits until no other run writes.
fn lock(file: &Path) -> Result<File> {
    let path = file.with_file_name("sync.lock");
    let trouble =
        |error: std::io::Error| nothing(format!("{}: {}", path.display(), input::reason(&error)));
    let lock = File::create(&path).map_err(trouble)?;
    if lock.try_lock().is_err() {
        hint("another winfit catalog sync is at work; waiting for it to end");
        lock.lock().map_err(trouble)?;
    }
    Ok(lock)
}

fn beside(file: &Path) -> PathBuf {
    file.with_file_name("refused.tsv")
}

fn put(file: &Path, text: &str) -> Result<()> {
    let there = fs::metadata(file).ok();
    replace(file, there.as_ref(), text.as_bytes()).map_err(|error| {
        nothing(format!(
            "{}: it could not be written: {error}; what was there stays",
            file.display()
        ))
    })
}

fn read_refused(text: &str) -> BTreeMap<(String, String), String> {
    let lines = text.lines().skip(1);
    lines
        .filter_map(|line| match line.splitn(3, '\t').collect::<Vec<_>>()[..] {
            [repository, tag, reason] => {
                Some(((repository.to_owned(), tag.to_owned()), reason.to_owned()))
            }
            _ => None,
        })
        .collect()
}
