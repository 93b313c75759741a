//! Which of several reasons decides an answer.

use crate::catalog::{Catalog, Relation};
use crate::verdict::{Answer, Judgement, Reason};

/// The reason that decides an answer; the others are for who wants to know more.
pub fn telling(catalog: &Catalog, judgement: &Judgement) -> Option<Reason> {
    let weight = |reason: &Reason| match (judgement.answer, reason) {
        (
            Answer::No,
            Reason::WrongOs | Reason::WrongArchitecture | Reason::HostBeforeContainers,
        ) => 9,
        (Answer::No, Reason::ImageNewer) => 8,
        (Answer::No, Reason::ImageOlder { .. }) => 7,
        (Answer::No, Reason::HypervUnavailable) => 6,
        // Of several breaks, the rule that everybody on 2016 meets.
        (Answer::No | Answer::Risk | Answer::Unknown, Reason::Break { row, .. }) => {
            let relation = catalog.breaks[usize::from(*row)].relation;
            if relation == Relation::Equal { 7 } else { 6 }
        }
        (Answer::Risk, Reason::RevisionNotStated) => 7,
        (
            Answer::Unknown,
            Reason::KindUnknown
            | Reason::NoOsVersion
            | Reason::NoHostVersion
            | Reason::HypervNotStated
            | Reason::BuildNotInCatalog { .. },
        ) => 7,
        (Answer::Yes | Answer::Preview, Reason::HostProcess | Reason::NoWindows) => 7,
        (Answer::Yes | Answer::Preview, Reason::OwnKernel { .. } | Reason::EqualBuilds) => 6,
        (Answer::Yes | Answer::Preview, Reason::Documented { .. }) => 5,
        (Answer::No, Reason::Documented { .. }) => 4,
        _ => 1,
    };
    let mut best: Option<(i32, Reason)> = None;
    for reason in judgement.reasons() {
        let weight = weight(&reason);
        if best.is_none_or(|(known, _)| weight > known) {
            best = Some((weight, reason));
        }
    }
    best.map(|(_, reason)| reason)
}
