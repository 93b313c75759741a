//! The second authority: revision boundaries inside one build.

use crate::catalog::{Catalog, PairBreak, Relation, Stream, stream};
use crate::host::Isolation;
use crate::image::Image;
use crate::verdict::{Answer, Judgement, Reason};
use crate::version::OsVersion;

/// Windows Server 2016: the build whose revisions must be equal.
const SERVER_2016: u16 = 14_393;
/// The releases between the two wordings of the revision rule.
const BETWEEN_THE_WORDINGS: [u16; 2] = [16_299, 17_134];

/// Applies the known breaks of a pair of builds to a judgement.
#[inline]
pub(crate) fn apply(
    catalog: &Catalog,
    breaks: &[PairBreak],
    image: &Image,
    host_version: OsVersion,
    image_version: OsVersion,
    isolation: Isolation,
    judgement: &mut Judgement,
) {
    for pair in breaks {
        if !pair.acts_on(isolation) {
            continue;
        }
        if holds(catalog, pair, host_version, image_version) != Some(false) {
            continue;
        }
        // A revision that only stands for a floating tag may be ahead of what is in the registry.
        let inferred = image.revision_inferred && pair.relation != Relation::Always;
        let answer = if inferred { Answer::Risk } else { pair.answer };
        judgement.worsen(
            answer,
            Reason::Break {
                row: pair.row,
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
#[inline]
fn holds(
    catalog: &Catalog,
    row: &PairBreak,
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
                || host_revision == catalog.ordinary_revision(image_version.build, image_revision)
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
