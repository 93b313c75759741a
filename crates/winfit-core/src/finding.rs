//! Findings: a rule that a fact breaks, with its place, its weight and what to do.

use std::sync::Arc;

use crate::remedy::Remedy;

/// How heavy a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// May not run, or not for long.
    Warning,
    /// Cannot run.
    Error,
}

impl Severity {
    /// The word in JSON and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How sure a finding or a diagnosis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A suspicion: there may be other causes as well.
    Possible,
    /// Inferred, as from a tag.
    Likely,
    /// Stated.
    Certain,
}

impl Confidence {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// A rule's name with what it says in one line, for lists and SARIF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its name, which is also its page in `docs/rules/`.
    pub name: &'static str,
    /// One line without a full stop.
    pub summary: &'static str,
}

/// A piece of a text. Offsets are bytes of the text as decoded to UTF-8, without a byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// The line of `start`, from 1.
    pub line: u32,
    /// The column of `start` in characters, from 1.
    pub column: u32,
}

/// Where a fact was stated: a place in a file, or a field of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The file's path as shown to people, or the object (`node win-a`, `Deployment shop/web`).
    pub source: Arc<str>,
    /// The place in a file; none for objects and for a file as a whole.
    pub span: Option<Span>,
    /// The path of the field in an object: `spec.template.spec.nodeSelector`.
    pub field: Option<String>,
}

impl Origin {
    /// A place in a file.
    pub fn at(source: &Arc<str>, span: Span) -> Self {
        Self {
            source: Arc::clone(source),
            span: Some(span),
            field: None,
        }
    }

    /// A file or an object as a whole.
    pub fn whole(source: &Arc<str>) -> Self {
        Self {
            source: Arc::clone(source),
            span: None,
            field: None,
        }
    }

    /// The line, from 1, where there is one.
    pub fn line(&self) -> Option<u32> {
        self.span.map(|span| span.line)
    }
}

/// A value with the place where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub origin: Origin,
}

impl<T> Located<T> {
    /// A value at a place.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// `Deployment`, `Dockerfile`, `service`, `daemon.json`, `node`.
    pub kind: String,
    /// The namespace, where the kind has one and it is stated.
    pub namespace: Option<String>,
    /// Its name: of the object, of the service; the path of a Dockerfile.
    pub name: String,
}

impl Subject {
    /// A subject without a namespace.
    pub fn new(kind: &str, name: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            namespace: None,
            name: name.to_owned(),
        }
    }

    /// For sentences: `Deployment shop/web`.
    pub fn in_words(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{} {namespace}/{}", self.kind, self.name),
            None => format!("{} {}", self.kind, self.name),
        }
    }
}

/// A further place that a finding points at, with what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The place.
    pub origin: Origin,
    /// A few words: `admits win-a (14393)`.
    pub label: String,
}

/// A rule that a fact breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name, which is also its page in `docs/rules/`.
    pub rule: &'static str,
    /// How heavy it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it is about.
    pub subject: Subject,
    /// One plain sentence without a full stop, with both versions where it is about two.
    pub message: String,
    /// Where it stands.
    pub origin: Origin,
    /// A few words about that place: `needs 20348 or newer`. May be empty.
    pub label: String,
    /// Further places.
    pub related: Vec<Related>,
    /// Further sentences: what was inferred, why it matters.
    pub notes: Vec<String>,
    /// What to do, the best first.
    pub remedies: Vec<Remedy>,
}

impl Finding {
    /// A certain finding without label, further places, notes and remedies.
    pub fn new(
        rule: &'static str,
        severity: Severity,
        subject: Subject,
        origin: Origin,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            severity,
            confidence: Confidence::Certain,
            subject,
            message: message.into(),
            origin,
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            remedies: Vec::new(),
        }
    }

    /// The same with words about its place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same, less sure.
    #[must_use]
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// The same with a further place.
    #[must_use]
    pub fn related(mut self, origin: Origin, label: impl Into<String>) -> Self {
        self.related.push(Related {
            origin,
            label: label.into(),
        });
        self
    }

    /// The same with a further sentence.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The same with a remedy.
    #[must_use]
    pub fn remedy(mut self, remedy: Remedy) -> Self {
        self.remedies.push(remedy);
        self
    }
}
