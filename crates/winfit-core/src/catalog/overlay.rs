//! Updates that the built-in catalog does not know yet, learnt from the tags of registries: a file in
//! the form of `updates.tsv`, and the rules by which a row is taken.
//!
//! Whoever writes to a registry or to the file writes here. A row adds, and never changes what is built
//! in; what contradicts it is refused.

use time::Date;

use super::tsv::table;
use super::updates::{HEADER, read_row};
use super::{Audience, Catalog, Update};

/// The confidence of rows that were learnt from a registry.
pub const LEARNT: &str = "registry";

/// The largest overlay that is read. All updates of ten years are a tenth of it.
pub const MOST_BYTES: usize = 1024 * 1024;
/// The longest line.
const LONGEST: usize = 1024;
/// Revisions are far below it, and no build has had more.
const MOST_REVISION: u32 = 99_999;

/// What an overlay holds.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The rows that stand beside the built-in ones.
    pub taken: Vec<Update>,
    /// Rows of builds that no named release has: kept, and used for nothing.
    pub apart: Vec<Update>,
    /// Why others were refused, in a sentence each.
    pub refused: Vec<String>,
}

/// What a row is to the built-in catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It adds something.
    New,
    /// The catalog has it.
    Known,
    /// No named release has its build.
    UnknownBuild,
    /// It contradicts the catalog: how, in a sentence.
    Conflict(String),
}

/// Weighs a revision and its KB against the catalog.
pub fn standing(catalog: &Catalog, build: u16, revision: u32, kb: Option<u32>) -> Standing {
    if catalog.kinds_of(build).is_none() {
        return Standing::UnknownBuild;
    }
    let mut here = catalog.updates_at(build, revision).peekable();
    let known = here.peek().is_some();
    let Some(kb) = kb else {
        return if known {
            Standing::Known
        } else {
            Standing::New
        };
    };
    let of_kb = catalog.updates_of_kb(kb);
    if of_kb
        .iter()
        .any(|update| (update.build, update.revision) == (build, revision))
    {
        return Standing::Known;
    }
    if let Some(other) = of_kb.first()
        && of_kb.iter().all(|update| update.build != build)
    {
        return Standing::Conflict(format!(
            "KB{kb} is an update of {}, not of {build}",
            other.build
        ));
    }
    if let Some(other) = here.find_map(|update| update.kb) {
        return Standing::Conflict(format!(
            "{build}.{revision} comes with KB{other}, not with KB{kb}"
        ));
    }
    Standing::New
}

/// Reads an overlay.
pub(super) fn read(catalog: &Catalog, text: &'static str) -> Reading {
    let mut reading = Reading::default();
    if text.len() > MOST_BYTES {
        reading.refused.push(format!(
            "it is larger than {} KiB, and is not used",
            MOST_BYTES / 1024
        ));
        return reading;
    }
    if text.lines().next().is_some_and(|first| first != HEADER) {
        reading.refused.push(
            "its first line does not name the columns of updates.tsv, and it is not used"
                .to_owned(),
        );
        return reading;
    }
    if let Some(at) = text.lines().position(|line| line.len() > LONGEST) {
        reading.refused.push(format!(
            "line {} is longer than {LONGEST} bytes, and the file is not used",
            at + 1
        ));
        return reading;
    }
    let rows = table("overlay", text, |row| Ok((row.line(), read_row(row))));
    for (line, row) in rows.unwrap_or_default() {
        let update = match row {
            Ok(update) => update,
            Err(error) => {
                reading
                    .refused
                    .push(format!("line {line}: {}: {}", error.column, error.reason));
                continue;
            }
        };
        if let Err(reason) = plain(&update) {
            reading.refused.push(format!("line {line}: {reason}"));
            continue;
        }
        match standing(catalog, update.build, update.revision, update.kb) {
            Standing::New => {
                let twice = reading.taken.iter().any(|other| {
                    (other.build, other.revision, other.kb)
                        == (update.build, update.revision, update.kb)
                });
                if !twice {
                    reading.taken.push(update);
                }
            }
            // A newer winfit knows what was learnt.
            Standing::Known => {}
            Standing::UnknownBuild => reading.apart.push(update),
            Standing::Conflict(reason) => reading.refused.push(format!(
                "line {line}: {reason}; the built-in catalog counts"
            )),
        }
    }
    reading
}

