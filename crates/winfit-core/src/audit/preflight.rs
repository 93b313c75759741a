//! Dockerfiles, before they are built: whether the hosts at hand can build them.
//!
//! A builder pulls every image that a file names, and starts a container of it for each `RUN`, under
//! the isolation of `docker build --isolation`, else the host's default. An image of which only files
//! are taken need not start.

use std::collections::HashSet;

use crate::engine::Product;
use crate::finding::{Finding, Origin, Severity};
use crate::fleet::{BuildBase, Member, Needed, Orchestrator};
use crate::host::{Host, Isolation, Os};
use crate::image::{Image, NamedImage};
use crate::reason::Pair;
use crate::remedy::{Command, Remedy, RemedyKind, Safety, Shell, Situation, remedies};
use crate::verdict::Verdict;
use crate::version::OsVersion;

use super::ground::{Ground, Outcome};
use super::images::confidence;
use super::mismatch::{needs, reason};
use super::rebuild::{Hosts, Written, other_base};
use super::{evidence, words};

/// The hosts that are Windows, and how they are to build.
struct Builders<'b> {
    /// Their places in the fleet.
    at: &'b [usize],
    members: &'b [&'b Member],
    asked: Option<Isolation>,
}

/// What a host makes of an image that a build needs, where that is not all that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// It does not pull it.
    NotPulled,
    /// It starts no container of it.
    NotStarted,
    /// It may fail to start a container of it.
    Doubtful,
}

/// What cannot be built on the hosts; one finding an image and place.
pub(super) fn findings(ground: &Ground<'_>) -> Vec<Finding> {
    let Some(preflight) = &ground.fleet.preflight else {
        return Vec::new();
    };
    let at: Vec<usize> = (0..ground.fleet.hosts.len())
        .filter(|at| ground.member(*at).host.os == Os::Windows)
        .collect();
    let members: Vec<&Member> = ground.members(&at).collect();
    if members.is_empty() && !ground.fleet.hosts.is_empty() {
        return on_linux(ground, &preflight.bases);
    }
    let mut seen: HashSet<(&Origin, &str)> = HashSet::new();
    preflight
        .bases
        .iter()
        .filter(|base| evidence::of_image(&base.image) == Some(Os::Windows))
        .filter_map(|base| {
            let builders = Builders {
                at: &at,
                members: &members,
                asked: base.isolation.or(preflight.isolation),
            };
            let finding = builders.of(ground, base)?;
            seen.insert((&base.image.origin, &base.image.text))
                .then_some(finding)
        })
        .collect()
}

/// Builds that start Windows containers, where all hosts are Linux. An image of which only files are
/// taken is built there too (BuildKit with `--platform`).
fn on_linux(ground: &Ground<'_>, bases: &[BuildBase]) -> Vec<Finding> {
    let hosts = match ground.fleet.hosts.as_slice() {
        [_] => "the host is Linux",
        _ => "all hosts are Linux",
    };
    let mut seen: HashSet<(&Origin, &str)> = HashSet::new();
    let of = |base: &BuildBase| {
        let Needed::ToRun(run) = &base.needed else {
            return None;
        };
        let (named, origin) = base.image.decisive()?;
        let finding = Finding::new(
            "cannot-build-here",
            Severity::Error,
            base.subject.clone(),
            origin.clone(),
            format!("docker build starts containers of this Windows image, and {hosts}"),
        )
        .label("Windows")
        .confidence(confidence(named))
        .related(run.clone(), "starts a container of it")
        .remedy(Remedy {
            kind: RemedyKind::OtherHost,
            title: "build it on a Windows host".to_owned(),
            safety: Safety::Safe,
            commands: Vec::new(),
            diff: None,
            changes: Vec::new(),
        });
        Some(finding)
    };
    let windows = |base: &&BuildBase| evidence::of_image(&base.image) == Some(Os::Windows);
    bases
        .iter()
        .filter(windows)
        .filter(|base| seen.insert((&base.image.origin, &base.image.text)))
        .filter_map(of)
        .collect()
}

