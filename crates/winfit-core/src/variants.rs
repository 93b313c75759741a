//! The images behind one reference, as its registry told them, and which of them a host takes.

use crate::catalog::{Catalog, Order};
use crate::host::{Arch, Host, Os};
use crate::image::Image;
use crate::platform::{self, Child};
use crate::version::quote_for_error;

/// One image behind a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The operating system as the index writes it: engines compare these texts.
    pub os: String,
    /// The architecture as the index writes it.
    pub architecture: String,
    /// The version that the index states.
    pub index_version: Option<String>,
    /// The features that the index asks for.
    pub os_features: Vec<String>,
    /// The facts: what the image's own config says goes before what the index says.
    pub image: Image,
    /// The digest of its manifest.
    pub digest: String,
}

/// All images behind a reference, in the order of its index; attestations are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variants {
    /// The digest of the index, or of the only manifest.
    pub digest: String,
    /// Whether there is an index, even of one entry.
    pub is_index: bool,
    /// The images.
    pub images: Vec<Variant>,
}

/// Why a variant is the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// There is no other for this system and architecture.
    Only,
    /// The host's engine pulls it.
    Engine(Order),
    /// It has the host's own build.
    OwnBuild,
    /// It is the newest that is not newer than the host.
    NewestNotNewer,
    /// All are newer than the host; it is the oldest.
    AllNewer,
    /// Nothing tells them apart: no version of theirs is stated, or not the host's.
    First,
    /// There is none for the host's system or architecture.
    OtherPlatform,
}

/// A variant, and why it is the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken<'v> {
    /// The variant.
    pub variant: &'v Variant,
    /// Why.
    pub because: Because,
    /// How many there are for the host's system and architecture.
    pub of: usize,
}

impl Variants {
    /// Those for an operating system.
    pub fn of_os(&self, os: Os) -> impl Iterator<Item = &Variant> {
        self.images
            .iter()
            .filter(move |variant| variant.image.os == os)
    }

    /// The only operating system that it is for. None: several, or no image at all.
    pub fn only_os(&self) -> Option<Os> {
        let first = self.images.first()?.image.os;
        let same = |variant: &Variant| variant.image.os == first;
        self.images.iter().all(same).then_some(first)
    }

    /// The Windows builds, in numbers, in the order of the index, each once.
    pub fn builds(&self) -> Vec<u16> {
        let mut builds = Vec::new();
        for variant in self.of_os(Os::Windows) {
            if let Some(version) = variant.image.version
                && !builds.contains(&version.build)
            {
                builds.push(version.build);
            }
        }
        builds
    }

    /// The Windows versions for sentences, the first few of many; each once.
    pub fn versions_in_words(&self) -> String {
        const MOST: usize = 8;
        let mut found: Vec<String> = Vec::new();
        for variant in self.of_os(Os::Windows) {
            let text = match variant.image.version {
                Some(version) => version.to_string(),
                None => "one that states no version".to_owned(),
            };
            if !found.contains(&text) {
                found.push(text);
            }
        }
        let more = found.len().saturating_sub(MOST);
        found.truncate(MOST);
        match more {
            0 => found.join(", "),
            more => format!("{} and {more} more", found.join(", ")),
        }
    }

    /// The variant that a host takes: its engine's choice where one is named and takes any, else that
    /// of the host's own build, else the newest that is not newer. None: there is no image at all.
    pub fn taken_by(&self, catalog: &Catalog, host: &Host) -> Option<Taken<'_>> {
        let first = self.images.first()?;
        let arch = host.arch.unwrap_or(Arch::Amd64);
        let fits = |variant: &&Variant| {
            variant.image.os == host.os && variant.image.arch.is_none_or(|own| own == arch)
        };
        let fitting: Vec<&Variant> = self.images.iter().filter(fits).collect();
        let taken = |variant, because| {
            Some(Taken {
                variant,
                because,
                of: fitting.len(),
            })
        };
        match fitting.as_slice() {
            [] => {
                // That the architecture differs says more than that the system does.
                let nearest = self.of_os(host.os).next().unwrap_or(first);
                return taken(nearest, Because::OtherPlatform);
            }
            [only] => return taken(only, Because::Only),
            _ => {}
        }
        if let Some((variant, order)) = self.pulled_by(catalog, host) {
            return taken(variant, Because::Engine(order));
        }
        let versioned = || {
            let versions = fitting.iter();
            versions.filter_map(|variant| Some((*variant, variant.image.version?.build)))
        };
        let Some(own) = host.version.map(|version| version.build) else {
            return taken(fitting[0], Because::First);
        };
        if let Some((variant, _)) = versioned().find(|(_, build)| *build == own) {
            return taken(variant, Because::OwnBuild);
        }
        // Of several of one build the first in the index.
        let older = versioned().filter(|(_, build)| *build < own);
        if let Some((variant, _)) = older.rev().max_by_key(|(_, build)| *build) {
            return taken(variant, Because::NewestNotNewer);
        }
        if let Some((variant, _)) = versioned().min_by_key(|(_, build)| *build) {
            return taken(variant, Because::AllNewer);
        }
        taken(fitting[0], Because::First)
    }

    /// What the host's engine pulls of the index.
    fn pulled_by(&self, catalog: &Catalog, host: &Host) -> Option<(&Variant, Order)> {
        let features: Vec<Vec<&str>> = self
            .images
            .iter()
            .map(|variant| variant.os_features.iter().map(String::as_str).collect())
            .collect();
        let children: Vec<Child<'_>> = self
            .images
            .iter()
            .zip(&features)
            .map(|(variant, features)| Child {
                os: &variant.os,
                architecture: &variant.architecture,
                os_version: variant.index_version.as_deref(),
                os_features: features,
            })
            .collect();
        let pick = platform::pick(catalog, &children, host)?;
        Some((&self.images[pick.index?], pick.order))
    }
}

