//! What `kubectl describe` printed of nodes, pods and what owns pods, with its indentation or without it, as
//! objects with the fields that it shows.

mod events;
mod words;

use serde_json::{Value, json};

use self::words::{key_value, label, number_before, taint, toleration};

/// Whether a text is one: an object's name, and right behind it what only descriptions have there.
pub(super) fn is_described(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let mut before = lines.next();
    lines.any(|line| {
        let starts = before.is_some_and(|before| begins(before, line));
        before = Some(line);
        starts
    })
}

/// The objects of a text.
pub(super) fn objects(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut reading: Option<Described> = None;
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    for (at, line) in lines.iter().enumerate() {
        let next = lines.get(at + 1).copied().unwrap_or_default();
        if begins(line, next) {
            found.extend(reading.take().into_iter().flat_map(Described::done));
            let name = key_value(line).map_or("", |(_, name)| name);
            reading = Some(Described::new(name));
        } else if let Some(reading) = &mut reading {
            reading.read(line, next);
        }
    }
    found.extend(reading.into_iter().flat_map(Described::done));
    found
}

/// Whether an object begins at a line, by what follows it.
fn begins(line: &str, next: &str) -> bool {
    let follows = ["Namespace:", "Role:", "Roles:", "Labels:"];
    line.starts_with("Name:") && follows.iter().any(|key| next.starts_with(key))
}

/// What stands on the lines that come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    /// Nothing that decides.
    Other,
    Labels,
    Taints,
    Conditions,
    SystemInfo,
    /// Containers, in this list of the spec.
    Containers(&'static str, &'static str),
    Selectors,
    Tolerations,
    Events,
}

/// An object while it is read.
struct Described {
    section: Section,
    /// The last state of a container that was begun: `state` or `lastState`, and its part.
    state: Option<(&'static str, &'static str)>,
    /// A message goes on until the next key.
    in_message: bool,
    kind: Option<&'static str>,
    in_template: bool,
    meta: Value,
    spec: Value,
    pods: Value,
    status: Value,
    events: Vec<Value>,
}

impl Described {
    fn new(name: &str) -> Self {
        Self {
            section: Section::Other,
            state: None,
            in_message: false,
            kind: None,
            in_template: false,
            meta: json!({"name": name}),
            spec: json!({}),
            pods: json!({}),
            status: json!({}),
            events: Vec::new(),
        }
    }

    fn is(&mut self, kind: &'static str) {
        self.kind.get_or_insert(kind);
    }

    fn read(&mut self, line: &str, next: &str) {
        if self.section == Section::Events {
            self.events.extend(events::row(line));
            return;
        }
        let within = matches!(self.section, Section::Containers(..));
        if within && self.container(line, next) {
            return;
        }
        let Some((key, value)) = key_value(line) else {
            self.value(line);
            return;
        };
        if !self.top(key, value) {
            self.value(line);
        }
    }

    /// A key of the object itself; false: it is none.
    fn top(&mut self, key: &str, value: &str) -> bool {
        let none = value == "<none>" || value == "<unset>";
        self.section = match key {
            "Namespace" => {
                self.meta["namespace"] = json!(value);
                Section::Other
            }
            "Role" | "Roles" => {
                self.is("Node");
                Section::Other
            }
            "Labels" => Section::Labels,
            "Annotations"
            | "Addresses"
            | "Capacity"
            | "Allocatable"
            | "Volumes"
            | "Mounts"
            | "Non-terminated Pods"
            | "Allocated resources"
            | "IPs"
            | "Lease" => Section::Other,
            "Taints" => Section::Taints,
            "Unschedulable" => {
                self.is("Node");
                self.spec["unschedulable"] = json!(value == "true");
                Section::Other
            }
            "Conditions" => Section::Conditions,
            "System Info" => {
                self.is("Node");
                Section::SystemInfo
            }
            "Node" => {
                self.is("Pod");
                let name = value.split('/').next().unwrap_or_default();
                if !none {
                    self.pods["nodeName"] = json!(name);
                }
                Section::Other
            }
            "Status" if self.kind == Some("Pod") => {
                let phase = value.split(' ').next().unwrap_or_default();
                let phase = if phase == "Terminating" {
                    "Running"
                } else {
                    phase
                };
                self.status["phase"] = json!(phase);
                Section::Other
            }
            "Reason" => {
                self.status["reason"] = json!(value);
                Section::Other
            }
            "Message" => {
                self.status["message"] = json!(value);
                Section::Other
            }
            "Controlled By" => {
                if let Some((kind, name)) = value.split_once('/') {
                    self.meta["ownerReferences"] =
                        json!([{"kind": kind, "name": name, "controller": true}]);
                }
                Section::Other
            }
            "Runtime Class Name" => {
                self.pods["runtimeClassName"] = json!(value);
                Section::Other
            }
            "Init Containers" => Section::Containers("initContainers", "initContainerStatuses"),
            "Containers" => Section::Containers("containers", "containerStatuses"),
            "Ephemeral Containers" => {
                Section::Containers("ephemeralContainers", "ephemeralContainerStatuses")
            }
            "Node-Selectors" => Section::Selectors,
            "Tolerations" => Section::Tolerations,
            "Events" => Section::Events,
            "Pod Template" => {
                self.in_template = true;
                Section::Other
            }
            _ => return self.counts(key, value),
        };
        if !none && !value.is_empty() {
            self.value(value);
        }
        true
    }

