//! `lint --fix` and `--diff` at the prompt: what they write, what they leave alone, what goes wrong.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::lint::{Folder, winfit};
use crate::repository;

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn read(folder: &Path, name: &str) -> String {
    String::from_utf8(fs::read(folder.join(name)).unwrap()).unwrap()
}

/// Runs git as somebody without settings of their own.
fn git(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(["-c", "core.autocrlf=false"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// The example fleet in a folder of its own.
fn shop(name: &str) -> Folder {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let folder = Folder::new(name);
    copy(&repository("examples/shop"), &folder.0);
    folder
}

/// Every file below a folder with its bytes, but for git's own.
fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with(".git") {
                    open.push(path);
                }
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_example_fleet_is_clean_once_it_is_mended() {
    let folder = shop("clean");
    let (exit, patch, errors) = winfit(&folder.0, &["lint", "--diff", "--unsafe-fixes"], "");
    assert_eq!((exit, errors.as_str()), (Some(1), ""));
    insta::assert_snapshot!("shop_patch", patch);
    let (exit, _, errors) = winfit(&folder.0, &["lint", "--fix", "--unsafe-fixes"], "");
    assert_eq!((exit, errors.as_str()), (Some(0), ""));
    let (exit, out, _) = winfit(&folder.0, &["lint", "--fail-on=info"], "");
    assert_eq!(
        (exit, out.as_str()),
        (
            Some(0),
            "no findings in 7 files against 6 hosts (winfit.toml), 3 ignored\n"
        )
    );
}

/// Files that are hard to patch, each with something to mend.
fn hard(folder: &Path) {
    const OLD: &str = "FROM microsoft/nanoserver:1709\n";
    write(
        folder,
        "winfit.toml",
        "hosts = [\"ws1709,hyperv=on\"]\ndaemon_json = \"the hosts/daemon.json\"\n",
    );
    write(
        folder,
        "compose.yaml",
        "services:\n  old:\n    image: contoso/old:1-ltsc2016\n    deploy: {}\n",
    );
    write(
        folder,
        "crlf/Dockerfile",
        format!("# escape=`\r\n{}RUN x\r\n", OLD.replace('\n', "\r\n")),
    );
    write(folder, "bom/Dockerfile", format!("\u{feff}{OLD}RUN x\n"));
    write(folder, "last line/Dockerfile", OLD.trim_end());
    write(folder, "f\u{f6}r \"wen\"/Dockerfile", OLD);
    write(folder, "lone/Dockerfile", format!("# a\rb\n{OLD}# c\rd\n"));
    write(
        folder,
        "k8s/web.yaml",
        "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      nodeSelector: {beta.kubernetes.io/os: windows}\n      containers:\n      - {name: web, image: \"microsoft/nanoserver:1709\"}",
    );
}

#[test]
fn git_takes_the_patch_and_it_is_what_fix_writes() {
    let patched = Folder::new("patched");
    let fixed = Folder::new("fixed");
    for folder in [&patched.0, &fixed.0] {
        hard(folder);
    }
    let (_, patch, errors) = winfit(&patched.0, &["lint", "--diff", "--unsafe-fixes"], "");
    assert_eq!(errors, "");
    assert!(git(&patched.0, &["init", "-q", "."]).0);
    write(&patched.0, ".git/the.patch", &patch);
    let (taken, said) = git(
        &patched.0,
        &["apply", "--whitespace=nowarn", ".git/the.patch"],
    );
    assert!(taken, "{said}\n{patch}");
    winfit(&fixed.0, &["lint", "--fix", "--unsafe-fixes"], "");
    assert_eq!(tree(&patched.0), tree(&fixed.0));
    let crlf = read(&fixed.0, "crlf/Dockerfile");
    assert_eq!(
        crlf,
        "# escape=`\r\nFROM mcr.microsoft.com/windows/nanoserver:1709\r\nRUN x\r\n"
    );
    assert!(read(&fixed.0, "last line/Dockerfile").ends_with(":1709"));
    assert!(read(&fixed.0, "bom/Dockerfile").starts_with("\u{feff}FROM mcr."));
    assert_eq!(
        read(&fixed.0, "the hosts/daemon.json"),
        "{\n    \"exec-opts\": [\"isolation=hyperv\"]\n}\n"
    );
    let (_, again, _) = winfit(&fixed.0, &["lint", "--diff", "--unsafe-fixes"], "");
    assert_eq!(again, "");
}

#[test]
fn utf_16_stays_utf_16() {
    let folder = Folder::new("utf16");
    let bytes = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    write(
        &folder.0,
        "Dockerfile",
        bytes("FROM microsoft/nanoserver:1709 AS a\r\n# 窓𝄞\r\n"),
    );
    let (exit, patch, errors) = winfit(&folder.0, &["lint", "--diff", "--unsafe-fixes"], "");
    assert_eq!((exit, patch.as_str()), (Some(1), ""));
    assert_eq!(
        errors,
        "winfit: Dockerfile: it is UTF-16, which no patch carries; --fix writes it\n"
    );
    winfit(&folder.0, &["lint", "--fix", "--unsafe-fixes"], "");
    let after = fs::read(folder.0.join("Dockerfile")).unwrap();
    let wanted = "FROM mcr.microsoft.com/windows/nanoserver:1709 AS a\r\n# 窓𝄞\r\n";
    assert_eq!(after, bytes(wanted));
}

const OLD_POD: &str = "apiVersion: extensions/v1beta1
kind: Deployment
metadata:
  name: web
  annotations:
    replicas: 5
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      nodeSelector:
        beta.kubernetes.io/os: windows
      containers:
        - name: web
          image: contoso/web:1
";

#[test]
fn without_unsafe_fixes_nothing_that_runs_changes() {
    let folder = Folder::new("safe");
    write(&folder.0, "web.yaml", OLD_POD);
    let (_, out, _) = winfit(&folder.0, &["lint", "--fix"], "");
    let after = read(&folder.0, "web.yaml");
    assert!(after.contains("apiVersion: apps/v1\n"), "{after}");
    assert!(
        after.contains("  selector:\n    matchLabels:\n      app: web\n  template:\n"),
        "{after}"
    );
    assert!(after.contains("beta.kubernetes.io/os: windows"), "{after}");
    assert!(out.contains("warning[deprecated-label]"), "{out}");
    assert!(
        out.contains(
            "\nfixed web.yaml:1:13: removed-api-version: write the version that is served\nfixed web.yaml:6:15: wrong-type: quote it\n"
        ),
        "{out}"
    );
    assert!(
        out.contains("; 1 fix with --fix\n--unsafe-fixes\n"),
        "{out}"
    );
    let (exit, _, _) = winfit(&folder.0, &["lint", "--fix", "--unsafe-fixes"], "");
    assert!(read(&folder.0, "web.yaml").contains("        kubernetes.io/os: windows\n"));
    assert_eq!(exit, Some(0));
}

#[test]
fn programs_learn_what_was_fixed() {
    let folder = Folder::new("json");
    write(&folder.0, "web.yaml", OLD_POD);
    let (_, out, _) = winfit(&folder.0, &["lint", "--fix", "--format=json"], "");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    let fixed = &document["fixed"][0];
    assert_eq!(fixed["rule"], "removed-api-version");
    assert_eq!(fixed["file"], "web.yaml");
    assert_eq!(fixed["safety"], "safe");
    assert_eq!(document["findings"][0]["fix"], "unsafe");
}

#[test]
fn only_what_was_asked_for_is_changed() {
    let folder = shop("asked-for");
    let before = read(&folder.0, "web/Dockerfile");
    // Without another host the image itself would have to change, in a file that was not named.
    let arguments = [
        "lint",
        "deploy/web.yaml",
        "--host=ltsc2019",
        "--fix",
        "--unsafe-fixes",
    ];
    let (exit, out, _) = winfit(&folder.0, &arguments, "");
    assert_eq!(exit, Some(1), "{out}");
    assert_eq!(read(&folder.0, "web/Dockerfile"), before);
    let (_, out, _) = winfit(
        &folder.0,
        &["lint", "--host=ltsc2019", "--fix", "--unsafe-fixes"],
        "",
    );
    let after = read(&folder.0, "web/Dockerfile");
    assert!(
        after.contains("iis:windowsservercore-ltsc2019\n"),
        "{after}{out}"
    );
}

#[test]
fn standard_input_comes_back_mended() {
    let folder = Folder::new("stdin");
    write(&folder.0, "winfit.toml", "hosts = [\"ws1709\"]\n");
    let arguments = [
        "lint",
        "-",
        "--stdin-filename=Dockerfile",
        "--fix",
        "--unsafe-fixes",
    ];
    let (exit, out, errors) = winfit(
        &folder.0,
        &arguments,
        "FROM microsoft/nanoserver:1709\r\nRUN x\r\n",
    );
    assert_eq!(
        out,
        "FROM mcr.microsoft.com/windows/nanoserver:1709\r\nRUN x\r\n"
    );
    assert!(errors.contains("1 warning in 1 file"), "{errors}");
    assert_eq!(exit, Some(1));
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    let whole = ["lint", "-", "--stdin-filename=Dockerfile", "--fix"];
    let (exit, out, _) = winfit(&folder.0, &whole, "FROM scratch\n");
    assert_eq!((exit, out.as_str()), (Some(0), "FROM scratch\n"));
}

#[test]
fn which_fixes_is_asked_of_somebody_who_fixes() {
    let folder = Folder::new("usage");
    let (exit, _, errors) = winfit(&folder.0, &["lint", "--unsafe-fixes"], "");
    assert_eq!(exit, Some(2));
    assert_eq!(
        errors,
        "winfit: --unsafe-fixes says which fixes to make; give --fix or --diff as well\n"
    );
    for pair in [["--fix", "--diff"], ["--format=json", "--diff"]] {
        let (exit, _, _) = winfit(&folder.0, &["lint", pair[0], pair[1]], "");
        assert_eq!(exit, Some(2));
    }
}

#[test]
fn a_compose_build_is_found_however_the_folder_is_named() {
    let folder = Folder::new("absolute");
    write(
        &folder.0,
        "web/Dockerfile",
        "FROM mcr.microsoft.com/windows/servercore:ltsc2022\n",
    );
    write(
        &folder.0,
        "compose.yaml",
        "services:\n  web:\n    build: ./web\n    image: contoso/web:1\n    deploy: {}\n",
    );
    write(&folder.0, "winfit.toml", "hosts = [\"ltsc2019\"]\n");
    let absolute = folder.0.display().to_string();
    let (_, here, _) = winfit(&folder.0, &["lint", "."], "");
    let (_, there, _) = winfit(&folder.0, &["lint", &absolute], "");
    assert!(here.contains("the image that is built from it"), "{here}");
    assert_eq!(here, there);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    const OLD: &str = "FROM microsoft/nanoserver:1709\n";

    fn mode(folder: &Path, name: &str) -> u32 {
        let metadata = fs::symlink_metadata(folder.join(name)).unwrap();
        metadata.permissions().mode() & 0o7777
    }

    fn set_mode(folder: &Path, name: &str, mode: u32) {
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_mode_and_the_link_stay() {
        let folder = Folder::new("mode");
        write(&folder.0, "real/of-web", OLD);
        set_mode(&folder.0, "real/of-web", 0o750);
        symlink("real/of-web", folder.0.join("Dockerfile")).unwrap();
        winfit(
            &folder.0,
            &["lint", "Dockerfile", "--fix", "--unsafe-fixes"],
            "",
        );
        assert!(read(&folder.0, "real/of-web").starts_with("FROM mcr."));
        assert_eq!(mode(&folder.0, "real/of-web"), 0o750);
        assert!(
            fs::symlink_metadata(folder.0.join("Dockerfile"))
                .unwrap()
                .is_symlink()
        );
        assert_eq!(fs::read_dir(folder.0.join("real")).unwrap().count(), 1);
    }

    #[test]
    fn a_read_only_file_is_left_alone_and_told() {
        let folder = Folder::new("read-only");
        write(&folder.0, "a/Dockerfile", OLD);
        write(&folder.0, "b/Dockerfile", OLD);
        set_mode(&folder.0, "a/Dockerfile", 0o444);
        let (exit, out, errors) = winfit(&folder.0, &["lint", "--fix", "--unsafe-fixes"], "");
        assert_eq!(exit, Some(1));
        assert_eq!(
            errors,
            "winfit: a/Dockerfile: it is read-only, and was not written; allow writing and\n  \
             run the command again\n"
        );
        assert_eq!(read(&folder.0, "a/Dockerfile"), OLD);
        assert!(read(&folder.0, "b/Dockerfile").starts_with("FROM mcr."));
        assert!(
            out.contains("fixed b/Dockerfile") && !out.contains("fixed a/Dockerfile"),
            "{out}"
        );
    }

    /// A disk that is full, where the test may make one.
    #[test]
    fn on_a_full_disk_the_file_is_as_it_was() {
        let folder = Folder::new("full");
        let disk = folder.0.join("disk");
        fs::create_dir(&disk).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16k", "tmpfs"])
            .arg(&disk)
            .status();
        if !mounted.is_ok_and(|status| status.success()) {
            eprintln!("left out: only root may mount the small disk of this test");
            return;
        }
        write(&disk, "Dockerfile", OLD);
        // What is left of the disk.
        let mut filling = 0;
        while fs::write(disk.join(format!("filling-{filling}")), [0; 4096]).is_ok() {
            filling += 1;
        }
        let (exit, _, errors) = winfit(&disk, &["lint", "--fix", "--unsafe-fixes"], "");
        let (after, files) = (read(&disk, "Dockerfile"), tree(&disk).len());
        let unmounted = Command::new("umount").arg(&disk).status().unwrap();
        assert!(unmounted.success());
        assert_eq!(exit, Some(1));
        assert_eq!(
            errors,
            "winfit: Dockerfile: it could not be written and is as it was: the disk is full\n"
        );
        assert_eq!(after, OLD);
        // The file that could not be opened by the filling loop may be there without a byte.
        assert!(files <= filling + 2, "something is left behind: {files}");
    }
}
