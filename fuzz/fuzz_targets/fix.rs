//! Fixes: whatever a file holds, it is mended whole or left alone, and what was JSON stays JSON.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use winfit_core::fleet::Member;
use winfit_core::host::read_host_spec;
use winfit_core::{Catalog, Date};
use winfit_files::fix::{edits, run};
use winfit_files::lint::{LintOptions, lint};
use winfit_files::repository::{ReadOptions, read};

const NAMES: [&str; 5] = [
    "Dockerfile",
    "docker-compose.yml",
    "web.yaml",
    "web.json",
    "daemon.json",
];

static HOSTS: LazyLock<Vec<Member>> = LazyLock::new(|| {
    ["ltsc2019", "ltsc2022,hyperv=on", "linux"]
        .iter()
        .flat_map(|text| {
            let read = read_host_spec(Catalog::builtin(), text).expect("a host");
            read.into_iter()
                .map(|read| Member::new(text, read.host, "--host"))
        })
        .collect()
});

fuzz_target!(|input: &[u8]| {
    let Some((kind, text)) = input.split_first() else {
        return;
    };
    let catalog = Catalog::builtin();
    let name = NAMES[usize::from(*kind) % NAMES.len()];
    let options = ReadOptions {
        stdin: Some((name.to_owned(), text.to_vec())),
        config: Some("/dev/null".into()),
        ..ReadOptions::default()
    };
    let lint_options = LintOptions {
        today: Date::MIN,
        eol_within: None,
        hosts: HOSTS.clone(),
        build_isolation: None,
        registries: winfit_files::registries::Words::new(),
    };
    let repository = read(catalog, &options);
    for finding in lint(catalog, &repository, &lint_options).findings {
        for remedy in &finding.remedies {
            for edit in edits(&repository, remedy).unwrap_or_default() {
                assert!(edit.source.text.get(edit.range.clone()).is_some());
            }
        }
    }
    let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
    for file in run(catalog, &options, &lint_options, true).files {
        assert_ne!(file.text, file.source.text);
        assert!(!is_json(&file.source.text) || is_json(&file.text));
    }
});
