//! What the reading of hosts gives, and the joining of what was stated twice.

use std::collections::HashMap;

use crate::catalog::{Catalog, Release};
use crate::host::{Host, Kind, Os};
use crate::version::OsVersion;

/// A host read from text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadHost {
    /// The facts that decide.
    pub host: Host,
    /// The name of the node or computer, where the text has it.
    pub name: Option<String>,
    /// The words that stated the version, quoted from the input and short.
    pub text: String,
    /// The line of those words, counted from 1.
    pub line: usize,
    /// The KBs that the text states, or that gave the revision.
    pub kb: Vec<u32>,
    /// One plain sentence for each fact that was inferred and not stated.
    pub inferred: Vec<String>,
    /// Other readings of the same words, the newest first: a KB that brought several revisions.
    pub alternatives: Vec<Alternative>,
}

/// Another version that the same words may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// That version.
    pub version: OsVersion,
    /// Why, in words: `KB4057142 also brought 14393.2034`.
    pub because: String,
}

/// A part of the input that looks like a host and states no version, or that is no host at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The words, quoted and short.
    pub text: String,
    /// Their line, counted from 1.
    pub line: usize,
    /// What was expected, or where to find it: a plain sentence.
    pub expected: String,
}

/// Everything that a text says about hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostReading {
    /// The hosts, in the order of the text; what is stated twice is there once.
    pub hosts: Vec<ReadHost>,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// Contradictions and advice, each a plain sentence.
    pub notes: Vec<String>,
}

impl ReadHost {
    /// A host of which nothing but these facts is known.
    pub(super) fn new(host: Host, text: &str, line: usize) -> Self {
        Self {
            host,
            name: None,
            text: quote(text),
            line,
            kb: Vec::new(),
            inferred: Vec::new(),
            alternatives: Vec::new(),
        }
    }

    /// The releases that this host may be: by its build, and its kind where that is known.
    pub fn releases<'c>(&self, catalog: &'c Catalog) -> Vec<&'c Release> {
        let Some(version) = self.host.version else {
            return Vec::new();
        };
        let kind = self.host.effective_kind(catalog);
        catalog
            .releases_of(version.build)
            .filter(|release| kind == Kind::Unknown || release.kind == kind)
            .collect()
    }
}

/// A Linux host: nothing else of it matters here.
pub(super) const fn linux() -> Host {
    Host {
        os: Os::Linux,
        version: None,
        ..Host::windows(OsVersion::of_build(0))
    }
}

/// A Windows host whose version the text does not state.
pub(super) const fn windows_without_version() -> Host {
    Host {
        version: None,
        ..Host::windows(OsVersion::of_build(0))
    }
}

/// The first words of a text on one line, for quoting.
pub(super) fn quote(text: &str) -> String {
    const MOST: usize = 76;
    let mut short = String::new();
    let mut space = false;
    for (count, c) in text.trim().chars().take(MOST * 4).enumerate() {
        let blank = c.is_whitespace() || c.is_control();
        if count >= MOST * 4 - 1 || short.chars().count() >= MOST {
            short.push('…');
            break;
        }
        if blank {
            space = !short.is_empty();
            continue;
        }
        if std::mem::take(&mut space) {
            short.push(' ');
        }
        short.push(c);
    }
    short
}

/// What kind of words stated a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    /// A name alone, in running text or a list: it may be about any host.
    pub(super) by_name: bool,
    /// An orchestrator's answer about a node: commands beside it ran on another machine.
    pub(super) remote: bool,
}

/// Joins the hosts that a session states more than once.
pub(super) fn join(hosts: Vec<(ReadHost, Source)>) -> Vec<ReadHost> {
    // An unnamed host is one of those stated just before it; a named one is found by its name.
    const NEAR: usize = 64;
    let mut joined: Vec<ReadHost> = Vec::new();
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    let mut sources: Vec<Source> = Vec::new();
    for (host, source) in hosts {
        let same = |at: usize| {
            let (known, of_known) = (&joined[at], sources[at]);
            let named_once = known.name.is_some() != host.name.is_some();
            let identical = known.host == host.host && known.name == host.name;
            identical
                || !(source.by_name || of_known.by_name)
                    && source.remote == of_known.remote
                    && !(source.remote && named_once)
                    && may_be_one(known, &host)
        };
        let key = host.name.as_deref().map(first_label);
        let of_name = key.as_ref().and_then(|key| by_name.get(key));
        let near = (joined.len().saturating_sub(NEAR)..joined.len()).rev();
        // The fitting host stated last: a second command speaks of the same machine as the first.
        let at = of_name
            .into_iter()
            .flatten()
            .rev()
            .take(NEAR)
            .copied()
            .chain(near)
            .find(|at| same(*at));
        let at = if let Some(at) = at {
            merge(&mut joined[at], host);
            at
        } else {
            joined.push(host);
            sources.push(source);
            joined.len() - 1
        };
        if let Some(key) = key {
            let places = by_name.entry(key).or_default();
            if places.last() != Some(&at) {
                places.push(at);
            }
        }
    }
    joined
}

fn first_label(name: &str) -> String {
    name.split('.').next().unwrap_or_default().to_lowercase()
}

fn may_be_one(a: &ReadHost, b: &ReadHost) -> bool {
    if a.host.os != b.host.os {
        return false;
    }
    match (&a.name, &b.name) {
        (Some(a), Some(b)) if !same_name(a, b) => return false,
        // A Linux host is known by its name alone.
        (None, _) | (_, None) if a.host.os == Os::Linux => return false,
        _ => {}
    }
    let kinds = (a.host.kind, b.host.kind);
    let kinds_agree = kinds.0 == kinds.1 || kinds.0 == Kind::Unknown || kinds.1 == Kind::Unknown;
    let versions_agree = match (a.host.version, b.host.version) {
        (Some(a), Some(b)) => {
            a.without_revision() == b.without_revision()
                && (a.revision == b.revision || a.revision.is_none() || b.revision.is_none())
        }
        _ => true,
    };
    kinds_agree && versions_agree
}

/// `WIN-A` and `win-a.contoso.com` are one computer.
fn same_name(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
        || (a.contains('.') != b.contains('.') && first_label(a) == first_label(b))
}

fn merge(known: &mut ReadHost, other: ReadHost) {
    let precision = |host: &Host| match host.version {
        None => 0,
        Some(version) if version.revision.is_none() => 1,
        Some(_) => 2,
    };
    if precision(&other.host) > precision(&known.host) {
        known.host.version = other.host.version;
        known.text = other.text;
        known.line = other.line;
        known.alternatives = other.alternatives;
    }
    if known.host.kind == Kind::Unknown {
        known.host.kind = other.host.kind;
    }
    let (mine, theirs) = (&mut known.host, other.host);
    mine.arch = mine.arch.or(theirs.arch);
    mine.hyperv = mine.hyperv.or(theirs.hyperv);
    mine.platform = mine.platform.or(theirs.platform);
    mine.engine = mine.engine.or(theirs.engine);
    mine.configured_isolation = mine.configured_isolation.or(theirs.configured_isolation);
    known.name = known.name.take().or(other.name);
    for kb in other.kb {
        if !known.kb.contains(&kb) {
            known.kb.push(kb);
        }
    }
    for sentence in other.inferred {
        if !known.inferred.contains(&sentence) {
            known.inferred.push(sentence);
        }
    }
}
