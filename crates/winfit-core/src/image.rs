//! Images: what a tag, a release name or a version says about the Windows inside.

use std::sync::Arc;

use thiserror::Error;

use crate::catalog::{Audience, Catalog};
use crate::host::{Arch, Host, Os};
use crate::reference::{Base, Home, Reference, ReferenceError};
use crate::variants::{Variant, Variants};
use crate::version::{OsVersion, quote_for_error};

/// The facts of an image that decide a verdict. Small and `Copy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// Its operating system.
    pub os: Os,
    /// Its Windows version, where known.
    pub version: Option<OsVersion>,
    /// The revision is that of the newest update known for a floating tag, not a stated one.
    pub revision_inferred: bool,
    /// Its architecture, where known.
    pub arch: Option<Arch>,
    /// It runs as a HostProcess container.
    pub host_process: bool,
    /// The reference names a single manifest (a tag that ends in `-amd64`), not an index.
    pub single_manifest: bool,
}

impl Image {
    /// A Windows image of which only the version is known.
    pub const fn windows(version: OsVersion) -> Self {
        Self {
            os: Os::Windows,
            version: Some(version),
            revision_inferred: false,
            arch: None,
            host_process: false,
            single_manifest: false,
        }
    }

    /// A Windows image that states no version.
    pub const fn without_version() -> Self {
        Self {
            version: None,
            ..Self::windows(OsVersion::of_build(0))
        }
    }
}

/// Where an image's version was stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatedBy {
    /// The user gave a version.
    Version,
    /// The user gave a release's name.
    ReleaseName,
    /// The reference's tag.
    Tag,
    /// `--image-version`.
    Given,
    /// The registry that has it, which was asked.
    Registry,
    /// Its config, as the engine that has it shows it.
    Config,
    /// Nothing states it.
    Nothing,
}

impl StatedBy {
    /// For sentences: `from its tag`.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Version | Self::Given => "as given",
            Self::ReleaseName => "from the release's name",
            Self::Tag => "from its tag",
            Self::Registry => "from its registry",
            Self::Config => "from its config",
            Self::Nothing => "not stated",
        }
    }
}

/// An image as a user named it, with all that the text tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedImage {
    /// The text as given.
    pub text: String,
    /// The reference, where it is one.
    pub reference: Option<Reference>,
    /// The facts.
    pub image: Image,
    /// Where the version was stated.
    pub stated_by: StatedBy,
    /// The KB that the tag names.
    pub kb: Option<u32>,
    /// The base image that it is or that its tag names.
    pub base: Option<Base>,
    /// Whether it *is* that base image, or only built on it.
    pub is_base: bool,
    /// The piece of the tag that names the release, for tags of derived images.
    pub release_piece: Option<String>,
    /// What else the user should know: a renamed repository, a KB of another build.
    pub notes: Vec<ImageNote>,
    /// What its registry has under this reference, where that was asked.
    pub variants: Option<Arc<Variants>>,
    /// The digest of the variant that the facts are of.
    pub digest: Option<String>,
    /// Its registry was asked, and does not have it.
    pub missing: bool,
}

/// What a reference with both a tag and a digest leaves open until its registry is asked.
const TAG_BESIDE_DIGEST: &str =
    "engines follow the digest; the version is that of the tag beside it";

/// What else a text says about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageNote {
    /// No image of this name can be there: more than worth knowing.
    pub doubtful: bool,
    /// One sentence.
    pub message: String,
}

/// Why a text is no image that can be judged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImageError {
    /// No reference.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// `latest` of a base image.
    #[error(
        "{image} is no longer published: since 2019-04-16 the base images have no \"latest\"; name a release, as {example}"
    )]
    LatestRemoved {
        /// The image as given.
        image: String,
        /// A reference that would do.
        example: String,
    },
    /// A release that never had an image.
    #[error(
        "{name} has no container image of its own; images are built for Windows Server, as ltsc2022"
    )]
    NoImageOfRelease {
        /// The release's name.
        name: String,
    },
    /// A name that means releases of several builds.
    #[error("{text:?} names several releases, as {one} and {other}; say which, as ltsc2022")]
    SeveralReleases {
        /// The text as given, shortened.
        text: String,
        /// One of them.
        one: &'static str,
        /// Another.
        other: &'static str,
    },
    /// A version that is none.
    #[error(transparent)]
    Version(#[from] crate::version::VersionError),
}

