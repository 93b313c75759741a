//! What a registry says of an image, in the words in which the core judges.

use winfit_core::host::{Arch, Os};
use winfit_core::image::Image;
use winfit_core::variants::{Variant, Variants};
use winfit_core::version::OsVersion;

use crate::error::RegistryError;
use crate::inspect::{Child, ImageReport};

/// The images of a report that run on something; attestations do not, nor does what the registry does not
/// have.
///
/// # Errors
///
/// Why nothing is known of any of them.
pub fn variants(report: &ImageReport) -> Result<Variants, RegistryError> {
    let images: Vec<Variant> = report
        .children
        .iter()
        .filter(|child| !child.attestation && !child.is_missing())
        .filter_map(|child| variant(child, !report.is_index))
        .collect();
    let mut troubles = report
        .children
        .iter()
        .filter_map(|child| child.trouble.clone());
    if images.is_empty()
        && let Some(trouble) = troubles.next()
    {
        return Err(trouble);
    }
    Ok(Variants {
        digest: report.digest.to_string(),
        is_index: report.is_index,
        images,
    })
}

/// A child with its facts. None: it is for a system that winfit knows nothing of.
fn variant(child: &Child, single_manifest: bool) -> Option<Variant> {
    let os = match child.os() {
        "windows" => Os::Windows,
        "linux" => Os::Linux,
        _ => return None,
    };
    let version = child
        .os_version()
        .filter(|_| os == Os::Windows)
        .and_then(|text| text.parse::<OsVersion>().ok());
    // Engines compare what the index says; of an entry without a platform they read the config.
    let as_seen = child.entry.as_ref();
    let index_version = match as_seen {
        Some(entry) => entry.os_version.clone(),
        None => child.os_version().map(str::to_owned),
    };
    Some(Variant {
        os: child.os().to_owned(),
        architecture: child.architecture().to_owned(),
        index_version,
        os_features: as_seen.map_or_else(Vec::new, |entry| entry.os_features.clone()),
        image: Image {
            os,
            version,
            revision_inferred: false,
            arch: Arch::parse(child.architecture()),
            host_process: false,
            single_manifest,
        },
        digest: child.digest.to_string(),
    })
}

/// Why some children's own words could not be read, one sentence each; the index's word stands for them.
pub fn troubles(report: &ImageReport) -> impl Iterator<Item = String> {
    let children = report.children.iter();
    children.filter_map(|child| child.trouble.as_ref().map(ToString::to_string))
}
