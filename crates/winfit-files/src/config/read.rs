//! Reading `winfit.toml`. Every mistake is told with its place; the rest is read all the same.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use winfit_core::Catalog;
use winfit_core::finding::Origin;
use winfit_core::host::Os;
use winfit_core::version::quote_for_error;

use super::hosts::{HOST_FACTS, HostFacts};
use super::{BaseTags, Config, Ignore, ImageFacts, Mirror, NamedFile};
use crate::ignores::near;
use crate::problem::Problem;
use crate::source::Source;

/// The rule of all problems of this file.
pub(super) const RULE: &str = "winfit-toml";

/// Reads a `winfit.toml` that stands in `folder`.
pub fn read(catalog: &Catalog, source: &Source, folder: &Path) -> (Config, Vec<Problem>) {
    let mut reading = Reading {
        catalog,
        source,
        problems: Vec::new(),
    };
    let mut config = Config {
        folder: folder.to_owned(),
        name: source.name.to_string(),
        ..Config::default()
    };
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().replace('\n', ": ");
        reading.wrong(span, format!("this is no TOML: {message}"));
    }
    reading.top(table.get_ref(), &mut config);
    (config, reading.problems)
}

pub(super) type Value<'i> = Spanned<DeValue<'i>>;
pub(super) type Key<'i> = Spanned<std::borrow::Cow<'i, str>>;

pub(super) struct Reading<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) source: &'a Source,
    pub(super) problems: Vec<Problem>,
}