/// Whether a row is one that a sync would write.
fn plain(update: &Update) -> Result<(), String> {
    if update.revision > MOST_REVISION {
        return Err(format!("{} is no revision", update.revision));
    }
    if let Some(kb) = update.kb
        && !(1_000_000..=99_999_999).contains(&kb)
    {
        return Err(format!("KB{kb} is no KB number"));
    }
    let kind = match update.kb {
        Some(_) => ("", Audience::Server),
        None => ("container", Audience::Unknown),
    };
    if (update.kind, update.audience) != kind || update.confidence != LEARNT {
        return Err(
            "it is not what `winfit catalog sync` writes; own rows have no place here".to_owned(),
        );
    }
    let printable = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !printable(update.sources) || !printable(update.day_basis) {
        return Err("it has characters that are no plain text".to_owned());
    }
    Ok(())
}

/// One row to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learnt {
    /// The build.
    pub build: u16,
    /// The revision.
    pub revision: u32,
    /// The KB, where a tag names it.
    pub kb: Option<u32>,
    /// When the image was made.
    pub day: Option<Date>,
    /// Where it was learnt: the reference, its digest, the day of the sync.
    pub source: String,
}

/// An overlay as text, its rows by build and revision.
pub fn write(rows: &[Learnt]) -> String {
    let mut rows: Vec<&Learnt> = rows.iter().collect();
    rows.sort_by_key(|row| (row.build, row.revision, row.kb));
    rows.dedup_by_key(|row| (row.build, row.revision, row.kb));
    let mut text = format!("{HEADER}\n");
    for row in rows {
        let kb = row.kb.map_or_else(String::new, |kb| format!("KB{kb}"));
        let (day, basis) = match row.day {
            Some(day) => (day.to_string(), "image created"),
            None => (String::new(), "no date"),
        };
        // A revision that no KB is known of may be one that only images have.
        let (kind, audience) = match row.kb {
            Some(_) => ("", "server"),
            None => ("container", "unknown"),
        };
        text.push_str(&format!(
            "{}\t{}\t{kb}\t{day}\t{basis}\t{kind}\t{audience}\t{LEARNT}\t{}\n",
            row.build, row.revision, row.source
        ));
    }
    text
}

impl From<&Update> for Learnt {
    fn from(update: &Update) -> Self {
        Self {
            build: update.build,
            revision: update.revision,
            kb: update.kb,
            day: update.day,
            source: update.sources.to_owned(),
        }
    }
}

