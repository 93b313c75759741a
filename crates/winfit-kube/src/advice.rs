//! What a cluster as a whole could do, from its own figures: which Windows versions its workloads need, and
//! which of them its nodes could do without.

use std::collections::BTreeMap;

use winfit_core::Catalog;
use winfit_core::audit::Placed;
use winfit_core::fleet::{Fleet, Member, Workload};
use winfit_core::host::{Host, Kind, Os};
use winfit_core::reason::windows_name;
use winfit_core::verdict::{Answer, judge};
use winfit_core::version::OsVersion;

/// So many workloads are named.
const MOST_NAMED: usize = 5;

/// One thing to do, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What to do, as a sentence without a full stop.
    pub what: String,
    /// The figures that speak for it, a sentence each, without a full stop.
    pub why: Vec<String>,
    /// The command or the line that does it, where there is one.
    pub how: Option<String>,
}

/// The nodes of one Windows version, and what runs on them.
struct Pool<'f> {
    /// The build; on 14393 with the revision, which has to be the image's.
    version: OsVersion,
    nodes: Vec<&'f Member>,
    /// The places of workloads whose images all run there.
    runs: Vec<usize>,
}

/// The advice for a cluster whose workloads were placed so; none for one without Windows nodes.
pub fn advice(catalog: &Catalog, fleet: &Fleet, placed: &[Placed]) -> Vec<Advice> {
    let windows: Vec<(usize, &Workload)> = fleet
        .workloads
        .iter()
        .zip(placed)
        .enumerate()
        .filter(|(_, (workload, placed))| placed.windows && tells_version(workload))
        .map(|(at, (workload, _))| (at, workload))
        .collect();
    let pools = pools(catalog, fleet, &windows);
    let Some(main) = pools
        .iter()
        .max_by_key(|pool| (pool.runs.len(), pool.nodes.len()))
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let nowhere: Vec<&Workload> = windows
        .iter()
        .filter(|(at, _)| pools.iter().all(|pool| !pool.runs.contains(at)))
        .map(|(_, workload)| *workload)
        .collect();
    if !nowhere.is_empty() {
        found.push(Advice {
            what: format!(
                "rebuild what runs on none of the nodes on {}",
                release(catalog, main.version)
            ),
            why: vec![format!(
                "{}: {}",
                count(nowhere.len(), "workload"),
                named(&nowhere)
            )],
            how: tag(catalog, main.version),
        });
    }
    found.extend(versions(
        catalog,
        fleet,
        &pools,
        main,
        windows.len() - nowhere.len(),
    ));
    let open = placed
        .iter()
        .filter(|one| one.windows && one.fit > 0 && one.fit < one.candidates);
    let open = open.count();
    if open > 0 {
        let what = if open == 1 { "workload" } else { "workloads" };
        found.push(Advice {
            what: "keep workloads on the nodes that run them".to_owned(),
            why: vec![format!(
                "{open} {what} may get to nodes on which they do not start"
            )],
            how: Some("winfit kube pin --all".to_owned()),
        });
    }
    if pools.len() > 1 || !nowhere.is_empty() {
        found.push(Advice {
            what: "build and test on the version that runs in production".to_owned(),
            why: vec![format!(
                "{} of {} have {}",
                main.nodes.len(),
                count(
                    pools.iter().map(|pool| pool.nodes.len()).sum(),
                    "Windows node"
                ),
                release(catalog, main.version)
            )],
            how: tag(catalog, main.version),
        });
    }
    found
}

