//! Images for programs (`winfit.image/1`) and for pull requests (Markdown).

use anyhow::Result;
use serde::Serialize;
use winfit_core::Catalog;
use winfit_registry::inspect::{Child, ImageReport};

use super::human::{platform, short};
use super::{Images, Known, Unread};
use crate::findings::{clean, document as harmless};
use crate::output::markdown_cell;

pub(super) fn document(catalog: &Catalog, images: &Images) -> Result<String> {
    harmless(&Document {
        schema: "winfit.image/1",
        images: images
            .reports
            .iter()
            .map(|report| image(catalog, report))
            .collect(),
        errors: images.unread(),
    })
}

#[derive(Serialize)]
struct Document<'i> {
    schema: &'static str,
    images: Vec<ImageEntry<'i>>,
    errors: Vec<Unread<'i>>,
}

/// One entry of `images`.
#[derive(Serialize)]
pub(in crate::commands::image) struct ImageEntry<'i> {
    reference: String,
    digest: &'i str,
    media_type: &'i str,
    is_index: bool,
    base: Option<&'static str>,
    children: Vec<ChildEntry<'i>>,
}

/// One entry of `children`.
#[derive(Serialize)]
struct ChildEntry<'i> {
    digest: &'i str,
    media_type: &'i str,
    size: u64,
    os: &'i str,
    architecture: &'i str,
    variant: Option<&'i str>,
    os_version: Option<&'i str>,
    os_version_from: &'static str,
    os_version_in_index: Option<&'i str>,
    os_version_in_config: Option<&'i str>,
    os_features: &'i [String],
    attestation: bool,
    release: Option<String>,
    kb: Option<String>,
    support_end: Option<String>,
    error: Option<String>,
}

pub(in crate::commands::image) fn image<'i>(
    catalog: &Catalog,
    report: &'i ImageReport,
) -> ImageEntry<'i> {
    let children = report.children.iter().zip(Known::of(catalog, report));
    ImageEntry {
        reference: report.reference.to_string(),
        digest: report.digest.as_str(),
        media_type: &report.media_type,
        is_index: report.is_index,
        base: report.reference.base_image().map(|image| image.base.name()),
        children: children.map(|(found, known)| child(found, known)).collect(),
    }
}

fn child<'i>(child: &'i Child, known: Option<Known<'_>>) -> ChildEntry<'i> {
    let entry = child.entry.as_ref();
    let config = child.config.as_ref();
    let features = entry
        .map(|entry| &entry.os_features)
        .filter(|features| !features.is_empty())
        .or(config.map(|config| &config.os_features));
    let update = known.as_ref().and_then(|known| known.update);
    ChildEntry {
        digest: child.digest.as_str(),
        media_type: &child.media_type,
        size: child.size,
        os: child.os(),
        architecture: child.architecture(),
        variant: entry.and_then(|entry| entry.variant.as_deref()),
        os_version: child.os_version(),
        os_version_from: child.os_version_from().name(),
        os_version_in_index: entry.and_then(|entry| entry.os_version.as_deref()),
        os_version_in_config: config.and_then(|config| config.os_version.as_deref()),
        os_features: features.map_or(&[], Vec::as_slice),
        attestation: child.attestation,
        kb: update
            .and_then(|update| update.kb)
            .map(|kb| format!("KB{kb}")),
        support_end: known
            .as_ref()
            .and_then(|known| known.support_end)
            .map(|day| day.to_string()),
        release: known.map(|known| known.release),
        error: child.trouble.as_ref().map(ToString::to_string),
    }
}

pub(super) fn markdown(catalog: &Catalog, images: &Images) -> String {
    let mut text = "| image | platform | os.version | stated in | Windows | digest |\n|---|---|---|---|---|---|\n".to_owned();
    for report in &images.reports {
        let children = report.children.iter().zip(Known::of(catalog, report));
        for (child, known) in children.filter(|(child, _)| !child.attestation) {
            let cells = [
                clean(&report.reference.to_string()),
                platform(child),
                clean(child.os_version().unwrap_or("")),
                child.os_version_from().name().to_owned(),
                known.map_or_else(String::new, |known| known.release),
                short(child.digest.as_str()),
            ];
            let cells: Vec<String> = cells.iter().map(|cell| markdown_cell(cell)).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    text
}
