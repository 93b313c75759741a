//! This machine's own Windows version, from where Windows keeps it.

use anyhow::Result;
use winfit_core::host::ReadHost;

/// Reads this machine.
#[cfg(windows)]
pub(crate) fn read() -> Result<ReadHost> {
    use std::fmt::Write as _;

    use winfit_core::host::read_hosts;

    use crate::output::nothing;

    const KEY: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
    let key = windows_registry::LOCAL_MACHINE
        .open(KEY)
        .map_err(|error| nothing(format!("HKLM\\{KEY} could not be opened: {error}")))?;
    // The same text that `reg query` prints, so that there is one reader for both.
    let mut text = String::new();
    for name in ["CurrentBuildNumber", "ProductName", "InstallationType"] {
        if let Ok(value) = key.get_string(name) {
            let _ = writeln!(text, "    {name}    REG_SZ    {value}");
        }
    }
    if let Ok(value) = key.get_u32("UBR") {
        let _ = writeln!(text, "    UBR    REG_DWORD    {value:#x}");
    }
    let reading = read_hosts(crate::overlay::catalog(), &text);
    let mut host = reading.hosts.into_iter().next().ok_or_else(|| {
        let found = match key.get_string("CurrentBuildNumber") {
            Ok(build) => format!(
                "states build {build}, and the first Windows with containers is 14393; to ask about another host, name it"
            ),
            Err(_) => "states no CurrentBuildNumber; name the host instead".to_owned(),
        };
        nothing(format!("HKLM\\{KEY} {found}, as --host 10.0.20348"))
    })?;
    host.text = "this machine".to_owned();
    Ok(host)
}

/// Elsewhere there is nothing to read.
#[cfg(not(windows))]
pub(crate) fn read() -> Result<ReadHost> {
    let name = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "macOS",
        other => other,
    };
    Err(crate::output::nothing(format!(
        "this machine runs {name}, so it has no Windows version to read; give the host's own words instead, as the output of `ver`, `systeminfo` or `kubectl describe node`: @FILE reads them from a file, - from a pipe"
    )))
}
