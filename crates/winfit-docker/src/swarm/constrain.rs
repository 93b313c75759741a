//! The fewest constraints that keep a service off nodes where it cannot start.

mod cover;
mod marks;
mod search;

use serde_json::Value;
use winfit_core::Catalog;
use winfit_core::finding::{Located, Origin};
use winfit_core::fleet::{Fleet, ImageUse, Member, State, Workload};
use winfit_core::host::{Host, Os};
use winfit_core::image::NamedImage;
use winfit_core::placement::{Admission, Placement, SwarmPlacement};
use winfit_core::verdict::{Answer, judge};

use super::fleet::{Given, LabelNames, give, workload};
use super::write::change;
use crate::engine::Engine;
use crate::error::DockerError;
use crate::model::{Placement as Placed, Service};

/// What is to become of the constraints of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: all nodes that it may use run it.
    Fits {
        /// The nodes that run it.
        on: Vec<String>,
        /// Nodes that it may use and of which nobody can tell.
        unsure: Vec<String>,
    },
    /// These constraints beside those that it has.
    Constrain(Constraints),
    /// No node that it may use and that takes work runs it.
    NoNode {
        /// The nodes that it may use.
        may_use: Vec<String>,
        /// Nodes that would run it, each with the constraint that keeps it off, or the state in which it
        /// takes no work.
        kept_off: Vec<(String, String)>,
    },
    /// It is for Linux.
    NotWindows,
    /// Nothing says which Windows its image is built on.
    UnknownImage,
    /// Some node runs it and another does not, and no label or name tells them apart.
    NotTold,
}

/// Constraints to add.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Constraints {
    /// The constraints.
    pub add: Vec<String>,
    /// The nodes that it keeps and that run it, or may.
    pub on: Vec<String>,
    /// Nobody is sure that it starts on them.
    pub may: bool,
    /// The nodes that it loses because it cannot start there.
    pub off: Vec<String>,
    /// The nodes that it loses although it would start there.
    pub lost: Vec<String>,
    /// They name nodes, since labels alone do not tell them apart as shortly.
    pub by_name: bool,
    /// They ask for labels that say nothing of Windows, and tell these nodes apart by chance.
    pub by_chance: bool,
}

/// How an image fares on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fares {
    Runs,
    Open,
    Not,
}

/// What is to become of the constraints of a service.
pub fn decide(
    catalog: &Catalog,
    fleet: &Fleet,
    service: &Workload,
    names: &LabelNames,
) -> Decision {
    let (Placement::Swarm(placement), Some(image)) = (&service.placement, image_of(service)) else {
        return Decision::UnknownImage;
    };
    if image.image.os == Os::Linux || service.os == Some(Os::Linux) {
        return Decision::NotWindows;
    }
    if !tells_windows(image) {
        return Decision::UnknownImage;
    }
    let members = fleet.hosts.iter();
    let admitted: Vec<(&Member, Fares)> = members
        .clone()
        .filter(|member| !matches!(placement.admits(catalog, member), Admission::No { .. }))
        .map(|member| (member, fares(catalog, service, image, &member.host)))
        .collect();
    let with = |wanted: Fares, ready: bool| -> Vec<&Member> {
        let found = admitted
            .iter()
            .filter(|(member, fares)| *fares == wanted && (!ready || member.state == State::Ready));
        found.map(|(member, _)| *member).collect()
    };
    let sure = with(Fares::Runs, true);
    let open = with(Fares::Open, true);
    // Where it runs on none for sure, those on which it may start are better than the rest.
    let may = sure.is_empty();
    let good = if may {
        let known = |member: &&Member| member.host.version.is_some();
        open.iter().copied().filter(known).collect()
    } else {
        sure
    };
    if good.is_empty() {
        let kept_off = members.filter_map(|member| {
            let runs = fares(catalog, service, image, &member.host) == Fares::Runs;
            let why = match placement.admits(catalog, member) {
                Admission::No { because, .. } => because,
                _ => member.state.in_words().to_owned(),
            };
            runs.then(|| (member.name.clone(), why))
        });
        return Decision::NoNode {
            may_use: names_of(admitted.iter().map(|(member, _)| *member)),
            kept_off: kept_off.collect(),
        };
    }
    let bad = with(Fares::Not, false);
    if bad.is_empty() {
        return Decision::Fits {
            on: names_of(good),
            unsure: names_of(if may { Vec::new() } else { open }),
        };
    }
    let ground = search::Ground {
        catalog,
        placement,
        image: image.image,
        names,
        all: &fleet.hosts,
        good: &good,
        bad: &bad,
        keep_all: service.everywhere,
    };
    let Some(found) = ground.fewest() else {
        return Decision::NotTold;
    };
    let after = with_added(placement, &found.add);
    let (on, lost): (Vec<&Member>, Vec<&Member>) = good
        .iter()
        .partition(|member| after.admits(catalog, member) == Admission::Yes);
    Decision::Constrain(Constraints {
        add: found.add,
        on: names_of(on),
        may,
        off: names_of(bad),
        lost: names_of(lost),
        by_name: found.by_name,
        by_chance: found.by_chance,
    })
}

