//! winfit as a plugin of others' command lines: installed as `docker-winfit` it is `docker winfit`, installed
//! as `kubectl-winfit` it is `kubectl winfit`, which is `winfit kube`.

use std::ffi::OsString;
use std::path::Path;
use std::sync::OnceLock;

/// The name of the plugin's file, and what Docker calls it by.
const FILE: &str = "docker-winfit";
const NAME: &str = "winfit";

/// The name of the file by which kubectl finds it: as `kubectl winfit`.
const FILE_OF_KUBECTL: &str = "kubectl-winfit";

/// Docker asks a plugin what it is by this word.
const METADATA: &str = "docker-cli-plugin-metadata";

/// Flags of `docker` that stand before a plugin's name and take a value.
const WITH_VALUE: [&str; 10] = [
    "--config",
    "--context",
    "-c",
    "--host",
    "-H",
    "--log-level",
    "-l",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
];

/// What `docker` was told before the plugin's name.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// `-H`.
    pub(crate) host: Option<String>,
    /// `--context`.
    pub(crate) context: Option<String>,
}

static GIVEN: OnceLock<Given> = OnceLock::new();

/// What `docker` was told, where this is its plugin.
pub(crate) fn given() -> Given {
    GIVEN.get().cloned().unwrap_or_default()
}

/// What this process is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// What its arguments say.
    Arguments(Vec<OsString>),
    /// What its arguments say after `winfit kube`.
    Kube(Vec<OsString>),
    /// To say what plugin it is.
    Metadata,
}

/// The arguments as winfit's own, once those of a plugin are understood.
pub(crate) fn asked(arguments: impl IntoIterator<Item = OsString>) -> Asked {
    let (asked, given) = read(arguments.into_iter().collect());
    // There is one command line a process.
    let _ = GIVEN.set(given);
    asked
}

fn read(mut arguments: Vec<OsString>) -> (Asked, Given) {
    let mut given = Given::default();
    let stem = arguments
        .first()
        .and_then(|name| Path::new(name).file_stem());
    if stem.is_some_and(|stem| stem == FILE_OF_KUBECTL) {
        // kubectl takes no flags before a plugin's name, and hands over all that stands behind it.
        return (Asked::Kube(arguments), given);
    }
    if stem.is_none_or(|stem| stem != FILE) {
        return (Asked::Arguments(arguments), given);
    }
    if arguments.get(1).is_some_and(|first| first == METADATA) {
        return (Asked::Metadata, given);
    }
    let mut at = 1;
    while let Some(word) = arguments.get(at).and_then(|word| word.to_str()) {
        if word == NAME {
            // What follows is ours.
            arguments.drain(1..=at);
            return (Asked::Arguments(arguments), given);
        }
        if !word.starts_with('-') {
            break;
        }
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (word.to_owned(), None),
        };
        let takes_one = WITH_VALUE.contains(&flag.as_str());
        let value = value.or_else(|| {
            let next = arguments.get(at + 1).filter(|_| takes_one)?;
            at += 1;
            Some(next.to_string_lossy().into_owned())
        });
        match flag.as_str() {
            "--host" | "-H" => given.host = value,
            "--context" | "-c" => given.context = value,
            _ => {}
        }
        at += 1;
    }
    // Run by its file's name, not by docker.
    (Asked::Arguments(arguments), Given::default())
}

/// What Docker wants to know of a plugin.
pub(crate) fn metadata() -> String {
    serde_json::json!({
        "SchemaVersion": "0.1.0",
        "Vendor": "winfit",
        "Version": env!("CARGO_PKG_VERSION"),
        "ShortDescription": "Match Windows container images to hosts",
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_a_plugin_and_as_itself() {
        let words = |text: &str| -> Vec<OsString> { text.split(' ').map(OsString::from).collect() };
        let given = |host: Option<&str>, context: Option<&str>| Given {
            host: host.map(str::to_owned),
            context: context.map(str::to_owned),
        };
        for (line, ours, told) in [
            (
                "winfit swarm audit",
                "winfit swarm audit",
                given(None, None),
            ),
            (
                "/x/docker-winfit winfit swarm audit",
                "/x/docker-winfit swarm audit",
                given(None, None),
            ),
            (
                "docker-winfit.exe winfit",
                "docker-winfit.exe",
                given(None, None),
            ),
            (
                "docker-winfit --context lab winfit swarm audit --host winfit=ltsc2019",
                "docker-winfit swarm audit --host winfit=ltsc2019",
                given(None, Some("lab")),
            ),
            (
                "docker-winfit -H tcp://a:1 -D --log-level=debug winfit check",
                "docker-winfit check",
                given(Some("tcp://a:1"), None),
            ),
            // By its file's name alone.
            (
                "docker-winfit swarm audit",
                "docker-winfit swarm audit",
                given(None, None),
            ),
            (
                "docker-winfit --help",
                "docker-winfit --help",
                given(None, None),
            ),
        ] {
            let (asked, found) = read(words(line));
            assert_eq!(asked, Asked::Arguments(words(ours)), "{line}");
            assert_eq!(found, told, "{line}");
        }
        let (asked, _) = read(words("docker-winfit docker-cli-plugin-metadata"));
        assert_eq!(asked, Asked::Metadata);
        for line in ["/x/kubectl-winfit audit -A", "kubectl-winfit.exe audit"] {
            let (asked, _) = read(words(line));
            assert_eq!(asked, Asked::Kube(words(line)));
        }
    }
}
