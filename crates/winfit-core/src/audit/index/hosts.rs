//! Hosts that an image leaves out.

use super::{LookedAt, some_of};
use crate::finding::{Finding, Severity};
use crate::fleet::Member;
use crate::host::{Host, Os};
use crate::index::{Entry, best, choose};
use crate::reason::windows_name;
use crate::recommend::tags_for;
use crate::reference::Base;

/// Hosts on which no child runs, and hosts whose engine pulls none although one would run.
pub(super) fn findings(looked_at: &LookedAt<'_>, hosts: &[Member], findings: &mut Vec<Finding>) {
    let catalog = looked_at.catalog;
    let mut left_out: Vec<&Member> = Vec::new();
    for member in hosts {
        let host = &member.host;
        if host.os != Os::Windows || host.version.is_none() {
            continue;
        }
        let Some(best) = best(catalog, looked_at.image, host) else {
            let mut windows = looked_at.image.windows();
            let mut entries = looked_at.image.entries.iter();
            let is_read = !entries.any(Entry::is_untold);
            if is_read && windows.all(|(_, entry)| entry.version().is_some()) {
                left_out.push(member);
            }
            continue;
        };
        findings.extend(refused(looked_at, member, best));
    }
    if left_out.is_empty() {
        return;
    }
    let names: Vec<String> = left_out
        .iter()
        .map(|member| name(looked_at, member))
        .collect();
    let images: Vec<String> = looked_at
        .image
        .windows()
        .map(|(_, entry)| entry.name())
        .collect();
    let message = if images.is_empty() {
        format!("there is no Windows image in it for {}", some_of(&names))
    } else {
        format!(
            "none of its Windows images ({}) runs on {}",
            some_of(&images),
            some_of(&names)
        )
    };
    let mut finding = looked_at.of_image("index-lacks-host", Severity::Error, message);
    for member in &left_out {
        let host = Host {
            engine: None,
            ..member.host
        };
        if let Some(advice) = tags_for(catalog, &[host], Base::Servercore, None).first()
            && finding.notes.len() < 3
        {
            finding = finding.note(format!(
                "{} runs what is built on {} ({})",
                member.name, advice.release, advice.build
            ));
        }
    }
    findings.push(finding);
}

fn refused(looked_at: &LookedAt<'_>, member: &Member, best: usize) -> Option<Finding> {
    let engine = member.host.engine?;
    let choice = choose(looked_at.catalog, looked_at.image, &member.host)?;
    let refused = choice.taken == crate::index::Taken::Refused;
    refused.then(|| {
        looked_at
            .of_image(
                "index-lacks-host",
                Severity::Error,
                format!(
                    "{} pulls none of it on {}, where {} would run",
                    engine.in_words(),
                    name(looked_at, member),
                    looked_at.image.entries[best].name()
                ),
            )
            .note(choice.reason(looked_at.image, &member.host))
    })
}

/// `win-a (Windows Server 2019, 17763)`.
fn name(looked_at: &LookedAt<'_>, member: &Member) -> String {
    let build = member.host.version.map_or(0, |version| version.build);
    let kind = member.host.effective_kind(looked_at.catalog);
    let windows = windows_name(looked_at.catalog, build, kind);
    format!("{} ({windows}, {build})", member.name)
}
