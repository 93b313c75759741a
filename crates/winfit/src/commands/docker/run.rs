//! `winfit docker run`: `docker run` with the isolation that the image needs on the engine's host.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;
use winfit_core::Catalog;
use winfit_core::host::{Isolation, Os};
use winfit_core::image::{NamedImage, StatedBy};
use winfit_core::reason::{Pair, telling};
use winfit_core::reference::Reference;
use winfit_core::remedy::{FleetHost, Situation, remedies};
use winfit_core::verdict::{Answer, Verdict, judge};
use winfit_docker::host::EngineHost;
use winfit_docker::local::LocalImage;
use winfit_docker::local::fleet::named;

use super::words::{self, DEFAULT_PLATFORM, NotRead, Words};
use crate::cli::{DockerRunArguments, EngineArguments};
use crate::commands::check::{Judged, block};
use crate::commands::notes::Calendar;
use crate::engines::Engines;
use crate::output::{Exit, Outcome, hint, nothing, printable, tell, usage, wrap};
use crate::settling::Answers;

pub(super) fn run(arguments: &DockerRunArguments) -> Result<Outcome> {
    let catalog = crate::overlay::catalog();
    let words = match words::read(&arguments.arguments) {
        Ok(words) => words,
        Err(NotRead::Help) => return start(arguments, None),
        Err(error) => return Err(usage(error.to_string())),
    };
    let asked = asked(words.isolation.as_deref())?;
    let engines = Engines::new(&arguments.engine)?;
    let host = engines
        .block_on(EngineHost::read(catalog, engines.engine()))
        .map_err(|error| nothing(error.to_string()))?;
    let text = arguments.arguments[words.image].to_string_lossy();
    let (image, is_here) = image(catalog, arguments, &engines, &words, &text)?;
    match decide(catalog, &host, &image, is_here, asked, &words) {
        Decision::AsItIs(word) => {
            if let Some(mut word) = word {
                let online = arguments.online.beside(&arguments.engine);
                if image.image.version.is_none() && !is_here && !online.wanted() {
                    word.push_str("; --online asks its registry");
                }
                hint(&wrap(&printable(&word), "", ""));
            }
            start(arguments, None)
        }
        Decision::With(isolation, because) => {
            let sentence = format!("--isolation={} added: {because}", isolation.name());
            hint(&wrap(&printable(&sentence), "", ""));
            start(arguments, Some((words.options_end, isolation)))
        }
        Decision::Refuse(why) => {
            // Whoever reads standard output waits for a container's words, or its id.
            tell(&why);
            Ok(Outcome::new(String::new(), Exit::Findings))
        }
    }
}

/// The isolation that the user gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// None.
    Nothing,
    /// `default`: the engine's, and no other.
    Default,
    /// That one.
    For(Isolation),
}

fn asked(given: Option<&str>) -> Result<Asked> {
    match given.map(str::to_ascii_lowercase).as_deref() {
        None => Ok(Asked::Nothing),
        Some("default" | "") => Ok(Asked::Default),
        Some("process") => Ok(Asked::For(Isolation::Process)),
        Some("hyperv") => Ok(Asked::For(Isolation::Hyperv)),
        Some(other) => Err(usage(format!(
            "docker run --isolation={}: an isolation is process, hyperv or default",
            printable(other)
        ))),
    }
}

/// The image, and whether the engine runs the one that it has.
fn image(
    catalog: &Catalog,
    arguments: &DockerRunArguments,
    engines: &Engines,
    words: &Words,
    text: &str,
) -> Result<(NamedImage, bool)> {
    // What is no reference must not become part of a request.
    Reference::parse(text).map_err(|error| usage(format!("docker run: {error}")))?;
    let found = engines
        .block_on(LocalImage::find(engines.engine(), text))
        .map_err(|error| nothing(error.to_string()))?;
    let of =
        |found| named(catalog, text, found).map_err(|error| usage(format!("docker run: {error}")));
    let platform = words
        .platform
        .clone()
        .or_else(|| std::env::var(DEFAULT_PLATFORM).ok());
    let is_linux = platform.is_some_and(|platform| platform.split('/').next() == Some("linux"));
    let is_here = found.is_some() && words.pull.as_deref() != Some("always");
    if !is_here && !is_linux && words.pull.as_deref() != Some("never") {
        let mut image = of(None)?;
        if ask(arguments, &mut image)? {
            return Ok((image, false));
        }
    }
    let mut image = of(found.as_ref())?;
    if is_linux && found.is_none() {
        image.take_config(Os::Linux, None, None);
    }
    Ok((image, is_here))
}

