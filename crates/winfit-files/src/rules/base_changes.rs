//! What a revision's images have become: true patches, and other Windows.
//!
//! Images are matched by where they stand: the stage of a Dockerfile, the container of a workload. An
//! image that is new in its place, or whose place is gone, is no change.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::audit::admitted;
use winfit_core::change::Change;
use winfit_core::finding::{Confidence, Finding, Origin, Rule, Severity, Subject};
use winfit_core::fleet::{Fleet, ImageUse, Member, State};
use winfit_core::host::{Host, Isolation, Os};
use winfit_core::image::{Image, NamedImage, StatedBy};
use winfit_core::image_change::{
    ChangeKind, Direction, ImageChange, Side, image_change, stay, with_update,
};
use winfit_core::reference::Reference;
use winfit_core::remedy::{Command, Remedy, RemedyKind, Safety, Shell};
use winfit_core::verdict::judge;

use super::Context;
use super::dockerfile::image_use;
use crate::against::Before;
use crate::dockerfile::Dockerfile;
use crate::fleet::{completed, fleet};
use crate::repository::{Facts, Repository};

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        name: "base-build-changed",
        summary: "An image has another Windows than it had at a revision",
    },
    Rule {
        name: "base-patched",
        summary: "An image has another patch level of the same Windows than it had at a revision",
    },
];

/// Where an image stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    /// A stage of a Dockerfile, by its name.
    Named(Arc<str>, String),
    /// A stage of a Dockerfile, by its number.
    Numbered(Arc<str>, usize),
    /// The last stage of a Dockerfile.
    Last(Arc<str>),
    /// A container: the file, what it belongs to, its name, how many of the same names stand before it,
    /// and whether this is the image it is built on.
    Container(Arc<str>, Subject, String, usize, bool),
}

/// An image in its place.
struct Placed<'a> {
    /// Its place, by all that tells it, the surest first: a stage may get another name, or another
    /// number by a stage before it.
    places: Vec<Place>,
    subject: Subject,
    used: ImageUse,
    /// The fleet that it is of.
    fleet: &'a Fleet,
    /// The workload, by its place in the fleet; none: a Dockerfile's stage.
    workload: Option<usize>,
}

/// Compares the images of today with those of a revision.
pub fn check(context: &Context<'_>, repository: &Repository, before: &Before) -> Vec<Finding> {
    let catalog = context.catalog;
    let old_fleet = fleet(catalog, &before.repository, &[]);
    let old = placed(catalog, &before.repository, &old_fleet);
    let new = placed(catalog, repository, context.fleet);
    let checking = Checking { context, before };
    let mut seen = HashSet::new();
    let mut findings = Vec::new();
    for (new, old) in new.iter().zip(matched(&old, &new)) {
        let Some(old) = old.filter(|old| old.used.text != new.used.text) else {
            continue;
        };
        // Stages that share an argument share its change.
        let (was, is) = (old.used.text.as_str(), new.used.text.as_str());
        if seen.insert((&new.used.origin, was, is)) {
            findings.extend(checking.change(old, new));
        }
    }
    findings
}

/// What stood before in the place of each new image. Surer places are matched first, and nothing is
/// matched twice.
fn matched<'o, 'f>(old: &'o [Placed<'f>], new: &[Placed<'_>]) -> Vec<Option<&'o Placed<'f>>> {
    let mut found: Vec<Option<usize>> = vec![None; new.len()];
    let mut taken: HashSet<usize> = HashSet::new();
    let rules: [fn(&Place) -> bool; 3] = [
        |place| matches!(place, Place::Named(..) | Place::Container(..)),
        |place| matches!(place, Place::Numbered(..)),
        |place| matches!(place, Place::Last(..)),
    ];
    for rule in rules {
        let places = |placed: &Placed<'_>| placed.places.iter().find(|place| rule(place)).cloned();
        let mut by_place: HashMap<Place, usize> = HashMap::new();
        for (at, placed) in old.iter().enumerate().rev() {
            if !taken.contains(&at) {
                by_place.extend(places(placed).map(|place| (place, at)));
            }
        }
        for (found, new) in found.iter_mut().zip(new) {
            let free = found.is_none().then(|| places(new)).flatten();
            if let Some(at) = free.and_then(|place| by_place.remove(&place)) {
                taken.insert(at);
                *found = Some(at);
            }
        }
    }
    let in_place = |at: Option<usize>| at.and_then(|at| old.get(at));
    found.into_iter().map(in_place).collect()
}

