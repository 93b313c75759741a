//! The running text of a session: what a sentence says of one host, and where it goes on to another.

use crate::catalog::Release;
use crate::host::Kind;
use crate::version::OsVersion;

use super::draft::{Draft, Said, Shape};
use super::read::{Unread, quote};
use super::running::{self, What};
use super::session::Session;
use super::update;

impl<'c> Session<'c> {
    pub(super) fn running(&mut self, text: &str, line: usize) {
        if self.open.as_ref().is_some_and(|draft| draft.other) {
            return;
        }
        if self.columns(text, line) {
            return;
        }
        // The hotfix list goes on below its heading.
        if let Some(draft) = self
            .open
            .as_mut()
            .filter(|draft| draft.shape == Shape::System)
        {
            let kbs = update::stated(text);
            if !kbs.is_empty() {
                for (_, _, kb) in kbs {
                    draft.kb(kb);
                }
                return;
            }
        }
        for hit in running::hits(self.catalog, text) {
            let words = &text[hit.start..hit.end];
            self.hit(hit.what, text, Said::new(words, line));
        }
    }

    /// The columns of `[Environment]::OSVersion.Version`.
    pub(super) fn columns(&mut self, text: &str, line: usize) -> bool {
        let words: Vec<&str> = text.split_whitespace().take(7).collect();
        if words == ["Major", "Minor", "Build", "Revision"] {
            self.version_columns = true;
            return true;
        }
        if !self.version_columns || text.starts_with("--") {
            return self.version_columns;
        }
        self.version_columns = false;
        let ["10", "0", build, _] = words.as_slice() else {
            return false;
        };
        let Ok(version) = build.parse::<OsVersion>() else {
            return false;
        };
        self.close();
        let mut draft = Draft::new(Shape::System, line);
        draft.version(version, Said::new(text, line));
        self.open = Some(draft);
        true
    }

    /// The open draft of running text, or a new one.
    pub(super) fn sentence(
        &mut self,
        fits: impl Fn(&Draft<'c>) -> bool,
        line: usize,
    ) -> &mut Draft<'c> {
        let fits = self
            .open
            .as_ref()
            .is_some_and(|draft| draft.shape == Shape::Running && fits(draft));
        if !fits {
            self.close();
        }
        self.open
            .get_or_insert_with(|| Draft::new(Shape::Running, line))
    }

    pub(super) fn hit(&mut self, what: What<'c>, text: &str, said: Said) {
        let catalog = self.catalog;
        let line = said.line;
        match what {
            What::Version(version) => {
                let draft = self.sentence(|draft| takes_version(draft, version), line);
                draft.version(version, said);
            }
            What::Lab(lab) => {
                let draft = self.sentence(
                    |draft| {
                        draft.lab.is_none() && draft.stated_build().is_none_or(|b| b == lab.build)
                    },
                    line,
                );
                draft.lab = Some((lab, said));
            }
            What::Name(releases, family) => {
                let kinds: Vec<Kind> = releases.iter().map(|release| release.kind).collect();
                let kind = kinds
                    .first()
                    .copied()
                    .filter(|kind| kinds.iter().all(|k| k == kind));
                if family {
                    self.family(releases, kind, said);
                    return;
                }
                let draft = self.sentence(
                    |draft| {
                        let builds = || releases.iter().map(|release| release.build);
                        let kbs_fit = || {
                            draft.kbs.iter().all(|kb| {
                                update::builds(catalog, *kb, Kind::Unknown)
                                    .iter()
                                    .any(|build| builds().any(|b| b == *build))
                            })
                        };
                        let kind_fits = draft.kind_by_name.is_none()
                            || kind.is_none()
                            || draft.kind_by_name == kind;
                        kind_fits
                            && draft.named.as_ref().is_none_or(|(known, _)| {
                                // "Windows Server", and then which one.
                                known.len() > releases.len()
                                    && releases
                                        .iter()
                                        .all(|release| known.iter().any(|k| k.name == release.name))
                            })
                            && match draft.stated_build() {
                                Some(stated) => builds().any(|build| build == stated),
                                None => kbs_fit(),
                            }
                    },
                    line,
                );
                draft.kind_by_name = draft.kind_by_name.or(kind);
                draft.named = Some((releases, said));
            }
            What::Kb(kb) => self.kb(kb, said),
            What::Build2600 => self.build_2600(text, &said),
            What::Malformed => self.reading.unread.push(Unread {
                text: said.text,
                line,
                expected: "a Windows version, whose build is at most 65535, as 10.0.17763.437"
                    .to_owned(),
            }),
        }
    }

