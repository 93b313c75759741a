//! What was told already: it is told again only after it went away.

use std::collections::BTreeMap;
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
    /// It comes and goes by itself.
    pub(super) restless: bool,
    /// How it is told.
    pub(super) line: Line,
}

#[derive(Debug)]
struct Known {
    since: Instant,
    told: bool,
    restless: bool,
    gone_since: Option<Instant>,
    line: Line,
}

/// All that is so, as it was last seen.
#[derive(Debug, Default)]
pub(super) struct Memory(BTreeMap<String, Known>);

impl Memory {
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
    /// `leads`: it is this one's to tell.
    pub(super) fn take_in(&mut self, now: Instant, states: Vec<State>, leads: bool) -> Vec<Line> {
        let mut gone = Vec::new();
        let mut tell: Vec<Line> = Vec::new();
        let mut present = Vec::new();
        for state in states {
            present.push(state.key.clone());
            let known = self.0.entry(state.key).or_insert_with(|| Known {
                since: now,
                told: false,
                restless: state.restless,
                gone_since: None,
                line: state.line.clone(),
            });
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
            restless,
            line: Line::new(Level::Warning, "finding", key),
        }
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
            memory.take_in(now, states, true)
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
        assert_eq!(memory.take_in(now, vec![state("a", true)], true).len(), 1);
        assert!(memory.take_in(now, Vec::new(), true).is_empty());
        assert!(memory.take_in(now, vec![state("a", true)], true).is_empty());
        assert!(memory.take_in(now, Vec::new(), true).is_empty());
        assert_eq!(
            told(&memory.take_in(now + LINGER, Vec::new(), true)),
            [("gone", "a")]
        );
    }

    #[test]
    fn who_takes_over_tells_what_is_recent_and_not_what_is_old() {
        let mut memory = Memory::default();
        let now = Instant::now();
        assert!(
            memory
                .take_in(now, vec![state("old", false)], false)
                .is_empty()
        );
        let later = now + TAKEOVER + Duration::from_secs(1);
        let both = || vec![state("old", false), state("new", false)];
        assert!(memory.take_in(later, both(), false).is_empty());
        assert_eq!(
            told(&memory.take_in(later, both(), true)),
            [("finding", "new")]
        );
    }
}
