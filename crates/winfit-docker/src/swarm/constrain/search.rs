//! Looking for constraints among what tells nodes apart: labels first, names last.

use std::collections::BTreeSet;

use winfit_core::Catalog;
use winfit_core::fleet::Member;
use winfit_core::image::Image;
use winfit_core::placement::swarm::Constraint;
use winfit_core::placement::{Admission, SwarmPlacement};

use super::with_added;
use crate::swarm::fleet::LabelNames;
use crate::swarm::label::generations;

/// What is looked at.
pub(super) struct Ground<'g> {
    pub(super) catalog: &'g Catalog,
    pub(super) placement: &'g SwarmPlacement,
    pub(super) image: Image,
    pub(super) names: &'g LabelNames,
    /// All nodes, whether or not it may use them.
    pub(super) all: &'g [Member],
    /// The nodes of which at least one is to stay.
    pub(super) good: &'g [&'g Member],
    /// The nodes that are to go.
    pub(super) bad: &'g [&'g Member],
    /// All of the good ones are to stay: it runs on every node that it may use.
    pub(super) keep_all: bool,
}

/// Constraints that do what is wanted.
pub(super) struct Found {
    pub(super) add: Vec<String>,
    pub(super) by_name: bool,
}

impl Ground<'_> {
    /// The fewest constraints, of several as many those that keep most nodes.
    pub(super) fn fewest(&self) -> Option<Found> {
        let labels = self
            .best(self.by_labels().into_iter().map(|one| vec![one]))
            .or_else(|| self.best([self.not_their_versions()?]));
        if let Some(add) = labels {
            return Some(Found {
                add,
                by_name: false,
            });
        }
        // A name tells nothing of the next node that joins.
        let of = |sign: &str, members: &[&Member]| -> Vec<String> {
            let names = members.iter().map(|member| self.by_name(sign, member));
            names.collect()
        };
        let (only, not) = (of("==", self.good), of("!=", self.bad));
        let single = not.len() > 1;
        let only = only.into_iter().filter(|_| single).map(|one| vec![one]);
        let add = self.best(only).or_else(|| self.best([not]))?;
        Some(Found { add, by_name: true })
    }

    /// Of the sets that do what is wanted the one that keeps most nodes; of several the first.
    fn best(&self, sets: impl IntoIterator<Item = Vec<String>>) -> Option<Vec<String>> {
        let mut best: Option<(usize, Vec<String>)> = None;
        for set in sets {
            if let Some(kept) = self.keeps(&set)
                && best.as_ref().is_none_or(|(most, _)| kept > *most)
            {
                best = Some((kept, set));
            }
        }
        best.map(|(_, set)| set)
    }

    /// How many good nodes these keep; none: they do not do what is wanted.
    fn keeps(&self, add: &[String]) -> Option<usize> {
        if add.is_empty() || add.iter().any(|text| Constraint::parse(text).is_err()) {
            return None;
        }
        let after = with_added(self.placement, add);
        let admits = |member: &Member| after.admits(self.catalog, member);
        let gone = |member: &&Member| matches!(admits(member), Admission::No { .. });
        if !self.bad.iter().all(gone) {
            return None;
        }
        let stays = |member: &&&Member| admits(member) == Admission::Yes;
        let kept = self.good.iter().filter(stays).count();
        let enough = if self.keep_all { self.good.len() } else { 1 };
        (kept >= enough).then_some(kept)
    }

    /// Single constraints on labels of the good nodes: the page's version, then winfit's generations, then
    /// the operating system.
    fn by_labels(&self) -> Vec<String> {
        let mut found = Vec::new();
        let equal = |name: &str, value: &str| format!("node.labels.{name}=={value}");
        for version in values(&self.names.version, self.good) {
            found.push(equal(&self.names.version, &version));
        }
        for label in generations::of_image(self.catalog, &self.image) {
            found.push(equal(&label, "true"));
        }
        for os in values(&self.names.os, self.good) {
            found.push(equal(&self.names.os, &os));
        }
        found.push("node.platform.os==windows".to_owned());
        found
    }

    /// Not the versions of the bad nodes; none: one of them has no such label.
    fn not_their_versions(&self) -> Option<Vec<String>> {
        let label = &self.names.version;
        let labelled = |member: &&Member| member.labels.known.contains_key(label);
        let values = values(label, self.bad);
        let all = self.bad.iter().all(labelled);
        let not = |value: &String| format!("node.labels.{label}!={value}");
        all.then(|| values.iter().map(not).collect())
    }

    /// A node by its name, by its id where several have that name.
    fn by_name(&self, sign: &str, member: &Member) -> String {
        let same = |other: &&Member| other.name.eq_ignore_ascii_case(&member.name);
        match &member.id {
            Some(id) if self.all.iter().filter(same).count() > 1 => format!("node.id{sign}{id}"),
            _ => format!("node.hostname{sign}{}", member.name),
        }
    }
}

/// What a label says on nodes, each value once.
fn values(label: &str, members: &[&Member]) -> BTreeSet<String> {
    let values = members
        .iter()
        .filter_map(|member| member.labels.known.get(label));
    values.cloned().collect()
}
