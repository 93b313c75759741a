//! `winfit.toml`: whatever it says, its mistakes have places within the text.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use winfit_core::Catalog;
use winfit_files::config::read;
use winfit_files::source::Source;

fuzz_target!(|text: &str| {
    let source = Source::of_text("winfit.toml", text);
    let (_, problems) = read(Catalog::builtin(), &source, Path::new(""));
    for problem in problems {
        let span = problem.origin.span.expect("a mistake has a place");
        assert!(text.get(span.start..span.end).is_some(), "{problem:?}");
    }
});
