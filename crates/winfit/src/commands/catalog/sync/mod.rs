//! `winfit catalog sync`: new revisions and KBs, learnt from the tags of the base repositories.
//!
//! What is learnt is written after every few tags, so that a run that is broken off leaves all that it
//! learnt, and the next one goes on where it ended: what the overlay has is not asked for again.

mod learn;
mod report;
mod state;

use std::collections::HashSet;

use anyhow::Result;
use winfit_core::reference::Reference;
use winfit_registry::RegistryError;
use winfit_registry::place::Place;

use self::learn::{Found, Pinned};
use self::state::State;
use crate::cli::SyncArguments;
use crate::commands::notes;
use crate::online::Online;
use crate::output::{Exit, Outcome, nothing, printable, usage};
use crate::overlay;

/// Where Microsoft publishes the base images.
const HOME: &str = "mcr.microsoft.com";
/// The repositories of the base images there, and in what mirrors them.
const REPOSITORIES: [&str; 4] = [
    "windows/servercore",
    "windows/nanoserver",
    "windows/server",
    "windows",
];
/// After so many images what was learnt is written.
const TOGETHER: usize = 8;

/// What became of one repository.
#[derive(Debug)]
struct Read {
    /// Its name with its registry.
    name: String,
    /// How many tags it has.
    tags: usize,
    /// How many images were asked for.
    asked: usize,
    /// Its registry has none of this name: a mirror need not have all.
    missing: bool,
    /// Why it could not be read, or not to its end.
    error: Option<String>,
}

pub(super) fn run(arguments: &SyncArguments, off: bool) -> Result<Outcome> {
    let file = match overlay::file() {
        _ if off => {
            return Err(usage(
                "catalog sync writes the overlay, and --no-overlay or WINFIT_CATALOG_OVERLAY=off leaves it out; allow it for this run",
            ));
        }
        Some(file) => file,
        None => {
            return Err(usage(
                "there is no folder to keep the overlay in; say which, as XDG_DATA_HOME=FOLDER",
            ));
        }
    };
    let repositories = repositories(arguments)?;
    let online = Online::new(&arguments.registries);
    let today = notes::today();
    let given = !arguments.repository.is_empty();
    let mut state = State::read(file)?;
    let mut read = Vec::new();
    let mut down: Vec<String> = Vec::new();
    for (reference, canonical) in &repositories {
        // What cannot be reached is not tried four times.
        let registry = Place::of(reference).registry;
        if down.contains(&registry) {
            continue;
        }
        let (mut done, unreachable) = one(&online, &mut state, reference, canonical, today)?;
        if done.missing && given {
            done.error = Some("its registry has no such repository".to_owned());
        }
        if unreachable {
            down.push(registry);
        }
        read.push(done);
    }
    let mut complaints: Vec<String> = read
        .iter()
        .filter_map(|read| {
            Some(printable(&format!(
                "{}: {}",
                read.name,
                read.error.as_ref()?
            )))
        })
        .collect();
    if !complaints.is_empty() {
        complaints.push("what was learnt is kept; the same command goes on from here".to_owned());
    }
    if read.iter().all(|read| read.missing) {
        let asked: Vec<&str> = read.iter().map(|read| read.name.as_str()).collect();
        return Err(nothing(format!(
            "there is none of {}; --registry HOST/PREFIX and --repository NAME say where the base images are",
            asked.join(", ")
        )));
    }
    if read.iter().all(|read| read.missing || read.error.is_some()) && state.learnt.is_empty() {
        complaints.pop();
        return Err(nothing(complaints.join("\n")));
    }
    let failed = !complaints.is_empty();
    let text = report::report(overlay::catalog(), &state, &read, arguments.format)?;
    let mut outcome = Outcome::new(text, if failed { Exit::Findings } else { Exit::Fits });
    outcome.complaints = complaints;
    Ok(outcome)
}

