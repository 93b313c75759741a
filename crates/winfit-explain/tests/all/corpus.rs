//! Every form of the error corpus: pulls (A), starts (B), codes (C), and what is none of them.

use winfit_explain::explain_bytes;

use crate::{brief, briefs, one};

const ID: &str = "b81ed896222eb87906ccab1c3dd2fc49324eafa798438f7979b87b210906f839";

/// The pulls, as `(row, text, diagnosis, image and versions)`.
pub(crate) const PULLS: &[(&str, &str, &str, &str)] = &[
    (
        "A1",
        "no matching manifest for windows/amd64 in the manifest list entries",
        "pull-no-match - certain error",
        "- - -",
    ),
    (
        "A2",
        "no matching manifest for unknown in the manifest list entries",
        "pull-no-match - likely error",
        "- - -",
    ),
    (
        "A3",
        "docker: no matching manifest for windows/amd64 10.0.17763 in the manifest list entries.",
        "pull-no-match - certain error",
        "- - 10.0.17763",
    ),
    (
        "A3 1903",
        "no matching manifest for windows/amd64 10.0.19045 in the manifest list entries",
        "pull-no-match - certain error",
        "- - 10.0.19045",
    ),
    (
        "A4",
        "no matching manifest for windows(10.0.19045)/amd64 in the manifest list entries",
        "pull-no-match - certain error",
        "- - 10.0.19045",
    ),
    (
        "A4 arm",
        "no matching manifest for windows(10.0.17763)/arm64/v8 in the manifest list entries",
        "pull-no-match - certain error",
        "- - 10.0.17763",
    ),
    (
        "A5",
        "no matching manifest for windows(10.0.26200)/amd64/v3 in the manifest list entries: no match for platform in manifest: not found",
        "pull-no-match - certain error",
        "- - 10.0.26200",
    ),
    (
        "A6",
        "a Windows version 10.0.20348-based image is incompatible with a 10.0.17763 host",
        "pull-uplevel - certain error",
        "- 10.0.20348 10.0.17763",
    ),
    (
        "A6 build",
        "Step 1/3 : FROM mcr.microsoft.com/windows/servercore:ltsc2019\nltsc2019: Pulling from windows/servercore\na Windows version 10.0.17763-based image is incompatible with a 10.0.17134 host",
        "pull-uplevel - certain error",
        "mcr.microsoft.com/windows/servercore:ltsc2019 10.0.17763 10.0.17134",
    ),
    (
        "A6 ECS",
        "CannotPullContainerError: a Windows version 10.0.203…48-based image is incompatible with a 10.0.17763 host",
        "pull-uplevel - certain error",
        "- - 10.0.17763",
    ),
    (
        "A6 dots",
        "CannotPullContainerError: a Windows version 10.0.203...48-based image is incompatible with a 10.0.17763 host",
        "pull-uplevel - certain error",
        "- - 10.0.17763",
    ),
    (
        "A7",
        "Failed to pull image \"mcr.microsoft.com/windows/nanoserver:1809\": rpc error: code = NotFound desc = failed to pull and unpack image \"mcr.microsoft.com/windows/nanoserver:1809\": no match for platform in manifest: not found",
        "pull-no-match - certain error",
        "mcr.microsoft.com/windows/nanoserver:1809 - -",
    ),
    (
        "A7 plain",
        "failed to pull and unpack image \"docker.io/grafana/promtail:2.9\": no match for platform in manifest: not found",
        "pull-no-match - likely error",
        "docker.io/grafana/promtail:2.9 - -",
    ),
    (
        "A8",
        "failed to solve with frontend dockerfile.v0: failed to create LLB definition: no match for platform in manifest sha256:562741016ce7d9a232a389449a4fd0a0a55aab178cf324144404812887250ead: not found",
        "pull-no-match - likely error",
        "- - -",
    ),
    (
        "A8 buildkit",
        "failed to resolve source metadata for mcr.microsoft.com/windows/servercore:ltsc2025: no match for platform in manifest: not found",
        "pull-no-match - certain error",
        "mcr.microsoft.com/windows/servercore:ltsc2025 - -",
    ),
    (
        "A9",
        "cannot download image with operating system \"linux\" when requesting \"windows\"",
        "wrong-os - certain error",
        "- - -",
    ),
    (
        "A9 used",
        "image operating system \"linux\" cannot be used on this platform: operating system is not supported",
        "wrong-os - certain error",
        "- - -",
    ),
    (
        "A9 windows",
        "image operating system \"windows\" cannot be used on this platform",
        "wrong-os - certain error",
        "- - -",
    ),
    (
        "A10",
        "image with reference nginx:latest was found but its platform (linux/amd64) does not match the specified platform (windows/amd64)",
        "wrong-os - certain error",
        "nginx:latest - -",
    ),
    (
        "A10 version",
        "image with reference app:1 was found but its platform (windows(10.0.20348)/amd64) does not match the specified platform (windows(10.0.17763)/amd64)",
        "pull-no-match - certain error",
        "app:1 10.0.20348 10.0.17763",
    ),
    (
        "A10 store",
        "image with reference nginx:latest was found but does not provide the specified platform (windows/amd64)",
        "wrong-os - likely error",
        "nginx:latest - -",
    ),
    (
        "A10 any",
        "image with reference contoso/windows-app:2 was found but does not provide any platform",
        "wrong-os - possible warning",
        "contoso/windows-app:2 - -",
    ),
    (
        "A11",
        "no image found in manifest list for architecture \"amd64\", variant \"\", OS \"windows\"",
        "wrong-os - certain error",
        "- - -",
    ),
    (
        "A11 index",
        "no image found in image index for architecture \"amd64\", variant \"\", OS \"windows\"",
        "wrong-os - certain error",
        "- - -",
    ),
    (
        "A12",
        "failed to register layer: re-exec error: exit status 1: output: ProcessUtilityVMImage C:\\ProgramData\\docker\\windowsfilter\\x\\UtilityVM: The system cannot find the path specified.",
        "pull-uplevel - likely error",
        "- - -",
    ),
    (
        "A12 import",
        "failed to register layer: re-exec error: exit status 1: output: hcsshim::ImportLayer failed in Win32: The system cannot find the file specified. (0x2) layerId=\\\\?\\C:\\x",
        "pull-uplevel - possible warning",
        "- - -",
    ),
    (
        "A12 path",
        "hcsshim::ImportLayer failed in Win32: The system cannot find the path specified. (0x3)",
        "pull-uplevel - possible warning",
        "- - -",
    ),
    (
        "linux, Windows image",
        "failed to pull mcr.microsoft.com/windows/nanoserver:1809\nUnable to find image 'mcr.microsoft.com/windows/nanoserver:1809' locally\nno matching manifest for linux/amd64 in the manifest list entries",
        "wrong-os - likely error",
        "mcr.microsoft.com/windows/nanoserver:1809 - -",
    ),
    (
        "swarm, cut",
        "x1x2x3x4x5x6   web.1   app:1   WIN-1   Ready   Rejected 3 seconds ago   \"no matching manifest for windo…\"",
        "pull-no-match - likely error",
        "app:1 - -",
    ),
];