impl Taken<'_> {
    /// Why it is this one, where there was a choice.
    pub fn sentence(&self, all: &Variants) -> Option<String> {
        if self.of < 2 {
            return None;
        }
        let which = match self.variant.image.version {
            Some(version) => version.to_string(),
            None => "one that states no version".to_owned(),
        };
        let why = match self.because {
            Because::Engine(Order::Index) => {
                format!("this engine takes {which}, the first that fits")
            }
            Because::Engine(Order::Numeric) => {
                format!("this engine takes {which}, the fitting one of the highest revision")
            }
            Because::Engine(Order::String) => {
                format!("this engine takes {which}, the last of those that fit in the alphabet")
            }
            Because::Engine(Order::ExactFirst) => {
                format!("this engine takes {which}, the host's own build before others")
            }
            Because::OwnBuild => format!("{which} has the host's own build, and is judged"),
            Because::NewestNotNewer => format!(
                "{which} is the newest that is not newer than the host, and is judged; which one is pulled, the engine decides (--engine)"
            ),
            Because::AllNewer => {
                format!("all are newer than the host; {which}, the oldest, is judged")
            }
            Because::First | Because::Only | Because::OtherPlatform => {
                format!("{which}, the first, is judged")
            }
        };
        let versions = all.versions_in_words();
        Some(format!(
            "its index has {} Windows images ({versions}): {why}",
            self.of
        ))
    }

    /// Where the index and the image itself state different versions.
    pub fn conflict(&self) -> Option<String> {
        let own = self.variant.image.version?.to_string();
        let index = self.variant.index_version.as_deref()?;
        (!index.is_empty() && index != own).then(|| {
            format!(
                "its index says {}, the image itself {own}: engines go by the index, Windows by the image",
                quote_for_error(index)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::OsVersion;

    fn windows(version: &str) -> Variant {
        Variant {
            os: "windows".to_owned(),
            architecture: "amd64".to_owned(),
            index_version: Some(version.to_owned()),
            os_features: Vec::new(),
            image: Image {
                arch: Some(Arch::Amd64),
                ..Image::windows(version.parse().unwrap())
            },
            digest: format!("sha256:{version}"),
        }
    }

    fn index(images: Vec<Variant>) -> Variants {
        Variants {
            digest: "sha256:0".to_owned(),
            is_index: true,
            images,
        }
    }

    fn taken(all: &Variants, host: u16, engine: &str) -> (String, Because) {
        let mut host = Host::windows(OsVersion::of_build(host));
        host.engine = (!engine.is_empty()).then(|| engine.parse().unwrap());
        let taken = all.taken_by(Catalog::builtin(), &host).unwrap();
        (
            taken.variant.index_version.clone().unwrap_or_default(),
            taken.because,
        )
    }

    #[test]
    fn without_an_engine_the_own_build_goes_first() {
        let all = index(vec![
            windows("10.0.20348.2340"),
            windows("10.0.17763.5576"),
            windows("10.0.26100.2894"),
        ]);
        let cases = [
            (26_100, "10.0.26100.2894", Because::OwnBuild),
            (17_763, "10.0.17763.5576", Because::OwnBuild),
            (19_045, "10.0.17763.5576", Because::NewestNotNewer),
            (26_200, "10.0.26100.2894", Because::NewestNotNewer),
            (14_393, "10.0.17763.5576", Because::AllNewer),
        ];
        for (host, version, because) in cases {
            assert_eq!(taken(&all, host, ""), (version.to_owned(), because));
        }
    }

    #[test]
    fn a_named_engine_chooses_by_its_own_rule() {
        let all = index(vec![windows("10.0.20348.2340"), windows("10.0.26100.2894")]);
        let (version, because) = taken(&all, 26_100, "containerd@2.1.4");
        assert_eq!(version, "10.0.20348.2340");
        assert_eq!(because, Because::Engine(Order::Index));
        // What it refuses altogether is judged all the same, and the verdict says that it is refused.
        let old = index(vec![windows("10.0.14393.1"), windows("10.0.17134.1")]);
        let (version, because) = taken(&old, 26_100, "containerd@2.1.4");
        assert_eq!(version, "10.0.17134.1");
        assert_eq!(because, Because::NewestNotNewer);
    }

    #[test]
    fn other_systems_and_architectures_are_no_choice() {
        let linux = Variant {
            os: "linux".to_owned(),
            index_version: None,
            image: Image {
                os: Os::Linux,
                ..Image::without_version()
            },
            ..windows("10.0.1.1")
        };
        let only_linux = index(vec![linux.clone()]);
        assert_eq!(taken(&only_linux, 20_348, "").1, Because::OtherPlatform);
        assert_eq!(only_linux.only_os(), Some(Os::Linux));
        let mixed = index(vec![linux, windows("10.0.20348.1")]);
        assert_eq!(taken(&mixed, 20_348, "").1, Because::Only);
        assert_eq!(mixed.only_os(), None);
        assert!(
            index(Vec::new())
                .taken_by(
                    Catalog::builtin(),
                    &Host::windows(OsVersion::of_build(20_348))
                )
                .is_none()
        );
    }
}
