//! What is known from earlier runs: facts by digest, which never change, and for a while which digest a
//! tag means.
//!
//! One small file a fact, each put in place whole, so that several processes share a folder without
//! waiting for one another: whoever writes last writes the same. What cannot be read or is of another
//! form counts as not known. A cache that cannot be written costs time and nothing else.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::digest::Digest;
use crate::place::Place;

/// Changes when what is kept changes its form.
const FORM: &str = "1";

/// A larger record is none of ours.
const MOST: u64 = 4 * 1024 * 1024;

/// A folder of facts; without one nothing is known and nothing kept.
#[derive(Debug, Clone)]
pub(crate) struct Cache(Option<PathBuf>);

impl Cache {
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        Self(folder.map(|folder| folder.join(FORM)))
    }

    /// The digest that a tag meant, where that was learnt less than `within` ago; without a limit
    /// whenever it was.
    pub(crate) fn tag(&self, place: &Place, tag: &str, within: Option<Duration>) -> Option<Digest> {
        let text = read(&self.tag_file(place, tag)?)?;
        let text = std::str::from_utf8(&text).ok()?;
        let mut lines = text.lines();
        let (digest, learnt, name) = (lines.next()?, lines.next()?, lines.next()?);
        let learnt = Duration::from_secs(learnt.parse().ok()?);
        // A time to come is from a clock that was wrong.
        let age = now().checked_sub(learnt)?;
        let fresh = within.is_none_or(|within| age < within);
        (fresh && name == full_name(place, tag)).then(|| Digest::parse(digest))?
    }

    /// Keeps what a tag means now.
    pub(crate) fn keep_tag(&self, place: &Place, tag: &str, digest: &Digest) {
        if let Some(file) = self.tag_file(place, tag) {
            let text = format!("{digest}\n{}\n{}\n", now().as_secs(), full_name(place, tag));
            write(&file, text.as_bytes());
        }
    }

    /// What is known of a digest.
    pub(crate) fn fact<T: DeserializeOwned>(&self, kind: &str, digest: &Digest) -> Option<T> {
        serde_json::from_slice(&read(&self.fact_file(kind, digest)?)?).ok()
    }

    /// Keeps what is known of a digest.
    pub(crate) fn keep_fact<T: Serialize>(&self, kind: &str, digest: &Digest, fact: &T) {
        if let Some(file) = self.fact_file(kind, digest)
            && let Ok(text) = serde_json::to_vec(fact)
        {
            write(&file, &text);
        }
    }

    fn fact_file(&self, kind: &str, digest: &Digest) -> Option<PathBuf> {
        // A digest is letters, digits and one colon.
        let name = digest.as_str().replace(':', "-");
        Some(self.0.as_ref()?.join(kind).join(name))
    }

    /// Names of registries and repositories may be longer than a file's name: their digest is not.
    fn tag_file(&self, place: &Place, tag: &str) -> Option<PathBuf> {
        let name = Digest::of(full_name(place, tag).as_bytes());
        Some(self.0.as_ref()?.join("tags").join(&name.as_str()[7..]))
    }
}

fn full_name(place: &Place, tag: &str) -> String {
    format!("{}/{}:{tag}", place.registry, place.repository)
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn read(file: &Path) -> Option<Vec<u8>> {
    let bytes = fs::read(file).ok()?;
    (bytes.len() as u64 <= MOST).then_some(bytes)
}

fn write(file: &Path, bytes: &[u8]) {
    let written = || -> std::io::Result<()> {
        let folder = file.parent().ok_or(std::io::ErrorKind::NotFound)?;
        fs::create_dir_all(folder)?;
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(bytes)?;
        new.persist(file)?;
        Ok(())
    };
    // What is not kept is asked for again.
    let _ = written();
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
    fn what_cannot_be_read_is_not_known() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path()));
        let digest = Digest::of(b"x");
        cache.keep_tag(&place("a"), "1", &digest);
        cache.keep_fact("images", &digest, &1);
        let tag = cache.tag_file(&place("a"), "1").unwrap();
        let fact = cache.fact_file("images", &digest).unwrap();
        for bytes in [
            &b""[..],
            b"sha256:1\n",
            b"\xff\xfe",
            b"{",
            b"sha256:1\n99999999999999999999\nx\n",
        ] {
            fs::write(&tag, bytes).unwrap();
            fs::write(&fact, bytes).unwrap();
            assert_eq!(cache.tag(&place("a"), "1", None), None);
            assert_eq!(cache.fact::<u32>("images", &digest), None);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_no_trouble() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let cache = Cache::new(Some(file.path()));
        let digest = Digest::of(b"x");
        cache.keep_tag(&place("a"), "1", &digest);
        cache.keep_fact("images", &digest, &1);
        assert_eq!(cache.tag(&place("a"), "1", None), None);
    }
}
