//! One described object: its kind by the keys that only this kind has, and its fields.

use std::sync::Arc;

use super::containers::Containers;
use super::events;
use super::values::{key_value, labels, number, number_before, stated, taint, toleration};
use crate::model::{
    Condition, Event, Involved, Item, Kind, Meta, Node, Owner, Pod, PodMeta, PodSpec, PodStatus,
    Workload,
};

/// What the lines that come belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    /// Nothing that decides.
    Other,
    /// A message of the pod itself, which may have lines of its own.
    Message,
    Labels,
    Taints,
    Conditions,
    SystemInfo,
    InitContainers,
    Containers,
    EphemeralContainers,
    Selectors,
    Tolerations,
    Events,
}

/// Keys of sections and fields that decide nothing, but end what stands before them.
const OTHERS: [&str; 30] = [
    "Annotations",
    "Addresses",
    "Capacity",
    "Allocatable",
    "Lease",
    "PodCIDR",
    "PodCIDRs",
    "Non-terminated Pods",
    "Allocated resources",
    "CreationTimestamp",
    "Selector",
    "Start Time",
    "Priority",
    "Priority Class Name",
    "Service Account",
    "SeccompProfile",
    "IP",
    "IPs",
    "NominatedNodeName",
    "Readiness Gates",
    "Volumes",
    "Volume Claims",
    "Topology Spread Constraints",
    "QoS Class",
    "OldReplicaSets",
    "NewReplicaSet",
    "Created By",
    "Termination Grace Period",
    "MinReadySeconds",
    "RollingUpdateStrategy",
];

/// The same of workloads.
const OF_WORKLOADS: [&str; 14] = [
    "Current Number of Nodes Scheduled",
    "Number of Nodes Scheduled with Up-to-date Pods",
    "Number of Nodes Misscheduled",
    "Concurrency Policy",
    "Successful Job History Limit",
    "Failed Job History Limit",
    "Starting Deadline Seconds",
    "Active Deadline Seconds",
    "Last Schedule Time",
    "Completion Mode",
    "Completed At",
    "Duration",
    "Backoff Limit",
    "Completed Indexes",
];

/// An object while it is read.
pub(super) struct Described {
    is_indented: bool,
    section: Section,
    kind: Option<Which>,
    in_template: bool,
    meta: Meta,
    node: Node,
    pods: PodSpec,
    status: PodStatus,
    workload: Workload,
    init: Containers,
    main: Containers,
    ephemeral: Containers,
    events: Vec<Event>,
}

/// The kind of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Node,
    Pod,
    Workload(Kind),
}

impl Described {
    pub(super) fn new(is_indented: bool) -> Self {
        Self {
            is_indented,
            section: Section::Other,
            kind: None,
            in_template: false,
            meta: Meta::default(),
            node: Node::default(),
            pods: PodSpec::default(),
            status: PodStatus::default(),
            workload: Workload::default(),
            init: Containers::default(),
            main: Containers::default(),
            ephemeral: Containers::default(),
            events: Vec::new(),
        }
    }

    /// A line, and the one behind it.
    pub(super) fn line(&mut self, line: &str, next: &str) {
        if line.trim().is_empty() {
            return;
        }
        let depth = line.len() - line.trim_start().len();
        if self.section == Section::Events {
            self.event(line, depth);
            return;
        }
        // Keys of a pod template stand two blanks deep, those of the object at the line's start.
        let may_be_key = !self.is_indented || depth == 0 || (self.in_template && depth == 2);
        if may_be_key && let Some((key, value)) = key_value(line) {
            let is_known = self.key(key, value);
            if is_known {
                return;
            }
            let may_go_on = self.section == Section::Message || self.in_containers();
            if self.is_indented && depth == 0 && !may_go_on {
                self.section = Section::Other;
                return;
            }
        }
        self.within(line, depth, next);
    }

    fn is(&mut self, kind: Which) {
        self.kind.get_or_insert(kind);
    }

    fn in_containers(&self) -> bool {
        use Section::{Containers, EphemeralContainers, InitContainers};
        matches!(
            self.section,
            InitContainers | Containers | EphemeralContainers
        )
    }