impl Builders<'_> {
    fn of(&self, ground: &Ground<'_>, base: &BuildBase) -> Option<Finding> {
        let (named, origin) = base.image.decisive()?;
        let on_each: Vec<Image> = self
            .members
            .iter()
            .map(|member| named.on(ground.catalog, &member.host))
            .collect();
        let troubles: Vec<Option<Trouble>> = self
            .members
            .iter()
            .zip(&on_each)
            .map(|(member, image)| self.trouble(ground, &member.host, image, &base.needed))
            .collect();
        let fails = |trouble: Trouble| trouble != Trouble::Doubtful;
        let some_fail = troubles.iter().flatten().any(|trouble| fails(*trouble));
        // A doubt is told where nothing worse is.
        let is_told =
            |trouble: Option<Trouble>| trouble.is_some_and(|trouble| fails(trouble) == some_fail);
        // Of several images behind one reference that of the first host that is in trouble.
        let worst = troubles.iter().position(|trouble| is_told(*trouble))?;
        let image = &on_each[worst];
        let (bad, good): (Vec<_>, Vec<_>) = self
            .members
            .iter()
            .copied()
            .zip(troubles.iter().copied())
            .partition(|(_, trouble)| is_told(*trouble));
        let (first, trouble) = *bad.first()?;
        let trouble = trouble?;
        let bad: Vec<&Member> = bad.into_iter().map(|(member, _)| member).collect();
        let verdict = ground.verdict(&first.host, image);
        let (of_image, of_hosts) =
            words::versions(ground.catalog, Orchestrator::Docker, image, &bad);
        let cannot = match trouble {
            Trouble::NotPulled => "cannot pull",
            Trouble::NotStarted => "cannot start",
            Trouble::Doubtful => "may fail to start",
        };
        let on = self.on(bad.len());
        let how = self.how(ground, &bad, image, trouble);
        let all_fail = some_fail && good.is_empty();
        let mut finding = Finding::new(
            "cannot-build-here",
            if all_fail {
                Severity::Error
            } else {
                Severity::Warning
            },
            base.subject.clone(),
            origin.clone(),
            format!("docker build {cannot} {of_image} on {on} ({of_hosts}){how}"),
        )
        .label(self.needs(ground, &first.host, image))
        .confidence(confidence(named));
        if let (Needed::ToRun(run), false) = (&base.needed, trouble == Trouble::NotPulled) {
            finding = finding.related(run.clone(), "starts a container of it");
        }
        if let Some(sentence) = self.why(ground, &first.host, image, &verdict, trouble) {
            finding = finding.note(sentence);
        }
        finding.remedies = self.of_host(ground, named, &first.host, &verdict);
        let is_rebuild = |remedy: &Remedy| remedy.kind == RemedyKind::Rebuild;
        if base.needed != Needed::ForFiles && !finding.remedies.iter().any(is_rebuild) {
            finding.remedies.extend(self.rebuilt(ground, named, origin));
        }
        finding
            .remedies
            .extend(self.isolated(ground, base, &bad, image));
        let fits: Vec<&Member> = good
            .into_iter()
            .filter(|(_, trouble)| trouble.is_none())
            .map(|(member, _)| member)
            .collect();
        finding.remedies.extend(on_another(&fits));
        Some(finding)
    }

    /// What keeps a host from building on an image; of what nobody can tell nothing is said.
    fn trouble(
        &self,
        ground: &Ground<'_>,
        host: &Host,
        image: &Image,
        needed: &Needed,
    ) -> Option<Trouble> {
        if !matches!(needed, Needed::ToRun(_)) {
            return not_pulled(host, image, &ground.verdict(host, image))
                .then_some(Trouble::NotPulled);
        }
        match ground.outcome(host, image, self.asked) {
            Outcome::No => Some(Trouble::NotStarted),
            Outcome::Refused => Some(Trouble::NotPulled),
            // Where a revision is not stated, that is what the rules about tags speak of.
            Outcome::Risk => {
                let stated = host.version.and_then(|version| version.revision).is_some()
                    && !image.revision_inferred;
                stated.then_some(Trouble::Doubtful)
            }
            Outcome::Runs | Outcome::Unknown => None,
        }
    }

    /// What the image needs; of the host's own build its patch level, since the build is met.
    fn needs(&self, ground: &Ground<'_>, host: &Host, image: &Image) -> String {
        let build = |version: OsVersion| version.build;
        match image.version {
            Some(version) if host.version.map(build) == Some(version.build) => version.short(),
            _ => needs(ground, image, self.asked),
        }
    }

    /// `the given host`, `one of the three given hosts`.
    fn on(&self, bad: usize) -> String {
        let given = self
            .members
            .iter()
            .all(|member| member.learnt_from == "--host");
        let which = if given { "given" } else { "declared" };
        match (bad, self.members.len()) {
            (_, 1) => format!("the {which} host"),
            (2, 2) => format!("either of the two {which} hosts"),
            (bad, all) if bad == all => format!("any of the {} {which} hosts", words::number(all)),
            (bad, all) => format!(
                "{} of the {} {which} hosts",
                words::number(bad),
                words::number(all)
            ),
        }
    }

    /// ` with process isolation`, where the isolation decides and is the same on all of these hosts.
    fn how(&self, ground: &Ground<'_>, bad: &[&Member], image: &Image, trouble: Trouble) -> String {
        if trouble == Trouble::NotPulled || bad.iter().any(|bad| is_newer(&bad.host, image)) {
            return String::new();
        }
        let mut isolations = bad.iter().map(|bad| self.isolation(ground, bad, image));
        match isolations.next() {
            Some(one) if isolations.all(|other| other == one) => {
                let name = match one {
                    Isolation::Process => "process",
                    Isolation::Hyperv => "Hyper-V",
                };
                format!(" with {name} isolation")
            }
            _ => String::new(),
        }
    }

    /// The isolation under which a host builds.
    fn isolation(&self, ground: &Ground<'_>, member: &Member, image: &Image) -> Isolation {
        self.asked
            .unwrap_or_else(|| ground.verdict(&member.host, image).default_isolation)
    }

    fn why(
        &self,
        ground: &Ground<'_>,
        host: &Host,
        image: &Image,
        verdict: &Verdict,
        trouble: Trouble,
    ) -> Option<String> {
        let pair = Pair {
            catalog: ground.catalog,
            host,
            image,
        };
        match verdict.pull.filter(|_| verdict.pull_refused()) {
            Some(pull) if trouble == Trouble::NotPulled => {
                let sentence = pair.render_pull(&pull).into_iter().next()?;
                Some(sentence.message)
            }
            _ => reason(ground, host, image, self.asked),
        }
    }

    /// What would help on the host itself: its engine, its patches, and an image at its patch level.
    fn of_host(
        &self,
        ground: &Ground<'_>,
        named: &NamedImage,
        host: &Host,
        verdict: &Verdict,
    ) -> Vec<Remedy> {
        let situation = Situation {
            catalog: ground.catalog,
            image: named,
            host,
            verdict,
            asked: self.asked,
            fleet: &[],
            today: ground.options.today,
            pod: false,
        };
        let build = |version: OsVersion| version.build;
        let same_build = host.version.map(build) == named.image.version.map(build);
        let mut found = remedies(&situation);
        found.retain(|remedy| match remedy.kind {
            RemedyKind::Engine | RemedyKind::PatchHost => true,
            RemedyKind::Rebuild => same_build && self.members.len() == 1,
            _ => false,
        });
        found
    }

    /// The base that all of the hosts can build on.
    fn rebuilt(&self, ground: &Ground<'_>, named: &NamedImage, origin: &Origin) -> Option<Remedy> {
        let written = Written {
            named,
            origin,
            in_build_file: true,
        };
        let hosts = Hosts {
            at: self.at,
            orchestrator: Orchestrator::Docker,
            asked: self.asked,
        };
        other_base(ground, written, &hosts)
    }

    /// The other isolation, where it runs the image on each of these hosts. BuildKit, the builder
    /// of containerd, runs nothing of Windows under Hyper-V (moby/buildkit#5682).
    fn isolated(
        &self,
        ground: &Ground<'_>,
        base: &BuildBase,
        bad: &[&Member],
        image: &Image,
    ) -> Option<Remedy> {
        let other = self.isolation(ground, bad.first()?, image).other();
        let helps = |member: &&Member| {
            let host = &member.host;
            self.isolation(ground, member, image) != other
                && !is_newer(host, image)
                && host
                    .engine
                    .is_none_or(|engine| engine.product == Product::Docker)
                && ground.outcome(host, image, Some(other)) == Outcome::Runs
        };
        bad.iter().all(helps).then(|| Remedy {
            kind: RemedyKind::Isolation,
            title: match other {
                Isolation::Hyperv => {
                    "build it with Hyper-V isolation (the host needs it; a virtual machine needs nested virtualisation)"
                }
                Isolation::Process => "build it with process isolation",
            }
            .to_owned(),
            safety: Safety::Safe,
            commands: match base.subject.kind.as_str() {
                "service" => vec![Command {
                    shell: Shell::Yaml,
                    text: format!("build:\n  isolation: {}", other.name()),
                }],
                _ => docker_build(other, &base.subject.name),
            },
            diff: None,
            changes: Vec::new(),
        })
    }
}

