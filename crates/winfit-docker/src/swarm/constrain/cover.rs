//! The smallest set of constraints that keeps a service off some nodes and on others. Constraints are joined
//! by *and*: each takes nodes away, and together they have to take all that are to go.

use std::cmp::Reverse;

use super::marks::Marks;

/// So many sets are looked at. Real Swarms need a handful; one that is made to need more gets a set that may
/// not be the smallest.
const LOOKS: usize = 10_000;

/// What a constraint asks for; the better one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asks {
    /// What tells a node's Windows.
    Windows,
    /// A label that says nothing of it.
    Other,
    /// A name.
    Name,
}

/// A constraint that may be added.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) text: String,
    pub(super) asks: Asks,
    /// Of the nodes that are to go those that it takes away.
    pub(super) takes: Marks,
    /// Of the nodes that may stay those that it keeps.
    pub(super) keeps: Marks,
}

/// A set of candidates; the lesser one is the better one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Set {
    size: usize,
    names: usize,
    /// Labels that say nothing of Windows.
    others: usize,
    keeps: Reverse<usize>,
    places: Vec<usize>,
}

/// Whether some set does it.
pub(super) fn is_possible(candidates: &[Candidate], bad: &Marks, good: &Marks) -> bool {
    good.iter().any(|stays| {
        let keepers = candidates.iter().filter(|one| one.keeps.has(stays));
        let left = keepers.fold(bad.clone(), |left, one| left.without(&one.takes));
        left.is_empty()
    })
}

/// The smallest set that takes all of the bad ones and keeps one of the good ones; of several the best.
pub(super) fn smallest<'c>(
    candidates: &'c [Candidate],
    bad: &Marks,
    good: &Marks,
) -> Option<Vec<&'c Candidate>> {
    let useful = useful(candidates);
    let mut search = Search {
        by_node: by_node(&useful, bad),
        candidates: useful,
        looks: LOOKS,
        best: None,
    };
    search.best = search.greedy(bad, good);
    let mut size = 1;
    // What is there already is no smaller than what has been looked for.
    while search.looks > 0 && search.best.as_ref().is_some_and(|best| best.size >= size) {
        search.look(bad, good, &mut Vec::new(), size);
        size += 1;
    }
    let places = search.best?.places.into_iter();
    Some(places.map(|at| search.candidates[at]).collect())
}

/// The candidates for which no other does as well.
fn useful(candidates: &[Candidate]) -> Vec<&Candidate> {
    let mut sorted: Vec<&Candidate> = candidates.iter().collect();
    sorted.sort_by_key(|one| one.asks);
    let mut found: Vec<&Candidate> = Vec::new();
    for one in sorted {
        let better =
            |other: &&Candidate| one.takes.are_in(&other.takes) && one.keeps.are_in(&other.keeps);
        if !one.takes.is_empty() && !one.keeps.is_empty() && !found.iter().any(better) {
            found.push(one);
        }
    }
    found
}

/// The candidates that take each of the bad nodes away.
fn by_node(candidates: &[&Candidate], bad: &Marks) -> Vec<(usize, Vec<usize>)> {
    let takers = |node: usize| {
        let all = candidates.iter().enumerate();
        let takers = all.filter(|(_, one)| one.takes.has(node));
        takers.map(|(at, _)| at).collect()
    };
    let mut found: Vec<(usize, Vec<usize>)> = bad.iter().map(|node| (node, takers(node))).collect();
    // Where there is least choice there is least to look at.
    found.sort_by_key(|(_, takers)| takers.len());
    found
}

struct Search<'c> {
    candidates: Vec<&'c Candidate>,
    by_node: Vec<(usize, Vec<usize>)>,
    looks: usize,
    best: Option<Set>,
}

