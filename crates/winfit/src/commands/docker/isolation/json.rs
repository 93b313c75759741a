//! `winfit.docker-isolation/1`: the isolation of an engine or a container, or what became of another
//! default.

use serde_json::{Value, json};
use winfit_core::host::{Isolation, Os};
use winfit_core::remedy::Shell;

use super::set::{Now, Set, State};
use super::{Default, FileWord, Says, Told, restart};

/// What an engine, its file and a container say.
pub(super) fn told(told: &Told) -> Value {
    let container = told.container.as_ref().map(|container| {
        json!({
            "name": container.name,
            "says": container.says,
            "isolation": container.has.name(),
        })
    });
    json!({
        "schema": "winfit.docker-isolation/1",
        "engine": of_windows(&told.default),
        "container": container,
        "file": told.explained.file.as_ref().map(file),
        "why": told.explained.why,
        "change": null,
    })
}

/// What became of another default.
pub(super) fn of_set(set: &Set) -> Value {
    let (state, diff, backup) = match &set.state {
        State::Already => ("already", None, None),
        State::Shown(diff) => ("shown", Some(diff), None),
        State::Written { diff, backup } => ("written", Some(diff), backup.as_ref()),
    };
    let (engine, silent) = match &set.engine {
        None => (Value::Null, None),
        Some(Now::TakenUp(default) | Now::Still(default)) => (of_windows(default), None),
        Some(Now::Linux(host)) => (engine(host, Os::Linux, None), None),
        Some(Now::Silent(error)) => (Value::Null, Some(error.to_string())),
    };
    let must_restart = set.engine.as_ref().is_some_and(Now::must_restart);
    let commands: Vec<Value> = [(Shell::PowerShell, Os::Windows), (Shell::Sh, Os::Linux)]
        .into_iter()
        .filter(|_| must_restart)
        .map(|(shell, os)| json!({"shell": shell.name(), "text": restart(os)}))
        .collect();
    json!({
        "schema": "winfit.docker-isolation/1",
        "engine": engine,
        "container": null,
        "file": file(&set.file),
        "why": silent,
        "change": {
            "wanted": set.wanted.name(),
            "state": state,
            "diff": diff,
            "backup": backup.map(|path| path.display().to_string()),
            "restart": commands,
        },
    })
}

fn of_windows(default: &Default) -> Value {
    let isolations = (default.now, default.own);
    let mut engine = engine(&default.host, Os::Windows, Some(isolations));
    engine["kind"] = default.kind.name().into();
    engine
}

/// An engine, with its default now and what it would be without any setting.
fn engine(host: &str, os: Os, isolations: Option<(Isolation, Isolation)>) -> Value {
    json!({
        "host": host,
        "os": os.name(),
        "kind": null,
        "isolation": isolations.map(|(now, _)| now.name()),
        "isolation_unset": isolations.map(|(_, own)| own.name()),
    })
}

fn file(word: &FileWord) -> Value {
    let (state, isolation) = match word.says {
        Says::NotThere => ("not-there", None),
        Says::NoJson => ("no-json", None),
        Says::Nothing => ("says-none", None),
        Says::Sets(isolation) => ("sets", Some(isolation.name())),
    };
    json!({
        "path": word.path.display().to_string(),
        "state": state,
        "isolation": isolation,
    })
}
