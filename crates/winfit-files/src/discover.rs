//! Which files are worth reading: by name, and where names do not tell, by content.

use std::path::Path;

use crate::{compose, daemon, kubernetes};

/// What a file may be, by its name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidate {
    /// A Dockerfile.
    Dockerfile,
    /// Named after a Dockerfile, as `Dockerfile.windows` and `dockerfile.go` both are: content tells.
    MaybeDockerfile,
    /// YAML: content tells.
    Yaml,
    /// JSON: content tells.
    Json,
    /// `daemon.json`.
    Daemon,
    /// A script: content tells.
    Script,
    /// `winfit.toml`.
    Config,
}

/// What a name says.
pub fn by_name(path: &Path) -> Option<Candidate> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    let ending = Path::new(&name)
        .extension()
        .and_then(|ending| ending.to_str());
    match name.as_str() {
        "dockerfile" | "containerfile" => return Some(Candidate::Dockerfile),
        "daemon.json" => return Some(Candidate::Daemon),
        "winfit.toml" => return Some(Candidate::Config),
        _ => {}
    }
    match ending {
        Some("dockerfile" | "containerfile") => return Some(Candidate::Dockerfile),
        Some("dockerignore" | "containerignore") => return None,
        Some("yaml" | "yml") => return Some(Candidate::Yaml),
        Some("json") => return Some(Candidate::Json),
        Some("ps1" | "psm1" | "cmd" | "bat" | "sh") => return Some(Candidate::Script),
        _ => {}
    }
    let named_after = ["dockerfile", "containerfile"].iter().any(|word| {
        name.strip_prefix(word)
            .is_some_and(|rest| rest.starts_with(['.', '-', '_']))
    });
    named_after.then_some(Candidate::MaybeDockerfile)
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A Dockerfile.
    Dockerfile,
    /// A Compose file.
    Compose,
    /// Kubernetes manifests.
    Kubernetes,
    /// `daemon.json`.
    Daemon,
    /// A script that starts or registers the engine.
    Script,
    /// A source that is rendered before it is a manifest: how.
    Template(&'static str),
    /// `winfit.toml`.
    Config,
}

impl Kind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dockerfile => "dockerfile",
            Self::Compose => "compose",
            Self::Kubernetes => "kubernetes",
            Self::Daemon => "daemon",
            Self::Script => "script",
            Self::Template(_) => "template",
            Self::Config => "config",
        }
    }
}

/// How to render a chart.
const HELM: &str = "helm template CHART | winfit lint -";
/// How to render an overlay.
const KUSTOMIZE: &str = "kustomize build FOLDER | winfit lint -";

/// How to render a template of another kind.
pub(crate) const RENDER: &str = "render it, and give winfit what comes out";

/// Whether lines of a Dockerfile are a template's, which no engine reads.
fn is_template(text: &str) -> bool {
    text.lines().any(|line| {
        line.starts_with("{{")
            || line.starts_with("{%")
            || (line.starts_with("FROM ") && line.contains("{{"))
    })
}

/// What a file is, by its name and its text. With `given`, the user named this file: then content
/// alone may tell.
pub fn kind(path: &Path, text: &str, given: bool) -> Option<Kind> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let found = match by_name(path) {
        Some(Candidate::Dockerfile) => Some(Kind::Dockerfile),
        Some(Candidate::Daemon) => Some(Kind::Daemon),
        Some(Candidate::Config) => Some(Kind::Config),
        Some(Candidate::MaybeDockerfile) if is_template(text) => {
            starts_like_dockerfile(text).then_some(Kind::Template(RENDER))
        }
        Some(Candidate::MaybeDockerfile) => {
            starts_like_dockerfile(text).then_some(Kind::Dockerfile)
        }
        Some(Candidate::Yaml) => yaml(path, &name, text),
        Some(Candidate::Json) => (text.contains("\"apiVersion\"") && text.contains("\"kind\""))
            .then_some(Kind::Kubernetes),
        Some(Candidate::Script) => daemon::script_looks_like(text).then_some(Kind::Script),
        None => None,
    };
    if found.is_some() || !given {
        return found;
    }
    if text.trim_start().starts_with('{') {
        return Some(if text.contains("\"apiVersion\"") {
            Kind::Kubernetes
        } else {
            Kind::Daemon
        });
    }
    if starts_like_dockerfile(text) {
        return Some(Kind::Dockerfile);
    }
    yaml(path, &name, text)
}

fn yaml(path: &Path, name: &str, text: &str) -> Option<Kind> {
    if kubernetes::is_kustomization(name) {
        return Some(Kind::Template(KUSTOMIZE));
    }
    let in_templates = path.parent().is_some_and(|folder| {
        folder
            .components()
            .any(|part| part.as_os_str() == "templates")
    });
    if kubernetes::looks_like(text) {
        return Some(if in_templates && kubernetes::is_helm_template(text) {
            Kind::Template(HELM)
        } else {
            Kind::Kubernetes
        });
    }
    compose::looks_like(name, text).then_some(Kind::Compose)
}

/// Whether the first instruction is one that a Dockerfile may start with.
fn starts_like_dockerfile(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .and_then(|line| line.split_ascii_whitespace().next())
        .is_some_and(|word| word.eq_ignore_ascii_case("from") || word.eq_ignore_ascii_case("arg"))
}
