//! JSON in pasted text: whole answers of kubectl and docker, `ConvertTo-Json`, and fragments.

use serde_json::{Map, Value};

use crate::catalog::Catalog;
use crate::host::Os;
use crate::version::OsVersion;

use super::draft::{Draft, Said, Shape};
use super::fields::{self, Field};

/// The outermost complete JSON objects and arrays of a text, as byte ranges.
///
/// One pass with a stack, so that an opening bracket without end costs nothing; brackets in prose are
/// found too, and turn out to be no JSON.
pub(super) fn regions(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut open: Vec<(u8, usize)> = Vec::new();
    let mut in_string = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                // JSON strings end on their line: it was prose.
                b'\n' => {
                    in_string = false;
                    open.clear();
                }
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' if !open.is_empty() => in_string = true,
            b'{' | b'[' => open.push((byte, at)),
            b'}' | b']' => {
                let opener = if byte == b'}' { b'{' } else { b'[' };
                match open.pop() {
                    Some((bracket, start)) if bracket == opener => {
                        while found.last().is_some_and(|(inner, _)| *inner > start) {
                            found.pop();
                        }
                        found.push((start, at + 1));
                    }
                    _ => open.clear(),
                }
            }
            _ => {}
        }
    }
    found
}

/// What a region turned out to be.
pub(super) enum Json<'c> {
    /// No JSON: leave its words to the other readers.
    No,
    /// JSON about hosts.
    Hosts(Vec<Draft<'c>>),
    /// JSON about something else, whose versions are not a host's: a pod, an image, an error.
    Other,
    /// JSON of unknown meaning.
    Unknown,
}

/// Reads a region. `first_line` is the line on which it starts.
pub(super) fn read<'c>(catalog: &'c Catalog, text: &str, first_line: usize) -> Json<'c> {
    // serde_json refuses more than 128 levels by itself.
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return Json::No;
    };
    let mut reader = Reader {
        catalog,
        lines: Lines {
            text,
            at: 0,
            line: first_line,
        },
        drafts: Vec::new(),
        other: false,
    };
    reader.value(&value);
    if !reader.drafts.is_empty() {
        return Json::Hosts(reader.drafts);
    }
    match value {
        _ if reader.other => Json::Other,
        Value::Object(fields) if !fields.is_empty() => Json::Unknown,
        Value::Array(items) if items.iter().any(Value::is_object) => Json::Unknown,
        _ => Json::No,
    }
}

struct Reader<'c, 't> {
    catalog: &'c Catalog,
    lines: Lines<'t>,
    drafts: Vec<Draft<'c>>,
    other: bool,
}

/// Finds the lines of values, which are met in the order of the text.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of the next place where this value stands in quotes.
    fn of(&mut self, value: &str) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let next = serde_json::to_string(value).ok().and_then(|quoted| {
            let found = rest.find(&quoted)?;
            Some(found + quoted.len())
        });
        if let Some(next) = next {
            self.line += rest[..next].bytes().filter(|byte| *byte == b'\n').count();
            self.at += next;
        }
        self.line
    }
}

fn get<'v>(object: &'v Map<String, Value>, path: &[&str]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(object.get(*first)?, |value, key| value.get(*key))
}

fn string<'v>(object: &'v Map<String, Value>, path: &[&str]) -> Option<&'v str> {
    get(object, path)?.as_str()
}

fn has(object: &Map<String, Value>, key: &str) -> bool {
    object.contains_key(key)
}