/// Whether its registry was asked for an image that is pulled, and answered.
fn ask(arguments: &DockerRunArguments, image: &mut NamedImage) -> Result<bool> {
    let online = arguments.online.beside(&arguments.engine);
    let answers = Answers::ask(&online, image.reference.clone())?;
    for complaint in answers.complaints() {
        hint(&wrap(&complaint, "", ""));
    }
    answers.settle(image);
    Ok(image.variants.is_some())
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// Run it as it was asked for, with a word to whoever waits.
    AsItIs(Option<String>),
    /// Run it with this isolation, because of that.
    With(Isolation, String),
    /// Do not run it.
    Refuse(String),
}

fn decide(
    catalog: &Catalog,
    engine: &EngineHost,
    image: &NamedImage,
    is_here: bool,
    asked: Asked,
    words: &Words,
) -> Decision {
    let mut read = engine.read.clone();
    // What the engine has it need not pull.
    if is_here || words.pull.as_deref() == Some("never") {
        read.host.engine = None;
    }
    let host = read.host;
    let image = &image.for_host(catalog, &host);
    if host.os == Os::Linux {
        // Of most names nothing tells a system, and on Linux that is Linux.
        let is_windows = image.image.os == Os::Windows && image.stated_by != StatedBy::Nothing;
        if !is_windows {
            return Decision::AsItIs(None);
        }
    }
    let verdict = judge(catalog, &host, &image.image);
    let isolation = match asked {
        Asked::For(isolation) => isolation,
        Asked::Nothing | Asked::Default => verdict.default_isolation,
    };
    let answer = verdict.answers.of(isolation).answer;
    let other = isolation.other();
    let pair = Pair {
        catalog,
        host: &host,
        image: &image.image,
    };
    let why = |isolation| {
        telling(catalog, verdict.answers.of(isolation)).map_or_else(
            || "nothing tells why".to_owned(),
            |reason| pair.render(reason, isolation).message,
        )
    };
    if verdict.fits(Some(isolation)) {
        return Decision::AsItIs(None);
    }
    if verdict.fits(Some(other)) && answer == Answer::No && asked == Asked::Nothing {
        return Decision::With(other, why(isolation));
    }
    if matches!(answer, Answer::Risk | Answer::Unknown) && !refused(&verdict) {
        let word = match answer {
            Answer::Risk => format!("{} may fail here: {}", image.short(), why(isolation)),
            _ => format!(
                "whether {} runs here cannot be told: {}",
                image.short(),
                why(isolation)
            ),
        };
        return Decision::AsItIs(Some(word));
    }
    let found = remedies(&Situation {
        catalog,
        image,
        host: &host,
        verdict: &verdict,
        asked: Some(isolation),
        fleet: &[FleetHost {
            label: &engine.name,
            host: &host,
        }],
        today: Calendar::new(None, None).today,
        pod: false,
    });
    let judged = Judged {
        host: &read,
        image,
        verdict,
        remedies: found,
        notes: Vec::new(),
        asked: Some(isolation),
    };
    Decision::Refuse(block(catalog, &judged, false))
}

/// Whether the engine refuses to pull the image.
fn refused(verdict: &Verdict) -> bool {
    verdict.pull.is_some_and(|pull| pull.answer == Answer::No)
}

