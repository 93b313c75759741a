//! What a diagnosis says, in one plain sentence, and what to run next.

use winfit_core::catalog::Catalog;
use winfit_core::host::Kind;
use winfit_core::version::OsVersion;

use crate::codes;
use crate::diagnosis::{Diagnosis, DiagnosisKind, SubjectKind};
use crate::facts::says_windows;
use crate::swarm::ZERO_REPLICAS;

/// A release by its name, with the build in numbers beside it.
fn in_words(version: OsVersion, kind: Kind) -> String {
    let catalog = Catalog::builtin();
    let kind = match kind {
        Kind::Unknown => catalog
            .kinds_of(version.build)
            .map_or(Kind::Unknown, winfit_core::catalog::Kinds::only),
        known => known,
    };
    let named = match kind {
        // A build of both a server and a client has no one name.
        Kind::Unknown => None,
        kind => catalog.main_release(version.build, kind),
    };
    match named {
        Some(release) => format!("{} ({version})", release.name),
        None => format!("Windows {version}"),
    }
}

impl Diagnosis {
    /// Who it happened to, as the beginning of a sentence.
    pub fn who(&self) -> String {
        let subject = &self.subject;
        let name = subject.name.as_deref();
        match (subject.kind, name) {
            (Some(SubjectKind::Pod), Some(name)) => match &subject.namespace {
                Some(namespace) => format!("Pod {namespace}/{name}"),
                None => format!("Pod {name}"),
            },
            (Some(SubjectKind::Service), Some(name)) => format!("Service {name}"),
            (Some(SubjectKind::Task), Some(name)) => format!("Task {name}"),
            (_, Some(name)) => format!("Container {name}"),
            (_, None) => match (&self.container_id, &self.image) {
                (Some(id), _) => format!("Container {}", &id[..id.len().min(12)]),
                (None, Some(image)) => format!("A container of {image}"),
                (None, None) => "A container".to_owned(),
            },
        }
    }

    /// One plain sentence: what happened, to what. Versions that the text states are in it.
    pub fn message(&self) -> String {
        let who = self.who();
        let on = match &self.subject.node {
            Some(node) => format!(" on node {node}"),
            None => String::new(),
        };
        let image = self.image.as_deref();
        let the_image = image.unwrap_or("the image");
        match self.kind {
            DiagnosisKind::StartMismatch => self.start(&who, &on),
            DiagnosisKind::SandboxMismatch => format!(
                "{who} cannot start{on}: its pause image, not yours, was built for another Windows than the node's."
            ),
            DiagnosisKind::PullNoMatch => {
                let host = match self.host_version {
                    Some(version) => format!("this host ({})", in_words(version, Kind::Unknown)),
                    None => "this host".to_owned(),
                };
                let holds = match self.image_version {
                    Some(version) => format!(", only one for {}", in_words(version, Kind::Server)),
                    None if self.has_windows || image.is_some_and(says_windows) => {
                        "; it is for other versions of Windows".to_owned()
                    }
                    None => "; most often the image has no Windows variant at all".to_owned(),
                };
                match image {
                    Some(image) => format!("{image} has no variant for {host}{holds}."),
                    None => format!("The image has no variant for {host}{holds}."),
                }
            }
            DiagnosisKind::PullUplevel => {
                let image = image.unwrap_or("The image");
                match (self.image_version, self.host_version) {
                    (Some(of_image), Some(of_host)) => format!(
                        "{image} cannot be pulled: it is for {}, newer than the host's {}.",
                        in_words(of_image, Kind::Server),
                        in_words(of_host, Kind::Unknown)
                    ),
                    (None, Some(of_host)) => format!(
                        "{image} cannot be pulled: it is for a newer Windows than the host's {}.",
                        in_words(of_host, Kind::Unknown)
                    ),
                    (Some(of_image), None) => format!(
                        "{image} cannot be pulled: it is for {}, newer than the host's Windows.",
                        in_words(of_image, Kind::Server)
                    ),
                    (None, None) if self.signature == "pull-old-uplevel" => format!(
                        "{image} could not be unpacked; engines before 2018 say this of images for a newer Windows than the host's."
                    ),
                    (None, None) => {
                        format!(
                            "{image} cannot be pulled: it is for a newer Windows than the host's."
                        )
                    }
                }
            }
            DiagnosisKind::RevisionSuspect if self.signature == "hcs-unknown-layer" => format!(
                "{who} cannot start{on}: a layer of {the_image} has a format that this Windows does not know, as seen with Windows Server 2025 images (26100) on Windows 11 25H2 (26200)."
            ),
            DiagnosisKind::RevisionSuspect => format!(
                "{who} exited while it was starting{on}; the patch levels of image and host may be too far apart, but other causes look the same."
            ),
            DiagnosisKind::WrongOs => self.wrong_os(),
            DiagnosisKind::HypervUnavailable if self.signature == "no-utility-vm" => format!(
                "{who} cannot start{on} with Hyper-V isolation: {the_image} lacks the utility VM that such a container boots."
            ),
            DiagnosisKind::HypervUnavailable => format!(
                "{who} cannot start{on}: it asks for Hyper-V isolation, and this host has no Hyper-V running."
            ),
            DiagnosisKind::OtherHcs => self.other(&who, &on),
        }
    }

