//! What git knows of files: which changed since a revision, and what they said then.
//!
//! The command line is asked, never a shell: it reads every kind of repository (worktrees, partial
//! clones, new formats) as its owner's git does. Nothing is written, no hook and no other diff program
//! that a repository's settings name is run, and nobody is asked for a password.

mod error;

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

use winfit_core::version::quote_for_error;

pub use self::error::GitError;
use crate::repository::{MOST_BYTES, shown};

/// A file that is another than it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Its path today, below the repository's root.
    pub(crate) path: PathBuf,
    /// Its path then, where that is another.
    pub(crate) renamed_from: Option<PathBuf>,
    /// Its text then, as git names it. None: there was no such file, or it was a link.
    pub(crate) blob: Option<String>,
    /// It is a submodule: a repository of its own.
    pub(crate) submodule: bool,
}

/// A git repository with its files.
#[derive(Debug)]
pub(crate) struct Git {
    /// The root of its files.
    pub(crate) top: PathBuf,
}

impl Git {
    /// The repository that a file or folder is in.
    pub(crate) fn of(path: &Path, revision: &str) -> Result<Self, GitError> {
        let folder = if path.is_dir() {
            path
        } else {
            path.parent()
                .filter(|parent| !parent.as_os_str().is_empty())
                .unwrap_or(Path::new("."))
        };
        let output = run(folder, "rev-parse", &["--show-toplevel"])?;
        if output.status.success() {
            let mut top = output.stdout;
            while top.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                top.pop();
            }
            return Ok(Self { top: path_of(&top) });
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let name = folder_in_words(folder);
        Err(if said.contains("dubious ownership") {
            let advised = said.split("in repository at '").nth(1);
            GitError::Ownership {
                folder: name,
                advised: advised
                    .and_then(|rest| rest.split('\'').next())
                    .unwrap_or("*")
                    .to_owned(),
            }
        } else if said.contains("must be run in a work tree") {
            GitError::Bare { folder: name }
        } else if said.contains("not a git repository") {
            GitError::NoRepository {
                folder: name,
                revision: quote(revision),
            }
        } else {
            failed("rev-parse", &output)
        })
    }

    /// The commit that a revision means; of `REV...` the one where HEAD left REV.
    pub(crate) fn commit(&self, revision: &str) -> Result<String, GitError> {
        let refused = |reason| {
            Err(GitError::Form {
                revision: quote(revision),
                reason,
            })
        };
        let (name, fork) = match revision.strip_suffix("...") {
            Some(name) => (name, true),
            None => (revision, false),
        };
        if name.is_empty() {
            return refused("nothing is named");
        }
        if name.starts_with('-') {
            return refused("it begins with a dash");
        }
        if name.chars().any(char::is_control) {
            return refused("it has a control character");
        }
        if name.contains("..") {
            return refused("it is a range");
        }
        let commit = self.verified(name)?;
        if !fork {
            return Ok(commit);
        }
        let output = run(&self.top, "merge-base", &[&commit, "HEAD"])?;
        if output.status.success() {
            return Ok(one_line(&output.stdout));
        }
        Err(if self.is_shallow() {
            GitError::Shallow {
                revision: quote(revision),
                fetch: "git fetch --unshallow".to_owned(),
            }
        } else if output.status.code() == Some(1) {
            GitError::NoMergeBase {
                revision: quote(name),
            }
        } else {
            failed("merge-base", &output)
        })
    }

    fn verified(&self, name: &str) -> Result<String, GitError> {
        let commit = format!("{name}^{{commit}}");
        let arguments = ["--verify", "--quiet", "--end-of-options", &commit];
        let output = run(&self.top, "rev-parse", &arguments)?;
        if output.status.success() {
            return Ok(one_line(&output.stdout));
        }
        let revision = quote(name);
        Err(if self.is_shallow() {
            GitError::Shallow {
                fetch: how_to_fetch(name),
                revision,
            }
        } else {
            GitError::NoRevision { revision }
        })
    }

