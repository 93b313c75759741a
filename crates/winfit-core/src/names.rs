//! placeholder until the branch lands
use crate::catalog::{Catalog, Release};
/// stub
pub fn releases_named<'c>(catalog: &'c Catalog, text: &str) -> Vec<&'c Release> {
    catalog
        .releases
        .iter()
        .filter(|r| r.tags.contains(&text) || r.name == text)
        .collect()
}
