//! Containers of one pod against each other, RuntimeClasses, and the isolation asked for.

use crate::change::PodChange;
use crate::finding::{Finding, Origin, Severity};
use crate::fleet::{Member, Orchestrator};
use crate::host::{Host, HypervOffer, Isolation, Kind, Os};
use crate::placement::Placement;
use crate::remedy::Remedy;
use crate::version::OsVersion;

use super::ground::{Ground, Outcome};
use super::place::{Spot, Use};
use super::remedies::yaml;
use super::{evidence, words};

impl<'a> Spot<'a> {
    fn finding(
        &self,
        rule: &'static str,
        severity: Severity,
        origin: &Origin,
        message: String,
    ) -> Finding {
        Finding::new(
            rule,
            severity,
            self.workload.subject.clone(),
            origin.clone(),
            message,
        )
    }

    /// The pod and its RuntimeClass select different values of one label.
    pub(super) fn class_conflict(&self) -> Option<Finding> {
        let (conflict, class) = (self.conflict.as_ref()?, self.class?);
        let (key, pod, of_class) = (&conflict.key, &conflict.pod, &conflict.class);
        Some(
            self.finding(
                "runtime-class-conflict",
                Severity::Error,
                &pod.origin,
                format!(
                    "no such pod can be made: it selects {key}={}, its RuntimeClass {} selects {key}={}",
                    pod.value, class.name, of_class.value
                ),
            )
            .label(format!("the class wants {}", of_class.value))
            .related(
                of_class.origin.clone(),
                format!("RuntimeClass {} selects another value", class.name),
            )
            .note(
                "a pod takes on the selector of its RuntimeClass as well; leave the label to the \
                 class, or name another class",
            )
            .remedy(Remedy {
                commands: Vec::new(),
                changes: self.pod_change(PodChange {
                    lift: vec![key.clone()],
                    ..PodChange::default()
                }),
                ..yaml(format!("leave {key} to the class"), String::new())
            }),
        )
    }

    /// Images for Linux and for Windows in one pod, evident on both sides.
    pub(super) fn mixed_os(&self) -> Option<Finding> {
        if self.workload.orchestrator != Orchestrator::Kubernetes {
            return None;
        }
        let first = |os| {
            self.workload
                .containers
                .iter()
                .find(|container| evidence::of_image(&container.image) == Some(os))
        };
        let (linux, windows) = (first(Os::Linux)?, first(Os::Windows)?);
        Some(
            self.finding(
                "mixed-os-pod",
                Severity::Error,
                &linux.image.origin,
                format!(
                    "no node runs this pod: container {} is for Linux, container {} for Windows",
                    linux.name, windows.name
                ),
            )
            .label("for Linux")
            .related(windows.image.origin.clone(), "for Windows")
            .note("a pod runs on one node, and a node has one operating system; split the pod"),
        )
    }

