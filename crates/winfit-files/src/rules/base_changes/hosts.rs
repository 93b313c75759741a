//! The hosts that an image has to run on, and how they take what became of it.

use std::collections::HashSet;

use winfit_core::audit::admitted;
use winfit_core::fleet::{Member, State};
use winfit_core::host::{Host, Isolation, Os};
use winfit_core::image::Image;
use winfit_core::verdict::judge;

use super::Checking;
use super::places::Placed;

/// The hosts that an image has to run on, and how they take it.
pub(super) struct OnHosts<'a> {
    /// How many there are.
    pub(super) all: usize,
    /// Those that do not run the new image.
    pub(super) without: Vec<&'a Member>,
    /// Those of them that ran the old one.
    lost: Vec<&'a Member>,
}

impl Checking<'_> {
    /// How the hosts that the new image has to run on take both.
    pub(super) fn on_hosts<'f>(
        &self,
        old: &Image,
        new: &Image,
        placed: &Placed<'f>,
    ) -> OnHosts<'f> {
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
    pub(super) fn note(&self) -> Option<String> {
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