impl NamedImage {
    fn new(text: &str, image: Image, stated_by: StatedBy) -> Self {
        Self {
            text: text.to_owned(),
            reference: None,
            image,
            stated_by,
            kb: None,
            base: None,
            is_base: false,
            release_piece: None,
            notes: Vec::new(),
            variants: None,
            missing: false,
            digest: None,
        }
    }

    fn note(&mut self, message: String) {
        self.notes.push(ImageNote {
            doubtful: false,
            message,
        });
    }

    fn doubt(&mut self, message: String) {
        self.notes.push(ImageNote {
            doubtful: true,
            message,
        });
    }

    /// Whether no image of this name can be there.
    pub fn is_doubtful(&self) -> bool {
        self.notes.iter().any(|note| note.doubtful)
    }

    /// What sentences call it: `servercore:ltsc2019`, or the text as given.
    pub fn short(&self) -> String {
        match &self.reference {
            Some(reference) => reference.short(),
            None => self.text.clone(),
        }
    }

    /// Reads a version, a release's name or a reference.
    pub fn read(catalog: &Catalog, text: &str) -> Result<Self, ImageError> {
        let text = text.trim();
        let version_like = text.starts_with("10.0.")
            || (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        if version_like && (text.contains('.') || text.len() >= 5) {
            let image = Image::windows(text.parse()?);
            return Ok(Self::new(text, image, StatedBy::Version));
        }
        // `servercore` is a base image without its tag, not a release.
        let base = Reference::parse(text).is_ok_and(|reference| reference.base_image().is_some());
        if !base
            && !text.contains(['/', ':', '@'])
            && let Some(named) = Self::read_release_name(catalog, text)?
        {
            return Ok(named);
        }
        Self::read_reference(catalog, text)
    }

    fn read_release_name(catalog: &Catalog, text: &str) -> Result<Option<Self>, ImageError> {
        let releases = crate::names::releases_named(catalog, text);
        let Some(first) = releases.first() else {
            return Ok(None);
        };
        let mut with_images = releases
            .iter()
            .filter(|release| !release.base_images.is_empty());
        let Some(release) = with_images.next() else {
            return Err(ImageError::NoImageOfRelease {
                name: first.name.to_owned(),
            });
        };
        if let Some(other) = with_images.find(|other| other.build != release.build) {
            return Err(ImageError::SeveralReleases {
                text: quote_for_error(text),
                one: release.name,
                other: other.name,
            });
        }
        let image = floating(catalog, release.build, None);
        Ok(Some(Self::new(text, image, StatedBy::ReleaseName)))
    }

    /// Reads a reference, and nothing else: in files `ltsc2022` is a repository, not a release.
    pub fn read_reference(catalog: &Catalog, text: &str) -> Result<Self, ImageError> {
        let text = text.trim();
        let reference = Reference::parse(text)?;
        let mut named = Self::new(text, Image::without_version(), StatedBy::Nothing);
        if let Some(base) = reference.base_image() {
            named.base = Some(base.base);
            named.is_base = true;
            if matches!(base.home, Home::OldName | Home::NoRegistry) {
                named.note(format!(
                    "{} is published as {}",
                    reference.repository,
                    base.repository()
                ));
            }
            match reference.tag.as_deref() {
                None | Some("latest")
                    if reference.digest.is_none() && base.home != Home::Mirror =>
                {
                    return Err(ImageError::LatestRemoved {
                        image: text.to_owned(),
                        example: format!("{}:{}", base.repository(), "ltsc2022"),
                    });
                }
                Some(tag) => {
                    named.read_base_tag(catalog, tag, base.home, base.insider);
                }
                None => {}
            }
        } else {
            let of_windows = reference.registry.as_deref() == Some("mcr.microsoft.com")
                && reference.repository.starts_with("windows/")
                && !reference.repository.starts_with("windows/servercore/");
            if of_windows {
                named.doubt(format!(
                    "{} is no base image; they are windows/servercore, windows/nanoserver, windows/server and windows",
                    reference.repository
                ));
            }
            if let Some(tag) = reference.tag.as_deref() {
                named.read_derived_tag(catalog, tag);
            }
        }
        if named.image.version.is_some() {
            named.stated_by = StatedBy::Tag;
            if reference.digest.is_some() {
                named.note(TAG_BESIDE_DIGEST.to_owned());
            }
        }
        named.reference = Some(reference);
        Ok(named)
    }

    /// Tags of the base images themselves, `tags.tsv` rows `mcr` and `dockerhub`.
    fn read_base_tag(&mut self, catalog: &Catalog, tag: &str, home: Home, insider: bool) {
        let floats = home != Home::Mirror && !insider;
        let (tag, arch) = split_arch(tag);
        self.image.arch = arch;
        // `-amd64` tags are single manifests; the plain ones are indexes, even of one entry.
        self.image.single_manifest = arch.is_some();
        if let Some(version) = exact_version(tag) {
            self.image.version = Some(version);
            if arch.is_none() {
                self.image.arch = published_arch(self.base, version.build);
            }
            return;
        }
        if tag.eq_ignore_ascii_case("win10-21h1-preview") {
            self.image.version = Some(OsVersion::of_build(20_348));
            return;
        }
        let (release, kb) = match tag.split_once(['-', '_']) {
            Some((release, kb)) => (release, kb_number(kb)),
            None => (tag, None),
        };
        if arch.is_none() {
            self.image.arch =
                build_of_tag(catalog, release).and_then(|build| published_arch(self.base, build));
        }
        let whole = release.len() == tag.len();
        let Some(build) = build_of_tag(catalog, release).filter(|_| whole || kb.is_some()) else {
            // A KB behind the release is no part of the slip.
            let nearest = nearest_tag(catalog, if kb.is_some() { release } else { tag });
            let instead = nearest.map_or_else(String::new, |tag| format!("; did you mean {tag}?"));
            let message = format!(
                "{:?} is no tag of the base images that winfit knows{instead}",
                quote_for_error(tag)
            );
            // Who holds the images in a registry of their own may add tags, `latest` as well.
            if home == Home::Mirror && nearest.is_none() {
                self.note(message);
            } else {
                self.doubt(message);
            }
            return;
        };
        if let Some(base) = self
            .base
            .filter(|base| !is_published(catalog, *base, build, release))
        {
            self.doubt(format!(
                "there is no {} image of {}",
                base.repository().trim_start_matches("mcr.microsoft.com/"),
                crate::reason::windows_name(catalog, build, crate::host::Kind::Server)
            ));
        }
        match kb {
            Some(kb) => self.read_kb(catalog, build, release, kb),
            None if floats => {
                let (arch, single_manifest) = (self.image.arch, self.image.single_manifest);
                self.image = Image {
                    arch,
                    single_manifest,
                    ..floating(catalog, build, self.base)
                };
            }
            None => self.image.version = Some(OsVersion::of_build(build)),
        }
    }

    fn read_kb(&mut self, catalog: &Catalog, build: u16, release: &str, kb: u32) {
        self.kb = Some(kb);
        self.image.version = Some(OsVersion::of_build(build));
        let known = catalog.updates_of_kb(kb);
        if let Some(update) = known.iter().find(|update| update.build == build) {
            self.image.version = Some(OsVersion::new(build, update.revision));
        } else if let Some(other) = known.first() {
            self.doubt(format!(
                "KB{kb} is an update of {}, not of {build}: no image has this tag",
                other.build
            ));
        } else {
            self.note(format!(
                "KB{kb} is not in the catalog, whose newest update is of {}; the revision is not known",
                catalog
                    .newest_update_day()
                    .map_or_else(String::new, |day| day.to_string())
            ));
        }
        if matches!(
            release.to_ascii_lowercase().as_str(),
            "ltsc2019" | "ltsc2016"
        ) {
            let instead = if build == 17_763 {
                format!("1809-KB{kb}")
            } else {
                "its exact version".to_owned()
            };
            self.doubt(format!(
                "no {release}-KB tag was ever published; write {instead}"
            ));
        }
    }

    /// Tags of images built on a base image. A bare `2004` or `1909` tells nothing here: it may be
    /// a year, a version, anything.
    fn read_derived_tag(&mut self, catalog: &Catalog, tag: &str) {
        let pieces: Vec<&str> = tag.split(['-', '_']).collect();
        let mut after_windows_word = false;
        for piece in &pieces {
            if let Some(arch) = Arch::parse(piece) {
                self.image.arch = self.image.arch.or(Some(arch));
                // `nanoserver-arm32v7-1809`: the release follows behind the architecture.
                continue;
            }
            if let Some(version) = exact_version(piece).filter(|version| version.revision.is_some())
            {
                self.image.version = Some(version);
                self.release_piece = Some((*piece).to_owned());
                return;
            }
            let lower = piece.to_ascii_lowercase();
            let word = split_windows_word(&lower);
            if let Some((base, _)) = word {
                self.base = base.or(self.base);
            }
            let told = word.is_some() || after_windows_word;
            let candidate = word.map_or(lower.as_str(), |(_, rest)| rest);
            let found = if candidate.starts_with("ltsc") || candidate == "sac2016" {
                build_of_tag(catalog, candidate)
            } else if told {
                build_of_tag(catalog, candidate).or_else(|| build_of_year(candidate))
            } else {
                None
            };
            if let Some(build) = found {
                self.image.version = Some(OsVersion::of_build(build));
                self.release_piece = Some(piece[piece.len() - candidate.len()..].to_owned());
                let kb = pieces.iter().find_map(|piece| kb_number(piece));
                if let Some(kb) = kb {
                    self.read_kb(catalog, build, candidate, kb);
                }
                return;
            }
            after_windows_word = word.is_some();
        }
    }

    /// The version that the user gives for it, over whatever the tag says.
    pub fn give_version(&mut self, version: OsVersion) {
        self.image.version = Some(version);
        self.image.revision_inferred = false;
        self.stated_by = StatedBy::Given;
    }

    /// Takes the word of its config, which an engine that has the image shows: it goes before what the
    /// name says.
    pub fn take_config(&mut self, os: Os, version: Option<OsVersion>, arch: Option<Arch>) {
        if self
            .image
            .version
            .zip(version)
            .is_some_and(|(told, found)| told.build != found.build)
        {
            // What the tag says of another build is followed nowhere.
            (self.release_piece, self.kb) = (None, None);
        }
        self.image = Image {
            os,
            version: version.filter(|_| os == Os::Windows),
            revision_inferred: false,
            arch: arch.or(self.image.arch),
            ..self.image
        };
        self.stated_by = StatedBy::Config;
        self.notes.retain(|note| note.message != TAG_BESIDE_DIGEST);
    }

    /// Takes its registry's word, which goes before what the name says.
    ///
    /// Where the name tells a build that the registry has as well, the facts stay those of the name: a
    /// tag that floats goes on floating, and [`Self::on`] has the exact ones.
    pub fn settle(&mut self, variants: Arc<Variants>) {
        // What the name made doubtful is there after all.
        self.notes
            .retain(|note| !note.doubtful && note.message != TAG_BESIDE_DIGEST);
        let says = |told: OsVersion| {
            let inferred = self.image.revision_inferred;
            variants.of_os(Os::Windows).any(|variant| {
                variant.image.version.is_some_and(|version| {
                    version.build == told.build
                        && (inferred
                            || told.revision.is_none()
                            || version.revision == told.revision)
                })
            })
        };
        // An index without images says nothing of them.
        let agrees = self.image.version.is_some_and(says) || variants.images.is_empty();
        let conflicts = self.image.version.is_some() && !agrees;
        let states_none = variants
            .of_os(Os::Windows)
            .any(|variant| variant.image.version.is_none());
        if let Some(told) = self.image.version.filter(|_| !agrees) {
            let told = if self.image.revision_inferred {
                told.without_revision()
            } else {
                told
            };
            match variants.only_os() {
                Some(Os::Linux) => self.note(format!(
                    "its tag says Windows {told}, and its registry has only a Linux image: the registry counts"
                )),
                _ if states_none => {}
                _ => self.note(format!(
                    "its tag says {told}, its registry {}: the registry counts",
                    variants.versions_in_words()
                )),
            }
        }
        // An image that states no version leaves the name's word standing.
        let name_stands = agrees || (states_none && conflicts);
        if !name_stands {
            // Neither can be followed that the tag is wrong about.
            if conflicts {
                (self.release_piece, self.kb) = (None, None);
            }
            let builds = variants.builds();
            let mut windows = variants.of_os(Os::Windows);
            let facts = match (windows.next(), builds.as_slice()) {
                (None, _) => Image {
                    os: Os::Linux,
                    ..Image::without_version()
                },
                (Some(first), [_]) => first.image,
                // Several builds: which one counts, the host says.
                (Some(_), _) => Image::without_version(),
            };
            self.image = Image {
                host_process: self.image.host_process,
                ..facts
            };
            self.stated_by = StatedBy::Registry;
        }
        // A digest floats nowhere: of one build the exact facts count.
        let pinned = self
            .reference
            .as_ref()
            .is_some_and(|reference| reference.digest.is_some());
        if let (true, [_], Some(first)) = (
            pinned && agrees,
            variants.builds().as_slice(),
            variants.of_os(Os::Windows).next(),
        ) {
            self.image = Image {
                host_process: self.image.host_process,
                ..first.image
            };
            self.stated_by = StatedBy::Registry;
        }
        self.digest = Some(variants.digest.clone());
        self.variants = Some(variants);
    }

    /// Notes that its registry was asked and does not have it.
    pub fn not_there(&mut self) {
        self.missing = true;
        self.doubt(format!(
            "its registry knows no {}",
            match &self.reference {
                Some(reference) if reference.digest.is_some() => "such digest",
                _ => "such tag",
            }
        ));
    }

    /// The facts that count on a host: of several images behind one reference those of the one that the
    /// host takes.
    pub fn on(&self, catalog: &Catalog, host: &Host) -> Image {
        let taken = self
            .variants
            .as_deref()
            .and_then(|variants| variants.taken_by(catalog, host));
        taken.map_or(self.image, |taken| {
            self.facts_of(taken.variant).unwrap_or(self.image)
        })
    }

    /// What a variant states. None: it is for Windows and states no version, so that the name's word
    /// stands.
    fn facts_of(&self, variant: &Variant) -> Option<Image> {
        let silent = variant.image.os == Os::Windows && variant.image.version.is_none();
        (!silent || self.image.version.is_none()).then_some(Image {
            host_process: self.image.host_process,
            ..variant.image
        })
    }

    /// The image as a host takes it, with what there is to say of the choice.
    #[must_use]
    pub fn for_host(&self, catalog: &Catalog, host: &Host) -> Self {
        let mut named = self.clone();
        let Some(variants) = self.variants.as_deref() else {
            return named;
        };
        let Some(taken) = variants.taken_by(catalog, host) else {
            named.note("its index has no image at all".to_owned());
            return named;
        };
        named.digest = Some(taken.variant.digest.clone());
        if let Some(image) = self.facts_of(taken.variant) {
            named.image = image;
            named.stated_by = StatedBy::Registry;
        }
        for sentence in taken.sentence(variants).into_iter().chain(taken.conflict()) {
            named.note(sentence);
        }
        named
    }
}

/// The one architecture for which an image of a build is published; none: several, or not known.
/// Until Server 2025 base images came for amd64 alone (and Nano Server for 32-bit Arm, under tags of
/// its own); since then Server Core and Nano Server come for arm64 as well (`tags.tsv`).
pub fn published_arch(base: Option<Base>, build: u16) -> Option<Arch> {
    const FIRST_ON_ARM64: u16 = 26_100;
    let amd64_alone = build < FIRST_ON_ARM64 || matches!(base, Some(Base::Server | Base::Windows));
    amd64_alone.then_some(Arch::Amd64)
}

/// Whether a base image of a build was ever published.
fn is_published(catalog: &Catalog, base: Base, build: u16, tag: &str) -> bool {
    let nano_2016 = base == Base::Nanoserver && tag.eq_ignore_ascii_case("sac2016");
    nano_2016
        || catalog
            .releases_of(build)
            .any(|release| release.base_images.contains(&base.name()))
}

/// The release tag that is one slip of the hand away.
fn nearest_tag<'c>(catalog: &'c Catalog, text: &str) -> Option<&'c str> {
    let text = text.to_ascii_lowercase();
    catalog
        .releases
        .iter()
        .flat_map(|release| release.tags.iter().copied())
        .find(|tag| one_slip(&text, &tag.to_ascii_lowercase()))
}

