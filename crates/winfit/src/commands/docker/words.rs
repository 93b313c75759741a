//! What `docker run` is given, read as docker reads it: where its image stands among its options, and
//! what they say of the isolation.

use std::ffi::OsString;

use thiserror::Error;

/// The options of `docker run` that take a value, those of Docker 29 and those that older ones have,
/// hidden names included. Source: docker/cli, `cli/command/container/opts.go` and `run.go`, read at
/// v29.7.2 and at master of 2026-08-20 (28f756087e), which have the same: none came since 28.2.
const WITH_VALUE: &[&str] = &[
    "add-host",
    "annotation",
    "attach",
    "blkio-weight",
    "blkio-weight-device",
    "cap-add",
    "cap-drop",
    "cgroup-parent",
    "cgroupns",
    "cidfile",
    "cpu-count",
    "cpu-percent",
    "cpu-period",
    "cpu-quota",
    "cpu-rt-period",
    "cpu-rt-runtime",
    "cpu-shares",
    "cpus",
    "cpuset-cpus",
    "cpuset-mems",
    "detach-keys",
    "device",
    "device-cgroup-rule",
    "device-read-bps",
    "device-read-iops",
    "device-write-bps",
    "device-write-iops",
    "dns",
    "dns-opt",
    "dns-option",
    "dns-search",
    "domainname",
    "entrypoint",
    "env",
    "env-file",
    "expose",
    "gpus",
    "group-add",
    "health-cmd",
    "health-interval",
    "health-retries",
    "health-start-interval",
    "health-start-period",
    "health-timeout",
    "hostname",
    "io-maxbandwidth",
    "io-maxiops",
    "ip",
    "ip6",
    "ipc",
    "isolation",
    "kernel-memory",
    "label",
    "label-file",
    "link",
    "link-local-ip",
    "log-driver",
    "log-opt",
    "mac-address",
    "memory",
    "memory-reservation",
    "memory-swap",
    "memory-swappiness",
    "mount",
    "name",
    "net",
    "net-alias",
    "network",
    "network-alias",
    "oom-score-adj",
    "pid",
    "pids-limit",
    "platform",
    "publish",
    "pull",
    "restart",
    "runtime",
    "security-opt",
    "shm-size",
    "stop-signal",
    "stop-timeout",
    "storage-opt",
    "sysctl",
    "tmpfs",
    "ulimit",
    "user",
    "userns",
    "uts",
    "volume",
    "volume-driver",
    "volumes-from",
    "workdir",
];

/// Those that take none, but behind `=`.
const SWITCHES: &[&str] = &[
    "detach",
    "disable-content-trust",
    "help",
    "init",
    "interactive",
    "no-healthcheck",
    "oom-kill-disable",
    "privileged",
    "publish-all",
    "quiet",
    "read-only",
    "rm",
    "sig-proxy",
    "tty",
    "use-api-socket",
];

/// winfit's own options, which stand before these.
const OF_WINFIT: &[&str] = &[
    "ca",
    "context",
    "docker-host",
    "no-overlay",
    "offline",
    "online",
    "plain-http",
    "print",
    "timeout",
];

/// The letters with a value, each with its long name.
const LETTERS_WITH_VALUE: &[(char, &str)] = &[
    ('a', "attach"),
    ('c', "cpu-shares"),
    ('e', "env"),
    ('h', "hostname"),
    ('l', "label"),
    ('m', "memory"),
    ('p', "publish"),
    ('u', "user"),
    ('v', "volume"),
    ('w', "workdir"),
];

/// The letters without one.
const LETTERS: &[char] = &['d', 'i', 'P', 'q', 't'];

/// What docker takes for `--platform` where that is not given (docker/cli, `run.go`).
pub(super) const DEFAULT_PLATFORM: &str = "DOCKER_DEFAULT_PLATFORM";

/// What the arguments of `docker run` say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// Which argument is the image.
    pub(super) image: usize,
    /// Before which argument another option goes: the image, or the `--` before it.
    pub(super) options_end: usize,
    /// `--isolation`, as it was last given.
    pub(super) isolation: Option<String>,
    /// `--platform`.
    pub(super) platform: Option<String>,
    /// `--pull`.
    pub(super) pull: Option<String>,
}

