//! `winfit rules`: what the names in brackets mean.

use anyhow::Result;
use winfit_core::audit::INDEX_RULES;

use crate::cli::RulesArguments;
use crate::output::{Exit, Outcome, columns, printable, usage};

/// The pages of `docs/rules`, by name.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

pub(crate) fn run(arguments: &RulesArguments) -> Result<Outcome> {
    let text = match &arguments.name {
        Some(name) => page(name)?.to_owned(),
        None => list(),
    };
    Ok(Outcome::new(text, Exit::Fits))
}

/// The rules of `lint`, then those of `image lint`, of engines, of Swarms and of clusters, one a line.
fn list() -> String {
    let of_files = winfit_files::lint::rules();
    let rows: Vec<Vec<String>> = of_files
        .iter()
        .chain(INDEX_RULES)
        .chain(winfit_docker::local::failed::RULES)
        .chain(winfit_docker::swarm::stuck::RULES)
        .chain(winfit_kube::failing::RULES)
        .map(|rule| vec![rule.name.to_owned(), rule.summary.to_owned()])
        .collect();
    columns(&rows, "")
}

/// The page of a rule, of `lint` or of `check`; the name may be as findings show it.
fn page(name: &str) -> Result<&'static str> {
    let bare = name.trim().trim_start_matches('[').trim_end_matches(']');
    let found = PAGES
        .binary_search_by(|(known, _)| (*known).cmp(&*bare.to_ascii_lowercase()))
        .map(|at| PAGES[at].1);
    found.map_err(|_| {
        let name = printable(name);
        let longest = bare.split('-').max_by_key(|word| word.len());
        let alike: Vec<&str> = PAGES
            .iter()
            .map(|(known, _)| *known)
            .filter(|known| longest.is_some_and(|word| !word.is_empty() && known.contains(word)))
            .take(5)
            .collect();
        if alike.is_empty() {
            usage(format!(
                "there is no rule {name:?}; winfit rules lists those of lint"
            ))
        } else {
            usage(format!(
                "there is no rule {name:?}; there is {}",
                alike.join(", ")
            ))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_there_word_for_word() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules");
        let mut found = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            if name != "README" {
                let text = std::fs::read_to_string(&path).unwrap();
                assert_eq!(page(name).unwrap(), text);
                found += 1;
            }
        }
        assert_eq!(PAGES.len(), found);
        for rule in winfit_files::lint::rules() {
            assert!(page(rule.name).is_ok(), "{}", rule.name);
            assert!(list().contains(rule.summary), "{}", rule.name);
        }
    }

    #[test]
    fn a_name_may_be_as_findings_show_it() {
        let wanted = page("build-mismatch").unwrap();
        for name in ["[build-mismatch]", "Build-Mismatch", " build-mismatch "] {
            assert_eq!(page(name).unwrap(), wanted);
        }
    }

    #[test]
    fn of_a_wrong_name_those_that_are_alike_are_told() {
        for (name, told) in [
            (
                "broken-files",
                "there is no rule \"broken-files\"; there is broken-file",
            ),
            (
                "zzz",
                "there is no rule \"zzz\"; winfit rules lists those of lint",
            ),
            (
                "",
                "there is no rule \"\"; winfit rules lists those of lint",
            ),
            (
                "mismatch",
                "there is no rule \"mismatch\"; there is build-mismatch, pause-image-mismatch, platform-mismatch",
            ),
        ] {
            assert_eq!(page(name).unwrap_err().to_string(), told);
        }
    }
}
