//! `winfit image lint`: what is wrong with indexes, through the renderers of all findings.

use std::path::Path;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::audit::{INDEX_RULES, index_findings};
use winfit_core::finding::Finding;
use winfit_core::fleet::Member;
use winfit_files::repository::{ReadOptions, Unread, read};

use super::Images;
use crate::cli::ImageLintArguments;
use crate::commands::lint::{rendered, write_reports, written_twice};
use crate::findings::paths::WorkingFolder;
use crate::findings::{Fixable, NoFiles, Report, clean, in_words};
use crate::input;
use crate::online::Online;
use crate::output::{Exit, Outcome, excerpt_width, usage};

/// The hosts of this file count where none is given.
const CONFIG: &str = "winfit.toml";

pub(super) fn run(arguments: &ImageLintArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    if let Some(twice) = written_twice(&arguments.findings.outputs) {
        return Err(usage(format!(
            "--output {} is given twice; each report needs a file of its own",
            twice.display()
        )));
    }
    let (hosts, hosts_from, complaints) = hosts(catalog, arguments)?;
    // What is gone from a registry is a finding, whatever an earlier run has seen there.
    let online = Online::looking_again(&arguments.images.registry);
    let mut images = Images::read_by(&arguments.images, &online)?;
    // A child that is not there is a finding.
    images.troubles.retain(|trouble| !trouble.is_missing());
    let findings: Vec<Finding> = images
        .reports
        .iter()
        .flat_map(|report| {
            let image = report.described();
            // The Windows hosts of a file say nothing of images for Linux alone; --host does.
            let meant = !arguments.hosts.is_empty() || image.windows().next().is_some();
            index_findings(catalog, &image, if meant { &hosts } else { &[] })
        })
        .collect();
    let unread: Vec<Unread> = images
        .errors
        .iter()
        .map(|(reference, message)| Unread {
            path: reference.clone(),
            reason: message.clone(),
        })
        .collect();
    let folder = WorkingFolder::current();
    let report = Report {
        findings: &findings,
        sources: &NoFiles,
        rules: INDEX_RULES,
        hosts: &hosts,
        hosts_from: &hosts_from,
        workloads: &[],
        placed: &[],
        not_judged: &[],
        templates: &[],
        fixed: &[],
        fixable: Fixable::default(),
        files: images.reports.len(),
        unit: "image",
        ignored: 0,
        unread: &unread,
        folder: &folder,
    };
    let text = rendered(
        catalog,
        &report,
        arguments.findings.format,
        excerpt_width(),
        arguments.findings.verbose,
    )?;
    let unwritten = write_reports(
        catalog,
        &report,
        &arguments.findings.outputs,
        arguments.findings.verbose,
    )?;
    let counts = findings
        .iter()
        .any(|finding| arguments.findings.fail_on.counts(finding.severity));
    let exit = if counts { Exit::Findings } else { Exit::Fits };
    let mut outcome = images.outcome(text, exit);
    if !unwritten.is_empty() {
        outcome.exit = Exit::Nothing;
    } else if !complaints.is_empty() && outcome.exit == Exit::Fits {
        outcome.exit = Exit::Findings;
    }
    outcome.complaints.splice(0..0, complaints);
    outcome.complaints.extend(unwritten);
    Ok(outcome)
}

/// The hosts that the images have to run on, where they come from, and what could not be read of them.
fn hosts(
    catalog: &Catalog,
    arguments: &ImageLintArguments,
) -> Result<(Vec<Member>, String, Vec<String>)> {
    if !arguments.hosts.is_empty() {
        let (read, complaints) = input::hosts(catalog, &arguments.hosts, &arguments.facts)?;
        let members = read.into_iter().map(|read| {
            let name = read.name.as_deref().unwrap_or(&read.text);
            Member::new(name, read.host, "--host")
        });
        return Ok((members.collect(), "--host".to_owned(), complaints));
    }
    if !Path::new(CONFIG).is_file() {
        return Ok((Vec::new(), String::new(), Vec::new()));
    }
    let options = ReadOptions {
        paths: vec![CONFIG.into()],
        config: Some(CONFIG.into()),
        ..ReadOptions::default()
    };
    let repository = read(catalog, &options);
    let mut complaints = crate::commands::lint::complaints_of(&repository);
    // A host that cannot be read is a host that is not checked.
    let problems = repository.files.iter().flat_map(|file| &file.problems);
    complaints.extend(problems.map(|problem| {
        let place = in_words(&problem.origin);
        clean(&format!("{place}: {}", problem.message))
    }));
    Ok((repository.config.hosts, CONFIG.to_owned(), complaints))
}