/// What to do about the versions of nodes: keep them apart, or do without some.
fn versions(
    catalog: &Catalog,
    fleet: &Fleet,
    pools: &[Pool<'_>],
    main: &Pool<'_>,
    somewhere: usize,
) -> Option<Advice> {
    if pools.len() < 2 || somewhere == 0 {
        return None;
    }
    let others = pools.iter().filter(|pool| pool.version != main.version);
    if main.runs.len() == somewhere {
        let nodes: usize = others.map(|pool| pool.nodes.len()).sum();
        return Some(Advice {
            what: format!("bring all nodes to {}", release(catalog, main.version)),
            why: vec![
                format!(
                    "it runs {} of the {somewhere} whose images tell their Windows",
                    if somewhere == 1 {
                        "the one workload"
                    } else {
                        "all"
                    }
                ),
                format!("{} have another version", count(nodes, "node")),
            ],
            how: None,
        });
    }
    let mut why: Vec<String> = pools
        .iter()
        .map(|pool| {
            format!(
                "{}: {}, {} of which {} nowhere else",
                release(catalog, pool.version),
                count(pool.nodes.len(), "node"),
                count(pool.runs.len(), "workload"),
                only(pools, pool).len(),
            )
        })
        .collect();
    // The least that would have to be rebuilt for one version less.
    let least = pools
        .iter()
        .filter(|pool| pool.version != main.version)
        .min_by_key(|pool| only(pools, pool).len());
    if let Some(least) = least {
        let workloads: Vec<&Workload> = only(pools, least)
            .into_iter()
            .map(|at| &fleet.workloads[at])
            .collect();
        why.push(if workloads.is_empty() {
            format!("nothing needs {}", release(catalog, least.version))
        } else {
            format!(
                "{} rebuilt on {} would do away with {}: {}",
                count(workloads.len(), "workload"),
                release(catalog, main.version),
                release(catalog, least.version),
                named(&workloads)
            )
        });
    }
    Some(Advice {
        what: "keep a node pool, or a cluster, for each Windows version".to_owned(),
        why,
        how: Some("winfit kube runtimeclasses".to_owned()),
    })
}

/// The workloads that run on these nodes and on no others.
fn only(pools: &[Pool<'_>], pool: &Pool<'_>) -> Vec<usize> {
    let elsewhere = |at: &usize| {
        let mut others = pools.iter().filter(|other| other.version != pool.version);
        others.any(|other| other.runs.contains(at))
    };
    pool.runs
        .iter()
        .copied()
        .filter(|at| !elsewhere(at))
        .collect()
}

fn pools<'f>(catalog: &Catalog, fleet: &'f Fleet, windows: &[(usize, &Workload)]) -> Vec<Pool<'f>> {
    let mut by_version: BTreeMap<(u16, Option<u32>), Pool<'f>> = BTreeMap::new();
    for member in fleet
        .hosts
        .iter()
        .filter(|member| member.host.os == Os::Windows)
    {
        let Some(version) = member.host.version else {
            continue;
        };
        let version = if version.build == 14_393 {
            version
        } else {
            version.without_revision()
        };
        let key = (version.build, version.revision);
        let pool = by_version.entry(key).or_insert_with(|| Pool {
            version,
            nodes: Vec::new(),
            runs: windows
                .iter()
                .filter(|(_, workload)| runs_on(catalog, workload, &member.host))
                .map(|(at, _)| *at)
                .collect(),
        });
        pool.nodes.push(member);
    }
    by_version.into_values().collect()
}

/// Whether all images of a workload run on a host as it isolates them by default.
fn runs_on(catalog: &Catalog, workload: &Workload, host: &Host) -> bool {
    workload.containers.iter().all(|container| {
        let Some((named, _)) = container.image.decisive() else {
            return false;
        };
        let mut image = named.on(catalog, host);
        image.host_process = container.host_process;
        let verdict = judge(catalog, host, &image);
        let answer = verdict.answers.of(verdict.default_isolation).answer;
        matches!(answer, Answer::Yes | Answer::Preview) && !verdict.pull_refused()
    })
}

/// Whether the images of a workload say for which Windows they are.
fn tells_version(workload: &Workload) -> bool {
    workload.containers.iter().any(|container| {
        let decisive = container.image.decisive();
        decisive.is_some_and(|(named, _)| named.image.version.is_some() || named.variants.is_some())
    })
}

fn release(catalog: &Catalog, version: OsVersion) -> String {
    format!(
        "{} ({})",
        windows_name(catalog, version.build, Kind::Server),
        version.short()
    )
}

/// The line of a Dockerfile for a version.
fn tag(catalog: &Catalog, version: OsVersion) -> Option<String> {
    let mut releases = catalog.releases_of(version.build);
    let release =
        releases.find(|release| release.kind == Kind::Server && !release.tags.is_empty())?;
    Some(format!(
        "FROM mcr.microsoft.com/windows/servercore:{}",
        release.tags.first()?
    ))
}

fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}

fn named(workloads: &[&Workload]) -> String {
    let mut names: Vec<String> = workloads
        .iter()
        .take(MOST_NAMED)
        .map(|workload| workload.subject.in_words())
        .collect();
    let more = workloads.len() - names.len();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}
