//! An engine for people: its host, its containers and images with their verdicts.

use winfit_core::Catalog;
use winfit_core::fleet::{ImageUse, Workload};
use winfit_core::host::{Host, Isolation, Os};
use winfit_core::image::Image;
use winfit_core::reason::windows_name;
use winfit_core::verdict::{Answer, judge};
use winfit_docker::host::{EngineHost, isolation};
use winfit_docker::local::fleet::named;
use winfit_docker::local::{Local, LocalContainer, LocalImage};

use super::audit::version;
use crate::findings::clean;
use crate::output::columns;

/// The host, then both tables. The first workloads are those of the containers, in their order.
pub(super) fn tables(
    catalog: &Catalog,
    local: &Local,
    host: &EngineHost,
    workloads: &[Workload],
) -> String {
    let mut text = columns(&about(catalog, host), "");
    text.push('\n');
    let head = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    if !local.containers.is_empty() {
        let mut rows: Vec<Vec<String>> = vec![head(&[
            "container",
            "state",
            "isolation",
            "runs here",
            "Windows",
            "image",
        ])];
        let containers = local.containers.iter().zip(workloads);
        rows.extend(containers.filter_map(|(container, workload)| {
            let used = &workload.containers.first()?.image;
            Some(of_container(catalog, host, container, used))
        }));
        text.push_str(&columns(&rows, ""));
        text.push('\n');
    }
    if !local.images.is_empty() {
        let mut rows: Vec<Vec<String>> =
            vec![head(&["image", "Windows", "version", "process", "hyperv"])];
        rows.extend(
            local
                .images
                .iter()
                .map(|image| of_image(catalog, host.host(), image)),
        );
        text.push_str(&columns(&rows, ""));
        text.push('\n');
    }
    text
}

/// What the engine is, in two columns.
fn about(catalog: &Catalog, host: &EngineHost) -> Vec<Vec<String>> {
    let facts = host.host();
    let row = |label: &str, value: String| vec![label.to_owned(), value];
    let windows = match (facts.os, facts.version) {
        (Os::Linux, _) => "Linux".to_owned(),
        (Os::Windows, Some(version)) => format!(
            "{} ({})",
            windows_name(catalog, version.build, facts.effective_kind(catalog)),
            version.short()
        ),
        (Os::Windows, None) => "Windows, which is not known".to_owned(),
    };
    let store = if host.containerd_store {
        "containerd's store"
    } else {
        "Docker's own store"
    };
    let mut rows = vec![
        row("host", format!("{}, {windows}", clean(&host.name))),
        row("engine", format!("Docker {}", clean(&host.version))),
        row("images", format!("{}, {store}", clean(&host.driver))),
    ];
    if host.is_windows() {
        let default = host
            .isolation
            .unwrap_or_else(|| facts.default_isolation(catalog));
        rows.push(row("isolation", format!("{} by default", default.name())));
    }
    rows
}

fn of_container(
    catalog: &Catalog,
    host: &EngineHost,
    container: &LocalContainer,
    used: &ImageUse,
) -> Vec<String> {
    let asked = isolation(&container.host_config.isolation);
    let mut image = used
        .image
        .as_ref()
        .ok()
        .map(|named| named.on(catalog, host.host()));
    if let (Some(image), "linux", None) = (&mut image, container.platform.as_str(), used.os) {
        // Its image is gone, and its name tells no system.
        image.os = Os::Linux;
    }
    let counts = asked.unwrap_or_else(|| host.host().default_isolation(catalog));
    let shown = match (host.is_windows(), asked) {
        (false, _) => String::new(),
        (true, Some(isolation)) => isolation.name().to_owned(),
        (true, None) => format!("{} (default)", counts.name()),
    };
    vec![
        clean(container.name()),
        clean(&container.state.status),
        shown,
        answer(catalog, host.host(), image.as_ref(), counts),
        windows(catalog, image.as_ref()),
        clean(&used.text),
    ]
}

fn of_image(catalog: &Catalog, host: &Host, image: &LocalImage) -> Vec<String> {
    let found = named(catalog, image.name(), Some(image)).ok();
    let found = found.map(|named| named.image);
    let of = |isolation| answer(catalog, host, found.as_ref(), isolation);
    vec![
        clean(image.name()),
        windows(catalog, found.as_ref()),
        version(found.and_then(|image| image.version)),
        of(Isolation::Process),
        of(Isolation::Hyperv),
    ]
}

/// A verdict in a word. Linux on Linux is no question of Windows.
fn answer(catalog: &Catalog, host: &Host, image: Option<&Image>, isolation: Isolation) -> String {
    let Some(image) = image else {
        return Answer::Unknown.name().to_owned();
    };
    if (image.os, host.os) == (Os::Linux, Os::Linux) {
        return "-".to_owned();
    }
    let verdict = judge(catalog, host, image);
    verdict.answers.of(isolation).answer.name().to_owned()
}

fn windows(catalog: &Catalog, image: Option<&Image>) -> String {
    match image.map(|image| (image.os, image.version)) {
        Some((Os::Linux, _)) => "Linux".to_owned(),
        Some((Os::Windows, Some(version))) => {
            windows_name(catalog, version.build, winfit_core::host::Kind::Server)
        }
        _ => "not stated".to_owned(),
    }
}