#[test]
fn pulls() {
    for (row, text, expected, facts) in PULLS {
        let found = one(text);
        assert_eq!(brief(&found), *expected, "{row}");
        let shown = |value: Option<String>| value.unwrap_or("-".to_owned());
        let actual = format!(
            "{} {} {}",
            shown(found.image.clone()),
            shown(found.image_version.map(|version| version.to_string())),
            shown(found.host_version.map(|version| version.to_string())),
        );
        assert_eq!(actual, *facts, "{row}");
    }
}

/// The starts, as `(row, text, diagnosis)`; also what the wrapping tests wrap.
pub(crate) fn starts() -> Vec<(&'static str, String, &'static str)> {
    const MISMATCH: &str = "start-mismatch 0xc0370101 certain error";
    const CODELESS: &str = "start-mismatch - certain error";
    let old =
        "The operating system of the container does not match the operating system of the host.";
    let new = "The container operating system does not match the host operating system.";
    vec![
        ("B1", format!("container {ID} encountered an error during CreateContainer: failure in a Windows system call: {old} (0xc0370101) extra info: {{\"SystemType\":\"Container\",\"Owner\":\"docker\"}}"), MISMATCH),
        ("B2", format!("CreateComputeSystem {ID}: {new}\n(extra info: {{\"SystemType\":\"Container\",\"Owner\":\"docker\"}})"), CODELESS),
        ("B3", format!("hcsshim::CreateComputeSystem {ID}: {new}"), CODELESS),
        ("B3 name", format!("hcsshim::CreateComputeSystem kube-sonobuoy: {new}"), CODELESS),
        ("B4", format!("hcs::CreateComputeSystem {ID}: {new}"), CODELESS),
        ("B5", format!("container {ID} encountered an error during hcsshim::System::Start: failure in a Windows system call: {new} (0xc0370101)"), MISMATCH),
        ("B5 new", format!("container {ID} encountered an error during hcs::System::Start: failure in a Windows system call: {new} (0xc0370101)"), MISMATCH),
        ("B6", format!("failed to create shim task: hcs::CreateComputeSystem test: {new}: unknown"), CODELESS),
        ("B6 older", format!("Error: failed to create containerd task: failed to create shim: hcs::CreateComputeSystem {ID}: {new}: unknown"), CODELESS),
        ("B7", format!("failed to mount container storage: guest modify: guest RPC failure: {new} (0xC0370101)"), MISMATCH),
        ("B7 JSON", "failed to mount container storage: guest modify: guest RPC failure: {\"Error\":-1070137087,\"ErrorMessage\":\"\"}".to_owned(), MISMATCH),
        ("B8", format!("DockerRequest returned StatusCode=InternalServerError with ResponseBody={{\"message\":\"hcsshim::CreateComputeSystem {ID}: {new}\\n(extra info: {{\\\"SystemType\\\":\\\"Container\\\"}})\"}}"), CODELESS),
        ("prose, old", old.to_owned(), CODELESS),
        ("prose, new", new.to_owned(), CODELESS),
        ("App Service", "Container failed: Cannot run this Operating System/Version in Windows Containers".to_owned(), CODELESS),
    ]
}

