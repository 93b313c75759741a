//! The command with folders of its own, so that nothing of the developer's is read or written.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// The command with folders of its own for what it keeps.
pub(crate) struct Winfit {
    folder: TempDir,
}

impl Winfit {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_winfit"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env("XDG_CACHE_HOME", self.path().join("cache"))
            .env("XDG_DATA_HOME", self.path().join("data"))
            .env("LOCALAPPDATA", self.path().join("local"))
            .env("DOCKER_CONFIG", self.path().join("docker"))
            .env("NO_PROXY", "*")
            .env("SOURCE_DATE_EPOCH", "1795305600");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().unwrap())
    }
}

/// What a command said.
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) errors: String,
    pub(crate) exit: i32,
}

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            text: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
            exit: output.status.code().unwrap(),
        }
    }

    /// All words of the text, one space between two.
    pub(crate) fn words(&self) -> String {
        self.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// All words on standard error, one space between two.
    pub(crate) fn error_words(&self) -> String {
        self.errors.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
