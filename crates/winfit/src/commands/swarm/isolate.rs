//! `winfit swarm isolate`: Hyper-V as the default isolation of every Windows node, the page's other way.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::reason::windows_name;
use winfit_docker::DockerError;
use winfit_docker::model::Info;
use winfit_docker::swarm::Swarm;
use winfit_docker::swarm::fleet::{fleet, name_of};
use winfit_docker::swarm::isolate::{Step, Way, way};
use winfit_docker::swarm::label;

use super::human::entry;
use super::{Reading, check, give_all, given, names, read, told};
use crate::cli::{DataFormat, EngineArguments, SwarmIsolateArguments};
use crate::engines::Engines;
use crate::findings::{clean, document, plural};
use crate::output::{Exit, Outcome, bold, columns, printable, usage, wrap};

/// A node whose engine was asked.
struct Verified {
    node: String,
    /// Hyper-V is its default isolation; else why not, in a sentence.
    answer: Result<(), String>,
}

pub(super) fn run(arguments: &SwarmIsolateArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let names = names(&arguments.nodes);
    check(&names)?;
    let mut told = told(catalog, &arguments.nodes)?;
    let Reading {
        swarm,
        mut complaints,
        ..
    } = read(&arguments.source, &mut told)?;
    let mut fleet = fleet(catalog, &swarm, &names, &told);
    complaints.extend(give_all(&mut fleet, &given(&arguments.images)?));
    let open = label::unsettle(&mut fleet, &label::plan(catalog, &swarm, &names, &told));
    let way = way(catalog, &swarm, &fleet);
    let verified = arguments
        .verify
        .iter()
        .map(|text| verify(text, &swarm, arguments.source.engine.timeout))
        .collect::<Result<Vec<Verified>>>()?;
    let fine = complaints.is_empty()
        && way.cannot.is_empty()
        && verified.iter().all(|one| one.answer.is_ok());
    let text = match arguments.format {
        DataFormat::Human if !verified.is_empty() => checked(&verified),
        DataFormat::Human => human(catalog, &way, &open),
        DataFormat::Json => document(&as_json(&way, &open, &verified))?,
    };
    let exit = if fine { Exit::Fits } else { Exit::Findings };
    let mut outcome = Outcome::new(text, exit);
    outcome.complaints = complaints;
    Ok(outcome)
}

/// Asks the engine of a node what its default isolation is.
fn verify(text: &str, swarm: &Swarm, timeout: u64) -> Result<Verified> {
    let Some((node, address)) = text.split_once('=').filter(|(node, _)| !node.is_empty()) else {
        return Err(usage(format!(
            "--verify {}: name the node and its engine, as win-a=tcp://win-a:2376",
            printable(text)
        )));
    };
    let engines = Engines::new(&EngineArguments {
        docker_host: Some(address.to_owned()),
        context: None,
        timeout,
    })?;
    let info: Result<Info, DockerError> = engines.block_on(engines.engine().get("/info"));
    let is_it = |info: &Info| {
        let mut nodes = swarm.nodes.iter();
        nodes.any(|one| one.id == info.swarm.node_id && (one.id == node || name_of(one) == node))
    };
    let answer = match info {
        Err(error) => Err(error.to_string()),
        Ok(info) if !is_it(&info) => Err(format!(
            "{address} is the engine of {}, which is not that node of this Swarm",
            printable(&info.name)
        )),
        Ok(info) if info.isolation == "hyperv" => Ok(()),
        Ok(info) if info.os_type == "linux" => {
            Err("it runs Linux, whose containers have no isolation of Windows".to_owned())
        }
        Ok(info) => Err(format!(
            "its default isolation is {}; has its engine restarted since daemon.json has exec-opts?",
            if info.isolation.is_empty() {
                "not told"
            } else {
                &info.isolation
            }
        )),
    };
    Ok(Verified {
        node: node.to_owned(),
        answer,
    })
}

fn checked(verified: &[Verified]) -> String {
    let fine = verified.iter().filter(|one| one.answer.is_ok()).count();
    let headline = format!(
        "Hyper-V is the default isolation of {fine} of {}.",
        plural(verified.len(), "node")
    );
    let mut text = bold(&wrap(&headline, "", ""));
    text.push_str("\n\n");
    for one in verified {
        let words = match &one.answer {
            Ok(()) => "hyperv",
            Err(reason) => reason,
        };
        text.push_str(&entry(&clean(&one.node), &clean(words)));
    }
    text
}

