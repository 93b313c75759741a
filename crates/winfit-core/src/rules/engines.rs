//! The third authority: what an engine selects at pull. One function per rule generation.

use std::ops::RangeInclusive;

use crate::catalog::{Catalog, Generation, Order};
use crate::engine::Engine;
use crate::host::{Host, Os};
use crate::image::Image;
use crate::verdict::Answer;

/// The long-term builds with the stable interface, as the engines' sources list them.
const STABLE_LTSC: [u16; 2] = [20_348, 26_100];

/// X: only the host's own build.
pub fn generation_x(host: u16) -> RangeInclusive<u16> {
    host..=host
}

/// A (hcsshim of 2023): below 20348 only the host's own build; else anything from 20348 up to it.
pub fn generation_a(host: u16) -> RangeInclusive<u16> {
    if host < STABLE_LTSC[0] {
        return host..=host;
    }
    STABLE_LTSC[0]..=host
}

/// B (hcsshim of 2024): the floor is the newest long-term build strictly below the host.
pub fn generation_b(host: u16) -> RangeInclusive<u16> {
    if host < STABLE_LTSC[0] {
        return host..=host;
    }
    let floor = STABLE_LTSC.into_iter().rev().find(|ltsc| *ltsc < host);
    floor.unwrap_or(STABLE_LTSC[0])..=host
}

/// C (containerd/platforms v1.0.0-rc.5): the floor is one long-term build before the newest at or
/// below the host.
pub fn generation_c(host: u16) -> RangeInclusive<u16> {
    if host < STABLE_LTSC[0] {
        return host..=host;
    }
    let newest = STABLE_LTSC
        .iter()
        .rposition(|ltsc| *ltsc <= host)
        .unwrap_or(0);
    STABLE_LTSC[newest.saturating_sub(1)]..=host
}

/// D (Docker's classic store): anything up to the host.
pub fn generation_d(host: u16) -> RangeInclusive<u16> {
    0..=host
}

/// The image builds that a generation accepts on a host build.
#[inline]
pub fn accepted(generation: Generation, host: u16) -> RangeInclusive<u16> {
    match generation {
        Generation::X => generation_x(host),
        Generation::A => generation_a(host),
        Generation::B => generation_b(host),
        Generation::C => generation_c(host),
        Generation::D => generation_d(host),
    }
}

/// Whether a generation accepts an image build on a host build.
#[inline]
pub fn accepts(generation: Generation, host: u16, image: u16) -> bool {
    accepted(generation, host).contains(&image)
}

/// What an engine would do when asked to pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pull {
    /// Yes, no or unknown.
    pub answer: Answer,
    /// The generation that the engine carries, where known.
    pub generation: Option<Generation>,
    /// Its order among matches, where known.
    pub order: Option<Order>,
    /// Why.
    pub reason: PullReason,
}

/// Why an engine pulls or refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullReason {
    /// Its rule accepts or refuses the pair of builds; the row of `engine_versions.tsv`.
    Rule {
        /// Index into [`Catalog::engines`].
        row: u8,
    },
    /// The image states no version; the row says what the engine makes of it.
    NoOsVersion {
        /// Index into [`Catalog::engines`].
        row: u8,
    },
    /// A single manifest is pulled without a look at its platform.
    SingleManifest {
        /// Index into [`Catalog::engines`].
        row: u8,
    },
    /// The engine's version is outside the table.
    EngineNotInTable,
    /// The host's version is not known.
    HostVersionUnknown,
    /// Another operating system or architecture: nothing to pull.
    OtherPlatform,
}

/// What the host's engine does with the image; none: no engine is named.
#[inline]
pub fn pull(catalog: &Catalog, host: &Host, image: &Image) -> Option<Pull> {
    let engine: Engine = host.engine?;
    let without_rule = |answer, reason| Pull {
        answer,
        generation: None,
        order: None,
        reason,
    };
    let arch_differs = matches!((host.arch, image.arch), (Some(a), Some(b)) if a != b);
    if host.os != image.os || arch_differs {
        return Some(without_rule(Answer::No, PullReason::OtherPlatform));
    }
    if host.os == Os::Linux {
        return None;
    }
    let Some((row, rule)) = engine.rule_at(catalog) else {
        return Some(without_rule(Answer::Unknown, PullReason::EngineNotInTable));
    };
    let with_rule = |answer, reason| {
        Some(Pull {
            answer,
            generation: Some(rule.generation),
            order: Some(rule.order),
            reason,
        })
    };
    let yes_if = |fits: bool| if fits { Answer::Yes } else { Answer::No };
    let Some(host_version) = host.version else {
        return Some(without_rule(
            Answer::Unknown,
            PullReason::HostVersionUnknown,
        ));
    };
    let Some(image_version) = image.version else {
        return with_rule(yes_if(rule.empty_matches), PullReason::NoOsVersion { row });
    };
    // Docker's classic store checks the config of single manifests too; the others do not look.
    if image.single_manifest && rule.generation != Generation::D {
        return with_rule(Answer::Yes, PullReason::SingleManifest { row });
    }
    let fits = accepts(rule.generation, host_version.build, image_version.build);
    with_rule(yes_if(fits), PullReason::Rule { row })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The truth table of every generation, computed from the engines' sources
    /// (hcsshim, containerd/platforms, moby; read at the tags that `engine_versions.tsv` names).
    #[test]
    fn the_truth_table_of_all_generations() {
        let images = [
            14_393, 17_763, 19_042, 20_348, 22_621, 25_398, 26_100, 26_200,
        ];
        let table: [(u16, [&str; 8]); 12] = [
            (14_393, ["XABCD", "-", "-", "-", "-", "-", "-", "-"]),
            (17_763, ["D", "XABCD", "-", "-", "-", "-", "-", "-"]),
            (19_042, ["D", "D", "XABCD", "-", "-", "-", "-", "-"]),
            (19_045, ["D", "D", "D", "-", "-", "-", "-", "-"]),
            (20_348, ["D", "D", "D", "XABCD", "-", "-", "-", "-"]),
            (22_000, ["D", "D", "D", "ABCD", "-", "-", "-", "-"]),
            (22_621, ["D", "D", "D", "ABCD", "XABCD", "-", "-", "-"]),
            (22_631, ["D", "D", "D", "ABCD", "ABCD", "-", "-", "-"]),
            (25_398, ["D", "D", "D", "ABCD", "ABCD", "XABCD", "-", "-"]),
            (
                26_100,
                ["D", "D", "D", "ABCD", "ABCD", "ABCD", "XABCD", "-"],
            ),
            (
                26_200,
                ["D", "D", "D", "ACD", "ACD", "ACD", "ABCD", "XABCD"],
            ),
            (28_000, ["D", "D", "D", "ACD", "ACD", "ACD", "ABCD", "ABCD"]),
        ];
        for (host, row) in table {
            for (image, expected) in images.into_iter().zip(row) {
                let mut accepted = String::new();
                for (generation, letter) in [
                    (Generation::X, 'X'),
                    (Generation::A, 'A'),
                    (Generation::B, 'B'),
                    (Generation::C, 'C'),
                    (Generation::D, 'D'),
                ] {
                    if accepts(generation, host, image) {
                        accepted.push(letter);
                    }
                }
                let expected = expected.trim_start_matches('-');
                assert_eq!(accepted, expected, "host {host}, image {image}");
            }
        }
    }
}
