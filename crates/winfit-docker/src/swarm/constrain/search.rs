//! Looking for constraints among what tells nodes apart: labels that tell their Windows first, names last.

use std::collections::{BTreeMap, BTreeSet};

use winfit_core::Catalog;
use winfit_core::fleet::{Labels, Member};
use winfit_core::image::Image;
use winfit_core::placement::swarm::Constraint;
use winfit_core::placement::{Admission, SwarmPlacement};

use super::cover::{Asks, Candidate, is_possible, smallest};
use super::marks::Marks;
use crate::swarm::fleet::{BUILD, ISOLATION, LabelNames};
use crate::swarm::label::{OWN, generations};

/// A label with more values than these names nodes rather than kinds of them.
const MOST_VALUES: usize = 16;

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
    pub(super) by_chance: bool,
}

impl From<Vec<&Candidate>> for Found {
    fn from(chosen: Vec<&Candidate>) -> Self {
        let some = |asks| chosen.iter().any(|one| one.asks == asks);
        Self {
            by_name: some(Asks::Name),
            by_chance: some(Asks::Other),
            add: chosen.into_iter().map(|one| one.text.clone()).collect(),
        }
    }
}

/// Where a label stands, in the words of constraints.
type Place = (&'static str, fn(&Member) -> &Labels);

const PLACES: [Place; 2] = [
    ("node.labels", |member| &member.labels),
    ("engine.labels", |member| &member.engine_labels),
];

impl Ground<'_> {
    /// The fewest constraints; of several as many labels rather than names, then those that keep most nodes.
    ///
    /// What says nothing of Windows comes in only where no set of labels that do is enough: other labels,
    /// and where these do not either, the name of the one node that stays.
    pub(super) fn fewest(&self) -> Option<Found> {
        let bad = Marks::of(self.bad.len(), |_| true);
        let good = self.may_stay()?;
        let mut candidates = self.of_windows();
        if !is_possible(&candidates, &bad, &good) {
            candidates.extend(self.of_others());
        }
        let labels_do = is_possible(&candidates, &bad, &good);
        if labels_do
            && let Some(found) = smallest(&candidates, &bad, &good)
            && found.len() == 1
        {
            return Some(found.into());
        }
        let names = |sign: &str, members: &[&Member]| -> Vec<Candidate> {
            let texts = members.iter().flat_map(|member| self.by_name(sign, member));
            self.candidates(Asks::Name, texts)
        };
        candidates.extend(names("!=", self.bad));
        if !labels_do {
            candidates.extend(names("==", self.good));
        }
        smallest(&candidates, &bad, &good).map(Found::from)
    }

    /// The good nodes that it is let onto. Where all are to stay they are as one.
    fn may_stay(&self) -> Option<Marks> {
        let admitted = |at: usize| {
            let member = self.good[at];
            self.placement.admits(self.catalog, member) == Admission::Yes
        };
        let good = Marks::of(self.good.len(), admitted);
        if !self.keep_all {
            return (!good.is_empty()).then_some(good);
        }
        let all = good.count() == self.good.len();
        all.then(|| Marks::of(1, |_| true))
    }

    /// Constraints with what they do, but for texts that are none.
    fn candidates(&self, asks: Asks, texts: impl IntoIterator<Item = String>) -> Vec<Candidate> {
        let texts = texts.into_iter();
        let found = texts.filter_map(|text| {
            let constraint = Constraint::parse(&text).ok()?;
            let matches = |member: &Member| constraint.matches(self.catalog, member);
            let stays = |at: usize| matches(self.good[at]) == Ok(true);
            let keeps = if self.keep_all {
                Marks::of(1, |_| (0..self.good.len()).all(stays))
            } else {
                Marks::of(self.good.len(), stays)
            };
            let takes = Marks::of(self.bad.len(), |at| matches(self.bad[at]) == Ok(false));
            Some(Candidate {
                text,
                asks,
                takes,
                keeps,
            })
        });
        found.collect()
    }

    /// What tells a node's Windows: the page's version, winfit's generations of this image, its build, the
    /// operating system, the isolation, other generations. A revision does too, and changes with each patch.
    fn of_windows(&self) -> Vec<Candidate> {
        let mut labels = vec![self.names.version.clone()];
        labels.extend(generations::of_image(self.catalog, &self.image));
        labels.extend([
            BUILD.to_owned(),
            self.names.os.clone(),
            ISOLATION.to_owned(),
        ]);
        let places = PLACES.iter();
        let known = places.flat_map(|(_, of)| self.members().flat_map(|one| of(one).known.keys()));
        let others: BTreeSet<&String> = known
            .filter(|name| name.starts_with(generations::RUNS))
            .collect();
        labels.extend(others.into_iter().cloned());
        let mut texts = self.equal(&labels);
        texts.push("node.platform.os==windows".to_owned());
        texts.extend(self.not_equal(&labels));
        self.candidates(Asks::Windows, texts)
    }

    /// Labels that say nothing of Windows.
    fn of_others(&self) -> Vec<Candidate> {
        let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for member in self.members() {
            let known = PLACES.iter().flat_map(|(_, labels)| &labels(member).known);
            for (name, value) in known {
                values.entry(name).or_default().insert(value);
            }
        }
        values.retain(|name, values| {
            values.len() <= MOST_VALUES
                && !name.starts_with(OWN)
                && *name != self.names.os
                && *name != self.names.version
        });
        let labels: Vec<String> = values.into_keys().map(str::to_owned).collect();
        let texts = [self.equal(&labels), self.not_equal(&labels)].concat();
        self.candidates(Asks::Other, texts)
    }

    fn members(&self) -> impl Iterator<Item = &Member> {
        self.good.iter().chain(self.bad).copied()
    }

    /// `==` with what these labels say on the good nodes.
    fn equal(&self, labels: &[String]) -> Vec<String> {
        compared(labels, "==", self.good)
    }

    /// `!=` with what these labels say on the bad nodes.
    fn not_equal(&self, labels: &[String]) -> Vec<String> {
        compared(labels, "!=", self.bad)
    }

    /// A node by its name; also by its id where several have that name, or a constraint cannot have it.
    fn by_name(&self, sign: &str, member: &Member) -> Vec<String> {
        let same = |other: &&Member| other.name.eq_ignore_ascii_case(&member.name);
        let name = format!("node.hostname{sign}{}", member.name);
        let tells = Constraint::parse(&name)
            .is_ok_and(|constraint| constraint.matches(self.catalog, member).is_ok());
        let is_one = tells && self.all.iter().filter(same).count() == 1;
        let id = member.id.as_ref().filter(|_| !is_one);
        let id = id.map(|id| format!("node.id{sign}{id}"));
        [Some(name), id].into_iter().flatten().collect()
    }
}

/// Constraints that compare labels with what they say on nodes, each value once.
fn compared(labels: &[String], sign: &str, members: &[&Member]) -> Vec<String> {
    let mut texts = Vec::new();
    for (place, of) in PLACES {
        for label in labels {
            let values = members
                .iter()
                .filter_map(|member| of(member).known.get(label));
            let values: BTreeSet<&String> = values.collect();
            let compare = |value| format!("{place}.{label}{sign}{value}");
            texts.extend(values.into_iter().map(compare));
        }
    }
    texts
}
