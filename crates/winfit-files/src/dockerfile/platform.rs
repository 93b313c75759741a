//! Platform specifiers (`windows(10.0.17763)/amd64`), by the grammar of `containerd/platforms`.

use winfit_core::version::quote_for_error;

/// A platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// The operating system, in lower case; none where only an architecture is named.
    pub os: Option<String>,
    /// The version in brackets behind it.
    pub os_version: Option<String>,
    /// The architecture by its OCI name, where it is named.
    pub architecture: Option<String>,
    /// Its variant.
    pub variant: Option<String>,
}

const SYSTEMS: [&str; 17] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "windows",
    "zos",
];

const ARCHITECTURES: [&str; 26] = [
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
    "wasm32",
    "wasm64",
];

fn architecture(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "i386" => "386",
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        "armhf" | "armel" => "arm",
        other => other,
    }
    .to_owned()
}

/// Undoes `%28` and its kin.
fn unescape(text: &str) -> String {
    let mut out = text.to_owned();
    for (code, c) in [
        ("%2B", "+"),
        ("%28", "("),
        ("%29", ")"),
        ("%2F", "/"),
        ("%25", "%"),
    ] {
        out = out.replace(code, c);
    }
    out
}

impl Platform {
    /// Reads a specifier; else says in a few words what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        if text.contains('*') {
            return Err("it takes no wildcards".to_owned());
        }
        let parts: Vec<&str> = text.splitn(4, '/').collect();
        let (os, os_version) = system(parts[0])?;
        for part in &parts[1..] {
            let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
            if part.is_empty() || !part.chars().all(fine) {
                return Err(format!("{:?} is no architecture", quote_for_error(part)));
            }
        }
        match parts.as_slice() {
            [_] if SYSTEMS.contains(&os.as_str()) => Ok(Self {
                os: Some(os),
                os_version,
                architecture: None,
                variant: None,
            }),
            [one] => {
                let architecture = architecture(one);
                if !ARCHITECTURES.contains(&architecture.as_str()) {
                    return Err("it is neither an operating system nor an architecture".to_owned());
                }
                Ok(Self {
                    os: None,
                    os_version: None,
                    architecture: Some(architecture),
                    variant: None,
                })
            }
            [_, second] => Ok(Self {
                os: Some(os),
                os_version,
                architecture: Some(architecture(second)),
                variant: None,
            }),
            [_, second, third] => Ok(Self {
                os: Some(os),
                os_version,
                architecture: Some(architecture(second)),
                variant: Some(third.to_ascii_lowercase()),
            }),
            _ => Err("it has more than three parts".to_owned()),
        }
    }
}

/// `windows(10.0.17763+win32k)`: the system, and the version in the brackets.
fn system(text: &str) -> Result<(String, Option<String>), String> {
    let (name, options) = match text.split_once('(') {
        Some((name, rest)) => match rest.strip_suffix(')') {
            Some(options) => (name, Some(options)),
            None => return Err("its bracket is not closed before the slash".to_owned()),
        },
        None => (text, None),
    };
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || !name.chars().all(word) {
        return Err(format!(
            "{:?} is no operating system",
            quote_for_error(name)
        ));
    }
    let option = |c: char| word(c) || matches!(c, '.' | '%' | '+');
    if options.is_some_and(|options| !options.chars().all(option)) {
        return Err("in its brackets stands a version, and nothing else".to_owned());
    }
    let os = match name.to_ascii_lowercase().as_str() {
        "macos" => "darwin".to_owned(),
        other => other.to_owned(),
    };
    let version = options
        .map(|options| unescape(options.split('+').next().unwrap_or_default()))
        .filter(|version| !version.is_empty());
    Ok((os, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_are_read_as_containerd_reads_them() {
        for (text, os, version, architecture, variant) in [
            ("windows", Some("windows"), None, None, None),
            ("windows()", Some("windows"), None, None, None),
            (
                "windows(10.0.17763)",
                Some("windows"),
                Some("10.0.17763"),
                None,
                None,
            ),
            (
                "windows(10.0.17763+win32k)/amd64",
                Some("windows"),
                Some("10.0.17763"),
                Some("amd64"),
                None,
            ),
            (
                "windows(10.0.17763%2Bbuild.42)",
                Some("windows"),
                Some("10.0.17763+build.42"),
                None,
                None,
            ),
            (
                "windows(50%25done)",
                Some("windows"),
                Some("50%done"),
                None,
                None,
            ),
            (
                "windows(a%2Fb)/amd64",
                Some("windows"),
                Some("a/b"),
                Some("amd64"),
                None,
            ),
            ("Windows/x86_64", Some("windows"), None, Some("amd64"), None),
            ("linux/arm/v7", Some("linux"), None, Some("arm"), Some("v7")),
            ("amd64", None, None, Some("amd64"), None),
            ("macos/aarch64", Some("darwin"), None, Some("arm64"), None),
        ] {
            let read = Platform::parse(text).unwrap();
            assert_eq!(read.os.as_deref(), os, "{text}");
            assert_eq!(read.os_version.as_deref(), version, "{text}");
            assert_eq!(read.architecture.as_deref(), architecture, "{text}");
            assert_eq!(read.variant.as_deref(), variant, "{text}");
        }
    }

    #[test]
    fn what_containerd_refuses_says_why() {
        for (text, part) in [
            ("", "empty"),
            ("windows/amd64:10.0.17763.7919", "no architecture"),
            ("windows:10.0.17763/amd64", "no operating system"),
            ("windows(10.0.17763/amd64", "not closed"),
            ("windows(10 0)/amd64", "a version, and nothing else"),
            ("windows/*", "wildcards"),
            ("window", "neither"),
            ("linux/arm/v7/x", "more than three parts"),
            ("windows/", "no architecture"),
        ] {
            let error = Platform::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
