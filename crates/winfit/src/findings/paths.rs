//! Paths as formats of other programs want them: from the working folder, however they were given.

use std::path::Path;

/// The working folder, by the names that it has.
#[derive(Debug, Clone, Default)]
pub(crate) struct WorkingFolder {
    /// The parts of its path: as the system knows it, and as the shell does, which keeps links.
    spellings: Vec<Vec<String>>,
    /// How many folders above it the root of the git repository around it is.
    below_root: usize,
}

impl WorkingFolder {
    /// That of this process.
    pub(crate) fn current() -> Self {
        let Ok(folder) = std::env::current_dir() else {
            return Self::default();
        };
        let below_root = folder
            .ancestors()
            .position(|above| above.join(".git").exists());
        let of_shell = std::env::var_os("PWD").filter(|shell| {
            let shell = Path::new(shell).canonicalize();
            shell.is_ok() && shell.ok() == folder.canonicalize().ok()
        });
        let mut spellings = vec![folder.display().to_string()];
        spellings.extend(of_shell.map(|shell| Path::new(&shell).display().to_string()));
        let spellings: Vec<&str> = spellings.iter().map(String::as_str).collect();
        Self::new(&spellings, below_root.unwrap_or(0))
    }

    /// A folder with these absolute paths, so many folders below the root of its repository.
    pub(crate) fn new(spellings: &[&str], below_root: usize) -> Self {
        Self {
            spellings: spellings
                .iter()
                .map(|path| {
                    let path = path.replace('\\', "/");
                    parts(&[], &path)
                        .iter()
                        .map(|&part| part.to_owned())
                        .collect()
                })
                .collect(),
            below_root,
        }
    }

    /// A path from here, where it lies in the repository; else as it is. `/` parts its folders.
    pub(crate) fn relative(&self, path: &str) -> String {
        let relative = self.spellings.iter().find_map(|folder| {
            let folder: Vec<&str> = folder.iter().map(String::as_str).collect();
            let start: &[&str] = if is_absolute(path) { &[] } else { &folder };
            let path = parts(start, path);
            let alike = folder
                .iter()
                .zip(&path)
                .take_while(|(one, other)| is_same(one, other))
                .count();
            let up = folder.len() - alike;
            (up <= self.below_root && path.len() > alike).then(|| {
                [vec![".."; up].as_slice(), &path[alike..]]
                    .concat()
                    .join("/")
            })
        });
        relative.unwrap_or_else(|| path.trim_start_matches("./").to_owned())
    }
}

pub(super) fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || path.get(1..3) == Some(":/")
}

/// Drives have no case.
fn is_same(one: &str, other: &str) -> bool {
    one == other || (one.ends_with(':') && one.eq_ignore_ascii_case(other))
}

/// The parts of a path that goes on from others, without `.` and `..`.
fn parts<'p>(start: &[&'p str], path: &'p str) -> Vec<&'p str> {
    let mut parts = start.to_vec();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_the_repository_is_named_from_here() {
        let here = WorkingFolder::new(&["/srv/shop/web", "/home/shop/web"], 1);
        for (path, told) in [
            ("a/b", "a/b"),
            ("./a/b", "a/b"),
            ("a/../b", "b"),
            ("../web/b", "b"),
            ("../b", "../b"),
            ("../../b", "../../b"),
            ("/srv/shop/web/b", "b"),
            ("/srv/shop/web/../web/./b", "b"),
            ("/home/shop/web/b", "b"),
            ("/srv/shop/b", "../b"),
            ("/srv/shop/website/b", "../website/b"),
            ("/srv/b", "/srv/b"),
            ("/b", "/b"),
            ("standard input", "standard input"),
        ] {
            assert_eq!(here.relative(path), told, "{path}");
        }
    }

    #[test]
    fn without_a_repository_only_what_lies_below() {
        let here = WorkingFolder::new(&["/srv"], 0);
        for (path, told) in [
            ("../srv/a", "a"),
            ("../a", "../a"),
            ("/srv/a", "a"),
            ("/srvs/a", "/srvs/a"),
        ] {
            assert_eq!(here.relative(path), told, "{path}");
        }
        assert_eq!(WorkingFolder::default().relative("./../a"), "../a");
    }

    #[test]
    fn drives_have_no_case() {
        let here = WorkingFolder::new(&["C:\\Work"], 0);
        assert_eq!(here.relative("c:/Work/a"), "a");
        assert_eq!(here.relative("D:/Work/a"), "D:/Work/a");
    }
}
