//! What is known from earlier runs: facts by digest, which never change, and for a while which digest a
//! tag means.
//!
//! One SQLite file in WAL mode, which several processes share: they read while one writes, and whoever
//! writes last writes the same. What cannot be read or is of another form counts as not known. A cache
//! that cannot be written costs time and nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::digest::Digest;
use crate::place::Place;

/// The file in the cache's folder. Its number changes when what is kept changes its form.
const FILE: &str = "facts-3.sqlite3";

/// A larger record is none of ours.
const MOST: usize = 4 * 1024 * 1024;

/// How long another process may keep this one from writing; after that the fact is asked for again.
const PATIENCE: Duration = Duration::from_millis(500);

/// So many writes go to the disk together.
const BATCH: usize = 64;

/// A file of facts; without one nothing is known and nothing kept.
#[derive(Debug)]
pub(crate) struct Cache(Option<Mutex<Store>>);

#[derive(Debug)]
struct Store {
    file: PathBuf,
    /// None: the file was of no use, and there is no other.
    connection: Option<Connection>,
    /// What is not on the disk yet.
    pending: Vec<Row>,
}

/// What is kept.
#[derive(Debug)]
enum Row {
    Tag {
        name: String,
        digest: String,
        /// Milliseconds since 1970.
        learnt: i64,
    },
    Fact {
        kind: &'static str,
        digest: String,
        json: Vec<u8>,
    },
}

