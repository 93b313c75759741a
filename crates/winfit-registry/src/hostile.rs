//! What fuzzing puts to the readers of other people's bytes.

use std::path::Path;
use std::time::SystemTime;

use crate::auth::{challenge, file::AuthFile, token};
use crate::transport::{failure, hosts_toml, retry};

/// Reads bytes as everything that a registry, a token service or a folder of settings may hold. Nothing
/// comes of it but that it ends.
#[doc(hidden)]
pub fn read(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let registry = reqwest::Url::parse("https://registry.example");
    for challenge in challenge::parse(&text) {
        if let Ok(registry) = &registry {
            let _ = token::realm(&challenge, registry);
        }
    }
    if let Ok(file) = AuthFile::parse(bytes) {
        let _ = file.helper("registry.example");
        let _ = file.find("registry.example", "shop/web");
    }
    let _ = hosts_toml::parse(bytes, Path::new("certs.d"));
    let _ = retry::retry_after(&text, SystemTime::UNIX_EPOCH);
    let _ = token::read(bytes, std::time::Instant::now());
    let _ = failure::codes(bytes);
}

#[cfg(test)]
mod tests {
    proptest::proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            super::read(&bytes);
        }

        #[test]
        fn what_is_nearly_right_ends(text in "(Bearer |realm=|\"|https://|\\{|\\}|:|\\[|\\]|,|auths|auth|token|host|errors|code|a|=|\\.|\n| |\u{e9}|9){0,40}") {
            super::read(text.as_bytes());
        }
    }
}
