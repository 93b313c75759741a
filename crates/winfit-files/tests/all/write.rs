//! Fixed files on their way to the disk.

use std::fs;
use std::path::PathBuf;

use winfit_core::Catalog;
use winfit_core::day::parse_day;
use winfit_files::fix::write::write;
use winfit_files::fix::{Fixed, run};
use winfit_files::lint::LintOptions;
use winfit_files::repository::ReadOptions;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A folder with one Dockerfile, and its fix, which is not written yet.
fn fixed(name: &str) -> (Folder, PathBuf, Fixed) {
    let folder = std::env::temp_dir().join(format!("winfit-write-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("Dockerfile");
    fs::write(&path, "FROM microsoft/nanoserver:1709\n").unwrap();
    let read = ReadOptions {
        paths: vec![folder.clone()],
        ..ReadOptions::default()
    };
    let options = LintOptions {
        today: parse_day("2026-11-22").unwrap(),
        eol_within: None,
        hosts: Vec::new(),
        build_isolation: None,
        registries: winfit_files::registries::Words::new(),
    };
    let fixed = run(Catalog::builtin(), &read, &options, true);
    assert_eq!(fixed.files.len(), 1);
    (Folder(folder), path, fixed)
}

#[test]
fn nothing_is_written_before_it_is_asked_for() {
    let (_folder, path, fixed) = fixed("asked");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "FROM microsoft/nanoserver:1709\n"
    );
    write(&fixed.files[0]).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "FROM mcr.microsoft.com/windows/nanoserver:1709\n"
    );
}

#[test]
fn what_somebody_else_wrote_meanwhile_is_kept() {
    let (folder, path, fixed) = fixed("meanwhile");
    fs::write(&path, "FROM scratch\n").unwrap();
    let said = write(&fixed.files[0]).unwrap_err().to_string();
    assert!(
        said.ends_with(
            "Dockerfile: it changed since it was read, and was not written; run the command again"
        ),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "FROM scratch\n");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn a_file_that_is_gone_is_not_made_again() {
    let (folder, path, fixed) = fixed("gone");
    fs::remove_file(&path).unwrap();
    let said = write(&fixed.files[0]).unwrap_err().to_string();
    assert!(
        said.ends_with("it could not be written and is as it was: it is not there any more"),
        "{said}"
    );
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
}

/// A folder whose `winfit.toml` names a `daemon.json` that is not there, and its making, which is not
/// done yet.
fn created(name: &str) -> (Folder, PathBuf, Fixed) {
    let folder = std::env::temp_dir().join(format!("winfit-create-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("winfit.toml"),
        "orchestrator = \"swarm\"\nhyperv = true\nhosts = [\"ltsc2022\"]\ndaemon_json = \"hosts/daemon.json\"\n",
    )
    .unwrap();
    fs::write(
        folder.join("compose.yaml"),
        "services:\n  fax:\n    image: contoso/fax:2-ltsc2019\n",
    )
    .unwrap();
    let read = ReadOptions {
        paths: vec![folder.clone()],
        ..ReadOptions::default()
    };
    let options = LintOptions {
        today: parse_day("2026-11-22").unwrap(),
        eol_within: None,
        hosts: Vec::new(),
        build_isolation: None,
        registries: winfit_files::registries::Words::new(),
    };
    let fixed = run(Catalog::builtin(), &read, &options, true);
    assert_eq!(fixed.files.len(), 1);
    let path = folder.join("hosts/daemon.json");
    (Folder(folder), path, fixed)
}

#[test]
fn a_daemon_json_is_made_with_its_folder() {
    let (_folder, path, fixed) = created("made");
    assert!(!path.parent().unwrap().exists());
    write(&fixed.files[0]).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "{\n    \"exec-opts\": [\"isolation=hyperv\"]\n}\n"
    );
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn what_somebody_else_made_meanwhile_is_kept() {
    let (_folder, path, fixed) = created("made-meanwhile");
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(&path, "{}").unwrap();
    let said = write(&fixed.files[0]).unwrap_err().to_string();
    assert!(
        said.ends_with(
            "hosts/daemon.json: it changed since it was read, and was not written; run the command again"
        ),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "{}");
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn no_file_is_made_where_no_folder_can_be() {
    let (folder, path, fixed) = created("no-folder");
    fs::write(folder.0.join("hosts"), "").unwrap();
    let said = write(&fixed.files[0]).unwrap_err().to_string();
    assert!(
        said.contains("hosts/daemon.json: it could not be written"),
        "{said}"
    );
    assert!(!path.exists());
}