impl Search<'_> {
    /// Looks at all sets that have so many constraints more.
    fn look(&mut self, left: &Marks, stay: &Marks, chosen: &mut Vec<usize>, more: usize) {
        if left.is_empty() {
            self.take(chosen, stay);
            return;
        }
        let most = self.candidates.iter().map(|one| one.takes.common(left));
        if self.looks == 0 || most.max().unwrap_or(0) * more < left.count() {
            return;
        }
        self.looks -= 1;
        let next = self.by_node.iter().find(|(node, _)| left.has(*node));
        let takers = next.map(|(_, takers)| takers.clone()).unwrap_or_default();
        for at in takers {
            let one = self.candidates[at];
            let stay = stay.and(&one.keeps);
            if !stay.is_empty() {
                chosen.push(at);
                self.look(&left.without(&one.takes), &stay, chosen, more - 1);
                chosen.pop();
            }
        }
    }

    /// Takes a set where it is better than the best so far.
    fn take(&mut self, chosen: &[usize], stay: &Marks) {
        let set = self.set(chosen, stay);
        if self.best.as_ref().is_none_or(|best| set < *best) {
            self.best = Some(set);
        }
    }

    fn set(&self, chosen: &[usize], stay: &Marks) -> Set {
        let count = |asks: Asks| {
            let chosen = chosen.iter();
            let alike = chosen.filter(|at| self.candidates[**at].asks == asks);
            alike.count()
        };
        let mut places = chosen.to_vec();
        places.sort_unstable();
        Set {
            size: chosen.len(),
            names: count(Asks::Name),
            others: count(Asks::Other),
            keeps: Reverse(stay.count()),
            places,
        }
    }

    /// A set that may not be the smallest: for each node that may stay what takes most away beside it.
    fn greedy(&self, bad: &Marks, good: &Marks) -> Option<Set> {
        let sets = good.iter().filter_map(|stays| {
            let (mut left, mut stay, mut chosen) = (bad.clone(), good.clone(), Vec::new());
            while !left.is_empty() {
                let all = self.candidates.iter().enumerate();
                let (at, one) =
                    all.filter(|(_, one)| one.keeps.has(stays))
                        .max_by_key(|(at, one)| {
                            let kept = stay.common(&one.keeps);
                            (
                                one.takes.common(&left),
                                Reverse(one.asks),
                                kept,
                                Reverse(*at),
                            )
                        })?;
                if one.takes.common(&left) == 0 {
                    return None;
                }
                left = left.without(&one.takes);
                stay = stay.and(&one.keeps);
                chosen.push(at);
            }
            Some(self.set(&chosen, &stay))
        });
        sets.min()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks(bits: &[bool]) -> Marks {
        Marks::of(bits.len(), |at| bits[at])
    }

    /// Candidates on so many nodes that are to go and that may stay.
    fn candidates(bad: usize, good: usize, count: usize) -> impl Strategy<Value = Vec<Candidate>> {
        let asks = prop::sample::select(vec![Asks::Windows, Asks::Other, Asks::Name]);
        let takes = prop::collection::vec(prop::bool::weighted(0.35), bad);
        let keeps = prop::collection::vec(prop::bool::weighted(0.7), good);
        let one = (asks, takes, keeps).prop_map(|(asks, takes, keeps)| Candidate {
            text: String::new(),
            asks,
            takes: marks(&takes),
            keeps: marks(&keeps),
        });
        prop::collection::vec(one, 0..=count)
    }

    fn all(of: usize) -> Marks {
        Marks::of(of, |_| true)
    }

    /// What a set costs but for its places; none: it does not do it.
    fn cost(
        chosen: &[&Candidate],
        bad: usize,
        good: usize,
    ) -> Option<(usize, usize, usize, Reverse<usize>)> {
        let left = chosen
            .iter()
            .fold(all(bad), |left, one| left.without(&one.takes));
        let stay = chosen
            .iter()
            .fold(all(good), |stay, one| stay.and(&one.keeps));
        let count = |asks| chosen.iter().filter(|one| one.asks == asks).count();
        (left.is_empty() && !stay.is_empty()).then(|| {
            (
                chosen.len(),
                count(Asks::Name),
                count(Asks::Other),
                Reverse(stay.count()),
            )
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_best_of_all_sets_is_found(candidates in candidates(6, 4, 10)) {
            let found = smallest(&candidates, &all(6), &all(4));
            let sets = 0_usize..1 << candidates.len();
            let best = sets
                .filter_map(|set| {
                    let chosen = candidates.iter().enumerate();
                    let chosen = chosen.filter(|(at, _)| set & (1 << at) != 0);
                    cost(&chosen.map(|(_, one)| one).collect::<Vec<_>>(), 6, 4)
                })
                .min();
            prop_assert_eq!(found.is_some(), is_possible(&candidates, &all(6), &all(4)));
            prop_assert_eq!(found.and_then(|set| cost(&set, 6, 4)), best);
        }
    }

    #[test]
    fn a_swarm_that_nobody_could_look_through_gets_a_set_all_the_same() {
        // Each candidate takes a few of many nodes: more sets than anybody could look at.
        let candidates: Vec<Candidate> = (0..300)
            .map(|at| Candidate {
                text: String::new(),
                asks: Asks::Other,
                takes: Marks::of(200, |node| (node * 7 + at * 13) % 101 < 9),
                keeps: all(20),
            })
            .collect();
        let found = smallest(&candidates, &all(200), &all(20)).unwrap_or_default();
        assert!(cost(&found, 200, 20).is_some(), "{}", found.len());
    }
}
