//! What the engine makes of `exec-opts` (moby, `daemon/daemon_windows.go:setDefaultIsolation` and
//! `daemon/config/config.go`). Options of Linux alone are nobody's business here.

use std::sync::Arc;

use winfit_core::change::Change;
use winfit_core::finding::{Confidence, Finding, Located, Origin, Rule, Severity, Subject};
use winfit_core::host::Isolation;
use winfit_core::remedy::{Command, Remedy, RemedyKind, Safety, Shell};
use winfit_core::version::quote_for_error;

use super::{Context, write_instead};
use crate::daemon::{DaemonJson, ServiceCommand, of_isolation};

/// How many further places a finding points at.
const MOST_RELATED: usize = 3;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        name: "daemon-json-refused",
        summary: "The engine does not start with this daemon.json",
    },
    Rule {
        name: "daemon-json-encoding",
        summary: "Older engines cannot read how daemon.json is written",
    },
    Rule {
        name: "exec-opts-unknown",
        summary: "An option for the isolation that the engine does not know",
    },
    Rule {
        name: "exec-opts-contradictory",
        summary: "The isolation is set twice, to different values",
    },
    Rule {
        name: "exec-opts-doubled",
        summary: "exec-opts in daemon.json and --exec-opt on the service's command line",
    },
];

/// Checks one file, whose path as shown is `name`.
pub fn check(_context: &Context<'_>, name: &Arc<str>, daemon: &DaemonJson) -> Vec<Finding> {
    let subject = Subject::new("daemon.json", name);
    let mut found: Vec<Finding> = daemon
        .keys
        .iter()
        .filter_map(|key| misspelt_key(&subject, key))
        .collect();
    options(&subject, &daemon.exec_opts, &mut found);
    found
}

/// Checks the flags in a script, whose path as shown is `name`.
pub fn check_script(name: &Arc<str>, commands: &[ServiceCommand]) -> Vec<Finding> {
    let subject = Subject::new("script", name);
    let mut found = Vec::new();
    for command in commands {
        options(&subject, &command.exec_opts, &mut found);
    }
    found
}

/// Options that stand both in a `daemon.json` and on the command line of the service: an engine that
/// gets both refuses to start (moby, `findConfigurationConflicts`). Whether the two files of a
/// repository meet on one host is inferred.
pub fn check_doubled(
    daemons: &[(Arc<str>, &DaemonJson)],
    scripts: &[(Arc<str>, &[ServiceCommand])],
) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, commands) in scripts {
        for command in *commands {
            let Some(flag) = command.exec_opts.first() else {
                continue;
            };
            let meets = |path: &str, daemon: &DaemonJson| {
                let both = command.exec_opts.iter().chain(&daemon.exec_opts);
                let named = command.config_file.as_ref().is_none_or(|file| {
                    file_name(&file.value).eq_ignore_ascii_case(file_name(path))
                });
                !daemon.exec_opts.is_empty() && named && both.into_iter().any(is_isolation)
            };
            let mut met = daemons
                .iter()
                .filter(|(path, daemon)| meets(path, daemon))
                .peekable();
            let Some((path, _)) = met.peek() else {
                continue;
            };
            let mut finding = Finding::new(
                "exec-opts-doubled",
                Severity::Error,
                Subject::new("script", name),
                flag.origin.clone(),
                format!(
                    "--exec-opt stands on the command line here and exec-opts in {path}; an engine \
                     that gets both refuses to start"
                ),
            )
            .label("again, as a flag")
            .confidence(Confidence::Likely)
            .note(
                "the engine says: the following directives are specified both as a flag and in \
                 the configuration file: exec-opts",
            )
            .note("keep one of the two; that both files get to one host is inferred");
            for (_, daemon) in met.take(MOST_RELATED) {
                if let Some(option) = daemon.exec_opts.first() {
                    finding = finding.related(option.origin.clone(), "as a setting");
                }
            }
            found.push(finding);
        }
    }
    found
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A word without its case and what separates its parts.
fn plain(word: &str) -> String {
    word.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|symbol| symbol.to_ascii_lowercase())
        .collect()
}