/// Whether one text becomes the other by one letter changed, added, left out, or two swapped.
fn one_slip(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    if one.is_empty() && other.is_empty() {
        return false;
    }
    let swapped = one.len() >= 2
        && other.len() >= 2
        && one[0] == other[1]
        && one[1] == other[0]
        && one[2..] == other[2..];
    let after = |text: &[u8]| text.get(1..).unwrap_or_default().to_vec();
    swapped
        || after(one) == after(other)
        || after(one).as_slice() == other
        || one == after(other).as_slice()
}

/// A floating base tag stands for the newest update known.
fn floating(catalog: &Catalog, build: u16, base: Option<Base>) -> Image {
    let newest = catalog.newest_image_update(build, base);
    Image {
        version: Some(OsVersion {
            revision: newest.map(|update| update.revision),
            ..OsVersion::of_build(build)
        }),
        revision_inferred: newest.is_some(),
        arch: published_arch(base, build),
        ..Image::without_version()
    }
}

/// `10.0.17763.437`, and nothing shorter than `10.0.17763`.
fn exact_version(text: &str) -> Option<OsVersion> {
    if !text.starts_with("10.0.") {
        return None;
    }
    let version: OsVersion = text.parse().ok()?;
    (version.build >= crate::version::SMALLEST_BARE_BUILD).then_some(version)
}

