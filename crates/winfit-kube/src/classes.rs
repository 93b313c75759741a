//! A RuntimeClass for each Windows build of a cluster, as the Kubernetes documentation recommends: pods name
//! the class, and it brings the selector and the tolerations.

mod group;
mod yaml;

use std::collections::BTreeMap;

use winfit_core::Catalog;
use winfit_core::fleet::Member;
use winfit_core::host::Os;
use winfit_core::placement::kubernetes::{BUILD_LABEL, OLD_OS_LABEL, OS_LABEL};
use winfit_core::reason::windows_name;
use winfit_core::version::OsVersion;

use crate::cluster::Cluster;
use crate::fleet::{Told, member};
use crate::model::{Node, RuntimeClass, Toleration};

use self::group::{Group, named, no_hyperv};

pub use self::yaml::manifests;

const ARCH_LABEL: &str = "kubernetes.io/arch";

/// What containerd's handlers of Hyper-V isolation begin with.
const HYPERV: &str = "runhcs-wcow-hypervisor";

/// What the cluster should have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classes {
    /// The classes, the oldest build first.
    pub wanted: Vec<Wanted>,
    /// Windows nodes whose version nothing tells.
    pub open: Vec<String>,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// For whom it is: `Windows Server 2022 (20348): win-a, win-b`.
    pub what: String,
    /// What else is to be known before it is used.
    pub notes: Vec<String>,
    /// The class; or the name of one in the cluster that says the same.
    pub class: Result<RuntimeClass, String>,
}

/// The classes that a cluster should have.
pub fn classes(catalog: &Catalog, cluster: &Cluster, told: &Told) -> Classes {
    let mut found = Classes::default();
    let mut groups: BTreeMap<(OsVersion, String), Vec<(&Node, Member)>> = BTreeMap::new();
    for node in &cluster.nodes {
        let member = member(catalog, node, told);
        if member.host.os != Os::Windows {
            continue;
        }
        let Some(version) = member.host.version else {
            found.open.push(member.name);
            continue;
        };
        let arch = member.host.arch.map_or("amd64", |arch| arch.name());
        let key = (version.without_revision(), arch.to_owned());
        groups.entry(key).or_default().push((node, member));
    }
    let mut making = Making {
        catalog,
        cluster,
        names: cluster
            .classes
            .iter()
            .map(|class| class.metadata.name.to_string())
            .collect(),
        found,
    };
    for ((build, arch), nodes) in groups {
        making.of_group(&Group { build, arch, nodes });
    }
    making.found
}

struct Making<'c> {
    catalog: &'c Catalog,
    cluster: &'c Cluster,
    /// Names that are taken.
    names: Vec<String>,
    found: Classes,
}

impl Making<'_> {
    /// One class for process isolation, and one for each handler of Hyper-V isolation.
    fn of_group(&mut self, group: &Group<'_>) {
        let base = group.name(self.catalog);
        let (handler, mut notes) = group.process_handler();
        notes.extend(group.selector_notes());
        notes.extend(group.revision_note());
        self.add(group, &base, &handler, "", notes);
        for handler in group.hyperv_handlers(self.catalog) {
            let own = handler[HYPERV.len()..].trim_start_matches('-');
            let name = if own.is_empty() {
                format!("{base}-hyperv")
            } else {
                format!("{base}-hyperv-{own}")
            };
            let mut notes = Vec::new();
            let lacking = group.lacking(&handler);
            if lacking.len() == group.nodes.len() {
                continue;
            }
            if !lacking.is_empty() {
                notes.push(format!(
                    "no handler {handler} on {}: pods of this class fail there",
                    named(&lacking)
                ));
            }
            self.add(group, &name, &handler, ", Hyper-V isolation", notes);
        }
        notes_of_platform(self.catalog, group, &mut self.found);
    }

    fn add(
        &mut self,
        group: &Group<'_>,
        name: &str,
        handler: &str,
        how: &str,
        mut notes: Vec<String>,
    ) {
        let names: Vec<&str> = group
            .nodes
            .iter()
            .map(|(_, own)| own.name.as_str())
            .collect();
        let windows = windows_name(self.catalog, group.build.build, group.kind(self.catalog));
        let what = format!("{windows} ({}){how}: {}", group.build.build, named(&names));
        let mut class = RuntimeClass {
            handler: handler.to_owned(),
            ..RuntimeClass::default()
        };
        class.scheduling.node_selector = group.selector();
        let (tolerations, left) = group.tolerations();
        class.scheduling.tolerations = tolerations;
        let known = self.cluster.classes.iter();
        if let Some(same) = known.into_iter().find(|known| says_the_same(known, &class)) {
            let class = Err(same.metadata.name.to_string());
            self.found.wanted.push(Wanted { what, notes, class });
            return;
        }
        notes.extend(left);
        let free = self.free(name);
        if free != name {
            notes.push(format!(
                "the cluster's RuntimeClass {name} says something else, and its handler cannot be changed"
            ));
        }
        self.names.push(free.clone());
        class.metadata.name = free.into();
        let class = Ok(class);
        self.found.wanted.push(Wanted { what, notes, class });
    }

    /// The name, with a number where another class has it.
    fn free(&self, name: &str) -> String {
        let taken = |name: &String| self.names.contains(name);
        let mut free = name.to_owned();
        let mut number = 2;
        while taken(&free) {
            free = format!("{name}-{number}");
            number += 1;
        }
        free
    }
}

/// Says which platform runs no Hyper-V containers, though its nodes have the handler.
fn notes_of_platform(catalog: &Catalog, group: &Group<'_>, found: &mut Classes) {
    let offers = group.nodes.iter().find_map(|(node, member)| {
        let platform = no_hyperv(catalog, member)?;
        let mut handlers = node.status.runtime_handlers.iter();
        handlers
            .any(|handler| handler.name.starts_with(HYPERV))
            .then_some(platform)
    });
    if let (Some(platform), Some(last)) = (offers, found.wanted.last_mut()) {
        last.notes.push(format!(
            "no class for Hyper-V isolation: nodes have the handler, and {platform} offers none"
        ));
    }
}

/// Whether a class of the cluster does what the wanted one does: the same handler, the same Windows, no
/// further demand, and all tolerations that are needed.
fn says_the_same(known: &RuntimeClass, wanted: &RuntimeClass) -> bool {
    let selector = &known.scheduling.node_selector;
    let at = |class: &RuntimeClass, key: &str| class.scheduling.node_selector.get(key).cloned();
    let same_or_none = |key: &str| {
        let own = at(known, key);
        own.is_none() || own == at(wanted, key)
    };
    let is_old_os = |key: &str| key == OLD_OS_LABEL && selector[key] == "windows";
    let mut keys = selector.keys();
    known.handler == wanted.handler
        && at(known, BUILD_LABEL) == at(wanted, BUILD_LABEL)
        && same_or_none(OS_LABEL)
        && same_or_none(ARCH_LABEL)
        && keys.all(|key| [BUILD_LABEL, OS_LABEL, ARCH_LABEL].contains(&&**key) || is_old_os(key))
        && wanted.scheduling.tolerations.iter().all(|needed| {
            let mut own = known.scheduling.tolerations.iter();
            own.any(|own| covers(own, needed))
        })
}

/// Whether a toleration lets by what a needed one, which is as narrow as a taint, lets by.
fn covers(own: &Toleration, needed: &Toleration) -> bool {
    let key = own.key == needed.key || (own.key.is_empty() && own.operator == "Exists");
    let value = own.operator == "Exists" || own.value == needed.value;
    let effect = own.effect.is_empty() || own.effect == needed.effect;
    key && value && effect
}
