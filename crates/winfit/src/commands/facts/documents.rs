//! The facts of files as `winfit.facts/1`.

use serde_json::{Value, json};
use winfit_core::Catalog;
use winfit_core::finding::Located;
use winfit_core::host::Os;
use winfit_core::placement::PodPlacement;
use winfit_files::compose::{Compose, Service};
use winfit_files::daemon::{DaemonJson, ServiceCommand};
use winfit_files::dockerfile::{CopySource, Dockerfile};
use winfit_files::fleet::fleet;
use winfit_files::kubernetes::{Content, Manifests, Object, PodContainer};
use winfit_files::problem::Problem;
use winfit_files::repository::{Facts, ReadFile, Repository};

use super::os::{Images, Known, of_platform, of_pod, of_stages};
use crate::findings::json::unread;

pub(super) fn document(catalog: &Catalog, repository: &Repository) -> Value {
    let fleet = fleet(catalog, repository, &[]);
    let images = Images::new(&fleet);
    let files: Vec<Value> = repository
        .files
        .iter()
        .filter(|file| !file.beside)
        .filter_map(|file| self::file(catalog, &images, file))
        .collect();
    json!({
        "schema": "winfit.facts/1",
        "files": files,
        "unread": repository.unread.iter().map(unread).collect::<Vec<_>>(),
    })
}

/// What a file states; none: it is not there.
fn file(catalog: &Catalog, images: &Images<'_>, file: &ReadFile) -> Option<Value> {
    let (kind, facts) = match &file.facts {
        Facts::Dockerfile(facts) => ("dockerfile", dockerfile(catalog, facts)),
        Facts::Compose(facts) => ("compose", compose(catalog, images, facts)),
        Facts::Kubernetes(facts) => ("kubernetes", kubernetes(catalog, images, facts)),
        Facts::Daemon(facts) => ("daemon", daemon(facts)),
        Facts::Script(facts) => ("script", script(facts)),
        Facts::Template(render) => ("template", json!({"render": render})),
        Facts::Part => ("part", json!({})),
        Facts::Config => ("config", json!({})),
        Facts::NotThere => return None,
        Facts::Broken(meant) => ("broken", json!({"meant": meant})),
    };
    let mut value = json!({"path": &*file.source.name, "kind": kind});
    if let (Some(value), Value::Object(facts)) = (value.as_object_mut(), facts) {
        value.extend(facts);
    }
    value["problems"] = file.problems.iter().map(problem).collect();
    Some(value)
}

fn problem(problem: &Problem) -> Value {
    let span = problem.origin.span;
    json!({
        "rule": problem.rule,
        "severity": problem.severity.name(),
        "message": problem.message,
        "line": span.map(|span| span.line),
        "column": span.map(|span| span.column),
    })
}

fn os_name(os: Option<Os>) -> &'static str {
    os.map_or("unknown", Os::name)
}

/// `os`, `build` and `os_version`, laid into an entry.
fn with_known(mut value: Value, known: Known) -> Value {
    value["os"] = json!(os_name(known.os));
    value["build"] = json!(known.version.map(|version| version.build));
    value["os_version"] = json!(known.version.map(|version| version.to_string()));
    value
}

fn dockerfile(catalog: &Catalog, dockerfile: &Dockerfile) -> Value {
    let args: Vec<Value> = dockerfile
        .args
        .iter()
        .map(|(name, value)| {
            json!({"name": name.value, "value": text(value.as_ref()), "line": name.origin.line()})
        })
        .collect();
    let known = of_stages(catalog, dockerfile);
    let stages: Vec<Value> = dockerfile
        .stages
        .iter()
        .zip(known)
        .map(|(stage, known)| {
            let copies: Vec<Value> = stage
                .copies
                .iter()
                .map(|copy| match &copy.from {
                    CopySource::Stage(stage) => json!({"stage": stage}),
                    CopySource::Image(image) => json!({"image": image}),
                    CopySource::Unresolved(text) => json!({"unresolved": text}),
                })
                .collect();
            let entry = json!({
                "name": text(stage.name.as_ref()),
                "base": stage.base.value,
                "resolved_base": stage.resolved,
                "unresolved": stage.unresolved,
                "of_stage": stage.of_stage,
                "platform": text(stage.platform.as_ref()),
                "copies_from": copies,
                "line": stage.origin.line(),
            });
            with_known(entry, known)
        })
        .collect();
    json!({"escape": dockerfile.escape.to_string(), "args": args, "stages": stages})
}

fn text(located: Option<&Located<String>>) -> Option<&str> {
    located.map(|located| located.value.as_str())
}

fn compose(catalog: &Catalog, images: &Images<'_>, compose: &Compose) -> Value {
    let services: Vec<Value> = compose
        .services
        .iter()
        .map(|service| self::service(catalog, images, service))
        .collect();
    json!({"version": text(compose.version.as_ref()), "services": services})
}

