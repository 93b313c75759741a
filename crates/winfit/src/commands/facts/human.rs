//! The facts of files for people: one block a file. Drawn from the document, so that both say the
//! same.

use serde_json::Value;

use crate::findings::clean;
use crate::output::{bold, columns, wrap};

pub(super) fn human(document: &Value) -> String {
    let files = list(document, "files");
    let blocks: Vec<String> = files.iter().map(block).collect();
    blocks.join("\n")
}

fn block(file: &Value) -> String {
    let kind = string(file, "kind").unwrap_or_default();
    let path = string(file, "path").unwrap_or_default();
    let mut text = format!("{}  {}\n", bold(&path), kind_in_words(&kind));
    let rows: Vec<Vec<String>> = match kind.as_str() {
        "dockerfile" => list(file, "stages").iter().enumerate().map(stage).collect(),
        "compose" => list(file, "services").iter().map(service).collect(),
        "kubernetes" => list(file, "documents").iter().map(object).collect(),
        "daemon" => list(file, "exec_opts").iter().map(option).collect(),
        "script" => list(file, "commands")
            .iter()
            .flat_map(|command| list(command, "exec_opts").iter().map(option))
            .collect(),
        _ => Vec::new(),
    };
    text.push_str(&columns(&rows, "  "));
    let remark = match kind.as_str() {
        "template" => string(file, "render").map(|how| format!("read it rendered: {how}")),
        "broken" => string(file, "meant").map(|meant| format!("meant as {meant}")),
        _ => None,
    };
    if let Some(remark) = remark {
        text.push_str(&wrap(&remark, "  ", "  "));
        text.push('\n');
    }
    for problem in list(file, "problems") {
        let place = problem["line"]
            .as_u64()
            .map_or_else(String::new, |line| format!("line {line}: "));
        let message = string(problem, "message").unwrap_or_default();
        let severity = string(problem, "severity").unwrap_or_default();
        let first = format!("  {severity}: {place}");
        text.push_str(&wrap(&message, &first, "    "));
        text.push('\n');
    }
    text
}

fn kind_in_words(kind: &str) -> &str {
    match kind {
        "dockerfile" => "Dockerfile",
        "compose" => "Compose",
        "kubernetes" => "Kubernetes",
        "daemon" => "daemon.json",
        "script" => "starts or registers dockerd",
        "template" => "a template, not read",
        "part" => "a part of another Compose project, read with it",
        "config" => "winfit's settings",
        "broken" => "could not be read",
        other => other,
    }
}

fn stage((at, stage): (usize, &Value)) -> Vec<String> {
    let resolved = string(stage, "resolved_base");
    let base = string(stage, "base").unwrap_or_default();
    let unresolved: Vec<String> = strings(stage, "unresolved");
    let told = match resolved {
        Some(resolved) => resolved,
        None => format!("{base} (no value for {})", unresolved.join(", ")),
    };
    vec![
        line(stage),
        string(stage, "name").unwrap_or_else(|| format!("stage {at}")),
        told,
        system(stage),
    ]
}

fn service(service: &Value) -> Vec<String> {
    let mut what = string(service, "image")
        .or_else(|| string(service, "dockerfile").map(|file| format!("built by {file}")))
        .unwrap_or_else(|| "-".to_owned());
    let unresolved = strings(service, "unresolved");
    if !unresolved.is_empty() {
        what.push_str(&format!(" (no value for {})", unresolved.join(", ")));
    }
    let mut row = vec![
        line(service),
        string(service, "name").unwrap_or_default(),
        what,
        system(service),
    ];
    if let Some(isolation) = string(service, "isolation") {
        row.push(format!("isolation {isolation}"));
    }
    row
}

fn object(object: &Value) -> Vec<String> {
    let name = string(object, "name").unwrap_or_else(|| "-".to_owned());
    let name = match string(object, "namespace") {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name,
    };
    let builds: Vec<String> = list(object, "selected_builds")
        .iter()
        .map(Value::to_string)
        .collect();
    let mut told = Vec::new();
    let os = string(object, "os").unwrap_or_default();
    if os != "unknown" || !list(object, "containers").is_empty() {
        told.push(os);
    }
    if !builds.is_empty() {
        told.push(format!("selects {}", builds.join(", ")));
    }
    if object["host_process"] == true {
        told.push("HostProcess".to_owned());
    }
    told.extend(list(object, "containers").iter().map(container));
    let kind = string(object, "kind").unwrap_or_default();
    vec![line(object), format!("{kind} {name}"), told.join("  ")]
}

/// The image of a container, with its Windows where that is known.
fn container(container: &Value) -> String {
    let image = string(container, "image").unwrap_or_default();
    if container["os_version"].is_null() {
        image
    } else {
        format!("{image} ({})", system(container))
    }
}

fn option(option: &Value) -> Vec<String> {
    let value = string(option, "value").unwrap_or_default();
    vec![line(option), format!("exec-opt {value}")]
}

/// `windows 17763`, `linux`, `unknown`.
fn system(value: &Value) -> String {
    let os = string(value, "os").unwrap_or_default();
    match string(value, "os_version") {
        Some(version) => format!("{os} {version}"),
        None => os,
    }
}

fn line(value: &Value) -> String {
    value["line"]
        .as_u64()
        .map_or_else(|| "-".to_owned(), |line| line.to_string())
}

fn string(value: &Value, field: &str) -> Option<String> {
    value[field].as_str().map(clean)
}

fn strings(value: &Value, field: &str) -> Vec<String> {
    let items = list(value, field).iter();
    items.filter_map(|item| item.as_str().map(clean)).collect()
}

fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}
