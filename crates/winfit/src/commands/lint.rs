//! `winfit lint`: what is wrong in a tree of files.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::fleet::Member;
use winfit_files::against::{Before, before};
use winfit_files::fix;
use winfit_files::lint::{Lint, LintOptions, lint, rules, to_ask};
use winfit_files::overlay::Overlay;
use winfit_files::registries::Words;
use winfit_files::repository::{Facts, ReadFile, ReadOptions, Repository, Unread, read};

use super::mended::Mended;
use super::notes::Calendar;
use crate::cli::{FailOn, FilesArguments, FindingsFormat, LintArguments, is_stdin};
use crate::findings::paths::WorkingFolder;
use crate::findings::{
    Fixable, Report, clean, github, gitlab, human, json, markdown, patch, plural, sarif,
};
use crate::input;
use crate::output::{Exit, Outcome, excerpt_width, nothing, usage, wrap};
use crate::report_file::ReportFile;
use crate::settling::Answers;

pub(crate) fn run(arguments: &LintArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    if let Some(twice) = written_twice(&arguments.findings.outputs) {
        return Err(usage(format!(
            "--output {} is given twice; each report needs a file of its own",
            twice.display()
        )));
    }
    let (hosts, mut complaints) = input::hosts(catalog, &arguments.hosts, &arguments.facts)?;
    let hosts = hosts.into_iter().map(|read| {
        let name = read.name.as_deref().unwrap_or(&read.text);
        Member::new(name, read.host, "--host")
    });
    let mut options = LintOptions {
        today: Calendar::new(arguments.as_of, None).today,
        eol_within: arguments.eol_within,
        hosts: hosts.collect(),
        build_isolation: arguments.isolation.map(Into::into),
        registries: Words::new(),
    };
    if arguments.unsafe_fixes && !arguments.fix && !arguments.diff {
        return Err(usage(
            "--unsafe-fixes says which fixes to make; give --fix or --diff as well",
        ));
    }
    let mut mended = Mended::default();
    let mut answers = Answers::default();
    let (mut repository, mut found) = if arguments.fix || arguments.diff {
        let (wanted, missing) = read_options(&arguments.files)?;
        if let Some(wanted) = wanted.as_ref().filter(|_| arguments.online.wanted()) {
            let repository = read(catalog, wanted);
            answers = Answers::ask(&arguments.online, to_ask(catalog, &repository, &options))?;
            options.registries = answers.words();
        }
        let fixed =
            wanted.map(|wanted| fix::run(catalog, &wanted, &options, arguments.unsafe_fixes));
        let (mut repository, found) = match fixed {
            Some(fixed) => mended.take(fixed),
            None => (Repository::default(), Lint::default()),
        };
        repository.unread.splice(0..0, missing);
        (repository, found)
    } else {
        let mut repository = read_files(&arguments.files)?;
        if let Some(revision) = &arguments.against {
            read_before(&mut repository, &arguments.files, revision)?;
        }
        if arguments.online.wanted() {
            answers = Answers::ask(&arguments.online, to_ask(catalog, &repository, &options))?;
            options.registries = answers.words();
        }
        let found = lint(catalog, &repository, &options);
        (repository, found)
    };
    if arguments.isolation.is_some() && found.fleet.hosts.is_empty() {
        return Err(usage(
            "--isolation says how docker build runs on a host, and there is none; name the host that builds, as --host auto, or declare hosts in winfit.toml",
        ));
    }
    if let Some(path) = overwritten(&repository, &arguments.findings.outputs) {
        return Err(usage(format!(
            "--output {}: it is one of the files that are read here; name another one for the report",
            path.display()
        )));
    }
    let from_stdin = reads_stdin(&arguments.files);
    let incomplete = !complaints.is_empty() || !repository.unread.is_empty();
    complaints.extend(mended.refusals());
    if arguments.fix && !from_stdin {
        complaints.extend(mended.write());
    }
    if mended.failed {
        // What could not be written is found as before.
        repository = read_files(&arguments.files)?;
        found = lint(catalog, &repository, &options);
    }
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
        fixed: &mended.applied,
        // The two do not go together.
        fixable: match arguments.against {
            Some(_) => Fixable::default(),
            None => Fixable::of(&repository, &found.findings),
        },
        files: if nothing { 0 } else { repository.count() },
        unit: "file",
        ignored: found.ignored,
        unread: &repository.unread,
        folder: &folder,
    };
    let none = no_files(&repository, &arguments.files);
    let mut text = match (arguments.findings.format, &none) {
        (FindingsFormat::Human, Some(none)) => format!("{none}\n"),
        (FindingsFormat::Human, None) => {
            let mut text = human::human(&report, excerpt_width(), arguments.findings.verbose);
            text.extend(repository.before.as_deref().map(compared));
            text.extend(answers.summary().as_deref().map(settled));
            text
        }
        (format, _) => rendered(
            catalog,
            &report,
            format,
            excerpt_width(),
            arguments.findings.verbose,
        )?,
    };
    let unwritten = write_reports(
        catalog,
        &report,
        &arguments.findings.outputs,
        arguments.findings.verbose,
    )?;
    if arguments.diff {
        let (patch, left_out) = patch::patch(&report, &mended.files);
        complaints.extend(left_out);
        if mended.files.is_empty() && !found.findings.is_empty() {
            complaints.push(format!(
                "nothing here has a fix to write: {}",
                report.summary()
            ));
        }
        text = patch;
    } else if arguments.fix && from_stdin {
        // An editor takes the text; what is left to say goes beside it.
        if !found.findings.is_empty() {
            complaints.push(report.summary());
        }
        text = mended.text_of_stdin(&repository, &arguments.files);
    }
    let counts = found
        .findings
        .iter()
        .any(|finding| arguments.findings.fail_on.counts(finding.severity));
    let exit = if nothing || !unwritten.is_empty() {
        Exit::Nothing
    } else if counts
        || arguments.diff && !mended.files.is_empty()
        || mended.failed
        || (incomplete && arguments.findings.fail_on != FailOn::Never)
    {
        Exit::Findings
    } else {
        Exit::Fits
    };
    complaints.extend(complaints_of(&repository));
    complaints.extend(answers.complaints());
    complaints.extend(unwritten);
    if arguments.findings.format != FindingsFormat::Human {
        // The document says nothing of files that it does not have.
        complaints.extend(none);
    }
    let mut outcome = Outcome::new(text, exit);
    if nothing && arguments.findings.format == FindingsFormat::Human {
        outcome.text.clear();
    }
    outcome.complaints = complaints;
    // The process ends after this: to take a large tree apart piece by piece would only cost time.
    std::mem::forget((found, repository));
    Ok(outcome)
}

