//! Revision boundaries inside one build: pairs that the matrix allows and that fail all the same.

use time::Date;

use super::tsv::{TableError, table};
use crate::host::Isolation;
use crate::verdict::Answer;

/// What must hold between the two revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Both at or above their minimum, or both below.
    SameSide,
    /// The revisions are equal.
    Equal,
    /// An image at or above its minimum needs the host at or above its minimum.
    ImageNeedsHost,
    /// The pair breaks whatever the revisions.
    Always,
    /// Revisions of the client stream and of the server stream cannot be compared.
    Streams,
}

/// What a break makes of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakAnswer {
    /// It does not work.
    No,
    /// It may fail.
    Risk,
    /// Nobody knows.
    Unknown,
}

/// How well a break is established.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Microsoft documents it.
    Documented,
    /// Users reported it.
    Observed,
}

/// One row of `revision_breaks.tsv`. Several rows, one per build, may share an id.
#[derive(Debug, Clone)]
pub struct RevisionBreak {
    /// Its name, which is also its rule's name.
    pub id: &'static str,
    /// Since when.
    pub day: Date,
    /// Under process isolation.
    pub process: bool,
    /// Under Hyper-V isolation.
    pub hyperv: bool,
    /// The host builds it is about.
    pub host_builds: Vec<u16>,
    /// The image build it is about.
    pub image_build: u16,
    /// The first host revision on the new side.
    pub host_min: Option<u32>,
    /// The first image revision on the new side.
    pub image_min: Option<u32>,
    /// What must hold.
    pub relation: Relation,
    /// The relation in the data's words.
    pub relation_text: &'static str,
    /// What follows where it does not hold.
    pub answer: BreakAnswer,
    /// What users see.
    pub symptom: &'static str,
    /// What mends it.
    pub fix: &'static str,
    /// Where it is documented or reported.
    pub evidence: &'static str,
    /// Documented or observed.
    pub confidence: Evidence,
    /// The data's words for how well it is established.
    pub confidence_text: &'static str,
}

impl RevisionBreak {
    /// What the row makes of an answer: a documented break gives its own, an observed one at most a
    /// risk.
    pub fn consequence(&self) -> Answer {
        match (self.confidence, self.answer) {
            (_, BreakAnswer::Unknown) => Answer::Unknown,
            (Evidence::Documented, BreakAnswer::No) => Answer::No,
            (Evidence::Observed, BreakAnswer::No) | (_, BreakAnswer::Risk) => Answer::Risk,
        }
    }

    /// Whether the row is about this isolation.
    #[inline]
    pub fn acts_on(&self, isolation: Isolation) -> bool {
        match isolation {
            Isolation::Process => self.process,
            Isolation::Hyperv => self.hyperv,
        }
    }
}

pub(super) fn read() -> Result<Vec<RevisionBreak>, TableError> {
    table(
        "revision_breaks.tsv",
        include_str!("../../data/revision_breaks.tsv"),
        |row| {
            let relation_text = row.text("relation")?;
            let isolation = row.text("isolation")?;
            let confidence_text = row.text("confidence")?;
            let mut host_builds = Vec::new();
            for build in row.text("host_build")?.split(',') {
                host_builds.push(
                    build.parse().map_err(|_| {
                        row.error("host_build", format!("{build:?} is not a build"))
                    })?,
                );
            }
            Ok(RevisionBreak {
                id: row.text("id")?,
                day: row.required_day("date")?,
                process: isolation.contains("process"),
                hyperv: isolation.contains("hyperv"),
                host_builds,
                image_build: row.number("image_build")?,
                host_min: row.optional("host_min")?,
                image_min: row.optional("image_min")?,
                relation: match relation_text {
                    "both sides at or above their minimum, or both below" => Relation::SameSide,
                    "revisions equal" => Relation::Equal,
                    "image at or above its minimum needs the host at or above its minimum" => {
                        Relation::ImageNeedsHost
                    }
                    "always" => Relation::Always,
                    text if text.contains("are not comparable") => Relation::Streams,
                    other => {
                        return Err(row.error("relation", format!("{other:?} is no relation")));
                    }
                },
                relation_text,
                answer: match row.text("answer")? {
                    "no" => BreakAnswer::No,
                    "risk" => BreakAnswer::Risk,
                    "unknown" => BreakAnswer::Unknown,
                    other => return Err(row.error("answer", format!("{other:?} is no answer"))),
                },
                symptom: row.text("symptom")?,
                fix: row.text("fix")?,
                evidence: row.text("evidence")?,
                confidence: if confidence_text.starts_with("documented") {
                    Evidence::Documented
                } else {
                    Evidence::Observed
                },
                confidence_text,
            })
        },
    )
}
