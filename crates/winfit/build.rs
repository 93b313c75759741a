//! Makes a table of the rules' pages, so that the command has them wherever it is.

use std::fmt::Write as _;
use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let variable = |name: &str| {
        std::env::var_os(name).map(PathBuf::from).ok_or_else(|| {
            std::io::Error::other(format!(
                "{name} is not set; cargo sets it for build scripts"
            ))
        })
    };
    let folder = variable("CARGO_MANIFEST_DIR")?.join("../../docs/rules");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut pages: Vec<PathBuf> = std::fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    // By name, not by file: `.` comes after `-`.
    pages.sort_by(|one, other| one.file_stem().cmp(&other.file_stem()));
    let mut table = "&[\n".to_owned();
    for page in pages {
        let name = page.file_stem().unwrap_or_default().to_string_lossy();
        if page.extension() == Some("md".as_ref()) && name != "README" {
            let path = page.display().to_string();
            let _ = writeln!(table, "    ({name:?}, include_str!({path:?})),");
        }
    }
    table.push_str("]\n");
    std::fs::write(variable("OUT_DIR")?.join("rules.rs"), table)
}
