//! Rules for Dockerfiles: stages that do not go together, and platforms that their base is not for.
//!
//! A Linux stage whose files go into a Windows stage, or the reverse, is no finding: that is how
//! programs are cross-built, with `--platform=$BUILDPLATFORM`, and whether a file is a program for
//! another system the Dockerfile does not tell.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::audit::image_findings;
use winfit_core::change::Change;
use winfit_core::finding::{Confidence, Finding, Located, Origin, Rule, Severity, Subject};
use winfit_core::fleet::{BuildBase, ImageUse, Needed};
use winfit_core::host::{Arch, Host, Kind, Os};
use winfit_core::image::{Image, NamedImage};
use winfit_core::reason::windows_name;
use winfit_core::recommend::on_build;
use winfit_core::remedy::{Command, Remedy, RemedyKind, Safety, Shell};
use winfit_core::verdict::{Answer, judge};
use winfit_core::version::{OsVersion, quote_for_error};

use super::Context;
use crate::dockerfile::platform::Platform;
use crate::dockerfile::{CopyFrom, CopySource, Dockerfile, Stage, is_predefined};

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        name: "mixed-stage-builds",
        summary: "A stage takes files from a Windows that no server runs beside its own",
    },
    Rule {
        name: "platform-mismatch",
        summary: "--platform asks for another Windows, system or architecture than the base image has",
    },
    Rule {
        name: "platform-specifier",
        summary: "--platform is spelled as no builder reads it",
    },
];

/// The image beneath a stage, as audits judge it; none for `scratch` and for stages that go on from
/// stages. Where a variable has no value, the text is what the file says.
pub fn image_use(catalog: &Catalog, stage: &Stage) -> Option<ImageUse> {
    if stage.of_stage.is_some() || stage.resolved.as_deref() == Some("scratch") {
        return None;
    }
    let text = stage.resolved.as_ref().unwrap_or(&stage.base.value);
    let mut image = NamedImage::read_reference(catalog, text);
    let mut os = None;
    if let Ok(named) = &mut image
        && named.image.version.is_none()
        && named.base.is_none()
        && let Some(hint) = stage.os_hint
    {
        named.image.os = hint;
        os = Some(hint);
    }
    Some(ImageUse {
        os,
        text: text.clone(),
        image,
        origin: stage.stated_at.clone(),
        unresolved: stage.unresolved.clone(),
        built_from: None,
    })
}

/// The images that a build of these stages of a file needs: what they are built on, and what gives them
/// files.
pub fn build_bases<'a>(
    catalog: &'a Catalog,
    name: &'a Arc<str>,
    stages: &'a [Stage],
) -> impl Iterator<Item = BuildBase> + 'a {
    // A stage on a stage runs on that one's image.
    let mut runs: HashMap<usize, Origin> = HashMap::new();
    let mut bottom: Vec<usize> = Vec::with_capacity(stages.len());
    for (at, stage) in stages.iter().enumerate() {
        bottom.push(stage.of_stage.map_or(at, |below| bottom[below]));
        if let Some(run) = &stage.run {
            runs.entry(bottom[at]).or_insert_with(|| run.clone());
        }
    }
    let base = move |image, needed| BuildBase {
        subject: Subject::new("Dockerfile", name),
        image,
        needed,
        isolation: None,
    };
    stages.iter().enumerate().flat_map(move |(at, stage)| {
        let needed = runs.remove(&at).map_or(Needed::AsBase, Needed::ToRun);
        let own = image_use(catalog, stage).map(|image| base(image, needed));
        let copied = stage.copies.iter().filter_map(move |copy| {
            let image = copied_image(catalog, copy)?;
            Some(base(image, Needed::ForFiles))
        });
        own.into_iter().chain(copied)
    })
}

/// The image of its own that files are copied from.
fn copied_image(catalog: &Catalog, copy: &CopyFrom) -> Option<ImageUse> {
    let CopySource::Image(text) = &copy.from else {
        return None;
    };
    Some(ImageUse {
        text: text.clone(),
        image: NamedImage::read_reference(catalog, text),
        origin: copy.origin.clone(),
        unresolved: Vec::new(),
        os: None,
        built_from: None,
    })
}