/// The images of a repository, each in its place.
fn placed<'a>(catalog: &Catalog, repository: &Repository, fleet: &'a Fleet) -> Vec<Placed<'a>> {
    let mut all = Vec::new();
    for file in &repository.files {
        // What was not asked for is told where it is used.
        if let (Facts::Dockerfile(dockerfile), false) = (&file.facts, file.beside) {
            let name = &file.source.name;
            stages(catalog, repository, name, dockerfile, fleet, &mut all);
        }
    }
    let stated: HashSet<(Origin, String)> = all
        .iter()
        .map(|placed| (placed.used.origin.clone(), placed.used.text.clone()))
        .collect();
    let mut counts: HashMap<(Arc<str>, Subject, String), usize> = HashMap::new();
    for (at, workload) in fleet.workloads.iter().enumerate() {
        for container in &workload.containers {
            if container.host_process {
                continue;
            }
            let file = Arc::clone(&workload.origin.source);
            let same = (file, workload.subject.clone(), container.name.clone());
            let count = counts.entry(same.clone()).or_default();
            let (file, subject, name) = same;
            let mut add = |used: &ImageUse, built: bool| {
                all.push(Placed {
                    places: vec![Place::Container(
                        Arc::clone(&file),
                        subject.clone(),
                        name.clone(),
                        *count,
                        built,
                    )],
                    subject: subject.clone(),
                    used: used.clone(),
                    workload: Some(at),
                    fleet,
                });
            };
            add(&container.image, false);
            // What a Dockerfile says by itself is told there; here, what build arguments make of it.
            if let Some(built) = container.image.built_from.as_deref()
                && !stated.contains(&(built.origin.clone(), built.text.clone()))
            {
                let used = ImageUse {
                    origin: container.image.origin.clone(),
                    ..built.clone()
                };
                add(&used, true);
            }
            *count += 1;
        }
    }
    all
}

fn stages<'a>(
    catalog: &Catalog,
    repository: &Repository,
    file: &Arc<str>,
    dockerfile: &Dockerfile,
    fleet: &'a Fleet,
    all: &mut Vec<Placed<'a>>,
) {
    for (at, stage) in dockerfile.stages.iter().enumerate() {
        let Some(used) = image_use(catalog, stage) else {
            continue;
        };
        let named = stage.name.as_ref();
        let mut places: Vec<Place> = named
            .map(|name| Place::Named(Arc::clone(file), name.value.clone()))
            .into_iter()
            .collect();
        places.push(Place::Numbered(Arc::clone(file), at));
        if at + 1 == dockerfile.stages.len() {
            places.push(Place::Last(Arc::clone(file)));
        }
        all.push(Placed {
            places,
            subject: Subject::new("Dockerfile", file),
            used: completed(catalog, &repository.config, used),
            workload: None,
            fleet,
        });
    }
}

struct Checking<'a> {
    context: &'a Context<'a>,
    before: &'a Before,
}

/// The hosts that an image has to run on, and how they take it.
struct OnHosts<'a> {
    /// How many there are.
    all: usize,
    /// Those that do not run the new image.
    without: Vec<&'a Member>,
    /// Those of them that ran the old one.
    lost: Vec<&'a Member>,
}

