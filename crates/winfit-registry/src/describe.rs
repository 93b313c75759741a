//! A report as the core's plain description, which it judges.

use winfit_core::index::{Entry, ImageIndex, Platform};

use crate::error::RegistryError;
use crate::inspect::{Child, ImageReport};
use crate::model;

impl ImageReport {
    /// What the core judges.
    pub fn described(&self) -> ImageIndex {
        ImageIndex {
            reference: self.reference.to_string(),
            is_index: self.is_index,
            entries: self.children.iter().map(Child::described).collect(),
        }
    }
}

impl Child {
    /// What the core judges of one child.
    pub fn described(&self) -> Entry {
        let config = self.config.as_ref().map(|config| Platform {
            os: config.os.clone(),
            architecture: config.architecture.clone(),
            variant: None,
            os_version: said(config.os_version.as_ref()),
            os_features: config.os_features.clone(),
        });
        Entry {
            digest: self.digest.to_string(),
            stated: self.entry.as_ref().map(platform),
            config,
            missing: self.trouble.as_ref().is_some_and(RegistryError::is_missing),
            attestation: self.attestation,
        }
    }
}

fn platform(entry: &model::Platform) -> Platform {
    Platform {
        os: entry.os.clone(),
        architecture: entry.architecture.clone(),
        variant: entry.variant.clone(),
        os_version: said(entry.os_version.as_ref()),
        os_features: entry.os_features.clone(),
    }
}

fn said(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}
