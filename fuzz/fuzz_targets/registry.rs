//! Challenges, logins, mirrors, tokens and indexes: any bytes are read to their end, and an index is judged.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| winfit_registry::hostile::read(bytes));