    /// "Windows 11", "Windows Server" without more: tells the kind of what stands beside it.
    pub(super) fn family(&mut self, releases: Vec<&'c Release>, kind: Option<Kind>, said: Said) {
        if let Some(draft) = self
            .open
            .as_mut()
            .filter(|draft| draft.shape == Shape::Running)
        {
            // In winver's sentence the edition follows; elsewhere another line is about another thing.
            let version_line = [&draft.full, &draft.build]
                .into_iter()
                .flatten()
                .next()
                .map(|(_, said)| said.line);
            let beside = version_line == Some(said.line);
            let edition = said.text.split_whitespace().count() > 2 && version_line.is_some();
            let fits = (beside || edition)
                && draft.stated_build().is_some_and(|build| {
                    self.catalog
                        .releases_of(build)
                        .any(|release| Some(release.kind) == kind)
                        || self.catalog.kinds_of(build).is_none()
                });
            if fits {
                draft.kind_by_name = draft.kind_by_name.or(kind);
                return;
            }
            if draft.stated_build().is_some() || draft.named.is_some() {
                return;
            }
        }
        self.close();
        let mut draft = Draft::new(Shape::Running, said.line);
        draft.kind_by_name = kind;
        draft.named = Some((releases, said));
        self.open = Some(draft);
    }

    pub(super) fn kb(&mut self, kb: u32, said: Said) {
        let catalog = self.catalog;
        let builds = self
            .builds_of_kb
            .entry(kb)
            .or_insert_with(|| update::builds(catalog, kb, Kind::Unknown))
            .clone();
        let draft = self.sentence(
            |draft| match (draft.stated_build(), &draft.named) {
                (Some(build), _) => builds.is_empty() || builds.contains(&build),
                (None, Some((releases, _))) => {
                    builds.is_empty() || releases.iter().any(|r| builds.contains(&r.build))
                }
                (None, None) => true,
            },
            said.line,
        );
        if let Some((releases, _)) = &mut draft.named
            && releases
                .iter()
                .any(|release| builds.contains(&release.build))
        {
            releases.retain(|release| builds.contains(&release.build));
        }
        draft.kb(kb);
        draft.kb_said.get_or_insert(said);
    }

    /// The Swedish page's "Windows 11 24H2 (Build 2600)".
    pub(super) fn build_2600(&mut self, text: &str, said: &Said) {
        const MEANT: u16 = 26_100;
        let lower = quote(text).to_lowercase();
        let named = self.open.as_ref().is_some_and(|draft| {
            draft.shape == Shape::Running
                && draft.stated_build().is_none()
                && draft.named.as_ref().is_some_and(|(releases, _)| {
                    releases.iter().any(|release| release.build == MEANT)
                })
        });
        if !named && !lower.contains("windows 11") && !lower.contains("24h2") {
            self.reading.unread.push(Unread {
                text: quote(text),
                line: said.line,
                expected: "a build that has containers, 14393 or newer; 2600 is Windows XP's. \
                           Beside \"Windows 11\" or \"24H2\" it is read as 26100"
                    .to_owned(),
            });
            return;
        }
        let line = said.line;
        let draft = self.sentence(|draft| draft.stated_build().is_none(), line);
        draft.inferred.push(format!(
            "build: {MEANT}, since no Windows 11 has build 2600, which Microsoft's page prints for it"
        ));
        let said = draft.named.as_ref().map_or(said.clone(), |(_, name)| {
            let name_text = name
                .text
                .trim_end_matches("Build")
                .trim_end_matches([' ', '(']);
            Said::new(&format!("{name_text} (Build 2600)"), name.line)
        });
        draft.build = Some((OsVersion::of_build(MEANT), said));
    }
}

/// Whether a version may be of the host that the sentence speaks of.
fn takes_version(draft: &Draft<'_>, version: OsVersion) -> bool {
    let same = |known: OsVersion| {
        known.without_revision() == version.without_revision()
            && (known.revision.is_none()
                || version.revision.is_none()
                || known.revision == version.revision)
    };
    if let Some((known, _)) = &draft.full {
        return same(*known);
    }
    if let Some((known, _)) = &draft.build {
        return same(*known);
    }
    if let Some((lab, _)) = &draft.lab {
        return lab.build == version.build;
    }
    match &draft.named {
        Some((releases, _)) => releases
            .iter()
            .any(|release| release.build == version.build),
        None => true,
    }
}
