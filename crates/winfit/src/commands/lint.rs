//! `winfit lint`: what is wrong in a tree of files.

use std::io::Read;
use std::path::PathBuf;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::fleet::Member;
use winfit_files::against::{Before, before};
use winfit_files::lint::{LintOptions, lint, rules};
use winfit_files::overlay::Overlay;
use winfit_files::repository::{Facts, ReadFile, ReadOptions, Repository, Unread, read};

use super::notes::Calendar;
use crate::cli::{FailOn, FilesArguments, FindingsFormat, LintArguments};
use crate::findings::paths::WorkingFolder;
use crate::findings::{Report, clean, github, gitlab, human, json, markdown, plural, sarif};
use crate::input;
use crate::output::{Exit, Outcome, excerpt_width, nothing, usage};

pub(crate) fn run(arguments: &LintArguments) -> Result<Outcome> {
    let catalog = Catalog::builtin();
    let (hosts, mut complaints) = input::hosts(catalog, &arguments.hosts, &arguments.facts)?;
    let hosts = hosts.into_iter().map(|read| {
        let name = read.name.as_deref().unwrap_or(&read.text);
        Member::new(name, read.host, "--host")
    });
    let mut repository = read_files(&arguments.files)?;
    if let Some(revision) = &arguments.against {
        read_before(&mut repository, &arguments.files, revision)?;
    }
    let options = LintOptions {
        today: Calendar::new(arguments.as_of, None).today,
        eol_within: arguments.eol_within,
        hosts: hosts.collect(),
    };
    let found = lint(catalog, &repository, &options);
    let rules = rules();
    let folder = WorkingFolder::current();
    let nothing = is_nothing(&repository, &arguments.files);
    let asked_for = repository.files.iter().filter(|file| !file.beside);
    let templates: Vec<&str> = asked_for
        .filter_map(|file| match file.facts {
            Facts::Template(how) => Some(how),
            _ => None,
        })
        .collect();
    let not_judged: Vec<(String, String)> = found
        .fleet
        .workloads
        .iter()
        .zip(&found.placed)
        .filter_map(|(workload, placed)| {
            Some((workload.subject.in_words(), placed.missing.clone()?))
        })
        .collect();
    let report = Report {
        findings: &found.findings,
        sources: &repository,
        rules: &rules,
        hosts: &found.fleet.hosts,
        hosts_from: &found.hosts_from,
        workloads: &found.fleet.workloads,
        placed: &found.placed,
        not_judged: &not_judged,
        templates: &templates,
        files: if nothing { 0 } else { repository.count() },
        ignored: found.ignored,
        unread: &repository.unread,
        folder: &folder,
    };
    let none = no_files(&repository, &arguments.files);
    let text = match (arguments.format, &none) {
        (FindingsFormat::Human, Some(none)) => format!("{none}\n"),
        (FindingsFormat::Human, None) => {
            let mut text = human::human(&report, excerpt_width(), arguments.verbose);
            text.extend(repository.before.as_deref().map(compared));
            text
        }
        (FindingsFormat::Json, _) => json::json(catalog, &report)?,
        (FindingsFormat::Sarif, _) => sarif::sarif(&report)?,
        (FindingsFormat::Github, _) => github::github(&report),
        (FindingsFormat::Gitlab, _) => gitlab::gitlab(&report)?,
        (FindingsFormat::Markdown, _) => markdown::markdown(&report),
    };
    let counts = found
        .findings
        .iter()
        .any(|finding| arguments.fail_on.counts(finding.severity));
    let incomplete = !complaints.is_empty() || !repository.unread.is_empty();
    let exit = if nothing {
        Exit::Nothing
    } else if counts || (incomplete && arguments.fail_on != FailOn::Never) {
        Exit::Findings
    } else {
        Exit::Fits
    };
    complaints.extend(complaints_of(&repository));
    if arguments.format != FindingsFormat::Human {
        // The document says nothing of files that it does not have.
        complaints.extend(none);
    }
    let mut outcome = Outcome::new(text, exit);
    if exit == Exit::Nothing && arguments.format == FindingsFormat::Human {
        outcome.text.clear();
    }
    outcome.complaints = complaints;
    // The process ends after this: to take a large tree apart piece by piece would only cost time.
    std::mem::forget((found, repository));
    Ok(outcome)
}

