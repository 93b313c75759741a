//! What fuzzing puts to the readers of other people's bytes.

use std::path::Path;
use std::time::SystemTime;

use winfit_core::Catalog;
use winfit_core::audit::index_findings;
use winfit_core::host::Host;
use winfit_core::index::{choose, unhelped};
use winfit_core::reference::Reference;
use winfit_core::version::OsVersion;

use crate::assemble::Assembly;
use crate::auth::{challenge, file::AuthFile, token};
use crate::digest::Digest;
use crate::inspect::{Child, ImageReport, is_attestation};
use crate::model::{ImageConfig, Index, OCI_INDEX, Platform};
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
    if let Ok(index) = serde_json::from_slice::<Index>(bytes) {
        judge(index);
    }
}

/// Judges an index whose children have each the platform of the next one in their configs.
fn judge(index: Index) {
    let Ok(reference) = Reference::parse("registry.example/shop/web:1") else {
        return;
    };
    let next = index.manifests.iter().cycle().skip(1);
    let configs: Vec<Option<Platform>> = next
        .take(index.manifests.len())
        .map(|entry| entry.platform.clone())
        .collect();
    let children = index.manifests.into_iter().zip(configs);
    let report = ImageReport {
        digest: Digest::of(b""),
        media_type: OCI_INDEX.to_owned(),
        is_index: true,
        children: children
            .filter_map(|(entry, config)| {
                Some(Child {
                    digest: Digest::parse(&entry.digest)?,
                    attestation: is_attestation(&entry),
                    media_type: entry.media_type,
                    size: entry.size,
                    entry: entry.platform,
                    config: config.map(|config| ImageConfig {
                        os: config.os,
                        architecture: config.architecture,
                        os_version: config.os_version,
                        os_features: config.os_features,
                        created: None,
                    }),
                    trouble: None,
                })
            })
            .collect(),
        reference,
    };
    let catalog = Catalog::builtin();
    let image = report.described();
    let _ = index_findings(catalog, &image, &[]);
    let _ = unhelped(catalog, &image);
    let host = Host::windows(OsVersion::of_build(20_348));
    let _ = choose(catalog, &image, &host).map(|choice| choice.reason(&image, &host));
    let _ = Assembly::new(&report.reference, std::slice::from_ref(&report));
}

#[cfg(test)]
mod tests {
    proptest::proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            super::read(&bytes);
        }

        #[test]
        fn any_index_is_judged(entries in proptest::collection::vec(
            ("(windows|linux|unknown|)", "(amd64|arm64|)", "(10\\.0\\.(14393|17763|20348|26100)(\\.[0-9]{1,9})?|[0-9.]{0,9}|x)", 0..4_u8),
            0..6,
        )) {
            let manifests: Vec<serde_json::Value> = entries
                .into_iter()
                .map(|(os, architecture, version, digest)| serde_json::json!({
                    "digest": crate::digest::Digest::of(&[digest]).as_str(),
                    "platform": {"os": os, "architecture": architecture, "os.version": version},
                }))
                .collect();
            let index = serde_json::json!({"manifests": manifests});
            super::read(index.to_string().as_bytes());
        }

        #[test]
        fn what_is_nearly_right_ends(text in "(Bearer |realm=|\"|https://|\\{|\\}|:|\\[|\\]|,|auths|auth|token|host|errors|code|a|=|\\.|\n| |\u{e9}|9){0,40}") {
            super::read(text.as_bytes());
        }
    }
}
