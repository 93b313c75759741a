//! YAML: any text gives trees and problems, with every place inside the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use winfit_files::source::{Source, decode};
use winfit_files::yaml;

fuzz_target!(|input: &[u8]| {
    let Ok((text, encoding)) = decode(input.to_vec()) else {
        return;
    };
    let source = Source::new("fuzz.yaml", std::path::PathBuf::new(), text, encoding);
    let text = source.text.as_str();
    let (trees, problems) = yaml::read(&source);
    for problem in &problems {
        let others = problem.other.iter().map(|(origin, _)| origin);
        for origin in std::iter::once(&problem.origin).chain(others) {
            let span = origin.span.expect("a problem of a text has a place in it");
            assert!(text.get(span.start..span.end).is_some());
        }
    }
    for tree in &trees {
        let mut open: Vec<_> = tree.root().into_iter().collect();
        while let Some(node) = open.pop() {
            assert!(text.get(node.span()).is_some());
            open.extend(node.elements());
            for entry in node.entries() {
                open.push(entry.key);
                open.push(entry.value);
            }
            // What contains itself is walked only so far.
            if open.len() > 10_000 {
                break;
            }
        }
    }
});
