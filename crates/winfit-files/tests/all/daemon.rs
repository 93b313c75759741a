//! `daemon.json`, scripts that register the engine, and what the engine makes of both.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use insta::assert_snapshot;
use proptest::prelude::*;
use time::{Date, Month};
use winfit_core::Catalog;
use winfit_core::audit::AuditOptions;
use winfit_core::finding::{Finding, Origin};
use winfit_core::fleet::Fleet;
use winfit_files::daemon::{DaemonJson, ServiceCommand, read, read_script, script_looks_like};
use winfit_files::problem::Problem;
use winfit_files::rules::{Context, daemon as rules};
use winfit_files::source::{Encoding, Source, decode};

fn place(origin: &Origin) -> String {
    origin.span.map_or_else(
        || "whole".to_owned(),
        |span| format!("{}:{}", span.line, span.column),
    )
}

fn values(options: &[winfit_core::finding::Located<String>]) -> Vec<&str> {
    options.iter().map(|option| option.value.as_str()).collect()
}

fn one(text: &str) -> (DaemonJson, Vec<Problem>) {
    read(&Source::of_text("daemon.json", text))
}

fn said(problems: &[Problem]) -> String {
    let mut out = String::new();
    for problem in problems {
        let _ = writeln!(
            out,
            "{} {} {}: {}",
            problem.severity.name(),
            problem.rule,
            place(&problem.origin),
            problem.message
        );
    }
    out
}

fn found(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let _ = writeln!(
            out,
            "{} {} {}: {} [{}]",
            finding.severity.name(),
            finding.rule,
            place(&finding.origin),
            finding.message,
            finding.label
        );
    }
    out
}

fn check(text: &str) -> String {
    let (daemon, _) = one(text);
    let options = AuditOptions {
        today: Date::from_calendar_date(2026, Month::August, 1).unwrap(),
        eol_within: 180,
    };
    let context = Context {
        catalog: Catalog::builtin(),
        fleet: &Fleet::default(),
        hosts: &[],
        options: &options,
        base_tags: None,
    };
    found(&rules::check(&context, &Arc::from("daemon.json"), &daemon))
}

#[test]
fn the_page_s_daemon_json() {
    for text in [
        "{ \"exec-opts\":[\"isolation=hyperv\"] }",
        "{\n    \"exec-opts\":[\"isolation=hyperv\"]\n}\n",
        "{\r\n\t\"exec-opts\":[\"isolation=hyperv\"]\r\n}\r\n",
    ] {
        let (daemon, problems) = one(text);
        assert_eq!(said(&problems), "");
        assert_eq!(values(&daemon.exec_opts), ["isolation=hyperv"]);
        assert_eq!(values(&daemon.keys), ["exec-opts"]);
        assert_eq!(check(text), "");
    }
}