/// A report that would be written over a file that was read.
fn overwritten<'r>(repository: &Repository, reports: &'r [ReportFile]) -> Option<&'r Path> {
    reports
        .iter()
        .map(|report| report.path.as_path())
        .find(|report| {
            let report = report.canonicalize().ok();
            let mut files = repository.files.iter();
            report.is_some() && files.any(|file| file.source.path.canonicalize().ok() == report)
        })
}

pub(super) fn written_twice(files: &[ReportFile]) -> Option<&Path> {
    let mut seen = HashSet::new();
    let mut paths = files.iter().map(|file| file.path.as_path());
    paths.find(|path| !seen.insert(*path))
}

pub(crate) fn rendered(
    catalog: &Catalog,
    report: &Report<'_>,
    format: FindingsFormat,
    width: usize,
    verbose: bool,
) -> Result<String> {
    Ok(match format {
        FindingsFormat::Human => human::human(report, width, verbose),
        FindingsFormat::Json => json::json(catalog, report)?,
        FindingsFormat::Sarif => sarif::sarif(report)?,
        FindingsFormat::Github => github::github(report),
        FindingsFormat::Gitlab => gitlab::gitlab(report)?,
        FindingsFormat::Markdown => markdown::markdown(report),
    })
}

/// Writes the reports of `--output`; what could not be written, for people.
pub(super) fn write_reports(
    catalog: &Catalog,
    report: &Report<'_>,
    outputs: &[ReportFile],
    verbose: bool,
) -> Result<Vec<String>> {
    /// A file has no terminal that tells its width.
    const WIDTH: usize = 80;
    let mut unwritten = Vec::new();
    for file in outputs {
        let text = rendered(catalog, report, file.format, WIDTH, verbose)?;
        let plain = anstream::adapter::strip_str(&text).to_string();
        if let Err(reason) = file.write(&plain) {
            unwritten.push(format!("--output {}: {reason}", file.path.display()));
        }
    }
    Ok(unwritten)
}

