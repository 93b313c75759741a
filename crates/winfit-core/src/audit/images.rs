//! What is wrong with an image by itself, wherever it runs.

use time::Date;

use crate::catalog::{Catalog, Update};
use crate::change::Change;
use crate::finding::{Confidence, Finding, Severity, Subject};
use crate::fleet::{ImageUse, Member, Orchestrator};
use crate::host::{Host, Os};
use crate::image::{Image, ImageError, NamedImage, StatedBy};
use crate::recommend::{on_update, tags_for};
use crate::reference::{BaseImage, Home, Reference};
use crate::remedy::{Command, Remedy, RemedyKind, Safety, Shell, retagged};
use crate::verdict::judge;
use crate::version::OsVersion;

use super::AuditOptions;
use super::currency::{image_behind, image_support};
use super::ground::as_judged;

/// What is wrong with an image by itself: its name, its tag, its patches, its support.
///
/// Of an image with variables that have no value nothing else is said, and that only where its name
/// tells that it is for Windows.
///
/// `hosts` are those on which it may run, as far as they are known: what is to be written in its place
/// depends on them.
pub fn image_findings(
    catalog: &Catalog,
    image: &ImageUse,
    subject: &Subject,
    options: &AuditOptions,
    hosts: &[&Member],
) -> Vec<Finding> {
    if !image.unresolved.is_empty() {
        let found = names_windows(&image.text).then(|| unresolved_variable(image, subject));
        return found.into_iter().collect();
    }
    match &image.image {
        Ok(named) => ImageCheck {
            catalog,
            image,
            named,
            subject,
            hosts,
        }
        .findings(options),
        Err(error @ ImageError::LatestRemoved { example, .. }) => vec![
            Finding::new(
                "latest-removed",
                Severity::Error,
                subject.clone(),
                image.origin.clone(),
                error.to_string(),
            )
            .label("names no release")
            .remedy(match named_release(catalog, image, hosts) {
                Some(reference) => rewrite(
                    "name a release that the declared hosts run",
                    image,
                    &reference,
                    Safety::Unsafe,
                ),
                // Which of them is meant, only a person can tell.
                None => Remedy {
                    changes: Vec::new(),
                    ..rewrite(
                        "name a release, that of your hosts",
                        image,
                        example,
                        Safety::Unsafe,
                    )
                },
            }),
        ],
        Err(error) if names_windows(&image.text) => vec![
            Finding::new(
                "image-as-written",
                Severity::Error,
                subject.clone(),
                image.origin.clone(),
                error.to_string(),
            )
            .label("names no image"),
        ],
        Err(_) => Vec::new(),
    }
}

/// The finding about variables that have no value.
pub(super) fn unresolved_variable(image: &ImageUse, subject: &Subject) -> Finding {
    const MOST: usize = 3;
    let mut names: Vec<&str> = image.unresolved.iter().map(String::as_str).collect();
    names.dedup();
    let shown = names[..names.len().min(MOST)].join(", ");
    let plural = if names.len() == 1 { "" } else { "s" };
    Finding::new(
        "unresolved-variable",
        Severity::Info,
        subject.clone(),
        image.origin.clone(),
        format!("winfit cannot tell which image this is: nothing gives the variable{plural} {shown} a value"),
    )
    .label("not judged")
    .note("with a default beside the variable, winfit judges that")
}

/// Whether a text that is no whole reference names a Windows image all the same.
fn names_windows(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["windows", "servercore", "nanoserver", "ltsc20"]
        .iter()
        .any(|word| text.contains(word))
}

/// An image that named no release, with the best one that all the hosts run.
fn named_release(catalog: &Catalog, image: &ImageUse, hosts: &[&Member]) -> Option<String> {
    let reference = Reference::parse(&image.text).ok()?;
    let base = reference.base_image()?;
    let hosts: Vec<Host> = hosts
        .iter()
        .filter(|member| member.host.os == Os::Windows)
        .map(|member| {
            as_judged(
                &member.host,
                member.orchestrator.unwrap_or(Orchestrator::Docker),
            )
        })
        .collect();
    if hosts.is_empty() {
        return None;
    }
    let best = tags_for(catalog, &hosts, base.base, None)
        .into_iter()
        .next()?;
    best.floating_answer
        .runs()
        .then(|| format!("{}:{}", base.repository(), best.floating))
}

