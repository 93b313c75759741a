//! The image reader: versions, release names, references and their tags.
#![no_main]

use libfuzzer_sys::fuzz_target;
use winfit_core::Catalog;
use winfit_core::image::NamedImage;

fuzz_target!(|text: &str| {
    match NamedImage::read(Catalog::builtin(), text) {
        Ok(named) => {
            assert!(!named.short().is_empty());
            if let Some(reference) = &named.reference {
                let _ = reference.with_tag("ltsc2022").base_image();
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