    /// What only one kind of workload says, and how many pods it has.
    fn counts(&mut self, key: &str, value: &str) -> bool {
        match key {
            "StrategyType" => self.is("Deployment"),
            "Update Strategy" | "Pods Status" if self.kind.is_none() => {
                // ReplicaSets say how many are current, StatefulSets how many there are in all.
                let current = self.spec.get("current").is_some();
                self.is(if current { "ReplicaSet" } else { "StatefulSet" });
            }
            "Desired Number of Nodes Scheduled" => {
                self.is("DaemonSet");
                self.status["desiredNumberScheduled"] = json!(number_before(value, ""));
            }
            "Number of Nodes Scheduled with Available Pods" => {
                self.status["numberReady"] = json!(number_before(value, ""));
            }
            "Parallelism" => {
                self.is("Job");
                self.spec["parallelism"] = json!(number_before(value, ""));
            }
            "Completions" => {
                self.is("Job");
                self.spec["completions"] = json!(number_before(value, ""));
            }
            "Schedule" => self.is("CronJob"),
            "Replicas" => {
                self.spec["replicas"] = json!(number_before(value, "desired"));
                if value.contains("current") {
                    self.spec["current"] = json!(true);
                }
                if let Some(ready) = number_before(value, "available") {
                    self.status["readyReplicas"] = json!(ready);
                }
            }
            _ => return false,
        }
        if key == "Pods Status"
            && let Some(running) = number_before(value, "Running")
        {
            self.status["readyReplicas"] = json!(running);
        }
        self.section = Section::Other;
        true
    }

    /// A line without a key of its own, or the value behind the key of a section.
    fn value(&mut self, line: &str) {
        let line = line.trim();
        match self.section {
            Section::Labels => {
                // Those of a pod template are not the object's.
                if let (Some((key, value)), false) = (label(line), self.in_template) {
                    self.meta["labels"][key] = json!(value);
                }
            }
            Section::Taints => {
                if let Some(taint) = taint(line) {
                    push(&mut self.spec["taints"], taint);
                }
            }
            Section::Conditions => {
                let mut words = line.split_whitespace();
                if let (Some(kind), Some(status @ ("True" | "False" | "Unknown"))) =
                    (words.next(), words.next())
                {
                    push(
                        &mut self.status["conditions"],
                        json!({"type": kind, "status": status}),
                    );
                }
            }
            Section::SystemInfo => {
                let field = match key_value(line) {
                    Some(("Kernel Version", value)) => ("kernelVersion", value),
                    Some(("OS Image", value)) => ("osImage", value),
                    Some(("Operating System", value)) => ("operatingSystem", value),
                    Some(("Architecture", value)) => ("architecture", value),
                    Some(("Container Runtime Version", value)) => {
                        ("containerRuntimeVersion", value)
                    }
                    Some(("Kubelet Version", value)) => ("kubeletVersion", value),
                    _ => return,
                };
                self.status["nodeInfo"][field.0] = json!(field.1);
            }
            Section::Selectors => {
                if let Some((key, value)) = label(line) {
                    self.pods["nodeSelector"][key] = json!(value);
                }
            }
            Section::Tolerations => {
                if let Some(toleration) = toleration(line) {
                    push(&mut self.pods["tolerations"], toleration);
                }
            }
            Section::Containers(..) | Section::Events | Section::Other => {}
        }
    }

