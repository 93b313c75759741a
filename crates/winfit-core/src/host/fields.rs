//! The fields of every tool's output, and what each says of a host. Text and JSON name them alike
//! once spaces and case are gone: `Kernel Version:` and `"kernelVersion"`.

use crate::catalog::Catalog;
use crate::engine::{EngineVersion, Product, Store};
use crate::host::{Arch, Isolation, Kind, Os};
use crate::version::OsVersion;

use super::draft::{Draft, Said, Shape, kind_in};
use super::update;

/// What a field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Build,
    Ubr,
    Lab,
    ProductName,
    Installation,
    ProductType,
    Edition,
    VersionName,
    OsVersion,
    Kernel,
    OsImage,
    OperatingSystem,
    OsType,
    Architecture,
    Runtime,
    ServerVersion,
    StorageDriver,
    DriverType,
    Isolation,
    Name,
    Updates,
    /// Tells that the facts are of a Kubernetes node.
    Kubernetes,
    /// Tells that the facts are of a Docker engine.
    Docker,
    /// Tells that the facts are of something that is no host: a pod.
    Other,
}

/// A known field.
pub(super) struct Known {
    /// Its name without spaces and case.
    pub(super) key: &'static str,
    pub(super) field: Field,
    /// The output it belongs to, where that is only one.
    pub(super) shape: Option<Shape>,
}

const fn known(key: &'static str, field: Field, shape: Option<Shape>) -> Known {
    Known { key, field, shape }
}

const REGISTRY: Option<Shape> = Some(Shape::Registry);
const SYSTEM: Option<Shape> = Some(Shape::System);
const NODE: Option<Shape> = Some(Shape::Node);

static KNOWN: &[Known] = &[
    known("currentbuildnumber", Field::Build, REGISTRY),
    known("currentbuild", Field::Build, REGISTRY),
    known("ubr", Field::Ubr, REGISTRY),
    known("buildlabex", Field::Lab, REGISTRY),
    known("productname", Field::ProductName, REGISTRY),
    known("installationtype", Field::Installation, REGISTRY),
    known("editionid", Field::Edition, REGISTRY),
    known("releaseid", Field::VersionName, REGISTRY),
    known("displayversion", Field::VersionName, REGISTRY),
    known("windowsbuildlabex", Field::Lab, SYSTEM),
    known("windowsubr", Field::Ubr, SYSTEM),
    known("windowsproductname", Field::ProductName, SYSTEM),
    known("windowsinstallationtype", Field::Installation, SYSTEM),
    known("windowseditionid", Field::Edition, SYSTEM),
    known("windowsversion", Field::VersionName, SYSTEM),
    known("osdisplayversion", Field::VersionName, SYSTEM),
    known("osname", Field::ProductName, SYSTEM),
    known("caption", Field::ProductName, SYSTEM),
    known("osproducttype", Field::ProductType, SYSTEM),
    known("producttype", Field::ProductType, SYSTEM),
    known("osbuildnumber", Field::Build, SYSTEM),
    known("buildnumber", Field::Build, SYSTEM),
    known("csname", Field::Name, SYSTEM),
    known("csdnshostname", Field::Name, SYSTEM),
    known("oshotfixes", Field::Updates, SYSTEM),
    known("osarchitecture", Field::Architecture, SYSTEM),
    known("osversion", Field::OsVersion, None),
    known("versionstring", Field::OsVersion, SYSTEM),
    known("kernelversion", Field::Kernel, NODE),
    known("osimage", Field::OsImage, NODE),
    known("operatingsystem", Field::OperatingSystem, NODE),
    known("ostype", Field::OsType, NODE),
    known("architecture", Field::Architecture, NODE),
    known("containerruntimeversion", Field::Runtime, NODE),
    known("serverversion", Field::ServerVersion, NODE),
    known("engineversion", Field::ServerVersion, NODE),
    known("storagedriver", Field::StorageDriver, NODE),
    known("driver", Field::StorageDriver, NODE),
    known("drivertype", Field::DriverType, NODE),
    known("defaultisolation", Field::Isolation, NODE),
    known("isolation", Field::Isolation, NODE),
    known("hostname", Field::Name, None),
    known("computername", Field::Name, None),
    known("pscomputername", Field::Name, None),
    known("name", Field::Name, NODE),
    known("machineid", Field::Kubernetes, NODE),
    known("kubeletversion", Field::Kubernetes, NODE),
    known("kubeproxyversion", Field::Kubernetes, NODE),
    known("systemuuid", Field::Kubernetes, NODE),
    known("loggingdriver", Field::Docker, NODE),
    known("namespace", Field::Other, NODE),
];

