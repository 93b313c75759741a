//! What the registries of failed images have: looked at before versions are blamed.

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::host::Os;
use winfit_core::image::NamedImage;
use winfit_core::reference::Reference;
use winfit_core::variants::Variants;
use winfit_explain::{Confidence, Diagnosis, DiagnosisKind};

use super::Source;
use crate::cli::ExplainArguments;
use crate::settling::Answers;

/// Asks the registries of the images that the texts name, and corrects what only a registry can know.
/// `windows` says that the host is given and is a Windows.
pub(super) fn look(
    catalog: &Catalog,
    arguments: &ExplainArguments,
    sources: &mut [Source],
    windows: bool,
) -> Result<Answers> {
    let diagnoses = || {
        sources
            .iter()
            .flat_map(|source| &source.report.diagnoses)
            .filter(|diagnosis| worth_asking(diagnosis.kind))
    };
    let texts = diagnoses().filter_map(|diagnosis| diagnosis.image.as_deref());
    let references = texts
        .chain(arguments.image.as_deref())
        .filter_map(|text| NamedImage::read(catalog, text).ok()?.reference);
    let answers = Answers::ask(&arguments.online, references.collect::<Vec<_>>())?;
    for source in sources {
        for diagnosis in &mut source.report.diagnoses {
            if diagnosis.image.is_none() && worth_asking(diagnosis.kind) {
                // An error that names no image is about the one that the user names.
                diagnosis.image.clone_from(&arguments.image);
            }
            correct(diagnosis, &answers, windows);
        }
    }
    Ok(answers)
}

/// Failures that have to do with which Windows is in the image.
fn worth_asking(kind: DiagnosisKind) -> bool {
    matches!(
        kind,
        DiagnosisKind::PullNoMatch
            | DiagnosisKind::PullUplevel
            | DiagnosisKind::StartMismatch
            | DiagnosisKind::RevisionSuspect
            | DiagnosisKind::WrongOs
    )
}

/// That nothing matches has most often one cause: there is no Windows image at all.
fn correct(diagnosis: &mut Diagnosis, answers: &Answers, windows: bool) {
    if diagnosis.kind != DiagnosisKind::PullNoMatch {
        return;
    }
    let Some(variants) = has(answers, diagnosis) else {
        return;
    };
    match variants.only_os() {
        Some(Os::Linux) if windows || diagnosis.host_version.is_some() => {
            diagnosis.kind = DiagnosisKind::WrongOs;
            diagnosis.image_os = Some("linux".to_owned());
            diagnosis.wanted_os = Some("windows".to_owned());
            diagnosis.confidence = Confidence::Certain;
        }
        Some(Os::Linux) => {}
        _ => diagnosis.has_windows = variants.of_os(Os::Windows).next().is_some(),
    }
}

/// What a registry has of the image that failed.
pub(super) fn has<'a>(answers: &'a Answers, diagnosis: &Diagnosis) -> Option<&'a Variants> {
    let reference = Reference::parse(diagnosis.image.as_deref()?).ok()?;
    answers.variants(&reference)
}

/// What its registry said of the image that failed, for people.
pub(super) fn row(answers: &Answers, diagnosis: &Diagnosis) -> Option<String> {
    if let Some(variants) = has(answers, diagnosis) {
        return Some(in_words(variants));
    }
    let reference = Reference::parse(diagnosis.image.as_deref()?).ok()?;
    let missing = answers.is_missing(&reference);
    missing.then(|| "has no such tag or digest: is the name right?".to_owned())
}

/// The systems other than Windows, as `linux/amd64`; each once.
fn others(variants: &Variants) -> Vec<String> {
    let mut found = Vec::new();
    for variant in variants.of_os(Os::Linux) {
        let system = format!("{}/{}", variant.os, variant.architecture);
        if !found.contains(&system) {
            found.push(system);
        }
    }
    found
}

/// What a registry has, for people.
fn in_words(variants: &Variants) -> String {
    let others = others(variants).join(", ");
    match (variants.only_os(), variants.images.is_empty()) {
        (_, true) => "has an index without images".to_owned(),
        (Some(Os::Linux), _) => format!("has it for {others} alone"),
        (Some(Os::Windows), _) => format!("has it for Windows {}", variants.versions_in_words()),
        (None, _) => format!(
            "has it for Windows {}, and for {others}",
            variants.versions_in_words()
        ),
    }
}

/// What a registry has, for programs.
pub(super) fn document(variants: &Variants) -> Value {
    let versions: Vec<Option<String>> = variants
        .of_os(Os::Windows)
        .map(|variant| variant.image.version.map(|version| version.to_string()))
        .collect();
    json!({
        "digest": variants.digest,
        "windows": versions,
        "others": others(variants),
    })
}
