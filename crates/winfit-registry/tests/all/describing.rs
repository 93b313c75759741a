//! What the core is told of an image, and what becomes of a child that is gone.

use winfit_core::reference::Reference;
use winfit_registry::inspect::inspect;
use winfit_registry::{Client, Options};

use crate::support::block_on;
use crate::support::images::{Repository, platform};
use crate::support::registry::Registry;

#[test]
fn a_child_that_is_gone_is_told_and_the_others_are_read() {
    let registry = Registry::start();
    let repository = Repository::new(&registry.host(), "shop/web");
    let kept = repository.windows(None, "10.0.20348.2340");
    let gone = repository.windows(None, "10.0.17763.5576");
    let stated = platform("windows", "amd64", Some("10.0.17763.5576"));
    repository.index("1", true, &[(&gone, Some(stated)), (&kept, None)]);
    repository.delete(&gone.digest);
    let client = Client::new(Options::default());
    let reference = Reference::parse(&format!("{}/shop/web:1", registry.host())).unwrap();
    let image = block_on(inspect(&client, &reference)).unwrap().described();
    assert!(image.is_index);
    let [first, second] = image.entries.as_slice() else {
        panic!("{image:?}");
    };
    assert!(first.missing && first.config.is_none());
    assert_eq!(first.version_text(), Some("10.0.17763.5576"));
    assert!(!second.missing && second.stated.is_none());
    assert_eq!((second.os(), second.architecture()), ("windows", "amd64"));
    assert_eq!(second.version_in_config(), Some("10.0.20348.2340"));
}