/// The field of that name.
pub(super) fn find(key: &str) -> Option<&'static Known> {
    if key.len() > 60 {
        return None;
    }
    let plain = normal(key);
    KNOWN.iter().find(|known| known.key == plain)
}

/// A key without spaces, quotes and case.
pub(super) fn normal(key: &str) -> String {
    key.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Puts what a field says into the draft.
pub(super) fn apply<'c>(
    draft: &mut Draft<'c>,
    catalog: &'c Catalog,
    field: Field,
    key: &str,
    value: &str,
    line: usize,
) {
    let value = value.trim().trim_matches('"').trim();
    let said = || Said::new(&format!("{}: {value}", key.trim()), line);
    match field {
        Field::Kubernetes => draft.kubernetes = true,
        Field::Docker => draft.docker = true,
        Field::Other => draft.other = true,
        _ if value.is_empty() => {}
        Field::Build => {
            if let Some(version) = build(value) {
                draft.version(version, said());
            }
        }
        Field::Ubr => {
            if let Some(ubr) = number(value).filter(|ubr| *ubr <= 999_999) {
                draft.ubr.get_or_insert((ubr, said()));
            }
        }
        Field::Lab => {
            if let Some(version) = lab(value) {
                draft.lab.get_or_insert((version, Said::new(value, line)));
            }
        }
        Field::ProductName => draft.product_name(catalog, value, line),
        Field::Installation => draft.kind = draft.kind.or(installation(value)),
        Field::ProductType => draft.kind = draft.kind.or(product_type(value)),
        Field::Edition => {
            let kind = if value.starts_with("Server") {
                Kind::Server
            } else {
                return;
            };
            draft.kind_by_name = draft.kind_by_name.or(Some(kind));
        }
        Field::VersionName => {
            draft.version_name.get_or_insert_with(|| value.to_owned());
        }
        Field::OsVersion => {
            let nt = value.contains("Windows NT");
            let number = value.rsplit("Windows NT ").next().unwrap_or(value);
            if let Some(mut version) = leading_version(number) {
                // `[Environment]::OSVersion` always ends in .0, whatever the patch level.
                if nt && version.revision == Some(0) {
                    version.revision = None;
                }
                draft.version(version, said());
            }
        }
        Field::Kernel => {
            if let Some(version) = kernel(value) {
                let said = Said::new(value, line);
                match version {
                    Kernel::Plain(version) => draft.version(version, said),
                    Kernel::WithLab(version, lab) => {
                        draft.version(version, said.clone());
                        draft.lab.get_or_insert((lab, said));
                    }
                }
                draft
                    .os
                    .get_or_insert((Os::Windows, Said::new(value, line)));
            } else if value.starts_with(|c: char| c.is_ascii_digit()) && value.contains('-') {
                draft.os.get_or_insert((Os::Linux, said()));
            }
        }
        Field::OsImage => {
            draft.kubernetes = true;
            product(draft, catalog, value, line);
        }
        Field::OperatingSystem => operating_system(draft, catalog, value, line),
        Field::OsType => {
            draft.docker = true;
            if let Some(os) = os(value) {
                draft.os = Some((os, said()));
            }
        }
        Field::Architecture => {
            let lower = value.to_lowercase();
            let arch = Arch::parse(&lower).or_else(|| {
                (lower.starts_with("arm 64") || lower.starts_with("arm64")).then_some(Arch::Arm64)
            });
            draft.arch = draft.arch.or(arch);
        }
        Field::Runtime => {
            draft.kubernetes = true;
            runtime(draft, value);
        }
        Field::ServerVersion => {
            draft.docker = true;
            draft.product = Some(Product::Docker);
            draft.engine = draft.engine.or_else(|| EngineVersion::parse(value));
        }
        Field::StorageDriver => store(draft, value),
        Field::DriverType => {
            if value.contains("containerd.snapshotter") {
                draft.store = Some(Store::Containerd);
            }
        }
        Field::Isolation => {
            draft.docker = true;
            draft.isolation = draft.isolation.or(isolation(value));
        }
        Field::Name => {
            let first = value.split_whitespace().next().unwrap_or(value);
            if first.len() <= 253 {
                draft.name.get_or_insert_with(|| first.to_owned());
            }
        }
        Field::Updates => {
            for (_, _, kb) in update::stated(value) {
                draft.kb(kb);
            }
        }
    }
}