/// Whether the image is of a newer Windows than the host, which neither isolation runs.
fn is_newer(host: &Host, image: &Image) -> bool {
    host.version
        .zip(image.version)
        .is_some_and(|(host, image)| image.build > host.build)
}

/// Whether a host refuses an image before anything starts. Engines pull no newer Windows, and nothing
/// of another architecture; of older ones the rule of the engine that is named decides.
fn not_pulled(host: &Host, image: &Image, verdict: &Verdict) -> bool {
    let other_arch = host
        .arch
        .zip(image.arch)
        .is_some_and(|(host, image)| host != image);
    verdict.pull_refused() || other_arch || is_newer(host, image)
}

fn on_another(fits: &[&Member]) -> Option<Remedy> {
    (!fits.is_empty()).then(|| Remedy {
        kind: RemedyKind::OtherHost,
        title: format!("build it on {}", words::hosts(fits.iter().copied())),
        safety: Safety::Unsafe,
        commands: Vec::new(),
        diff: None,
        changes: Vec::new(),
    })
}

/// `docker build` of a Dockerfile in its own folder, once where all shells read the line alike.
fn docker_build(isolation: Isolation, dockerfile: &str) -> Vec<Command> {
    /// The name of a text that has no file; `docker build -` reads it as winfit does.
    const STDIN: &str = "standard input";
    let flag = format!("--isolation={}", isolation.name());
    if dockerfile == STDIN {
        return vec![Command {
            shell: Shell::Any,
            text: format!("docker build {flag} -"),
        }];
    }
    // A dash in front would make it an option.
    let here = if dockerfile.starts_with('-') {
        "./"
    } else {
        ""
    };
    let dockerfile = &format!("{here}{dockerfile}");
    let (folder, name) = dockerfile.rsplit_once('/').unwrap_or((".", dockerfile));
    let folder = if folder.is_empty() { "/" } else { folder };
    let line = |quote: fn(&str) -> String| {
        if name == "Dockerfile" {
            format!("docker build {flag} {}", quote(folder))
        } else {
            format!(
                "docker build {flag} --file {} {}",
                quote(dockerfile),
                quote(folder)
            )
        }
    };
    if is_plain(dockerfile) {
        return vec![Command {
            shell: Shell::Any,
            text: line(str::to_owned),
        }];
    }
    vec![
        Command {
            shell: Shell::PowerShell,
            text: line(|text| format!("'{}'", text.replace('\'', "''"))),
        },
        Command {
            shell: Shell::Sh,
            text: line(|text| format!("'{}'", text.replace('\'', r"'\''"))),
        },
    ]
}