impl Cache {
    /// The cache in a folder, which is made where it is not there.
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        Self(folder.map(|folder| Mutex::new(Store::open(folder))))
    }

    /// Reads many facts as of one time, which takes one lock of the file in place of one a fact.
    pub(crate) fn reading<T>(&self, act: impl FnOnce() -> T) -> T {
        let say = |sql: &str| {
            self.with(|store| store.read(|connection| connection.execute_batch(sql)));
        };
        say("BEGIN");
        let found = act();
        say("COMMIT");
        found
    }

    /// The digest that a tag meant, where that was learnt less than `within` ago; without a limit
    /// whenever it was.
    pub(crate) fn tag(&self, place: &Place, tag: &str, within: Option<Duration>) -> Option<Digest> {
        let name = full_name(place, tag);
        let (digest, learnt): (String, i64) = self.with(|store| {
            let pending = store.pending.iter().rev().find_map(|row| match row {
                Row::Tag {
                    name: of,
                    digest,
                    learnt,
                } if *of == name => Some((digest.clone(), *learnt)),
                _ => None,
            });
            pending.or_else(|| {
                store.read(|connection| {
                    connection
                        .prepare_cached("SELECT digest, learnt FROM tags WHERE name = ?1")?
                        .query_row([&name], |row| Ok((row.get(0)?, row.get(1)?)))
                })
            })
        })?;
        // A time to come is from a clock that was wrong.
        let learnt = Duration::from_millis(learnt.try_into().ok()?);
        let age = now().checked_sub(learnt)?;
        let fresh = within.is_none_or(|within| age < within);
        fresh.then(|| Digest::parse(&digest))?
    }

    /// Keeps what a tag means now.
    pub(crate) fn keep_tag(&self, place: &Place, tag: &str, digest: &Digest) {
        self.keep(Row::Tag {
            name: full_name(place, tag),
            digest: digest.to_string(),
            learnt: i64::try_from(now().as_millis()).unwrap_or_default(),
        });
    }

    /// What is known of a digest.
    pub(crate) fn fact<T: DeserializeOwned>(&self, kind: &str, digest: &Digest) -> Option<T> {
        let json: Vec<u8> = self.with(|store| {
            let pending = store.pending.iter().rev().find_map(|row| match row {
                Row::Fact {
                    kind: of,
                    digest: about,
                    json,
                } if *of == kind && about == digest.as_str() => Some(json.clone()),
                _ => None,
            });
            pending.or_else(|| {
                store.read(|connection| {
                    connection
                        .prepare_cached("SELECT json FROM facts WHERE kind = ?1 AND digest = ?2")?
                        .query_row([kind, digest.as_str()], |row| row.get(0))
                })
            })
        })?;
        serde_json::from_slice(&json).ok()
    }

    /// Keeps what is known of a digest.
    pub(crate) fn keep_fact<T: Serialize>(&self, kind: &'static str, digest: &Digest, fact: &T) {
        if self.0.is_none() {
            return;
        }
        match serde_json::to_vec(fact) {
            Ok(json) if json.len() <= MOST => self.keep(Row::Fact {
                kind,
                digest: digest.to_string(),
                json,
            }),
            _ => {}
        }
    }

    fn keep(&self, row: Row) {
        self.with(|store| {
            store.pending.push(row);
            if store.pending.len() >= BATCH {
                store.flush();
            }
            None::<()>
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Store) -> Option<T>) -> Option<T> {
        let store = self.0.as_ref()?;
        act(&mut store.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store {
    fn open(folder: &Path) -> Self {
        let file = folder.join(FILE);
        let connected = connect(&file);
        let mut store = Self {
            file,
            connection: None,
            pending: Vec::new(),
        };
        match connected {
            Ok(connection) => store.connection = Some(connection),
            // One that is only busy, or not for us, is somebody else's still.
            Err(error) => store.after(&error),
        }
        store
    }

    /// Takes another file in place of one that is damaged.
    fn begin_anew(&mut self) {
        self.connection = None;
        for ending in ["", "-wal", "-shm"] {
            let mut name = self.file.clone().into_os_string();
            name.push(ending);
            // What is not there need not go.
            let _ = fs::remove_file(name);
        }
        self.connection = connect(&self.file).ok();
    }

    fn read<T>(&mut self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        match query(self.connection.as_ref()?).optional() {
            Ok(found) => found,
            Err(error) => {
                self.after(&error);
                None
            }
        }
    }

    /// Writes what is pending. What cannot be written is asked for again in another run.
    fn flush(&mut self) {
        let Some(connection) = &mut self.connection else {
            self.pending.clear();
            return;
        };
        if !connection.is_autocommit() {
            // Somebody reads many facts; afterwards there is time.
            return;
        }
        let rows = std::mem::take(&mut self.pending);
        if let Err(error) = write(connection, &rows) {
            self.after(&error);
        }
    }

    fn after(&mut self, error: &rusqlite::Error) {
        let code = error.sqlite_error_code();
        if matches!(
            code,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ) {
            self.begin_anew();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if !self.pending.is_empty() {
            self.flush();
        }
    }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    if let Some(folder) = file.parent() {
        // Where there is no folder, opening the file tells.
        let _ = fs::create_dir_all(folder);
    }
    let connection = Connection::open(file)?;
    connection.busy_timeout(PATIENCE)?;
    // Facts are some kilobytes each: large pages and a table with row ids hold such rows better. The file is not mapped:
    // who cuts off a mapped file ends all who read it.
    connection.execute_batch(
        "PRAGMA page_size = 16384;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA cache_size = -16384;
         CREATE TABLE IF NOT EXISTS tags (
             name TEXT PRIMARY KEY, digest TEXT NOT NULL, learnt INTEGER NOT NULL
         ) WITHOUT ROWID, STRICT;
         CREATE TABLE IF NOT EXISTS facts (
             kind TEXT NOT NULL, digest TEXT NOT NULL, json BLOB NOT NULL, PRIMARY KEY (kind, digest)
         ) STRICT;",
    )?;
    Ok(connection)
}

fn write(connection: &mut Connection, rows: &[Row]) -> rusqlite::Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for row in rows {
        match row {
            Row::Tag {
                name,
                digest,
                learnt,
            } => transaction
                // Whoever writes late may have learnt early.
                .prepare_cached(
                    "INSERT INTO tags VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE
                     SET digest = excluded.digest, learnt = excluded.learnt
                     WHERE excluded.learnt >= tags.learnt",
                )?
                .execute(params![name, digest, learnt])?,
            Row::Fact { kind, digest, json } => transaction
                .prepare_cached("INSERT OR REPLACE INTO facts VALUES (?1, ?2, ?3)")?
                .execute(params![kind, digest, json])?,
        };
    }
    transaction.commit()
}

fn full_name(place: &Place, tag: &str) -> String {
    format!("{}/{}:{tag}", place.registry, place.repository)
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(repository: &str) -> Place {
        Place {
            registry: "localhost:5000".to_owned(),
            repository: repository.to_owned(),
        }
    }

    #[test]
    fn tags_are_believed_for_a_while_and_facts_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path()));
        let digest = Digest::of(b"x");
        let hour = Some(Duration::from_hours(1));
        assert_eq!(cache.tag(&place("a"), "1", hour), None);
        cache.keep_tag(&place("a"), "1", &digest);
        cache.keep_fact("images", &digest, &vec!["fact"]);
        assert_eq!(cache.tag(&place("a"), "1", hour), Some(digest.clone()));
        assert_eq!(cache.tag(&place("a"), "1", Some(Duration::ZERO)), None);
        assert_eq!(cache.tag(&place("a"), "1", None), Some(digest.clone()));
        assert_eq!(cache.tag(&place("a/1"), "1", None), None);
        let fact: Option<Vec<String>> = cache.fact("images", &digest);
        assert_eq!(fact.as_deref(), Some(&["fact".to_owned()][..]));
        assert_eq!(cache.fact::<Vec<String>>("other", &digest), None);
        assert_eq!(Cache::new(None).tag(&place("a"), "1", None), None);
    }

    #[test]
    fn what_one_process_learns_another_one_knows() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (
            Cache::new(Some(folder.path())),
            Cache::new(Some(folder.path())),
        );
        let digest = |number: u32| Digest::of(&number.to_le_bytes());
        std::thread::scope(|scope| {
            for (start, cache) in [(0, &one), (500, &other)] {
                scope.spawn(move || {
                    for number in start..start + 1000 {
                        cache.keep_fact("images", &digest(number), &number);
                        cache.keep_tag(&place("a"), &number.to_string(), &digest(number));
                    }
                });
            }
        });
        drop((one, other));
        let cache = Cache::new(Some(folder.path()));
        for number in 0..1500 {
            assert_eq!(cache.fact("images", &digest(number)), Some(number));
            let tag = cache.tag(&place("a"), &number.to_string(), None);
            assert_eq!(tag, Some(digest(number)));
        }
    }

    #[test]
    fn what_was_learnt_last_counts_whoever_writes_it_last() {
        let folder = tempfile::tempdir().unwrap();
        let (early, late) = (
            Cache::new(Some(folder.path())),
            Cache::new(Some(folder.path())),
        );
        early.keep_tag(&place("a"), "1", &Digest::of(b"old"));
        std::thread::sleep(Duration::from_millis(5));
        late.keep_tag(&place("a"), "1", &Digest::of(b"new"));
        drop(late);
        drop(early);
        let cache = Cache::new(Some(folder.path()));
        assert_eq!(cache.tag(&place("a"), "1", None), Some(Digest::of(b"new")));
    }

    #[test]
    fn a_file_that_is_busy_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let digest = Digest::of(b"x");
        let cache = Cache::new(Some(folder.path()));
        cache.keep_fact("images", &digest, &1);
        drop(cache);
        let busy = Connection::open(folder.path().join(FILE)).unwrap();
        busy.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; INSERT INTO tags VALUES ('x', 'y', 1)",
        )
        .unwrap();
        let cache = Cache::new(Some(folder.path()));
        assert_eq!(cache.fact::<u32>("images", &digest), None);
        drop(cache);
        drop(busy);
        let cache = Cache::new(Some(folder.path()));
        assert_eq!(cache.fact::<u32>("images", &digest), Some(1));
    }

    #[test]
    fn a_file_that_is_damaged_gives_way_to_a_new_one() {
        let digest = Digest::of(b"x");
        for bytes in [&b"no database at all"[..], &[0; 8192], b"SQLite format 3\0"] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(FILE), bytes).unwrap();
            let cache = Cache::new(Some(folder.path()));
            assert_eq!(cache.fact::<u32>("images", &digest), None);
            cache.keep_fact("images", &digest, &1);
            drop(cache);
            let cache = Cache::new(Some(folder.path()));
            assert_eq!(cache.fact::<u32>("images", &digest), Some(1));
        }
        // Pages that are damaged behind a head that is not.
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path()));
        for number in 0..1000_u32 {
            cache.keep_fact("images", &Digest::of(&number.to_le_bytes()), &number);
        }
        drop(cache);
        let file = folder.path().join(FILE);
        let mut bytes = fs::read(&file).unwrap();
        bytes[4096..].fill(0xa5);
        fs::write(&file, bytes).unwrap();
        let cache = Cache::new(Some(folder.path()));
        for number in 0..1000_u32 {
            assert_eq!(
                cache.fact::<u32>("images", &Digest::of(&number.to_le_bytes())),
                None
            );
        }
        cache.keep_fact("images", &digest, &1);
        assert_eq!(cache.fact::<u32>("images", &digest), Some(1));
    }

    #[test]
    fn what_has_another_form_is_not_known() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path()));
        let digest = Digest::of(b"x");
        cache.keep_tag(&place("a"), "1", &digest);
        cache.keep_fact("images", &digest, &"text");
        assert_eq!(cache.fact::<u32>("images", &digest), None);
        let mut store = cache.0.as_ref().unwrap().lock().unwrap();
        store.flush();
        let connection = store.connection.as_ref().unwrap();
        connection
            .execute_batch(
                "UPDATE tags SET digest = 'sha256:1'; UPDATE facts SET json = x'ff7b';
                 INSERT INTO tags VALUES ('localhost:5000/a:2', '', 9223372036854775807);
                 INSERT INTO tags VALUES ('localhost:5000/a:3', '', -1);",
            )
            .unwrap();
        drop(store);
        for tag in ["1", "2", "3"] {
            assert_eq!(cache.tag(&place("a"), tag, None), None);
        }
        assert_eq!(cache.fact::<String>("images", &digest), None);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_no_trouble() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let cache = Cache::new(Some(file.path()));
        let digest = Digest::of(b"x");
        cache.keep_tag(&place("a"), "1", &digest);
        cache.keep_fact("images", &digest, &1);
        drop(cache);
        let cache = Cache::new(Some(file.path()));
        assert_eq!(cache.tag(&place("a"), "1", None), None);
    }
}
