//! What to do about a diagnosis whose versions are not known: the ways that are open, and how to
//! learn which of them fits.

use winfit_core::image::NamedImage;
use winfit_core::remedy::{Command, Remedy, RemedyKind, Safety, Shell, docker_run, node_selector};
use winfit_explain::{Diagnosis, DiagnosisKind, SubjectKind};

use super::verdict::Missing;
use crate::output::{printable, wrap};

fn remedy(kind: RemedyKind, safety: Safety, title: &str, commands: Vec<Command>) -> Remedy {
    Remedy {
        kind,
        title: title.to_owned(),
        safety,
        commands,
        diff: None,
        changes: Vec::new(),
    }
}

fn command(shell: Shell, text: impl Into<String>) -> Command {
    Command {
        shell,
        text: text.into(),
    }
}

/// The command that names the tags for the host.
fn winfit_tag(diagnosis: &Diagnosis) -> Command {
    let host = diagnosis
        .host_version
        .map_or_else(|| "HOST".to_owned(), |version| version.to_string());
    command(Shell::Any, format!("winfit tag --host {host}"))
}

/// The ways that are open. `looked_up` says that the image's registry was asked what it has.
pub(super) fn remedies(diagnosis: &Diagnosis, looked_up: bool) -> Vec<Remedy> {
    let vague = diagnosis.next_commands();
    if !vague.is_empty() {
        let commands = vague
            .into_iter()
            .map(|text| command(Shell::Any, text))
            .collect();
        return vec![remedy(
            RemedyKind::SameVersion,
            Safety::Safe,
            "show the whole error, and give it to winfit explain",
            commands,
        )];
    }
    let image = diagnosis.image.as_deref().unwrap_or("IMAGE");
    match diagnosis.kind {
        DiagnosisKind::StartMismatch => start_mismatch(diagnosis, image),
        DiagnosisKind::SandboxMismatch => vec![remedy(
            RemedyKind::Rebuild,
            Safety::Unsafe,
            "give containerd a pause image for this node's Windows, in sandbox_image of its config.toml (registry.k8s.io/pause:3.10.2 is the first for Windows Server 2025)",
            vec![command(Shell::PowerShell, "Restart-Service containerd")],
        )],
        DiagnosisKind::PullNoMatch => no_match(diagnosis, image, looked_up),
        DiagnosisKind::PullUplevel => vec![
            remedy(
                RemedyKind::Rebuild,
                Safety::Unsafe,
                "take the image's tag for the host's Windows, or build it there",
                vec![winfit_tag(diagnosis)],
            ),
            remedy(
                RemedyKind::OtherHost,
                Safety::Unsafe,
                "run it on a host whose Windows is as new as the image's",
                Vec::new(),
            ),
        ],
        DiagnosisKind::RevisionSuspect => vec![
            remedy(
                RemedyKind::PatchHost,
                Safety::Unsafe,
                "compare the patch levels of host and image, and bring the older one up to date",
                vec![
                    command(
                        Shell::Any,
                        format!("docker image inspect --format \"{{{{.OsVersion}}}}\" {image}"),
                    ),
                    command(Shell::PowerShell, "cmd /c ver"),
                ],
            ),
            remedy(
                RemedyKind::Rebuild,
                Safety::Unsafe,
                "use an image of an older patch level",
                Vec::new(),
            ),
        ],
        DiagnosisKind::WrongOs => match diagnosis.wanted_os.as_deref() {
            Some("windows") => vec![switch_engine(
                "switch Docker Desktop to Linux containers, or run it on a Linux host",
            )],
            Some("linux") => vec![switch_engine(
                "switch Docker Desktop to Windows containers, or run it on a Windows host",
            )],
            _ => Vec::new(),
        },
        DiagnosisKind::HypervUnavailable if diagnosis.signature == "no-utility-vm" => vec![remedy(
            RemedyKind::Rebuild,
            Safety::Unsafe,
            "build the image on a base image from mcr.microsoft.com/windows, which brings what Hyper-V isolation boots, or run it with process isolation",
            Vec::new(),
        )],
        DiagnosisKind::HypervUnavailable => vec![
            remedy(
                RemedyKind::Isolation,
                Safety::Unsafe,
                "install Hyper-V on the host; a virtual machine needs nested virtualisation",
                vec![
                    command(Shell::PowerShell, "Install-WindowsFeature Hyper-V -Restart"),
                    command(
                        Shell::PowerShell,
                        "Set-VMProcessor -VMName VM -ExposeVirtualizationExtensions $true",
                    ),
                ],
            ),
            remedy(
                RemedyKind::Isolation,
                Safety::Unsafe,
                "run it with process isolation, on a host that has the image's Windows",
                Vec::new(),
            ),
        ],
        DiagnosisKind::OtherHcs if diagnosis.signature == "client-hyperv-only" => vec![remedy(
            RemedyKind::Isolation,
            Safety::Safe,
            "isolate it with Hyper-V, which Windows clients allow",
            docker_run("--isolation=hyperv", image),
        )],
        DiagnosisKind::OtherHcs => Vec::new(),
    }
}

