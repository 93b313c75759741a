//! The order of the index, against every engine that goes by it.

use super::{LookedAt, some_of};
use crate::catalog::Order;
use crate::engine::Engine;
use crate::finding::{Finding, Severity};
use crate::fleet::Member;
use crate::host::{Host, Os};
use crate::index::{ImageIndex, choose, newest_first, one_of_each_rule, servers, suits_better};
use crate::reason::windows_name;

/// A host with an engine that takes another child than the one that suits the host best.
struct Wrong {
    engine: Engine,
    host: Host,
    /// What it takes, and what would suit the host better: places in the index.
    takes: usize,
    better: usize,
    /// Newest build first would help.
    helped: bool,
}

pub(super) fn findings(looked_at: &LookedAt<'_>, hosts: &[Member], findings: &mut Vec<Finding>) {
    let windows = looked_at.image.windows().count();
    if !looked_at.image.is_index || windows < 2 {
        return;
    }
    let wrong = wrong(looked_at, hosts);
    for helped in [true, false] {
        let mut told: Vec<(usize, usize)> = Vec::new();
        for first in wrong.iter().filter(|wrong| wrong.helped == helped) {
            let pair = (first.takes, first.better);
            if told.contains(&pair) {
                continue;
            }
            told.push(pair);
            let alike: Vec<&Wrong> = wrong
                .iter()
                .filter(|other| other.helped == helped && (other.takes, other.better) == pair)
                .collect();
            findings.push(finding(looked_at, &alike, helped));
        }
    }
}

fn finding(looked_at: &LookedAt<'_>, alike: &[&Wrong], helped: bool) -> Finding {
    let Wrong { takes, better, .. } = *alike[0];
    let entries = &looked_at.image.entries;
    let mut hosts: Vec<String> = Vec::new();
    let mut engines: Vec<String> = Vec::new();
    for wrong in alike {
        let build = wrong.host.version.map_or(0, |version| version.build);
        let kind = wrong.host.effective_kind(looked_at.catalog);
        let host = format!("{} ({build})", windows_name(looked_at.catalog, build, kind));
        let engine = wrong.engine.in_words();
        if !hosts.contains(&host) {
            hosts.push(host);
        }
        if !engines.contains(&engine) {
            engines.push(engine);
        }
    }
    let subject = match engines.as_slice() {
        [only] => format!("{only} pulls"),
        several => format!("{} kinds of engine pull", several.len()),
    };
    let message = format!(
        "on {}, {subject} {} where {} is there and suits the host better",
        some_of(&hosts),
        entries[takes].name(),
        entries[better].name()
    );
    let named = |finding: Finding| {
        if engines.len() > 1 {
            finding.note(format!("the engines: {}", engines.join("; ")))
        } else {
            finding
        }
    };
    if helped {
        let finding = looked_at
            .of_child("index-order", Severity::Warning, takes, "", message)
            .label("taken first")
            .related(looked_at.at(better, ""), "passed over");
        return named(finding)
            .remedy(looked_at.assemble("write the index anew, the newest build first"));
    }
    let old_alone = alike.iter().all(|wrong| {
        wrong
            .engine
            .rule(looked_at.catalog)
            .is_some_and(|rule| rule.order == Order::Numeric)
    });
    // containerd 1.6 is out of support; that it exists is worth knowing.
    let severity = if old_alone {
        Severity::Info
    } else {
        Severity::Warning
    };
    let why = if old_alone {
        "they sort by the revision alone, whatever the build; no order of the index helps"
    } else {
        "they compare os.version as text, in which .999 comes after .2894; no order of the index helps"
    };
    let finding = looked_at
        .of_child(
            "index-revision-trap",
            severity,
            takes,
            "platform.os.version",
            message,
        )
        .related(looked_at.at(better, "platform.os.version"), "passed over");
    named(finding)
        .note(why)
        .note("drop the older child, or name the newer one by its digest")
}

fn wrong(looked_at: &LookedAt<'_>, hosts: &[Member]) -> Vec<Wrong> {
    let (catalog, image) = (looked_at.catalog, looked_at.image);
    let newest = ImageIndex {
        entries: newest_first(image.entries.clone()),
        ..image.clone()
    };
    let mut found = Vec::new();
    for host in looked_at.hosts(hosts) {
        let engines: Vec<Engine> = match host.engine {
            Some(engine) => vec![engine],
            None => one_of_each_rule(catalog)
                .into_iter()
                .map(|(engine, _)| engine)
                .collect(),
        };
        for engine in engines {
            let host = Host {
                engine: Some(engine),
                ..host
            };
            let Some(choice) = choose(catalog, image, &host) else {
                continue;
            };
            let Some((takes, better)) = choice.index().zip(choice.passed_over) else {
                continue;
            };
            // What an index says of a child's version, or does not, is told by the rules about versions.
            let child = &image.entries[takes];
            if child.version_in_index() != child.version_text() || child.version().is_none() {
                continue;
            }
            let in_order = choose(catalog, &newest, &host).and_then(|choice| choice.index());
            let helped = in_order.is_some_and(|at| {
                suits_better(catalog, &host, &newest.entries[at], &image.entries[takes])
            });
            // An engine whose rule does not accept the better child is told by the hosts' rule.
            let rule = choice.rule.map(|rule| rule.order);
            let sorts = matches!(rule, Some(Order::Numeric | Order::String));
            if helped || sorts && choice.matching > 1 {
                found.push(Wrong {
                    engine,
                    host,
                    takes,
                    better,
                    helped,
                });
            }
        }
    }
    found
}

impl LookedAt<'_> {
    /// The Windows hosts to hold the image against.
    fn hosts(&self, hosts: &[Member]) -> Vec<Host> {
        let given: Vec<Host> = hosts
            .iter()
            .map(|member| member.host)
            .filter(|host| host.os == Os::Windows && host.version.is_some())
            .collect();
        if hosts.is_empty() {
            servers(self.catalog)
        } else {
            given
        }
    }
}
