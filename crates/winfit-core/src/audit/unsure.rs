//! Workloads of which nobody can tell where they may get to: the placement asks for what no host states.

use crate::finding::{Confidence, Finding, Severity};
use crate::fleet::Member;
use crate::host::{HypervOffer, Isolation, Os};

use super::ground::{Ground, Outcome};
use super::mismatch::{for_linux, needs, reason};
use super::place::{Spot, Use};
use super::rebuild::{Hosts, other_base};
use super::words;

impl<'a> Spot<'a> {
    /// No host takes it for certain, and the image runs on none of those that may.
    pub(super) fn against_unsure(&self, ground: &Ground<'a>, image: &Use<'a>) -> Option<Finding> {
        let missing = self.not_judged()?;
        let fails = |at: &usize| {
            let host = self.host(ground, *at);
            let lacks_hyperv = self.asked == Some(Isolation::Hyperv)
                && host.os == Os::Windows
                && host.hyperv_offer(ground.catalog) == HypervOffer::No;
            !lacks_hyperv && image.outcome(ground, &host, self.asked) == Outcome::No
        };
        if !self.unavailable.is_empty() || !self.unsure.iter().all(fails) {
            return None;
        }
        let members: Vec<&Member> = ground.members(&self.unsure).collect();
        let (of_image, of_hosts) = words::versions(
            ground.catalog,
            self.workload.orchestrator,
            &image.image,
            &members,
        );
        let which = match members.len() {
            1 => "the only host".to_owned(),
            2 => "either of the two hosts".to_owned(),
            many => format!("any of the {} hosts", words::number(many)),
        };
        let whose = self.workload.subject.in_words();
        let mut finding = Finding::new(
            "build-mismatch",
            Severity::Error,
            self.workload.subject.clone(),
            image.origin().clone(),
            format!("{of_image} cannot start on {which} that {whose} might use ({of_hosts})"),
        )
        .label(
            if members.iter().all(|member| member.host.os == Os::Linux) {
                for_linux(ground, &image.image)
            } else {
                needs(ground, &image.image, self.asked)
            },
        )
        .confidence(image.confidence().min(Confidence::Likely));
        if image.is_built() {
            finding = finding.related(
                image.container.image.origin.clone(),
                "the image that is built from it",
            );
        }
        let first = self.host(ground, self.unsure[0]);
        finding = match reason(ground, &first, &image.image, self.asked) {
            Some(sentence) => finding.note(sentence),
            None => finding,
        };
        finding = finding.note(format!(
            "nobody can tell whether the placement admits {}: {missing} is not stated",
            if members.len() == 1 { "it" } else { "them" }
        ));
        let at = Hosts {
            at: &self.unsure,
            orchestrator: self.workload.orchestrator,
            asked: self.asked,
        };
        let written = image.written();
        finding
            .remedies
            .extend(written.and_then(|written| other_base(ground, written, &at)));
        Some(finding)
    }

    /// What is not stated, of a workload for Windows that was judged on no host because of that.
    pub(super) fn not_judged(&self) -> Option<&str> {
        self.missing
            .as_deref()
            .filter(|_| self.candidates.is_empty() && self.is_windows())
    }
}