impl<'c> Reader<'c, '_> {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(object) if !self.host(object) => {
                object.values().for_each(|inner| self.value(inner));
            }
            _ => {}
        }
    }

    /// Reads the object if it is about a host (or known to be about something else).
    fn host(&mut self, object: &Map<String, Value>) -> bool {
        let kind = string(object, &["kind"]);
        // An image, an index of images, a container's error: their versions are no host's.
        let image = [
            "RepoTags",
            "RootFS",
            "os.version",
            "manifests",
            "SystemType",
            "digest",
        ];
        if image.iter().any(|key| has(object, key)) {
            self.other = true;
        } else if kind == Some("Node") || get(object, &["status", "nodeInfo"]).is_some() {
            self.kubernetes_node(object);
        } else if has(object, "apiVersion") && kind.is_some_and(|kind| !kind.ends_with("List")) {
            self.other = true;
        } else if has(object, "kernelVersion")
            && (has(object, "osImage") || has(object, "operatingSystem"))
        {
            let mut draft = self.draft(Shape::Node);
            draft.kubernetes = true;
            self.fields(&mut draft, object);
            self.drafts.push(draft);
        } else if object.get("Labels").is_some_and(swarm_labels)
            || get(object, &["Spec", "Availability"]).is_some()
            || get(object, &["Description", "Platform"]).is_some()
            || swarm_labels(&Value::Object(object.clone()))
        {
            self.swarm_node(object);
        } else if has(object, "ServerVersion")
            || (has(object, "OSType") && has(object, "OperatingSystem"))
        {
            let mut draft = self.draft(Shape::Node);
            draft.docker = true;
            self.fields(&mut draft, object);
            self.driver_status(&mut draft, object);
            self.drafts.push(draft);
        } else if object
            .get("Server")
            .is_some_and(|server| server.get("Version").is_some())
            || (has(object, "ApiVersion") && has(object, "Version") && has(object, "Os"))
        {
            self.docker_version(object);
        } else if ["CurrentBuildNumber", "CurrentBuild", "UBR", "BuildLabEx"]
            .iter()
            .any(|key| has(object, key))
        {
            let mut draft = self.draft(Shape::Registry);
            self.fields(&mut draft, object);
            self.drafts.push(draft);
        } else if has(object, "OsVersion")
            || has(object, "WindowsProductName")
            || has(object, "BuildNumber")
        {
            self.system(object);
        } else if let Some(version) = object.get("Version").and_then(Value::as_object)
            && let Some(build) = version.get("Build").and_then(Value::as_u64)
            && let Ok(build) = u16::try_from(build)
        {
            // `[Environment]::OSVersion`: its Revision is 0 whatever the patch level.
            let mut draft = self.draft(Shape::System);
            let text = format!("Build: {build}");
            draft.version(
                OsVersion::of_build(build),
                Said::new(&text, self.lines.line),
            );
            self.drafts.push(draft);
        } else if let Some(version) = string(object, &["os_version"])
            && has(object, "build")
        {
            self.own_host(object, version);
        } else {
            return false;
        }
        true
    }

    fn draft(&self, shape: Shape) -> Draft<'c> {
        Draft::new(shape, self.lines.line)
    }

    /// All members that are known fields.
    fn fields(&mut self, draft: &mut Draft<'c>, object: &Map<String, Value>) {
        for (key, value) in object {
            let Some(known) = fields::find(key) else {
                continue;
            };
            // A `Namespace` and the like tell a pod from a node in text only.
            if known.field == Field::Other {
                continue;
            }
            let (text, line) = match value {
                Value::String(text) => (text.clone(), self.lines.of(text)),
                Value::Number(number) => (number.to_string(), self.lines.line),
                Value::Array(_) if known.field == Field::Updates => {
                    (value.to_string(), self.lines.line)
                }
                _ => continue,
            };
            fields::apply(draft, self.catalog, known.field, key, &text, line);
        }
    }

    fn kubernetes_node(&mut self, object: &Map<String, Value>) {
        let mut draft = self.draft(Shape::Node);
        draft.kubernetes = true;
        draft.name = string(object, &["metadata", "name"]).map(str::to_owned);
        if let Some(name) = &draft.name {
            draft.line = self.lines.of(name);
        }
        if let Some(labels) = get(object, &["metadata", "labels"]).and_then(Value::as_object) {
            for (key, value) in labels {
                if let Value::String(value) = value {
                    let line = self.lines.line;
                    fields::label(&mut draft, self.catalog, key, value, line);
                }
            }
        }
        // What the node says of itself goes before what its labels say of it.
        draft.os = None;
        if let Some(info) = get(object, &["status", "nodeInfo"]).and_then(Value::as_object) {
            self.fields(&mut draft, info);
        }
        if draft.os.is_none()
            && let Some(os) = string(object, &["metadata", "labels", "kubernetes.io/os"])
        {
            let said = Said::new(os, self.lines.line);
            draft.os = fields::os(os).map(|os| (os, said));
        }
        self.drafts.push(draft);
    }

    /// `docker node inspect`, or a piece of it.
    fn swarm_node(&mut self, object: &Map<String, Value>) {
        let mut draft = self.draft(Shape::Node);
        draft.swarm = true;
        let labels = get(object, &["Spec", "Labels"])
            .or_else(|| object.get("Labels"))
            .and_then(Value::as_object)
            .unwrap_or(object);
        for (key, value) in labels {
            if let Value::String(value) = value {
                let line = self.lines.of(value);
                fields::swarm_label(&mut draft, key, value, line);
            }
        }
        draft.name = string(object, &["Description", "Hostname"]).map(str::to_owned);
        let platform = |key| string(object, &["Description", "Platform", key]);
        if let Some(os) = platform("OS") {
            let said = Said::new(&format!("Platform OS: {os}"), self.lines.line);
            draft.os = fields::os(os).map(|os| (os, said));
        }
        draft.arch = platform("Architecture").and_then(crate::host::Arch::parse);
        if let Some(version) = string(object, &["Description", "Engine", "EngineVersion"]) {
            let line = self.lines.line;
            fields::apply(
                &mut draft,
                self.catalog,
                Field::ServerVersion,
                "EngineVersion",
                version,
                line,
            );
            draft.docker = false;
        }
        self.drafts.push(draft);
    }

    fn driver_status(&mut self, draft: &mut Draft<'c>, object: &Map<String, Value>) {
        let rows = object.get("DriverStatus").and_then(Value::as_array);
        for row in rows.into_iter().flatten() {
            if let (Some("driver-type"), Some(value)) = (
                row.get(0).and_then(Value::as_str),
                row.get(1).and_then(Value::as_str),
            ) {
                let line = self.lines.line;
                fields::apply(
                    draft,
                    self.catalog,
                    Field::DriverType,
                    "driver-type",
                    value,
                    line,
                );
            }
        }
    }

    /// `docker version --format json`, or the engine's own `/version`.
    fn docker_version(&mut self, object: &Map<String, Value>) {
        let server = object
            .get("Server")
            .and_then(Value::as_object)
            .unwrap_or(object);
        let mut draft = self.draft(Shape::Node);
        draft.docker = true;
        let mut apply = |key: &str, field, lines: &mut Lines<'_>| {
            if let Some(value) = string(server, &[key]) {
                let line = lines.of(value);
                fields::apply(&mut draft, self.catalog, field, key, value, line);
            }
        };
        apply("Version", Field::ServerVersion, &mut self.lines);
        apply("Os", Field::OsType, &mut self.lines);
        apply("Arch", Field::Architecture, &mut self.lines);
        apply("KernelVersion", Field::Kernel, &mut self.lines);
        self.drafts.push(draft);
    }

    /// `Get-ComputerInfo`, `Get-CimInstance Win32_OperatingSystem`.
    fn system(&mut self, object: &Map<String, Value>) {
        let mut draft = self.draft(Shape::System);
        // PowerShell writes enumerations as numbers; OsProductType counts from WorkStation, 1.
        self.fields(&mut draft, object);
        if let Some(version) = string(object, &["Version"]) {
            let line = self.lines.line;
            fields::apply(
                &mut draft,
                self.catalog,
                Field::OsVersion,
                "Version",
                version,
                line,
            );
        }
        self.drafts.push(draft);
    }

    /// An entry of winfit's own `winfit.host/1`.
    fn own_host(&mut self, object: &Map<String, Value>, version: &str) {
        let mut draft = self.draft(Shape::System);
        let line = self.lines.of(version);
        fields::apply(
            &mut draft,
            self.catalog,
            Field::OsVersion,
            "os_version",
            version,
            line,
        );
        draft.kind = match string(object, &["kind"]) {
            Some("server") => Some(crate::host::Kind::Server),
            Some("client") => Some(crate::host::Kind::Client),
            _ => None,
        };
        draft.name = string(object, &["name"]).map(str::to_owned);
        draft.os = Some((Os::Windows, Said::new(version, line)));
        self.drafts.push(draft);
    }
}

/// Labels as the page sets them on Swarm nodes.
fn swarm_labels(value: &Value) -> bool {
    let Some(labels) = value.as_object() else {
        return false;
    };
    // Only few objects are as small as a set of labels that someone typed.
    let texts = labels.values().all(Value::is_string);
    let is = |wanted: &str| labels.keys().any(|key| fields::normal(key) == wanted);
    texts && is("osversion") && is("os") && !has(labels, "OsName")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_the_outermost_brackets() {
        let text = r#"x {"a": [1, "}"]} y [2] spec{z} { open {"b": 1}"#;
        let found: Vec<&str> = regions(text).iter().map(|(s, e)| &text[*s..*e]).collect();
        assert_eq!(found, [r#"{"a": [1, "}"]}"#, "[2]", "{z}", r#"{"b": 1}"#]);
    }

    #[test]
    fn brackets_that_never_close_cost_nothing() {
        let text = "[{".repeat(200_000);
        assert!(regions(&text).is_empty());
        assert!(matches!(
            read(Catalog::builtin(), &"[".repeat(10_000), 1),
            Json::No
        ));
    }
}