/// `Operating System: windows` of Kubernetes; `Microsoft Windows Server Version 21H2 (OS Build
/// 20348.169)` of Docker, which writes `Server` on servers and on nothing else.
fn operating_system<'c>(draft: &mut Draft<'c>, catalog: &'c Catalog, value: &str, line: usize) {
    match value.to_lowercase().as_str() {
        "windows" => draft.os = Some((Os::Windows, Said::new(value, line))),
        "linux" => draft.os = Some((Os::Linux, Said::new(value, line))),
        lower if lower.contains("windows") => {
            product(draft, catalog, value, line);
            if lower.starts_with("microsoft windows version") {
                draft.kind_by_name = draft.kind_by_name.or(Some(Kind::Client));
            }
        }
        _ => {
            draft.docker = true;
            draft.os.get_or_insert((Os::Linux, Said::new(value, line)));
        }
    }
}

/// A product's name with, it may be, its build: `Windows 10 Pro Version 1809 (OS Build 17763.107)`.
fn product<'c>(draft: &mut Draft<'c>, catalog: &'c Catalog, value: &str, line: usize) {
    let Some(at) = value.find("(OS Build ") else {
        if value.to_lowercase().contains("windows") {
            draft
                .os
                .get_or_insert((Os::Windows, Said::new(value, line)));
            draft.product_name(catalog, value, line);
        } else {
            draft.os.get_or_insert((Os::Linux, Said::new(value, line)));
        }
        return;
    };
    draft
        .os
        .get_or_insert((Os::Windows, Said::new(value, line)));
    draft.product_name(catalog, value[..at].trim(), line);
    let number = value[at + "(OS Build ".len()..].split([')', ' ']).next();
    if let Some(version) = number.and_then(|number| number.parse().ok()) {
        draft.version(version, Said::new(value, line));
    }
}

/// `containerd://1.6.6+azure`, `docker://20.10.9`.
pub(super) fn runtime(draft: &mut Draft<'_>, value: &str) {
    let Some((name, version)) = value.split_once("://") else {
        return;
    };
    draft.product = Product::parse(&name.to_ascii_lowercase());
    draft.engine = EngineVersion::parse(version.trim());
}

/// `windowsfilter` is the classic store; `windows` that of containerd.
fn store(draft: &mut Draft<'_>, value: &str) {
    draft.docker = true;
    if value.starts_with("windowsfilter") {
        draft.store = draft.store.or(Some(Store::Classic));
    } else if value == "windows" || value == "overlayfs" {
        draft.store = draft.store.or(Some(Store::Containerd));
    }
}

/// `windows`, `linux`; `windows/amd64`.
pub(super) fn os(value: &str) -> Option<Os> {
    match value.split('/').next()?.to_ascii_lowercase().as_str() {
        "windows" => Some(Os::Windows),
        "linux" => Some(Os::Linux),
        _ => None,
    }
}

