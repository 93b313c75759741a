//! Changes as sentences.

use crate::catalog::{Catalog, RevisionBreak};
use crate::host::{Kind, Os};
use crate::reason::windows_name;
use crate::version::OsVersion;

use super::{BotUpdate, ChangeKind, Direction, ImageChange, Level, Side, Told};

/// `17763.437 (KB4493509 of 2019-04-09)`; the build alone where no revision is known.
pub fn with_update(level: &Level) -> String {
    let Some(version) = level.version else {
        return "not known".to_owned();
    };
    let kb = level.kb.map(|kb| format!("KB{kb}"));
    match (version.revision.is_some(), kb, level.day) {
        (_, Some(kb), Some(day)) => format!("{} ({kb} of {day})", version.short()),
        (true, Some(kb), None) => format!("{} ({kb})", version.short()),
        (false, Some(kb), None) => format!("{} with {kb}", version.short()),
        (_, None, Some(day)) => format!("{} (of {day})", version.short()),
        (_, None, None) => version.short(),
    }
}

impl Side<'_> {
    /// `Windows Server 2019 (17763)`, `Linux`, or that nothing is known.
    pub fn windows(&self, catalog: &Catalog) -> String {
        match (self.os, self.level.version) {
            (Some(Os::Linux), _) => "Linux".to_owned(),
            (_, Some(version)) => {
                let name = windows_name(catalog, version.build, Kind::Server);
                let build = version.build.to_string();
                if name.contains(&build) {
                    name
                } else {
                    format!("{name} ({build})")
                }
            }
            (_, None) => "a Windows of unknown version".to_owned(),
        }
    }
}

impl ImageChange<'_> {
    /// What to call each image: short where that tells them apart.
    pub fn names(&self) -> (String, String) {
        let (old, new) = (self.old.image.short(), self.new.image.short());
        if old == new {
            (self.old.image.text.clone(), self.new.image.text.clone())
        } else {
            (old, new)
        }
    }

    /// The answer, in one sentence without a full stop.
    pub fn sentence(&self, catalog: &Catalog) -> String {
        let (old, new) = self.names();
        let (was, is) = (self.old.windows(catalog), self.new.windows(catalog));
        match self.kind {
            ChangeKind::Same if old == new => format!("the image stays {new}"),
            ChangeKind::Same => format!("{old} and {new} are the same image of {is}"),
            ChangeKind::NoWindows => {
                format!("{old} and {new} are both Linux; there is no Windows to change")
            }
            ChangeKind::Os => match self.new.os {
                Some(Os::Linux) => format!("this leaves Windows: {old} is {was}, {new} is Linux"),
                _ => format!("this leaves Linux: {old} is Linux, {new} is {is}"),
            },
            ChangeKind::Unknown => {
                let unknown = match (self.old.level.version, self.new.level.version) {
                    (None, None) => "either image",
                    (None, Some(_)) => old.as_str(),
                    _ => new.as_str(),
                };
                format!(
                    "whether this changes Windows cannot be told: nothing says which Windows {unknown} has"
                )
            }
            ChangeKind::Build if self.bot == Some(BotUpdate::Patch) => {
                format!("this looks like a patch and changes Windows: from {was} to {is}")
            }
            ChangeKind::Build => format!("this changes Windows: from {was} to {is}"),
            ChangeKind::Architecture => {
                let arch = |side: &Side<'_>| side.image.image.arch.map_or("", |arch| arch.name());
                format!(
                    "this changes the architecture, from {} to {}; Windows stays {is}",
                    arch(&self.old),
                    arch(&self.new)
                )
            }
            ChangeKind::Base => {
                let base = |side: &Side<'_>| side.image.base.map_or("", |base| base.name());
                format!(
                    "this is another base image, {} in place of {}; Windows stays {is}",
                    base(&self.new),
                    base(&self.old)
                )
            }
            ChangeKind::Repository => {
                format!("this is another image, {new} in place of {old}; Windows stays {is}")
            }
            ChangeKind::Patch(direction) => self.patch(direction, &is),
        }
    }

    fn patch(&self, direction: Direction, windows: &str) -> String {
        let short = |side: &Side<'_>| {
            side.level
                .version
                .map_or_else(String::new, OsVersion::short)
        };
        let (was, is) = (short(&self.old), short(&self.new));
        match direction {
            Direction::Forward => {
                format!("this is a patch update of {windows}, from {was} to {is}")
            }
            Direction::Back => {
                format!("this goes back to an older patch level of {windows}, from {was} to {is}")
            }
            Direction::Even => format!("Windows stays as it is: {windows}, {is}"),
            Direction::Pinned => format!("this pins a tag that floated; Windows stays {windows}"),
            Direction::Floats => {
                format!("this lets a tag float that was pinned; Windows stays {windows}")
            }
            Direction::Untold => {
                format!("Windows stays {windows}; which patch level it has, the tags do not tell")
            }
        }
    }

    /// What else is worth knowing, one sentence each without a full stop.
    pub fn remarks(&self, catalog: &Catalog) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.kind == ChangeKind::Build {
            remarks.extend(self.bot.map(|bot| match bot {
                BotUpdate::Patch => {
                    "to an update bot that compares tags as numbers this is a patch; the third number is the build, which decides where the image runs".to_owned()
                }
                BotUpdate::Minor | BotUpdate::Major => format!(
                    "to an update bot that compares tags as numbers this is a {} update of the same image",
                    bot.name()
                ),
            }));
        }
        if let ChangeKind::Patch(Direction::Pinned | Direction::Floats) = self.kind {
            let floating = [&self.old, &self.new]
                .into_iter()
                .find(|side| side.level.told == Told::Floating);
            remarks.extend(floating.map(|side| {
                format!(
                    "{} stands for {} at the newest update that winfit knows",
                    side.image.short(),
                    with_update(&side.level)
                )
            }));
        }
        if self.needs_equal_revision(catalog) {
            let wanted = match self.new.level.revision() {
                Some((build, revision)) if self.new.level.told == Told::Pinned => {
                    format!("{build}.{revision}")
                }
                _ => "the image's revision".to_owned(),
            };
            remarks.push(format!(
                "{} starts it with process isolation only at the very same revision: the hosts must be at {wanted} as well",
                self.new.windows(catalog)
            ));
        }
        let back = self.kind == ChangeKind::Patch(Direction::Back);
        let breaks = self.crossed(catalog).into_iter();
        remarks.extend(breaks.filter_map(|row| crossed(row, back)));
        if self.kind == ChangeKind::Unknown
            && let (Some(old), Some(new)) = (&self.old.image.reference, &self.new.image.reference)
            && old.tag == new.tag
            && old.digest != new.digest
        {
            remarks.push("the two differ by their digests alone".to_owned());
        }
        remarks
    }
}

/// What a known break between the two revisions asks of hosts of the same build.
fn crossed(row: &RevisionBreak, back: bool) -> Option<String> {
    let (build, host, image) = (row.image_build, row.host_min?, row.image_min?);
    let (hosts, images) = if back {
        (
            format!("from {build}.{host} on"),
            format!("below {build}.{image}"),
        )
    } else {
        (
            format!("below {build}.{host}"),
            format!("from {build}.{image} on"),
        )
    };
    Some(format!(
        "between the two lies a known break ({}): hosts {hosts} may fail with images {images}",
        row.id
    ))
}