#[test]
fn starts_that_mismatch() {
    for (row, text, expected) in starts() {
        assert_eq!(brief(&one(&text)), expected, "{row}");
    }
}

#[test]
fn other_starts() {
    let rows: &[(&str, &str, &str, &str)] = &[
        (
            "B9",
            "container b81ed896222e encountered an error during hcs::System::Start: failure in a Windows system call: The virtual machine or container exited unexpectedly. (0xc0370106)",
            "revision-suspect 0xc0370106 possible warning",
            "hcs-unexpected-exit",
        ),
        (
            "B9 old",
            "failure in a Windows system call: The compute system exited unexpectedly. (0xc0370106)",
            "revision-suspect 0xc0370106 possible warning",
            "hcs-unexpected-exit",
        ),
        (
            "B10",
            "hcsshim::PrepareLayer failed in Win32: The container image contains a layer with an unrecognized format. (0xc0370112)",
            "revision-suspect 0xc0370112 possible warning",
            "hcs-unknown-layer",
        ),
        (
            "B10 new",
            "hcs::CreateComputeSystem b81ed896222e: The container image contains a layer with an unrecognized format.",
            "revision-suspect - possible warning",
            "hcs-unknown-layer",
        ),
        (
            "B11",
            "CreateComputeSystem b81ed896222e: No hypervisor is present on this system.\n[Event Detail: Cannot start Hyper-V Container 'b81ed896222e' since the hypervisor is not running in the host. Provider: 17103e3f-3c6e-4677-bb17-3b267eb5be57 EventID: 12001]",
            "hyperv-unavailable - certain error",
            "no-hypervisor",
        ),
        (
            "B12",
            "docker: Error response from daemon: Windows client operating systems only support Hyper-V containers.",
            "other-hcs - certain error",
            "client-hyperv-only",
        ),
        (
            "B12 later",
            "Windows client operating systems earlier than version 1809 can only run Hyper-V containers",
            "other-hcs - certain error",
            "client-hyperv-only",
        ),
        (
            "B13",
            "failed to create shim task: utility VM folder could not be found in layers: unknown",
            "hyperv-unavailable - certain error",
            "no-utility-vm",
        ),
        (
            "B14",
            "y5blbdum70zo \\_ web.1 app:1 WIN-1 Shutdown Failed 24 seconds ago \"starting container failed: co...\"",
            "start-mismatch - possible warning",
            "swarm-truncated",
        ),
        (
            "B14 new",
            "y5blbdum70zo web.1 app:1 WIN-1 Shutdown Failed 24 seconds ago \"hcs::CreateComputeSystem 4f2a9…\"",
            "start-mismatch - possible warning",
            "swarm-truncated",
        ),
        (
            "B15",
            "container b81ed896222e encountered an error during CreateContainer: failure in a Windows system call: winapi error #2147778582 (0x80048016) extra info: {}",
            "start-mismatch 0x80048016 possible warning",
            "hcs-old-build",
        ),
        (
            "B15 JSON",
            "encountered an error during CreateContainer: failure in a Windows system call: The JSON document is invalid. (0xc037010d)",
            "start-mismatch 0xc037010d possible warning",
            "hcs-old-build",
        ),
        (
            "B15 element",
            "encountered an error during CreateContainer: failure in a Windows system call: Element not found. (0x490)",
            "start-mismatch 0x490 possible warning",
            "hcs-old-build",
        ),
        (
            "insider",
            "To use this container image, you must join the Windows Insider Program. Please see https://go.microsoft.com/fwlink/?linkid=850659 (0xc0370113)",
            "other-hcs 0xc0370113 certain error",
            "hcs-insider",
        ),
        (
            "other",
            "hcs::CreateComputeSystem b81ed896222e: A virtual machine or container with the specified identifier already exists.",
            "other-hcs - certain info",
            "hcs-other",
        ),
        (
            "German, no code",
            "hcs::CreateComputeSystem b81ed896222e: Das Betriebssystem des Containers stimmt nicht mit dem Betriebssystem des Hosts überein.",
            "start-mismatch - possible warning",
            "hcs-create-localised",
        ),
        (
            "German, code",
            "Fehler: failure in a Windows system call: Das Betriebssystem des Containers stimmt nicht mit dem des Hosts überein. (0xc0370101)",
            "start-mismatch 0xc0370101 certain error",
            "hcs-image-mismatch",
        ),
        (
            "Japanese, Op and code",
            "hcsshim::CreateComputeSystem web: コンテナーのオペレーティング システムがホストと一致しません。 (0x80370101)",
            "start-mismatch 0x80370101 certain error",
            "hcs-image-mismatch",
        ),
        (
            "Spanish, 0x…10",
            "la máquina virtual o el contenedor con el identificador especificado no se está ejecutando. (0xc0370110)",
            "other-hcs 0xc0370110 certain info",
            "hcs-other",
        ),
    ];
    for (row, text, expected, signature) in rows {
        let found = one(text);
        assert_eq!(brief(&found), *expected, "{row}");
        assert_eq!(found.signature, *signature, "{row}");
        assert_eq!(found.count, 1, "{row}");
    }
}