fn is_isolation(option: &Located<String>) -> bool {
    plain(&option.value).contains("isol")
}

/// Keys that mean `exec-opts`.
fn misspelt_key(subject: &Subject, key: &Located<String>) -> Option<Finding> {
    let name = key.value.as_str();
    if name == "exec-opts" || !matches!(plain(name).as_str(), "execopts" | "execopt") {
        return None;
    }
    let (severity, message) = if name == "exec-opt" {
        // The engine knows the name, but only as a flag: it reads no setting from it.
        (
            Severity::Warning,
            "the engine starts and ignores \"exec-opt\": in daemon.json the key is \"exec-opts\""
                .to_owned(),
        )
    } else {
        (
            Severity::Error,
            format!(
                "the engine does not know {:?} and does not start: the key is \"exec-opts\", in \
                 small letters",
                quote_for_error(name)
            ),
        )
    };
    let finding = Finding::new(
        "exec-opts-unknown",
        severity,
        subject.clone(),
        key.origin.clone(),
        message,
    );
    Some(finding.label("\"exec-opts\"").remedy(write_instead(
        "write the key that the engine knows",
        RemedyKind::Isolation,
        key,
        "exec-opts",
    )))
}

/// What the options of engines on Linux start with (moby, `daemon/config/config_linux.go`,
/// `validatePlatformExecOpt`).
const OF_LINUX: &str = "native.";

fn options(subject: &Subject, options: &[Located<String>], found: &mut Vec<Finding>) {
    let unknown = |option: &Located<String>, message: String, label: &str| {
        Finding::new(
            "exec-opts-unknown",
            Severity::Error,
            subject.clone(),
            option.origin.clone(),
            message,
        )
        .label(label)
    };
    let mut isolation: Option<(&Located<String>, String)> = None;
    for option in options {
        let quoted = quote_for_error(&option.value);
        let Some((key, value)) = option.value.split_once('=') else {
            if is_isolation(option) || meant(&option.value).is_some() {
                let known = meant(&option.value);
                let better = known.unwrap_or("hyperv");
                let mut finding = unknown(
                    option,
                    format!(
                        "the engine does not start with the exec-opt {quoted:?}: an option is \
                         written name=value, isolation={better}"
                    ),
                    &format!("isolation={better}"),
                );
                finding
                    .remedies
                    .extend(known.map(|known| isolate(option, known)));
                found.push(finding);
            }
            continue;
        };
        // The engine takes the name and the value in any case, with spaces around them.
        let (key, value) = (key.trim(), value.trim());
        if !key.eq_ignore_ascii_case("isolation") {
            if is_near_isolation(key) {
                found.push(unknown(
                    option,
                    format!(
                        "the engine does not know the exec-opt {:?} and does not start: the \
                         option is isolation",
                        quote_for_error(key)
                    ),
                    "isolation=…",
                ));
            } else if !key.starts_with(OF_LINUX) {
                found.push(unknown(
                    option,
                    format!(
                        "engines do not know the exec-opt {:?} and do not start: Windows has \
                         isolation, Linux has those of {OF_LINUX}*",
                        quote_for_error(key)
                    ),
                    "no exec-opt",
                ));
            } else if let Some(isolation) = options.iter().find(|option| is_isolation(option)) {
                found.push(
                    unknown(
                        option,
                        format!(
                            "no engine starts with both: {key} is for Linux alone, and \
                             isolation for Windows"
                        ),
                        "for Linux",
                    )
                    .related(isolation.origin.clone(), "for Windows"),
                );
            }
            continue;
        }
        let known = ["default", "process", "hyperv"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(value));
        let Some(known) = known else {
            let better = meant(value);
            let label = better.map_or_else(
                || "default, process or hyperv".to_owned(),
                |better| format!("isolation={better}"),
            );
            let mut finding = unknown(
                option,
                format!(
                    "the engine does not start with the exec-opt {quoted:?}: the isolation is \
                     default, process or hyperv"
                ),
                &label,
            );
            finding
                .remedies
                .extend(better.map(|better| isolate(option, better)));
            found.push(finding);
            continue;
        };
        if let Some((first, before)) = &isolation
            && before != known
        {
            found.push(
                Finding::new(
                    "exec-opts-contradictory",
                    Severity::Warning,
                    subject.clone(),
                    option.origin.clone(),
                    format!(
                        "the isolation is {before} and then {known}; the engine takes the last, \
                         {known}"
                    ),
                )
                .label("this one counts")
                .related(first.origin.clone(), "this one does not")
                .remedy(Remedy {
                    kind: RemedyKind::Isolation,
                    title: "take away the one that does not count".to_owned(),
                    safety: Safety::Safe,
                    commands: Vec::new(),
                    diff: None,
                    changes: vec![Change::Remove {
                        at: first.origin.clone(),
                    }],
                }),
            );
        }
        isolation = Some((option, known.to_owned()));
    }
}