fn kb_number(text: &str) -> Option<u32> {
    let digits = text
        .strip_prefix("KB")
        .or_else(|| text.strip_prefix("kb"))?;
    let plain = (6..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

fn split_arch(tag: &str) -> (&str, Option<Arch>) {
    for (suffix, arch) in [
        ("-amd64", Arch::Amd64),
        ("-arm64", Arch::Arm64),
        ("-arm32v7", Arch::Arm),
    ] {
        if let Some(rest) = tag.strip_suffix(suffix) {
            return (rest, Some(arch));
        }
    }
    (tag, None)
}

/// The build that a release tag of the base images names: `ltsc2019`, `1809`, `20H2`, `sac2016`.
pub fn build_of_tag(catalog: &Catalog, tag: &str) -> Option<u16> {
    if tag.eq_ignore_ascii_case("sac2016") {
        return Some(14_393);
    }
    catalog
        .releases
        .iter()
        .find(|release| {
            release
                .tags
                .iter()
                .any(|known| known.eq_ignore_ascii_case(tag))
        })
        .map(|release| release.build)
}

/// `windows_2019`, `servercore21H2`: years and versions that mean a server beside a Windows word.
fn build_of_year(text: &str) -> Option<u16> {
    Some(match text {
        "2016" | "1607" => 14_393,
        "2019" => 17_763,
        "2022" | "21h2" => 20_348,
        "2025" | "24h2" => 26_100,
        _ => return None,
    })
}

/// Splits `servercore1809` into the base image that its Windows word names, if it names one, and
/// the rest; none where there is no such word.
fn split_windows_word(piece: &str) -> Option<(Option<Base>, &str)> {
    for (word, base) in [
        ("windowsservercore", Some(Base::Servercore)),
        ("servercore", Some(Base::Servercore)),
        ("windowsnanoserver", Some(Base::Nanoserver)),
        ("nanoserver", Some(Base::Nanoserver)),
        ("windowsserver", None),
        ("windows", None),
    ] {
        if let Some(rest) = piece.strip_prefix(word) {
            return Some((base, rest));
        }
    }
    None
}

/// Whether the revision is one that only images have, never a host.
pub fn is_container_only(catalog: &Catalog, version: OsVersion) -> bool {
    version.revision.is_some_and(|revision| {
        let mut rows = catalog.updates_at(version.build, revision).peekable();
        rows.peek().is_some() && rows.all(|update| update.audience == Audience::Container)
    })
}
