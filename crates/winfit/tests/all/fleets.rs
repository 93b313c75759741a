//! A fleet of any size is told in as many words as it has kinds of hosts.

use std::fmt::Write as _;

use crate::winfit;

#[test]
fn a_large_fleet_is_told_once_a_kind_of_host() {
    let mut nodes =
        "NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION \
                     CONTAINER-RUNTIME\n"
            .to_owned();
    for at in 0..1000 {
        let (year, version) = if at % 2 == 0 {
            (2022, "10.0.20348.4294")
        } else {
            (2019, "10.0.17763.7919")
        };
        writeln!(
            nodes,
            "win-{at} Ready <none> 1d v1.33.4 10.0.1.7 <none> Windows Server {year} Datacenter \
             {version} containerd://2.1.4"
        )
        .unwrap();
    }
    let file = std::env::temp_dir().join(format!("winfit-fleet-{}.txt", std::process::id()));
    std::fs::write(&file, nodes).unwrap();
    let host = format!("@{}", file.display());
    let output = winfit(&[
        "check",
        "mcr.microsoft.com/windows/servercore:ltsc2022",
        "--host",
        &host,
        "--as-of",
        "2026-11-22",
    ]);
    std::fs::remove_file(&file).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.starts_with("500 of 1000 pairs run."));
    assert!(text.contains("The same on win-3, win-5, win-7, win-9, win-11 and 494 more."));
    assert_eq!(text.matches("does not run on").count(), 1);
    assert_eq!(text.matches("run it on win-").count(), 3);
}