    /// A key of the object or of its template; false: it is none that kubectl has there.
    fn key(&mut self, key: &str, value: &str) -> bool {
        // Without indentation a container's own keys look like the object's.
        if self.in_containers() && !self.is_indented && matches!(key, "Reason" | "Message") {
            return false;
        }
        let section = match key {
            "Labels" => Section::Labels,
            "Taints" => Section::Taints,
            "Conditions" => Section::Conditions,
            "System Info" => {
                self.is(Which::Node);
                Section::SystemInfo
            }
            "Init Containers" => Section::InitContainers,
            "Containers" => Section::Containers,
            "Ephemeral Containers" => Section::EphemeralContainers,
            "Node-Selectors" | "Node-Selector" => Section::Selectors,
            "Tolerations" => Section::Tolerations,
            "Events" => Section::Events,
            "Message" if !self.in_template => {
                value.clone_into(&mut self.status.message);
                Section::Message
            }
            "Pod Template" => {
                self.in_template = true;
                Section::Other
            }
            _ if OTHERS.contains(&key) => Section::Other,
            _ if self.field(key, value) || self.count(key, value) => Section::Other,
            _ => return false,
        };
        self.section = section;
        if section != Section::Message
            && let Some(value) = stated(value)
        {
            self.within(value, usize::MAX, "");
        }
        true
    }

    /// A field of a node or a pod.
    fn field(&mut self, key: &str, value: &str) -> bool {
        let stated = stated(value).unwrap_or_default();
        match key {
            "Name" if self.meta.name.is_empty() => self.meta.name = stated.into(),
            "Namespace" => self.meta.namespace = stated.into(),
            "Role" | "Roles" => self.is(Which::Node),
            "Unschedulable" => {
                self.is(Which::Node);
                self.node.spec.unschedulable = value == "true";
            }
            "ProviderID" => stated.clone_into(&mut self.node.spec.provider_id),
            "Node" => {
                self.is(Which::Pod);
                let name = stated.split('/').next().unwrap_or_default();
                name.clone_into(&mut self.pods.node_name);
            }
            "Status" => {
                self.is(Which::Pod);
                // Of a pod that is being deleted kubectl does not tell the phase.
                if !stated.starts_with("Terminating") {
                    self.status.phase = stated.into();
                }
            }
            "Reason" => stated.clone_into(&mut self.status.reason),
            "Runtime Class Name" => stated.clone_into(&mut self.pods.runtime_class_name),
            "Controlled By" => {
                if let Some((kind, name)) = stated.split_once('/') {
                    self.meta.owner_references.push(Owner {
                        kind: kind.into(),
                        name: name.into(),
                        controller: true,
                    });
                }
            }
            _ => return false,
        }
        true
    }

    /// What only workloads say, and how many pods they have.
    fn count(&mut self, key: &str, value: &str) -> bool {
        let Workload { spec, status, .. } = &mut self.workload;
        let kind = match key {
            "Replicas" => {
                spec.replicas = number_before(value, "desired");
                // What is available is ready; nothing tells what is ready only.
                status.ready_replicas = number_before(value, "available");
                number_before(value, "current").map(|_| Kind::ReplicaSet)
            }
            "StrategyType" => Some(Kind::Deployment),
            "Update Strategy" => Some(Kind::StatefulSet),
            "Desired Number of Nodes Scheduled" => {
                status.desired_number_scheduled = number(value);
                Some(Kind::DaemonSet)
            }
            "Number of Nodes Scheduled with Available Pods" => {
                status.number_ready = number(value);
                Some(Kind::DaemonSet)
            }
            "Schedule" => Some(Kind::CronJob),
            "Suspend" => {
                spec.suspend = value.eq_ignore_ascii_case("true");
                None
            }
            "Parallelism" => {
                spec.parallelism = number(value);
                Some(Kind::Job)
            }
            "Completions" => {
                spec.completions = number(value);
                Some(Kind::Job)
            }
            "Pods Statuses" => {
                let active = number_before(value, "Active");
                let active = active.or_else(|| number_before(value, "Running"));
                status.active = active.unwrap_or_default();
                status.succeeded = number_before(value, "Succeeded");
                Some(Kind::Job)
            }
            "Active Jobs" => {
                let jobs = value.split(',').filter(|job| stated(job.trim()).is_some());
                status.active = jobs.count().try_into().unwrap_or(u32::MAX);
                Some(Kind::CronJob)
            }
            "Pods Status" => None,
            key => return OF_WORKLOADS.contains(&key),
        };
        if let Some(kind) = kind {
            self.is(Which::Workload(kind));
        }
        true
    }

