//! Images that do not start where their placement lets them.

use std::collections::HashSet;

use crate::finding::{Finding, Origin, Severity};
use crate::fleet::{Build, Member, Orchestrator};
use crate::host::{Host, HypervOffer, Isolation, Kind, Os};
use crate::image::Image;
use crate::placement::Placement;
use crate::reason::{Pair, telling};
use crate::remedy::RemedyKind;
use crate::verdict::{Answer, Reason};
use crate::version::OsVersion;

use super::classes::other_class;
use super::ground::{Ground, Outcome, as_judged};
use super::images::confidence;
use super::place::{Spot, Use};
use super::rebuild::{Hosts, Written, other_base};
use super::{evidence, words};

impl<'a> Spot<'a> {
    /// What is wrong with each image on the hosts that may get it; one finding an image and place.
    pub(super) fn image_mismatches(&self, ground: &Ground<'a>) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut seen: HashSet<(&str, bool, &Origin)> = HashSet::new();
        let mixed = self.mixed_os().is_some();
        for image in &self.uses {
            // That it shares a pod with Windows images is said already.
            if mixed && image.image.os == Os::Linux {
                continue;
            }
            let container = image.container;
            let text = container.image.text.as_str();
            // A comment beside one line says nothing of another line.
            if !seen.insert((text, container.host_process, image.origin())) {
                continue;
            }
            if let Some(finding) = self.against_stated_os(ground, image) {
                found.push(finding);
                continue;
            }
            found.extend(if self.declared == 0 {
                self.against_selector(ground, image)
            } else if self.candidates.is_empty() {
                self.against_unsure(ground, image)
            } else {
                self.against_candidates(ground, image)
            });
        }
        found
    }

    fn against_candidates(&self, ground: &Ground<'a>, image: &Use<'a>) -> Option<Finding> {
        let of = |outcome| image.with(outcome).collect::<Vec<usize>>();
        let (no, refused, risk) = (of(Outcome::No), of(Outcome::Refused), of(Outcome::Risk));
        // Whoever runs `docker run` chooses the host: one that fits is enough.
        let all_fail = no.len() + refused.len() + risk.len() == self.candidates.len();
        if self.workload.orchestrator == Orchestrator::Docker && !all_fail {
            return None;
        }
        if self.workload.orchestrator == Orchestrator::Docker && !risk.is_empty() {
            return Some(self.may_not_start(ground, image, &risk));
        }
        if !no.is_empty() {
            return self.build_mismatch(ground, image, &no);
        }
        if !refused.is_empty() {
            return Some(self.pull_refused(ground, image, &refused));
        }
        (!risk.is_empty()).then(|| self.may_not_start(ground, image, &risk))
    }

    /// `one of the three hosts that Deployment shop/web may use`.
    fn hosts_phrase(&self, bad: usize) -> String {
        let total = self.candidates.len();
        let docker = self.workload.orchestrator == Orchestrator::Docker;
        // A container that is there has a host already.
        if docker && self.workload.subject.kind == "container" {
            return format!("the host of {}", self.workload.subject.in_words());
        }
        let noun = if total == 1 { "host" } else { "hosts" };
        let hosts = if docker {
            format!("declared {noun}")
        } else {
            format!("{noun} that {} may use", self.workload.subject.in_words())
        };
        match (bad, total) {
            (_, 1) => format!("the only {hosts}"),
            (2, 2) => format!("either of the two {hosts}"),
            (bad, total) if bad == total => format!("any of the {} {hosts}", words::number(total)),
            (bad, total) => format!(
                "{} of the {} {hosts}",
                words::number(bad),
                words::number(total)
            ),
        }
    }

