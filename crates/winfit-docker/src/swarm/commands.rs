//! Remedies of services that run: commands for their manager in place of lines for a Compose file.

use winfit_core::finding::Finding;
use winfit_core::remedy::{Command, Remedy, Shell};

/// The longest line that is not continued on a second one.
const LONGEST: usize = 70;

/// `docker service update` with these flags, continued as each shell wants it where the line is long.
pub fn service_update(flags: &[String], service: &str) -> Vec<Command> {
    let words = [
        &["docker service update".to_owned()],
        flags,
        &[service.to_owned()],
    ]
    .concat();
    let line = words.join(" ");
    if line.len() <= LONGEST {
        return vec![Command {
            shell: Shell::Any,
            text: line,
        }];
    }
    // The shells continue a line differently: a backtick and a backslash.
    [(Shell::PowerShell, " `\n  "), (Shell::Sh, " \\\n  ")]
        .into_iter()
        .map(|(shell, joint)| Command {
            shell,
            text: words.join(joint),
        })
        .collect()
}

/// The flags that add these constraints.
pub fn constraint_add(constraints: &[String]) -> Vec<String> {
    let constraints = constraints.iter();
    constraints
        .map(|constraint| format!("--constraint-add '{constraint}'"))
        .collect()
}

/// The flags that take these constraints away again.
pub fn constraint_rm(constraints: &[String]) -> Vec<String> {
    let constraints = constraints.iter();
    constraints
        .map(|constraint| format!("--constraint-rm '{constraint}'"))
        .collect()
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
fn flags(command: &Command) -> Option<Vec<String>> {
    if command.shell != Shell::Yaml {
        return None;
    }
    let text = command.text.as_str();
    if let Some(image) = text.strip_prefix("image: ") {
        return Some(vec![format!("--image {image}")]);
    }
    if let Some(isolation) = text.strip_prefix("isolation: ") {
        return Some(vec![format!("--isolation {isolation}")]);
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
        assert_eq!(
            flags(&yaml(constraints)).as_deref(),
            Some(
                &[
                    "--constraint-add 'node.labels.OsVersion!=10.0.14393'".to_owned(),
                    "--constraint-add 'node.labels.OsVersion!=10.0.16299'".to_owned(),
                ][..]
            )
        );
        assert_eq!(
            flags(&yaml("isolation: hyperv")),
            Some(vec!["--isolation hyperv".to_owned()])
        );
        assert_eq!(flags(&yaml("platform: windows/amd64")), None);
    }

    #[test]
    fn a_long_line_is_continued_in_both_shells() {
        let short = service_update(&["--isolation hyperv".to_owned()], "fax");
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
}
