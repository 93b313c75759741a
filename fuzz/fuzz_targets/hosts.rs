//! The host readers: bytes to text, pasted text to hosts, and the HOST argument with its facts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use winfit_core::Catalog;
use winfit_core::host::{decode, read_host_spec, read_hosts};

fuzz_target!(|bytes: &[u8]| {
    let catalog = Catalog::builtin();
    let text = decode(bytes);
    let reading = read_hosts(catalog, &text);
    for read in &reading.hosts {
        let _ = read.releases(catalog);
        let _ = read.host.effective_kind(catalog);
        // Lines are counted from one, and the text has them.
        assert!(read.line >= 1 && read.line <= text.lines().count().max(1));
    }
    match read_host_spec(catalog, &text) {
        Ok(hosts) => assert!(!hosts.is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
