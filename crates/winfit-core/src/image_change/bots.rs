//! How an update bot sees a change: it compares tags as numbers, and knows nothing of builds.
//!
//! The rule is that of Renovate's `docker` versioning, its default for images: what stands before the
//! first `-` is a version of numbers between dots, what stands behind it must stay as it is, and the
//! first number that differs says whether the update is a major one, a minor one or a patch.

use crate::image::NamedImage;

/// What a bot calls an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BotUpdate {
    /// A patch: many let a bot merge those without a look.
    Patch,
    /// A minor update.
    Minor,
    /// A major update.
    Major,
}

impl BotUpdate {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// What a bot calls the step from one image to the other. None: it would not propose it, since the
/// tags are not alike or the new one is no larger.
pub fn bot_update(old: &NamedImage, new: &NamedImage) -> Option<BotUpdate> {
    let tag = |image: &NamedImage| image.reference.as_ref()?.tag.clone();
    between(&tag(old)?, &tag(new)?)
}

fn between(old: &str, new: &str) -> Option<BotUpdate> {
    let (old, old_rest) = old.split_once('-').unwrap_or((old, ""));
    let (new, new_rest) = new.split_once('-').unwrap_or((new, ""));
    let (old, new) = (numbers(old)?, numbers(new)?);
    if old_rest != new_rest || old.len() != new.len() || new <= old {
        return None;
    }
    Some(
        match old.iter().zip(&new).position(|(old, new)| old != new)? {
            0 => BotUpdate::Major,
            1 => BotUpdate::Minor,
            _ => BotUpdate::Patch,
        },
    )
}

/// `10.0.17763.437` as numbers; letters behind them, as in `20H2`, mark what is not released yet.
fn numbers(version: &str) -> Option<Vec<u64>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_reads_numbers() {
        use BotUpdate::{Major, Minor, Patch};
        for (old, new, expected) in [
            ("10.0.17763.437", "10.0.26100.1", Some(Patch)),
            ("10.0.17763.437", "10.0.17763.9121", Some(Patch)),
            ("10.0.17763.437-amd64", "10.0.20348.1-amd64", Some(Patch)),
            ("10.0.17763.437", "10.0.20348.1-amd64", None),
            ("1809", "2004", Some(Major)),
            ("2004", "1809", None),
            ("1809", "20H2", None),
            ("1809-KB4493509", "1809-KB5120238", None),
            ("ltsc2019", "ltsc2022", None),
            (
                "4.7-windowsservercore-ltsc2019",
                "4.8-windowsservercore-ltsc2019",
                Some(Minor),
            ),
            (
                "4.8-windowsservercore-ltsc2019",
                "4.8-windowsservercore-ltsc2022",
                None,
            ),
            ("4.8", "4.8.1", None),
        ] {
            assert_eq!(between(old, new), expected, "{old} -> {new}");
        }
    }
}