#[test]
fn the_page_s_line_alone_is_no_document_and_is_read() {
    let (daemon, problems) = one("\"exec-opts\":[\"isolation=hyperv\"]\n");
    assert_eq!(values(&daemon.exec_opts), ["isolation=hyperv"]);
    assert_eq!(place(&daemon.exec_opts[0].origin), "1:14");
    assert_snapshot!(said(&problems), @r#"error daemon-json-refused 1:1: the braces around the settings are missing, and the engine does not start: the file is one object, { "exec-opts": ["isolation=hyperv"] }"#);
}

#[test]
fn what_the_engine_refuses() {
    let cases = [
        "{\n  // Hyper-V\n  \"exec-opts\": [\"isolation=hyperv\"]\n}",
        "{ \"exec-opts\": [\"isolation=hyperv\"], }",
        "{ \"exec-opts\": [\"isolation=hyperv\",] }",
        "{ 'exec-opts': ['isolation=hyperv'] }",
        "{ exec-opts: [\"isolation=hyperv\"] }",
        "{ \"debug\": true \"exec-opts\": [\"isolation=hyperv\"] }",
        "{ \"exec-opts\": [\"isolation=hyperv\"]",
        "{ \"exec-opts\": [\"isolation=hyperv\" }",
        "{ \"exec-opts\": [\"isolation=hyperv] }",
        "{ \"exec-opts\": \"isolation=hyperv\" }",
        "{ \"exec-opts\": {\"isolation\": \"hyperv\"} }",
        "{ \"exec-opts\": [true, null] }",
        "{ \"data-root\": \"D:\\docker\" }",
        "{ \"data-root\": \"D:\t\" }",
        "[\"isolation=hyperv\"]",
        "{} {}",
        "{ \"features\": [] }",
        "{ \"features\": {\"containerd-snapshotter\": \"true\"} }",
        "hello",
        "",
        " \r\n",
    ];
    let mut out = String::new();
    for text in cases {
        let (daemon, problems) = one(text);
        assert!(!problems.is_empty(), "{text}");
        let _ = writeln!(out, "{text:?} {:?}", values(&daemon.exec_opts));
        for line in said(&problems).lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
    assert_snapshot!(out, @r#"
    "{\n  // Hyper-V\n  \"exec-opts\": [\"isolation=hyperv\"]\n}" ["isolation=hyperv"]
      error daemon-json-refused 2:3: this is no JSON, and the engine does not start: JSON has no comments; say it in another file beside this one
    "{ \"exec-opts\": [\"isolation=hyperv\"], }" ["isolation=hyperv"]
      error daemon-json-refused 1:36: this is no JSON, and the engine does not start: JSON has no comma behind the last element
    "{ \"exec-opts\": [\"isolation=hyperv\",] }" ["isolation=hyperv"]
      error daemon-json-refused 1:35: this is no JSON, and the engine does not start: JSON has no comma behind the last element
    "{ 'exec-opts': ['isolation=hyperv'] }" ["isolation=hyperv"]
      error daemon-json-refused 1:3: this is no JSON, and the engine does not start: JSON has double quotes only
    "{ exec-opts: [\"isolation=hyperv\"] }" ["isolation=hyperv"]
      error daemon-json-refused 1:3: this is no JSON, and the engine does not start: JSON has keys and words between double quotes only
    "{ \"debug\": true \"exec-opts\": [\"isolation=hyperv\"] }" ["isolation=hyperv"]
      error daemon-json-refused 1:16: this is no JSON, and the engine does not start: a comma is missing between two elements
    "{ \"exec-opts\": [\"isolation=hyperv\"]" []
      error daemon-json-refused 1:1: this is no JSON, and the engine does not start: a brace is never closed
    "{ \"exec-opts\": [\"isolation=hyperv\" }" []
      error daemon-json-refused 1:36: this is no JSON, and the engine does not start: unexpected close brace
    "{ \"exec-opts\": [\"isolation=hyperv] }" []
      error daemon-json-refused 1:17: this is no JSON, and the engine does not start: a string is never closed, or holds an escape that JSON does not have; a backslash in a path is written twice
    "{ \"exec-opts\": \"isolation=hyperv\" }" ["isolation=hyperv"]
      error daemon-json-refused 1:16: `exec-opts` is a string, and the engine does not start: it expects a list, ["isolation=hyperv"]
    "{ \"exec-opts\": {\"isolation\": \"hyperv\"} }" []
      error daemon-json-refused 1:16: `exec-opts` is an object, and the engine does not start: it expects a list, ["isolation=hyperv"]
    "{ \"exec-opts\": [true, null] }" []
      error daemon-json-refused 1:17: an element of `exec-opts` is a truth value, and the engine does not start: it expects strings like "isolation=hyperv"
      error daemon-json-refused 1:23: an element of `exec-opts` is null, and the engine does not start: it expects strings like "isolation=hyperv"
    "{ \"data-root\": \"D:\\docker\" }" []
      error daemon-json-refused 1:19: this is no JSON, and the engine does not start: a string is never closed, or holds an escape that JSON does not have; a backslash in a path is written twice
    "{ \"data-root\": \"D:\t\" }" []
      error daemon-json-refused 1:18: this is no JSON, and the engine does not start: a character that a string may hold only behind a backslash, or a number that JSON does not have
    "[\"isolation=hyperv\"]" []
      error daemon-json-refused 1:1: the file is a list, and the engine does not start: it expects an object, { … }
    "{} {}" []
      error daemon-json-refused 1:4: this is no JSON, and the engine does not start: something stands behind the end of the object
    "{ \"features\": [] }" []
      error daemon-json-refused 1:15: `features` is a list, and the engine does not start: it expects an object
    "{ \"features\": {\"containerd-snapshotter\": \"true\"} }" []
      error daemon-json-refused 1:42: `containerd-snapshotter` is a string, and the engine does not start: it expects true or false, without quotes
    "hello" []
      error daemon-json-refused 1:1: this is no JSON, and the engine does not start: JSON has keys and words between double quotes only
    "" []
      info daemon-json-refused whole: the file is empty, which engines before Docker 23.0 refuse to start with; {} works with all of them
    " \r\n" []
      info daemon-json-refused whole: the file is empty, which engines before Docker 23.0 refuse to start with; {} works with all of them
    "#);
}

#[test]
fn what_the_engine_accepts() {
    for text in [
        "{}",
        "null",
        "{\"exec-opts\": null, \"features\": null}",
        "{\"exec-opts\": [\"native.cgroupdriver=systemd\"], \"log-opts\": {\"max-size\": \"10m\"}}",
        "{\"mtu\": 1.5e3, \"dns\": [\"8.8.8.8\"], \"x\": \"\\u00e9 \\\\ \\ud83d\"}",
    ] {
        assert_eq!(said(&one(text).1), "", "{text}");
        assert_eq!(check(text), "", "{text}");
    }
    let (daemon, _) = one("{\"features\": {\"containerd-snapshotter\": true}}");
    assert_eq!(daemon.containerd_store, Some(true));
}

#[test]
fn keys_that_stand_twice() {
    let (daemon, problems) =
        one("{\"exec-opts\": [\"isolation=process\"],\n \"exec-opts\": [\"isolation=hyperv\"]}");
    assert_eq!(values(&daemon.exec_opts), ["isolation=hyperv"]);
    assert_snapshot!(said(&problems), @r#"warning duplicate-key 2:2: the key "exec-opts" stands twice in this object; the engine takes the last"#);
}

#[test]
fn encodings() {
    let text = "{\"exec-opts\": [\"isolation=hyperv\"]}";
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let bom = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let mut out = String::new();
    for bytes in [bom, utf16] {
        let (text, encoding) = decode(bytes).unwrap();
        let source = Source::new("daemon.json", PathBuf::new(), text, encoding);
        let (daemon, problems) = read(&source);
        assert_eq!(values(&daemon.exec_opts), ["isolation=hyperv"]);
        out.push_str(&said(&problems));
    }
    assert_snapshot!(out, @r"
    warning daemon-json-encoding whole: the file is UTF-8 behind a byte order mark, which engines before Docker 23.0 refuse to start with; plain UTF-8 works with all of them
    warning daemon-json-encoding whole: the file is UTF-16, which engines before Docker 23.0 refuse to start with; plain UTF-8 works with all of them
    ");
}

#[test]
fn options_of_the_engine() {
    let cases = [
        "isolation:hyperv",
        "isolation",
        "hyperv",
        "isolation=",
        "isolation=hyper-v",
        "isolation=Hyper-V",
        "isolation=processes",
        "isolation=vm",
        "isolaton=hyperv",
        "default-isolation=hyperv",
        "exec-isolation=process",
    ];
    let mut out = String::new();
    for option in cases {
        out.push_str(&check(&format!("{{\"exec-opts\": [\"{option}\"]}}")));
    }
    assert_snapshot!(out, @r#"
    error exec-opts-unknown 1:16: the engine does not start with the exec-opt "isolation:hyperv": an option is written name=value, isolation=hyperv [isolation=hyperv]
    error exec-opts-unknown 1:16: the engine does not start with the exec-opt "isolation": an option is written name=value, isolation=hyperv [isolation=hyperv]
    error exec-opts-unknown 1:16: the engine does not start with the exec-opt "hyperv": an option is written name=value, isolation=hyperv [isolation=hyperv]
    error exec-opts-unknown 1:16: the engine does not start with the exec-opt "isolation=": the isolation is default, process or hyperv [default, process or hyperv]
    error exec-opts-unknown 1:16: the engine does not start with the exec-opt "isolation=hyper-v": the isolation is default, process or hyperv [isolation=hyperv]
    error exec-opts-unknown 1:16: the engine does not start with the exec-opt "isolation=Hyper-V": the isolation is default, process or hyperv [isolation=hyperv]
    error exec-opts-unknown 1:16: the engine does not start with the exec-opt "isolation=processes": the isolation is default, process or hyperv [isolation=process]
    error exec-opts-unknown 1:16: the engine does not start with the exec-opt "isolation=vm": the isolation is default, process or hyperv [default, process or hyperv]
    error exec-opts-unknown 1:16: the engine does not know the exec-opt "isolaton" and does not start: the option is isolation [isolation=…]
    error exec-opts-unknown 1:16: the engine does not know the exec-opt "default-isolation" and does not start: the option is isolation [isolation=…]
    error exec-opts-unknown 1:16: the engine does not know the exec-opt "exec-isolation" and does not start: the option is isolation [isolation=…]
    "#);
    // Case and spaces do not matter to the engine, and Linux is nobody's business here.
    for option in [
        "isolation=hyperv",
        "Isolation=HyperV",
        "isolation = process",
        "isolation=default",
        "native.cgroupdriver=systemd",
        "native.umask=normal",
    ] {
        assert_eq!(
            check(&format!("{{\"exec-opts\": [\"{option}\"]}}")),
            "",
            "{option}"
        );
    }
}

#[test]
fn keys_near_exec_opts() {
    let mut out = String::new();
    for key in ["exec-opt", "exec_opts", "execopts", "Exec-Opts", "execOpts"] {
        out.push_str(&check(&format!("{{\"{key}\": [\"isolation=hyperv\"]}}")));
    }
    assert_snapshot!(out, @r#"
    warning exec-opts-unknown 1:2: the engine starts and ignores "exec-opt": in daemon.json the key is "exec-opts" ["exec-opts"]
    error exec-opts-unknown 1:2: the engine does not know "exec_opts" and does not start: the key is "exec-opts", in small letters ["exec-opts"]
    error exec-opts-unknown 1:2: the engine does not know "execopts" and does not start: the key is "exec-opts", in small letters ["exec-opts"]
    error exec-opts-unknown 1:2: the engine does not know "Exec-Opts" and does not start: the key is "exec-opts", in small letters ["exec-opts"]
    error exec-opts-unknown 1:2: the engine does not know "execOpts" and does not start: the key is "exec-opts", in small letters ["exec-opts"]
    "#);
    assert_eq!(check("{\"exec-root\": \"a\", \"experimental\": true}"), "");
}

#[test]
fn the_last_isolation_counts() {
    assert_snapshot!(
        check("{\"exec-opts\": [\"isolation=process\", \"isolation=HyperV\"]}"),
        @"warning exec-opts-contradictory 1:37: the isolation is process and then hyperv; the engine takes the last, hyperv [this one counts]"
    );
    assert_eq!(
        check("{\"exec-opts\": [\"isolation=hyperv\", \"isolation=HyperV\"]}"),
        ""
    );
}

fn script(name: &str, text: &str) -> Vec<ServiceCommand> {
    read_script(&Source::of_text(name, text))
}

#[test]
fn scripts_that_start_the_engine() {
    for (name, text, expected) in [
        (
            "a.ps1",
            "dockerd --register-service --exec-opt isolation=hyperv",
            "isolation=hyperv",
        ),
        (
            "a.ps1",
            "& \"C:\\Program Files\\Docker\\dockerd.exe\" --register-service --exec-opt=isolation=hyperv",
            "isolation=hyperv",
        ),
        (
            "a.cmd",
            "sc.exe config docker binPath= \"\\\"C:\\docker\\dockerd.exe\\\" --run-service --exec-opt isolation=process\"",
            "isolation=process",
        ),
        (
            "a.cmd",
            "sc config docker binPath= \"C:\\dockerd.exe --run-service --exec-opt \\\"isolation=process\\\"\"",
            "isolation=process",
        ),
        (
            "a.ps1",
            "New-Service -Name docker -BinaryPathName '\"C:\\dockerd.exe\" --run-service --exec-opt isolation=hyperv'",
            "isolation=hyperv",
        ),
        (
            "a.ps1",
            "Start-Process dockerd -ArgumentList '--run-service','--exec-opt','isolation=hyperv'",
            "isolation=hyperv",
        ),
        (
            "a.ps1",
            "Start-Process dockerd -ArgumentList @(\"--exec-opt\", \"isolation=hyperv\")",
            "isolation=hyperv",
        ),
        (
            "a.ps1",
            "dockerd --register-service `\r\n  --exec-opt `\r\n  isolation=hyperv\r\n",
            "isolation=hyperv",
        ),
        (
            "a.cmd",
            "DOCKERD --register-service ^\r\n  --exec-opt isolation=hyperv\r\n",
            "isolation=hyperv",
        ),
        (
            "a.sh",
            "dockerd \\\n  --exec-opt isolation=hyperv\n",
            "isolation=hyperv",
        ),
        (
            "a.ps1",
            "dockerd --exec-opt isolation=process --exec-opt isolation=hyperv",
            "isolation=process isolation=hyperv",
        ),
        (
            "a.ps1",
            "if ($x) { dockerd --exec-opt isolation=hyperv; exit }",
            "isolation=hyperv",
        ),
    ] {
        let commands = script(name, text);
        assert_eq!(commands.len(), 1, "{text}");
        assert_eq!(values(&commands[0].exec_opts).join(" "), expected, "{text}");
        assert!(
            script_looks_like(text) || text.contains("DOCKERD"),
            "{text}"
        );
        for option in &commands[0].exec_opts {
            let span = option.origin.span.unwrap();
            assert_eq!(&text[span.start..span.end], option.value);
        }
    }
    for (name, text) in [
        ("a.ps1", "Start-Service docker"),
        ("a.ps1", "dockerd --register-service"),
        ("a.ps1", "# dockerd --exec-opt isolation=hyperv"),
        ("a.cmd", "REM dockerd --exec-opt isolation=hyperv"),
        (
            "a.ps1",
            "Write-Host \"dockerd --exec-opt isolation=hyperv\"",
        ),
        ("a.ps1", "dockerd --exec-opt $option"),
        ("a.ps1", "dockerd --exec-opts isolation=hyperv"),
        ("a.ps1", "dockerd --exec-opt --debug"),
        ("a.ps1", "my-dockerd-2 --exec-opt isolation=hyperv"),
        ("a.ps1", "dockerd --debug\n--exec-opt isolation=hyperv"),
    ] {
        assert_eq!(script(name, text), [], "{text}");
    }
    let text = "dockerd --config-file \"C:\\Program Files\\docker\\daemon.json\" --exec-opt a=b";
    let config = script("a.ps1", text)[0].config_file.clone().unwrap();
    assert_eq!(config.value, "C:\\Program Files\\docker\\daemon.json");
}

#[test]
fn options_in_the_file_and_on_the_command_line() {
    let (daemon, _) = one("{\"exec-opts\": [\"isolation=hyperv\"]}");
    let doubled = |text: &str, daemon: &DaemonJson| {
        let commands = script("register.ps1", text);
        rules::check_doubled(
            &[(Arc::from("docker/daemon.json"), daemon)],
            &[(Arc::from("register.ps1"), &commands)],
        )
    };
    let register = "dockerd --register-service --exec-opt isolation=hyperv";
    let findings = doubled(register, &daemon);
    assert_snapshot!(found(&findings), @"error exec-opts-doubled 1:39: --exec-opt stands on the command line here and exec-opts in docker/daemon.json; an engine that gets both refuses to start [again, as a flag]");
    assert_eq!(place(&findings[0].related[0].origin), "1:16");
    // The same options are refused as well as others.
    assert_eq!(
        doubled("dockerd --exec-opt isolation=process", &daemon).len(),
        1
    );
    assert_eq!(
        doubled(
            "dockerd --config-file D:\\daemon.json --exec-opt isolation=process",
            &daemon
        )
        .len(),
        1
    );
    // Another file is read.
    assert_eq!(
        doubled(
            "dockerd --config-file D:\\other.json --exec-opt isolation=process",
            &daemon
        ),
        []
    );
    assert_eq!(doubled(register, &DaemonJson::default()), []);
    let (linux, _) = one("{\"exec-opts\": [\"native.cgroupdriver=systemd\"]}");
    assert_eq!(
        doubled("dockerd --exec-opt native.cgroupdriver=systemd", &linux),
        []
    );
}

fn in_bounds(text: &str, origin: &Origin) {
    if let Some(span) = origin.span {
        assert!(text.get(span.start..span.end).is_some(), "{origin:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "[\\[\\]{}\",:'/*a-c é\n\r\t\\\\0-9-]{0,60}") {
        let source = Source::new("daemon.json", PathBuf::new(), text.clone(), Encoding::Utf8);
        let (daemon, problems) = read(&source);
        for problem in &problems {
            in_bounds(&text, &problem.origin);
        }
        for value in daemon.keys.iter().chain(&daemon.exec_opts) {
            in_bounds(&text, &value.origin);
        }
        // The engine's own grammar has the last word on what is JSON.
        if !text.trim().is_empty() && serde_json::from_str::<serde_json::Value>(&text).is_err() {
            prop_assert!(!problems.is_empty());
        }
    }

    #[test]
    fn any_script_is_read(text in proptest::collection::vec(prop_oneof![
        Just("dockerd ".to_owned()), Just("--exec-opt".to_owned()), Just("`\n".to_owned()),
        Just("^\r\n".to_owned()), Just("\\\n".to_owned()), "[ =\"',a-zé\n\\\\]{0,6}",
    ], 0..20).prop_map(|pieces| pieces.concat())) {
        for command in script("a", &text) {
            for option in command.exec_opts.iter().chain(&command.config_file) {
                let span = option.origin.span.unwrap();
                prop_assert_eq!(&text[span.start..span.end], option.value.as_str());
            }
        }
    }
}

#[test]
fn options_that_no_engine_takes() {
    assert_eq!(
        check(r#"{"exec-opts": ["foo=bar"]}"#),
        "error exec-opts-unknown 1:16: engines do not know the exec-opt \"foo\" and do not start: \
         Windows has isolation, Linux has those of native.* [no exec-opt]\n"
    );
    assert_eq!(
        check(r#"{"exec-opts": ["isolation=process", "native.cgroupdriver=systemd"]}"#),
        "error exec-opts-unknown 1:37: no engine starts with both: native.cgroupdriver is for Linux \
         alone, and isolation for Windows [for Linux]\n"
    );
    assert_eq!(
        check(r#"{"exec-opts": ["native.cgroupdriver=systemd"]}"#),
        ""
    );
}
