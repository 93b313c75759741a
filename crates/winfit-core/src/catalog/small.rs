//! The small tables: tag forms, conflicts between sources, hosting platforms, names of old.

use time::Date;

use super::tsv::{TableError, table};

/// A form of tag and what it means.
#[derive(Debug, Clone)]
pub struct TagForm {
    /// `mcr`, `dockerhub`, `derived`, `none`, `any`.
    pub registry: &'static str,
    /// The repositories that use it.
    pub repos: &'static str,
    /// The form: `<rel>-KB<7digits>`.
    pub form: &'static str,
    /// Examples.
    pub examples: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What the tag points to: an index or a manifest.
    pub object: &'static str,
    /// Where it was seen.
    pub evidence: &'static str,
    /// How sure.
    pub status: &'static str,
}

/// Two sources that contradict each other. Both are shown, never merged.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// What it is about.
    pub subject: &'static str,
    /// Which of its facts.
    pub field: &'static str,
    /// What one source says, and which winfit uses.
    pub value: &'static str,
    /// That source.
    pub source: &'static str,
    /// What the other says.
    pub other_value: &'static str,
    /// The other source.
    pub other_source: &'static str,
}

/// A hosting platform.
#[derive(Debug, Clone)]
pub struct PlatformFacts {
    /// Its short name: `aks`.
    pub platform: &'static str,
    /// Its full name.
    pub name: &'static str,
    /// Whether it offers Hyper-V isolation; none: its documentation does not say.
    pub hyperv: Option<bool>,
    /// Where that is stated.
    pub source: &'static str,
}

/// A repository of Docker Hub, for Windows alone, that moved to Microsoft's registry.
#[derive(Debug, Clone)]
pub struct OldName {
    /// Its old name, without a registry: `microsoft/aspnet`.
    pub repository: &'static str,
    /// Its name today.
    pub today: &'static str,
    /// Since when.
    pub since: Date,
    /// Where that is stated.
    pub source: &'static str,
}

pub(super) fn read_old_names() -> Result<Vec<OldName>, TableError> {
    table(
        "old_names.tsv",
        include_str!("../../data/old_names.tsv"),
        |row| {
            Ok(OldName {
                repository: row.text("repository")?,
                today: row.text("today")?,
                since: row.required_day("since")?,
                source: row.text("source")?,
            })
        },
    )
}

pub(super) fn read_tags() -> Result<Vec<TagForm>, TableError> {
    table("tags.tsv", include_str!("../../data/tags.tsv"), |row| {
        Ok(TagForm {
            registry: row.text("registry")?,
            repos: row.text("repos")?,
            form: row.text("form")?,
            examples: row.text("examples")?,
            meaning: row.text("meaning")?,
            object: row.text("object")?,
            evidence: row.text("evidence")?,
            status: row.text("status")?,
        })
    })
}

pub(super) fn read_conflicts() -> Result<Vec<Conflict>, TableError> {
    table(
        "conflicts.tsv",
        include_str!("../../data/conflicts.tsv"),
        |row| {
            Ok(Conflict {
                subject: row.text("subject")?,
                field: row.text("field")?,
                value: row.text("value")?,
                source: row.text("source")?,
                other_value: row.text("other_value")?,
                other_source: row.text("other_source")?,
            })
        },
    )
}

pub(super) fn read_platforms() -> Result<Vec<PlatformFacts>, TableError> {
    table(
        "platforms.tsv",
        include_str!("../../data/platforms.tsv"),
        |row| {
            Ok(PlatformFacts {
                platform: row.text("platform")?,
                name: row.text("name")?,
                hyperv: match row.text("hyperv")? {
                    "yes" => Some(true),
                    "no" => Some(false),
                    "unknown" => None,
                    other => {
                        return Err(
                            row.error("hyperv", format!("{other:?} is not yes, no or unknown"))
                        );
                    }
                },
                source: row.text("source")?,
            })
        },
    )
}
