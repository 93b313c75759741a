//! Isolations for people: the one that counts first, then what says so.

use winfit_core::host::{Isolation, Os};

use super::set::{Now, Set, State};
use super::{Says, Told, restart};
use crate::output::{bold, columns, printable, wrap};

/// The isolation of a container, else of all that ask for none; then why.
pub(super) fn told(told: &Told) -> String {
    let now = told.default.now;
    let headline = match &told.container {
        None => format!(
            "Containers on {} get {} when nobody asks for one.",
            printable(&told.default.host),
            in_words(now)
        ),
        Some(container) => format!(
            "{} has {}.",
            printable(&container.name),
            in_words(container.has)
        ),
    };
    let mut text = bold(&wrap(&headline, "", ""));
    text.push_str("\n\n");
    text.push_str(&rows(told));
    text
}

fn in_words(isolation: Isolation) -> &'static str {
    match isolation {
        Isolation::Process => "process isolation",
        Isolation::Hyperv => "Hyper-V isolation (hyperv)",
    }
}

/// What the container says, the engine, its file; then why.
fn rows(told: &Told) -> String {
    let now = told.default.now;
    let row = |label: &str, value: &str, more: &str| {
        vec![label.to_owned(), value.to_owned(), more.to_owned()]
    };
    let mut rows = Vec::new();
    if let Some(container) = &told.container {
        let why = match container.own {
            None => "the engine's default counts",
            Some(own) if own == now => "which is the engine's default as well",
            Some(_) => "its own, or the default when it was made",
        };
        rows.push(row("container", &printable(&container.says), why));
    }
    rows.push(row("engine", now.name(), "its default"));
    if let Some(file) = &told.explained.file {
        let says = match file.says {
            Says::NotThere => "is not there",
            Says::NoJson => "no JSON",
            Says::Nothing => "says none",
            Says::Sets(isolation) => isolation.name(),
        };
        let path = printable(&file.path.display().to_string());
        rows.push(row("daemon.json", says, &path));
    }
    let mut text = columns(&rows, "  ");
    text.push('\n');
    let why = printable(&told.explained.why);
    text.push_str(&wrap(&why, "  why  ", "       "));
    text.push('\n');
    text
}

/// Another default, shown or written.
pub(super) fn of_set(set: &Set) -> String {
    let place = printable(&set.file.path.display().to_string());
    let mut text = String::new();
    match &set.state {
        State::Already => {
            let sentence = format!(
                "{place} sets {} already; nothing is changed.",
                in_words(set.wanted)
            );
            text.push_str(&wrap(&sentence, "", ""));
            text.push('\n');
        }
        State::Shown(diff) => {
            let sentence =
                "Nothing is written yet; --apply writes it, and keeps what is there beside it.";
            text.push_str(&format!("{diff}\n{}\n", wrap(sentence, "", "")));
        }
        State::Written { backup, .. } => {
            let sentence = format!("{place} sets {} now.", in_words(set.wanted));
            text.push_str(&bold(&wrap(&sentence, "", "")));
            text.push_str("\n\n");
            if let Some(backup) = backup {
                let backup = printable(&backup.display().to_string());
                let sentence = format!("what was there is kept in {backup}");
                text.push_str(&wrap(&sentence, "  ", "  "));
                text.push('\n');
            }
        }
    }
    if let Some(engine) = &set.engine {
        text.push_str(&now(engine));
    }
    text
}

/// What the engine's default is now, and how it takes up what its file says.
fn now(now: &Now) -> String {
    let sentence = match now {
        Now::TakenUp(default) => format!("the engine's default is {} now", default.now.name()),
        Now::Still(default) => format!(
            "the engine's default is still {}; restart it",
            default.now.name()
        ),
        Now::Linux(host) => format!(
            "the engine of {host} runs Linux containers, which know neither process nor hyperv"
        ),
        Now::Silent(error) => format!("what the engine's default is now cannot be told: {error}"),
    };
    let mut text = wrap(&printable(&sentence), "  ", "  ");
    text.push('\n');
    if now.must_restart() {
        text.push_str(
            "\n  The engine reads its file when it starts. Restarting it stops containers.\n",
        );
        let label = |shell: &str, command: &str| vec![shell.to_owned(), command.to_owned()];
        text.push_str(&columns(
            &[
                label("PowerShell", restart(Os::Windows)),
                label("sh", restart(Os::Linux)),
            ],
            "    ",
        ));
        text.push_str("  Then see what it took up:\n    winfit docker isolation\n");
    }
    text
}