    /// What stands in a section.
    fn within(&mut self, line: &str, depth: usize, next: &str) {
        match self.section {
            Section::Other | Section::Events => {}
            Section::Message => {
                self.status.message.push('\n');
                self.status.message.push_str(line.trim_end());
            }
            // Those of a pod template are not the object's.
            Section::Labels if self.in_template => {}
            Section::Labels => self.meta.labels.extend(labels(line)),
            Section::Taints => self.node.spec.taints.extend(taint(line)),
            Section::Conditions => self.condition(line),
            Section::SystemInfo => self.system(line),
            Section::InitContainers => self.init.line(line, depth, next),
            Section::Containers => self.main.line(line, depth, next),
            Section::EphemeralContainers => self.ephemeral.line(line, depth, next),
            Section::Selectors => self.pods.node_selector.extend(labels(line)),
            Section::Tolerations => self.pods.tolerations.extend(toleration(line)),
        }
    }

    /// `Ready True …`: of a node with times, a reason and a sentence in columns.
    fn condition(&mut self, line: &str) {
        let mut words = line.split_whitespace().peekable();
        while let Some(kind) = words.next() {
            let Some(status @ ("True" | "False" | "Unknown")) = words.peek().copied() else {
                continue;
            };
            words.next();
            let mut columns = line
                .split("  ")
                .map(str::trim)
                .filter(|column| !column.is_empty());
            let condition = Condition {
                kind: kind.to_owned(),
                status: status.to_owned(),
                reason: columns.nth(4).unwrap_or_default().to_owned(),
                message: columns.next().unwrap_or_default().to_owned(),
            };
            self.node.status.conditions.push(condition.clone());
            if status != "True" {
                self.status.conditions.push(condition);
            }
            // A sentence may say True as well.
            if words.peek().is_some_and(|next| next.ends_with(',')) {
                return;
            }
        }
    }

    fn system(&mut self, line: &str) {
        let Some((key, value)) = key_value(line) else {
            return;
        };
        let info = &mut self.node.status.node_info;
        let field = match key {
            "Kernel Version" => &mut info.kernel_version,
            "OS Image" => &mut info.os_image,
            "Operating System" => &mut info.operating_system,
            "Architecture" => &mut info.architecture,
            "Container Runtime Version" => &mut info.container_runtime_version,
            "Kubelet Version" => &mut info.kubelet_version,
            _ => return,
        };
        stated(value).unwrap_or_default().clone_into(field);
    }

    /// A row of the events, or a further line of its message.
    fn event(&mut self, line: &str, depth: usize) {
        if let Some(event) = events::row(line) {
            self.events.push(event);
        } else if self.is_indented
            && let Some(last) = self.events.last_mut()
        {
            last.message.push('\n');
            last.message.push_str(line.trim_end());
        } else if depth == 0 && !self.events.is_empty() {
            // Without indentation nothing tells where the last message ends, but its line's end.
            self.section = Section::Other;
        }
    }

    /// The object, and its events.
    pub(super) fn done(mut self) -> (Item, Vec<Event>) {
        self.pods.init_containers = self.init.list;
        self.pods.containers = self.main.list;
        self.pods.ephemeral_containers = self.ephemeral.list;
        self.status.init_container_statuses = self.init.statuses;
        self.status.container_statuses = self.main.statuses;
        self.status.ephemeral_container_statuses = self.ephemeral.statuses;
        let Some(kind) = self.kind else {
            return (Item::Other(String::new()), Vec::new());
        };
        let about = match kind {
            Which::Node => "Node",
            Which::Pod => "Pod",
            Which::Workload(kind) => kind.name(),
        };
        let about = Involved {
            kind: about.into(),
            namespace: Arc::clone(&self.meta.namespace),
            name: Arc::clone(&self.meta.name),
            field_path: String::new(),
        };
        for event in &mut self.events {
            let field_path = std::mem::take(&mut event.involved_object.field_path);
            event.involved_object = Involved {
                field_path,
                ..about.clone()
            };
        }
        let item = match kind {
            Which::Node => {
                self.node.metadata = self.meta;
                Item::Node(self.node)
            }
            Which::Pod => Item::Pod(Pod {
                metadata: PodMeta {
                    name: self.meta.name,
                    namespace: self.meta.namespace,
                    owner_references: self.meta.owner_references,
                },
                spec: Arc::new(self.pods),
                status: self.status,
                node: Arc::default(),
            }),
            Which::Workload(kind) => {
                let Workload { metadata, spec, .. } = &mut self.workload;
                *metadata = self.meta;
                let pods = Arc::new(self.pods);
                if kind == Kind::CronJob {
                    spec.job_template.spec.parallelism = spec.parallelism.take();
                    spec.job_template.spec.template.spec = pods;
                } else {
                    spec.template.spec = pods;
                }
                Item::Workload(kind, self.workload)
            }
        };
        (item, self.events)
    }
}
