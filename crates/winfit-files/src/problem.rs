//! What is wrong with a file as a text of its kind: told by readers, which judge nothing else.

use winfit_core::finding::{Origin, Severity};

/// A broken place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The rule's name, which is also its page in `docs/rules/`.
    pub rule: &'static str,
    /// How heavy it is.
    pub severity: Severity,
    /// One plain sentence without a full stop: what stands there, and what was expected.
    pub message: String,
    /// Where.
    pub origin: Origin,
    /// A few words about that place. May be empty.
    pub label: String,
    /// Another place that belongs to it, with a few words: where a key stands first.
    pub other: Option<(Origin, String)>,
    /// What would be right in its place, where that is plain: what to do, in a line, and the text.
    pub instead: Option<(&'static str, String)>,
}

impl Problem {
    /// A problem that makes the file, or a part of it, unusable.
    pub fn error(rule: &'static str, origin: Origin, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            message: message.into(),
            origin,
            label: String::new(),
            other: None,
            instead: None,
        }
    }

    /// A problem that engines may live with.
    pub fn warning(rule: &'static str, origin: Origin, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(rule, origin, message)
        }
    }

    /// Something worth knowing.
    pub fn info(rule: &'static str, origin: Origin, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Info,
            ..Self::error(rule, origin, message)
        }
    }

    /// The same with words about its place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same with what would be right in its place.
    #[must_use]
    pub fn instead(mut self, title: &'static str, text: impl Into<String>) -> Self {
        self.instead = Some((title, text.into()));
        self
    }

    /// The same with another place.
    #[must_use]
    pub fn other(mut self, origin: Origin, label: impl Into<String>) -> Self {
        self.other = Some((origin, label.into()));
        self
    }
}