    fn is_shallow(&self) -> bool {
        run(&self.top, "rev-parse", &["--is-shallow-repository"])
            .is_ok_and(|output| output.stdout.starts_with(b"true"))
    }

    /// The files that differ from those of a commit, whether that is committed or not. Files that git
    /// does not follow are not among them.
    pub(crate) fn changed(&self, commit: &str) -> Result<Vec<Changed>, GitError> {
        let arguments = [
            "--raw",
            "-z",
            "--no-abbrev",
            "--find-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--no-relative",
            "--ignore-submodules=dirty",
            commit,
            "--",
        ];
        let output = run(&self.top, "diff", &arguments)?;
        if !output.status.success() {
            return Err(failed("diff", &output));
        }
        Ok(read_raw(&output.stdout))
    }

    /// Opens the texts that git keeps.
    pub(crate) fn blobs(&self) -> Result<Blobs, GitError> {
        let mut command = command(&self.top, "cat-file");
        command
            .arg("--batch")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| not_started(&error))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(ask), Some(answers)) => Ok(Blobs {
                child,
                ask: Some(ask),
                answers: BufReader::new(answers),
            }),
            _ => Err(GitError::NoGit),
        }
    }
}

/// What `git diff --raw -z` prints: `:MODE MODE ID ID STATUS`, a path, and of renamed files a second.
fn read_raw(bytes: &[u8]) -> Vec<Changed> {
    let mut parts = bytes.split(|byte| *byte == 0);
    let mut changed = Vec::new();
    while let Some(head) = parts.next() {
        let head = String::from_utf8_lossy(head);
        let fields: Vec<&str> = head.trim_start_matches(':').split(' ').collect();
        let [old_mode, new_mode, old_id, _, status] = fields.as_slice() else {
            break;
        };
        let Some(first) = parts.next() else { break };
        let second = if status.starts_with(['R', 'C']) {
            parts.next()
        } else {
            None
        };
        let submodule = [*old_mode, *new_mode].contains(&"160000");
        // Links have the mode 120000, and their text is a path.
        let regular = old_mode.starts_with("100") && !status.starts_with('C');
        changed.push(Changed {
            path: path_of(second.unwrap_or(first)),
            renamed_from: second.map(|_| path_of(first)),
            blob: regular.then(|| (*old_id).to_owned()),
            submodule,
        });
    }
    changed
}

/// `git cat-file --batch`: one question, one answer.
#[derive(Debug)]
pub(crate) struct Blobs {
    child: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Blobs {
    /// A text by its name; none: it is larger than [`MOST_BYTES`]. An error says in a few words why git
    /// does not give it.
    pub(crate) fn read(&mut self, id: &str) -> Result<Option<Vec<u8>>, String> {
        let unread = |error: io::Error| format!("git did not give its text ({error})");
        let ask = self.ask.as_mut().ok_or("git has ended")?;
        writeln!(ask, "{id}")
            .and_then(|()| ask.flush())
            .map_err(unread)?;
        let mut head = String::new();
        self.answers.read_line(&mut head).map_err(unread)?;
        let size = head
            .split_ascii_whitespace()
            .nth(2)
            .and_then(|size| size.parse::<u64>().ok())
            .ok_or("git does not have its text; a partial clone fetches it with git fetch")?;
        let mut text = Vec::new();
        let small = size <= MOST_BYTES;
        let mut whole = (&mut self.answers).take(size + 1);
        if small {
            whole.read_to_end(&mut text).map_err(unread)?;
            // The line end behind it is not its own.
            text.truncate(size as usize);
        } else {
            io::copy(&mut whole, &mut io::sink()).map_err(unread)?;
        }
        Ok(small.then_some(text))
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        // Without questions git ends.
        self.ask = None;
        let _ = self.child.wait();
    }
}

/// A folder in a sentence.
pub(crate) fn folder_in_words(folder: &Path) -> String {
    match shown(folder) {
        name if name.is_empty() => "this folder".to_owned(),
        name => quote(&name),
    }
}

fn command(folder: &Path, what: &str) -> Command {
    let mut command = Command::new("git");
    // In a hook git names the repository that the hook is of; here the folder does.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(variable);
    }
    command
        .arg("--no-optional-locks")
        .arg("-C")
        .arg(folder)
        // A program that watches files is named in the repository's own settings.
        .args(["-c", "core.fsmonitor=false"])
        .arg(what)
        // What git says is read.
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_PAGER", "cat")
        .stdin(Stdio::null());
    command
}