    fn members(&self, ground: &Ground<'a>, positions: &[usize]) -> Vec<&'a Member> {
        positions
            .iter()
            .map(|position| ground.member(self.candidates[*position]))
            .collect()
    }

    /// A finding about an image and the hosts at these positions, with its places and reasons.
    fn about(
        &self,
        ground: &Ground<'a>,
        image: &Use<'a>,
        positions: &[usize],
        rule: &'static str,
        severity: Severity,
        cannot: &str,
    ) -> Finding {
        let bad = self.members(ground, positions);
        let (of_image, of_hosts) = words::versions(
            ground.catalog,
            self.workload.orchestrator,
            &image.image,
            &bad,
        );
        // Of one build on both sides the patch levels decide: "needs 26100 or newer" would be met.
        let same_build = bad.iter().any(|member| {
            let build = |version: OsVersion| version.build;
            member.host.version.map(build) == image.image.version.map(build)
                && member.host.version.is_some()
        });
        let linux = bad.iter().all(|member| member.host.os == Os::Linux);
        let own = image.image.version.filter(|_| same_build);
        let label = if let Some(version) = own {
            version.short()
        } else if linux {
            for_linux(ground, &image.image)
        } else {
            self.needs(ground, &image.image)
        };
        let message = format!(
            "{of_image} {cannot} on {} ({of_hosts})",
            self.hosts_phrase(positions.len())
        );
        let mut finding = Finding::new(
            rule,
            severity,
            self.workload.subject.clone(),
            image.origin().clone(),
            message,
        )
        .label(label)
        .confidence(image.confidence());
        if let Some(origin) = self.admitting_origin() {
            let hosts = if same_build {
                words::listed(&bad, |member| words::host_in_full(member))
            } else {
                words::hosts(bad.iter().copied())
            };
            let admits = format!("admits {hosts}");
            finding = finding.related(origin.clone(), admits);
        }
        if image.is_built() {
            finding = finding.related(
                image.container.image.origin.clone(),
                "the image that is built from it",
            );
        }
        for sentence in self.reasons(ground, image, positions) {
            finding = finding.note(sentence);
        }
        if let Some(missing) = &self.missing {
            finding = finding.note(format!(
                "of {} more nobody can tell whether the placement admits them: {missing} is not stated",
                words::counted(self.unsure.len(), "host")
            ));
        }
        finding
    }

    fn build_mismatch(
        &self,
        ground: &Ground<'a>,
        image: &Use<'a>,
        positions: &[usize],
    ) -> Option<Finding> {
        // Of these the rules about isolation speak.
        if self.lacks_hyperv(ground, image) || self.process_cannot_work(ground, image) {
            return None;
        }
        let mut finding = self.about(
            ground,
            image,
            positions,
            "build-mismatch",
            Severity::Error,
            "cannot start",
        );
        let linux: Vec<&Member> = self
            .members(ground, positions)
            .into_iter()
            .filter(|member| member.host.os == Os::Linux)
            .collect();
        if image.image.os == Os::Windows && !linux.is_empty() && self.os.is_none() {
            finding = finding.note(format!(
                "nothing keeps it off Linux ({}): select kubernetes.io/os: windows",
                words::listed(&linux, |member| member.name.clone())
            ));
        }
        finding.remedies = self.remedies(ground, image);
        if let Some(position) = positions.iter().find(|position| {
            let host = self.host(ground, self.candidates[**position]);
            host.version.map(|version| version.build)
                == image.image.version.map(|version| version.build)
        }) {
            let kinds = [RemedyKind::PatchHost, RemedyKind::Rebuild];
            let patches = self.remedies_for(ground, image, *position, &kinds);
            finding.remedies.splice(0..0, patches);
        }
        Some(finding)
    }

    fn pull_refused(&self, ground: &Ground<'a>, image: &Use<'a>, positions: &[usize]) -> Finding {
        let mut finding = self
            .about(
                ground,
                image,
                positions,
                "pull-refused",
                Severity::Error,
                "would run, but is not pulled,",
            )
            .label("not pulled");
        let position = positions[0];
        let host = self.host(ground, self.candidates[position]);
        if let Some(pull) = ground.verdict(&host, &image.image).pull {
            let pair = Pair {
                catalog: ground.catalog,
                host: &host,
                image: &image.image,
            };
            let sentences = pair.render_pull(&pull).into_iter().take(1);
            finding
                .notes
                .splice(0..0, sentences.map(|reason| reason.message));
        }
        finding.remedies = self.remedies_for(ground, image, position, &[RemedyKind::Engine]);
        finding.remedies.extend(self.remedies(ground, image));
        finding
    }

    fn may_not_start(&self, ground: &Ground<'a>, image: &Use<'a>, positions: &[usize]) -> Finding {
        let mut finding = self.about(
            ground,
            image,
            positions,
            "may-not-start",
            Severity::Warning,
            "may not start",
        );
        let kinds = [RemedyKind::PatchHost, RemedyKind::Rebuild];
        finding.remedies = self.remedies_for(ground, image, positions[0], &kinds);
        finding
    }

    /// Where no host is declared, the versions that the placement demands stand for them.
    fn against_selector(&self, ground: &Ground<'a>, image: &Use<'a>) -> Option<Finding> {
        if let Some(finding) = self.against_linux_selector(ground, image) {
            return Some(finding);
        }
        let (selected, host) = self.selected.iter().find_map(|selected| {
            let host = Host::windows(selected.version).with_kind(Kind::Server);
            let fails = image.outcome(ground, &host, self.asked) == Outcome::No;
            fails.then_some((selected, host))
        })?;
        let demanded = words::release(ground.catalog, selected.version.build);
        // Of several builds one is admitted, not demanded.
        let several = self
            .selected
            .iter()
            .any(|other| other.version.build != selected.version.build);
        let this = words::this_image(ground.catalog, &image.image, None);
        let workload = self.workload.subject.in_words();
        let (message, verb) = if several {
            (
                format!(
                    "{this} cannot start on all nodes that the placement of {workload} admits: it admits {demanded}"
                ),
                "admits",
            )
        } else {
            (
                format!(
                    "{this} cannot start where the placement of {workload} puts it: the selector demands {demanded}"
                ),
                "demands",
            )
        };
        let mut finding = Finding::new(
            "build-mismatch",
            Severity::Error,
            self.workload.subject.clone(),
            image.origin().clone(),
            message,
        )
        .label(self.needs(ground, &image.image))
        .confidence(image.confidence())
        .related(
            selected.origin.clone(),
            format!("{verb} {}", selected.version.short()),
        );
        if image.is_built() {
            finding = finding.related(
                image.container.image.origin.clone(),
                "the image that is built from it",
            );
        }
        if let Some(sentence) = reason(ground, &host, &image.image, self.asked) {
            finding = finding.note(sentence);
        }
        let pod = self.workload.orchestrator == Orchestrator::Kubernetes;
        if let Some(version) = image.image.version.filter(|_| pod) {
            finding.remedies.extend(match self.choosing_class() {
                Some(class) => other_class(ground, class, &[version.build], self.pod_spec()),
                None => Some(self.place_on_builds(&[version.build])),
            });
        }
        Some(finding)
    }

    /// A selector that demands Linux nodes for an image that is for Windows.
    fn against_linux_selector(&self, ground: &Ground<'a>, image: &Use<'a>) -> Option<Finding> {
        let (os, origin) = match self.placement.as_ref() {
            Placement::Anywhere => return None,
            Placement::Pod(pod) => {
                let (os, demand) = pod.selected_os()?;
                (os.to_owned(), &demand.origin)
            }
            Placement::Swarm(swarm) => {
                let (os, written) = swarm.selected_os()?;
                (os, &written.origin)
            }
        };
        if os != Os::Linux.name() || image.image.os != Os::Windows {
            return None;
        }
        Some(
            self.for_linux(
                ground,
                image,
                &format!(
                    "cannot start where the placement of {} puts it: the selector demands Linux",
                    self.workload.subject.in_words()
                ),
            )
            .related(origin.clone(), "demands Linux"),
        )
    }

    /// A pod that states Linux (`spec.os.name`), with an image for Windows.
    fn against_stated_os(&self, ground: &Ground<'a>, image: &Use<'a>) -> Option<Finding> {
        if image.image.os != Os::Windows || !self.states_other_os(image.image.os) {
            return None;
        }
        Some(
            self.for_linux(
                ground,
                image,
                &format!(
                    "cannot start: {} states that it is for Linux",
                    self.workload.subject.in_words()
                ),
            )
            .related(self.workload.origin.clone(), "spec.os.name is linux")
            .note("a kubelet admits no pod whose spec.os.name is another system than its own"),
        )
    }

    fn for_linux(&self, ground: &Ground<'a>, image: &Use<'a>, cannot: &str) -> Finding {
        let this = words::this_image(ground.catalog, &image.image, None);
        Finding::new(
            "build-mismatch",
            Severity::Error,
            self.workload.subject.clone(),
            image.origin().clone(),
            format!("{this} {cannot}"),
        )
        .label(for_linux(ground, &image.image))
        .confidence(image.confidence())
    }

    /// The place that lets it onto its hosts: the demand on the operating system, else the first demand,
    /// else the pod's spec.
    pub(super) fn admitting_origin(&self) -> Option<&Origin> {
        match self.placement.as_ref() {
            Placement::Anywhere => None,
            Placement::Pod(pod) => {
                let terms = pod.terms.iter().flatten().flatten();
                pod.selected_os()
                    .map(|(_, requirement)| requirement)
                    .or_else(|| pod.node_selector.iter().chain(terms).next())
                    .map(|requirement| &requirement.origin)
                    .or(pod.node_name.as_ref().map(|name| &name.origin))
                    .or(pod.origin.as_ref())
            }
            Placement::Swarm(swarm) => swarm
                .selected_os()
                .map(|(_, written)| written)
                .or(swarm.constraints.first())
                .map(|written| &written.origin),
        }
    }

    /// What the image needs, in a few words.
    fn needs(&self, ground: &Ground<'a>, image: &Image) -> String {
        needs(ground, image, self.asked)
    }

    /// Why it does not start, one sentence a reason that differs.
    fn reasons(&self, ground: &Ground<'a>, image: &Use<'a>, positions: &[usize]) -> Vec<String> {
        const MOST: usize = 2;
        let mut known: Vec<Reason> = Vec::new();
        let mut sentences = Vec::new();
        for position in positions {
            let host = self.host(ground, self.candidates[*position]);
            let Some((reason, isolation)) = deciding(ground, &host, &image.image, self.asked)
            else {
                continue;
            };
            if known.iter().any(|known| alike(*known, reason)) {
                continue;
            }
            known.push(reason);
            sentences.push(sentence(ground, &host, &image.image, reason, isolation));
            if known.len() == MOST {
                break;
            }
        }
        sentences
    }

    /// Hyper-V isolation is asked for and some candidate offers none.
    pub(super) fn lacks_hyperv(&self, ground: &Ground<'a>, image: &Use<'a>) -> bool {
        self.asked == Some(Isolation::Hyperv)
            && !image.image.host_process
            && self.candidates.iter().any(|at| {
                let host = self.host(ground, *at);
                host.os == Os::Windows && host.hyperv_offer(ground.catalog) == HypervOffer::No
            })
    }

    /// Process isolation is asked for, works on no candidate, and Hyper-V isolation would.
    pub(super) fn process_cannot_work(&self, ground: &Ground<'a>, image: &Use<'a>) -> bool {
        let asked = self.workload.isolation.as_ref().map(|asked| asked.value);
        asked == Some(Isolation::Process)
            && !self.candidates.is_empty()
            && self.candidates.iter().all(|at| {
                let verdict = ground.verdict(&self.host(ground, *at), &image.image);
                verdict.answers.process.answer == Answer::No && verdict.answers.hyperv.answer.runs()
            })
    }
}

/// `needs 20348 or newer`; where newer hosts do not run it, the release's name.
pub(super) fn needs(ground: &Ground<'_>, image: &Image, asked: Option<Isolation>) -> String {
    let Some(version) = image.version.filter(|_| image.os == Os::Windows) else {
        return match image.os {
            Os::Linux => "a Linux image".to_owned(),
            Os::Windows => "a Windows image".to_owned(),
        };
    };
    let newest_server = ground
        .catalog
        .releases
        .iter()
        .filter(|release| release.kind == Kind::Server)
        .map(|release| release.build)
        .max();
    let on_newer = newest_server.is_some_and(|newest| {
        let host = Host::windows(OsVersion::of_build(newest)).with_kind(Kind::Server);
        newest >= version.build
            && ground.outcome(&host, image, Some(asked.unwrap_or(Isolation::Process)))
                != Outcome::No
    });
    if on_newer {
        format!("needs {} or newer", version.build)
    } else {
        words::release(ground.catalog, version.build)
    }
}

/// What an image is, against hosts that run Linux: no build of theirs would be newer.
pub(super) fn for_linux(ground: &Ground<'_>, image: &Image) -> String {
    match image.version.filter(|_| image.os == Os::Windows) {
        Some(version) => words::release(ground.catalog, version.build),
        None => needs(ground, image, None),
    }
}

/// Why an image does not start on a host, and the isolation that this is about.
fn deciding(
    ground: &Ground<'_>,
    host: &Host,
    image: &Image,
    asked: Option<Isolation>,
) -> Option<(Reason, Isolation)> {
    let verdict = ground.verdict(host, image);
    let isolation = asked.unwrap_or(verdict.default_isolation);
    let judgement = verdict.answers.of(isolation);
    if judgement.answer.runs() {
        return None;
    }
    Some((telling(ground.catalog, judgement)?, isolation))
}

/// Whether two reasons make the same sentence but for the versions in it.
fn alike(one: Reason, other: Reason) -> bool {
    match (one, other) {
        (Reason::Break { row, .. }, Reason::Break { row: other, .. }) => row == other,
        _ => std::mem::discriminant(&one) == std::mem::discriminant(&other),
    }
}

fn sentence(
    ground: &Ground<'_>,
    host: &Host,
    image: &Image,
    reason: Reason,
    isolation: Isolation,
) -> String {
    let pair = Pair {
        catalog: ground.catalog,
        host,
        image,
    };
    pair.render(reason, isolation).message
}

/// The sentence that says why an image does not start on a host.
pub(super) fn reason(
    ground: &Ground<'_>,
    host: &Host,
    image: &Image,
    asked: Option<Isolation>,
) -> Option<String> {
    let (reason, isolation) = deciding(ground, host, image, asked)?;
    Some(sentence(ground, host, image, reason, isolation))
}

/// An image that a Dockerfile builds and no workload uses: whether any declared Windows host runs it.
pub(super) fn unused_build(ground: &Ground<'_>, build: &Build) -> Option<Finding> {
    if build.used || evidence::of_image(&build.base) != Some(Os::Windows) {
        return None;
    }
    let (named, origin) = build.base.decisive()?;
    // Nothing says how it is run but what says how it is built.
    let preflight = ground.fleet.preflight.as_ref();
    let asked = preflight.and_then(|preflight| preflight.isolation);
    let at: Vec<usize> = (0..ground.fleet.hosts.len())
        .filter(|at| ground.member(*at).host.os == Os::Windows)
        .collect();
    let hosts: Vec<&Member> = ground.members(&at).collect();
    let fails = |member: &&Member| {
        let orchestrator = member.orchestrator.unwrap_or(Orchestrator::Docker);
        let host = as_judged(&member.host, orchestrator);
        ground.outcome(&host, &named.image, asked) == Outcome::No
    };
    let first = hosts.first()?;
    if !hosts.iter().all(fails) {
        return None;
    }
    let which = match hosts.len() {
        1 => "the only declared Windows host".to_owned(),
        2 => "either of the two declared Windows hosts".to_owned(),
        many => format!("any of the {} declared Windows hosts", words::number(many)),
    };
    let host = as_judged(
        &first.host,
        first.orchestrator.unwrap_or(Orchestrator::Docker),
    );
    let finding = Finding::new(
        "build-mismatch",
        Severity::Error,
        build.subject.clone(),
        origin.clone(),
        format!(
            "{} cannot start on {which} ({})",
            words::this_image(ground.catalog, &named.image, None),
            words::releases(ground.catalog, Orchestrator::Docker, hosts.iter().copied())
        ),
    )
    .label(needs(ground, &named.image, asked))
    .confidence(confidence(named));
    let mut finding = match reason(ground, &host, &named.image, asked) {
        Some(sentence) => finding.note(sentence),
        None => finding,
    };
    let written = Written {
        named,
        origin,
        in_build_file: true,
    };
    let hosts = Hosts {
        at: &at,
        orchestrator: first.orchestrator.unwrap_or(Orchestrator::Docker),
        asked,
    };
    finding.remedies.extend(other_base(ground, written, &hosts));
    Some(finding)
}