impl Checking<'_> {
    fn change(&self, old: &Placed<'_>, new: &Placed<'_>) -> Option<Finding> {
        // Of variables without a value other rules speak.
        if !old.used.unresolved.is_empty() || !new.used.unresolved.is_empty() {
            return None;
        }
        let (was, is) = (old.used.image.as_ref().ok()?, new.used.image.as_ref().ok()?);
        let change = image_change(self.context.catalog, was, is);
        let finding = match change.kind {
            ChangeKind::Build | ChangeKind::Os => self.other_windows(&change, old, new),
            // Of images that have nothing to do with Windows nothing is said.
            ChangeKind::Unknown if change.old.is_windows() || change.new.is_windows() => {
                self.not_told(&change, old, new)
            }
            ChangeKind::Patch(direction) if direction != Direction::Even => {
                self.patched(&change, direction, old, new)?
            }
            _ => return None,
        };
        let by_tag = [was, is]
            .iter()
            .any(|image| image.stated_by == StatedBy::Tag);
        Some(if by_tag && finding.rule == "base-build-changed" {
            finding.confidence(Confidence::Likely)
        } else {
            finding
        })
    }

    /// A finding in the new image's place. What is told of the old one beside its name is `level`.
    fn finding(
        &self,
        rule: &'static str,
        severity: Severity,
        message: String,
        level: Option<&str>,
        (old, new): (&Placed<'_>, &Placed<'_>),
    ) -> Finding {
        let name = self.before.old_name(&old.used.origin.source);
        let place = match old.used.origin.span {
            Some(span) => format!("{name}:{}:{}", span.line, span.column),
            None => name.to_owned(),
        };
        let revision = &self.before.revision;
        let image = &old.used.text;
        let was = match level {
            Some(level) => format!("at {revision} it was {image}, {level}, in {place}"),
            None => format!("at {revision} it was {image}, in {place}"),
        };
        let (subject, origin) = (new.subject.clone(), new.used.origin.clone());
        Finding::new(rule, severity, subject, origin, message).note(was)
    }

    /// Another build, or another operating system: as heavy as its hosts take it.
    fn other_windows(
        &self,
        change: &ImageChange<'_>,
        old: &Placed<'_>,
        new: &Placed<'_>,
    ) -> Finding {
        let catalog = self.context.catalog;
        let hosts = self.on_hosts(&facts(&change.old), &facts(&change.new), new);
        let severity = match (hosts.all, hosts.without.len()) {
            (0, _) => Severity::Warning,
            (_, 0) => Severity::Info,
            (all, without) if all == without => Severity::Error,
            _ => Severity::Warning,
        };
        let mut finding = self
            .finding(
                "base-build-changed",
                severity,
                change.sentence(catalog),
                None,
                (old, new),
            )
            .label(format!("was {}", change.old.image.short()));
        for remark in change.remarks(catalog) {
            finding = finding.note(remark);
        }
        if let Some(note) = hosts.note() {
            finding = finding.note(note);
        }
        match stay(catalog, change).filter(|_| severity > Severity::Info) {
            Some(reference) => {
                let windows = change.old.windows(catalog);
                finding.remedy(remedy(&windows, &reference.to_string(), old, new))
            }
            None => finding,
        }
    }

    /// A Windows that nothing tells: of the new image a warning, of the old one worth knowing.
    fn not_told(&self, change: &ImageChange<'_>, old: &Placed<'_>, new: &Placed<'_>) -> Finding {
        let catalog = self.context.catalog;
        let now = change.new.level.version.is_some();
        let (severity, label, unknown) = if now {
            let windows = change.new.windows(catalog);
            (Severity::Info, format!("{windows} now"), &change.old)
        } else {
            let label = "which Windows?".to_owned();
            (Severity::Warning, label, &change.new)
        };
        let rule = "base-build-changed";
        let mut finding = self
            .finding(rule, severity, change.sentence(catalog), None, (old, new))
            .label(label);
        for remark in change.remarks(catalog) {
            finding = finding.note(remark);
        }
        match how_to_tell(unknown.image) {
            Some(how) => finding.note(how),
            None => finding,
        }
    }

    /// The same Windows, patched or set back. None: nothing tells of patches.
    fn patched(
        &self,
        change: &ImageChange<'_>,
        direction: Direction,
        old: &Placed<'_>,
        new: &Placed<'_>,
    ) -> Option<Finding> {
        if direction == Direction::Untold {
            return None;
        }
        let catalog = self.context.catalog;
        let sentence = change.sentence(catalog);
        let was = with_update(&change.old.level);
        let (rule, step) = ("base-patched", (old, new));
        let mut finding = self
            .finding(rule, Severity::Info, sentence, Some(&was), step)
            .label(with_update(&change.new.level));
        for remark in change.remarks(catalog) {
            finding = finding.note(remark);
        }
        Some(finding)
    }

    /// How the hosts that the new image has to run on take both.
    fn on_hosts<'f>(&self, old: &Image, new: &Image, placed: &Placed<'f>) -> OnHosts<'f> {
        let mut hosts = OnHosts {
            all: 0,
            without: Vec::new(),
            lost: Vec::new(),
        };
        let catalog = self.context.catalog;
        for (member, host, asked) in self.hosts(placed) {
            hosts.all += 1;
            if judge(catalog, &host, new).fits(asked) {
                continue;
            }
            hosts.without.push(member);
            if judge(catalog, &host, old).fits(asked) {
                hosts.lost.push(member);
            }
        }
        hosts
    }

    /// The hosts that a place's image has to run on: those of its workload, of the workloads that are
    /// built from it, else all for Windows.
    fn hosts<'f>(&self, placed: &Placed<'f>) -> Vec<(&'f Member, Host, Option<Isolation>)> {
        let fleet = placed.fleet;
        let built = |at: &usize| {
            fleet.workloads[*at].containers.iter().any(|container| {
                container
                    .image
                    .built_from
                    .as_ref()
                    .is_some_and(|base| base.origin == placed.used.origin)
            })
        };
        let workloads: Vec<usize> = match placed.workload {
            Some(at) => vec![at],
            None => (0..fleet.workloads.len()).filter(built).collect(),
        };
        if workloads.is_empty() {
            return fleet
                .hosts
                .iter()
                .filter(|member| member.host.os == Os::Windows && member.state == State::Ready)
                .map(|member| (member, member.host, None))
                .collect();
        }
        let mut known = HashSet::new();
        let mut all = Vec::new();
        for at in workloads {
            let workload = &fleet.workloads[at];
            let admitted = admitted(self.context.catalog, fleet, self.context.options, workload);
            for (member, host) in admitted.hosts {
                if known.insert(member) {
                    all.push((&fleet.hosts[member], host, admitted.asked));
                }
            }
        }
        all
    }
}

