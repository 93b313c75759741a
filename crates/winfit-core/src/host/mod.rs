//! Hosts: where containers run.

mod decode;
mod draft;
mod facts;
mod fields;
mod json;
mod lines;
mod node;
mod pairs;
mod read;
mod running;
mod sentence;
mod session;
mod spec;
mod tables;
mod text;
mod update;

pub use decode::decode;
pub use node::NodeFacts;
pub use read::{Alternative, HostReading, ReadHost, Unread};
pub use spec::{HostSpecError, choices, read_host_spec};
pub use text::read_hosts;

use crate::catalog::{Catalog, Stream, stream};
use crate::engine::{Engine, Product};
use crate::version::OsVersion;

/// How a container is separated from its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// It shares the host's kernel.
    Process,
    /// It runs in a small virtual machine with a kernel of its own.
    Hyperv,
}

impl Isolation {
    /// The word in flags, JSON and `docker run --isolation`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Hyperv => "hyperv",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Process => Self::Hyperv,
            Self::Hyperv => Self::Process,
        }
    }
}

/// Server or client. Several builds are both (`17763` is Windows Server 2019 and Windows 10 1809).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Windows Server.
    Server,
    /// Windows 10 or 11.
    Client,
    /// Not stated, and the build leaves both.
    Unknown,
}

impl Kind {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Unknown => "unknown",
        }
    }
}

/// The operating system of a host or of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Os {
    /// Windows.
    Windows,
    /// Linux.
    Linux,
}

impl Os {
    /// The word in JSON and in registries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Linux => "linux",
        }
    }
}

/// A processor architecture, by its OCI name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// x86-64.
    Amd64,
    /// 64-bit Arm.
    Arm64,
    /// 32-bit Arm (Windows IoT).
    Arm,
    /// 32-bit x86.
    X86,
}

impl Arch {
    /// The OCI name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
            Self::Arm => "arm",
            Self::X86 => "386",
        }
    }

    /// Reads the names that engines and people use.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "amd64" | "x86_64" | "x86-64" | "x64" => Self::Amd64,
            "arm64" | "aarch64" | "arm64/v8" => Self::Arm64,
            "arm" | "arm32v7" | "arm/v7" => Self::Arm,
            "386" | "x86" | "i386" => Self::X86,
            _ => return None,
        })
    }
}

/// The facts of a host that decide a verdict. Small and `Copy`: its name and where it was learnt
/// belong to whoever read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// Windows, or the Linux node beside it.
    pub os: Os,
    /// Its Windows version, where known.
    pub version: Option<OsVersion>,
    /// Server or client, as stated or inferred by the reader.
    pub kind: Kind,
    /// Its architecture, where known.
    pub arch: Option<Arch>,
    /// Whether Hyper-V isolation can be used; none: not stated, taken as yes.
    pub hyperv: Option<bool>,
    /// The hosting platform offers no Hyper-V isolation: its index in the catalog's platforms.
    pub platform: Option<u8>,
    /// The engine, where named.
    pub engine: Option<Engine>,
    /// The default isolation that its engine is configured with (`exec-opts`), where stated.
    pub configured_isolation: Option<Isolation>,
}

impl Host {
    /// A Windows host of which only the version is known.
    pub const fn windows(version: OsVersion) -> Self {
        Self {
            os: Os::Windows,
            version: Some(version),
            kind: Kind::Unknown,
            arch: None,
            hyperv: None,
            platform: None,
            engine: None,
            configured_isolation: None,
        }
    }

    /// The same host, its kind told.
    #[must_use]
    pub const fn with_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Server or client: as told; else as the build or the stream of its revisions leaves no choice.
    #[inline]
    pub fn effective_kind(&self, catalog: &Catalog) -> Kind {
        let (Kind::Unknown, Some(version)) = (self.kind, self.version) else {
            return self.kind;
        };
        let by_build = catalog
            .kinds_of(version.build)
            .map_or(Kind::Unknown, super::catalog::Kinds::only);
        match (by_build, version.revision) {
            (Kind::Unknown, Some(revision)) => match stream(version.build, revision) {
                Stream::Server => Kind::Server,
                Stream::Client => Kind::Client,
                Stream::Common => Kind::Unknown,
            },
            (kind, _) => kind,
        }
    }

    /// The isolation that a container gets when nobody asks for one: as configured; else process on
    /// servers and with containerd, Hyper-V on clients with Docker, process where the kind is unknown.
    pub fn default_isolation(&self, catalog: &Catalog) -> Isolation {
        self.default_isolation_of(self.effective_kind(catalog))
    }

    /// The same, for a host whose [`Self::effective_kind`] is known to the caller.
    #[inline]
    pub(crate) fn default_isolation_of(&self, effective_kind: Kind) -> Isolation {
        if let Some(configured) = self.configured_isolation {
            return configured;
        }
        let containerd = self
            .engine
            .is_some_and(|engine| engine.product == Product::Containerd);
        if effective_kind == Kind::Client && !containerd {
            Isolation::Hyperv
        } else {
            Isolation::Process
        }
    }

    /// Whether Hyper-V isolation can be used here: as stated for the host; else as its platform
    /// offers it; yes where neither is known.
    #[inline]
    pub fn hyperv_offer(&self, catalog: &Catalog) -> HypervOffer {
        match (self.hyperv, self.platform) {
            (Some(true), _) | (None, None) => HypervOffer::Yes,
            (Some(false), _) => HypervOffer::No,
            (None, Some(at)) => match catalog.platforms.get(usize::from(at)) {
                Some(platform) => match platform.hyperv {
                    Some(true) => HypervOffer::Yes,
                    Some(false) => HypervOffer::No,
                    None => HypervOffer::NotStated,
                },
                None => HypervOffer::Yes,
            },
        }
    }
}

/// Whether a host offers Hyper-V isolation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HypervOffer {
    /// It does, or nothing speaks against it.
    Yes,
    /// It does not.
    No,
    /// Its platform's documentation does not say.
    NotStated,
}
