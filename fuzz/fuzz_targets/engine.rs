//! The engine reader: any text is an engine or a sentence, and what is printed reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use winfit_core::Catalog;
use winfit_core::engine::Engine;

fuzz_target!(|text: &str| {
    match text.parse::<Engine>() {
        Ok(engine) => {
            let catalog = Catalog::builtin();
            assert_eq!(engine.to_string().parse(), Ok(engine));
            assert!(!engine.in_words().is_empty());
            // A rule that holds is the nearest one too.
            let nearest = engine.nearest(catalog);
            assert!(nearest.is_some() || engine.rule(catalog).is_none());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
