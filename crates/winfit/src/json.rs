//! The JSON documents of the contract (schemas in `docs/schemas/`).

use serde::Serialize;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::host::{Isolation, Os, ReadHost};
use winfit_core::image::NamedImage;
use winfit_core::reason::{Pair, RenderedReason};
use winfit_core::remedy::Remedy;
use winfit_core::verdict::{ForKind, Judgement};

/// A document as text, with a line end.
pub(crate) fn document(value: &impl Serialize) -> anyhow::Result<String> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(text)
}

/// One entry of `winfit.host/1`.
pub(crate) fn host(catalog: &Catalog, read: &ReadHost) -> Value {
    let facts = &read.host;
    let version = facts.version;
    let kind = facts.effective_kind(catalog);
    let releases: Vec<&str> = version.map_or_else(Vec::new, |version| {
        catalog
            .releases_of(version.build)
            .filter(|release| kind == winfit_core::host::Kind::Unknown || release.kind == kind)
            .map(|release| release.name)
            .collect()
    });
    let alternatives: Vec<Value> = read
        .alternatives
        .iter()
        .map(|other| json!({"os_version": other.version.to_string(), "because": other.because}))
        .collect();
    json!({
        "os_version": version.map(|version| version.to_string()),
        "major": version.map(|version| version.major),
        "minor": version.map(|version| version.minor),
        "build": version.map(|version| version.build),
        "revision": version.and_then(|version| version.revision),
        "kind": kind.name(),
        "releases": releases,
        "kb": kbs(catalog, read),
        "text": read.text,
        "os": facts.os.name(),
        "name": read.name,
        "arch": facts.arch.map(winfit_core::host::Arch::name),
        "engine": facts.engine.map(|engine| engine.to_string()),
        "hyperv": facts.hyperv,
        "platform": facts.platform
            .and_then(|at| catalog.platforms.get(usize::from(at)))
            .map(|platform| platform.platform),
        "default_isolation": (facts.os == Os::Windows)
            .then(|| facts.default_isolation(catalog).name()),
        "line": read.line,
        "inferred": read.inferred,
        "alternatives": alternatives,
    })
}

/// The KBs of a host: those stated, else those that bring its revision.
pub(crate) fn kbs(catalog: &Catalog, read: &ReadHost) -> Vec<String> {
    let mut kbs: Vec<u32> = read.kb.clone();
    if let Some((version, revision)) = read
        .host
        .version
        .and_then(|version| Some((version, version.revision?)))
    {
        for kb in catalog
            .updates_at(version.build, revision)
            .filter_map(|update| update.kb)
        {
            if !kbs.contains(&kb) {
                kbs.push(kb);
            }
        }
    }
    kbs.into_iter().map(|kb| format!("KB{kb}")).collect()
}

/// The image of a verdict. The revision that a floating tag stands for is apart from what is stated.
pub(crate) fn image(named: &NamedImage) -> Value {
    let version = named.image.version;
    let revision = version.and_then(|version| version.revision);
    let inferred = named.image.revision_inferred;
    let stated = version.map(|version| {
        if inferred {
            version.without_revision()
        } else {
            version
        }
    });
    json!({
        "text": named.text,
        "reference": named.reference.as_ref().map(ToString::to_string),
        "os": named.image.os.name(),
        "os_version": stated.map(|version| version.to_string()),
        "build": stated.map(|version| version.build),
        "revision": revision.filter(|_| !inferred),
        "inferred_revision": revision.filter(|_| inferred),
        "stated_by": named.stated_by.in_words(),
        "digest": named.digest,
        "kb": named.kb.map(|kb| format!("KB{kb}")),
        "base": named.base.map(winfit_core::reference::Base::name),
        "arch": named.image.arch.map(winfit_core::host::Arch::name),
        "host_process": named.image.host_process,
    })
}

pub(crate) fn reason(reason: &RenderedReason) -> Value {
    json!({
        "rule": reason.rule,
        "authority": reason.authority.name(),
        "message": reason.message,
        "source": reason.source,
    })
}

fn judgement(pair: &Pair<'_>, judgement: &Judgement, isolation: Isolation) -> Value {
    let reasons: Vec<Value> = judgement
        .reasons()
        .map(|found| reason(&pair.render(found, isolation)))
        .collect();
    json!({"answer": judgement.answer.name(), "reasons": reasons})
}

/// `process` and `hyperv` of a verdict.
pub(crate) fn answers(pair: &Pair<'_>, answers: &ForKind) -> (Value, Value) {
    (
        judgement(pair, &answers.process, Isolation::Process),
        judgement(pair, &answers.hyperv, Isolation::Hyperv),
    )
}

pub(crate) fn remedy(remedy: &Remedy) -> Value {
    let commands: Vec<Value> = remedy
        .commands
        .iter()
        .map(|command| json!({"shell": command.shell.name(), "text": command.text}))
        .collect();
    json!({
        "title": remedy.title,
        "safety": remedy.safety.name(),
        "commands": commands,
        "diff": remedy.diff,
    })
}
