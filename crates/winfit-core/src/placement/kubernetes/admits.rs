//! Whether a pod's placement lets it onto a node, as the scheduler decides it.

use crate::catalog::Catalog;
use crate::finding::{Located, Origin};
use crate::fleet::Member;
use crate::host::Arch;

use super::labels::{ARCH_LABELS, Label, label, node_name, on_platform};
use super::{OLD_OS_LABEL, OS_LABEL, Operator, PodPlacement, Requirement, Taint, Toleration};
use crate::placement::Admission;

/// Whether a demand holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
    /// The node does not state what is asked for.
    NotStated,
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl PodPlacement {
    /// Whether it lets the pod onto this node: nodeSelector and required affinity and taints. With
    /// `nodeName` no scheduler is asked, but the kubelet still looks at the selectors and at taints that
    /// also evict (`NoExecute`). A demand that surely fails counts before one that nobody can tell.
    pub fn admits(&self, catalog: &Catalog, member: &Member) -> Admission {
        let mut unknown: Option<Admission> = None;
        if let Some(wanted) = &self.node_name {
            match node_name(catalog, member) {
                Some(name) if name == wanted.value => {}
                Some(_) => {
                    return Admission::No {
                        because: format!("nodeName {}", wanted.value),
                        origin: Some(wanted.origin.clone()),
                    };
                }
                None => {
                    unknown = Some(Admission::Unknown {
                        missing: "the node's name".to_owned(),
                        origin: Some(wanted.origin.clone()),
                    });
                }
            }
        }
        for requirement in &self.node_selector {
            match requirement.holds(catalog, member) {
                Holds::Yes => {}
                Holds::No => return requirement.keeps_off(),
                Holds::NotStated => unknown = unknown.or_else(|| Some(requirement.not_stated())),
            }
        }
        if let Some(terms) = &self.terms {
            match self.affinity(catalog, member, terms) {
                Admission::Yes => {}
                no @ Admission::No { .. } => return no,
                open @ Admission::Unknown { .. } => unknown = unknown.or(Some(open)),
            }
        }
        if let Some(taint) = self.untolerated(catalog, member).next() {
            let tolerated = self.tolerations.first().map(|first| &first.origin);
            return Admission::No {
                because: format!("the node's taint {}", taint.in_words()),
                origin: tolerated.or(self.origin.as_ref()).cloned(),
            };
        }
        unknown.unwrap_or(Admission::Yes)
    }

    /// The taints of a node that keep the pod off.
    pub(crate) fn untolerated<'m>(
        &self,
        catalog: &Catalog,
        member: &'m Member,
    ) -> impl Iterator<Item = &'m Taint> {
        member.taints.iter().flatten().filter(|taint| {
            self.heeds(taint)
                && !self.tolerates(taint)
                && !self.gke_tolerates(catalog, member, taint)
        })
    }

    /// The placement with nothing but the demand that gave this refusal.
    pub(crate) fn only_demand(&self, refusal: &Admission) -> Option<Self> {
        let terms = self.terms.iter().flatten().flatten();
        let mut demands = self.node_selector.iter().chain(terms);
        let demand = demands.find(|demand| demand.keeps_off() == *refusal);
        let of_name = |name: &&Located<String>| matches!(refusal, Admission::No { origin, .. } if origin.as_ref() == Some(&name.origin));
        let node_name = self.node_name.as_ref().filter(of_name);
        (demand.is_some() || node_name.is_some()).then(|| Self {
            terms: demand.map(|demand| vec![vec![demand.clone()]]),
            node_name: node_name.cloned(),
            tolerations: vec![Toleration::of_everything()],
            ..Self::default()
        })
    }

    /// The demand that stands at a place, in a few words, and the placement with nothing else.
    pub(crate) fn demand_at(&self, stands: impl Fn(&Origin) -> bool) -> Option<(String, Self)> {
        let tolerant = Self {
            tolerations: vec![Toleration::of_everything()],
            ..Self::default()
        };
        if let Some(name) = self.node_name.as_ref().filter(|name| stands(&name.origin)) {
            let alone = Self {
                node_name: Some(name.clone()),
                ..tolerant
            };
            return Some((format!("nodeName {}", name.value), alone));
        }
        let terms = self.terms.iter().flatten().flatten();
        let mut demands = self.node_selector.iter().chain(terms);
        let demand = demands.find(|demand| stands(&demand.origin))?;
        let alone = Self {
            terms: Some(vec![vec![demand.clone()]]),
            ..tolerant
        };
        Some((demand.in_words(), alone))
    }

    /// One of the terms must hold. No terms, or a term without demands, match no node.
    fn affinity(
        &self,
        catalog: &Catalog,
        member: &Member,
        terms: &[Vec<Requirement>],
    ) -> Admission {
        let mut unknown = None;
        let mut failing = None;
        for term in terms.iter().filter(|term| !term.is_empty()) {
            let of = |wanted: Holds| {
                term.iter()
                    .find(|requirement| requirement.holds(catalog, member) == wanted)
            };
            // A demand that the API server would refuse voids its term.
            if let Some(broken) = term.iter().find(|requirement| !requirement.is_sound()) {
                failing = failing.or(Some(broken));
            } else if let Some(no) = of(Holds::No) {
                failing = failing.or(Some(no));
            } else if let Some(open) = of(Holds::NotStated) {
                unknown = unknown.or(Some(open));
            } else {
                return Admission::Yes;
            }
        }
        match (unknown, failing) {
            (Some(open), _) => open.not_stated(),
            (None, Some(no)) => no.keeps_off(),
            (None, None) => Admission::No {
                because: "a node affinity without demands, which matches no node".to_owned(),
                origin: self.origin.clone(),
            },
        }
    }

    /// Whether a taint keeps pods off at all.
    fn heeds(&self, taint: &Taint) -> bool {
        match taint.effect.as_str() {
            "NoExecute" => true,
            "NoSchedule" => self.node_name.is_none(),
            _ => false,
        }
    }

    fn tolerates(&self, taint: &Taint) -> bool {
        self.tolerations
            .iter()
            .any(|toleration| toleration.tolerates(taint))
    }

    /// On GKE an admission webhook adds a toleration to pods that select Windows nodes.
    fn gke_tolerates(&self, catalog: &Catalog, member: &Member, taint: &Taint) -> bool {
        taint.key == "node.kubernetes.io/os"
            && taint.value == "windows"
            && taint.effect == "NoSchedule"
            && on_platform(catalog, member, "gke")
            && self
                .node_selector
                .iter()
                .any(|requirement| requirement.key == OS_LABEL && requirement.values == ["windows"])
    }

    /// The demand on the operating system, where the placement has one: what it wants, and the demand.
    pub(crate) fn selected_os(&self) -> Option<(&str, &Requirement)> {
        let terms = self.terms.iter().flatten().flatten();
        self.node_selector
            .iter()
            .chain(terms)
            .find_map(|requirement| {
                let os = [OS_LABEL, OLD_OS_LABEL].contains(&requirement.key.as_str())
                    && requirement.operator == Operator::In;
                match requirement.values.as_slice() {
                    [value] if os => Some((value.as_str(), requirement)),
                    _ => None,
                }
            })
    }

    /// Nothing in it limits the nodes.
    pub(crate) fn is_empty(&self) -> bool {
        self.node_selector.is_empty() && self.terms.is_none() && self.node_name.is_none()
    }
}