/// Look at the index first: most often the image has no Windows variant at all.
fn no_match(diagnosis: &Diagnosis, image: &str, looked_up: bool) -> Vec<Remedy> {
    let named = NamedImage::read(crate::overlay::catalog(), image).ok();
    let for_windows =
        named.is_some_and(|named| named.base.is_some() || named.image.version.is_some());
    let mut remedies = Vec::new();
    if !looked_up {
        remedies.push(remedy(
            RemedyKind::Rebuild,
            Safety::Safe,
            "see which systems the image has",
            vec![command(
                Shell::Any,
                format!("docker manifest inspect {image}"),
            )],
        ));
    }
    let title = if diagnosis.has_windows {
        "take the image's tag for this host, or build it there"
    } else {
        "if it has Windows variants, take the tag for this host"
    };
    if diagnosis.has_windows || !looked_up {
        remedies.push(remedy(
            RemedyKind::Rebuild,
            Safety::Unsafe,
            title,
            vec![winfit_tag(diagnosis)],
        ));
    }
    if !for_windows && !diagnosis.has_windows && diagnosis.subject.kind != Some(SubjectKind::Pod) {
        remedies.push(switch_engine(
            "if it is a Linux image, switch Docker Desktop to Linux containers",
        ));
    }
    remedies
}

/// The three ways: rebuild, isolate where the host is newer, another host.
fn start_mismatch(diagnosis: &Diagnosis, image: &str) -> Vec<Remedy> {
    let rebuild = remedy(
        RemedyKind::Rebuild,
        Safety::Unsafe,
        "build the image on the host's Windows",
        vec![winfit_tag(diagnosis)],
    );
    if diagnosis.subject.kind == Some(SubjectKind::Pod) {
        let version = diagnosis.image_version.or_else(|| {
            NamedImage::read(crate::overlay::catalog(), image)
                .ok()?
                .image
                .version
        });
        let place = version.map_or_else(
            || {
                remedy(
                    RemedyKind::OtherHost,
                    Safety::Unsafe,
                    "place the pod only on nodes that have the image's Windows, by a node selector on node.kubernetes.io/windows-build",
                    Vec::new(),
                )
            },
            node_selector,
        );
        return vec![rebuild, place];
    }
    vec![
        rebuild,
        remedy(
            RemedyKind::Isolation,
            Safety::Safe,
            "isolate it with Hyper-V, if the host's Windows is the newer one",
            docker_run("--isolation=hyperv", image),
        ),
        remedy(
            RemedyKind::OtherHost,
            Safety::Unsafe,
            "run it on a host that has the image's Windows",
            Vec::new(),
        ),
    ]
}

fn switch_engine(title: &str) -> Remedy {
    remedy(
        RemedyKind::Engine,
        Safety::Unsafe,
        title,
        vec![command(
            Shell::PowerShell,
            "& \"$Env:ProgramFiles\\Docker\\Docker\\DockerCli.exe\" -SwitchDaemon",
        )],
    )
}

/// How to get from here to the full verdict: only what is missing is asked for.
pub(super) fn to_settle(
    diagnosis: &Diagnosis,
    file: Option<&str>,
    missing: &Missing,
) -> Vec<String> {
    let mismatch = matches!(
        diagnosis.kind,
        DiagnosisKind::StartMismatch | DiagnosisKind::RevisionSuspect
    );
    if !mismatch || !diagnosis.next_commands().is_empty() {
        return Vec::new();
    }
    let needs = match (missing.host, missing.image) {
        (true, true) => "the two versions",
        (true, false) => "the host's version",
        (false, true) => "the image's version",
        (false, false) => return Vec::new(),
    };
    let mut lines = vec![String::new()];
    if let Some(not_among) = &missing.not_among {
        lines.push(wrap(&printable(not_among), "  ", "  "));
    }
    lines.push(wrap(
        &format!("To say which of these works, winfit needs {needs}:"),
        "  ",
        "  ",
    ));
    let mut command = "    winfit explain".to_owned();
    if missing.host {
        match (&diagnosis.subject.node, diagnosis.subject.kind) {
            (Some(node), Some(SubjectKind::Pod)) => {
                let node = printable(node);
                lines.push(format!("    kubectl describe node {node} > node.txt"));
                command.push_str(" --host @node.txt");
            }
            _ => command.push_str(" --host HOST"),
        }
    }
    if missing.image {
        let image = diagnosis.image.as_deref().unwrap_or("IMAGE");
        lines.push(format!(
            "    docker image inspect --format \"{{{{.OsVersion}}}}\" {}",
            printable(image)
        ));
        command.push_str(" --image-version VERSION");
    }
    if let Some(file) = file {
        command.push(' ');
        command.push_str(&printable(file));
    }
    lines.push(command);
    lines
}
