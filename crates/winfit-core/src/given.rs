//! Versions that somebody gives for images whose names do not tell them.

use std::collections::BTreeMap;

use crate::fleet::Workload;
use crate::version::OsVersion;

/// The versions inside images that no tag tells, by the images' references.
pub type Given = BTreeMap<String, OsVersion>;

/// Gives the images of a workload their versions, and says which references were meant.
pub fn give(workload: &mut Workload, given: &Given) -> Vec<String> {
    let mut used = Vec::new();
    for container in &mut workload.containers {
        // A Swarm service's image often has the digest beside what somebody wrote, and a tag that nobody did.
        let text = container.image.text.as_str();
        let bare = text.split('@').next().unwrap_or(text);
        let untagged = bare.strip_suffix(":latest").unwrap_or(bare);
        let names = [text, bare, untagged];
        let known = names.iter().find_map(|name| given.get_key_value(*name));
        if let (Some((name, version)), Ok(image)) = (known, &mut container.image.image) {
            image.give_version(*version);
            used.push(name.clone());
        }
    }
    used
}