/// `process`, `hyperv`.
pub(super) fn isolation(value: &str) -> Option<Isolation> {
    match value.to_ascii_lowercase().as_str() {
        "process" => Some(Isolation::Process),
        "hyperv" | "hyper-v" => Some(Isolation::Hyperv),
        _ => None,
    }
}

fn installation(value: &str) -> Option<Kind> {
    match value.to_ascii_lowercase().as_str() {
        "client" => Some(Kind::Client),
        "server" | "server core" | "nano server" => Some(Kind::Server),
        _ => None,
    }
}

fn product_type(value: &str) -> Option<Kind> {
    match normal(value).as_str() {
        "1" | "workstation" | "winnt" => Some(Kind::Client),
        "2" | "3" | "server" | "domaincontroller" | "servernt" | "lanmannt" => Some(Kind::Server),
        _ => None,
    }
}

/// A decimal or, as `reg query` writes it, hexadecimal number.
pub(super) fn number(value: &str) -> Option<u32> {
    let value = value.split_whitespace().next()?;
    match value
        .strip_prefix("0x")
        .or_else(|| value.strip_prefix("0X"))
    {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None if value.bytes().all(|byte| byte.is_ascii_digit()) => value.parse().ok(),
        None => None,
    }
}

/// `17763`, in a field that holds the build.
fn build(value: &str) -> Option<OsVersion> {
    let version: OsVersion = value.parse().ok()?;
    (version.revision.is_none()).then_some(version)
}

/// The version with which a value starts: `10.0.17763 N/A Build 17763`. Windows' own only: 10.0, and
/// 6.x before it.
pub(super) fn leading_version(value: &str) -> Option<OsVersion> {
    let word = value
        .trim()
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .next()?;
    if word.matches('.').count() < 2 {
        return None;
    }
    word.parse().ok().filter(|version| is_windows(*version))
}

/// Whether the numbers are those of a Windows, and not of an address or a product.
pub(super) fn is_windows(version: OsVersion) -> bool {
    match (version.major, version.minor) {
        (10, 0) => version.build >= crate::version::SMALLEST_BARE_BUILD,
        (6, 1..=3) => (7600..=9600).contains(&version.build),
        _ => false,
    }
}

/// `14393.321.amd64fre.rs1_release_inmarket.161004-2338`: build, lab revision, flavour.
pub(super) fn lab(text: &str) -> Option<OsVersion> {
    let text = text.trim_start();
    let mut parts = text.splitn(4, '.');
    let (build, revision, flavour) = (parts.next()?, parts.next()?, parts.next()?);
    let flavours = ["amd64", "arm64", "x86", "arm", "woa"];
    if !flavours.iter().any(|prefix| flavour.starts_with(prefix)) {
        return None;
    }
    format!("{build}.{revision}").parse().ok()
}

/// What a kernel version says.
pub(super) enum Kernel {
    Plain(OsVersion),
    WithLab(OsVersion, OsVersion),
}

