//! `winfit swarm label --self`: a worker tells its own Windows, as engine labels in its `daemon.json`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;
use winfit_core::Catalog;
use winfit_core::host::{Host, Kind, Os};
use winfit_core::reason::windows_name;
use winfit_docker::swarm::fleet::LabelNames;
use winfit_docker::swarm::label::{OWN, labels_of};
use winfit_files::daemon::with_labels;
use winfit_files::fix::write;
use winfit_files::source::{Encoding, Source, decode};

use crate::cli::{DataFormat, HostFacts, SwarmLabelArguments};
use crate::commands::swarm::human::entry;
use crate::findings::{clean, document};
use crate::input;
use crate::output::{Exit, Outcome, bold, nothing, printable, usage, wrap};

/// Where the engine looks for its settings.
const USUAL: &str = if cfg!(windows) {
    r"C:\ProgramData\docker\config\daemon.json"
} else {
    "/etc/docker/daemon.json"
};

/// A `daemon.json` as it is.
struct File {
    source: Source,
    /// It is there.
    there: Option<fs::Metadata>,
}

pub(super) fn run(
    catalog: &Catalog,
    arguments: &SwarmLabelArguments,
    names: &LabelNames,
) -> Result<Outcome> {
    let host = own_host(catalog, &arguments.nodes.hosts)?;
    let Some(version) = host.version.filter(|_| host.os == Os::Windows) else {
        return Err(usage(
            "labels tell the Windows of a node, and this host has none",
        ));
    };
    let labels = labels_of(catalog, &host, version, names);
    let path = arguments.file.clone();
    let path = path.unwrap_or_else(|| PathBuf::from(USUAL));
    let file = read(&path)?;
    let name = printable(&path.display().to_string());
    let after = with_labels(&file.source, &labels, |label| label.starts_with(OWN))
        .map_err(|error| nothing(error.to_string()))?;
    let backup = match (&after, arguments.apply) {
        (Some(text), true) => replace(&path, &file, text)?,
        _ => None,
    };
    // What is shown after a write is what the file says then.
    let now = match (&after, arguments.apply) {
        (Some(_), true) => read(&path)?.source.text,
        (Some(text), false) => text.clone(),
        (None, _) => file.source.text.clone(),
    };
    if arguments.format == DataFormat::Json {
        let text = document(&json!({
            "schema": "winfit.swarm-change/1",
            "applied": arguments.apply,
            "nodes": [],
            "services": [],
            "displaced": [],
            "open": [],
            "file": {
                "path": name,
                "os_version": version.to_string(),
                "changes": after.is_some(),
                "labels": labels,
                "text": now,
                "backup": backup.as_ref().map(|path| path.display().to_string()),
            },
        }))?;
        return Ok(Outcome::new(text, Exit::Fits));
    }
    let windows = windows_name(catalog, version.build, host.effective_kind(catalog));
    let windows = format!("{windows} ({})", version.short());
    let headline = match (&after, arguments.apply) {
        (None, _) => format!("{name} tells {windows} already."),
        (Some(_), true) => {
            format!("{name} now tells {windows}; the engine reads it when it starts.")
        }
        (Some(_), false) => format!("{name} would tell {windows}; nothing is written yet."),
    };
    let mut text = bold(&wrap(&headline, "", ""));
    text.push_str("\n\n");
    if after.is_some() && !arguments.apply {
        let diff = similar::TextDiff::from_lines(&file.source.text, &now);
        for line in diff.unified_diff().context_radius(1).to_string().lines() {
            text.push_str(&format!("  {}\n", clean(line)));
        }
        text.push_str("\n  1  write it: the same command with --apply\n");
    } else {
        for line in now.lines() {
            text.push_str(&format!("  {}\n", clean(line)));
        }
    }
    if after.is_some() && arguments.apply {
        text.push('\n');
        if let Some(backup) = &backup {
            let words = format!(
                "what it said before is in {}",
                printable(&backup.display().to_string())
            );
            text.push_str(&entry("back", &words));
        }
        text.push_str(NEXT);
    }
    Ok(Outcome::new(text, Exit::Fits))
}

/// What is to be done after the file is written.
const NEXT: &str = "
  1  restart the engine, its tasks moved away first
       on a manager  docker node update --availability drain NODE
       here          Restart-Service docker
       on a manager  docker node update --availability active NODE
  2  make node labels of them, on a manager
       winfit swarm label --apply
";

/// The worker's Windows: as told, else this machine's.
fn own_host(catalog: &Catalog, told: &[String]) -> Result<Host> {
    let words = match told {
        [] => "auto".to_owned(),
        [one] => one.clone(),
        _ => {
            return Err(usage(
                "--self is one node: name its Windows once, as --host ltsc2019",
            ));
        }
    };
    let (hosts, _) = input::hosts(catalog, &[words], &HostFacts::default())?;
    let [host] = hosts.as_slice() else {
        return Err(usage("--self is one node, and --host names several"));
    };
    Ok(if host.host.effective_kind(catalog) == Kind::Unknown {
        host.host.with_kind(Kind::Server)
    } else {
        host.host
    })
}

/// Reads it; one that is not there says nothing.
fn read(path: &Path) -> Result<File> {
    let name = printable(&path.display().to_string());
    let refused = |error: &io::Error| nothing(format!("{name}: {}", input::reason(error)));
    let (bytes, there) = match fs::read(path) {
        Ok(bytes) => {
            let there = fs::metadata(path).map_err(|error| refused(&error))?;
            (bytes, Some(there))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => (Vec::new(), None),
        Err(error) => return Err(refused(&error)),
    };
    let (text, encoding) =
        decode(bytes).map_err(|error| nothing(format!("{name}: byte {} is no text", error.at)))?;
    let encoding = if there.is_some() {
        encoding
    } else {
        Encoding::Utf8
    };
    Ok(File {
        source: Source::new(&name, path.to_path_buf(), text, encoding),
        there,
    })
}

/// Writes it whole, and before that what it said beside it, where it said something.
fn replace(path: &Path, file: &File, text: &str) -> Result<Option<PathBuf>> {
    // Of a link the file that it leads to is written.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let refused = |error: &io::Error| {
        nothing(format!(
            "{}: it could not be written and is as it was: {error}",
            printable(&target.display().to_string())
        ))
    };
    let bytes = |text: &str| write::encode(text, file.source.encoding);
    let mut backup = None;
    if file.there.is_some() {
        let mut name = target.as_os_str().to_owned();
        name.push(".before-winfit");
        let beside = PathBuf::from(name);
        write::replace(&beside, file.there.as_ref(), &bytes(&file.source.text))
            .map_err(|error| refused(&error))?;
        backup = Some(beside);
    } else if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(|error| refused(&error))?;
    }
    write::replace(&target, file.there.as_ref(), &bytes(text)).map_err(|error| refused(&error))?;
    Ok(backup)
}
