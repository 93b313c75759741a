//! The Dockerfile reader: any text is read, and every place lies in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use winfit_core::finding::Origin;
use winfit_files::dockerfile::{CopySource, final_base, read};
use winfit_files::source::Source;

fuzz_target!(|text: &str| {
    let source = Source::of_text("Dockerfile", text);
    let (dockerfile, problems) = read(&source);
    let at = |origin: &Origin| {
        let span = origin.span.unwrap_or_else(|| source.span(0, 0));
        match text.get(span.start..span.end) {
            Some(found) => found,
            None => panic!("{span:?} is no piece of the text"),
        }
    };
    for problem in &problems {
        at(&problem.origin);
    }
    for (index, stage) in dockerfile.stages.iter().enumerate() {
        let found = at(&stage.base.origin);
        assert!(found.contains('\n') || found == stage.base.value);
        at(&stage.stated_at);
        at(&stage.origin);
        assert!(stage.of_stage.is_none_or(|of| of < index));
        for copy in &stage.copies {
            at(&copy.origin);
            assert!(!matches!(copy.from, CopySource::Stage(from) if from >= index));
        }
        for located in stage
            .onbuild
            .iter()
            .chain(&stage.name)
            .chain(&stage.platform)
        {
            at(&located.origin);
        }
    }
    assert_eq!(
        final_base(&dockerfile, None).is_some(),
        !dockerfile.stages.is_empty()
    );
});