impl Reading<'_> {
    pub(super) fn origin(&self, span: Range<usize>) -> Origin {
        self.source.origin(span.start, span.end)
    }

    pub(super) fn wrong(&mut self, span: Range<usize>, message: impl Into<String>) {
        let origin = self.origin(span);
        self.problems.push(Problem::error(RULE, origin, message));
    }

    /// A key that this table does not have, with the nearest that it has.
    pub(super) fn unknown_key(&mut self, key: &Key<'_>, known: &[&str]) {
        let written = key.get_ref().to_ascii_lowercase().replace('-', "_");
        let near = near(&written, known);
        let instead = match near {
            Some(near) => format!("did you mean {near}?"),
            None => format!("the keys are {}", known.join(", ")),
        };
        self.wrong(
            key.span(),
            format!(
                "winfit.toml has no key {:?} here; {instead}",
                quote_for_error(key.get_ref())
            ),
        );
    }

    pub(super) fn text<'v>(&mut self, value: &'v Value<'_>, expected: &str) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(value.span(), format!("expected {expected}"));
        }
        text
    }

    pub(super) fn flag(&mut self, value: &Value<'_>) -> Option<bool> {
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(value.span(), "expected true or false");
        }
        flag
    }

    pub(super) fn texts(
        &mut self,
        value: &Value<'_>,
        expected: &str,
    ) -> Vec<(String, Range<usize>)> {
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(value.span(), format!("expected a list of {expected}"));
            return Vec::new();
        };
        let mut found = Vec::new();
        for item in array {
            if let Some(text) = self.text(item, expected) {
                found.push((text.to_owned(), item.span()));
            }
        }
        found
    }

    pub(super) fn table<'v, 'i>(
        &mut self,
        value: &'v Value<'i>,
        expected: &str,
    ) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(value.span(), format!("expected {expected}"));
        }
        table
    }

    fn top(&mut self, table: &DeTable<'_>, config: &mut Config) {
        let mut facts = HostFacts::default();
        for (key, value) in table {
            if HOST_FACTS.contains(&key.get_ref().as_ref()) {
                self.fact(key, value, &mut facts);
            }
        }
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "hosts" => self.hosts(value, &facts, config),
                "images" => self.images(value, config),
                "registries" => self.registries(value, config),
                "ignore" => self.ignores(value, config),
                "exclude" => {
                    config.exclude = self
                        .texts(value, "paths, as \"legacy/**\"")
                        .into_iter()
                        .map(|(text, _)| text)
                        .collect();
                }
                "base_tags" => match value.get_ref().as_str() {
                    Some("floating") => config.base_tags = Some(BaseTags::Floating),
                    Some("pinned") => config.base_tags = Some(BaseTags::Pinned),
                    _ => self.wrong(value.span(), "base_tags is \"floating\" or \"pinned\""),
                },
                "eol_within" => self.eol_within(value, config),
                "daemon_json" => self.daemon_json(value, config),
                known if HOST_FACTS.contains(&known) => {}
                _ => {
                    let mut known = vec![
                        "hosts",
                        "images",
                        "registries",
                        "ignore",
                        "exclude",
                        "base_tags",
                        "eol_within",
                        "daemon_json",
                    ];
                    known.extend(HOST_FACTS);
                    self.unknown_key(key, &known);
                }
            }
        }
    }

    fn eol_within(&mut self, value: &Value<'_>, config: &mut Config) {
        let days = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse().ok(),
            DeValue::String(text) => text.strip_suffix('d').and_then(|days| days.parse().ok()),
            _ => None,
        };
        match days {
            Some(days @ 0..=36_500) => config.eol_within = Some(days),
            _ => self.wrong(
                value.span(),
                "eol_within is a number of days from 0 to 36500, as 180 or \"180d\"",
            ),
        }
    }

    fn daemon_json(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(path) = self.text(value, "a path, as \"hosts/daemon.json\"") else {
            return;
        };
        // On the hosts the engine looks for this name, and here every reader does.
        if Path::new(path).file_name() != Some("daemon.json".as_ref()) {
            self.wrong(
                value.span(),
                "the engine reads a file called daemon.json; name one, as \"hosts/daemon.json\"",
            );
            return;
        }
        config.daemon_json = Some(NamedFile {
            path: config.folder.join(path),
            origin: self.origin(value.span()),
        });
    }

    fn images(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(table) = self.table(value, "a table of images, as [images.\"contoso/myimage\"]")
        else {
            return;
        };
        for (key, value) in table {
            let Some(image) = self.table(value, "a table, as { os_version = \"10.0.17763\" }")
            else {
                continue;
            };
            let mut facts = ImageFacts {
                reference: key.get_ref().to_string(),
                os_version: None,
                os: None,
                dockerfile: None,
                dockerfile_at: None,
                origin: self.origin(key.span()),
            };
            if let Err(error) = winfit_core::reference::Reference::parse(key.get_ref()) {
                self.wrong(key.span(), error.to_string());
            }
            for (key, value) in image {
                match key.get_ref().as_ref() {
                    "os_version" => {
                        let Some(text) = self.text(value, "a version, as \"10.0.17763.437\"")
                        else {
                            continue;
                        };
                        match text.parse() {
                            Ok(version) => facts.os_version = Some(version),
                            Err(_) => self.wrong(
                                value.span(),
                                format!(
                                    "{:?} is no version; write one as \"10.0.17763.437\", or \"10.0.17763\" where the revision is not known",
                                    quote_for_error(text)
                                ),
                            ),
                        }
                    }
                    "os" => match value.get_ref().as_str() {
                        Some("windows") => facts.os = Some(Os::Windows),
                        Some("linux") => facts.os = Some(Os::Linux),
                        _ => self.wrong(value.span(), "os is \"windows\" or \"linux\""),
                    },
                    "dockerfile" => {
                        if let Some(path) = self.text(value, "a path, as \"web/Dockerfile\"") {
                            facts.dockerfile = Some(config.folder.join(path));
                            facts.dockerfile_at = Some(self.origin(value.span()));
                        }
                    }
                    _ => self.unknown_key(key, &["os_version", "os", "dockerfile"]),
                }
            }
            config.images.push(facts);
        }
    }

    fn registries(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(table) = self.table(
            value,
            "a table of mirrors, as \"registry.contoso.com/mcr\" = \"mcr.microsoft.com\"",
        ) else {
            return;
        };
        for (key, value) in table {
            if let Some(of) = self.text(value, "the registry whose images it holds") {
                config.mirrors.push(Mirror {
                    prefix: key.get_ref().trim_end_matches('/').to_owned(),
                    of: of.trim_end_matches('/').to_owned(),
                });
            }
        }
    }

    fn ignores(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(
                value.span(),
                "expected [[ignore]] tables with rule and path",
            );
            return;
        };
        for item in array {
            let Some(table) = self.table(item, "a table with rule and path") else {
                continue;
            };
            let mut rule = None;
            let mut path = None;
            for (key, value) in table {
                match key.get_ref().as_ref() {
                    "rule" => {
                        rule = self
                            .text(value, "a rule's name")
                            .map(|text| (text.to_owned(), value.span()));
                    }
                    "path" => {
                        path = self
                            .text(value, "a path, as \"legacy/**\"")
                            .map(str::to_owned);
                    }
                    // For people.
                    "reason" => {}
                    _ => self.unknown_key(key, &["rule", "path", "reason"]),
                }
            }
            match rule {
                Some((rule, span)) => config.ignores.push(Ignore {
                    rule,
                    path,
                    origin: self.origin(span),
                }),
                None => self.wrong(
                    item.span(),
                    "this names no rule; add rule = \"build-mismatch\"",
                ),
            }
        }
    }
}
