//! The log: one line for each thing that happened, for people or for programs.

use std::borrow::Cow;
use std::io::{self, Write as _};

use serde_json::{Value, json};
use time::OffsetDateTime;
use winfit_core::finding::{Finding, Severity, Subject};

use crate::cli::DataFormat;
use crate::output::printable;

/// How heavy a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}

/// One line.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) level: Level,
    /// What happened, in one word: `finding`, `gone`, `labels`, `constraints`, …
    pub(super) what: &'static str,
    /// Of a finding.
    pub(super) rule: Option<Cow<'static, str>>,
    pub(super) subject: Option<Subject>,
    /// One sentence.
    pub(super) message: String,
    /// Commands that help, each with its shell.
    commands: Vec<(&'static str, String)>,
}

impl Line {
    pub(super) fn new(level: Level, what: &'static str, message: impl Into<String>) -> Self {
        Self {
            level,
            what,
            rule: None,
            subject: None,
            message: message.into(),
            commands: Vec::new(),
        }
    }

    pub(super) fn about(mut self, kind: &str, name: &str) -> Self {
        self.subject = Some(Subject::new(kind, name));
        self
    }

    pub(super) fn of_finding(finding: &Finding) -> Self {
        let remedies = finding.remedies.iter();
        Self {
            rule: Some(finding.rule.into()),
            subject: Some(finding.subject.clone()),
            commands: remedies
                .flat_map(|remedy| &remedy.commands)
                .map(|command| (command.shell.name(), command.text.clone()))
                .collect(),
            ..Self::new(finding.severity.into(), "finding", &*finding.message)
        }
    }

    /// What a finding is about: its rule and its subject.
    pub(super) fn topic(&self) -> Option<(&str, &Subject)> {
        self.rule.as_deref().zip(self.subject.as_ref())
    }

    /// The same as something that is no more.
    pub(super) fn gone(self) -> Self {
        Self {
            level: Level::Info,
            what: "gone",
            commands: Vec::new(),
            ..self
        }
    }

    fn as_json(&self, time: &str) -> Value {
        let subject = self.subject.as_ref();
        let commands: Vec<Value> = self
            .commands
            .iter()
            .map(|(shell, text)| json!({"shell": shell, "text": text}))
            .collect();
        json!({
            "schema": "winfit.swarm-watch/1",
            "time": time,
            "level": self.level.name(),
            "what": self.what,
            "rule": self.rule,
            "subject": subject.map(|subject| json!({
                "kind": subject.kind,
                "namespace": subject.namespace,
                "name": subject.name,
            })),
            "message": self.message,
            "commands": commands,
        })
    }

    fn for_people(&self, time: &str) -> String {
        let rule = self.rule.as_deref();
        let rule = rule.map_or(String::new(), |rule| format!("[{rule}]"));
        // Many messages name their subject themselves.
        let subject = self.subject.as_ref().map(Subject::in_words);
        let subject = subject
            .filter(|subject| !self.message.starts_with(subject.as_str()))
            .map_or(String::new(), |subject| format!("{subject}: "));
        let words: Vec<&str> = self.message.split_whitespace().collect();
        printable(&format!(
            "{time} {:7} {}{rule} {subject}{}",
            self.level.name(),
            self.what,
            words.join(" ")
        ))
    }
}

/// Where lines go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log(pub(super) DataFormat);

impl Log {
    /// Writes a line, at once.
    pub(super) fn write(self, line: &Line) -> io::Result<()> {
        let time = rfc3339(OffsetDateTime::now_utc());
        let text = match self.0 {
            DataFormat::Human => line.for_people(&time),
            DataFormat::Json => line.as_json(&time).to_string(),
        };
        let mut out = io::stdout().lock();
        out.write_all(format!("{text}\n").as_bytes())?;
        out.flush()
    }
}

/// `2026-11-25T03:49:10.007Z`.
fn rfc3339(at: OffsetDateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_people() {
        let line = Line::new(Level::Warning, "labels", "they were\nnot \u{1b}[31mwritten");
        let line = line.about("node", "win-a");
        assert_eq!(
            line.for_people("T"),
            "T warning labels node win-a: they were not \u{fffd}[31mwritten"
        );
    }

    #[test]
    fn times_are_in_utc_to_the_millisecond() {
        let at = OffsetDateTime::from_unix_timestamp_nanos(1_700_000_000_007_000_000).unwrap();
        assert_eq!(rfc3339(at), "2023-11-14T22:13:20.007Z");
    }
}
