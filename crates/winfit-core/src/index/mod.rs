//! An image as its registry has it: the children of its index, and what index and config each say.
//!
//! A plain description without a registry's client, so that what follows from it is judged here.

mod assembly;
mod choice;

use crate::host::{Arch, Os};
use crate::image::Image;
use crate::version::OsVersion;

pub(crate) use self::assembly::servers;
pub use self::assembly::{Unhelped, newest_first, one_of_each_rule, unhelped};
pub use self::choice::{Choice, Taken, choose};
pub(crate) use self::choice::{best, suits_better};

/// The platform that an index's entry or an image's config states, its strings as they are there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Platform {
    /// `windows`, `linux`, `unknown`; may be empty.
    pub os: String,
    /// `amd64`, `arm64`; may be empty.
    pub architecture: String,
    /// `v8`.
    pub variant: Option<String>,
    /// `10.0.20348.825`; none where it is not stated, or empty.
    pub os_version: Option<String>,
    /// `win32k` and others.
    pub os_features: Vec<String>,
}

/// One child of an index, or the image itself where it has no index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its digest.
    pub digest: String,
    /// What the index says of it; none: its entry has no platform, or there is no index.
    pub stated: Option<Platform>,
    /// What its config says; none: it was not read.
    pub config: Option<Platform>,
    /// The registry does not have it.
    pub missing: bool,
    /// It proves how another child was built, and is no image.
    pub attestation: bool,
}

impl Entry {
    /// The operating system, by the config, which is the fact, else by the index.
    pub fn os(&self) -> &str {
        self.text(|platform| &platform.os)
    }

    /// The architecture, by the config, else by the index.
    pub fn architecture(&self) -> &str {
        self.text(|platform| &platform.architecture)
    }

    fn text(&self, of: impl Fn(&Platform) -> &String) -> &str {
        [&self.config, &self.stated]
            .into_iter()
            .flatten()
            .map(|platform| of(platform).as_str())
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    }

    /// The version that the index states.
    pub fn version_in_index(&self) -> Option<&str> {
        version_of(self.stated.as_ref())
    }

    /// The version that the config states.
    pub fn version_in_config(&self) -> Option<&str> {
        version_of(self.config.as_ref())
    }

    /// The Windows version inside as text: the config's, which is the fact, else the index's.
    pub fn version_text(&self) -> Option<&str> {
        self.version_in_config().or(self.version_in_index())
    }

    /// The Windows version inside.
    pub fn version(&self) -> Option<OsVersion> {
        self.version_text()?.parse().ok()
    }

    /// Whether it is a Windows image; attestations are none.
    pub fn is_windows(&self) -> bool {
        let by_config = self.config.as_ref().map(|config| config.os.as_str());
        !self.attestation && by_config.unwrap_or(self.os()) == "windows"
    }

    /// Whether nobody knows what it is for: the index does not say, and its config could not be read.
    pub fn is_untold(&self) -> bool {
        !self.attestation && !self.missing && self.os().is_empty()
    }

    /// `10.0.20348.825`, or the digest's first digits where no version is stated: what sentences call it.
    pub fn name(&self) -> String {
        match self.version_text() {
            Some(version) => version.to_owned(),
            None => self.short_digest(),
        }
    }

    /// `sha256:868bca7e89e1`.
    pub fn short_digest(&self) -> String {
        let (algorithm, hex) = self.digest.split_once(':').unwrap_or(("", &self.digest));
        format!("{algorithm}:{}", hex.get(..12).unwrap_or(hex))
    }

    /// The facts that decide a verdict.
    pub fn image(&self, single_manifest: bool) -> Image {
        Image {
            os: if self.is_windows() {
                Os::Windows
            } else {
                Os::Linux
            },
            version: self.version(),
            arch: Arch::parse(self.architecture()),
            single_manifest,
            ..Image::without_version()
        }
    }
}

fn version_of(platform: Option<&Platform>) -> Option<&str> {
    let version = platform?.os_version.as_deref()?;
    (!version.is_empty()).then_some(version)
}

/// An image with its children, in the order of its index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageIndex {
    /// The reference.
    pub reference: String,
    /// Whether there is an index; else the only child is the image itself.
    pub is_index: bool,
    /// The children.
    pub entries: Vec<Entry>,
}

impl ImageIndex {
    /// The Windows images among the children, with their places.
    pub fn windows(&self) -> impl Iterator<Item = (usize, &Entry)> {
        let entries = self.entries.iter().enumerate();
        entries.filter(|(_, entry)| entry.is_windows())
    }
}

/// Short ways to indexes, for tests.
#[cfg(test)]
pub(crate) mod samples {
    use super::{Entry, ImageIndex, Platform};

    pub(crate) fn platform(os: &str, version: &str) -> Platform {
        Platform {
            os: os.to_owned(),
            architecture: "amd64".to_owned(),
            os_version: (!version.is_empty()).then(|| version.to_owned()),
            ..Platform::default()
        }
    }

    /// A Windows child: the version in the index, and the one in its config.
    pub(crate) fn windows(number: u8, index: &str, config: &str) -> Entry {
        Entry {
            digest: format!("sha256:{number:064}"),
            stated: Some(platform("windows", index)),
            config: Some(platform("windows", config)),
            ..Entry::default()
        }
    }

    /// An index over Windows children, whose versions stand in both places.
    pub(crate) fn index_of(versions: &[&str]) -> ImageIndex {
        let entries = (0..).zip(versions);
        index(entries.map(|(at, version)| windows(at, version, version)))
    }

    pub(crate) fn index(entries: impl IntoIterator<Item = Entry>) -> ImageIndex {
        ImageIndex {
            reference: "localhost:5000/shop/web:1".to_owned(),
            is_index: true,
            entries: entries.into_iter().collect(),
        }
    }
}
