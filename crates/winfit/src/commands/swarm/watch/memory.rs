//! What was told already: it is told again only after it went away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use winfit_core::finding::Subject;

use super::log::Line;

/// How long what is seen while another manager leads is kept to be told: had that manager gone down before
/// it told it, nobody would have.
pub(super) const TAKEOVER: Duration = Duration::from_mins(1);

/// How long what comes and goes by itself must be away until it is told as gone: a task that fails again
/// and again runs for a moment each time.
const LINGER: Duration = Duration::from_mins(1);

/// Something that is so now.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// What makes it the same one next time.
    pub(super) key: String,
    /// The id of the object that it is about; empty: of none.
    pub(super) about: String,
    /// It comes and goes by itself.
    pub(super) restless: bool,
    /// How it is told.
    pub(super) line: Line,
}

#[derive(Debug)]
struct Known {
    since: Instant,
    told: bool,
    about: String,
    restless: bool,
    gone_since: Option<Instant>,
    line: Line,
}

/// All that is so, as it was last seen.
#[derive(Debug, Default)]
pub(super) struct Memory(BTreeMap<String, Known>);

impl Memory {
    /// Takes in what an earlier watch has told.
    pub(super) fn recall(&mut self, now: Instant, told: Vec<State>) {
        self.0.extend(told.into_iter().map(|state| {
            let known = Known {
                since: now,
                told: true,
                about: state.about,
                restless: state.restless,
                gone_since: None,
                line: state.line,
            };
            (state.key, known)
        }));
    }

    /// What is told and not gone yet.
    pub(super) fn told(&self) -> impl Iterator<Item = State> {
        let told = self.0.iter().filter(|(_, known)| known.told);
        told.map(|(key, known)| State {
            key: key.clone(),
            about: known.about.clone(),
            restless: known.restless,
            line: known.line.clone(),
        })
    }

    /// Whether a finding of this rule about this subject is told, and not gone yet.
    pub(super) fn tells(&self, rule: &str, kind: &str, name: &str) -> bool {
        let mut all = self.0.values();
        all.any(|known| {
            let is_it = |(of, subject): (&str, &Subject)| {
                of == rule && subject.kind == kind && subject.name == name
            };
            known.told && known.line.topic().is_some_and(is_it)
        })
    }

