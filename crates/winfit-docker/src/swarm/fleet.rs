//! Nodes and services as the fleet that the core audits.

use std::collections::BTreeMap;
use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::finding::{Located, Origin, Subject};
use winfit_core::fleet::{
    Container, Fleet, ImageUse, Labels, Member, Orchestrator, Role, State, Workload,
};
pub use winfit_core::given::{Given, give};
use winfit_core::host::{Arch, Host, Isolation, Kind, Os};
use winfit_core::image::NamedImage;
use winfit_core::placement::{Placement, SwarmPlacement};
use winfit_core::version::OsVersion;

use super::Swarm;
use crate::model::{Node, Service, Task};

/// The names of the labels that tell a node's Windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelNames {
    /// Windows or Linux: `OS`.
    pub os: String,
    /// `OsVersion`.
    pub version: String,
}

impl Default for LabelNames {
    fn default() -> Self {
        Self {
            os: "OS".to_owned(),
            version: "OsVersion".to_owned(),
        }
    }
}

/// winfit's own labels: the build and the revision of a node.
pub const BUILD: &str = "winfit.build";
/// See [`BUILD`].
pub const REVISION: &str = "winfit.revision";
/// winfit's own label of a node whose default isolation is not that of its Windows.
pub const ISOLATION: &str = "winfit.isolation";

/// Hosts that were told beside the Swarm, by a node's name or id, each with where it was learnt.
pub type Told = BTreeMap<String, (Host, String)>;

/// The fleet of a Swarm.
pub fn fleet(catalog: &Catalog, swarm: &Swarm, names: &LabelNames, told: &Told) -> Fleet {
    let tasks = swarm.tasks_by_service();
    Fleet {
        hosts: swarm
            .nodes
            .iter()
            .map(|node| member(node, names, told))
            .collect(),
        workloads: swarm
            .services
            .iter()
            .filter_map(|service| {
                let tasks = tasks
                    .get(service.id.as_str())
                    .map_or(&[][..], Vec::as_slice);
                workload(catalog, service, tasks)
            })
            .collect(),
        ..Fleet::default()
    }
}

/// A node's name: its hostname, else its id.
pub fn name_of(node: &Node) -> &str {
    let hostname = node.description.hostname.as_str();
    if hostname.is_empty() {
        &node.id
    } else {
        hostname
    }
}

/// A node as `--host` and the docker command take it: its hostname; its id where a shell would read more into
/// that.
pub fn typed(node: &Node) -> &str {
    match name_of(node) {
        name if is_plain(name) => name,
        _ => &node.id,
    }
}

/// Whether no shell reads more into it.
pub fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|symbol| symbol.is_ascii_alphanumeric() || "._-".contains(symbol))
}

/// A node as a host.
pub(super) fn member(node: &Node, names: &LabelNames, told: &Told) -> Member {
    let name = name_of(node);
    let (mut host, learnt_from) = told
        .get(name)
        .or_else(|| told.get(&node.id))
        .cloned()
        .unwrap_or_else(|| by_labels(node, names));
    // What is told of its Windows says nothing against what is known of its engine.
    host.configured_isolation = host.configured_isolation.or_else(|| {
        let of_engine = node.description.engine.labels.get(ISOLATION);
        match node.spec.labels.get(ISOLATION).or(of_engine)?.as_str() {
            "hyperv" => Some(Isolation::Hyperv),
            "process" => Some(Isolation::Process),
            _ => None,
        }
    });
    let platform = &node.description.platform;
    host.arch = host.arch.or_else(|| Arch::parse(&platform.architecture));
    if host.os == Os::Windows && host.kind == Kind::Unknown {
        // A Windows node of a Swarm is a server.
        host.kind = Kind::Server;
    }
    host.engine = host.engine.or_else(|| {
        let version = node.description.engine.engine_version.split('+').next()?;
        format!("docker@{version}").parse().ok()
    });
    let mut member = Member::new(name, host, &learnt_from);
    member.orchestrator = Some(Orchestrator::Swarm);
    member.id = Some(node.id.clone());
    member.role = match node.spec.role.as_str() {
        "manager" => Some(Role::Manager),
        "worker" => Some(Role::Worker),
        _ => None,
    };
    member.address = node.status.addr.parse().ok();
    member.labels = Labels {
        known: node.spec.labels.clone(),
        complete: true,
    };
    member.engine_labels = Labels {
        known: node.description.engine.labels.clone(),
        complete: true,
    };
    member.state = match (node.status.state.as_str(), node.spec.availability.as_str()) {
        ("ready", "active" | "") => State::Ready,
        ("ready", "pause") => State::Cordoned,
        ("ready", _) => State::Drained,
        _ => State::Down,
    };
    member.origin = Some(Origin::whole(&format!("node {name}").into()));
    member
}