/// `10.0.20348.825`, or as engines before 2018 write it `10.0 14393 (14393.1715.amd64fre…)`.
pub(super) fn kernel(value: &str) -> Option<Kernel> {
    if let Some(version) = leading_version(value) {
        return Some(Kernel::Plain(version));
    }
    let rest = value.strip_prefix("10.0 ")?;
    let (build, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let version: OsVersion = build.parse().ok()?;
    if version.revision.is_some() {
        return None;
    }
    Some(match rest.trim_start().strip_prefix('(').and_then(lab) {
        Some(lab) => Kernel::WithLab(version, lab),
        None => Kernel::Plain(version),
    })
}

/// Puts what a label says into the draft. True where the label says anything.
pub(super) fn label<'c>(
    draft: &mut Draft<'c>,
    catalog: &'c Catalog,
    key: &str,
    value: &str,
    line: usize,
) -> bool {
    let value = value.trim().trim_matches('"');
    let said = || Said::new(&format!("{key}={value}"), line);
    match key {
        "kubernetes.io/os" | "beta.kubernetes.io/os" => {
            if let Some(os) = os(value) {
                draft.os.get_or_insert((os, said()));
            }
        }
        "kubernetes.io/arch" | "beta.kubernetes.io/arch" => {
            draft.arch = draft.arch.or_else(|| Arch::parse(value));
        }
        "kubernetes.io/hostname" => {
            draft.name.get_or_insert_with(|| value.to_owned());
        }
        "kubernetes.azure.com/os-sku"
            if kind_in(value).is_some() || value.starts_with("Windows") =>
        {
            draft.product_name(catalog, value, line);
        }
        _ if key == "node.kubernetes.io/windows-build" || key.ends_with("/osbuild") => {
            let parsed = value.parse::<OsVersion>();
            if let Some(version) = parsed.ok().filter(|version| is_windows(*version)) {
                // The patch level in one label refines the build in the other.
                let better = draft.label.as_ref().is_none_or(|(known, _)| {
                    known.revision.is_none() && version.revision.is_some()
                });
                if better {
                    draft.label = Some((version, said()));
                }
            }
        }
        _ => {
            let Some(platform) = super::node::platform_of(key) else {
                return false;
            };
            set_platform(draft, catalog, platform, key);
            return true;
        }
    }
    if key.starts_with("kubernetes.azure.com/") {
        set_platform(draft, catalog, "aks", key);
    }
    draft.kubernetes = true;
    true
}

fn set_platform(draft: &mut Draft<'_>, catalog: &Catalog, name: &str, label: &str) {
    draft.kubernetes = true;
    let at = catalog
        .platforms
        .iter()
        .position(|platform| platform.platform == name);
    if let (Some(at), None) = (at.and_then(|at| u8::try_from(at).ok()), &draft.platform) {
        let full = catalog.platforms[usize::from(at)].name;
        draft.platform = Some((
            at,
            format!("platform: {name} ({full}), by the label {label}"),
        ));
    }
}

/// Labels as `docker node update` sets them: `OS` and `OsVersion`, in any case.
pub(super) fn swarm_label(draft: &mut Draft<'_>, key: &str, value: &str, line: usize) {
    let said = || Said::new(&format!("{key}={value}"), line);
    match normal(key).as_str() {
        "os" => draft.label_os = os(value).map(|os| (os, said())),
        "osversion" => {
            let parsed = value.trim().parse::<OsVersion>();
            draft.label = parsed
                .ok()
                .filter(|version| is_windows(*version))
                .map(|version| (version, said()));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_versions_of_all_ages() {
        let full = |text| match kernel(text) {
            Some(Kernel::Plain(version)) => version.to_string(),
            Some(Kernel::WithLab(version, lab)) => format!("{version} lab {}", lab.short()),
            None => "none".to_owned(),
        };
        assert_eq!(full("10.0.20348.825"), "10.0.20348.825");
        assert_eq!(
            full("10.0 14393 (14393.1715.amd64fre.rs1_release_inmarket.170906-1810)"),
            "10.0.14393 lab 14393.1715"
        );
        assert_eq!(
            full("10.0 19045 (19041.1.amd64fre.vb_release.191206-1406)"),
            "10.0.19045 lab 19041.1"
        );
        assert_eq!(full("5.4.0-1083-azure"), "none");
        assert_eq!(full("10.0.138.9"), "none");
        assert_eq!(full("10.0"), "none");
    }

    #[test]
    fn labs_and_numbers() {
        assert_eq!(
            lab("14393.321.amd64fre.rs1_release_inmarket.161004-2338"),
            Some(OsVersion::new(14393, 321))
        );
        assert_eq!(lab("17763.rs5_release.180914-1434"), None);
        assert_eq!(lab("14393.321.banana"), None);
        assert_eq!(number("0x1b5"), Some(437));
        assert_eq!(number("437"), Some(437));
        assert_eq!(number("0xffffffffff"), None);
        assert_eq!(number("-1"), None);
    }

    #[test]
    fn every_key_is_written_as_it_is_looked_up() {
        for known in KNOWN {
            assert_eq!(normal(known.key), known.key);
        }
    }
}
