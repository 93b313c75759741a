//! A manager that restarts writes all services anew: their versions change, and nothing else.

use super::{Watch, constraints};
use crate::docker_support::real_swarm::{RealSwarm, can_run};

fn version(swarm: &RealSwarm, service: &str) -> Option<String> {
    let inspect = ["service", "inspect", "--format={{.Version.Index}}", service];
    swarm.try_docker("win-a", &inspect)
}

#[test]
fn services_from_before_the_watch_stay_untouched_when_their_manager_restarts() {
    if !can_run() {
        return;
    }
    let swarm = RealSwarm::start(&["win-a", "win-b"]);
    let image = "contoso/fax:2-ltsc2019";
    swarm.create("old", image, "", &[]);
    let hosts = ["--host=win-a=ltsc2019", "--host=win-b=ltsc2016"];
    let options = ["--label", "--enforce", "--every=2"];
    let address = swarm.address("win-a");
    let watch = Watch::start(&address, &[&hosts[..], &options].concat());
    watch.until("labels", "win-b");
    // No node runs it: that is said once.
    swarm.create("none", "contoso/fax:2-ltsc2022", "", &[]);
    watch.until("unconstrained", "none");
    let before = version(&swarm, "old");
    swarm.restart("win-a");
    watch.until("lost", "");
    watch.until("again", "");
    swarm.until("the manager has written its services", || {
        version(&swarm, "old").is_some_and(|now| Some(now) != before)
    });
    // This one is constrained after all that waited before it.
    swarm.create("new", image, "", &[]);
    watch.until("constraints", "new");
    let lines = watch.end();
    assert_eq!(constraints(&swarm, "old"), "[]");
    let decided: Vec<_> = lines
        .iter()
        .filter(|line| line["what"] == "constraints" || line["what"] == "unconstrained")
        .map(|line| line["subject"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(decided, ["none", "new"]);
}
