//! Fixes as a patch that `git apply` takes.

use similar::TextDiff;
use winfit_files::fix::FixedFile;
use winfit_files::source::Encoding;

use super::Report;
use super::paths::is_absolute;

/// Lines around a change.
const CONTEXT: usize = 3;

/// One patch over all files, and the files that no patch can carry.
///
/// Files are named from the working folder, as `git apply` looks for them there.
pub(crate) fn patch(report: &Report<'_>, files: &[FixedFile]) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut left_out = Vec::new();
    for file in files {
        let path = report.folder.relative(&file.source.name);
        let mut leave = |why: &str| left_out.push(format!("{}: {why}", super::clean(&path)));
        if path.starts_with("../") || is_absolute(&path) {
            leave(
                "it lies outside of this folder, where no patch from here reaches; run this in a folder above it",
            );
            continue;
        }
        // git takes a carriage return alone for a part of the line, and this diff for its end.
        if file.source.text.ends_with('\r') {
            leave(
                "its last line ends with a carriage return alone, which no patch carries; --fix writes it",
            );
            continue;
        }
        // What git sees of UTF-16 is no text.
        let mark = match file.source.encoding {
            Encoding::Utf8 => "",
            Encoding::Utf8Bom => "\u{feff}",
            Encoding::Utf16Le | Encoding::Utf16Be => {
                leave("it is UTF-16, which no patch carries; --fix writes it");
                continue;
            }
        };
        let old = format!("{mark}{}", file.source.text);
        let new = format!("{mark}{}", file.text);
        // A carriage return alone ends no line to git.
        let (old, new): (Vec<&str>, Vec<&str>) = (
            old.split_inclusive('\n').collect(),
            new.split_inclusive('\n').collect(),
        );
        let diff = TextDiff::configure()
            .newline_terminated(true)
            .diff_slices(&old, &new);
        let before = if file.created {
            "/dev/null".to_owned()
        } else {
            header("a", &path)
        };
        text.push_str(
            &diff
                .unified_diff()
                .context_radius(CONTEXT)
                .header(&before, &header("b", &path))
                .to_string(),
        );
    }
    (text, left_out)
}

/// A path behind `---` or `+++`, quoted as git quotes it where it must be.
fn header(side: &str, path: &str) -> String {
    let harmful = |symbol: char| symbol.is_control() || matches!(symbol, '"' | '\\');
    if path.contains(harmful) {
        let mut quoted = String::new();
        for symbol in path.chars() {
            match symbol {
                '"' | '\\' => quoted.extend(['\\', symbol]),
                symbol if symbol.is_control() => {
                    let mut bytes = [0; 4];
                    for byte in symbol.encode_utf8(&mut bytes).bytes() {
                        quoted.push_str(&format!("\\{byte:03o}"));
                    }
                }
                symbol => quoted.push(symbol),
            }
        }
        return format!("\"{side}/{quoted}\"");
    }
    // Behind a path with spaces a tab says where it ends.
    let end = if path.contains(' ') { "\t" } else { "" };
    format!("{side}/{path}{end}")
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn paths_are_written_as_git_reads_them() {
        assert_eq!(header("a", "web/Dockerfile"), "a/web/Dockerfile");
        assert_eq!(header("b", "my shop/web.yaml"), "b/my shop/web.yaml\t");
        assert_eq!(header("a", "a\"b\\c\n"), "\"a/a\\\"b\\\\c\\012\"");
        assert_eq!(header("a", "f\u{f6}r/x"), "a/f\u{f6}r/x");
    }
}