    /// A line about containers; false: they are at their end.
    fn container(&mut self, line: &str, next: &str) -> bool {
        let Section::Containers(list, statuses) = self.section else {
            return false;
        };
        let inner = key_value(next).map(|(key, _)| key);
        if let Some((name, "")) = key_value(line)
            && matches!(inner, Some("Container ID" | "Image" | "Port" | "Ports"))
        {
            push(&mut self.pods[list], json!({"name": name}));
            push(&mut self.status[statuses], json!({"name": name}));
            (self.state, self.in_message) = (None, false);
            return true;
        }
        let Some((key, value)) = key_value(line) else {
            // A mount, an argument, or a message that has further lines.
            return !self.in_message || self.goes_on(statuses, line);
        };
        let (Some(container), Some(status)) =
            (last(&mut self.pods[list]), last(&mut self.status[statuses]))
        else {
            return false;
        };
        let part = |value: &str| match value.split(' ').next() {
            Some("Waiting") => Some("waiting"),
            Some("Terminated") => Some("terminated"),
            _ => None,
        };
        let was_message = std::mem::replace(&mut self.in_message, false);
        match key {
            "Image" => container["image"] = json!(value),
            "Image ID" => status["imageID"] = json!(value),
            "State" => self.state = part(value).map(|part| ("state", part)),
            "Last State" => self.state = part(value).map(|part| ("lastState", part)),
            "Reason" | "Message" | "Exit Code" => {
                if let Some((state, part)) = self.state {
                    let field = &mut status[state][part];
                    match key {
                        "Reason" => field["reason"] = json!(value),
                        "Message" => field["message"] = json!(value),
                        _ => field["exitCode"] = json!(number_before(value, "")),
                    }
                    self.in_message = key == "Message";
                }
            }
            "Ready" => status["ready"] = json!(value == "True"),
            "Restart Count" => status["restartCount"] = json!(number_before(value, "")),
            "Container ID"
            | "Port"
            | "Ports"
            | "Host Port"
            | "Host Ports"
            | "Command"
            | "Args"
            | "Started"
            | "Finished"
            | "Limits"
            | "Requests"
            | "Liveness"
            | "Readiness"
            | "Startup"
            | "Environment"
            | "Environment Variables from"
            | "Mounts"
            | "Devices"
            | "cpu"
            | "memory" => {}
            "Conditions"
            | "Volumes"
            | "QoS Class"
            | "Node-Selectors"
            | "Containers"
            | "Init Containers"
            | "Ephemeral Containers"
            | "Tolerations"
            | "Events" => return false,
            _ if was_message => return self.goes_on(statuses, line),
            _ => {}
        }
        true
    }

    /// A message that has further lines.
    fn goes_on(&mut self, statuses: &str, line: &str) -> bool {
        self.in_message = true;
        if let (Some((state, part)), Some(status)) = (self.state, last(&mut self.status[statuses]))
            && let Some(message) = status[state][part]["message"].as_str()
        {
            let longer = format!("{message}\n{}", line.trim());
            status[state][part]["message"] = json!(longer);
        }
        true
    }

    /// The object, and the events that it shows.
    fn done(self) -> Vec<Value> {
        let kind = self.kind.unwrap_or("Pod");
        let mut spec = self.spec;
        match kind {
            "Pod" => spec = self.pods,
            "Node" => {}
            "CronJob" => spec["jobTemplate"]["spec"]["template"]["spec"] = self.pods,
            _ => spec["template"]["spec"] = self.pods,
        }
        let about = json!({
            "kind": kind, "name": self.meta["name"], "namespace": self.meta["namespace"],
        });
        let mut found = vec![json!({
            "kind": kind, "metadata": self.meta, "spec": spec, "status": self.status,
        })];
        found.extend(self.events.into_iter().map(|mut event| {
            let path = event["involvedObject"]["fieldPath"].clone();
            event["involvedObject"] = about.clone();
            event["involvedObject"]["fieldPath"] = path;
            event
        }));
        found
    }
}

fn push(list: &mut Value, value: Value) {
    match list {
        Value::Array(items) => items.push(value),
        other => *other = json!([value]),
    }
}

fn last(list: &mut Value) -> Option<&mut Value> {
    list.as_array_mut()?.last_mut()
}
