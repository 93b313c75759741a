//! Manifests: any text is read and checked, with every place inside the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use winfit_core::audit::AuditOptions;
use winfit_core::fleet::Fleet;
use winfit_core::{Catalog, Date};
use winfit_files::rules::{Context, kubernetes as rules};
use winfit_files::source::{Source, decode};
use winfit_files::{kubernetes, yaml};

fuzz_target!(|input: &[u8]| {
    let Ok((text, encoding)) = decode(input.to_vec()) else {
        return;
    };
    let _ = kubernetes::looks_like(&text);
    let _ = kubernetes::is_helm_template(&text);
    let source = Source::new("fuzz.yaml", std::path::PathBuf::new(), text, encoding);
    let (trees, _) = yaml::read(&source);
    let (manifests, _) = kubernetes::read(&source, &trees);
    let options = AuditOptions {
        today: Date::MIN,
        eol_within: 180,
    };
    let context = Context {
        catalog: Catalog::builtin(),
        fleet: &Fleet::default(),
        hosts: &[],
        options: &options,
        base_tags: None,
    };
    for finding in rules::check(&context, &source.name, &manifests) {
        assert!(!finding.message.is_empty());
        let span = finding
            .origin
            .span
            .expect("a finding in a file has a place in it");
        assert!(source.text.get(span.start..span.end).is_some());
    }
});
