//! An engine's host and its containers as the fleet that the core audits.

use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::finding::{Finding, Located, Origin, Subject};
use winfit_core::fleet::{Container, Fleet, ImageUse, Member, Orchestrator, Workload};
use winfit_core::host::{Arch, Host, Os};
use winfit_core::image::{ImageError, NamedImage};
use winfit_core::placement::Placement;
use winfit_core::remedy::{Command, Shell};

use super::{Local, LocalContainer, LocalImage};
use crate::host::{EngineHost, isolation};

/// The fleet of an engine: its host, and a workload a container.
pub fn fleet(catalog: &Catalog, local: &Local, host: &EngineHost) -> Fleet {
    let images = local.images_by_id();
    Fleet {
        hosts: vec![member(host)],
        workloads: local
            .containers
            .iter()
            .map(|container| {
                let image = images.get(container.image.as_str()).copied();
                of_container(catalog, container, image)
            })
            .collect(),
        ..Fleet::default()
    }
}

fn member(host: &EngineHost) -> Member {
    // What is judged is there already: whether the engine would pull it is no question.
    let facts = Host {
        engine: None,
        ..host.read.host
    };
    let mut member = Member::new(&host.name, facts, "docker info");
    member.orchestrator = Some(Orchestrator::Docker);
    member.origin = Some(Origin::whole(&format!("host {}", host.name).into()));
    member
}

fn of_container(
    catalog: &Catalog,
    container: &LocalContainer,
    image: Option<&LocalImage>,
) -> Workload {
    let name = container.name();
    let source: Arc<str> = format!("container {name}").into();
    let at = |field: &str| Origin {
        source: Arc::clone(&source),
        span: None,
        field: Some(field.to_owned()),
    };
    // An image that was named by its id has a name that says more.
    let text = match image {
        Some(image) if image.id == container.config.image || container.config.image.is_empty() => {
            image.name()
        }
        _ => &container.config.image,
    };
    Workload {
        isolation: isolation(&container.host_config.isolation)
            .map(|isolation| Located::new(isolation, at("HostConfig.Isolation"))),
        running: Some(u32::from(container.state.running)),
        ..workload(
            Subject::new("container", name),
            used(catalog, text, image, at("Config.Image")),
            os(&container.platform),
            &source,
        )
    }
}

/// An image that no container is of, as if there were one.
pub fn of_image(catalog: &Catalog, image: &LocalImage) -> Workload {
    let source: Arc<str> = format!("image {}", image.name()).into();
    let origin = Origin::whole(&source);
    workload(
        Subject::new("image", image.name()),
        used(catalog, image.name(), Some(image), origin),
        None,
        &source,
    )
}

fn workload(subject: Subject, image: ImageUse, os: Option<Os>, source: &Arc<str>) -> Workload {
    Workload {
        containers: vec![Container {
            name: subject.name.clone(),
            image,
            host_process: false,
        }],
        subject,
        orchestrator: Orchestrator::Docker,
        placement: Placement::Anywhere,
        isolation: None,
        os,
        everywhere: false,
        wanted: None,
        running: None,
        origin: Origin::whole(source),
    }
}

fn used(catalog: &Catalog, text: &str, image: Option<&LocalImage>, origin: Origin) -> ImageUse {
    ImageUse {
        text: text.to_owned(),
        image: named(catalog, text, image),
        origin,
        unresolved: Vec::new(),
        os: image.and_then(|image| os(&image.os)),
        built_from: None,
    }
}

/// What an image's name says, and its config, which goes before the name.
pub fn named(
    catalog: &Catalog,
    text: &str,
    image: Option<&LocalImage>,
) -> Result<NamedImage, ImageError> {
    let mut named = NamedImage::read_reference(catalog, text);
    // `latest` of a base image is no longer published, and is here all the same.
    if named.is_err()
        && let Some(image) = image
        && let Ok(mut by_config) = NamedImage::read(catalog, &image.os_version)
    {
        text.clone_into(&mut by_config.text);
        named = Ok(by_config);
    }
    if let (Ok(named), Some(image)) = (&mut named, image)
        && let Some(os) = os(&image.os)
    {
        let version = image.os_version.parse().ok();
        // A config without a version leaves the name's word standing.
        if version.is_some() || os == Os::Linux {
            named.take_config(os, version, Arch::parse(&image.architecture));
        }
    }
    named
}

/// Says what is to be done as people do it who have no files: a container is run anew.
pub fn say_as_commands(fleet: &Fleet, findings: &mut [Finding]) {
    for finding in findings {
        let workload = fleet
            .workloads
            .iter()
            .find(|workload| workload.subject == finding.subject);
        let Some(container) = workload.and_then(|workload| workload.containers.first()) else {
            continue;
        };
        let image = &container.image.text;
        for remedy in &mut finding.remedies {
            let mut changed = false;
            for command in &mut remedy.commands {
                let line = match command.text.split_once(": ") {
                    Some(("image", image)) => format!("docker run {image}"),
                    Some(("isolation", isolation)) => {
                        format!("docker run --isolation={isolation} {image}")
                    }
                    _ => continue,
                };
                *command = Command {
                    shell: Shell::Any,
                    text: line,
                };
                changed = true;
            }
            if changed {
                remedy
                    .title
                    .push_str("; run it anew, with its other options");
            }
        }
    }
}

fn os(text: &str) -> Option<Os> {
    match text.to_ascii_lowercase().as_str() {
        "windows" => Some(Os::Windows),
        "linux" => Some(Os::Linux),
        _ => None,
    }
}
