//! Every rule that winfit can name has a page, every page is in the index, and none is left over.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use winfit_core::Catalog;
use winfit_core::reason::RULES;

use crate::{repository, winfit};

/// The rules of `check` beside those of verdicts and of the known breaks.
const OF_CHECK: [&str; 5] = [
    "engine-pull",
    "base-behind-patches",
    "host-out-of-support",
    "host-support-ending",
    "image-as-written",
];

fn of_lint() -> BTreeSet<String> {
    winfit_files::lint::rules()
        .into_iter()
        .map(|rule| rule.name.to_owned())
        .collect()
}

/// The rules of `image lint`, whose examples are images in a registry.
fn of_image_lint() -> BTreeSet<String> {
    let rules = winfit_core::audit::INDEX_RULES.iter();
    rules.map(|rule| rule.name.to_owned()).collect()
}

fn rules() -> BTreeSet<String> {
    let breaks = Catalog::builtin().breaks.iter().map(|known| known.id);
    RULES
        .into_iter()
        .chain(breaks)
        .chain(OF_CHECK)
        .map(str::to_owned)
        .chain(of_lint())
        .chain(of_image_lint())
        .collect()
}

fn pages() -> BTreeSet<String> {
    fs::read_dir(repository("docs/rules"))
        .expect("docs/rules")
        .map(|entry| {
            let name = entry.expect("an entry of docs/rules").file_name();
            let name = name.to_string_lossy();
            name.strip_suffix(".md")
                .unwrap_or_else(|| panic!("{name} in docs/rules is no page"))
                .to_owned()
        })
        .filter(|name| name != "README")
        .collect()
}

fn text(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let of_swarms = winfit_docker::swarm::stuck::RULES.iter();
    let of_engines = winfit_docker::local::failed::RULES.iter();
    let of_clusters = winfit_kube::failing::RULES.iter();
    let all: BTreeSet<String> = of_swarms
        .chain(of_engines)
        .chain(of_clusters)
        .map(|rule| rule.name.to_owned())
        .chain(rules())
        .collect();
    assert_eq!(pages(), all);
}

#[test]
fn the_index_names_every_page() {
    let index = text("docs/rules/README.md");
    let mut rows: Vec<String> = Vec::new();
    for line in index.lines().filter(|line| line.starts_with("| [")) {
        let (name, target) = line
            .trim_start_matches("| [")
            .split_once("](")
            .expect("a row links to its page");
        assert!(target.starts_with(&format!("{name}.md) |")), "{line}");
        rows.push(name.to_owned());
    }
    let named: BTreeSet<String> = rows.iter().cloned().collect();
    assert_eq!(named.len(), rows.len(), "a page is named twice: {rows:?}");
    assert_eq!(named, pages());
}

#[test]
fn every_page_has_its_parts() {
    for name in pages() {
        let page = text(&format!("docs/rules/{name}.md"));
        assert!(page.starts_with(&format!("# {name}\n")), "{name}: title");
        for part in ["## What\n", "## Why\n", "## What to do\n", "## Sources\n"] {
            assert!(page.contains(part), "{name}: {part}");
        }
        let checks = page.matches("```console\n$ winfit check ").count();
        let lints = page.matches("```console\n$ winfit lint").count();
        let images = page.matches("```console\n$ winfit image lint").count();
        let swarms = page.matches("```console\n$ winfit swarm audit").count();
        let engines = page.matches("```console\n$ winfit docker audit").count();
        let clusters = page.matches("```console\n$ winfit kube audit").count();
        assert!(
            [checks, lints, images, swarms, engines, clusters]
                .into_iter()
                .any(|count| count >= 2),
            "{name}: one example of each side"
        );
    }
}

/// The part of a page under a heading.
fn part<'p>(page: &'p str, heading: &str) -> &'p str {
    page.split(&format!("\n## {heading}\n"))
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .unwrap_or_default()
}

/// The examples are run by the pages' test; here they must be examples of the rule.
#[test]
fn the_bad_example_of_a_lint_rule_has_the_finding_and_the_good_one_does_not() {
    let of_images = of_image_lint();
    for name in of_lint().iter().chain(&of_images) {
        let command = if of_images.contains(name) {
            "$ winfit image lint"
        } else {
            "$ winfit lint"
        };
        let page = text(&format!("docs/rules/{name}.md"));
        if !page.contains(&format!("```console\n{command}")) {
            assert!(page.contains("```console\n$ winfit check "), "{name}");
            continue;
        }
        let finding = format!("[{name}]:");
        assert!(part(&page, "Bad").contains(&finding), "{name}: Bad");
        assert!(part(&page, "Good").contains(command), "{name}: Good");
        assert!(!part(&page, "Good").contains(&finding), "{name}: Good");
    }
}

/// Readers name rules in their problems: each is one that `lint` lists.
#[test]
fn every_problem_of_a_reader_is_a_listed_rule() {
    fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let rules = of_lint();
    let mut files = Vec::new();
    sources(&repository("crates/winfit-files/src"), &mut files);
    let mut named = 0;
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        for made in ["Problem::error(", "Problem::warning(", "Problem::info("] {
            for rest in source.split(made).skip(1) {
                let Some(rule) = rest.trim_start().strip_prefix('"') else {
                    continue;
                };
                let rule = rule.split('"').next().unwrap();
                assert!(rules.contains(rule), "{}: {rule}", file.display());
                named += 1;
            }
        }
    }
    assert!(named >= 10, "readers make problems otherwise now");
}

/// The notes' names are private to the command: they are taken from its source.
#[test]
fn every_note_of_check_is_a_known_rule() {
    let rules = rules();
    let source = include_str!("../../src/commands/notes.rs");
    let mut found = 0;
    for literal in source.split('"').skip(1).step_by(2) {
        let kebab = literal.contains('-')
            && literal
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if kebab {
            assert!(rules.contains(literal), "{literal} has no page");
            found += 1;
        }
    }
    assert!(found >= 5, "notes.rs names its rules otherwise now");
}

/// The names as the command prints them.
#[test]
fn every_rule_that_is_printed_has_a_page() {
    let pages = pages();
    let mut printed = BTreeSet::new();
    for arguments in [
        ["ltsc2019", "--host=ltsc2022", "--platform=aks"],
        [
            "ltsc2025",
            "--host=26200.8875",
            "--engine=docker@29.6.2+containerd",
        ],
        ["ltsc2016", "--host=ltsc2016", "--no-hyperv"],
        ["microsoft/nanoserver:1709", "--host=16299.125,server", "-v"],
        [
            "contoso/app:1",
            "--host=17763.437",
            "--engine=containerd@1.6.22",
        ],
    ] {
        let mut all = vec!["check", "--as-of=2026-11-22", "--format=json"];
        all.extend(arguments);
        let document: Value =
            serde_json::from_slice(&winfit(&all).stdout).expect("check prints JSON");
        collect(&document, &mut printed);
    }
    assert!(printed.len() >= 10, "{printed:?}");
    for rule in printed {
        assert!(pages.contains(&rule), "{rule} is printed and has no page");
    }
}

fn collect(value: &Value, rules: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, rules)),
        Value::Object(fields) => {
            for (key, field) in fields {
                match field.as_str() {
                    Some(rule) if key == "rule" => {
                        rules.insert(rule.to_owned());
                    }
                    _ => collect(field, rules),
                }
            }
        }
        _ => {}
    }
}