fn human(catalog: &Catalog, way: &Way, open: &[String]) -> String {
    if way.steps.is_empty() && !way.has.is_empty() && way.cannot.is_empty() {
        return "Hyper-V is the default isolation of all Windows nodes already, as their labels say.\n"
            .to_owned();
    }
    if way.steps.is_empty() {
        return "No node of this Swarm is known to run Windows and to offer Hyper-V isolation.\n"
            .to_owned();
    }
    let headline = format!(
        "{} can take Hyper-V as the default isolation, one after the other; nothing is written, since each change is made on its node.",
        plural(way.steps.len(), "node")
    );
    let mut text = bold(&wrap(&headline, "", ""));
    text.push_str("\n\n");
    let head = ["", "node", "role", "Windows", "Hyper-V"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (at, step) in way.steps.iter().enumerate() {
        rows.push(vec![
            (at + 1).to_string(),
            clean(&step.node),
            step.role.to_owned(),
            windows(catalog, step),
            if step.stated { "as told" } else { "to be seen" }.to_owned(),
        ]);
    }
    text.push_str(&columns(&rows, "  "));
    if !way.services.is_empty() {
        let head = ["service", "may use", "starts on now", "then"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for gain in &way.services {
            rows.push(vec![
                clean(&gain.service),
                gain.may_use.to_string(),
                gain.now.to_string(),
                gain.then.to_string(),
            ]);
        }
        text.push('\n');
        text.push_str(&columns(&rows, "  "));
    }
    text.push('\n');
    for node in &way.has {
        text.push_str(&entry("note", &clean(&format!("{node} has it already"))));
    }
    for node in &way.cannot {
        let words = format!(
            "{node} offers no Hyper-V isolation; keep services of older images off it with winfit swarm constrain"
        );
        text.push_str(&entry("note", &clean(&words)));
    }
    for step in way.steps.iter().filter(|step| !step.stops.is_empty()) {
        let words = format!(
            "while {} restarts no other node runs {}",
            step.node,
            step.stops.join(", ")
        );
        text.push_str(&entry("note", &clean(&words)));
    }
    let managers = way.steps.iter().filter(|step| step.role != "worker");
    if managers.count() == 1 {
        text.push_str(&entry(
            "note",
            "the Swarm takes no commands while its only manager restarts; tasks elsewhere go on",
        ));
    }
    for reason in open {
        text.push_str(&entry("open", &clean(reason)));
    }
    if way.steps.iter().any(|step| !step.stated) {
        text.push_str(SEE_FIRST);
    }
    text.push_str(DAEMON_JSON);
    for (at, step) in way.steps.iter().enumerate() {
        text.push_str(&commands(at + 1, step));
    }
    text.push_str("\n  check them all: winfit swarm isolate --verify NODE=ADDRESS\n");
    text
}

/// What is typed for one node: on a manager and on the node itself, by turns.
fn commands(number: usize, step: &Step) -> String {
    let node = clean(&step.node);
    let back = step.availability;
    let lines = [
        (
            "manager",
            format!("docker node update --availability drain {node}"),
        ),
        (
            "manager",
            format!("docker node ps --filter desired-state=running {node}"),
        ),
        ("node", "Restart-Service docker".to_owned()),
        ("node", "docker info --format '{{.Isolation}}'".to_owned()),
        (
            "manager",
            format!("docker node update --availability {back} {node}"),
        ),
    ];
    let mut text = format!("\n  {number}  {node}\n");
    for (place, command) in lines {
        text.push_str(&format!("       {place:7}  {command}\n"));
    }
    text
}

/// What shows whether a node can.
const SEE_FIRST: &str = "
  first, on each node (a virtual machine needs nested virtualisation)
       (Get-WindowsFeature Hyper-V).InstallState
";

/// What each node's engine is told.
const DAEMON_JSON: &str = r#"
  on each node, in C:\ProgramData\docker\config\daemon.json (winfit lint --fix
  edits one that has more in it)
       { "exec-opts": ["isolation=hyperv"] }

  then node by node; the second command shows when its tasks are gone, the
  fourth one says hyperv
"#;

fn windows(catalog: &Catalog, step: &Step) -> String {
    match step.host.version {
        Some(version) => format!(
            "{} ({})",
            windows_name(catalog, version.build, step.host.effective_kind(catalog)),
            version.build
        ),
        None => "which is not known".to_owned(),
    }
}

/// `winfit.swarm-isolate/1`.
fn as_json(way: &Way, open: &[String], verified: &[Verified]) -> Value {
    let steps: Vec<Value> = way
        .steps
        .iter()
        .map(|step| {
            json!({
                "node": step.node,
                "role": step.role,
                "os_version": step.host.version.map(|version| version.to_string()),
                "hyperv_stated": step.stated,
                "stops": step.stops,
            })
        })
        .collect();
    let services: Vec<Value> = way
        .services
        .iter()
        .map(|gain| {
            json!({
                "service": gain.service,
                "may_use": gain.may_use,
                "starts_on_now": gain.now,
                "starts_on_then": gain.then,
            })
        })
        .collect();
    let verified: Vec<Value> = verified
        .iter()
        .map(|one| {
            json!({
                "node": one.node,
                "hyperv": one.answer.is_ok(),
                "reason": one.answer.as_ref().err(),
            })
        })
        .collect();
    json!({
        "schema": "winfit.swarm-isolate/1",
        "steps": steps,
        "has": way.has,
        "cannot": way.cannot,
        "services": services,
        "open": open,
        "verified": verified,
    })
}