#[test]
fn every_code_in_every_spelling() {
    for low in 0..=0x21_u32 {
        let expected = match low {
            0x01 => Some(("start-mismatch", "certain error")),
            0x02 | 0x14 => Some(("hyperv-unavailable", "certain error")),
            // The operation goes on: not an error.
            0x03 => None,
            0x06 | 0x12 => Some(("revision-suspect", "possible warning")),
            0x13 => Some(("other-hcs", "certain error")),
            _ => Some(("other-hcs", "certain info")),
        };
        for family in [0xc037_0100_u32, 0x8037_0100] {
            let code = family + low;
            for text in [
                format!("failed with 0x{code:x}"),
                format!("failed with 0x{code:X}."),
                format!("HRESULT {code:x}, again"),
                format!("HRESULT={code:X}"),
                format!("{{\"Error\":{},\"ErrorMessage\":\"\"}}", code.cast_signed()),
                format!("exit code {code}"),
                format!("{{\\\"Error\\\":{}}}", code.cast_signed()),
            ] {
                let report = explain_bytes(text.as_bytes());
                let expected: Vec<String> = expected
                    .iter()
                    .map(|(kind, rest)| format!("{kind} {code:#x} {rest}"))
                    .collect();
                assert_eq!(briefs(&report), expected, "{text}");
                assert!(report.diagnoses.iter().all(|found| {
                    let message = found.message();
                    !message.is_empty() && found.code_name().is_some()
                }));
            }
        }
    }
}