/// Another reference in the place of this one.
pub(super) fn rewrite(title: &str, image: &ImageUse, new: &str, safety: Safety) -> Remedy {
    let old = &image.text;
    Remedy {
        kind: RemedyKind::Rebuild,
        title: title.to_owned(),
        safety,
        commands: vec![Command {
            shell: Shell::Any,
            text: new.to_owned(),
        }],
        diff: Some(format!("-{old}\n+{new}\n")),
        changes: vec![Change::Text {
            at: image.origin.clone(),
            old: old.clone(),
            new: new.to_owned(),
        }],
    }
}

struct ImageCheck<'a> {
    catalog: &'a Catalog,
    image: &'a ImageUse,
    named: &'a NamedImage,
    subject: &'a Subject,
    hosts: &'a [&'a Member],
}

impl ImageCheck<'_> {
    fn findings(&self, options: &AuditOptions) -> Vec<Finding> {
        let mut found = Vec::new();
        found.extend(self.old_name().or_else(|| self.moved()));
        let doubts = self.named.notes.iter().filter(|note| note.doubtful);
        found.extend(doubts.map(|note| {
            self.finding("image-as-written", Severity::Warning, note.message.clone())
                .label("no image has this name")
        }));
        // What is said of patches and support would be about an image that is not there.
        if self.named.is_doubtful() {
            return found;
        }
        found.extend(self.behind());
        found.extend(self.support(options));
        found.extend(self.floating(options.today));
        found
    }

    fn finding(&self, rule: &'static str, severity: Severity, message: String) -> Finding {
        Finding::new(
            rule,
            severity,
            self.subject.clone(),
            self.image.origin.clone(),
            message,
        )
    }

    fn confidence(&self) -> Confidence {
        confidence(self.named)
    }

    fn base_image(&self) -> Option<(&Reference, BaseImage)> {
        let reference = self.named.reference.as_ref()?;
        Some((reference, reference.base_image()?))
    }

    fn old_name(&self) -> Option<Finding> {
        let (reference, base) = self.base_image()?;
        let (why, label) = match base.home {
            Home::OldName => ("no longer published under this name", "an old name"),
            Home::NoRegistry => (
                "looked for on Docker Hub, where it is not",
                "names no registry",
            ),
            Home::Mcr | Home::Mirror => return None,
        };
        let today = base.repository();
        let (registry, repository) = today.split_once('/')?;
        let renamed = Reference {
            registry: Some(registry.to_owned()),
            repository: repository.to_owned(),
            // Docker Hub's tags joined release and KB with an underscore.
            tag: reference.tag.as_ref().map(|tag| tag.replace("_KB", "-KB")),
            digest: reference.digest.clone(),
        }
        .to_string();
        let message = format!("{} is {why}; it is {today} today", reference.repository);
        Some(
            self.finding("old-image-name", Severity::Warning, message)
                .label(label)
                .remedy(rewrite(
                    "write its name of today",
                    self.image,
                    &renamed,
                    Safety::Unsafe,
                )),
        )
    }

    /// A repository of Docker Hub, for Windows alone, that moved to Microsoft's registry.
    fn moved(&self) -> Option<Finding> {
        let reference = self.named.reference.as_ref()?;
        let hub = matches!(reference.registry.as_deref(), None | Some("docker.io"));
        let old = self
            .catalog
            .old_names
            .iter()
            .find(|old| hub && old.repository == reference.repository)?;
        let message = format!(
            "{} gets no new images on Docker Hub since {}; it is {} today",
            old.repository, old.since, old.today
        );
        Some(
            self.finding("old-image-name", Severity::Warning, message)
                .label("an old name")
                .note("the tags of today are listed with the new repository; not all are the old ones"),
        )
    }

    fn behind(&self) -> Option<Finding> {
        if !self.named.is_base {
            return None;
        }
        let behind = image_behind(self.catalog, self.named)?;
        let update = behind.newest;
        // On 2016 the hosts' revision decides, and an image that has it is as new as it can be.
        if update.build == NEEDS_EQUAL_REVISIONS
            && let Some(of_hosts) = self.revision_of_hosts()
            && self.named.image.version.and_then(|own| own.revision) == Some(of_hosts)
        {
            return None;
        }
        let newest = format!("{}.{}", update.build, update.revision);
        let finding = self
            .finding(
                "base-behind-patches",
                Severity::Info,
                behind.sentence("image"),
            )
            .label(format!("{newest} is the newest known"))
            .confidence(self.confidence());
        let raised = on_update(self.catalog, self.named, update)
            .filter(|_| update.build != NEEDS_EQUAL_REVISIONS && self.hosts_run(update));
        Some(match raised {
            Some(reference) => finding.remedy(rewrite(
                "take the newest update; what is built on it changes with the next build",
                self.image,
                &reference.to_string(),
                Safety::Unsafe,
            )),
            None => finding,
        })
    }

    /// Whether no host that runs the image as it is would fail to run this update of it.
    fn hosts_run(&self, update: &Update) -> bool {
        let image = &self.named.image;
        let raised = Image {
            version: Some(OsVersion::new(update.build, update.revision)),
            revision_inferred: false,
            ..*image
        };
        self.hosts.iter().all(|member| {
            let orchestrator = member.orchestrator.unwrap_or(Orchestrator::Docker);
            let host = as_judged(&member.host, orchestrator);
            judge(self.catalog, &host, &raised).fits(None)
                || !judge(self.catalog, &host, image).fits(None)
        })
    }

    /// The one revision of the 2016 hosts on which the image may run.
    fn revision_of_hosts(&self) -> Option<u32> {
        let mut revisions = self
            .hosts
            .iter()
            .filter_map(|member| member.host.version)
            .filter(|version| version.build == NEEDS_EQUAL_REVISIONS)
            .map(|version| version.revision);
        let first = revisions.next()??;
        revisions.all(|other| other == Some(first)).then_some(first)
    }

    fn support(&self, options: &AuditOptions) -> Option<Finding> {
        let support = image_support(self.catalog, self.named)?;
        let end = support.on(options.today, options.eol_within)?;
        let (rule, word) = if end.ended {
            ("base-out-of-support", "ended")
        } else {
            ("base-support-ending", "ends")
        };
        Some(
            self.finding(rule, Severity::Warning, end.sentence)
                .label(format!("{word} {}", support.end))
                .confidence(self.confidence()),
        )
    }

    /// On 2016 host and image need equal revisions, which a tag that moves cannot keep.
    fn floating(&self, today: Date) -> Option<Finding> {
        let version = self.named.image.version?;
        let floats = self.named.is_base && self.named.image.revision_inferred;
        if version.build != NEEDS_EQUAL_REVISIONS || !floats {
            return None;
        }
        let base = self.base_image().map(|(_, image)| image.base);
        // A tag whose image gets no updates any more stands still.
        let end = base.and_then(|base| self.catalog.support_end(base, version.build));
        if end.is_some_and(|end| end < today) {
            return None;
        }
        let example = self
            .catalog
            .newest_image_update(version.build, base)
            .map(|update| format!(", as 10.0.{}.{}", update.build, update.revision))
            .unwrap_or_default();
        Some(
            self.finding(
                "floating-base",
                Severity::Warning,
                format!(
                    "{} moves with every update, and Windows Server 2016 ({NEEDS_EQUAL_REVISIONS}) needs the very revision of the host in the image",
                    self.named.short()
                ),
            )
            .label("moves with every update")
            .confidence(self.confidence())
            .note(format!(
                "name the revision of your hosts{example}; under Hyper-V isolation the revisions may differ"
            )),
        )
        .map(|finding| match self.pinned_to_hosts() {
            Some(reference) => finding.remedy(rewrite(
                "pin it to the revision of the declared hosts, and move both together",
                self.image,
                &reference,
                Safety::Unsafe,
            )),
            None => finding,
        })
    }

    fn pinned_to_hosts(&self) -> Option<String> {
        let version = OsVersion::new(NEEDS_EQUAL_REVISIONS, self.revision_of_hosts()?);
        let reference = self.named.reference.as_ref()?;
        // A digest says which image it is, whatever the tag.
        let pinned = retagged(self.named, &version.to_string())?;
        reference.digest.is_none().then(|| pinned.to_string())
    }
}

/// Windows Server 2016 and Windows 10 1607.
const NEEDS_EQUAL_REVISIONS: u16 = 14_393;

/// How sure an image's version is: what a tag says, or what stands beside a digest, is inferred.
pub(super) fn confidence(named: &NamedImage) -> Confidence {
    match named.stated_by {
        _ if named.variants.is_some() => Confidence::Certain,
        StatedBy::Tag | StatedBy::ReleaseName => Confidence::Likely,
        StatedBy::Version
        | StatedBy::Given
        | StatedBy::Registry
        | StatedBy::Config
        | StatedBy::Nothing => Confidence::Certain,
    }
}
