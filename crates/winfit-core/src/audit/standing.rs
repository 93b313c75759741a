//! One image on every host of a fleet: for whoever asks about a place, not only for what is wrong
//! there. The same placing and judging as the findings'.

use crate::catalog::Catalog;
use crate::fleet::{Fleet, ImageUse, Member, Orchestrator, Workload};
use crate::host::{Host, Os};
use crate::image::Image;
use crate::placement::Admission;
use crate::verdict::{Verdict, judge};

use super::AuditOptions;
use super::evidence;
use super::ground::{Ground, as_judged};
use super::place::Spot;

/// An image on one host.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    /// The host as it was declared.
    pub member: &'a Member,
    /// The host as the workload meets it.
    pub host: Host,
    /// The facts that the image is judged by.
    pub image: Image,
    /// Whether the workload gets there.
    pub admission: Admission,
    /// How the image fares there.
    pub verdict: Verdict,
}

/// An image that no placement limits, on every Windows host. None: nothing tells that it is for Windows.
pub fn of_image<'a>(
    catalog: &Catalog,
    fleet: &'a Fleet,
    used: &ImageUse,
) -> Option<Vec<Standing<'a>>> {
    if evidence::of_image(used) != Some(Os::Windows) {
        return None;
    }
    let decisive = used.decisive();
    let windows = fleet
        .hosts
        .iter()
        .filter(|member| member.host.os == Os::Windows);
    let standing = |member: &'a Member| {
        let orchestrator = member.orchestrator.unwrap_or(Orchestrator::Docker);
        let host = as_judged(&member.host, orchestrator);
        let image = decisive.map_or(Image::without_version(), |(named, _)| {
            named.on(catalog, &host)
        });
        Standing {
            member,
            host,
            image,
            admission: Admission::Yes,
            verdict: judge(catalog, &host, &image),
        }
    };
    Some(windows.map(standing).collect())
}

/// The image of a container, the `container`th of its workload, on every host of the orchestrator.
/// None: nothing tells that it is for Windows.
pub fn of_container<'a>(
    catalog: &'a Catalog,
    fleet: &'a Fleet,
    options: &'a AuditOptions,
    workload: &'a Workload,
    container: usize,
) -> Option<Vec<Standing<'a>>> {
    let ground = Ground::new(catalog, fleet, options);
    let spot = Spot::find(&ground, workload);
    let container = workload.containers.get(container)?;
    let used = spot
        .uses
        .iter()
        .find(|found| std::ptr::eq(found.container, container))?;
    let its_own = (0..fleet.hosts.len()).filter(|at| {
        let orchestrator = ground.member(*at).orchestrator;
        orchestrator.is_none_or(|own| own == workload.orchestrator)
    });
    let standing = |at: usize| {
        let host = spot.host(&ground, at);
        let image = used.on(&ground, &host);
        let admission = if spot.states_other_os(image.os) {
            Admission::No {
                because: "spec.os.name, which is not the image's".to_owned(),
                origin: None,
            }
        } else {
            spot.admission(&ground, at)
        };
        Standing {
            member: ground.member(at),
            host,
            image,
            admission,
            verdict: judge(catalog, &host, &image),
        }
    };
    Some(its_own.map(standing).collect())
}
