//! Challenges, logins, mirrors and tokens: any bytes are read to their end.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| winfit_registry::hostile::read(bytes));
