//! Compose: any text is read, also as its own `.env` and include, and every place lies in it.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use winfit_files::compose::{Loader, looks_like, read};
use winfit_files::source::{Encoding, Source};
use winfit_files::yaml;

/// Every file is this one.
struct Mirror(Arc<Source>);

impl Loader for Mirror {
    fn load(&self, path: &Path) -> Result<Arc<Source>, String> {
        if path.as_os_str().len() > 200 {
            return Err("the path is too long".to_owned());
        }
        Ok(Arc::clone(&self.0))
    }
}

fuzz_target!(|text: &str| {
    let _ = looks_like("a.yml", text);
    let source = Arc::new(Source::new(
        "compose.yaml",
        PathBuf::from("compose.yaml"),
        text.to_owned(),
        Encoding::Utf8,
    ));
    let (trees, _) = yaml::read(&source);
    let overrides = [Arc::clone(&source)];
    let (compose, problems) = read(&source, &trees, &overrides, &Mirror(Arc::clone(&source)));
    let images = compose
        .services
        .iter()
        .filter_map(|service| service.image.as_ref());
    for origin in images
        .map(|image| &image.origin)
        .chain(problems.iter().map(|problem| &problem.origin))
    {
        if let Some(span) = origin.span {
            assert!(text.get(span.start..span.end).is_some());
        }
    }
});