impl OnHosts<'_> {
    /// Who runs the new image, in a sentence. None: there are no hosts.
    fn note(&self) -> Option<String> {
        const MOST: usize = 3;
        let named = |members: &[&Member]| {
            let mut words: Vec<String> = members
                .iter()
                .take(MOST)
                .map(|member| {
                    let build = member.host.version.map(|version| version.build);
                    match build {
                        Some(build) => format!("{} ({build})", member.name),
                        None => member.name.clone(),
                    }
                })
                .collect();
            if members.len() > MOST {
                words.push(format!("{} more", members.len() - MOST));
            }
            words.join(", ")
        };
        match (self.all, self.without.len(), self.lost.len()) {
            (0, ..) => None,
            (1, 0, _) => Some("the host that it may use runs the new image".to_owned()),
            (all, 0, _) => Some(format!("all {all} hosts that it may use run the new image")),
            (_, _, 0) => Some(format!("it does not run on {}", named(&self.without))),
            _ => Some(format!(
                "it ran on {} and does not any more",
                named(&self.lost)
            )),
        }
    }
}

/// The facts of an image, a Linux by its name included.
fn facts(side: &Side<'_>) -> Image {
    match side.os {
        Some(Os::Linux) => Image {
            os: Os::Linux,
            version: None,
            ..side.image.image
        },
        _ => side.image.image,
    }
}

/// Where to say which Windows an image has.
fn how_to_tell(image: &NamedImage) -> Option<String> {
    let reference = image.reference.as_ref()?;
    let bare = Reference {
        tag: None,
        digest: None,
        ..reference.clone()
    };
    Some(if image.is_base && reference.digest.is_some() {
        format!(
            "write the tag beside the digest, as {bare}:ltsc2022@sha256:…; engines follow the digest, people and winfit read the tag"
        )
    } else {
        format!(
            "say it in winfit.toml under [images.\"{bare}\"], as os_version = \"10.0.20348\" or os = \"linux\""
        )
    })
}

fn remedy(windows: &str, reference: &str, old: &Placed<'_>, new: &Placed<'_>) -> Remedy {
    let (shell, text) = match new.workload {
        Some(_) => (Shell::Yaml, format!("image: {reference}")),
        None => (Shell::Dockerfile, format!("FROM {reference}")),
    };
    let patched = if reference == old.used.text {
        ""
    } else {
        ", with its newest update"
    };
    Remedy {
        kind: RemedyKind::Rebuild,
        title: format!("stay on {windows}{patched}"),
        safety: Safety::Unsafe,
        commands: vec![Command { shell, text }],
        diff: Some(format!("-{}\n+{reference}\n", new.used.text)),
        changes: vec![Change::Text {
            at: new.used.origin.clone(),
            old: new.used.text.clone(),
            new: reference.to_owned(),
        }],
    }
}
