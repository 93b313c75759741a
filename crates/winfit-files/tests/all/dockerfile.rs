//! Dockerfiles: what is read of them, where, and what is wrong with it.

use std::sync::Arc;

use proptest::prelude::*;
use winfit_core::audit::AuditOptions;
use winfit_core::finding::{Finding, Origin, Severity};
use winfit_core::fleet::Fleet;
use winfit_core::host::Os;
use winfit_core::{Catalog, Date};
use winfit_files::dockerfile::{CopySource, Dockerfile, final_base, read, read_with_args};
use winfit_files::problem::Problem;
use winfit_files::rules::Context;
use winfit_files::rules::dockerfile::{check, image_use};
use winfit_files::source::Source;

fn source(text: &str) -> Source {
    Source::of_text("Dockerfile", text)
}

fn dockerfile(text: &str) -> Dockerfile {
    let (dockerfile, problems) = read(&source(text));
    assert_eq!(problems, [], "{text}");
    dockerfile
}

fn at<'t>(text: &'t str, origin: &Origin) -> &'t str {
    let span = origin.span.unwrap();
    &text[span.start..span.end]
}

/// `line:column message` of each problem.
fn problems(text: &str) -> Vec<String> {
    read(&source(text)).1.iter().map(told).collect()
}

fn told(problem: &Problem) -> String {
    assert_eq!(problem.rule, "broken-file");
    assert_eq!(problem.severity, Severity::Error);
    match problem.origin.span {
        Some(span) => format!("{}:{} {}", span.line, span.column, problem.message),
        None => problem.message.clone(),
    }
}

fn findings(text: &str) -> Vec<Finding> {
    let fleet = Fleet::default();
    let options = AuditOptions {
        today: Date::from_calendar_date(2024, time::Month::June, 1).unwrap(),
        eol_within: 180,
    };
    let context = Context {
        catalog: Catalog::builtin(),
        fleet: &fleet,
        hosts: &[],
        options: &options,
        base_tags: None,
    };
    check(&context, &Arc::from("Dockerfile"), &read(&source(text)).0)
}

/// The findings of this file's own rules, as `rule severity at "text": message`.
fn own_findings(text: &str) -> Vec<String> {
    const OWN: [&str; 3] = [
        "mixed-stage-builds",
        "platform-mismatch",
        "platform-specifier",
    ];
    findings(text)
        .iter()
        .filter(|finding| OWN.contains(&finding.rule))
        .map(|finding| {
            format!(
                "{} {} at {:?}: {}",
                finding.rule,
                finding.severity.name(),
                at(text, &finding.origin),
                finding.message
            )
        })
        .collect()
}

#[test]
fn the_escape_directive_is_read_in_all_its_spellings() {
    for (text, escape) in [
        ("# escape=`\nFROM a", '`'),
        ("#escape=`\nFROM a", '`'),
        ("#escape = `\r\n\r\nFROM a", '`'),
        ("#   ESCAPE   =   `  \t\nFROM a", '`'),
        ("# Escape=\\\nFROM a", '\\'),
        ("  # escape=`\nFROM a", '`'),
        ("# syntax=docker/dockerfile:1\n# escape=`\nFROM a", '`'),
        ("# check=skip=all\n# escape=`\nFROM a", '`'),
        ("# escape=`\n# syntax=docker/dockerfile:1\nFROM a", '`'),
        // Behind anything else it is a comment.
        ("\n# escape=`\nFROM a", '\\'),
        ("# a comment\n# escape=`\nFROM a", '\\'),
        ("#\n# escape=`\nFROM a", '\\'),
        ("# other=1\n# escape=`\nFROM a", '\\'),
        ("#!/usr/bin/env docker\n# escape=`\nFROM a", '\\'),
        ("FROM a\n# escape=`", '\\'),
        ("# escape=\nFROM a", '\\'),
        ("// escape=`\nFROM a", '\\'),
    ] {
        let (read, _) = read(&source(text));
        assert_eq!(read.escape, escape, "{text:?}");
        assert_eq!(read.stages.len(), 1, "{text:?}");
    }
    assert_eq!(
        problems("# escape=`\n# escape=\\\nFROM a"),
        ["2:1 a file has one escape directive, and this is another"]
    );
    assert_eq!(
        problems("# escape=^\nFROM a"),
        ["1:10 the escape character is \\ or `, and \"^\" is neither"]
    );
}