/// Reads what the arguments name. Paths that are not there are among what could not be read.
pub(crate) fn read_files(arguments: &FilesArguments) -> Result<Repository> {
    let from_stdin = arguments.paths.iter().any(|path| path.as_os_str() == "-");
    if let (false, Some(name)) = (from_stdin, &arguments.stdin_filename) {
        return Err(usage(format!(
            "--stdin-filename {name} names what - reads; give - as a path too"
        )));
    }
    if let Some(config) = &arguments.config
        && let Err(error) = std::fs::File::open(config)
    {
        let reason = input::reason(&error);
        return Err(nothing(format!("--config {}: {reason}", config.display())));
    }
    let mut missing = Vec::new();
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in arguments
        .paths
        .iter()
        .filter(|path| path.as_os_str() != "-")
    {
        match std::fs::metadata(path) {
            Ok(_) => paths.push(path.clone()),
            Err(error) => missing.push(Unread {
                path: path.display().to_string(),
                reason: match error.kind() {
                    std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
                    _ => input::reason(&error),
                },
            }),
        }
    }
    let mut repository = if paths.is_empty() && !from_stdin && !missing.is_empty() {
        Repository::default()
    } else {
        let options = ReadOptions {
            paths,
            config: arguments.config.clone(),
            stdin: from_stdin
                .then(|| stdin(arguments.stdin_filename.as_deref()))
                .transpose()?,
            overlay: Overlay::default(),
        };
        read(Catalog::builtin(), &options)
    };
    repository.unread.splice(0..0, missing);
    Ok(repository)
}

/// Reads what the files were at a revision, for the rules that compare.
fn read_before(
    repository: &mut Repository,
    arguments: &FilesArguments,
    revision: &str,
) -> Result<()> {
    if arguments.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(usage(format!(
            "--against {revision} compares files of a git repository, and - is none; give paths"
        )));
    }
    let there = arguments.paths.iter().filter(|path| path.exists());
    let paths: Vec<PathBuf> = there.cloned().collect();
    if paths.is_empty() && !arguments.paths.is_empty() {
        return Ok(());
    }
    let mut before = before(repository, &paths, revision).map_err(|error| {
        if error.is_usage() {
            usage(error.to_string())
        } else {
            nothing(error.to_string())
        }
    })?;
    repository.unread.append(&mut before.unread);
    repository.before = Some(Box::new(before));
    Ok(())
}

/// How much was compared, for the end of the report: no finding is an answer only then.
fn compared(before: &Before) -> String {
    let files = match before.changed {
        0 => "no changed files".to_owned(),
        count => plural(count, "changed file"),
    };
    format!("compared with {}: {files}\n", clean(&before.revision))
}

/// Standard input, and the name that says what it is.
fn stdin(name: Option<&str>) -> Result<(String, Vec<u8>)> {
    /// What a cluster's worth of rendered manifests stays far below.
    const MOST: u64 = 64 * 1024 * 1024;
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MOST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| nothing(format!("standard input: {}", input::reason(&error))))?;
    if bytes.len() as u64 > MOST {
        return Err(nothing("standard input is larger than 64 MiB"));
    }
    Ok((name.unwrap_or("standard input").to_owned(), bytes))
}

/// What could not be read, for people.
pub(crate) fn complaints_of(repository: &Repository) -> Vec<String> {
    let unread = repository.unread.iter();
    unread
        .map(|unread| format!("{}: {}", clean(&unread.path), clean(&unread.reason)))
        .collect()
}

/// Whether there was something to read, and none of it could be. `winfit.toml` alone is nothing, where
/// it was found beside what was asked for.
pub(crate) fn is_nothing(repository: &Repository, arguments: &FilesArguments) -> bool {
    let asked_for_config = arguments.paths.is_empty()
        || arguments
            .paths
            .iter()
            .any(|path| path.ends_with("winfit.toml"));
    let is_read = |file: &ReadFile| match file.facts {
        Facts::Config => asked_for_config,
        _ => !file.beside,
    };
    !repository.unread.is_empty() && !repository.files.iter().any(is_read)
}

/// What to say where there is no file that winfit knows.
pub(crate) fn no_files(repository: &Repository, arguments: &FilesArguments) -> Option<String> {
    if !repository.files.is_empty() || !repository.unread.is_empty() {
        return None;
    }
    let places: Vec<String> = arguments
        .paths
        .iter()
        .map(|path| {
            if path.as_os_str() == "-" {
                "standard input".to_owned()
            } else {
                clean(&path.display().to_string())
            }
        })
        .collect();
    let places = if places.is_empty() {
        "this folder".to_owned()
    } else {
        places.join(", ")
    };
    Some(format!(
        "no Dockerfile, Compose file, manifest or daemon.json in {places}"
    ))
}
