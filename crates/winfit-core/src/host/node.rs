//! The host under a Kubernetes node, by what the node says of itself.

use std::collections::BTreeMap;

use crate::catalog::Catalog;
use crate::placement::kubernetes::{BUILD_LABEL, OLD_OS_LABEL, OS_LABEL};
use crate::version::OsVersion;

use super::draft::kind_in;
use super::fields::{Kernel, kernel};
use super::{Arch, Host, Kind, Os};

/// What a Kubernetes node says of its host. What it does not say is empty.
#[derive(Debug, Clone, Copy)]
pub struct NodeFacts<'n> {
    /// `metadata.labels`.
    pub labels: &'n BTreeMap<String, String>,
    /// `status.nodeInfo.kernelVersion`: `10.0.17763.3165`, or `10.0 14393 (14393.1715.amd64fre.…)`.
    pub kernel_version: &'n str,
    /// `status.nodeInfo.osImage`: `Windows Server 2019 Datacenter`.
    pub os_image: &'n str,
    /// `status.nodeInfo.operatingSystem`: `windows`.
    pub operating_system: &'n str,
    /// `status.nodeInfo.architecture`: `amd64`.
    pub architecture: &'n str,
    /// `status.nodeInfo.containerRuntimeVersion`: `containerd://1.7.20`.
    pub runtime_version: &'n str,
}

/// What labels of hosting platforms begin with.
const PLATFORM_LABELS: [(&str, &str); 4] = [
    ("kubernetes.azure.com/", "aks"),
    ("cloud.google.com/gke", "gke"),
    ("eks.amazonaws.com/", "eks"),
    ("node.openshift.io/", "openshift"),
];

/// Which hosting platform a label of a node tells of.
pub(super) fn platform_of(label: &str) -> Option<&'static str> {
    PLATFORM_LABELS
        .into_iter()
        .find(|(prefix, _)| label.starts_with(prefix))
        .map(|(_, platform)| platform)
}

impl NodeFacts<'_> {
    /// The host, and where its version was learnt: from the kubelet's own word, else from the labels,
    /// which anybody may have written.
    pub fn host(&self, catalog: &Catalog) -> (Host, &'static str) {
        let label = |key: &str| self.labels.get(key).map(String::as_str);
        let stated = [
            Some(self.operating_system),
            label(OS_LABEL),
            label(OLD_OS_LABEL),
        ];
        let os = stated.into_iter().flatten().find(|os| !os.is_empty());
        let linux = os.is_some_and(|os| os.eq_ignore_ascii_case("linux"));
        let (version, learnt_from) = if linux {
            (None, "nodeInfo")
        } else {
            self.version()
        };
        let platforms = self.labels.keys().find_map(|key| platform_of(key));
        let host = Host {
            os: if linux { Os::Linux } else { Os::Windows },
            version,
            // Kubernetes runs on servers; only a name that says so makes one a client.
            kind: if linux {
                Kind::Unknown
            } else {
                kind_in(self.os_image).unwrap_or(Kind::Server)
            },
            arch: Arch::parse(self.architecture),
            platform: platforms.and_then(|name| {
                let at = catalog
                    .platforms
                    .iter()
                    .position(|platform| platform.platform == name)?;
                u8::try_from(at).ok()
            }),
            engine: self.runtime_version.replace("://", "@").parse().ok(),
            ..Host::windows(OsVersion::of_build(0))
        };
        (host, learnt_from)
    }

    fn version(&self) -> (Option<OsVersion>, &'static str) {
        match kernel(self.kernel_version) {
            Some(Kernel::Plain(version)) => return (Some(version), "nodeInfo"),
            Some(Kernel::WithLab(version, lab)) => {
                // The lab's revision is the patch level on 14393 only; a fully patched 2019 still says 1.
                let exact = if lab.build == version.build && lab.build == 14_393 {
                    lab
                } else {
                    version
                };
                return (Some(exact), "nodeInfo");
            }
            None => {}
        }
        let by_label = self
            .labels
            .get(BUILD_LABEL)
            .and_then(|value| value.parse().ok());
        match by_label {
            Some(version) => (Some(version), "label windows-build"),
            None => (None, "nowhere"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_of(labels: &[(&str, &str)], kernel: &str, os: &str) -> (Host, &'static str) {
        let labels = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        NodeFacts {
            labels: &labels,
            kernel_version: kernel,
            os_image: "",
            operating_system: os,
            architecture: "amd64",
            runtime_version: "containerd://1.7.20",
        }
        .host(Catalog::builtin())
    }

    #[test]
    fn the_kubelets_word_goes_before_labels() {
        let label = [(BUILD_LABEL, "10.0.20348")];
        for (labels, kernel, version, learnt_from) in [
            (&label[..], "10.0.17763.3165", "10.0.17763.3165", "nodeInfo"),
            (
                &label,
                "10.0 14393 (14393.1715.amd64fre.rs1_release)",
                "10.0.14393.1715",
                "nodeInfo",
            ),
            (
                &label,
                "10.0 16299 (16299.0.amd64fre.rs3_release.170922-1354)",
                "10.0.16299",
                "nodeInfo",
            ),
            (&label, "", "10.0.20348", "label windows-build"),
            (&label, "unknown", "10.0.20348", "label windows-build"),
        ] {
            let (host, from) = host_of(labels, kernel, "windows");
            assert_eq!(
                host.version.map(|version| version.to_string()).as_deref(),
                Some(version)
            );
            assert_eq!(from, learnt_from);
            assert_eq!(host.kind, Kind::Server);
            assert_eq!(
                host.engine.map(|engine| engine.in_words()).as_deref(),
                Some("containerd 1.7.20")
            );
        }
        let (host, from) = host_of(&[], "", "");
        assert_eq!(
            (host.os, host.version, from),
            (Os::Windows, None, "nowhere")
        );
        let (host, _) = host_of(&[(OLD_OS_LABEL, "linux")], "", "");
        assert_eq!(host.os, Os::Linux);
    }

    #[test]
    fn platforms_show_in_labels() {
        let of = |label: &str| {
            let catalog = Catalog::builtin();
            let (host, _) = host_of(&[(label, "x")], "10.0.20348.1", "windows");
            host.platform
                .map(|at| catalog.platforms[usize::from(at)].platform)
        };
        assert_eq!(of("kubernetes.azure.com/agentpool"), Some("aks"));
        assert_eq!(of("cloud.google.com/gke-nodepool"), Some("gke"));
        assert_eq!(of("eks.amazonaws.com/nodegroup"), Some("eks"));
        assert_eq!(of("node.openshift.io/os_id"), Some("openshift"));
        assert_eq!(of("example.com/kubernetes.azure.com"), None);
    }
}
