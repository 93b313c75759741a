//! One file: from its bytes to what it is and states.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::compose::{self, Loader};
use crate::discover::{self, Candidate, Kind};
use crate::loader::DiskLoader;
use crate::problem::Problem;
use crate::repository::{Facts, Found, ReadFile, Unread, shown};
use crate::source::{Encoding, Source, decode};
use crate::{daemon, dockerfile, kubernetes, yaml};

/// Reads one file. None: it is nothing that winfit reads.
pub(crate) fn read_file(path: &Path, given: bool, loader: &DiskLoader<'_>) -> Option<Found> {
    let name = shown(path);
    match loader.read(path) {
        Ok(Some(bytes)) => {
            of_bytes(path, &name, bytes, given, loader).map(|file| Found::File(Box::new(file)))
        }
        Ok(None) => too_large(path, &name, given),
        Err(reason) => Some(Found::Unread(Unread { path: name, reason })),
    }
}

/// A file that is too large to be read: told where its name says that it matters.
fn too_large(path: &Path, name: &str, given: bool) -> Option<Found> {
    let kind = match discover::by_name(path) {
        Some(Candidate::Dockerfile) => "dockerfile",
        Some(Candidate::Daemon) => "daemon",
        Some(Candidate::Yaml) if given || starts_like_manifest(path) => "kubernetes",
        _ if given => "unknown",
        _ => return None,
    };
    let source = Source::new(name, path.to_owned(), String::new(), Encoding::Utf8);
    let problem = Problem::warning(
        "too-large",
        source.whole(),
        "this file is larger than 8 MiB and was not read",
    );
    Some(Found::File(Box::new(ReadFile {
        source: Arc::new(source),
        facts: Facts::Broken(kind),
        problems: vec![problem],
        beside: false,
    })))
}

/// Whether the first part of a large file looks like manifests.
fn starts_like_manifest(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64 * 1024).read_to_end(&mut head));
    read.is_ok() && kubernetes::looks_like(&String::from_utf8_lossy(&head))
}

/// What a text is and states. None: it is nothing that winfit reads.
pub(crate) fn of_bytes(
    path: &Path,
    name: &str,
    bytes: Vec<u8>,
    given: bool,
    loader: &DiskLoader<'_>,
) -> Option<ReadFile> {
    let (text, encoding) = match decode(bytes) {
        Ok(decoded) => decoded,
        Err(no_text) => return not_text(path, name, given, no_text.at),
    };
    let kind = discover::kind(path, &text, given)?;
    let source = Arc::new(Source::new(name, path.to_owned(), text, encoding));
    if let Some(problem) = merge_conflict(&source) {
        return Some(ReadFile {
            source,
            facts: Facts::Broken(kind.name()),
            problems: vec![problem],
            beside: false,
        });
    }
    let (facts, problems) = match kind {
        Kind::Dockerfile => {
            let (dockerfile, problems) = dockerfile::read(&source);
            (Facts::Dockerfile(dockerfile), problems)
        }
        Kind::Daemon => {
            let (daemon, problems) = daemon::read(&source);
            (Facts::Daemon(daemon), problems)
        }
        Kind::Script => {
            let commands = daemon::read_script(&source);
            if commands.is_empty() {
                return None;
            }
            (Facts::Script(commands), Vec::new())
        }
        Kind::Template(how) => (Facts::Template(how), not_rendered(&source, how, loader)),
        // Only the one that applies is read, and it is read first.
        Kind::Config => return None,
        Kind::Kubernetes => kubernetes_facts(&source, given, loader)?,
        Kind::Compose => compose_facts(&source, loader),
    };
    Some(ReadFile {
        source,
        facts,
        problems,
        beside: false,
    })
}

/// The mark of a merge that git could not end by itself.
fn merge_conflict(source: &Source) -> Option<Problem> {
    let marks = |mark: &str| {
        memchr::memmem::find_iter(source.text.as_bytes(), mark)
            .find(|at| *at == 0 || source.text.as_bytes()[at - 1] == b'\n')
    };
    let start = marks("<<<<<<< ")?;
    marks(">>>>>>> ")?;
    let origin = source.origin(start, source.line_end(start));
    Some(
        Problem::error(
            "broken-file",
            origin,
            "a merge is not resolved here, and the file was not read",
        )
        .label("both sides stand below"),
    )
}