    fn start(&self, who: &str, on: &str) -> String {
        if self.signature == ZERO_REPLICAS {
            let (running, wanted) = self.replicas.unwrap_or((0, 1));
            return format!(
                "{who} has {running} of {wanted} replicas running; the list does not say why, and an image for another Windows is one possible cause."
            );
        }
        if self.truncated {
            return format!(
                "{who} does not start{on}, and Docker shows only the beginning of its error; an image for another Windows than the host's is one possible cause."
            );
        }
        match self.signature {
            "hcs-create-localised" => format!(
                "{who} was not created{on}: Windows refused it in words winfit does not read and without a code; an image for another Windows than the host's is one possible cause."
            ),
            "hcs-old-build" => format!(
                "{who} cannot start{on}: early builds of Windows say this of images for another Windows than the host's, though other causes are possible."
            ),
            "app-service" => format!(
                "{who} cannot start: its image is for another Windows than the App Service plan's."
            ),
            _ => format!(
                "{who} cannot start{on}: its image was built for another Windows than the host's."
            ),
        }
    }

    fn wrong_os(&self) -> String {
        let image = self.image.as_deref().unwrap_or("The image");
        let plain = |os: &str| match os {
            "windows" => "Windows".to_owned(),
            "linux" => "Linux".to_owned(),
            other => other.to_owned(),
        };
        match (self.image_os.as_deref(), self.wanted_os.as_deref()) {
            (Some(has), Some(wanted)) => format!(
                "{image} is a {} image, and this engine runs {} containers.",
                plain(has),
                plain(wanted)
            ),
            (None, Some(wanted)) => {
                format!("{image} has no {} variant.", plain(wanted))
            }
            _ => format!("{image} has no variant for the operating system of this engine."),
        }
    }

    fn other(&self, who: &str, on: &str) -> String {
        if self.signature == "client-hyperv-only" {
            return format!(
                "{who} cannot start{on}: this Windows is a client that runs only Hyper-V containers."
            );
        }
        match self.code.and_then(codes::row_of) {
            Some(row) if self.signature == "hcs-insider" => {
                format!("{who} cannot start{on}: {}.", row.plain)
            }
            Some(row) => format!(
                "Windows reports of {}{on} that {}; that is no version mismatch.",
                lower_first(who),
                row.plain
            ),
            None => format!(
                "Windows reports a failure of {}{on} that is no version mismatch.",
                lower_first(who)
            ),
        }
    }

    /// The constant's name of the code, such as `HCS_E_IMAGE_MISMATCH`.
    pub fn code_name(&self) -> Option<String> {
        let code = self.code?;
        let row = codes::row_of(code)?;
        let prefix = if code >> 28 == 0x8 {
            "HCS_E_"
        } else {
            "ERROR_VMCOMPUTE_"
        };
        Some(format!("{prefix}{}", row.name))
    }

    /// Commands that show more, where the text itself calls for them.
    pub fn next_commands(&self) -> Vec<String> {
        let Some(name) = &self.subject.name else {
            return Vec::new();
        };
        let vague = self.truncated || self.signature == ZERO_REPLICAS;
        match self.subject.kind {
            Some(SubjectKind::Service) if vague => {
                vec![format!("docker service ps --no-trunc {name}")]
            }
            _ => Vec::new(),
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}