#[test]
fn from_is_read_with_exact_places() {
    let text = "FROM --platform=windows(10.0.17763)/amd64 \"mcr.microsoft.com/windows/servercore:ltsc2019@sha256:abc\" aS Build\r\n";
    let read = dockerfile(text);
    let stage = &read.stages[0];
    let base = "mcr.microsoft.com/windows/servercore:ltsc2019@sha256:abc";
    assert_eq!(stage.base.value, base);
    assert_eq!(at(text, &stage.base.origin), base);
    assert_eq!(at(text, &stage.stated_at), base);
    assert_eq!(stage.resolved.as_deref(), Some(base));
    let name = stage.name.as_ref().unwrap();
    assert_eq!(
        (name.value.as_str(), at(text, &name.origin)),
        ("build", "Build")
    );
    let platform = stage.platform.as_ref().unwrap();
    assert_eq!(platform.value, "windows(10.0.17763)/amd64");
    assert_eq!(at(text, &platform.origin), platform.value);
    assert_eq!(stage.os_hint, Some(Os::Windows));
    assert_eq!(at(text, &stage.origin), text.trim_end());
    assert_eq!(
        (
            stage.base.origin.span.unwrap().line,
            stage.base.origin.span.unwrap().column
        ),
        (1, 44)
    );
}

#[test]
fn arguments_before_from_are_put_in() {
    for (text, resolved, stated, unresolved) in [
        (
            "ARG TAG=ltsc2022\nFROM a:${TAG}",
            Some("a:ltsc2022"),
            "ltsc2022",
            vec![],
        ),
        (
            "ARG TAG=ltsc2022\nFROM a:$TAG AS b",
            Some("a:ltsc2022"),
            "ltsc2022",
            vec![],
        ),
        ("ARG BASE=a:1\nFROM $BASE", Some("a:1"), "a:1", vec![]),
        (
            "ARG BASE=\"a:1\"\nFROM \"$BASE\"",
            Some("a:1"),
            "a:1",
            vec![],
        ),
        // The tag alone is what an edit changes.
        (
            "ARG BASE=a\nARG TAG=1809\nFROM ${BASE}:${TAG}",
            Some("a:1809"),
            "1809",
            vec![],
        ),
        (
            "ARG BASE=a TAG=1809\nFROM ${BASE}:${TAG}",
            Some("a:1809"),
            "1809",
            vec![],
        ),
        (
            "ARG TAG=1\nARG BASE=a:$TAG\nFROM $BASE",
            Some("a:1"),
            "1",
            vec![],
        ),
        (
            "ARG R=reg\nFROM ${R}/a:1",
            Some("reg/a:1"),
            "${R}/a:1",
            vec![],
        ),
        (
            "ARG V=4.8\nFROM a:${V}-ltsc2019",
            Some("a:4.8-ltsc2019"),
            "a:${V}-ltsc2019",
            vec![],
        ),
        (
            "ARG V=ltsc2019\nFROM a:4.8-${V}",
            Some("a:4.8-ltsc2019"),
            "a:4.8-${V}",
            vec![],
        ),
        (
            "FROM a:${TAG:-ltsc2022}",
            Some("a:ltsc2022"),
            "ltsc2022",
            vec![],
        ),
        (
            "ARG TAG\nFROM a:${TAG:-ltsc2022}",
            Some("a:ltsc2022"),
            "ltsc2022",
            vec![],
        ),
        ("ARG TAG=\nFROM a:${TAG:-1}", Some("a:1"), "", vec![]),
        ("arg tag=1\nfrom a:$tag", Some("a:1"), "1", vec![]),
        // The last one before FROM holds.
        ("ARG T=1\nARG T=2\nFROM a:$T", Some("a:2"), "2", vec![]),
        ("ARG T=1\nARG T\nFROM a:$T", Some("a:1"), "1", vec![]),
        // What has no value is named.
        ("ARG TAG\nFROM a:${TAG}", None, "a:${TAG}", vec!["TAG"]),
        ("FROM a:$A-$B", None, "a:$A-$B", vec!["A", "B"]),
        (
            "ARG T=$TARGETARCH\nFROM a:$T",
            None,
            "$TARGETARCH",
            vec!["TARGETARCH"],
        ),
        ("FROM b\nARG T=1\nFROM a:$T", None, "a:$T", vec!["T"]),
        ("ARG 'T'='$X'\nFROM a", Some("a"), "a", vec![]),
    ] {
        let read = dockerfile(text);
        let stage = read.stages.last().unwrap();
        assert_eq!(stage.resolved.as_deref(), resolved, "{text}");
        assert_eq!(at(text, &stage.stated_at), stated, "{text}");
        assert_eq!(stage.unresolved, unresolved, "{text}");
    }
}

