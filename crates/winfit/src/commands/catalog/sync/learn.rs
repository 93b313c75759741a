//! What a tag promises, and whether the image behind it keeps that.

use winfit_core::Catalog;
use winfit_core::Date;
use winfit_core::catalog::overlay::Learnt;
use winfit_core::day::parse_day;
use winfit_core::image::NamedImage;
use winfit_core::version::{OsVersion, quote_for_error};
use winfit_registry::inspect::ImageReport;

/// A tag that names one update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pinned {
    pub(super) tag: String,
    /// The version that it says; without a revision where it names a KB.
    pub(super) version: OsVersion,
    /// The KB that it names.
    pub(super) kb: Option<u32>,
}

/// What an image tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// The tag says the truth.
    Learnt(Learnt),
    /// It does not: why.
    Conflict(String),
}

/// Reads a tag of a base repository, by the name that Microsoft's registry has for that. None: it floats,
/// or is no tag of base images.
pub(super) fn pinned(catalog: &Catalog, canonical: &str, tag: &str) -> Option<Pinned> {
    let named = NamedImage::read_reference(catalog, &format!("{canonical}:{tag}")).ok()?;
    let version = named.image.version.filter(|_| named.is_base)?;
    let kb = named.kb;
    let exact = version.revision.is_some() && !named.image.revision_inferred;
    (kb.is_some() || exact).then(|| Pinned {
        tag: tag.to_owned(),
        version: match kb {
            Some(_) => version.without_revision(),
            None => version,
        },
        kb,
    })
}

/// Compares a tag with the image behind it.
pub(super) fn learn(pinned: &Pinned, report: &ImageReport, today: Date) -> Found {
    let mut versions: Vec<&str> = Vec::new();
    let windows = report
        .children
        .iter()
        .filter(|child| child.os() == "windows");
    for child in windows.clone() {
        // The index may say what it likes: the config is the fact.
        let config = child.config.as_ref();
        let version = config.and_then(|config| config.os_version.as_deref());
        let version = version.unwrap_or_default();
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    let text = match versions.as_slice() {
        [only] if !only.is_empty() => *only,
        [] => return Found::Conflict("it has no Windows image".to_owned()),
        [_] => return Found::Conflict("the image inside states no version".to_owned()),
        several => {
            let several: Vec<String> = several.iter().map(|text| quote_for_error(text)).collect();
            return Found::Conflict(format!(
                "the images inside are of several versions: {}",
                several.join(", ")
            ));
        }
    };
    let Ok(version) = text.parse::<OsVersion>() else {
        return Found::Conflict(format!(
            "the image inside states {:?}, which is no version",
            quote_for_error(text)
        ));
    };
    let Some(revision) = version.revision else {
        return Found::Conflict(format!("the image inside states {version} and no revision"));
    };
    let promised = pinned.version;
    let kept = (promised.major, promised.minor, promised.build)
        == (version.major, version.minor, version.build)
        && promised
            .revision
            .is_none_or(|promised| promised == revision);
    if !kept {
        return Found::Conflict(format!(
            "the tag says {promised}, the image inside is {version}"
        ));
    }
    let created = windows.filter_map(|child| child.config.as_ref()?.created.as_deref());
    let day = created
        .filter_map(|text| parse_day(text.get(..10)?).ok())
        .min();
    let first = Date::from_calendar_date(2016, time::Month::January, 1).ok();
    Found::Learnt(Learnt {
        build: version.build,
        revision,
        kb: pinned.kb,
        // A clock that was wrong, or none at all, tells no day.
        day: day.filter(|day| Some(*day) >= first && *day <= today),
        source: format!("{} {} {today}", report.reference, report.digest),
    })
}