impl Update {
    /// Whether it was learnt from a registry, and is not built in.
    pub fn is_learnt(&self) -> bool {
        self.confidence == LEARNT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::parse_day;

    fn learnt(build: u16, revision: u32, kb: Option<u32>) -> Learnt {
        Learnt {
            build,
            revision,
            kb,
            day: parse_day("2026-11-10").ok(),
            source: "localhost:5000/windows/servercore:1 sha256:0 2026-11-22".to_owned(),
        }
    }

    fn with(text: String) -> (Catalog, Reading) {
        Catalog::with_overlay(Box::leak(text.into_boxed_str()))
    }

    #[test]
    fn what_is_written_is_taken_and_known_both_ways() {
        let rows = [
            learnt(20_348, 9999, Some(5_999_999)),
            learnt(17_763, 9998, None),
            learnt(27_842, 1000, None),
            learnt(20_348, 9999, Some(5_999_999)),
        ];
        let (catalog, reading) = with(write(&rows));
        assert_eq!(reading.refused, [""; 0]);
        assert_eq!(reading.taken.len(), 2);
        assert_eq!(reading.apart.len(), 1);
        let found = catalog.updates_of_kb(5_999_999);
        assert_eq!((found[0].build, found[0].revision), (20_348, 9999));
        assert!(found[0].is_learnt());
        // A floating tag stands for it.
        assert_eq!(
            catalog.newest_image_update(20_348, None).unwrap().revision,
            9999
        );
        // One without a KB stands for nothing but itself.
        assert_ne!(
            catalog.newest_image_update(17_763, None).unwrap().revision,
            9998
        );
        assert_eq!(catalog.updates_at(17_763, 9998).count(), 1);
        assert!(
            catalog
                .updates
                .is_sorted_by_key(|row| (row.build, row.revision))
        );
        // Written again it is the same.
        let again: Vec<Learnt> = reading
            .taken
            .iter()
            .chain(&reading.apart)
            .map(Learnt::from)
            .collect();
        assert_eq!(write(&again), write(&rows));
    }

    #[test]
    fn built_in_rows_are_never_changed() {
        let builtin = Catalog::builtin();
        let known = builtin
            .updates
            .iter()
            .rfind(|row| row.kb.is_some())
            .unwrap();
        let rows = [
            learnt(known.build, known.revision, known.kb),
            // Another KB for a revision, and a KB of another build.
            learnt(known.build, known.revision, Some(5_999_999)),
            learnt(14_393, 9999, Some(4_493_509)),
        ];
        let (catalog, reading) = with(write(&rows));
        assert_eq!(catalog.updates.len(), builtin.updates.len());
        assert_eq!(reading.refused.len(), 2, "{:?}", reading.refused);
        assert!(
            reading
                .refused
                .iter()
                .all(|line| line.ends_with("the built-in catalog counts"))
        );
    }

    #[test]
    fn hostile_rows_are_refused_with_a_sentence() {
        let good = "20348\t9999\tKB5999999\t2026-11-10\timage created\t\tserver\tregistry\ta";
        for bad in [
            "20348\t9999\tKB5999999\t2026-11-10\timage created\t\tserver\tregistry",
            "70000\t9999\tKB5999999\t\tno date\t\tserver\tregistry\ta",
            "20348\t4294967295\tKB5999999\t\tno date\t\tserver\tregistry\ta",
            "20348\t-1\t\t\tno date\tcontainer\tunknown\tregistry\ta",
            "20348\t9999\tKB1\t\tno date\t\tserver\tregistry\ta",
            "20348\t9999\t5999999\t\tno date\t\tserver\tregistry\ta",
            "20348\t9999\tKB5999999\tyesterday\tno date\t\tserver\tregistry\ta",
            "20348\t9999\tKB5999999\t\tno date\t\tserver\t3-source\ta",
            "20348\t9999\tKB5999999\t\tno date\tpreview\tserver\tregistry\ta",
            "20348\t9999\tKB5999999\t\tno date\t\tclient\tregistry\ta",
            "20348\t9999\tKB5999999\t\tno date\t\tserver\tregistry\t\u{1b}[31m",
        ] {
            let (_, reading) = with(format!("{HEADER}\n{bad}\n{good}\n"));
            assert_eq!(reading.refused.len(), 1, "{bad:?}: {:?}", reading.refused);
            assert!(
                reading.refused[0].starts_with("line 2: "),
                "{:?}",
                reading.refused
            );
            assert_eq!(reading.taken.len(), 1, "{bad:?}");
        }
        for whole in [
            format!("build\trevision\n{good}\n"),
            format!("{HEADER}\n{}\n", "1".repeat(2000)),
            format!("{HEADER}\n{}", format!("{good}\n").repeat(20_000)),
        ] {
            let (catalog, reading) = with(whole);
            assert_eq!(reading.refused.len(), 1);
            assert_eq!(catalog.updates.len(), Catalog::builtin().updates.len());
        }
        assert!(with(String::new()).1.refused.is_empty());
    }
}
