//! The second authority: revision boundaries inside one build.

use crate::catalog::{
    Audience, BreakAnswer, Catalog, Evidence, Relation, RevisionBreak, Stream, stream,
};
use crate::host::Isolation;
use crate::image::Image;
use crate::verdict::{Answer, Judgement, Reason};
use crate::version::OsVersion;

/// Windows Server 2016: the build whose revisions must be equal.
const SERVER_2016: u16 = 14_393;
/// The releases between the two wordings of the revision rule.
const BETWEEN_THE_WORDINGS: [u16; 2] = [16_299, 17_134];

/// Applies every known break to a judgement.
#[inline]
pub(crate) fn apply(
    catalog: &Catalog,
    image: &Image,
    host_version: OsVersion,
    image_version: OsVersion,
    isolation: Isolation,
    judgement: &mut Judgement,
) {
    for (at, row) in catalog.breaks.iter().enumerate() {
        if row.image_build != image_version.build
            || !row.acts_on(isolation)
            || !row.host_builds.contains(&host_version.build)
        {
            continue;
        }
        if holds(catalog, row, host_version, image_version) != Some(false) {
            continue;
        }
        // A revision that only stands for a floating tag may be ahead of what is in the registry.
        let inferred = image.revision_inferred && row.relation != Relation::Always;
        let answer = match (inferred, row.confidence, row.answer) {
            (true, _, _) | (_, _, BreakAnswer::Risk) => Answer::Risk,
            (_, _, BreakAnswer::Unknown) => Answer::Unknown,
            (_, Evidence::Documented, BreakAnswer::No) => Answer::No,
            (_, Evidence::Observed, BreakAnswer::No) => Answer::Risk,
        };
        judgement.worsen(
            answer,
            Reason::Break {
                row: at as u8,
                inferred,
            },
        );
    }
    if isolation == Isolation::Process && host_version.build == image_version.build {
        let (host_revision, image_revision) = (host_version.revision, image_version.revision);
        if host_version.build == SERVER_2016
            && (host_revision.is_none() || image_revision.is_none())
        {
            judgement.worsen(Answer::Risk, Reason::RevisionNotStated);
        }
        if BETWEEN_THE_WORDINGS.contains(&host_version.build)
            && let (Some(host_revision), Some(image_revision)) = (host_revision, image_revision)
            && host_revision != image_revision
        {
            judgement.add(Reason::TwoWordings);
        }
    }
}

/// Whether the row's relation holds; none: the revisions it needs are not stated.
fn holds(
    catalog: &Catalog,
    row: &RevisionBreak,
    host_version: OsVersion,
    image_version: OsVersion,
) -> Option<bool> {
    if row.relation == Relation::Always {
        return Some(false);
    }
    let (host_revision, image_revision) = (host_version.revision?, image_version.revision?);
    Some(match row.relation {
        Relation::Always => false,
        Relation::SameSide => {
            (host_revision >= row.host_min?) == (image_revision >= row.image_min?)
        }
        Relation::Equal => {
            host_revision == image_revision
                || host_revision == ordinary_revision(catalog, image_version.build, image_revision)
        }
        Relation::ImageNeedsHost => {
            image_revision < row.image_min?
                || host_revision >= row.host_min?
                || (comparable(host_version, host_revision, image_version, image_revision)
                    && host_revision >= image_revision)
        }
        Relation::Streams => comparable(host_version, host_revision, image_version, image_revision),
    })
}

/// Revisions of one stream can be compared; those before the split precede both streams.
#[inline]
fn comparable(host: OsVersion, host_revision: u32, image: OsVersion, image_revision: u32) -> bool {
    let (host, image) = (
        stream(host.build, host_revision),
        stream(image.build, image_revision),
    );
    host == image || host == Stream::Common || image == Stream::Common
}

/// A revision that only images have counts as the newest ordinary one below it.
fn ordinary_revision(catalog: &Catalog, build: u16, revision: u32) -> u32 {
    let rows = catalog.updates_of(build);
    let upto = rows.partition_point(|update| update.revision <= revision);
    let container_only = rows[..upto]
        .iter()
        .rev()
        .take_while(|update| update.revision == revision)
        .any(|update| update.audience == Audience::Container);
    if !container_only {
        return revision;
    }
    rows[..upto]
        .iter()
        .rev()
        .find(|update| update.audience != Audience::Container)
        .map_or(revision, |update| update.revision)
}