/// The option that was meant.
fn isolate(option: &Located<String>, isolation: &str) -> Remedy {
    write_instead(
        "write the option as the engine reads it; it starts then, with this isolation",
        RemedyKind::Isolation,
        option,
        &format!("isolation={isolation}"),
    )
}

/// Where the default isolation of the hosts' engines is written.
pub enum EngineSettings {
    /// `winfit.toml` names the file, which need not be there yet.
    Named(Arc<str>),
    /// It is the repository's only `daemon.json`.
    Found(Arc<str>),
    /// No file here is known to be theirs.
    Elsewhere,
}

/// Where a service could ask for Hyper-V isolation, its engines could have it as their default: the
/// page's other way. A file that `winfit.toml` names is the repository's own choice of this way, so
/// it comes first; where no file is known, the one to write on the hosts is shown.
pub fn default_instead(settings: &EngineSettings, findings: &mut [Finding]) {
    let hyperv = |remedy: &Remedy| {
        let change = remedy.changes.first();
        matches!(change, Some(Change::Service { change, .. })
            if change.isolation == Some(Isolation::Hyperv))
    };
    for finding in findings {
        let Some(at) = finding.remedies.iter().position(hyperv) else {
            continue;
        };
        // What a service states itself goes before every default.
        if finding.rule == "process-isolation-cannot-work" {
            continue;
        }
        let (place, file) = match settings {
            EngineSettings::Named(name) | EngineSettings::Found(name) => {
                (name.to_string(), Some(name))
            }
            EngineSettings::Elsewhere => (
                "C:\\ProgramData\\docker\\config\\daemon.json".to_owned(),
                None,
            ),
        };
        let first = matches!(settings, EngineSettings::Named(_));
        let or = if first { "" } else { "or " };
        let remedy = Remedy {
            kind: RemedyKind::Isolation,
            title: format!("{or}make it the default of the hosts' engines, in {place}"),
            safety: Safety::Unsafe,
            commands: vec![Command {
                shell: Shell::Any,
                text: of_isolation(Isolation::Hyperv).trim_end().to_owned(),
            }],
            diff: None,
            changes: file
                .map(|name| Change::EngineIsolation {
                    at: Origin::whole(name),
                    isolation: Isolation::Hyperv,
                })
                .into_iter()
                .collect(),
        };
        let at = if first { at } else { finding.remedies.len() };
        finding.remedies.insert(at, remedy);
    }
}

/// The isolation that a misspelt word means.
pub(super) fn meant(word: &str) -> Option<&'static str> {
    let word = plain(word);
    if word.contains("hyper") || word == "isolationhv" {
        Some("hyperv")
    } else if word.contains("proc") {
        Some("process")
    } else if word.contains("default") {
        Some("default")
    } else {
        None
    }
}

/// Whether an option's name is `isolation` but for a slip.
fn is_near_isolation(key: &str) -> bool {
    let key = plain(key);
    key.contains("isolation") || (key.len() < 20 && strsim::levenshtein(&key, "isolation") <= 2)
}