/// The command, with the isolation before what is at that place.
fn command(
    engine: &EngineArguments,
    given: &[OsString],
    added: Option<(usize, Isolation)>,
) -> Vec<OsString> {
    let mut all: Vec<OsString> = Vec::new();
    if let Some(host) = &engine.docker_host {
        all.push(format!("--host={host}").into());
    }
    if let Some(context) = &engine.context {
        all.push(format!("--context={context}").into());
    }
    all.push("run".into());
    let before = all.len();
    all.extend(given.iter().cloned());
    if let Some((at, isolation)) = added {
        all.insert(
            before + at,
            format!("--isolation={}", isolation.name()).into(),
        );
    }
    all
}

/// Prints the command, or runs it in the place of this process.
fn start(arguments: &DockerRunArguments, added: Option<(usize, Isolation)>) -> Result<Outcome> {
    let all = command(&arguments.engine, &arguments.arguments, added);
    if arguments.print {
        let mut line = "docker".to_owned();
        for argument in &all {
            line.push(' ');
            line.push_str(&quoted(&argument.to_string_lossy(), cfg!(windows)));
        }
        line.push('\n');
        return Ok(Outcome::new(line, Exit::Fits));
    }
    let mut docker = Command::new("docker");
    docker.args(&all);
    let error = instead(docker);
    Err(nothing(if error.kind() == std::io::ErrorKind::NotFound {
        "the command docker is not installed".to_owned()
    } else {
        format!("the command docker could not be run: {error}")
    }))
}

/// Becomes another process; comes back only where that cannot be started.
#[cfg(unix)]
fn instead(mut command: Command) -> std::io::Error {
    use std::os::unix::process::CommandExt as _;
    command.exec()
}

/// Runs another process and ends as it does; comes back only where that cannot be started.
#[cfg(not(unix))]
fn instead(mut command: Command) -> std::io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

/// An argument as PowerShell or sh take it.
fn quoted(argument: &str, powershell: bool) -> String {
    let plain = |symbol: char| {
        symbol.is_ascii_alphanumeric()
            || "_+=:./-".contains(symbol)
            || (powershell && symbol == '\\')
            || (!powershell && "@%,".contains(symbol))
    };
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    let mark = if powershell { "''" } else { "'\\''" };
    format!("'{}'", printable(argument).replace('\'', mark))
}

#[cfg(test)]
mod tests {
    use winfit_core::version::OsVersion;

    use super::*;

