//! Constraints for services that came or changed.

use std::sync::Arc;

use winfit_core::fleet::Fleet;
use winfit_docker::swarm::Swarm;
use winfit_docker::swarm::constrain::{self, Decision};

use super::Watch;
use super::log::{Level, Line};
use super::memory::State;
use super::serve::Metrics;

impl Watch<'_> {
    /// Keeps new and changed services off nodes where they cannot start.
    pub(super) async fn constrain(
        &mut self,
        swarm: &Swarm,
        fleet: &Fleet,
        mended: &mut Vec<String>,
    ) -> Vec<State> {
        let mut states = Vec::new();
        let ids: Vec<String> = self.pending.keys().cloned().collect();
        for id in ids {
            if self.stop.is_set() {
                break;
            }
            let mut services = swarm.services.iter();
            let name = services.find(|service| service.id == id);
            let name = name.map_or("", |service| service.spec.name.as_str());
            let mut workloads = fleet.workloads.iter();
            let workload = workloads.find(|workload| workload.subject.name == name);
            let mut decision = workload
                .map(|workload| constrain::decide(self.catalog, fleet, workload, &self.names));
            if let Some(Decision::Constrain(_)) = decision {
                let (engine, names) = (self.engine.clone(), Arc::clone(&self.names));
                let (catalog, given) = (self.catalog, Arc::clone(&self.given));
                let written = constrain::apply(&engine, catalog, fleet, &names, &given, &id);
                let Some(written) = self.finish(written).await else {
                    self.given_up("service", name, "constraints");
                    return states;
                };
                match written {
                    // It was decided anew, where somebody else changed it meanwhile.
                    Ok(applied) => decision = applied.decision,
                    Err(error) => {
                        states.extend(self.not_written("service", name, &error));
                        continue;
                    }
                }
            }
            let line = match decision {
                Some(Decision::Constrain(found)) => {
                    Metrics::add(&self.metrics.constrained);
                    mended.push(name.to_owned());
                    Some(Line::new(
                        Level::Info,
                        "constraints",
                        format!(
                            "it has {} now, which keeps it off {}, where it cannot start; it runs on {}",
                            found.add.join(", "),
                            found.off.join(", "),
                            found.on.join(", ")
                        ),
                    ))
                }
                Some(Decision::NoNode { .. }) => Some(Line::new(
                    Level::Warning,
                    "unconstrained",
                    "no node that it may use runs it; a constraint would leave it without any",
                )),
                Some(Decision::NotTold) => Some(Line::new(
                    Level::Warning,
                    "unconstrained",
                    "no label or name tells the nodes that run it from those that do not",
                )),
                _ => None,
            };
            self.pending.remove(&id);
            if let Some(line) = line {
                self.say(&line.about("service", name));
            }
        }
        states
    }
}