fn service(catalog: &Catalog, images: &Images<'_>, service: &Service) -> Value {
    let image = service.image.as_ref().map(|image| &image.origin);
    let build = service.build.as_ref().map(|build| &build.origin);
    let mut known = image.or(build).map_or_else(Known::default, |place| {
        images.known(catalog, &service.origin, place)
    });
    // `isolation` means something on Windows alone, though `default` is accepted anywhere.
    let isolated = text(service.isolation.as_ref())
        .is_some_and(|word| matches!(word.to_ascii_lowercase().as_str(), "process" | "hyperv"))
        .then_some(Os::Windows);
    known.os = text(service.platform.as_ref())
        .and_then(of_platform)
        .or(known.os)
        .or(isolated);
    let constraints: Vec<&str> = service
        .constraints
        .iter()
        .map(|constraint| constraint.value.as_str())
        .collect();
    let dockerfile = service.build.as_ref().and_then(|build| {
        let path = build.dockerfile.as_ref()?;
        Some(path.display().to_string().replace('\\', "/"))
    });
    let entry = json!({
        "name": service.name.value,
        "image": service.resolved_image.as_deref().or(text(service.image.as_ref())),
        "unresolved": service.unresolved,
        "isolation": text(service.isolation.as_ref()),
        "platform": text(service.platform.as_ref()),
        "constraints": constraints,
        "dockerfile": dockerfile,
        "line": service.origin.line(),
    });
    with_known(entry, known)
}

fn kubernetes(catalog: &Catalog, images: &Images<'_>, manifests: &Manifests) -> Value {
    let documents: Vec<Value> = manifests
        .objects
        .iter()
        .map(|object| self::object(catalog, images, object))
        .collect();
    json!({"documents": documents})
}

fn object(catalog: &Catalog, images: &Images<'_>, object: &Object) -> Value {
    let mut value = json!({
        "index": object.document,
        "api_version": text(object.api_version.as_ref()),
        "kind": object.kind.value,
        "name": text(object.name.as_ref()),
        "namespace": text(object.namespace.as_ref()),
        "os": "unknown",
        "images": [],
        "selected_builds": [],
        "host_process": false,
        "line": object.origin.line(),
    });
    match &object.content {
        Content::Workload(pod) => {
            let used: Vec<(&PodContainer, &str, Known)> = pod
                .containers
                .iter()
                .filter_map(|container| {
                    let image = container.image.as_ref()?;
                    let known = images.known(catalog, &object.origin, &image.origin);
                    Some((container, image.value.as_str(), known))
                })
                .collect();
            let known: Vec<Known> = used.iter().map(|(.., known)| *known).collect();
            value["os"] = json!(os_name(of_pod(pod, &known)));
            value["images"] = used.iter().map(|(_, image, _)| *image).collect();
            value["containers"] = used
                .iter()
                .map(|(container, image, known)| {
                    let entry = json!({"name": container.name, "image": image});
                    with_known(entry, *known)
                })
                .collect();
            value["selected_builds"] = builds(catalog, &pod.placement);
            let mut containers = pod.containers.iter();
            value["host_process"] =
                json!(pod.host_process || containers.any(|container| container.host_process));
            value["runtime_class"] = json!(text(pod.placement.runtime_class.as_ref()));
        }
        Content::RuntimeClass(class) => {
            let placement = PodPlacement {
                node_selector: class.node_selector.clone(),
                ..PodPlacement::default()
            };
            value["selected_builds"] = builds(catalog, &placement);
            value["handler"] = json!(class.handler.value);
        }
        Content::Node(node) => {
            let os = node.operating_system.as_deref().and_then(of_platform);
            value["os"] = json!(os_name(os));
            value["kernel_version"] = json!(text(node.kernel_version.as_ref()));
        }
        Content::Other => {}
    }
    value
}

/// The builds that a placement demands, each once, in their order.
fn builds(catalog: &Catalog, placement: &PodPlacement) -> Value {
    let mut builds: Vec<u16> = Vec::new();
    for selected in placement.selected(catalog) {
        if !builds.contains(&selected.version.build) {
            builds.push(selected.version.build);
        }
    }
    json!(builds)
}

fn daemon(daemon: &DaemonJson) -> Value {
    let keys: Vec<&str> = daemon.keys.iter().map(|key| key.value.as_str()).collect();
    json!({
        "exec_opts": exec_opts(&daemon.exec_opts),
        "keys": keys,
        "containerd_store": daemon.containerd_store,
    })
}

fn script(commands: &[ServiceCommand]) -> Value {
    let commands: Vec<Value> = commands
        .iter()
        .map(|command| {
            json!({
                "exec_opts": exec_opts(&command.exec_opts),
                "config_file": text(command.config_file.as_ref()),
            })
        })
        .collect();
    json!({"commands": commands})
}

fn exec_opts(options: &[Located<String>]) -> Value {
    options
        .iter()
        .map(|option| json!({"value": option.value, "line": option.origin.line()}))
        .collect()
}
