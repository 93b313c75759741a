//! A Windows version, and the bare spellings of it.
//!
//! Windows counts in four parts, `major.minor.build.revision`. The *build* names the release and
//! decides compatibility; the *revision* (the registry's `UBR`) counts the updates within it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A Windows version, `10.0.17763.437` or, without its patch level, `10.0.17763`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OsVersion {
    /// 10 for every Windows that has containers.
    pub major: u16,
    /// 0 for every Windows that has containers.
    pub minor: u16,
    /// The build, which names the release: 17763 is Windows Server 2019.
    pub build: u16,
    /// The patch level (UBR), where it is stated.
    pub revision: Option<u32>,
}

impl OsVersion {
    /// `10.0.build`, the patch level not stated.
    pub const fn of_build(build: u16) -> Self {
        Self {
            major: 10,
            minor: 0,
            build,
            revision: None,
        }
    }

    /// `10.0.build.revision`.
    pub const fn new(build: u16, revision: u32) -> Self {
        Self {
            major: 10,
            minor: 0,
            build,
            revision: Some(revision),
        }
    }

    /// The same version without its patch level.
    #[must_use]
    pub const fn without_revision(self) -> Self {
        Self {
            revision: None,
            ..self
        }
    }

    /// `17763.437`, or `17763` where the revision is not stated: how people speak of it.
    pub fn short(self) -> String {
        match self.revision {
            Some(revision) => format!("{}.{revision}", self.build),
            None => self.build.to_string(),
        }
    }
}

impl fmt::Display for OsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.build)?;
        match self.revision {
            Some(revision) => write!(f, ".{revision}"),
            None => Ok(()),
        }
    }
}

/// Why a text is not a Windows version. Each sentence quotes the text and says what would do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VersionError {
    /// Nothing to read.
    #[error("a Windows version is missing; one looks like 10.0.17763.437, 10.0.17763 or 17763.437")]
    Empty,
    /// A part between two dots is empty.
    #[error(
        "{text:?} has nothing between two of its dots; a Windows version looks like 10.0.17763.437"
    )]
    EmptyPart {
        /// The text as given, shortened.
        text: String,
    },
    /// A part is not a plain number.
    #[error(
        "{part:?} in {text:?} is not a plain number; a Windows version looks like 10.0.17763.437"
    )]
    NotANumber {
        /// The text as given, shortened.
        text: String,
        /// The part at fault.
        part: String,
    },
    /// A part is larger than Windows can count.
    #[error(
        "{part} in {text:?} is too large for a {what}, which is at most {max}; a Windows version looks like 10.0.17763.437"
    )]
    TooLarge {
        /// The text as given, shortened.
        text: String,
        /// The part at fault.
        part: String,
        /// Which part it is: major, minor, build or revision.
        what: &'static str,
        /// The largest value of that part.
        max: u32,
    },
    /// One number that is too small to be a build.
    #[error(
        "{text:?} is too short for a Windows version; write all of it, as 10.0.17763.437, or its build, as 17763"
    )]
    TooShort {
        /// The text as given, shortened.
        text: String,
    },
    /// More than four parts.
    #[error("{text:?} has {parts} parts; a Windows version has four at most, as 10.0.17763.437")]
    TooManyParts {
        /// The text as given, shortened.
        text: String,
        /// How many parts there are.
        parts: usize,
    },
}

/// The first characters of a text, for an error that quotes it.
pub fn quote_for_error(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(MOST).collect();
    short.push('…');
    short
}

/// The smallest number that is read as a bare build. Windows 10 began at 10240; below that, numbers
/// in pasted text are years, ports and product versions.
pub const SMALLEST_BARE_BUILD: u16 = 10_000;

impl FromStr for OsVersion {
    type Err = VersionError;

    /// Reads `10.0.17763.437`, `10.0.17763`, `17763.437`, `17763`, and `10.0.17763.*`.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(VersionError::Empty);
        }
        let shown = || quote_for_error(trimmed);
        // `10.0.14393.*`: any revision, which is to say none stated.
        let text = trimmed.strip_suffix(".*").unwrap_or(trimmed);
        let parts: Vec<&str> = text.split('.').take(6).collect();
        if parts.len() > 4 {
            return Err(VersionError::TooManyParts {
                text: shown(),
                parts: text.split('.').count(),
            });
        }
        if parts.iter().any(|part| part.is_empty()) {
            return Err(VersionError::EmptyPart { text: shown() });
        }
        let number = |part: &str, what: &'static str, max: u32| -> Result<u32, VersionError> {
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(VersionError::NotANumber {
                    text: shown(),
                    part: quote_for_error(part),
                });
            }
            match part.parse::<u32>() {
                Ok(value) if value <= max => Ok(value),
                _ => Err(VersionError::TooLarge {
                    text: shown(),
                    part: quote_for_error(part),
                    what,
                    max,
                }),
            }
        };
        let major = |part| number(part, "major version", 99).map(|value| value as u16);
        let minor = |part| number(part, "minor version", 99).map(|value| value as u16);
        let build = |part| number(part, "build", u32::from(u16::MAX)).map(|value| value as u16);
        let revision = |part| number(part, "revision", 999_999);
        let version = match *parts.as_slice() {
            [a] => Self::of_build(build(a)?),
            [a, b] => Self::new(build(a)?, revision(b)?),
            [a, b, c] => Self {
                major: major(a)?,
                minor: minor(b)?,
                build: build(c)?,
                revision: None,
            },
            [a, b, c, d] => Self {
                major: major(a)?,
                minor: minor(b)?,
                build: build(c)?,
                revision: Some(revision(d)?),
            },
            _ => return Err(VersionError::Empty),
        };
        if parts.len() <= 2 && version.build < SMALLEST_BARE_BUILD {
            return Err(VersionError::TooShort { text: shown() });
        }
        Ok(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bare_spellings() {
        for (text, expected) in [
            ("10.0.17763.437", "10.0.17763.437"),
            ("10.0.17763", "10.0.17763"),
            ("17763.437", "10.0.17763.437"),
            ("17763", "10.0.17763"),
            (" 10.0.26100.32860 ", "10.0.26100.32860"),
            ("6.3.9600", "6.3.9600"),
            ("10.0.14393.*", "10.0.14393"),
            ("14393.*", "10.0.14393"),
        ] {
            assert_eq!(text.parse::<OsVersion>().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_version_is_quoted_with_its_reason() {
        for (text, start) in [
            ("", "a Windows version is missing"),
            ("10..1", "\"10..1\" has nothing between two of its dots"),
            ("-1", "\"-1\" in \"-1\" is not a plain number"),
            (
                "10.0.99999999999.1",
                "99999999999 in \"10.0.99999999999.1\" is too large for a build, which is at most 65535",
            ),
            ("10.0.17763.437.1", "\"10.0.17763.437.1\" has 5 parts"),
            ("10.0", "\"10.0\" is too short"),
            ("2600", "\"2600\" is too short"),
            (
                "10.0.17763.x",
                "\"x\" in \"10.0.17763.x\" is not a plain number",
            ),
            ("१०.0.17763", "\"१०\" in"),
        ] {
            let error = text.parse::<OsVersion>().unwrap_err().to_string();
            assert!(error.starts_with(start), "{text}: {error}");
        }
    }
}