/// Checks one file, whose path as shown is `name`.
pub fn check(context: &Context<'_>, name: &Arc<str>, dockerfile: &Dockerfile) -> Vec<Finding> {
    let subject = Subject::new("Dockerfile", name);
    let mut findings = Vec::new();
    for (at, stage) in dockerfile.stages.iter().enumerate() {
        findings.extend(stage.platform.as_ref().and_then(|stated| {
            let base = Base {
                reference: stage
                    .resolved
                    .as_deref()
                    .filter(|_| stage.of_stage.is_none()),
                origin: &stage.stated_at,
            };
            platform(context.catalog, &subject, stated, &base)
        }));
        mixed_builds(context.catalog, &subject, dockerfile, at, &mut findings);
    }
    base_images(context, &subject, dockerfile, &mut findings);
    findings
}

/// What the core says of each image that the file names, once for each place that names it.
fn base_images(
    context: &Context<'_>,
    subject: &Subject,
    dockerfile: &Dockerfile,
    findings: &mut Vec<Finding>,
) {
    // An image that only gives files need not be patched or supported to give them; it must be there.
    const OF_SOURCES: [&str; 3] = ["latest-removed", "old-image-name", "image-as-written"];
    let mut seen = HashSet::new();
    for stage in &dockerfile.stages {
        let judged = |image: &ImageUse| {
            image_findings(
                context.catalog,
                image,
                subject,
                context.options,
                context.hosts,
            )
        };
        if let Some(image) = image_use(context.catalog, stage)
            // What builders fill in is not missing.
            && (image.unresolved.is_empty() || !image.unresolved.iter().all(|name| is_predefined(name)))
            && seen.insert((image.origin.span, image.text.clone()))
        {
            findings.extend(judged(&image));
        }
        for copy in &stage.copies {
            let Some(image) = copied_image(context.catalog, copy) else {
                continue;
            };
            let found = judged(&image).into_iter();
            findings.extend(found.filter(|finding| OF_SOURCES.contains(&finding.rule)));
        }
    }
}

/// An image whose Windows build is known.
struct OfWindows {
    named: NamedImage,
    build: u16,
}

impl OfWindows {
    fn read(catalog: &Catalog, text: &str) -> Option<Self> {
        let named = NamedImage::read_reference(catalog, text).ok()?;
        if named.image.os != Os::Windows {
            return None;
        }
        let build = named.image.version?.build;
        Some(Self { named, build })
    }

    fn of_stage(catalog: &Catalog, stage: &Stage) -> Option<Self> {
        Self::read(catalog, stage.resolved.as_deref()?)
    }

    /// For the place that states it, with the image's name where another text stands there.
    fn label(&self, catalog: &Catalog, stage: &Stage) -> String {
        if stage.stated_at == stage.base.origin {
            self.windows(catalog)
        } else {
            format!("{}, {}", self.windows(catalog), self.named.short())
        }
    }

    /// For sentences: `Windows Server 2022 (20348)`.
    fn windows(&self, catalog: &Catalog) -> String {
        in_words(catalog, self.build)
    }
}

fn in_words(catalog: &Catalog, build: u16) -> String {
    format!("{} ({build})", windows_name(catalog, build, Kind::Server))
}

/// Whether a Windows Server of the catalog runs both builds without Hyper-V.
fn run_together(catalog: &Catalog, one: u16, other: u16) -> bool {
    let runs = |host: &Host, build: u16| {
        let image = Image::windows(OsVersion::of_build(build));
        judge(catalog, host, &image).answers.process.answer != Answer::No
    };
    let servers = catalog
        .releases
        .iter()
        .filter(|release| release.kind == Kind::Server);
    one == other
        || servers
            .map(|release| {
                Host::windows(OsVersion::of_build(release.build)).with_kind(Kind::Server)
            })
            .any(|host| runs(&host, one) && runs(&host, other))
}

