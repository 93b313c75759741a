//! The version reader: any text is a version or a sentence, and what is printed reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use winfit_core::version::OsVersion;

fuzz_target!(|text: &str| {
    match text.parse::<OsVersion>() {
        Ok(version) => assert_eq!(version.to_string().parse(), Ok(version)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