fn not_text(path: &Path, name: &str, given: bool, at: usize) -> Option<ReadFile> {
    let kind = match discover::by_name(path) {
        Some(Candidate::Dockerfile) => "dockerfile",
        Some(Candidate::Daemon) => "daemon",
        _ if given => "unknown",
        _ => return None,
    };
    let source = Source::new(name, path.to_owned(), String::new(), Encoding::Utf8);
    let problem = Problem::error(
        "broken-file",
        source.whole(),
        format!("this is no text: byte {at} is neither UTF-8 nor UTF-16"),
    );
    Some(ReadFile {
        source: Arc::new(source),
        facts: Facts::Broken(kind),
        problems: vec![problem],
        beside: false,
    })
}

fn kubernetes_facts(
    source: &Arc<Source>,
    given: bool,
    loader: &DiskLoader<'_>,
) -> Option<(Facts, Vec<Problem>)> {
    let (trees, mut problems) = yaml::read(source);
    // A template of some other kind is no YAML before it is rendered.
    if !problems.is_empty() && !given && (source.text.contains("{{") || source.text.contains("{%"))
    {
        let problems = not_rendered(source, discover::RENDER, loader);
        return Some((Facts::Template(discover::RENDER), problems));
    }
    if problems.is_empty() && !trees.iter().any(kubernetes::is_object) {
        return None;
    }
    if trees.is_empty()
        && let Some(manifests) = kubernetes::read_flattened(source)
    {
        return Some((Facts::Kubernetes(manifests), problems));
    }
    let (manifests, more) = kubernetes::read(source, &trees);
    problems.extend(more);
    Some((Facts::Kubernetes(manifests), problems))
}

fn compose_facts(source: &Arc<Source>, loader: &DiskLoader<'_>) -> (Facts, Vec<Problem>) {
    let folder = source.path.parent().unwrap_or(Path::new(""));
    let file_name = source
        .path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    // An override is read with the file that it overrides, where that is there.
    if let Some(bases) = file_name.as_deref().and_then(compose::is_override)
        && bases.iter().any(|name| folder.join(name).is_file())
    {
        return (Facts::Part, Vec::new());
    }
    // Of several names Compose takes the first, and one override beside it.
    let first_of = |names: &[&'static str]| {
        names
            .iter()
            .find(|name| folder.join(name).is_file())
            .copied()
    };
    let overrides: Vec<Arc<Source>> = first_of(&compose::BASES)
        .filter(|base| file_name.as_deref() == Some(base))
        .and_then(|_| first_of(&compose::OVERRIDES))
        .and_then(|name| loader.load(&folder.join(name)).ok())
        .into_iter()
        .collect();
    let (trees, mut problems) = yaml::read(source);
    let (compose, more) = compose::read(source, &trees, &overrides, loader);
    problems.extend(more);
    (Facts::Compose(compose), problems)
}

/// A template that has to do with Windows, which nobody judges before it is rendered. Of a chart the
/// values may tell that.
fn not_rendered(source: &Source, how: &str, loader: &DiskLoader<'_>) -> Vec<Problem> {
    let about_windows = |text: &str| {
        ["windows", "nanoserver", "servercore", "Windows"]
            .iter()
            .any(|word| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some())
    };
    if !about_windows(&source.text)
        && !values_of_chart(&source.path, loader).is_some_and(|values| about_windows(&values))
    {
        return Vec::new();
    }
    let message = format!(
        "this is no manifest before it is rendered, and was not judged: {}",
        named_in(how, &source.name)
    );
    vec![Problem::info("not-rendered", source.whole(), message)]
}

/// The values of the chart that a template belongs to.
fn values_of_chart(template: &Path, loader: &DiskLoader<'_>) -> Option<String> {
    let templates = template
        .ancestors()
        .find(|folder| folder.ends_with("templates"))?;
    let values = loader
        .read(&templates.parent()?.join("values.yaml"))
        .ok()??;
    Some(decode(values).ok()?.0)
}

/// quotes for it.
fn named_in(how: &str, name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    let chart = name
        .rsplit_once("/templates/")
        .map(|(chart, _)| chart)
        .or(name.starts_with("templates/").then_some("."));
    let folder = name.rsplit_once('/').map_or(".", |(folder, _)| folder);
    [("CHART", chart), ("FOLDER", Some(folder))]
        .into_iter()
        .fold(how.to_owned(), |how, (placeholder, folder)| match folder {
            Some(folder) if !folder.is_empty() && folder.chars().all(plain) => {
                how.replace(placeholder, folder)
            }
            _ => how,
        })
}