/// `mixed-stage-builds`: once for each source that a stage takes files from.
fn mixed_builds(
    catalog: &Catalog,
    subject: &Subject,
    dockerfile: &Dockerfile,
    at: usize,
    findings: &mut Vec<Finding>,
) {
    let stage = &dockerfile.stages[at];
    if stage.copies.is_empty() {
        return;
    }
    let Some(base) = dockerfile.base_of(at) else {
        return;
    };
    let Some(own) = OfWindows::of_stage(catalog, base) else {
        return;
    };
    let mut seen = HashSet::new();
    for copy in &stage.copies {
        if !seen.insert(&copy.from) {
            continue;
        }
        let (source, stated): (OfWindows, Option<&Stage>) = match &copy.from {
            CopySource::Stage(from) => {
                let Some(base) = dockerfile.base_of(*from) else {
                    continue;
                };
                let Some(source) = OfWindows::of_stage(catalog, base) else {
                    continue;
                };
                (source, Some(base))
            }
            CopySource::Image(text) => match OfWindows::read(catalog, text) {
                Some(source) if source.named.reference.is_some() => (source, None),
                _ => continue,
            },
            CopySource::Unresolved(_) => continue,
        };
        if run_together(catalog, own.build, source.build) {
            continue;
        }
        let (theirs, ours) = (source.windows(catalog), own.windows(catalog));
        let mut finding = Finding::new(
            "mixed-stage-builds",
            Severity::Warning,
            subject.clone(),
            copy.origin.clone(),
            format!("files of {theirs} go into an image of {ours}"),
        )
        .confidence(Confidence::Likely)
        .label(format!("built on {}", source.build));
        let stated_at = stated.map_or(&copy.origin, |stated| &stated.stated_at);
        finding
            .remedies
            .extend(same_release(catalog, &source, stated_at, own.build));
        if let Some(stated) = stated {
            finding = finding
                .related(stated.stated_at.clone(), source.label(catalog, stated))
                .note("no Windows Server runs both stages without Hyper-V, so none builds this file with process isolation");
        }
        findings.push(
            finding
                .related(base.stated_at.clone(), own.label(catalog, base))
                .note("programs and libraries built against one Windows may miss what they need in another; build both stages on the same release"),
        );
    }
}

/// The stage that files come from, built on the release of the stage that takes them.
fn same_release(
    catalog: &Catalog,
    source: &OfWindows,
    stated_at: &Origin,
    build: u16,
) -> Option<Remedy> {
    let reference = on_build(catalog, &source.named, build)?.to_string();
    Some(Remedy {
        kind: RemedyKind::Rebuild,
        title: format!("build both stages on {}", in_words(catalog, build)),
        safety: Safety::Unsafe,
        commands: vec![Command {
            shell: Shell::Dockerfile,
            text: format!("FROM {reference}"),
        }],
        diff: None,
        changes: vec![Change::Text {
            at: stated_at.clone(),
            old: source.named.text.clone(),
            new: reference,
        }],
    })
}

/// The image that a platform is asked of.
pub(super) struct Base<'a> {
    /// Its reference; none: it is a stage, or a variable has no value.
    pub(super) reference: Option<&'a str>,
    /// Where that stands.
    pub(super) origin: &'a Origin,
}