/// Reads what the arguments name. Paths that are not there are among what could not be read.
pub(crate) fn read_files(arguments: &FilesArguments) -> Result<Repository> {
    let (options, missing) = read_options(arguments)?;
    let mut repository = options.map_or_else(Repository::default, |options| {
        read(crate::overlay::catalog(), &options)
    });
    repository.unread.splice(0..0, missing);
    Ok(repository)
}

/// Whether standard input is read: by `-`, or as the file that its name says alone.
fn reads_stdin(arguments: &FilesArguments) -> bool {
    arguments.stdin_filename.is_some() || arguments.paths.iter().any(|path| is_stdin(path))
}

/// What the arguments name, and the paths among them that are not there. None: there is nothing else.
fn read_options(arguments: &FilesArguments) -> Result<(Option<ReadOptions>, Vec<Unread>)> {
    let from_stdin = arguments.paths.iter().any(|path| is_stdin(path));
    if let (false, false, Some(name)) = (
        from_stdin,
        arguments.paths.is_empty(),
        &arguments.stdin_filename,
    ) {
        return Err(usage(format!(
            "--stdin-filename {} says what standard input is, and the paths do not name that; give - too, or no path",
            name.display()
        )));
    }
    if let Some(config) = &arguments.config
        && let Err(error) = std::fs::File::open(config)
    {
        let reason = input::reason(&error);
        return Err(nothing(format!("--config {}: {reason}", config.display())));
    }
    let mut overlay = Overlay::default();
    let mut stdin = None;
    match &arguments.stdin_filename {
        Some(name) if name.is_dir() => {
            return Err(usage(format!(
                "--stdin-filename {} is a folder; name the file that standard input is",
                name.display()
            )));
        }
        Some(name) => overlay.put(name, read_stdin()?),
        None if from_stdin => stdin = Some((STDIN.to_owned(), read_stdin()?)),
        None => {}
    }
    let mut missing = Vec::new();
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in arguments.named_paths() {
        if is_stdin(&path) {
            continue;
        }
        match std::fs::metadata(&path) {
            Err(error) if arguments.stdin_filename.as_ref() != Some(&path) => {
                missing.push(Unread {
                    path: path.display().to_string(),
                    reason: match error.kind() {
                        std::io::ErrorKind::NotFound => {
                            "there is no such file or folder".to_owned()
                        }
                        _ => input::reason(&error),
                    },
                });
            }
            _ => paths.push(path),
        }
    }
    if paths.is_empty() && stdin.is_none() && !missing.is_empty() {
        return Ok((None, missing));
    }
    let options = ReadOptions {
        paths,
        config: arguments.config.clone(),
        stdin,
        overlay,
    };
    Ok((Some(options), missing))
}

/// Reads what the files were at a revision, for the rules that compare.
fn read_before(
    repository: &mut Repository,
    arguments: &FilesArguments,
    revision: &str,
) -> Result<()> {
    if reads_stdin(arguments) {
        return Err(usage(format!(
            "--against {revision} compares files of a git repository, and standard input is none; give paths"
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

/// Which images were settled by what, for the end of the report.
fn settled(summary: &str) -> String {
    wrap(summary, "", "") + "\n"
}

/// What standard input is called that has no name.
pub(super) const STDIN: &str = "standard input";

fn read_stdin() -> Result<Vec<u8>> {
    /// What a cluster's worth of rendered manifests stays far below.
    const MOST: u64 = 64 * 1024 * 1024;
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MOST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| nothing(format!("{STDIN}: {}", input::reason(&error))))?;
    if bytes.len() as u64 > MOST {
        return Err(nothing(format!("{STDIN} is larger than 64 MiB")));
    }
    Ok(bytes)
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
    let paths = arguments.named_paths();
    let asked_for_config =
        paths.is_empty() || paths.iter().any(|path| path.ends_with("winfit.toml"));
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
        .named_paths()
        .iter()
        .map(|path| {
            if is_stdin(path) {
                STDIN.to_owned()
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
