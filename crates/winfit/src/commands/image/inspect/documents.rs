//! Images for programs (`winfit.image/1`) and for pull requests (Markdown).

use anyhow::Result;
use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_registry::inspect::{Child, ImageReport};

use super::human::{platform, short};
use super::{Images, Known};
use crate::findings::{clean, document as harmless};
use crate::output::markdown_cell;

pub(super) fn document(catalog: &Catalog, images: &Images) -> Result<String> {
    let found: Vec<Value> = images
        .reports
        .iter()
        .map(|report| image(catalog, report))
        .collect();
    harmless(&json!({
        "schema": "winfit.image/1",
        "images": found,
        "errors": images.errors_json(),
    }))
}

/// One entry of `images`.
pub(in crate::commands::image) fn image(catalog: &Catalog, report: &ImageReport) -> Value {
    let children: Vec<Value> = report
        .children
        .iter()
        .map(|found| child(catalog, report, found))
        .collect();
    json!({
        "reference": report.reference.to_string(),
        "digest": report.digest.as_str(),
        "media_type": report.media_type,
        "is_index": report.is_index,
        "base": report.reference.base_image().map(|image| image.base.name()),
        "children": children,
    })
}

fn child(catalog: &Catalog, report: &ImageReport, child: &Child) -> Value {
    let known = Known::of(catalog, &report.reference, child);
    let entry = child.entry.as_ref();
    let config = child.config.as_ref();
    let features = entry
        .map(|entry| &entry.os_features)
        .filter(|features| !features.is_empty())
        .or(config.map(|config| &config.os_features));
    json!({
        "digest": child.digest.as_str(),
        "media_type": child.media_type,
        "size": child.size,
        "os": child.os(),
        "architecture": child.architecture(),
        "variant": entry.and_then(|entry| entry.variant.as_deref()),
        "os_version": child.os_version(),
        "os_version_from": child.os_version_from().name(),
        "os_version_in_index": entry.and_then(|entry| entry.os_version.as_deref()),
        "os_version_in_config": config.and_then(|config| config.os_version.as_deref()),
        "os_features": features.cloned().unwrap_or_default(),
        "attestation": child.attestation,
        "release": known.as_ref().map(|known| known.release.clone()),
        "kb": known.as_ref().and_then(|known| known.update?.kb).map(|kb| format!("KB{kb}")),
        "support_end": known.and_then(|known| known.support_end).map(|day| day.to_string()),
        "error": child.trouble.as_ref().map(ToString::to_string),
    })
}

pub(super) fn markdown(catalog: &Catalog, images: &Images) -> String {
    let mut text = "| image | platform | os.version | stated in | Windows | digest |\n|---|---|---|---|---|---|\n".to_owned();
    for report in &images.reports {
        for child in report.children.iter().filter(|child| !child.attestation) {
            let known = Known::of(catalog, &report.reference, child);
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
