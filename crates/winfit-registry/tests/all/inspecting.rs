//! What a real registry says of images.

use winfit_core::reference::Reference;
use winfit_registry::inspect::{VersionFrom, inspect};
use winfit_registry::{Client, Options};

use crate::support::block_on;
use crate::support::images::{Repository, platform};
use crate::support::registry::{Registry, installed};

#[test]
fn an_index_with_all_that_is_met_in_the_field() {
    if !installed() {
        return;
    }
    let registry = Registry::start();
    let repository = Repository::new(&registry.host(), "shop/web");
    let one = repository.windows(None, "10.0.17763.5576");
    let two = repository.windows(None, "10.0.20348.2340");
    let three = repository.windows(None, "10.0.26100.2894");
    let none = repository.windows(None, "");
    repository.index(
        "all",
        true,
        &[
            (&one, Some(platform("windows", "amd64", None))),
            (
                &two,
                Some(platform("windows", "amd64", Some("10.0.20348.2340"))),
            ),
            (
                &three,
                Some(platform("windows", "amd64", Some("10.0.26100.1"))),
            ),
            (&none, None),
        ],
    );
    let client = Client::new(Options::default());
    let reference = Reference::parse(&format!("{}/shop/web:all", registry.host())).unwrap();
    let report = block_on(inspect(&client, &reference)).unwrap();
    let stated: Vec<(Option<&str>, VersionFrom)> = report
        .children
        .iter()
        .map(|child| (child.os_version(), child.os_version_from()))
        .collect();
    assert_eq!(
        stated,
        [
            (Some("10.0.17763.5576"), VersionFrom::Config),
            (Some("10.0.20348.2340"), VersionFrom::Both),
            (Some("10.0.26100.2894"), VersionFrom::Conflict),
            (None, VersionFrom::None),
        ]
    );
    // An entry without a platform is told by its config.
    assert_eq!(report.children[3].os(), "windows");
}