    const INFO: &str = r#"{"Name": "win-a", "OSType": "windows", "Architecture": "x86_64", "Driver": "windowsfilter",
        "OperatingSystem": "Microsoft Windows Server Version 21H2 (OS Build 20348.169)", "OSVersion": "10.0.20348",
        "ServerVersion": "29.6.2", "Isolation": "process"}"#;

    fn decided(info: &str, text: &str, isolation: Option<&str>) -> Decision {
        let catalog = Catalog::builtin();
        let host = EngineHost::of_info(catalog, info).unwrap();
        let image = NamedImage::read_reference(catalog, text).unwrap();
        let asked = asked(isolation).unwrap();
        decide(catalog, &host, &image, false, asked, &Words::default())
    }

    #[test]
    fn what_runs_is_left_alone() {
        for (image, isolation) in [
            ("mcr.microsoft.com/windows/nanoserver:ltsc2022", None),
            (
                "mcr.microsoft.com/windows/nanoserver:ltsc2022",
                Some("hyperv"),
            ),
            (
                "mcr.microsoft.com/windows/nanoserver:ltsc2019",
                Some("hyperv"),
            ),
        ] {
            assert_eq!(
                decided(INFO, image, isolation),
                Decision::AsItIs(None),
                "{image}"
            );
        }
    }

    #[test]
    fn an_older_image_gets_hyperv_and_a_newer_one_a_tag() {
        let old = "mcr.microsoft.com/windows/nanoserver:ltsc2019";
        let Decision::With(Isolation::Hyperv, because) = decided(INFO, old, None) else {
            panic!("{:?}", decided(INFO, old, None));
        };
        assert!(
            because.contains("17763") && because.contains("20348"),
            "{because}"
        );
        for (image, isolation) in [
            (old, Some("process")),
            (old, Some("default")),
            ("mcr.microsoft.com/windows/nanoserver:ltsc2025", None),
        ] {
            let Decision::Refuse(why) = decided(INFO, image, isolation) else {
                panic!("{image}: {:?}", decided(INFO, image, isolation));
            };
            assert!(
                why.contains("mcr.microsoft.com/windows/nanoserver:ltsc2022"),
                "{why}"
            );
        }
    }

    #[test]
    fn where_nothing_tells_the_windows_it_runs_with_a_word() {
        let Decision::AsItIs(Some(word)) = decided(INFO, "contoso/app:7", None) else {
            panic!("{:?}", decided(INFO, "contoso/app:7", None));
        };
        assert!(
            word.starts_with("whether app:7 runs here cannot be told")
                || word.contains("contoso/app:7"),
            "{word}"
        );
    }

    #[test]
    fn on_linux_only_windows_images_are_refused() {
        let linux = r#"{"Name": "x", "OSType": "linux", "OperatingSystem": "Debian GNU/Linux 12", "ServerVersion": "29.6.2"}"#;
        assert_eq!(decided(linux, "debian:12", None), Decision::AsItIs(None));
        let windows = decided(linux, "mcr.microsoft.com/windows/nanoserver:ltsc2022", None);
        assert!(matches!(windows, Decision::Refuse(_)), "{windows:?}");
    }

    #[test]
    fn the_isolation_goes_before_the_image() {
        let engine = EngineArguments {
            docker_host: None,
            context: Some("far".to_owned()),
            timeout: 1,
        };
        let given: Vec<OsString> = ["-it", "--", "IMAGE", "cmd"].map(OsString::from).to_vec();
        let words = words::read(&given).unwrap();
        let all = command(
            &engine,
            &given,
            Some((words.options_end, Isolation::Hyperv)),
        );
        assert_eq!(
            all,
            [
                "--context=far",
                "run",
                "-it",
                "--isolation=hyperv",
                "--",
                "IMAGE",
                "cmd"
            ]
        );
    }

    #[test]
    fn arguments_are_quoted_for_each_shell() {
        for (argument, sh, powershell) in [
            ("-p", "-p", "-p"),
            ("80:80", "80:80", "80:80"),
            ("", "''", "''"),
            ("a b", "'a b'", "'a b'"),
            ("it's", "'it'\\''s'", "'it''s'"),
            ("C:\\data", "'C:\\data'", "C:\\data"),
            ("a,b@c", "a,b@c", "'a,b@c'"),
            ("$HOME", "'$HOME'", "'$HOME'"),
        ] {
            assert_eq!(quoted(argument, false), sh);
            assert_eq!(quoted(argument, true), powershell);
        }
    }

    #[test]
    fn an_image_that_is_here_is_not_pulled() {
        let catalog = Catalog::builtin();
        // Docker 29.6.2 with containerd's store does not pull 20348 on 26200.
        let info = r#"{"Name": "pc", "OSType": "windows", "Architecture": "x86_64", "Driver": "windows",
            "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
            "OperatingSystem": "Microsoft Windows Version 25H2 (OS Build 26200.8875)", "OSVersion": "10.0.26200",
            "ServerVersion": "29.6.2", "Isolation": "hyperv"}"#;
        let host = EngineHost::of_info(catalog, info).unwrap();
        let mut image =
            NamedImage::read_reference(catalog, "mcr.microsoft.com/windows/nanoserver:ltsc2022")
                .unwrap();
        image.image.version = Some(OsVersion::of_build(20_348));
        let of = |is_here| {
            decide(
                catalog,
                &host,
                &image,
                is_here,
                Asked::Nothing,
                &Words::default(),
            )
        };
        assert_eq!(of(true), Decision::AsItIs(None));
        assert!(matches!(of(false), Decision::Refuse(_)), "{:?}", of(false));
    }
}