/// What a node's labels say of its host: winfit's own, then those of people, of the node first.
fn by_labels(node: &Node, names: &LabelNames) -> (Host, String) {
    let places = [
        ("", &node.spec.labels),
        ("engine ", &node.description.engine.labels),
    ];
    let mut found = None;
    for (place, labels) in places {
        let of = |name: &str| labels.get(name).map(|value| value.trim());
        let own = of(BUILD).and_then(|build| {
            let revision = of(REVISION).map_or_else(String::new, |text| format!(".{text}"));
            format!("10.0.{build}{revision}").parse::<OsVersion>().ok()
        });
        let theirs = || of(&names.version)?.parse::<OsVersion>().ok();
        let version = own
            .map(|version| (version, BUILD))
            .or_else(|| Some((theirs()?, names.version.as_str())));
        if let Some((version, label)) = version {
            found = Some((version, format!("{place}label {label}")));
            break;
        }
    }
    let label_os = places
        .iter()
        .find_map(|(_, labels)| labels.get(&names.os))
        .map(|os| os.trim().to_ascii_lowercase());
    let os = label_os.unwrap_or_else(|| node.description.platform.os.to_ascii_lowercase());
    let unknown = Host {
        version: None,
        ..Host::windows(OsVersion::of_build(0))
    };
    match (os.as_str(), found) {
        ("linux", _) => (
            Host {
                os: Os::Linux,
                ..unknown
            },
            "its engine".to_owned(),
        ),
        (_, Some((version, learnt_from))) => (Host::windows(version), learnt_from),
        _ => (unknown, "nowhere".to_owned()),
    }
}

/// A service as a workload; none: it is a plugin.
pub(super) fn workload(catalog: &Catalog, service: &Service, tasks: &[&Task]) -> Option<Workload> {
    let spec = &service.spec;
    let container = spec.task_template.container_spec.as_ref()?;
    let source: Arc<str> = format!("service {}", spec.name).into();
    let at = |field: &str| Origin {
        source: Arc::clone(&source),
        span: None,
        field: Some(format!("Spec.{field}")),
    };
    let placement = &spec.task_template.placement;
    let constraints = placement.constraints.iter().enumerate();
    let image = ImageUse {
        text: container.image.clone(),
        image: NamedImage::read_reference(catalog, &container.image),
        origin: at("TaskTemplate.ContainerSpec.Image"),
        unresolved: Vec::new(),
        os: None,
        built_from: None,
    };
    let platforms = placement.platforms.iter();
    let os = |os: &str| {
        let mut platforms = platforms.clone().peekable();
        platforms.peek().is_some() && platforms.all(|platform| platform.os == os)
    };
    let isolation = match container.isolation.as_str() {
        "process" => Some(Isolation::Process),
        "hyperv" => Some(Isolation::Hyperv),
        _ => None,
    };
    let mode = &spec.mode;
    let (wanted, running) = counts(service, tasks);
    Some(Workload {
        subject: Subject::new("service", &spec.name),
        orchestrator: Orchestrator::Swarm,
        containers: vec![Container {
            name: spec.name.clone(),
            image,
            host_process: false,
        }],
        placement: Placement::Swarm(SwarmPlacement {
            constraints: constraints
                .map(|(index, text)| {
                    let field = format!("TaskTemplate.Placement.Constraints[{index}]");
                    Located::new(text.clone(), at(&field))
                })
                .collect(),
            unresolved: Vec::new(),
            platforms: placement
                .platforms
                .iter()
                .map(|platform| (platform.os.clone(), platform.architecture.clone()))
                .collect(),
        }),
        isolation: isolation
            .map(|isolation| Located::new(isolation, at("TaskTemplate.ContainerSpec.Isolation"))),
        os: if os("windows") {
            Some(Os::Windows)
        } else if os("linux") {
            Some(Os::Linux)
        } else {
            None
        },
        everywhere: mode.global.is_some() || mode.global_job.is_some(),
        wanted,
        running,
        origin: Origin::whole(&source),
    })
}

/// How many tasks of a service are wanted, and how many run or, of a job, are done.
fn counts(service: &Service, tasks: &[&Task]) -> (Option<u32>, Option<u32>) {
    let mode = &service.spec.mode;
    let is_job = mode.replicated_job.is_some() || mode.global_job.is_some();
    let count = |wanted: &dyn Fn(&Task) -> bool| tasks.iter().filter(|task| wanted(task)).count();
    let running = |task: &Task| task.status.state == "running" && task.desired_state == "running";
    let told = service.service_status;
    let running = told.map_or_else(
        || count(&running) as u32,
        |status| status.running_tasks + if is_job { status.completed_tasks } else { 0 },
    );
    let wanted = match (&mode.replicated, &mode.replicated_job) {
        (Some(mode), _) => Some(mode.replicas),
        (_, Some(job)) => Some(job.total_completions),
        _ => told.map(|status| status.desired_tasks),
    };
    (wanted, Some(running))
}