    /// Takes in what is so now, and gives back what is to be told: what is new, and what is no more.
    /// `leads`: it is this one's to tell. `changed`: objects that changed while nobody looked; what is told
    /// of them may have been gone meanwhile, and is told again.
    pub(super) fn take_in(
        &mut self,
        now: Instant,
        states: Vec<State>,
        changed: &BTreeSet<String>,
        leads: bool,
    ) -> Vec<Line> {
        let mut gone = Vec::new();
        let mut tell: Vec<Line> = Vec::new();
        let mut present = Vec::new();
        for state in states {
            present.push(state.key.clone());
            let known = self.0.entry(state.key).or_insert_with(|| Known {
                since: now,
                told: false,
                about: state.about,
                restless: state.restless,
                gone_since: None,
                line: state.line.clone(),
            });
            if known.told && changed.contains(&known.about) {
                known.told = false;
                known.since = now;
            }
            known.gone_since = None;
            known.line = state.line;
        }
        present.sort_unstable();
        self.0.retain(|key, known| {
            if present.binary_search(key).is_ok() {
                return true;
            }
            let since = *known.gone_since.get_or_insert(now);
            if known.restless && now.duration_since(since) < LINGER {
                return true;
            }
            if known.told && leads {
                gone.push(known.line.clone().gone());
            }
            false
        });
        if leads {
            for known in self.0.values_mut().filter(|known| !known.told) {
                known.told = true;
                tell.push(known.line.clone());
            }
        } else {
            // The manager that leads has told it by then.
            for known in self.0.values_mut() {
                known.told |= now.duration_since(known.since) > TAKEOVER;
            }
        }
        // What is told in other words now is not gone.
        let told: Vec<_> = tell.iter().map(Line::topic).collect();
        gone.retain(|line| line.topic().is_none() || !told.contains(&line.topic()));
        gone.extend(tell);
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::super::log::Level;
    use super::*;

    fn state(key: &str, restless: bool) -> State {
        State {
            key: key.to_owned(),
            about: key.to_owned(),
            restless,
            line: Line::new(Level::Warning, "finding", key),
        }
    }

    fn take(memory: &mut Memory, now: Instant, states: Vec<State>, leads: bool) -> Vec<Line> {
        memory.take_in(now, states, &BTreeSet::new(), leads)
    }

    fn told(lines: &[Line]) -> Vec<(&str, &str)> {
        let lines = lines.iter();
        lines
            .map(|line| (line.what, line.message.as_str()))
            .collect()
    }

    #[test]
    fn once_until_it_went_away_and_came_back() {
        let mut memory = Memory::default();
        let now = Instant::now();
        let mut seen = |keys: &[&str]| {
            let states = keys.iter().map(|key| state(key, false)).collect();
            take(&mut memory, now, states, true)
        };
        assert_eq!(told(&seen(&["a"])), [("finding", "a")]);
        assert_eq!(told(&seen(&["a", "b"])), [("finding", "b")]);
        assert_eq!(told(&seen(&["a", "b"])), []);
        assert_eq!(told(&seen(&["b"])), [("gone", "a")]);
        assert_eq!(told(&seen(&["a", "b"])), [("finding", "a")]);
    }

    #[test]
    fn what_comes_and_goes_is_gone_only_after_a_while() {
        let mut memory = Memory::default();
        let now = Instant::now();
        assert_eq!(
            take(&mut memory, now, vec![state("a", true)], true).len(),
            1
        );
        assert!(take(&mut memory, now, Vec::new(), true).is_empty());
        assert!(take(&mut memory, now, vec![state("a", true)], true).is_empty());
        assert!(take(&mut memory, now, Vec::new(), true).is_empty());
        assert_eq!(
            told(&take(&mut memory, now + LINGER, Vec::new(), true)),
            [("gone", "a")]
        );
    }

    #[test]
    fn who_takes_over_tells_what_is_recent_and_not_what_is_old() {
        let mut memory = Memory::default();
        let now = Instant::now();
        assert!(take(&mut memory, now, vec![state("old", false)], false).is_empty());
        let later = now + TAKEOVER + Duration::from_secs(1);
        let both = || vec![state("old", false), state("new", false)];
        assert!(take(&mut memory, later, both(), false).is_empty());
        assert_eq!(
            told(&take(&mut memory, later, both(), true)),
            [("finding", "new")]
        );
    }

    #[test]
    fn what_changed_while_nobody_looked_is_told_again_if_it_is_still_so() {
        let mut memory = Memory::default();
        let now = Instant::now();
        let both = || vec![state("a", false), state("b", false)];
        take(&mut memory, now, both(), true);
        let changed = BTreeSet::from(["b".to_owned()]);
        assert_eq!(
            told(&memory.take_in(now, both(), &changed, true)),
            [("finding", "b")]
        );
        assert_eq!(
            told(&memory.take_in(now, vec![state("a", false)], &changed, true)),
            [("gone", "b")]
        );
    }

    #[test]
    fn what_an_earlier_watch_told_is_not_told_again() {
        let mut earlier = Memory::default();
        let now = Instant::now();
        let seen = vec![state("a", false), state("b", false)];
        take(&mut earlier, now, seen, true);
        let mut memory = Memory::default();
        memory.recall(now, earlier.told().collect());
        let seen = vec![state("b", false), state("c", false)];
        assert_eq!(
            told(&take(&mut memory, now, seen, true)),
            [("gone", "a"), ("finding", "c")]
        );
    }
}
