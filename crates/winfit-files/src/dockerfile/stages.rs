//! Instructions: arguments, stages, and what stages take from elsewhere.

use std::collections::HashMap;

use winfit_core::finding::{Located, Origin};
use winfit_core::host::Os;
use winfit_core::version::quote_for_error;

use super::expand::{Arg, Expansion, Scope};
use super::heredoc::heredocs;
use super::hints::{os_of_instruction, os_of_platform};
use super::lines::{Lines, Logical};
use super::words::{
    Flag, Instruction, Piece, cut, is_blank, plain_words, quoted_words, without_quotes,
};
use super::{CopyFrom, CopySource, Dockerfile, Stage};
use crate::problem::Problem;
use crate::source::Source;

/// The most stages, arguments, copies and triggers that are kept of one file, each.
const MOST: usize = 10_000;

/// The most problems that are told of one file: what follows the first ones is of little use.
const MOST_PROBLEMS: usize = 20;

/// What builders would do with a broken file: refuse it.
const RULE: &str = "broken-file";

const INSTRUCTIONS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

fn instruction_name(text: &str) -> Option<&'static str> {
    INSTRUCTIONS
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(text))
}

/// Reads a whole file.
pub(super) fn read(source: &Source, given: &[(String, String)]) -> (Dockerfile, Vec<Problem>) {
    let mut lines = Lines::new(&source.text);
    let mut reader = Reader {
        source,
        given,
        scope: Scope::new('\\'),
        args: Vec::new(),
        stages: Vec::new(),
        names: HashMap::new(),
        numbers: Vec::new(),
        copies: 0,
        triggers: 0,
        problems: Vec::new(),
        before_from: false,
        after_broken_heredoc: false,
        full: false,
    };
    while let Some(logical) = lines.instruction() {
        reader.scope.escape = lines.escape;
        reader.instruction(&logical, &mut lines);
    }
    for problem in std::mem::take(&mut lines.problems) {
        let origin = source.origin(problem.start, problem.end);
        reader.problem(Problem::error(RULE, origin, problem.message));
    }
    reader.finish(lines.escape)
}

struct Reader<'s> {
    source: &'s Source,
    given: &'s [(String, String)],
    scope: Scope,
    args: Vec<(Located<String>, Option<Located<String>>)>,
    stages: Vec<Stage>,
    /// The latest stage of each name.
    names: HashMap<String, usize>,
    /// Stages that are asked for by a number that is not an earlier one: by whom, and where.
    numbers: Vec<(usize, usize, Origin)>,
    copies: usize,
    triggers: usize,
    problems: Vec<Problem>,
    /// An instruction before the first `FROM` was told of.
    before_from: bool,
    /// A heredoc without an end was met, and its contents cannot be told from instructions.
    after_broken_heredoc: bool,
    /// The file has all the stages that are read.
    full: bool,
}