/// The image of a service.
fn image_of(service: &Workload) -> Option<&NamedImage> {
    service.containers.first()?.image.image.as_ref().ok()
}

/// Its image as it is written.
pub fn image_text(service: &Workload) -> String {
    let container = service.containers.first();
    container.map_or_else(String::new, |container| container.image.text.clone())
}

/// Whether something tells the Windows inside: of an index with several each node takes its own.
fn tells_windows(image: &NamedImage) -> bool {
    let of_index = image.variants.as_deref().is_some_and(|variants| {
        let mut windows = variants.of_os(Os::Windows);
        windows.any(|variant| variant.image.version.is_some())
    });
    image.image.version.is_some() || of_index
}

/// Whether a service starts on a host, for sure.
pub(super) fn runs_on(catalog: &Catalog, service: &Workload, host: &Host) -> bool {
    let known =
        image_of(service).filter(|named| named.image.os == Os::Windows && tells_windows(named));
    known.is_some_and(|image| fares(catalog, service, image, host) == Fares::Runs)
}

fn fares(catalog: &Catalog, service: &Workload, image: &NamedImage, host: &Host) -> Fares {
    let asked = service.isolation.as_ref().map(|isolation| isolation.value);
    let verdict = judge(catalog, host, &image.on(catalog, host));
    let isolation = asked.unwrap_or(verdict.default_isolation);
    match verdict.answers.of(isolation).answer {
        _ if verdict.pull_refused() => Fares::Not,
        Answer::Yes | Answer::Preview => Fares::Runs,
        Answer::Risk | Answer::Unknown => Fares::Open,
        Answer::No => Fares::Not,
    }
}

fn names_of<'m>(members: impl IntoIterator<Item = &'m Member>) -> Vec<String> {
    let members = members.into_iter();
    members.map(|member| member.name.clone()).collect()
}

/// Takes what is known of the same image in the fleet: registries are not asked again.
fn take_known(service: &mut Workload, fleet: &Fleet) {
    let known: Vec<&ImageUse> = fleet
        .workloads
        .iter()
        .flat_map(|workload| workload.containers.iter().map(|one| &one.image))
        .collect();
    for container in &mut service.containers {
        let used = &mut container.image;
        if let Some(known) = known.iter().find(|known| known.text == used.text) {
            used.image.clone_from(&known.image);
        }
    }
}

/// A placement with more constraints.
fn with_added(placement: &SwarmPlacement, add: &[String]) -> SwarmPlacement {
    let mut after = placement.clone();
    let here = Origin::whole(&"winfit".into());
    after.constraints.extend(
        add.iter()
            .map(|text| Located::new(text.clone(), here.clone())),
    );
    after
}

/// A service whose constraints were to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// What was decided of it as it was when it was written; none: it is no service that runs containers.
    pub decision: Option<Decision>,
    /// Its image, then.
    pub image: String,
    /// The constraints that it had.
    pub had: Vec<String>,
    /// Those that it has now.
    pub now: Vec<String>,
}

/// Writes the constraints of one service, and reads back those that it then has.
///
/// Nothing but its constraints changes. Where somebody else changed the service meanwhile, it is read and
/// decided anew.
pub async fn apply(
    engine: &Engine,
    catalog: &Catalog,
    fleet: &Fleet,
    names: &LabelNames,
    given: &Given,
    id: &str,
) -> Result<Applied, DockerError> {
    let path = format!("/services/{id}");
    let (mut decision, mut image, mut had) = (None, String::new(), Vec::new());
    change(engine, &path, |object| {
        decision = None;
        let Ok(service) = serde_json::from_value::<Service>(object.clone()) else {
            return false;
        };
        let Some(mut workload) = workload(catalog, &service, &[]) else {
            return false;
        };
        give(&mut workload, given);
        take_known(&mut workload, fleet);
        image = image_text(&workload);
        Placed {
            constraints: had,
            ..
        } = service.spec.task_template.placement;
        let decided = decision.insert(decide(catalog, fleet, &workload, names));
        let Decision::Constrain(found) = decided else {
            return false;
        };
        let all = had.iter().chain(&found.add).cloned();
        object["Spec"]["TaskTemplate"]["Placement"]["Constraints"] =
            all.map(Value::String).collect();
        true
    })
    .await?;
    let now: Service = engine.get(&path).await?;
    Ok(Applied {
        decision,
        image,
        had,
        now: now.spec.task_template.placement.constraints,
    })
}