#[test]
fn build_arguments_win_over_defaults() {
    let text =
        "ARG BASE=a\nARG TAG=1\nARG OTHER=$TAG\nFROM ${BASE}:${TAG}\nFROM x:$OTHER\nFROM y:$NOT";
    let given =
        [("TAG", "2"), ("NOT", "3")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (read, problems) = read_with_args(&source(text), &given);
    assert_eq!(problems, []);
    assert_eq!(read.stages[0].resolved.as_deref(), Some("a:2"));
    assert_eq!(read.stages[1].resolved.as_deref(), Some("x:2"));
    // Only arguments that the file declares take values.
    assert_eq!(read.stages[2].unresolved, ["NOT"]);
    // Its default is not what an edit would change.
    assert_eq!(at(text, &read.stages[0].stated_at), "${BASE}:${TAG}");
    let args: Vec<_> = read
        .args
        .iter()
        .map(|(name, value)| (name.value.as_str(), value.as_ref().unwrap().value.as_str()))
        .collect();
    assert_eq!(args, [("BASE", "a"), ("TAG", "2"), ("OTHER", "2")]);
}

#[test]
fn stages_go_on_from_stages() {
    let text =
        "FROM a AS Base\nFROM base AS mid\nFROM MID\nFROM later\nFROM b AS later\nFROM scratch";
    let read = dockerfile(text);
    let of: Vec<_> = read.stages.iter().map(|stage| stage.of_stage).collect();
    assert_eq!(of, [None, Some(0), Some(1), None, None, None]);
    let base = |target| final_base(&read, target).map(|stage| stage.base.value.as_str());
    assert_eq!(base(None), Some("scratch"));
    assert_eq!(base(Some("Mid")), Some("a"));
    assert_eq!(base(Some("2")), Some("a"));
    assert_eq!(base(Some("later")), Some("b"));
    assert_eq!(base(Some("none")), None);
    assert_eq!(base(Some("6")), None);
    let catalog = Catalog::builtin();
    let images: Vec<_> = read
        .stages
        .iter()
        .map(|stage| image_use(catalog, stage).map(|image| image.text))
        .collect();
    assert_eq!(
        images,
        [
            Some("a".into()),
            None,
            None,
            Some("later".into()),
            Some("b".into()),
            None
        ]
    );
}

#[test]
fn files_come_from_stages_and_images() {
    let text = "FROM a AS build
FROM b
FROM c AS last
COPY --from=build x y
COPY --chown=me --from=1 x y
COPY --from=\"BUILD\" x y
RUN --mount=type=bind,from=build,target=/x --mount=type=cache,target=/y go
COPY --from=mcr.microsoft.com/windows/servercore:1809 x y
COPY --from=build \\
  x y
ONBUILD COPY --from=build x y
";
    let read = dockerfile(text);
    let copies: Vec<_> = read.stages[2]
        .copies
        .iter()
        .map(|copy| (copy.from.clone(), at(text, &copy.origin)))
        .collect();
    let image = "mcr.microsoft.com/windows/servercore:1809";
    assert_eq!(
        copies,
        [
            (CopySource::Stage(0), "build"),
            (CopySource::Stage(1), "1"),
            (CopySource::Stage(0), "BUILD"),
            (CopySource::Stage(0), "build"),
            (CopySource::Image(image.to_owned()), image),
            (CopySource::Stage(0), "build"),
        ]
    );
    let trigger = &read.stages[2].onbuild[0];
    assert_eq!(trigger.value, "COPY --from=build x y");
    assert_eq!(at(text, &trigger.origin), trigger.value);
}

#[test]
fn the_operating_system_is_guessed_from_what_only_one_has() {
    for (text, os) in [
        ("FROM a", None),
        ("FROM --platform=windows/amd64 a", Some(Os::Windows)),
        (
            "FROM --platform=linux/amd64 a\nSHELL [\"cmd\", \"/S\", \"/C\"]",
            Some(Os::Linux),
        ),
        ("FROM --platform=$BUILDPLATFORM a", None),
        ("# escape=`\nFROM a", Some(Os::Windows)),
        ("# escape=`\nFROM a\nRUN apt-get update", Some(Os::Linux)),
        (
            "FROM a\nSHELL [\"powershell\", \"-Command\"]",
            Some(Os::Windows),
        ),
        (
            "FROM a\nSHELL [\"C:\\\\Windows\\\\System32\\\\cmd.exe\", \"/C\"]",
            Some(Os::Windows),
        ),
        ("FROM a\nSHELL [\"/bin/bash\", \"-c\"]", Some(Os::Linux)),
        // PowerShell on Linux (hadolint#246).
        ("FROM a\nSHELL [ \"pwsh\", \"-c\" ]\nRUN Get-Variable", None),
        ("FROM a\nWORKDIR C:\\app", Some(Os::Windows)),
        ("FROM a\nWORKDIR /app", None),
        ("FROM a\nCOPY x C:/app/", Some(Os::Windows)),
        ("FROM a\nCOPY [\"x\", \"C:\\\\app\"]", Some(Os::Windows)),
        ("FROM a\nCOPY x:y app", None),
        ("FROM a\nRUN powershell -Command x", Some(Os::Windows)),
        ("FROM a\nRUN cmd /S /C dir", Some(Os::Windows)),
        ("FROM a AS b\nWORKDIR C:\\x\nFROM b", Some(Os::Windows)),
    ] {
        let read = dockerfile(text);
        assert_eq!(read.stages.last().unwrap().os_hint, os, "{text}");
    }
}

#[test]
fn what_heredocs_hold_is_no_instruction() {
    for text in [
        "FROM a\nRUN <<EOF\nFROM b\nEOF\nFROM c",
        "FROM a\nRUN <<-EOF\n\tFROM b\n\tEOF\nFROM c",
        "FROM a\r\nRUN <<EOF\r\nFROM b\r\nEOF\r\nFROM c",
        "FROM a\nRUN <<\"EOF\"\nFROM b\nEOF\nFROM c",
        "FROM a\nRUN <<'EOF'\nFROM b \\\nEOF\nFROM c",
        "FROM a\nRUN cat <<EOF > f\nFROM b\n EOF\nEOF \nEOF\nFROM c",
        "FROM a\nCOPY <<one <<two /x/\nFROM b\none\nFROM b\ntwo\nFROM c",
        "FROM a\nADD <<one /x\nFROM b\none\nFROM c",
        "FROM a\nRUN cat \\\n <<EOF\nFROM b\nEOF\nFROM c",
        "FROM a\nONBUILD RUN <<EOF\nFROM b\nEOF\nFROM c",
        "FROM a\nRUN <<EOF\nFROM b\nEOF\nCOPY <<EOF /x\nFROM b\nEOF\nFROM c",
        // None of these is one.
        "FROM a\nRUN echo \"<<EOF\"\nFROM c",
        "FROM a\nRUN [\"echo\", \"<<EOF\"]\nFROM c",
        "FROM a\nENV X=<<EOF\nFROM c",
        "# escape=`\nFROM a\nRUN $x = @\"`\n  <y> `\n  \"@; echo $x\nFROM c",
    ] {
        let read = dockerfile(text);
        let bases: Vec<_> = read
            .stages
            .iter()
            .map(|stage| stage.base.value.as_str())
            .collect();
        assert_eq!(bases, ["a", "c"], "{text:?}");
    }
}

#[test]
fn a_heredoc_without_an_end_is_told_and_the_rest_is_read() {
    let text = "FROM a\nRUN <<EOF\nsome text\nmore\n EOF\nFROM b\nCOPY --from=0 x y\n";
    assert_eq!(
        problems(text),
        ["2:5 this heredoc never ends: no line is \"EOF\" alone"]
    );
    let (read, _) = read(&source(text));
    assert_eq!(read.stages.len(), 2);
    assert_eq!(read.stages[1].copies.len(), 1);
}

#[test]
fn what_builders_refuse_is_told_with_its_place() {
    for (text, expected) in [
        (
            "",
            "this Dockerfile has no FROM, so there is nothing to build on",
        ),
        (
            "# only a comment\n",
            "this Dockerfile has no FROM, so there is nothing to build on",
        ),
        (
            "ARG A=1\n",
            "this Dockerfile has no FROM, so there is nothing to build on",
        ),
        (
            "RUN x\nFROM a",
            "1:1 RUN stands before the first FROM, where only ARG can stand",
        ),
        (
            "FROM a\nRUNN x",
            "2:1 \"RUNN\" is no Dockerfile instruction",
        ),
        (
            "FROM a\n  frmo b",
            "2:3 \"frmo\" is no Dockerfile instruction",
        ),
        ("FROM\nFROM a", "1:1 FROM names no image"),
        (
            "FROM a b",
            "1:8 behind FROM and the image only AS and a name can stand",
        ),
        ("FROM a AS", "1:8 AS names no stage"),
        (
            "FROM a AS b c",
            "1:13 behind FROM and the image only AS and a name can stand",
        ),
        (
            "FROM a # why",
            "1:8 a comment has its own line; behind FROM and the image only AS and a name can stand",
        ),
        (
            "FROM a AS 1x",
            "1:11 \"1x\" cannot be the name of a stage: they start with a letter and go on with letters, digits, - _ and .",
        ),
        (
            "FROM --platform windows/amd64 a",
            "1:6 --platform has no value; it stands behind =, without a space",
        ),
        ("FROM --platform= a", "1:17 --platform is empty"),
        (
            "FROM --plattform=x a",
            "1:6 FROM has no flag \"--plattform\"",
        ),
        (
            "FROM a:${",
            "1:6 this image cannot be read: a ${ is opened and its } never comes",
        ),
        (
            "FROM a:${X!}",
            "1:6 this image cannot be read: ${X!…} is no substitution that builders know",
        ),
        ("ARG A=\nFROM $A", "2:6 the image of this FROM is empty"),
        (
            "ARG A = 1\nFROM a",
            "1:7 an ARG has no name; between name, = and default there are no spaces",
        ),
        ("ARG\nFROM a", "1:1 ARG names no argument"),
        (
            "FROM a\nONBUILD FROM b",
            "2:9 FROM cannot stand behind ONBUILD",
        ),
        (
            "FROM a\nONBUILD ONBUILD RUN x",
            "2:9 ONBUILD cannot stand behind ONBUILD",
        ),
        ("FROM a\nONBUILD", "2:1 ONBUILD names no instruction"),
        (
            "FROM a\nCOPY --from=1 x y",
            "2:13 there is no stage 1; this file has 1, counted from 0",
        ),
        (
            "FROM a\nCOPY --from=0 x y",
            "2:13 stage 0 takes files from itself",
        ),
        (
            "FROM a AS b\nCOPY --from=b x y",
            "2:13 the stage \"b\" takes files from itself",
        ),
        (
            "FROM a\nCOPY --from b x y",
            "2:6 --from has no value; it stands behind =, without a space",
        ),
        (
            "FROM a AS b\nFROM c\nADD --from=b x y",
            "3:5 ADD has no flag --from; COPY has",
        ),
        (
            "ARG B=b\nFROM a\nCOPY --from=$B x y",
            "3:13 builders put no variables into --from; give the image a stage, as FROM $IMAGE AS files, and take the files from that",
        ),
    ] {
        let found = problems(text);
        assert_eq!(
            found.first().map(String::as_str),
            Some(expected),
            "{text:?}"
        );
    }
    // The rest is read all the same.
    let (broken, _) = read(&source(
        "FROM\nFORM x\nFROM --platform windows/amd64 a AS b",
    ));
    assert_eq!(broken.stages[0].base.value, "a");
    assert_eq!(broken.stages[0].name.as_ref().unwrap().value, "b");
}

#[test]
fn line_ends_and_byte_order_marks_change_no_facts() {
    let unix = include_str!("../dockerfiles/golang.Dockerfile");
    let windows = unix.replace('\n', "\r\n");
    let facts = |text: &str| {
        let read = dockerfile(text);
        let stages: Vec<_> = read
            .stages
            .into_iter()
            .map(|stage| {
                (
                    stage.name.map(|name| name.value),
                    stage.base.value,
                    stage.resolved,
                    stage.os_hint,
                    stage
                        .copies
                        .into_iter()
                        .map(|copy| copy.from)
                        .collect::<Vec<_>>(),
                    stage.base.origin.span.map(|span| (span.line, span.column)),
                )
            })
            .collect();
        (read.escape, stages)
    };
    assert!(unix.contains('\n') && !unix.contains('\r'));
    assert_eq!(facts(unix), facts(&windows));
}

/// Files as people write them, and as other tools stumble over them.
#[test]
fn windows_dockerfiles_of_all_styles_are_read_without_complaint() {
    for (text, base, os) in [
        (
            include_str!("../dockerfiles/aspnet.Dockerfile"),
            "mcr.microsoft.com/dotnet/framework/aspnet:4.8-windowsservercore-ltsc2022",
            Os::Windows,
        ),
        (
            include_str!("../dockerfiles/golang.Dockerfile"),
            "mcr.microsoft.com/windows/nanoserver:ltsc2022",
            Os::Windows,
        ),
        // hadolint#371, dockerfile_lint#131
        (
            "#escape = `\n\nFROM mcr.microsoft.com/dotnet/framework/runtime:4.8\n\nENV something=something `\n        somethingelse=somethingelse\n",
            "mcr.microsoft.com/dotnet/framework/runtime:4.8",
            Os::Windows,
        ),
        // dockerfilelint#82
        (
            "# escape=`\nFROM microsoft/nanoserver\nSHELL [\"powershell.exe\", \"-C\"]\nLABEL maintainer=\"me\" `\n description=\"docker container\"\n",
            "microsoft/nanoserver",
            Os::Windows,
        ),
        // hadolint#645
        (
            "FROM mcr.microsoft.com/dotnet/framework/sdk:4.8\n\nRUN powershell -Command foreach ($file in Get-ChildItem C:\\TEMP\\certs\\*.crt) {Import-Certificate -FilePath $file -CertStoreLocation Cert:\\LocalMachine\\Root}\n",
            "mcr.microsoft.com/dotnet/framework/sdk:4.8",
            Os::Windows,
        ),
        // hadolint#431, #1228
        (
            "# escape=`\nARG WINDOWS_VERSION=ltsc2019\nFROM mcr.microsoft.com/windows/servercore:${WINDOWS_VERSION}\nSHELL [\"powershell.exe\", \"-Command\", \"$ErrorActionPreference = 'Stop';\"]\nRUN if ($env:A -lt 3) { `\n    # a comment of PowerShell's`\n    Write-Host \"`tit's $($env:B)\" ; `\n  } ; `\n  Remove-Item -Path C:\\temp -Force\n",
            "mcr.microsoft.com/windows/servercore:ltsc2019",
            Os::Windows,
        ),
    ] {
        let read = dockerfile(text);
        let last = final_base(&read, None).unwrap();
        assert_eq!(last.resolved.as_deref(), Some(base));
        assert_eq!(last.os_hint, Some(os), "{text}");
        assert_eq!(own_findings(text), [""; 0]);
    }
}

#[test]
fn stages_whose_windows_no_server_runs_together_are_told() {
    let mixed = |from: &str, to: &str| {
        own_findings(&format!(
            "FROM mcr.microsoft.com/windows/servercore:{from} AS build\nFROM mcr.microsoft.com/windows/nanoserver:{to}\nCOPY --from=build x y\nCOPY --from=0 x z\n"
        ))
    };
    assert_eq!(
        mixed("1809", "ltsc2022"),
        [
            "mixed-stage-builds warning at \"build\": files of Windows Server 2019 (17763) go into an image of Windows Server 2022 (20348)"
        ]
    );
    for (from, to, told) in [
        ("ltsc2022", "1809", true),
        ("ltsc2019", "1809", false),
        ("ltsc2022", "ltsc2022", false),
        ("ltsc2022", "ltsc2025", false),
        ("ltsc2025", "ltsc2022", false),
        ("1803", "1809", true),
        ("nonsense", "1809", false),
    ] {
        assert_eq!(!mixed(from, to).is_empty(), told, "{from} {to}");
    }
    // Programs for Windows are built on Linux.
    let cross = "FROM --platform=$BUILDPLATFORM golang:1.22 AS build\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCOPY --from=build /x.exe /\n";
    assert_eq!(own_findings(cross), [""; 0]);
    // An image may be a source as well; one place is underlined in the file where it is stated.
    let image = "ARG TAG=1809\nFROM mcr.microsoft.com/windows/nanoserver:${TAG} AS base\nFROM base\nCOPY --from=mcr.microsoft.com/windows/servercore:ltsc2022 x y\n";
    let found = findings(image);
    let found: Vec<_> = found
        .iter()
        .filter(|finding| finding.rule == "mixed-stage-builds")
        .collect();
    assert_eq!(found.len(), 1);
    assert_eq!(
        at(image, &found[0].origin),
        "mcr.microsoft.com/windows/servercore:ltsc2022"
    );
    assert_eq!(at(image, &found[0].related[0].origin), "1809");
    assert_eq!(
        found[0].related[0].label,
        "Windows Server 2019 (17763), nanoserver:1809"
    );
}

#[test]
fn platforms_are_checked_against_the_base() {
    const CORE: &str = "mcr.microsoft.com/windows/servercore";
    for (platform, image, expected) in [
        ("windows/amd64", "ltsc2022", None),
        ("windows(10.0.20348)/amd64", "ltsc2022", None),
        ("windows(10.0.20348.1)", "ltsc2022", None),
        (
            "windows(ltsc2022)/amd64",
            "ltsc2022",
            Some(
                "platform-specifier warning at \"windows(ltsc2022)/amd64\": \"ltsc2022\" is no Windows version: builders read none from it, and take any Windows",
            ),
        ),
        ("$BUILDPLATFORM", "ltsc2022", None),
        ("windows/x86_64", "ltsc2022", None),
        (
            "windows/amd64:10.0.17763.7919",
            "1809",
            Some(
                "platform-specifier error at \"windows/amd64:10.0.17763.7919\": \"windows/amd64:10.0.17763.7919\" is no platform that builders read: \"amd64:10.0.17763.7919\" is no architecture",
            ),
        ),
        (
            "windows(10.0.17763)/amd64",
            "ltsc2022",
            Some(
                "platform-mismatch error at \"windows(10.0.17763)/amd64\": --platform asks for Windows Server 2019 (17763), but servercore:ltsc2022 is Windows Server 2022 (20348)",
            ),
        ),
        (
            "windows(10.0.26100)/amd64",
            "ltsc2022",
            Some(
                "platform-mismatch warning at \"windows(10.0.26100)/amd64\": --platform asks for Windows Server 2025 (26100), but servercore:ltsc2022 is Windows Server 2022 (20348)",
            ),
        ),
        (
            "linux/amd64",
            "ltsc2022",
            Some(
                "platform-mismatch error at \"linux/amd64\": \"linux/amd64\" asks for linux, but servercore:ltsc2022 is Windows",
            ),
        ),
        (
            "windows/arm64",
            "ltsc2022",
            Some(
                "platform-mismatch error at \"windows/arm64\": --platform asks for arm64, but servercore:ltsc2022 is amd64",
            ),
        ),
    ] {
        let text = format!("FROM --platform={platform} {CORE}:{image}\n");
        let found = own_findings(&text);
        assert_eq!(
            found.first().map(String::as_str),
            expected,
            "{platform} {image}"
        );
        assert!(found.len() <= 1);
    }
    let crane = findings("FROM --platform=windows/amd64:10.0.17763.7919 a:1\n");
    let crane = crane
        .iter()
        .find(|finding| finding.rule == "platform-specifier")
        .unwrap();
    assert_eq!(crane.label, "write windows(10.0.17763.7919)/amd64");
}

#[test]
fn every_base_image_is_checked_once_and_where_it_is_stated() {
    let told = |text: &str| -> Vec<(&'static str, String)> {
        findings(text)
            .iter()
            .map(|finding| (finding.rule, at(text, &finding.origin).to_owned()))
            .collect()
    };
    let nano = "mcr.microsoft.com/windows/nanoserver";
    let text = format!("ARG BASE={nano}\nFROM $BASE AS a\nFROM ${{BASE}} AS b\nFROM a\n");
    assert_eq!(told(&text), [("latest-removed", nano.to_owned())]);
    // Of an image that only gives files the end of its support is no matter, its name is.
    let text = "FROM scratch\nCOPY --from=mcr.microsoft.com/windows/servercore:1709 x y\nCOPY --from=microsoft/nanoserver:1709 x y\n";
    assert_eq!(
        told(text),
        [("old-image-name", "microsoft/nanoserver:1709".to_owned())]
    );
    // What builders fill in is not missing; what nobody gives is.
    assert_eq!(told(&format!("FROM {nano}:ltsc2022-$TARGETARCH\n")), []);
    let text = format!("ARG TAG\nFROM {nano}:$TAG\n");
    assert_eq!(
        told(&text),
        [("unresolved-variable", format!("{nano}:$TAG"))]
    );
}

#[test]
fn linux_dockerfiles_give_no_findings() {
    for text in [
        "FROM alpine:3.20\nRUN apk add curl\n",
        "ARG V\nFROM node:${V}\nCOPY --from=busybox:1 /bin/sh /x\n",
        "FROM --platform=linux/arm64/v8 golang AS build\nFROM scratch\nCOPY --from=build /x /\n",
        "FROM debian:2019 AS ltsc\nFROM ltsc\n",
        "FROM ubuntu\nRUN cat <<EOF\nFROM windows\nEOF\n",
    ] {
        assert_eq!(findings(text), [], "{text}");
        assert_eq!(problems(text), [""; 0], "{text}");
    }
}

#[test]
fn hostile_files_stay_cheap() {
    let double: Vec<String> = (0..5_000)
        .map(|round| format!("ARG A{}=$A{round}$A{round}\n", round + 1))
        .collect();
    let double = double.concat();
    let wide = "x".repeat(4096);
    let fans = "FROM $B\n".repeat(100_000);
    for text in [
        format!("ARG A0=x\n{double}FROM $A5000\n"),
        format!("ARG B={wide}\n{fans}"),
        format!("FROM {}", "${A:-".repeat(1_000_000)),
        format!("FROM {}", "$A".repeat(1_000_000)),
        "RUN <<EOF\n".repeat(200_000),
        "x\n".repeat(1_000_000),
        "\\\n".repeat(1_000_000),
        format!("FROM a\nRUN {}", "--mount=from=b ".repeat(200_000)),
        format!("FROM a\nRUN {}", "--mount=from=b \\\n".repeat(200_000)),
        format!("FROM a\nRUN {}", "[".repeat(2_000_000)),
        format!("FROM a\nRUN {}", "<<\"".repeat(1_000_000)),
        format!("ARG P={wide}\nFROM {}", "${P//*x*y/z}".repeat(10_000)),
    ] {
        let (read, problems) = read(&source(&text));
        assert!(problems.len() <= 20);
        let kept: usize = read
            .stages
            .iter()
            .map(|stage| stage.resolved.as_ref().map_or(0, String::len) + stage.copies.len())
            .sum();
        assert!(kept < 32 << 20);
        assert!(read.stages.len() <= 10_000);
    }
}

#[test]
fn a_line_longer_than_builders_take_is_told() {
    let text = format!("FROM a\nRUN {}\nFROM b\n", "x".repeat(70_000));
    assert_eq!(
        problems(&text),
        ["2:1 this line is 70005 bytes long, and builders take at most 65535 in a line"]
    );
    assert_eq!(read(&source(&text)).0.stages.len(), 2);
}

/// Every place is a piece of the text, and what stands there is what was read.
fn places_hold(text: &str) {
    let (read, problems) = read(&source(text));
    let check = |origin: &Origin| {
        let span = origin.span.unwrap();
        assert!(
            text.get(span.start..span.end).is_some(),
            "{span:?} of {text:?}"
        );
        text[span.start..span.end].to_owned()
    };
    for problem in &problems {
        assert!(!problem.message.is_empty());
        if problem.origin.span.is_some() {
            check(&problem.origin);
        }
    }
    let one_line = |found: &str| !found.contains('\n');
    for (name, default) in &read.args {
        let found = check(&name.origin);
        assert!(!one_line(&found) || found == name.value);
        if let Some(default) = default {
            check(&default.origin);
        }
    }
    for (index, stage) in read.stages.iter().enumerate() {
        let found = check(&stage.base.origin);
        assert!(!one_line(&found) || found == stage.base.value);
        check(&stage.stated_at);
        check(&stage.origin);
        assert!(stage.of_stage.is_none_or(|of| of < index));
        assert!(stage.resolved.is_none() || stage.unresolved.is_empty());
        for copy in &stage.copies {
            let found = check(&copy.origin);
            match &copy.from {
                CopySource::Stage(from) => assert!(*from < index),
                CopySource::Image(image) | CopySource::Unresolved(image) => {
                    assert!(
                        !one_line(&found) || found.contains(['\\', '"', '\'']) || found == *image
                    );
                }
            }
        }
        for located in stage
            .onbuild
            .iter()
            .chain(&stage.name)
            .chain(&stage.platform)
        {
            check(&located.origin);
        }
    }
    // Whatever was read can be judged.
    for finding in findings(text) {
        assert!(!finding.message.is_empty());
    }
}

fn dockerfile_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        9 => proptest::sample::select(vec![
            "FROM ", "ARG ", "COPY --from=", "RUN ", "ADD ", "ONBUILD ", "SHELL [\"powershell\"]", "\n", "\r\n",
            " \\\n", "`\n", " `\r\n", "# escape=`\n", "# comment\n", "<<EOF", "<<-'E'", "\nEOF\n", "\"", "'", "$",
            "${", "}", ":-", "##", "//", "%", "*", "TAG", "=", "$TAG", "${TAG}", "a", "build", " AS ", "build\n", "0",
            "--platform=", "windows(10.0.17763)/amd64", "--mount=type=bind,from=", "servercore:ltsc2022",
            "mcr.microsoft.com/windows/", "nanoserver:1809", " ", "\t", "\u{feff}", "ü", "\u{85}", "[\"", "\"]", "scratch",
        ])
        .prop_map(str::to_owned),
        1 => ".{0,3}",
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(?s).{0,400}") {
        places_hold(&text);
    }

    #[test]
    fn any_text_like_a_dockerfile_is_read(text in dockerfile_like()) {
        places_hold(&text);
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        places_hold(&String::from_utf8_lossy(&bytes));
    }
}
