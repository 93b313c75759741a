//! Error text in any wrapping, to a diagnosis.
//!
//! Windows container version mismatches reach people through engines, kubelets, terminals, JSON
//! encoders and log collectors. This crate finds them in text of any size and says what happened,
//! to what. It decides nothing: which image fits which host is for `winfit-core`.
//!
//! ```text
//! bytes ─► stream (decode, literals) ─► normalise ─► signatures ─► facts, documents ─► collect
//!          every byte once              around hits only            the line, then what
//!                                                                   it stands in
//! ```
//!
//! ```
//! let report = winfit_explain::explain_bytes(
//!     b"a Windows version 10.0.20348-based image is incompatible with a 10.0.17763 host",
//! );
//! assert_eq!(
//!     report.diagnoses[0].message(),
//!     "The image cannot be pulled: it is for Windows Server 2022 (10.0.20348), \
//!      newer than the host's Windows 10.0.17763."
//! );
//! ```

mod analyse;
mod anchors;
mod codes;
mod collect;
mod describe;
mod diagnosis;
mod documents;
mod extra;
mod facts;
mod message;
mod normalise;
mod objects;
mod operation;
mod place;
mod pulls;
mod signatures;
mod stream;
mod swarm;

use std::io::{self, Read};

pub use anchors::ANCHORS;
pub use diagnosis::{
    Diagnosis, DiagnosisKind, Location, MOST_DIAGNOSES, MOST_LAYERS, MOST_LINES, Report, Subject,
    SubjectKind,
};
pub use winfit_core::finding::{Confidence, Severity};

/// Explains everything that `reader` gives, in bounded memory (some one and a half megabytes and
/// the diagnoses), whatever its size and however long its lines.
///
/// # Errors
///
/// Those of `reader`; what was read before is lost.
pub fn explain(reader: impl Read) -> io::Result<Report> {
    stream::run(reader, stream::CHUNK)
}

/// Explains a text that is in memory.
pub fn explain_bytes(bytes: &[u8]) -> Report {
    // A slice cannot fail to be read.
    explain(bytes).unwrap_or_default()
}
