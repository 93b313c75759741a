//! Nodes as kubelets report them.

use serde_json::{Value, json};

use super::{Large, Os, ROUND, mix, pick, uid};

/// The name of a node.
pub(super) fn name(at: usize) -> String {
    match ROUND[at % ROUND.len()] {
        Os::Linux => format!("linux-{at:05}"),
        Os::Windows(_) => format!("win-{at:05}"),
    }
}

/// The newest four revisions that nodes of a build have.
fn revisions(build: u32) -> [u32; 4] {
    match build {
        17763 => [6293, 6414, 6532, 6659],
        20348 => [2700, 2762, 2849, 2966],
        _ => [1742, 2033, 2314, 2605],
    }
}

impl Large {
    pub(super) fn os_of_node(at: usize) -> Os {
        ROUND[at % ROUND.len()]
    }

    /// A node of a system, of those that there are.
    pub(super) fn node_of(&self, os: Os, seed: usize) -> usize {
        let places: Vec<usize> = (0..ROUND.len()).filter(|at| ROUND[*at] == os).collect();
        let round = pick(seed, 11, self.nodes / ROUND.len());
        let at = round * ROUND.len() + places[pick(seed, 12, places.len())];
        at.min(self.nodes - 1)
    }

    pub(super) fn write_node(&self, at: usize, out: &mut Vec<u8>) {
        let name = name(at);
        let uid = uid(1, at);
        let version = (1_000_000 + at).to_string();
        let address = format!("10.{}.{}.{}", at >> 16, (at >> 8) & 255, at & 255);
        let zone = format!("westeurope-{}", 1 + at % 3);
        let ready = if mix(at, 3).is_multiple_of(100) {
            "Unknown"
        } else {
            "True"
        };
        let cordoned = if mix(at, 4).is_multiple_of(100) {
            "true"
        } else {
            "false"
        };
        let hash = format!("{:016x}{:016x}", mix(at, 5), mix(at, 6));
        let (build, kernel, image, template) = match Self::os_of_node(at) {
            Os::Linux => {
                let kernel = "5.15.0-1081-azure".to_owned();
                (
                    String::new(),
                    kernel,
                    "Ubuntu 22.04.5 LTS",
                    &self.templates.linux_node,
                )
            }
            Os::Windows(build) => {
                let revision = revisions(build)[pick(at, 7, 4)];
                let image = match build {
                    17763 => "Windows Server 2019 Datacenter",
                    20348 => "Windows Server 2022 Datacenter",
                    _ => "Windows Server 2025 Datacenter",
                };
                let kernel = format!("10.0.{build}.{revision}");
                (
                    format!("10.0.{build}"),
                    kernel,
                    image,
                    &self.templates.windows_node,
                )
            }
        };
        let values = [
            &*name, &uid, &version, &address, &zone, ready, cordoned, &hash, &build, &kernel, image,
        ];
        template.fill(&values, out);
    }

    pub(super) fn write_class(at: usize, out: &mut Vec<u8>) {
        let build = [17763, 20348, 26100][at % 3];
        let class = json!({
            "metadata": {
                "name": format!("windows-{build}"), "uid": uid(2, at), "resourceVersion": "900",
                "creationTimestamp": "2025-11-02T08:00:00Z",
            },
            "handler": "runhcs-wcow-process",
            "scheduling": {
                "nodeSelector": {
                    "kubernetes.io/os": "windows", "node.kubernetes.io/windows-build": format!("10.0.{build}"),
                },
                "tolerations": [{"key": "os", "operator": "Equal", "value": "windows", "effect": "NoSchedule"}],
            },
        });
        out.extend_from_slice(&class.to_string().as_bytes()[1..]);
    }
}

/// 0 name, 1 uid, 2 version, 3 address, 4 zone, 5 ready, 6 cordoned, 7 hash, 8 build, 9 kernel, 10 OS image.
pub(super) fn template(windows: bool) -> Value {
    let os = if windows { "windows" } else { "linux" };
    let mut labels = json!({
        "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/instance-type": "Standard_D8s_v5",
        "beta.kubernetes.io/os": os, "failure-domain.beta.kubernetes.io/zone": "@4@",
        "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": "@0@", "kubernetes.io/os": os,
        "node.kubernetes.io/instance-type": "Standard_D8s_v5", "topology.kubernetes.io/region": "westeurope",
        "topology.kubernetes.io/zone": "@4@",
    });
    let mut spec =
        json!({"podCIDR": "@3@/24", "providerID": "lab:///nodes/@0@", "unschedulable": "@=6=@"});
    if windows {
        labels["node.kubernetes.io/windows-build"] = json!("@8@");
        spec["taints"] = json!([{"key": "os", "value": "windows", "effect": "NoSchedule"}]);
    }
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": "2026-01-02T03:04:05Z", "lastTransitionTime": "2025-11-02T08:00:00Z",
        })
    };
    let images: Vec<Value> = (0..24)
        .map(|at| {
            json!({
                "names": [
                    format!("registry.example.com/team-{at}/app-{at}@sha256:@7@@7@"),
                    format!("registry.example.com/team-{at}/app-{at}:1.{at}.2"),
                ],
                "sizeBytes": 262_144_000 + at * 1_048_576,
            })
        })
        .collect();
    let quantities = json!({
        "cpu": "8", "ephemeral-storage": "133703676Ki", "memory": "32863228Ki", "pods": "110",
    });
    json!({
        "metadata": {
            "name": "@0@", "uid": "@1@", "resourceVersion": "@2@",
            "creationTimestamp": "2025-11-02T08:00:00Z", "labels": labels,
            "annotations": {
                "node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
            "managedFields": [{
                "manager": "kubelet", "operation": "Update", "apiVersion": "v1",
                "time": "2025-11-02T08:00:00Z", "fieldsType": "FieldsV1",
                "fieldsV1": {"f:metadata": {"f:labels": {
                    ".": {}, "f:beta.kubernetes.io/arch": {}, "f:beta.kubernetes.io/os": {},
                    "f:kubernetes.io/arch": {}, "f:kubernetes.io/hostname": {}, "f:kubernetes.io/os": {},
                }}},
            }],
        },
        "spec": spec,
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": "@3@"}, {"type": "Hostname", "address": "@0@"},
            ],
            "allocatable": quantities, "capacity": quantities,
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                condition("Ready", "@5@", "KubeletReady", "kubelet is posting ready status"),
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "images": images,
            "nodeInfo": {
                "architecture": "amd64", "bootID": "@1@", "machineID": "@7@", "systemUUID": "@1@",
                "containerRuntimeVersion": "containerd://1.7.27", "kernelVersion": "@9@",
                "kubeProxyVersion": "v1.32.4", "kubeletVersion": "v1.32.4", "operatingSystem": os,
                "osImage": "@10@",
            },
        },
    })
}