/// The repositories to read, each beside the name that Microsoft's registry has for it.
fn repositories(arguments: &SyncArguments) -> Result<Vec<(Reference, String)>> {
    let home = [HOME.to_owned()];
    let registries: &[String] = match arguments.registry.as_slice() {
        [] => &home,
        given => given,
    };
    let names: Vec<&str> = match arguments.repository.as_slice() {
        [] => REPOSITORIES.to_vec(),
        given => given.iter().map(String::as_str).collect(),
    };
    let mut found = Vec::new();
    for registry in registries {
        for name in &names {
            let text = format!("{}/{name}", registry.trim_end_matches('/'));
            let reference = Reference::parse(&text)
                .map_err(|error| usage(format!("--registry {registry}: {error}")))?;
            if reference.registry.is_none() {
                return Err(usage(format!(
                    "--registry {registry} names no host; write it as registry.contoso.com, or localhost:5000/mcr for repositories under a prefix"
                )));
            }
            if reference.tag.is_some() || reference.digest.is_some() {
                return Err(usage(format!(
                    "--repository {name}: give the repository alone; all its tags are read"
                )));
            }
            found.push((reference, format!("{HOME}/{name}")));
        }
    }
    Ok(found)
}

/// Reads the tags of one repository, and asks for the images of those that may tell something new; and
/// whether its registry gave up on us.
fn one(
    online: &Online,
    state: &mut State,
    repository: &Reference,
    canonical: &str,
    today: time::Date,
) -> Result<(Read, bool)> {
    let place = Place::of(repository);
    let mut read = Read {
        name: repository.to_string(),
        tags: 0,
        asked: 0,
        missing: false,
        error: None,
    };
    let tags = match online.block_on(online.client().tags(&place))? {
        Ok(tags) => tags,
        Err(RegistryError::NotFound { .. } | RegistryError::NoRepository { .. }) => {
            read.missing = true;
            return Ok((read, false));
        }
        Err(error) => {
            read.error = Some(error.to_string());
            return Ok((read, gives_up(&error)));
        }
    };
    read.tags = tags.len();
    let mut wanted: Vec<Pinned> = tags
        .iter()
        .filter_map(|tag| learn::pinned(overlay::catalog(), canonical, tag))
        .collect();
    // `…-amd64` says again what the tag of the index says.
    let mut seen = HashSet::new();
    wanted.retain(|pinned| seen.insert((pinned.version, pinned.kb)));
    while !wanted.is_empty() {
        // What one tag told need not be asked of the next one.
        wanted.retain(|pinned| state.wants(&read.name, pinned));
        let now: Vec<Pinned> = wanted.drain(..wanted.len().min(TOGETHER)).collect();
        let references: Vec<Reference> = now
            .iter()
            .map(|pinned| repository.with_tag(&pinned.tag))
            .collect();
        let reports = online.inspect_all(&references)?;
        read.asked += now.len();
        let mut stop = false;
        for (pinned, report) in now.iter().zip(reports) {
            // What could not be read says nothing against its tag.
            let report = report.and_then(|report| {
                let mut children = report.children.iter();
                match children.find_map(|child| child.trouble.clone()) {
                    Some(trouble) => Err(trouble),
                    None => Ok(report),
                }
            });
            match report {
                Ok(report) => match learn::learn(pinned, &report, today) {
                    Found::Learnt(learnt) => state.learn(&read.name, &pinned.tag, &learnt),
                    Found::Conflict(reason) => state.refuse(&read.name, &pinned.tag, reason),
                },
                Err(error) => {
                    stop |= gives_up(&error);
                    read.error = Some(error.to_string());
                }
            }
        }
        state.write()?;
        if stop {
            return Ok((read, true));
        }
    }
    Ok((read, false))
}

/// Whether more requests to this registry make no sense now.
fn gives_up(error: &RegistryError) -> bool {
    error.is_of_registry() || matches!(error, RegistryError::Offline { .. })
}