/// Why the arguments cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum NotRead {
    /// An option that is not known: whether the next word is its value or the image, nobody can tell.
    #[error(
        "docker run {0}: winfit does not know this option, so it cannot tell where the image stands; write its value behind =, as --option=value, or run docker run itself"
    )]
    Unknown(String),
    /// An option of winfit's own.
    #[error("{0} is winfit's own, and stands before docker's: winfit docker run {0} …")]
    OfWinfit(String),
    /// Nothing stands behind an option that wants a value.
    #[error("docker run {0}: its value is missing")]
    NoValue(String),
    /// No image.
    #[error("docker run has no image; name one behind its options")]
    NoImage,
    /// Docker's own help is asked for.
    #[error("docker run --help shows docker's own options")]
    Help,
}

/// Finds the image.
pub(super) fn read(arguments: &[OsString]) -> Result<Words, NotRead> {
    let texts: Vec<_> = arguments
        .iter()
        .map(|argument| argument.to_string_lossy())
        .collect();
    let mut words = Words::default();
    let mut at = 0;
    while let Some(text) = texts.get(at) {
        if text == "--" {
            let image = at + 1;
            if image >= texts.len() {
                return Err(NotRead::NoImage);
            }
            return Ok(Words {
                image,
                options_end: at,
                ..words
            });
        }
        // A dash alone is no option to docker.
        let (wants, option) = match text.strip_prefix("--") {
            Some(long) => long_option(long, &mut words)?,
            None if text.len() > 1 && text.starts_with('-') => letters(text)?,
            None => {
                return Ok(Words {
                    image: at,
                    options_end: at,
                    ..words
                });
            }
        };
        if wants {
            at += 1;
            let value = texts
                .get(at)
                .ok_or_else(|| NotRead::NoValue(text.to_string()))?;
            words.note(option, value);
        }
        at += 1;
    }
    Err(NotRead::NoImage)
}

impl Words {
    fn note(&mut self, option: &str, value: &str) {
        let slot = match option {
            "isolation" => &mut self.isolation,
            "platform" => &mut self.platform,
            "pull" => &mut self.pull,
            _ => return,
        };
        *slot = Some(value.to_owned());
    }
}

/// Whether the next word is the value of `--long`, and the option's name.
fn long_option(long: &str, words: &mut Words) -> Result<(bool, &'static str), NotRead> {
    let (name, value) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (long, None),
    };
    let known = |names: &'static [&'static str]| names.iter().find(|known| **known == name);
    if let Some(name) = known(WITH_VALUE) {
        if let Some(value) = value {
            words.note(name, value);
        }
        return Ok((value.is_none(), name));
    }
    match (known(SWITCHES), value) {
        (Some(&"help"), None) => Err(NotRead::Help),
        (Some(name), _) => Ok((false, name)),
        (None, _) if OF_WINFIT.contains(&name) => Err(NotRead::OfWinfit(format!("--{name}"))),
        // With its value behind = it takes no other word.
        (None, Some(_)) => Ok((false, "")),
        (None, None) => Err(NotRead::Unknown(format!("--{name}"))),
    }
}