impl Requirement {
    /// The demand in a few words: `node.kubernetes.io/windows-build=10.0.17763`.
    pub(crate) fn in_words(&self) -> String {
        let key = &self.key;
        let values = || shortened(&self.values);
        match (self.operator, self.values.as_slice()) {
            (Operator::In, [value]) => format!("{key}={value}"),
            (Operator::In, _) => format!("{key} in {}", values()),
            (Operator::NotIn, [value]) => format!("{key}!={value}"),
            (Operator::NotIn, _) => format!("{key} not in {}", values()),
            (Operator::Exists, _) => format!("{key}, any value"),
            (Operator::DoesNotExist, _) => format!("no {key}"),
            (Operator::Gt, _) => format!("{key} above {}", values()),
            (Operator::Lt, _) => format!("{key} below {}", values()),
        }
    }

    fn keeps_off(&self) -> Admission {
        Admission::No {
            because: self.in_words(),
            origin: Some(self.origin.clone()),
        }
    }

    fn not_stated(&self) -> Admission {
        Admission::Unknown {
            missing: if self.field {
                "the node's name".to_owned()
            } else {
                format!("label {}", self.key)
            },
            origin: Some(self.origin.clone()),
        }
    }

    /// Whether the API server takes such a demand at all.
    fn is_sound(&self) -> bool {
        match (self.field, self.operator) {
            (true, Operator::In | Operator::NotIn) => self.values.len() == 1,
            (true, _) => false,
            (false, Operator::In | Operator::NotIn) => !self.values.is_empty(),
            (false, Operator::Exists | Operator::DoesNotExist) => self.values.is_empty(),
            (false, Operator::Gt | Operator::Lt) => {
                matches!(self.values.as_slice(), [value] if integer(value).is_some())
            }
        }
    }