#[test]
fn near_misses_yield_nothing() {
    for text in [
        "29m 29m 1 kubelet, 38519acs9011 spec.containers{web} Warning Failed Failed to pull image \"patricklang/web:latest\": rpc error: code = 2 desc = Error response from daemon: {\"message\":\"Get https://registry-1.docker.io/v2/: dial tcp: lookup registry-1.docker.io: no such host\"}",
        "Failed to pull image \"mcr.microsoft.com/windows/servercore:ltsc2022\": unauthorized: authentication required\nError: ErrImagePull",
        "manifest for mcr.microsoft.com/windows/servercore:latest not found: manifest unknown: manifest unknown",
        "Back-off restarting failed container\nReason: CrashLoopBackOff",
        "no matching manifest for darwin/arm64 in the manifest list entries",
        "no matching manifest for linux/arm64/v8 in the manifest list entries",
        "no matching manifest for linux/amd64 in the manifest list entries",
        "no image found in manifest list for architecture \"arm64\", variant \"v8\", OS \"darwin\"",
        "image with reference x was found but its platform (linux/arm64) does not match the specified platform (linux/amd64)",
        "image with reference x was found but does not provide any platform",
        "Exit Code: 151\nExit Code: 139",
        "the checksum does not match the expected one; the host operating system does not matter",
        "starting container failed: ..., puedes ver el error completo",
        "time=now level=info msg=\"hcsshim::CreateComputeSystem - Begin Operation\" cid=b81ed896222e",
        "hcs::CreateComputeSystem b81ed896222e: Access is denied.",
        "hcs::CreateComputeSystem b81ed896222e: context deadline exceeded",
        "xh6mwbdq2uil angry_liskov replicated 1/1 windows/servercore/iis",
        "xh6mwbdq2uil angry_liskov replicated 0/0 windows/servercore/iis",
        "xh6mwbdq2uil batch replicated job 0/1 (0/1 completed) app:1",
        "data is replicated 0/3 times",
        "failure in a Windows system call: Access is denied. (0x5)",
        "digest sha256:c0370101c0370101c0370101c0370101c0370101c0370101c0370101c0370101",
        "guid c0370101-13b7-42c0-89b2-c1e80d9af243",
        "the process exited unexpectedly",
        "is incompatible with a newer version",
    ] {
        let report = explain_bytes(text.as_bytes());
        assert!(
            report.diagnoses.is_empty(),
            "{text}\n{:#?}",
            report.diagnoses
        );
    }
}

#[test]
fn sentences_keep_to_the_voice() {
    let mut texts: Vec<String> = starts().into_iter().map(|(_, text, _)| text).collect();
    for low in 0..=0x21_u32 {
        texts.push(format!("0x{:x}", 0xc037_0100 + low));
    }
    for text in texts {
        for found in explain_bytes(text.as_bytes()).diagnoses {
            let message = found.message();
            assert!(message.ends_with('.'), "{message}");
            for word in ["error occurred", "invalid", "please", "0x"] {
                assert!(!message.to_lowercase().contains(word), "{message}");
            }
        }
    }
}

#[test]
fn sentences_say_what_the_text_states() {
    insta::assert_snapshot!(one("failed to pull and unpack image \"docker.io/grafana/promtail:2.9\": no match for platform in manifest: not found").message(), @"docker.io/grafana/promtail:2.9 has no variant for this host; most often the image has no Windows variant at all.");
    insta::assert_snapshot!(one("failed to pull and unpack image \"mcr.microsoft.com/windows/nanoserver:1809\": no match for platform in manifest: not found").message(), @"mcr.microsoft.com/windows/nanoserver:1809 has no variant for this host; it is for other versions of Windows.");
    insta::assert_snapshot!(one("a Windows version 10.0.20348-based image is incompatible with a 10.0.17763 host").message(), @"The image cannot be pulled: it is for Windows Server 2022 (10.0.20348), newer than the host's Windows 10.0.17763.");
    insta::assert_snapshot!(one("no matching manifest for windows/amd64 10.0.20348 in the manifest list entries").message(), @"The image has no variant for this host (Windows Server 2022 (10.0.20348)); most often the image has no Windows variant at all.");
    insta::assert_snapshot!(one("image operating system \"windows\" cannot be used on this platform").message(), @"The image is a Windows image, and this engine runs Linux containers.");
    insta::assert_snapshot!(one("(0xc0370106)").message(), @"A container exited while it was starting; the patch levels of image and host may be too far apart, but other causes look the same.");
    insta::assert_snapshot!(one("(0xc0370110)").message(), @"Windows reports of a container that the container is not running; that is no version mismatch.");
}