fn run(folder: &Path, what: &str, arguments: &[&str]) -> Result<Output, GitError> {
    command(folder, what)
        .args(arguments)
        .output()
        .map_err(|error| not_started(&error))
}

fn not_started(error: &io::Error) -> GitError {
    match error.kind() {
        io::ErrorKind::NotFound => GitError::NoGit,
        _ => GitError::Failed {
            what: "itself",
            said: error.to_string(),
        },
    }
}

fn failed(what: &'static str, output: &Output) -> GitError {
    let said = one_line(&output.stderr);
    let said = said.strip_prefix("fatal: ").unwrap_or(&said);
    GitError::Failed {
        what,
        said: quote(said),
    }
}

/// The command that brings one revision into a shallow clone, under the name that was asked for.
fn how_to_fetch(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    if !name.chars().all(plain) {
        return "git fetch --unshallow".to_owned();
    }
    let is_commit = name.len() >= 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    match name.strip_prefix("origin/") {
        Some(branch) => format!("git fetch --depth=1 origin {branch}:refs/remotes/{name}"),
        None if is_commit => format!("git fetch --depth=1 origin {name}"),
        None => format!("git fetch --depth=1 origin {name}:{name}"),
    }
}

fn one_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// A text from outside in a sentence: short, and without what drives a terminal.
fn quote(text: &str) -> String {
    quote_for_error(text)
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// A path as git prints it: bytes on Unix, UTF-8 elsewhere.
#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::new(&*String::from_utf8_lossy(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_prints_of_changes_is_read() {
        let zero = "0".repeat(40);
        let id = "a".repeat(40);
        let text = format!(
            ":100644 100644 {id} {zero} M\0web/Dockerfile\0\
             :100644 100644 {id} {zero} R087\0old.yaml\0new name.yaml\0\
             :000000 100644 {zero} {zero} A\0added\0\
             :120000 100644 {id} {zero} T\0was a link\0\
             :160000 160000 {id} {zero} M\0vendor/lib\0"
        );
        let read: Vec<(String, Option<String>, bool, bool)> = read_raw(text.as_bytes())
            .into_iter()
            .map(|changed| {
                (
                    changed.path.display().to_string(),
                    changed.renamed_from.map(|path| path.display().to_string()),
                    changed.blob.is_some(),
                    changed.submodule,
                )
            })
            .collect();
        let expected = [
            ("web/Dockerfile", None, true, false),
            ("new name.yaml", Some("old.yaml"), true, false),
            ("added", None, false, false),
            ("was a link", None, false, false),
            ("vendor/lib", None, false, true),
        ]
        .map(|(path, from, blob, submodule)| {
            (path.to_owned(), from.map(str::to_owned), blob, submodule)
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_no_answer_of_git_is_no_change() {
        for bytes in [
            &b""[..],
            b"\0",
            b":1 2\0a\0",
            b":1 2 3 4 M",
            b"\xff\xfe\0\0\0",
        ] {
            assert_eq!(read_raw(bytes), [], "{bytes:?}");
        }
    }

    #[test]
    fn what_can_be_no_revision_is_refused_before_git_sees_it() {
        let git = Git {
            top: PathBuf::from("."),
        };
        for revision in ["", "...", "-x", "--upload-pack=x", "a..b", "a...b", "a\nb"] {
            let error = git.commit(revision).unwrap_err();
            assert!(
                matches!(error, GitError::Form { .. }),
                "{revision:?}: {error}"
            );
            assert!(error.is_usage());
        }
    }
}