    fn holds(&self, catalog: &Catalog, member: &Member) -> Holds {
        let value = self.value(catalog, member);
        if value == Label::NotStated && !self.field && ARCH_LABELS.contains(&self.key.as_str()) {
            return self.holds_of_usual_arch();
        }
        self.holds_of(&value)
    }

    /// Of a host that states no architecture: Windows hosts are amd64, but for a few of arm64.
    fn holds_of_usual_arch(&self) -> Holds {
        let of = |arch: Arch| self.holds_of(&Label::Is(arch.name().into()));
        match (of(Arch::Amd64), of(Arch::Arm64)) {
            (Holds::No, Holds::Yes) => Holds::NotStated,
            (usual, _) => usual,
        }
    }

    fn value<'m>(&self, catalog: &Catalog, member: &'m Member) -> Label<'m> {
        if self.field && self.key == "metadata.name" {
            match node_name(catalog, member) {
                Some(name) => Label::Is(name.into()),
                None => Label::NotStated,
            }
        } else if self.field {
            Label::Is("".into())
        } else {
            label(catalog, member, &self.key)
        }
    }

    fn holds_of(&self, value: &Label<'_>) -> Holds {
        let among = |value: &str| self.values.iter().any(|wanted| wanted == value);
        match (self.operator, value) {
            (_, Label::NotStated) => Holds::NotStated,
            (Operator::In, Label::Is(value)) => among(value).into(),
            (Operator::NotIn, Label::Is(value)) => (!among(value)).into(),
            (Operator::Exists, Label::Is(_)) => Holds::Yes,
            (Operator::DoesNotExist, Label::Is(_)) => Holds::No,
            (Operator::Gt, Label::Is(value)) => self.compare(value, |own, wanted| own > wanted),
            (Operator::Lt, Label::Is(value)) => self.compare(value, |own, wanted| own < wanted),
            (Operator::NotIn | Operator::DoesNotExist, Label::Absent) => Holds::Yes,
            (_, Label::Absent) => Holds::No,
        }
    }

    fn compare(&self, own: &str, holds: impl Fn(i64, i64) -> bool) -> Holds {
        let wanted = self.values.first().and_then(|value| integer(value));
        match (integer(own), wanted) {
            (Some(own), Some(wanted)) => holds(own, wanted).into(),
            _ => Holds::No,
        }
    }
}

impl Toleration {
    /// One of every taint, by no file.
    fn of_everything() -> Self {
        Self {
            key: None,
            exists: true,
            value: String::new(),
            effect: None,
            origin: Origin::whole(&"winfit".into()),
        }
    }

    /// One of this taint alone, by no file.
    pub(crate) fn of(taint: &Taint) -> Self {
        Self {
            key: Some(taint.key.clone()),
            value: taint.value.clone(),
            effect: Some(taint.effect.clone()),
            exists: false,
            ..Self::of_everything()
        }
    }

    /// Whether it tolerates a taint. Case matters everywhere.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let effect = self.effect.as_deref().unwrap_or_default();
        let key = self.key.as_deref().unwrap_or_default();
        (effect.is_empty() || effect == taint.effect)
            && (key.is_empty() || key == taint.key)
            && (self.exists || (!key.is_empty() && self.value == taint.value))
    }
}

impl Taint {
    /// As `kubectl` writes it: `os=windows:NoSchedule`.
    pub(crate) fn in_words(&self) -> String {
        let Self { key, value, effect } = self;
        if value.is_empty() {
            format!("{key}:{effect}")
        } else {
            format!("{key}={value}:{effect}")
        }
    }
}

/// As Go reads integers: a sign and digits, 64 bits.
fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// The first values of a list.
fn shortened(values: &[String]) -> String {
    const MOST: usize = 4;
    let mut words = values
        .iter()
        .take(MOST)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if values.len() > MOST {
        words.push_str(&format!(" and {} more", values.len() - MOST));
    }
    words
}
