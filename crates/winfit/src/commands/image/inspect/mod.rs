//! `winfit image inspect`: what registries have.

pub(super) mod documents;
pub(super) mod human;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::Date;
use winfit_core::audit::currency::image_support;
use winfit_core::catalog::Update;
use winfit_core::image::NamedImage;
use winfit_core::version::OsVersion;
use winfit_registry::inspect::{Child, ImageReport};

use super::{Images, Unread};
use crate::cli::{Format, InspectArguments};
use crate::commands::notes::Calendar;
use crate::output::{Exit, Outcome};

pub(super) fn run(arguments: &InspectArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let images = Images::read(&arguments.images)?;
    let today = Calendar::new(arguments.as_of, None).today;
    let text = match arguments.format {
        Format::Human => human::human(catalog, &images, today),
        Format::Json => documents::document(catalog, &images)?,
        Format::Markdown => documents::markdown(catalog, &images),
    };
    let outcome = images.outcome(text, Exit::Fits);
    // The process ends after this: to take a long list apart piece by piece would only cost time.
    std::mem::forget(images);
    Ok(outcome)
}

/// What the catalog knows of the Windows in a child.
struct Known<'c> {
    version: OsVersion,
    /// `Windows Server 2022`.
    release: String,
    /// The updates of that revision, the one that has a KB first.
    update: Option<&'c Update>,
    /// The last day of support.
    support_end: Option<Date>,
}

impl<'c> Known<'c> {
    /// What it knows of each child of an image, in their order. None: no version is stated, or it is
    /// none.
    fn of(catalog: &'c Catalog, report: &ImageReport) -> Vec<Option<Self>> {
        let named = NamedImage::read_reference(catalog, &report.reference.to_string()).ok();
        let children = report.children.iter();
        children
            .map(|child| Self::of_child(catalog, named.clone(), child))
            .collect()
    }

    fn of_child(catalog: &'c Catalog, named: Option<NamedImage>, child: &Child) -> Option<Self> {
        let version: OsVersion = child.os_version()?.parse().ok()?;
        let support = named.and_then(|mut image| {
            image.give_version(version);
            image_support(catalog, &image)
        });
        let at = version
            .revision
            .map(|revision| catalog.updates_at(version.build, revision));
        let update = at.and_then(|updates| updates.max_by_key(|update| update.kb.is_some()));
        Some(Self {
            version,
            release: super::windows(catalog, version),
            update,
            support_end: support.map(|support| support.end),
        })
    }

    /// `KB5034770 of 2024-02-13`; empty: the catalog does not know the revision.
    fn update_in_words(&self) -> String {
        let Some(update) = self.update else {
            return String::new();
        };
        let day = update.day.map(|day| format!("of {day}"));
        let kb = update.kb.map(|kb| format!("KB{kb}"));
        [kb, day]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    }
}