    /// Images that no Windows runs together under process isolation.
    pub(super) fn mixed_builds(&self, ground: &Ground<'a>) -> Option<Finding> {
        if self.workload.orchestrator != Orchestrator::Kubernetes
            || self.asked == Some(Isolation::Hyperv)
        {
            return None;
        }
        let images: Vec<(&Use<'a>, OsVersion)> = self
            .uses
            .iter()
            .filter(|found| found.image.os == Os::Windows && !found.image.host_process)
            .filter_map(|found| Some((found, found.image.version?)))
            .collect();
        // One that has an image for each build mixes nothing.
        let mut fixed = images.iter().filter(|(found, _)| !found.is_choice());
        let (first, of_first) = fixed.next()?;
        let (other, of_other) = fixed.find(|(_, version)| version.build != of_first.build)?;
        let runs_all = |build: u16, kind: Kind| {
            let host = Host::windows(OsVersion::of_build(build)).with_kind(kind);
            images.iter().all(|(found, _)| {
                found.outcome(ground, &host, Some(Isolation::Process)) != Outcome::No
            })
        };
        let somewhere = ground
            .catalog
            .releases
            .iter()
            .any(|release| runs_all(release.build, release.kind));
        if somewhere {
            return None;
        }
        let release = |version: &OsVersion| words::release(ground.catalog, version.build);
        Some(
            self.finding(
                "pod-mixes-builds",
                Severity::Error,
                other.origin(),
                format!(
                    "no Windows runs all containers of this pod: {} is {}, {} is {}",
                    first.container.name,
                    release(of_first),
                    other.container.name,
                    release(of_other)
                ),
            )
            .label(of_other.build.to_string())
            .confidence(first.confidence().min(other.confidence()))
            .related(first.origin().clone(), of_first.build.to_string())
            .note("process-isolated containers share the node's kernel; build all images of a pod on one release"),
        )
    }

    /// Where Hyper-V isolation is asked for.
    fn asked_at(&self) -> Option<&Origin> {
        let of_class = || match self.placement.as_ref() {
            Placement::Pod(pod) => pod.runtime_class.as_ref().map(|name| &name.origin),
            _ => None,
        };
        self.workload
            .isolation
            .as_ref()
            .map(|isolation| &isolation.origin)
            .or_else(of_class)
    }

    /// Hyper-V isolation is asked for where hosts offer none, or do not say.
    pub(super) fn hyperv_offered(&self, ground: &Ground<'a>) -> Option<Finding> {
        if self.asked != Some(Isolation::Hyperv)
            || self.uses.iter().all(|found| found.image.host_process)
        {
            return None;
        }
        let origin = self.asked_at()?;
        let with = |offer: HypervOffer| -> Vec<&'a Member> {
            ground
                .members(&self.candidates)
                .filter(|member| {
                    member.host.os == Os::Windows
                        && member.host.hyperv_offer(ground.catalog) == offer
                })
                .collect()
        };
        let (none, open) = (with(HypervOffer::No), with(HypervOffer::NotStated));
        let (rule, severity, members, says) = if none.is_empty() {
            (
                "hyperv-not-stated",
                Severity::Info,
                open,
                "nothing says that its hosts have",
            )
        } else {
            (
                "hyperv-unavailable",
                Severity::Error,
                none,
                "these of its hosts do not have",
            )
        };
        let first = members.first()?;
        let finding = self
            .finding(
                rule,
                severity,
                origin,
                format!(
                    "{} asks for Hyper-V isolation, which {says}: {}",
                    self.workload.subject.in_words(),
                    words::hosts(members.iter().copied())
                ),
            )
            .label("asks for Hyper-V isolation");
        let platform = first
            .host
            .platform
            .and_then(|at| ground.catalog.platforms.get(usize::from(at)));
        let finding = match (platform, first.host.hyperv) {
            (Some(platform), None) if platform.hyperv == Some(false) => {
                finding.note(format!("{} offers no Hyper-V isolation", platform.name))
            }
            (Some(platform), None) => finding.note(format!(
                "{} documents no Hyper-V isolation; say which hosts have it: hyperv = true in winfit.toml, or --host HOST,hyperv=on",
                platform.name
            )),
            _ => finding,
        };
        Some(match self.class {
            Some(class) if self.workload.isolation.is_none() => finding.related(
                class.handler.origin.clone(),
                format!("{} isolates with Hyper-V", class.handler.value),
            ),
            _ => finding,
        })
    }

    /// Process isolation is asked for where only Hyper-V isolation can work.
    pub(super) fn process_isolation(&self, ground: &Ground<'a>) -> Option<Finding> {
        let isolation = self.workload.isolation.as_ref()?;
        let image = self
            .uses
            .iter()
            .find(|image| self.process_cannot_work(ground, image))?;
        let members = ground.members(&self.candidates);
        let first = self.host(ground, self.candidates[0]);
        let mut finding = self
            .finding(
                "process-isolation-cannot-work",
                Severity::Error,
                &isolation.origin,
                format!(
                    "process isolation cannot start this image, {}, on its hosts ({}); Hyper-V isolation can",
                    words::image(ground.catalog, &image.image),
                    words::releases(ground.catalog, self.workload.orchestrator, members)
                ),
            )
            .label("only hyperv works")
            .confidence(image.confidence())
            .related(
                image.origin().clone(),
                words::image(ground.catalog, &image.image),
            );
        finding.remedies.extend(self.other_base(ground, image));
        finding = finding.remedy(self.isolate_with_hyperv());
        Some(
            match super::mismatch::reason(ground, &first, &image.image, self.asked) {
                Some(sentence) => finding.note(sentence),
                None => finding,
            },
        )
    }
}
