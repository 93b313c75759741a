//! Reading what the user points at: files, standard input, this machine.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::host::{self, HostReading, Kind, ReadHost, Unread};

use crate::cli::HostFacts;
use crate::output::{nothing, printable, usage};
use crate::this_machine;

/// The most that is read as the text of hosts. The description of a thousand nodes is a tenth of it.
const MOST: u64 = 16 * 1024 * 1024;

/// The most that is read of what somebody saved of a cluster: 150,000 pods are a third of it.
const MOST_SAVED: u64 = 4 * 1024 * 1024 * 1024;

/// Reads a file, or standard input for `-`, whole.
pub(crate) fn read_text(path: &str) -> Result<String> {
    let (bytes, name) = read(path, MOST)?;
    if bytes.len() as u64 > MOST {
        return Err(nothing(format!(
            "{name} is larger than 16 MiB; the text that states a host's version is a few lines, as those of `systeminfo` or `kubectl describe node`"
        )));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(nothing(format!(
            "{name} is empty; expected text that states a Windows version, as the output of `ver`, `systeminfo` or `kubectl describe node`"
        )));
    }
    Ok(host::decode(&bytes))
}

/// Reads what somebody saved of a cluster, or standard input for `-`, whole.
pub(crate) fn read_saved(path: &str) -> Result<Vec<u8>> {
    let (bytes, name) = read(path, MOST_SAVED)?;
    if bytes.len() as u64 > MOST_SAVED {
        return Err(nothing(format!(
            "{name} is larger than 4 GiB; save nodes, workloads and pods into a file each"
        )));
    }
    Ok(bytes)
}

/// The bytes of a file or of standard input, one more than `most` where there are more, and its name.
fn read(path: &str, most: u64) -> Result<(Vec<u8>, String)> {
    let (bytes, name) = if path == "-" {
        let stdin = io::stdin().lock();
        (read_limited(stdin, most), "standard input".to_owned())
    } else {
        let file = File::open(Path::new(path))
            .map_err(|error| nothing(format!("{path}: {}", reason(&error))))?;
        (read_limited(file, most), path.to_owned())
    };
    let bytes = bytes.map_err(|error| nothing(format!("{name}: {}", reason(&error))))?;
    Ok((bytes, name))
}

fn read_limited(reader: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// An I/O error in the words of the voice.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
        _ => format!("it could not be read ({error})"),
    }
}

/// Reads what `winfit host` is given: text, `@FILE`, `-`, or nothing for this machine.
pub(crate) fn host_text(catalog: &Catalog, text: &str) -> Result<HostReading> {
    if text == "-" {
        return Ok(host::read_hosts(catalog, &read_text("-")?));
    }
    if let Some(path) = text.strip_prefix('@') {
        return Ok(host::read_hosts(catalog, &read_text(path)?));
    }
    if text == "auto" {
        return Ok(of_one(this_machine::read()?));
    }
    let hosts = host::read_host_spec(catalog, text).map_err(|error| usage(error.to_string()))?;
    Ok(HostReading {
        hosts,
        ..HostReading::default()
    })
}

/// Reads the words behind `winfit host`: one text in several words, or several hosts.
pub(crate) fn host_words(catalog: &Catalog, words: &[String]) -> Result<HostReading> {
    let each = words
        .iter()
        .any(|word| word == "-" || word.starts_with('@') || word == "auto");
    let together = if each {
        None
    } else {
        Some(host_text(catalog, &words.join(" ")))
    };
    match together {
        Some(Ok(reading)) => return Ok(reading),
        Some(Err(error)) if words.len() == 1 => return Err(error),
        _ => {}
    }
    let mut all = HostReading::default();
    for word in words {
        match host_text(catalog, word) {
            Ok(mut reading) => {
                all.hosts.append(&mut reading.hosts);
                all.unread.append(&mut reading.unread);
                all.notes.append(&mut reading.notes);
            }
            // What is wrong with all the words together says more than what is wrong with one.
            Err(error) => return Err(together.and_then(Result::err).unwrap_or(error)),
        }
    }
    Ok(all)
}

/// The hosts that `--host` names, with the facts of the other flags laid over them. A name that means
/// several releases is refused with the choices.
pub(crate) fn hosts(
    catalog: &Catalog,
    arguments: &[String],
    facts: &HostFacts,
) -> Result<(Vec<ReadHost>, Vec<String>)> {
    let mut found = Vec::new();
    let mut notes = Vec::new();
    for argument in arguments {
        let from_file = argument.starts_with('@') || argument == "auto" || argument == "-";
        let mut reading = host_text(catalog, argument)?;
        notes.append(&mut reading.notes);
        notes.extend(reading.unread.iter().map(unread));
        if reading.hosts.is_empty() {
            let why = notes.last().cloned().unwrap_or_default();
            return Err(nothing(format!("--host {argument}: {why}")));
        }
        if !from_file && reading.hosts.len() > 1 && is_ambiguous(&reading.hosts) {
            return Err(usage(format!(
                "--host {argument} names several releases; say which: {}",
                host::choices(catalog, &reading.hosts).join(", ")
            )));
        }
        found.append(&mut reading.hosts);
    }
    for host in &mut found {
        lay_over(catalog, host, facts)?;
    }
    Ok((found, notes))
}

/// A reading of one host.
pub(crate) fn of_one(host: ReadHost) -> HostReading {
    HostReading {
        hosts: vec![host],
        ..HostReading::default()
    }
}

/// What could not be read, in a sentence.
pub(crate) fn unread(unread: &Unread) -> String {
    format!(
        "line {}: {:?}: expected {}",
        unread.line,
        printable(&unread.text),
        unread.expected
    )
}

/// Whether several hosts are readings of the same words.
pub(crate) fn is_ambiguous(hosts: &[ReadHost]) -> bool {
    match hosts {
        [first, rest @ ..] => {
            !rest.is_empty()
                && rest
                    .iter()
                    .all(|read| read.text == first.text && read.line == first.line)
        }
        [] => false,
    }
}

fn lay_over(catalog: &Catalog, host: &mut ReadHost, facts: &HostFacts) -> Result<()> {
    if let Some(kind) = facts.host_kind {
        let kind: Kind = kind.into();
        let known = host.host.effective_kind(catalog);
        let inferred = host
            .inferred
            .iter()
            .any(|because| because.starts_with("kind:"));
        if known != Kind::Unknown && known != kind && !inferred {
            return Err(usage(format!(
                "--host-kind {} contradicts {:?}, which is a {}",
                kind.name(),
                printable(&host.text),
                known.name()
            )));
        }
        host.host.kind = kind;
    }
    if facts.no_hyperv {
        host.host.hyperv = Some(false);
    }
    if facts.arch.is_some() {
        host.host.arch = facts.arch;
    }
    if facts.engine.is_some() {
        host.host.engine = facts.engine;
    }
    if let Some(name) = &facts.platform {
        let at = catalog
            .platforms
            .iter()
            .position(|platform| platform.platform.eq_ignore_ascii_case(name));
        let Some(at) = at else {
            let known: Vec<&str> = catalog
                .platforms
                .iter()
                .map(|platform| platform.platform)
                .collect();
            return Err(usage(format!(
                "--platform {name}: winfit knows {}; leave it out for others",
                known.join(", ")
            )));
        };
        host.host.platform = Some(at as u8);
    }
    Ok(())
}