/// `platform-specifier` and `platform-mismatch`.
pub(super) fn platform(
    catalog: &Catalog,
    subject: &Subject,
    stated: &Located<String>,
    base: &Base<'_>,
) -> Option<Finding> {
    let finding = |rule, severity, message: String| {
        Finding::new(
            rule,
            severity,
            subject.clone(),
            stated.origin.clone(),
            message,
        )
    };
    let quoted = quote_for_error(&stated.value);
    let platform = match Platform::parse(&stated.value) {
        Ok(platform) => platform,
        Err(reason) => {
            let message = format!("{quoted:?} is no platform that builders read: {reason}");
            let finding = finding("platform-specifier", Severity::Error, message);
            return Some(match meant(&stated.value) {
                Some(meant) => finding
                    .label(format!("write {meant}"))
                    .note("the Windows version stands in brackets behind the system")
                    .remedy(write_platform(stated, &meant)),
                None => finding.label("expected OS[(VERSION)]/ARCH"),
            });
        }
    };
    if let (Some("windows"), Some(variant)) = (platform.os.as_deref(), &platform.variant)
        && variant.contains('.')
    {
        let arch = platform.architecture.as_deref().unwrap_or("amd64");
        let message = format!(
            "{quoted:?} has the Windows version where a variant of the architecture stands"
        );
        let right = format!("windows({variant})/{arch}");
        return Some(
            finding("platform-specifier", Severity::Warning, message)
                .label(format!("write {right}"))
                .note("builders pass over it, and take any Windows")
                .remedy(write_platform(stated, &right)),
        );
    }
    let image = NamedImage::read_reference(catalog, base.reference?).ok()?;
    let known_windows = image.image.version.is_some() || image.base.is_some();
    let short = image.short();
    let base_is = |label: String, finding: Finding| finding.related(base.origin.clone(), label);
    match platform.os.as_deref() {
        Some("windows") | None => {}
        Some(other) if known_windows && image.image.os == Os::Windows => {
            let message = format!("{quoted:?} asks for {other}, but {short} is Windows");
            let finding = finding("platform-mismatch", Severity::Error, message);
            return Some(base_is("Windows".to_owned(), finding));
        }
        Some(_) => return None,
    }
    let asked = platform
        .os_version
        .as_ref()
        .and_then(|version| version.parse::<OsVersion>().ok());
    if let (Some(text), None) = (&platform.os_version, asked) {
        let message = format!(
            "{:?} is no Windows version: builders read none from it, and take any Windows",
            quote_for_error(text)
        );
        let finding = finding("platform-specifier", Severity::Warning, message);
        return Some(match image.image.version {
            Some(version) => {
                let right = of_version(version, &platform);
                finding
                    .label(format!("write {right}"))
                    .remedy(write_platform(stated, &right))
            }
            None => finding.label("a version is written as 10.0.20348"),
        });
    }
    if let (Some(asked), Some(version)) = (asked, image.image.version)
        && asked.build != version.build
    {
        let (wanted, has) = (
            in_words(catalog, asked.build),
            in_words(catalog, version.build),
        );
        // Builders select as hosts do: a host of that version would take this image.
        let host = Host::windows(asked).with_kind(Kind::Server);
        let taken = judge(catalog, &host, &Image::windows(version))
            .answers
            .process
            .answer
            .runs();
        let severity = if taken {
            Severity::Warning
        } else {
            Severity::Error
        };
        let message = format!("--platform asks for {wanted}, but {short} is {has}");
        let right = of_version(version, &platform);
        let mut finding = finding("platform-mismatch", severity, message)
            .label(format!("write {right}"))
            .remedy(write_platform(stated, &right));
        if taken {
            finding = finding.note(format!(
                "builders may take it all the same; the image then says {} and contains {}",
                asked.build, version.build
            ));
        }
        return Some(base_is(has, finding));
    }
    let asked = platform.architecture.as_deref().and_then(Arch::parse);
    if let (Some(asked), Some(arch)) = (asked, image.image.arch)
        && asked != arch
        && known_windows
    {
        let (asked, arch) = (asked.name(), arch.name());
        let message = format!("--platform asks for {asked}, but {short} is {arch}");
        let finding = finding("platform-mismatch", Severity::Error, message);
        return Some(base_is(format!("{arch} alone"), finding));
    }
    None
}

/// The platform of a Windows of this version, the architecture as it is.
fn of_version(version: OsVersion, platform: &Platform) -> String {
    let version = version.without_revision();
    match &platform.architecture {
        Some(architecture) => format!("windows({version})/{architecture}"),
        None => format!("windows({version})"),
    }
}

/// Another platform in the place of this one. What is pulled then may be another image.
fn write_platform(stated: &Located<String>, right: &str) -> Remedy {
    let title = "write the platform as builders read it";
    super::write_instead(title, RemedyKind::Rebuild, stated, right)
}

/// What somebody meant who put the Windows version in another place, as crane has it:
/// `windows/amd64:10.0.17763.7919`.
fn meant(text: &str) -> Option<String> {
    let (platform, version) = text.split_once(':')?;
    let (version, rest) = match version.split_once('/') {
        Some((version, rest)) => (version, Some(rest)),
        None => (version, None),
    };
    let version: OsVersion = version.parse().ok()?;
    let (os, architecture) = match (platform.split_once('/'), rest) {
        (Some((os, architecture)), None) => (os, architecture),
        (None, Some(architecture)) => (platform, architecture),
        _ => return None,
    };
    let meant = format!("{os}({version})/{architecture}");
    Platform::parse(&meant).ok()?;
    os.eq_ignore_ascii_case("windows").then_some(meant)
}