/// Whether every shell takes a path as it is.
fn is_plain(path: &str) -> bool {
    path.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_the_file_as_each_shell_reads_it() {
        let lines = |path: &str| -> Vec<String> {
            docker_build(Isolation::Hyperv, path)
                .into_iter()
                .map(|command| format!("{}: {}", command.shell.name(), command.text))
                .collect()
        };
        for (path, expected) in [
            (
                "Dockerfile",
                &["any: docker build --isolation=hyperv ."][..],
            ),
            (
                "web/Dockerfile",
                &["any: docker build --isolation=hyperv web"],
            ),
            ("/Dockerfile", &["any: docker build --isolation=hyperv /"]),
            (
                "standard input",
                &["any: docker build --isolation=hyperv -"],
            ),
            (
                "web/win.Dockerfile",
                &["any: docker build --isolation=hyperv --file web/win.Dockerfile web"],
            ),
            (
                "-w/Dockerfile",
                &["any: docker build --isolation=hyperv ./-w"],
            ),
            (
                "it's $(here)/Dockerfile",
                &[
                    "powershell: docker build --isolation=hyperv 'it''s $(here)'",
                    r"sh: docker build --isolation=hyperv 'it'\''s $(here)'",
                ],
            ),
        ] {
            assert_eq!(lines(path), expected, "{path}");
        }
    }
}