impl Reader<'_> {
    fn problem(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn broken(&mut self, origin: Origin, message: impl Into<String>, label: &str) {
        self.problem(Problem::error(RULE, origin, message).label(label));
    }

    fn origin(&self, logical: &Logical<'_>, (start, end): Piece) -> Origin {
        let (start, end) = logical.span(start, end);
        self.source.origin(start, end)
    }

    fn finish(mut self, escape: char) -> (Dockerfile, Vec<Problem>) {
        let count = self.stages.len();
        for at in 0..count {
            let below = self.stages[at]
                .of_stage
                .and_then(|of| self.stages[of].os_hint);
            // Who sets the escape character to a backtick means to write Windows paths.
            let escaped = (escape == '`').then_some(Os::Windows);
            let stage = &mut self.stages[at];
            stage.os_hint = stage.os_hint.or(below).or(escaped);
        }
        for (stage, number, origin) in std::mem::take(&mut self.numbers) {
            if number == stage || number >= count {
                let message = if number == stage {
                    format!("stage {number} takes files from itself")
                } else {
                    format!("there is no stage {number}; this file has {count}, counted from 0")
                };
                self.broken(origin, message, "no such stage");
            }
        }
        if self.stages.is_empty() && self.problems.is_empty() {
            let origin = self.source.whole();
            self.broken(
                origin,
                "this Dockerfile has no FROM, so there is nothing to build on",
                "",
            );
        }
        self.problems
            .sort_by_key(|problem| problem.origin.span.map_or(0, |span| span.start));
        let dockerfile = Dockerfile {
            escape,
            args: self.args,
            stages: self.stages,
        };
        (dockerfile, self.problems)
    }

    fn instruction(&mut self, logical: &Logical<'_>, lines: &mut Lines<'_>) {
        let text: &str = &logical.text;
        let found = cut(text, 0);
        let word = &text[found.name.0..found.name.1];
        let Some(name) = instruction_name(word) else {
            if !self.after_broken_heredoc && self.problems.len() < MOST_PROBLEMS {
                let origin = self.origin(logical, found.name);
                let message = format!("{:?} is no Dockerfile instruction", quote_for_error(word));
                self.broken(origin, message, "expected FROM, RUN, COPY or the like");
            }
            return;
        };
        let before_from = self.stages.is_empty() && !matches!(name, "ARG" | "FROM");
        if before_from && !self.before_from {
            self.before_from = true;
            let origin = self.origin(logical, found.name);
            let message = format!("{name} stands before the first FROM, where only ARG can stand");
            self.broken(origin, message, "no stage yet");
        }
        match name {
            "FROM" => self.from(logical, &found),
            "ARG" if self.stages.is_empty() => self.arg(logical, &found),
            "COPY" | "ADD" => self.copy(logical, &found, name),
            "RUN" => self.run(logical, &found),
            "ONBUILD" => self.onbuild(logical, &found),
            _ => {}
        }
        if let Some(stage) = self.stages.last_mut()
            && stage.os_hint.is_none()
        {
            stage.os_hint = os_of_instruction(name, text, found.rest);
        }
        self.heredocs(logical, name, &found, lines);
    }

    /// Passes over heredocs, whose contents are no instructions.
    fn heredocs(
        &mut self,
        logical: &Logical<'_>,
        name: &str,
        found: &Instruction,
        lines: &mut Lines<'_>,
    ) {
        let text: &str = &logical.text;
        let (name, rest) = if name == "ONBUILD" {
            let inner = cut(text, found.rest.0);
            let inner_name = instruction_name(&text[inner.name.0..inner.name.1]);
            (inner_name.unwrap_or_default(), inner.rest)
        } else {
            (name, found.rest)
        };
        if !matches!(name, "RUN" | "COPY" | "ADD") || !text.contains("<<") {
            return;
        }
        let is_json = text[rest.0..rest.1].starts_with('[')
            && serde_json::from_str::<Vec<String>>(&text[rest.0..rest.1]).is_ok();
        if is_json {
            return;
        }
        let opened = heredocs(text);
        let behind = lines.position();
        if let Err(unended) = lines.pass_heredocs(&opened)
            && !self.after_broken_heredoc
        {
            let origin = self.origin(logical, (unended.start, unended.end));
            let message = format!(
                "this heredoc never ends: no line is {:?} alone",
                quote_for_error(&unended.name)
            );
            self.broken(origin, message, "begins here");
            // What follows may be its contents or instructions; stages are looked for all the
            // same, once.
            self.after_broken_heredoc = true;
            lines.go_to(behind);
        }
    }

    fn arg(&mut self, logical: &Logical<'_>, found: &Instruction) {
        let text: &str = &logical.text;
        let words = quoted_words(text, found.rest, self.scope.escape);
        if words.is_empty() {
            let origin = self.origin(logical, found.name);
            self.broken(origin, "ARG names no argument", "expected ARG NAME=default");
        }
        for (start, end) in words {
            if self.args.len() >= MOST {
                return;
            }
            let equals = text[start..end].find('=').map(|at| start + at);
            let name_piece = without_quotes(text, (start, equals.unwrap_or(end)));
            let name = text[name_piece.0..name_piece.1].to_owned();
            if name.is_empty() {
                let origin = self.origin(logical, (start, end));
                self.broken(
                    origin,
                    "an ARG has no name; between name, = and default there are no spaces",
                    "expected NAME=default",
                );
                continue;
            }
            let name_origin = self.origin(logical, name_piece);
            let default = equals.map(|equals| {
                let piece = without_quotes(text, (equals + 1, end));
                (&text[equals + 1..end], piece)
            });
            let given = self.given.iter().rev().find(|(given, _)| *given == name);
            let arg = match (given, default) {
                (Some((_, value)), _) => Arg {
                    value: Ok(value.clone()),
                    stated_at: None,
                },
                (None, Some((raw, piece))) => Arg {
                    value: match self.scope.expand(raw) {
                        Expansion::Text(value) => Ok(value),
                        Expansion::Unknown(names) => Err(names),
                        Expansion::Refused(reason) => {
                            let origin = self.origin(logical, piece);
                            self.broken(
                                origin,
                                format!("the default of {name:?} cannot be read: {reason}"),
                                "",
                            );
                            Err(vec![quote_for_error(&name)])
                        }
                    },
                    stated_at: Some(self.stated_at(logical, piece)),
                },
                // Without a default it is as good as not there.
                (None, None) => {
                    self.args.push((Located::new(name, name_origin), None));
                    continue;
                }
            };
            let default_origin = default.map_or_else(
                || name_origin.clone(),
                |(_, piece)| self.origin(logical, piece),
            );
            let value = arg.value.as_ref().ok().cloned();
            self.scope.args.insert(name.clone(), arg);
            self.args.push((
                Located::new(name, name_origin),
                value.map(|value| Located::new(value, default_origin)),
            ));
        }
    }

    fn stated_at(&self, logical: &Logical<'_>, (start, end): Piece) -> Piece {
        let place = |(start, end)| logical.span(start, end);
        // Single quotes keep variables from being put in.
        if logical.text[..start].ends_with('\'') {
            return place((start, end));
        }
        self.scope
            .stated_at(&logical.text[start..end], start, &place)
    }

    fn from(&mut self, logical: &Logical<'_>, found: &Instruction) {
        let text: &str = &logical.text;
        let mut words: Vec<Piece> = plain_words(text, found.rest).take(6).collect();
        let mut platform = None;
        for flag in &found.flags {
            match (flag.name(), flag.value()) {
                ("platform", Some((value, piece))) => {
                    platform = self.platform(logical, value, piece);
                }
                ("platform", None) => {
                    let origin = self.origin(logical, flag.piece());
                    self.broken(
                        origin,
                        "--platform has no value; it stands behind =, without a space",
                        "expected --platform=OS/ARCH",
                    );
                    // The value that stands behind a space is not the image.
                    if matches!(words.len(), 2 | 4) {
                        words.remove(0);
                    }
                }
                (name, _) => {
                    let origin = self.origin(logical, flag.piece());
                    let message = format!(
                        "FROM has no flag {:?}",
                        quote_for_error(&format!("--{name}"))
                    );
                    self.broken(origin, message, "only --platform");
                }
            }
        }
        let Some(&image) = words.first() else {
            if !self.after_broken_heredoc {
                let origin = self.origin(logical, found.name);
                self.broken(
                    origin,
                    "FROM names no image",
                    "expected FROM IMAGE [AS NAME]",
                );
            }
            return;
        };
        if self.stages.len() >= MOST {
            let origin = self.origin(logical, found.name);
            if !self.full {
                self.full = true;
                let message =
                    format!("this file has more than {MOST} stages; the rest is not read");
                self.broken(origin, message, "");
            }
            return;
        }
        let name = self.stage_name(logical, found, &words);
        let stage = self.stage(logical, image, platform, name);
        if let Some(name) = &stage.name {
            self.names.insert(name.value.clone(), self.stages.len());
        }
        self.stages.push(stage);
    }

    /// The name behind `AS`; what else stands there is told.
    fn stage_name(
        &mut self,
        logical: &Logical<'_>,
        found: &Instruction,
        words: &[Piece],
    ) -> Option<Located<String>> {
        let text: &str = &logical.text;
        let second = *words.get(1)?;
        let is_as = text[second.0..second.1].eq_ignore_ascii_case("as");
        if !is_as || words.len() != 3 {
            if self.after_broken_heredoc {
                return None;
            }
            let from = match (is_as, words.get(3)) {
                (true, Some(third)) => third.0,
                _ => second.0,
            };
            let origin = self.origin(logical, (from, found.rest.1));
            let comment = text[from..].starts_with('#');
            let message = match (is_as, words.len()) {
                (true, 2) => "AS names no stage",
                _ if comment => {
                    "a comment has its own line; behind FROM and the image only AS and a name can stand"
                }
                _ => "behind FROM and the image only AS and a name can stand",
            };
            self.broken(origin, message, "expected FROM IMAGE [AS NAME]");
        }
        let piece = *words.get(2).filter(|_| is_as)?;
        let name = text[piece.0..piece.1].to_lowercase();
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        let origin = self.origin(logical, piece);
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(fine) {
            let message = format!(
                "{:?} cannot be the name of a stage: they start with a letter and go on with letters, digits, - _ and .",
                quote_for_error(&name)
            );
            self.broken(origin, message, "");
            return None;
        }
        Some(Located::new(name, origin))
    }

    fn platform(
        &mut self,
        logical: &Logical<'_>,
        value: &str,
        piece: Piece,
    ) -> Option<Located<String>> {
        let origin = self.origin(logical, piece);
        match self.scope.expand(value) {
            Expansion::Text(value) if value.is_empty() => {
                self.broken(origin, "--platform is empty", "expected OS/ARCH");
                None
            }
            Expansion::Text(value) => Some(Located::new(value, origin)),
            Expansion::Unknown(_) => None,
            Expansion::Refused(reason) => {
                self.broken(origin, format!("--platform cannot be read: {reason}"), "");
                None
            }
        }
    }

    fn stage(
        &mut self,
        logical: &Logical<'_>,
        image: Piece,
        platform: Option<Located<String>>,
        name: Option<Located<String>>,
    ) -> Stage {
        let text: &str = &logical.text;
        let piece = without_quotes(text, image);
        let base = Located::new(
            text[piece.0..piece.1].to_owned(),
            self.origin(logical, piece),
        );
        let (start, end) = self.stated_at(logical, piece);
        let (resolved, unresolved) = match self.scope.expand(&text[image.0..image.1]) {
            Expansion::Text(value) if value.is_empty() => {
                let origin = base.origin.clone();
                self.broken(
                    origin,
                    "the image of this FROM is empty",
                    "expected an image",
                );
                (None, Vec::new())
            }
            Expansion::Text(value) => (Some(value), Vec::new()),
            Expansion::Unknown(names) => (None, names),
            Expansion::Refused(reason) => {
                let origin = base.origin.clone();
                self.broken(origin, format!("this image cannot be read: {reason}"), "");
                (None, Vec::new())
            }
        };
        let of_stage = resolved
            .as_ref()
            .and_then(|resolved| self.names.get(&resolved.to_lowercase()).copied());
        let os_hint = platform
            .as_ref()
            .and_then(|platform| os_of_platform(&platform.value));
        Stage {
            name,
            base,
            resolved,
            unresolved,
            stated_at: self.source.origin(start, end),
            of_stage,
            platform,
            copies: Vec::new(),
            run: None,
            onbuild: Vec::new(),
            os_hint,
            origin: self.origin(logical, (0, text.trim_end().len())),
        }
    }

    fn copy(&mut self, logical: &Logical<'_>, found: &Instruction, name: &str) {
        for flag in found.flags.iter().filter(|flag| flag.name() == "from") {
            if name == "ADD" {
                let origin = self.origin(logical, flag.piece());
                self.broken(origin, "ADD has no flag --from; COPY has", "");
            }
            let Some((value, piece)) = flag.value() else {
                let origin = self.origin(logical, flag.piece());
                self.broken(
                    origin,
                    "--from has no value; it stands behind =, without a space",
                    "expected --from=STAGE",
                );
                continue;
            };
            self.take_from(logical, value, piece);
        }
    }

    fn run(&mut self, logical: &Logical<'_>, found: &Instruction) {
        let origin = self.origin(logical, found.name);
        if let Some(stage) = self.stages.last_mut() {
            stage.run.get_or_insert(origin);
        }
        let mounts = found.flags.iter().filter(|flag| flag.name() == "mount");
        for (value, piece) in mounts.filter_map(|flag: &Flag| flag.value_of("from")) {
            self.take_from(logical, value, piece);
        }
    }

    /// Notes that the stage at hand takes files from elsewhere.
    fn take_from(&mut self, logical: &Logical<'_>, value: &str, piece: Piece) {
        if value.is_empty() || self.copies >= MOST {
            return;
        }
        let Some(stage) = self.stages.len().checked_sub(1) else {
            return;
        };
        self.copies += 1;
        let origin = self.origin(logical, piece);
        let from = match value.parse::<usize>() {
            Ok(number) if number < stage => CopySource::Stage(number),
            Ok(number) => {
                self.numbers.push((stage, number, origin.clone()));
                CopySource::Image(value.to_owned())
            }
            Err(_) => self.named_source(stage, value, &origin),
        };
        self.stages[stage].copies.push(CopyFrom { from, origin });
    }

    fn named_source(&mut self, stage: usize, value: &str, origin: &Origin) -> CopySource {
        if value.contains('$') {
            self.broken(
                origin.clone(),
                "builders put no variables into --from; give the image a stage, as FROM $IMAGE AS files, and take the files from that",
                "stands as it is written",
            );
            return CopySource::Unresolved(value.to_owned());
        }
        match self.names.get(&value.to_lowercase()) {
            Some(&own) if own == stage => {
                let message = format!(
                    "the stage {:?} takes files from itself",
                    quote_for_error(value)
                );
                self.broken(origin.clone(), message, "");
                CopySource::Image(value.to_owned())
            }
            Some(&other) => CopySource::Stage(other),
            None => CopySource::Image(value.to_owned()),
        }
    }

    fn onbuild(&mut self, logical: &Logical<'_>, found: &Instruction) {
        let text: &str = &logical.text;
        let (start, end) = found.rest;
        let word_end = text[start..end].find(is_blank).map_or(end, |at| start + at);
        let origin = self.origin(logical, (start, end));
        let word = &text[start..word_end];
        if word.is_empty() {
            let origin = self.origin(logical, found.name);
            self.broken(origin, "ONBUILD names no instruction", "");
            return;
        }
        if let Some(name @ ("ONBUILD" | "FROM" | "MAINTAINER")) = instruction_name(word) {
            let origin = self.origin(logical, (start, word_end));
            self.broken(origin, format!("{name} cannot stand behind ONBUILD"), "");
        }
        if self.triggers < MOST
            && let Some(stage) = self.stages.last_mut()
        {
            self.triggers += 1;
            stage
                .onbuild
                .push(Located::new(text[start..end].to_owned(), origin));
        }
    }
}
