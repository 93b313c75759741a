//! What is typed on a manager: one command for all that changes of a service or a node, and remedies of
//! services that run, in place of lines for a Compose file.

use winfit_core::finding::Finding;
use winfit_core::remedy::{Command, Remedy, Shell};

use super::label::NodeChange;

/// The longest line that is not continued on a second one.
const LONGEST: usize = 70;

/// A flag of `docker service update` or `docker node update`, with its value.
pub type Flag = (&'static str, String);

/// `docker service update` with these flags, continued as each shell wants it where the line is long.
pub fn service_update(flags: &[Flag], service: &str) -> Vec<Command> {
    update("docker service update", flags, service)
}

/// `docker node update` with all that is to become of a node's labels, and the command that undoes it.
pub fn node_update(change: &NodeChange, node: &str) -> (Vec<Command>, Vec<Command>) {
    let add = |name: &String, value: &String| ("--label-add", format!("{name}={value}"));
    let rm = |name: &String| ("--label-rm", name.clone());
    let was = |name: &String| change.now.get(name).map(|value| add(name, value));
    let set = change.set.iter();
    let mut forth: Vec<Flag> = set.map(|(name, value)| add(name, value)).collect();
    forth.extend(change.remove.iter().map(rm));
    let touched = change.set.keys().chain(&change.remove);
    let back: Vec<Flag> = touched
        .map(|name| was(name).unwrap_or_else(|| rm(name)))
        .collect();
    let command = |flags: &[Flag]| update("docker node update", flags, node);
    (command(&forth), command(&back))
}

fn update(verb: &str, flags: &[Flag], object: &str) -> Vec<Command> {
    let words = |shell| -> Vec<String> {
        let flags = flags.iter();
        let mut words: Vec<String> = flags
            .map(|(flag, value)| format!("{flag} {}", quoted(value, shell)))
            .collect();
        words.push(quoted(object, shell));
        words
    };
    let line = format!("{verb} {}", words(Shell::Sh).join(" "));
    if line.len() <= LONGEST && words(Shell::Sh) == words(Shell::PowerShell) {
        return vec![Command {
            shell: Shell::Any,
            text: line,
        }];
    }
    // The shells continue a line differently: a backtick and a backslash.
    [(Shell::PowerShell, " `\n  "), (Shell::Sh, " \\\n  ")]
        .into_iter()
        .map(|(shell, joint)| {
            let mut lines = vec![verb.to_owned()];
            let mut words = words(shell);
            let object = words.pop();
            lines.extend(filled(words));
            lines.extend(object);
            Command {
                shell,
                text: lines.join(joint),
            }
        })
        .collect()
}

/// As many of these words on a line as fit.
fn filled(words: Vec<String>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < LONGEST => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// A value as a shell hands it on: in quotes where it would read more into it. Constraints always are.
fn quoted(value: &str, shell: Shell) -> String {
    let plain = |symbol: char| symbol.is_ascii_alphanumeric() || "._-=/:".contains(symbol);
    if !value.is_empty() && value.chars().all(plain) && !value.contains("==") {
        return value.to_owned();
    }
    let quote = if shell == Shell::PowerShell {
        "''"
    } else {
        r"'\''"
    };
    format!("'{}'", value.replace('\'', quote))
}

/// The flags that add these constraints.
pub fn constraint_add(constraints: &[String]) -> Vec<Flag> {
    flags_of("--constraint-add", constraints)
}

/// The flags that take these constraints away again.
pub fn constraint_rm(constraints: &[String]) -> Vec<Flag> {
    flags_of("--constraint-rm", constraints)
}

fn flags_of(flag: &'static str, values: &[String]) -> Vec<Flag> {
    let values = values.iter();
    values.map(|value| (flag, value.clone())).collect()
}

/// Lets the remedies of services say `docker service update`: a service that runs has no Compose file that
/// winfit knows. Nor is any `winfit.toml` read beside a Swarm: what it would say, options do.
pub fn for_live_services(findings: &mut [Finding]) {
    for finding in findings {
        if finding.subject.kind == "service" {
            let name = finding.subject.name.clone();
            for remedy in &mut finding.remedies {
                for_live_service(remedy, &name);
            }
            for note in &mut finding.notes {
                if note.contains("in winfit.toml") && note.contains("[images.") {
                    "--image-version REF=VERSION tells it, --online of swarm audit asks the image's registry"
                        .clone_into(note);
                }
            }
        }
    }
}

fn for_live_service(remedy: &mut Remedy, service: &str) {
    let commands = std::mem::take(&mut remedy.commands);
    for command in commands {
        match flags(&command) {
            Some(flags) => remedy.commands.extend(service_update(&flags, service)),
            None => remedy.commands.push(command),
        }
    }
    // There is no file whose lines would change.
    remedy.diff = None;
}

/// What lines of a Compose file are as flags; none: they are something else.
fn flags(command: &Command) -> Option<Vec<Flag>> {
    if command.shell != Shell::Yaml {
        return None;
    }
    let text = command.text.as_str();
    if let Some(image) = text.strip_prefix("image: ") {
        return Some(vec![("--image", image.to_owned())]);
    }
    if let Some(isolation) = text.strip_prefix("isolation: ") {
        return Some(vec![("--isolation", isolation.to_owned())]);
    }
    let constraints = text.strip_prefix("deploy:\n  placement:\n    constraints:\n")?;
    let constraints: Option<Vec<String>> = constraints
        .lines()
        .map(|line| Some(without_spaces(line.trim().strip_prefix("- ")?)))
        .collect();
    Some(constraint_add(&constraints?))
}

/// `node.labels.OsVersion==10.0.17763`, as people write it on a command line.
fn without_spaces(constraint: &str) -> String {
    constraint.replace(" == ", "==").replace(" != ", "!=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(text: &str) -> Command {
        Command {
            shell: Shell::Yaml,
            text: text.to_owned(),
        }
    }

    #[test]
    fn lines_of_compose_files_are_flags() {
        let constraints = "deploy:\n  placement:\n    constraints:\n      - node.labels.OsVersion != 10.0.14393\n      - node.labels.OsVersion != 10.0.16299";
        let both = [
            "node.labels.OsVersion!=10.0.14393",
            "node.labels.OsVersion!=10.0.16299",
        ];
        assert_eq!(
            flags(&yaml(constraints)),
            Some(constraint_add(&both.map(str::to_owned)))
        );
        assert_eq!(
            flags(&yaml("isolation: hyperv")),
            Some(vec![("--isolation", "hyperv".to_owned())])
        );
        assert_eq!(flags(&yaml("platform: windows/amd64")), None);
    }

    #[test]
    fn a_long_line_is_continued_in_both_shells() {
        let short = service_update(&[("--isolation", "hyperv".to_owned())], "fax");
        assert_eq!(
            short[0].text,
            "docker service update --isolation hyperv fax"
        );
        let long = constraint_add(&["node.labels.winfit.runs-ltsc2022==true".to_owned()]);
        let long = service_update(&long, "fax");
        assert_eq!(
            long[1].text,
            "docker service update \\\n  --constraint-add 'node.labels.winfit.runs-ltsc2022==true' \\\n  fax"
        );
    }
    #[test]
    fn what_a_shell_would_read_more_into_is_quoted_as_it_wants_it() {
        let of = |value: &str, shell| quoted(value, shell);
        assert_eq!(
            of("OsVersion=10.0.17763", Shell::Sh),
            "OsVersion=10.0.17763"
        );
        assert_eq!(of("rack=$(hall 7)", Shell::Sh), "'rack=$(hall 7)'");
        assert_eq!(of("owner=O'Neil", Shell::Sh), r"'owner=O'\''Neil'");
        assert_eq!(of("owner=O'Neil", Shell::PowerShell), "'owner=O''Neil'");
        assert_eq!(of("", Shell::Sh), "''");
    }
}
