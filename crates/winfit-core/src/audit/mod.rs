//! The audit: every workload on every host that its placement admits, judged.
//!
//! One function for files, Docker, Swarm and Kubernetes.

mod admitted;
mod classes;
pub mod currency;
mod evidence;
mod ground;
mod images;
mod index;
mod labels;
mod mismatch;
mod no_host;
mod place;
mod pods;
mod preflight;
mod rebuild;
mod remedies;
mod selectors;
pub mod standing;
mod unlabelled;
mod unsure;
mod words;

use std::collections::HashSet;

use time::Date;

use crate::catalog::Catalog;
use crate::finding::{Finding, Origin, Rule};
use crate::fleet::{Fleet, Member};
use crate::host::{Isolation, Os};

use self::ground::Ground;
use self::place::Spot;

pub use self::admitted::{Admitted, Fares, Reach, admitted, reaches};
pub use self::images::image_findings;
pub use self::index::{RULES as INDEX_RULES, index_findings};

/// What an audit needs beside the fleet.
#[derive(Debug, Clone, Copy)]
pub struct AuditOptions {
    /// The day for dates of support.
    pub today: Date,
    /// Support that ends within so many days is a warning.
    pub eol_within: i64,
}

/// How a workload is placed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placed {
    /// Something tells that it is for Windows.
    pub windows: bool,
    /// The hosts that its placement admits and that take new work.
    pub candidates: usize,
    /// Those of them on which every image runs.
    pub fit: usize,
    /// Hosts of which nobody can tell whether the placement admits them.
    pub unsure: usize,
    /// What the first of them does not state (`label agentpool`), where a workload for Windows has no
    /// candidates for that reason: it was not judged. None: it was, or is not for Windows.
    pub missing: Option<String>,
}

/// What an audit found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// One entry a workload, in the order of the fleet.
    pub placed: Vec<Placed>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

const fn rule(name: &'static str, summary: &'static str) -> Rule {
    Rule { name, summary }
}

/// The rules of the audit, each with a page in `docs/rules/`.
pub const RULES: &[Rule] = &[
    rule(
        "build-mismatch",
        "The image cannot start on hosts that its placement admits",
    ),
    rule(
        "may-not-start",
        "The image may fail on hosts that its placement admits",
    ),
    rule(
        "pull-refused",
        "The image would run, but the engine does not pull it",
    ),
    rule(
        "cannot-build-here",
        "A host cannot build the Dockerfile: it does not start or pull a stage's image",
    ),
    rule(
        "no-host-for-placement",
        "No declared host satisfies the placement",
    ),
    rule(
        "only-fit-host-unavailable",
        "The only hosts that fit take no new work",
    ),
    rule(
        "exact-build-selector",
        "The placement demands one build and forbids other hosts that fit",
    ),
    rule(
        "no-placement",
        "Nothing says where a Windows workload runs, and its hosts differ",
    ),
    rule(
        "unknown-image-version",
        "Nothing says which Windows the image is built on",
    ),
    rule(
        "mixed-os-pod",
        "One pod has images for Linux and for Windows",
    ),
    rule(
        "pod-mixes-builds",
        "No Windows runs all the containers of the pod",
    ),
    rule(
        "runtime-class-conflict",
        "The pod and its RuntimeClass select different values of one label",
    ),
    rule(
        "hyperv-unavailable",
        "Hyper-V isolation is asked for on hosts that offer none",
    ),
    rule(
        "hyperv-not-stated",
        "Hyper-V isolation is asked for where nothing says that it is offered",
    ),
    rule(
        "process-isolation-cannot-work",
        "Process isolation is asked for where only Hyper-V isolation works",
    ),
    rule(
        "label-contradiction",
        "A node's labels and its own facts say different versions",
    ),
    rule("latest-removed", "The base images have no latest any more"),
    rule("old-image-name", "The base image has another name today"),
    rule("image-as-written", "No image can be there under this name"),
    rule(
        "base-behind-patches",
        "The base image is pinned below the newest update known",
    ),
    rule(
        "base-out-of-support",
        "The support of the base image has ended",
    ),
    rule(
        "base-support-ending",
        "The support of the base image ends soon",
    ),
    rule("floating-base", "A base image floats where a pin is wanted"),
    rule(
        "unresolved-variable",
        "A variable in the image's name has no value",
    ),
];

/// Places every workload on every host that its placement admits, and judges the pairs.
///
/// Findings come in the order of the workloads, then of the builds that nothing uses, then of the hosts.
/// Of a workload without evidence that it is for Windows nothing is said.
pub fn audit(catalog: &Catalog, fleet: &Fleet, options: &AuditOptions) -> Audit {
    let ground = Ground::new(catalog, fleet, options);
    let mut audit = Audit::default();
    let mut seen: HashSet<&Origin> = HashSet::new();
    for workload in &fleet.workloads {
        let spot = Spot::find(&ground, workload);
        let windows = spot.is_windows();
        audit.placed.push(Placed {
            windows,
            candidates: spot.candidates.len(),
            fit: spot.fit(),
            unsure: spot.unsure.len(),
            missing: spot.not_judged().map(str::to_owned),
        });
        if windows {
            of_workload(&ground, &spot, &mut audit.findings);
        } else {
            audit.findings.extend(spot.perhaps_no_placement(&ground));
        }
        for container in &workload.containers {
            let image = &container.image;
            // What a Dockerfile of the repository builds on is checked where it stands.
            if image.built_from.is_some() || !seen.insert(&image.origin) {
                continue;
            }
            let stated = windows && spot.os == Some(Os::Windows);
            if stated && !image.unresolved.is_empty() {
                let finding = images::unresolved_variable(image, &workload.subject);
                audit.findings.push(finding);
            } else {
                let hosts: Vec<&Member> = ground.members(&spot.candidates).collect();
                let mut found = image_findings(catalog, image, &workload.subject, options, &hosts);
                // Under Hyper-V isolation the revisions may differ.
                found.retain(|finding| {
                    finding.rule != "floating-base" || spot.asked != Some(Isolation::Hyperv)
                });
                audit.findings.extend(found);
            }
        }
    }
    let not_built = preflight::findings(&ground);
    let unused = fleet.builds.iter();
    audit.findings.extend(
        unused
            .filter_map(|build| mismatch::unused_build(&ground, build))
            // What cannot even be built there need not also be told not to start there.
            .filter(|unused| not_built.iter().all(|told| told.origin != unused.origin)),
    );
    audit.findings.extend(not_built);
    audit
        .findings
        .extend(fleet.hosts.iter().flat_map(labels::contradictions));
    audit
}

fn of_workload<'a>(ground: &Ground<'a>, spot: &Spot<'a>, findings: &mut Vec<Finding>) {
    // A pod that the API server refuses gets to no host, and one whose containers no Windows runs
    // together starts on none: the rest would only follow from that.
    if let Some(conflict) = spot.class_conflict() {
        findings.push(conflict);
        return;
    }
    findings.extend(spot.mixed_os());
    let mixed_builds = spot.mixed_builds(ground);
    let mixes = mixed_builds.is_some();
    findings.extend(mixed_builds);
    findings.extend(spot.hyperv_offered(ground));
    findings.extend(spot.process_isolation(ground));
    if !mixes {
        findings.extend(spot.image_mismatches(ground));
    }
    findings.extend(spot.no_host(ground));
    findings.extend(spot.only_fit_unavailable(ground));
    findings.extend(spot.exact_build(ground));
    match spot.no_placement(ground) {
        Some(finding) => findings.push(finding),
        None => findings.extend(spot.unknown_versions()),
    }
}