/// Whether the next word is the value of the last of these letters, and that one's long name.
fn letters(text: &str) -> Result<(bool, &'static str), NotRead> {
    let mut letters = text.chars().skip(1).peekable();
    while let Some(letter) = letters.next() {
        if let Some((_, name)) = LETTERS_WITH_VALUE
            .iter()
            .find(|(known, _)| *known == letter)
        {
            // What is left is its value, with or without =.
            return Ok((letters.peek().is_none(), name));
        }
        if !LETTERS.contains(&letter) {
            return Err(NotRead::Unknown(format!("-{letter}")));
        }
        if letters.peek() == Some(&'=') {
            // -d=false
            return Ok((false, ""));
        }
    }
    Ok((false, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(line: &str) -> Result<Words, NotRead> {
        let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        read(&arguments)
    }

    #[test]
    fn the_image_is_the_first_word_that_is_no_option_and_no_value() {
        for (line, image) in [
            ("IMAGE", 0),
            ("IMAGE --isolation=hyperv -x --unknown", 0),
            ("-it IMAGE cmd", 1),
            ("-i -t --rm IMAGE cmd /c ver", 3),
            ("-d -p 80:80 IMAGE", 3),
            ("-d -p80:80 IMAGE", 2),
            ("-dp 80:80 IMAGE", 2),
            ("-itp=80:80 IMAGE", 1),
            ("-ith web IMAGE", 2),
            ("-ithweb IMAGE", 1),
            ("-h web IMAGE", 2),
            ("-d=false IMAGE", 1),
            ("-it=true IMAGE", 1),
            ("--rm=false IMAGE", 1),
            ("--name web IMAGE", 2),
            ("--name=web IMAGE", 1),
            ("--name= IMAGE", 1),
            ("--env A=B --env-file f IMAGE", 4),
            ("-e A=--x -e B IMAGE", 4),
            // A value is a value, whatever it looks like.
            ("--name --rm IMAGE", 2),
            ("--entrypoint -- IMAGE", 2),
            ("-v C:\\data:C:\\data IMAGE", 2),
            ("--net nat --net-alias web --dns-opt x IMAGE", 6),
            ("--isolation hyperv IMAGE", 2),
            ("--gpus all --device class/GUID IMAGE", 4),
            ("--publish-all -P -q IMAGE", 3),
            ("--new-option=1 IMAGE", 1),
            ("--mount type=bind,src=a,dst=b IMAGE", 2),
        ] {
            let words = of(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!((words.image, words.options_end), (image, image), "{line}");
        }
    }

    #[test]
    fn behind_two_dashes_stands_the_image() {
        let words = of("--rm -- IMAGE --name x").unwrap();
        assert_eq!((words.image, words.options_end), (2, 1));
        let words = of("-- -odd").unwrap();
        assert_eq!((words.image, words.options_end), (1, 0));
    }

    #[test]
    fn of_what_decides_the_last_one_counts() {
        let isolation = |line| of(line).unwrap().isolation;
        assert_eq!(isolation("IMAGE --isolation=hyperv"), None);
        assert_eq!(
            isolation("--isolation=hyperv IMAGE").as_deref(),
            Some("hyperv")
        );
        assert_eq!(
            isolation("--isolation process IMAGE").as_deref(),
            Some("process")
        );
        assert_eq!(
            isolation("--isolation process --isolation=default IMAGE").as_deref(),
            Some("default")
        );
        let words = of("--platform windows/amd64 --pull=never IMAGE").unwrap();
        assert_eq!(words.platform.as_deref(), Some("windows/amd64"));
        assert_eq!(words.pull.as_deref(), Some("never"));
    }

    #[test]
    fn what_cannot_be_told_is_refused_by_its_name() {
        let unknown = |name: &str| NotRead::Unknown(name.to_owned());
        for (line, refusal) in [
            ("--new-option IMAGE", unknown("--new-option")),
            ("-z IMAGE", unknown("-z")),
            ("-itz IMAGE", unknown("-z")),
            ("--d IMAGE", unknown("--d")),
            ("--print IMAGE", NotRead::OfWinfit("--print".to_owned())),
            ("--online IMAGE", NotRead::OfWinfit("--online".to_owned())),
            ("--name", NotRead::NoValue("--name".to_owned())),
            ("-dp", NotRead::NoValue("-dp".to_owned())),
            ("--rm", NotRead::NoImage),
            ("--", NotRead::NoImage),
            ("", NotRead::NoImage),
            ("--help", NotRead::Help),
        ] {
            assert_eq!(of(line), Err(refusal), "{line}");
        }
    }

    #[test]
    fn the_tables_are_in_order_and_share_nothing() {
        assert!(WITH_VALUE.is_sorted());
        assert!(SWITCHES.is_sorted());
        assert!(OF_WINFIT.is_sorted());
        let of_docker = WITH_VALUE.iter().chain(SWITCHES);
        assert!(of_docker.clone().all(|name| !OF_WINFIT.contains(name)));
        assert!(SWITCHES.iter().all(|name| !WITH_VALUE.contains(name)));
        for (letter, name) in LETTERS_WITH_VALUE {
            assert!(WITH_VALUE.contains(name), "{letter}");
            assert!(!LETTERS.contains(letter), "{letter}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(arguments in proptest::collection::vec("(-{0,3}[a-zA-Zä=-]{0,12}|\\PC{0,8})", 0..8)) {
            let arguments: Vec<OsString> = arguments.into_iter().map(OsString::from).collect();
            if let Ok(words) = read(&arguments) {
                prop_assert!(words.image < arguments.len());
                prop_assert!(words.options_end <= words.image);
                // Another option there leaves the image the image.
                let mut more = arguments.clone();
                more.insert(words.options_end, OsString::from("--isolation=hyperv"));
                let again = read(&more).unwrap();
                prop_assert_eq!(again.image, words.image + 1);
                prop_assert_eq!(again.isolation.as_deref(), Some("hyperv"));
            }
        }
    }
}
