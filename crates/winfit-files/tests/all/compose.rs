//! Compose files: what is read of them, and what is said to be wrong.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use insta::assert_snapshot;
use proptest::prelude::*;
use time::{Date, Month};
use winfit_core::Catalog;
use winfit_core::audit::AuditOptions;
use winfit_core::finding::Origin;
use winfit_core::fleet::Fleet;
use winfit_files::compose::{
    Compose, Env, Loader, Service, is_override, looks_like, read, substitute,
};
use winfit_files::problem::Problem;
use winfit_files::rules::{Context, compose as rules};
use winfit_files::source::{Encoding, Source, decode};
use winfit_files::yaml;

/// Files that stand nowhere else.
#[derive(Default)]
struct Files(HashMap<PathBuf, Arc<Source>>);

impl Files {
    fn of(files: &[(&str, &str)]) -> Self {
        Self(
            files
                .iter()
                .map(|(path, text)| (PathBuf::from(path), Arc::new(source(path, text))))
                .collect(),
        )
    }

    fn read(&self, path: &str) -> (Compose, Vec<Problem>) {
        self.read_with(path, &[])
    }

    fn read_with(&self, path: &str, overrides: &[&str]) -> (Compose, Vec<Problem>) {
        let file = &self.0[Path::new(path)];
        let (trees, mut problems) = yaml::read(file);
        let overrides: Vec<_> = overrides
            .iter()
            .map(|path| Arc::clone(&self.0[Path::new(path)]))
            .collect();
        let (compose, more) = read(file, &trees, &overrides, self);
        problems.extend(more);
        (compose, problems)
    }
}

impl Loader for Files {
    fn load(&self, path: &Path) -> Result<Arc<Source>, String> {
        self.0
            .get(path)
            .cloned()
            .ok_or_else(|| "there is no such file".to_owned())
    }
}

fn source(path: &str, text: &str) -> Source {
    let (text, encoding) = decode(text.as_bytes().to_vec()).unwrap();
    Source::new(path, PathBuf::from(path), text, encoding)
}

fn one(text: &str) -> (Compose, Vec<Problem>) {
    Files::of(&[("compose.yaml", text)]).read("compose.yaml")
}

fn place(origin: &Origin) -> String {
    match origin.span {
        Some(span) => format!("{}:{}:{}", origin.source, span.line, span.column),
        None => origin.source.to_string(),
    }
}

/// What was read, a line a fact.
fn told(compose: &Compose) -> String {
    let mut out = String::new();
    for service in &compose.services {
        let name = &service.name;
        let _ = writeln!(out, "{} ({})", name.value, place(&name.origin));
        if let Some(image) = &service.image {
            let resolved = service.resolved_image.as_deref().unwrap_or("?");
            let _ = writeln!(
                out,
                "  image {} = {resolved} ({})",
                image.value,
                place(&image.origin)
            );
        }
        if !service.unresolved.is_empty() {
            let _ = writeln!(out, "  unresolved {}", service.unresolved.join(" "));
        }
        if let Some(build) = &service.build {
            let file = build.dockerfile.as_ref().map_or_else(
                || "elsewhere".to_owned(),
                |file| file.to_string_lossy().replace('\\', "/"),
            );
            let _ = writeln!(out, "  build {file} ({})", place(&build.origin));
            if let Some(inline) = &build.inline {
                let _ = writeln!(out, "  inline {:?}", inline.value);
            }
            if let Some(target) = &build.target {
                let _ = writeln!(out, "  target {target}");
            }
            for (name, value) in &build.args {
                let _ = writeln!(out, "  arg {name}={value}");
            }
            for name in &build.unresolved_args {
                let _ = writeln!(out, "  arg {name} unresolved");
            }
        }
        for (what, value) in [
            ("isolation", &service.isolation),
            ("platform", &service.platform),
        ] {
            if let Some(value) = value {
                let _ = writeln!(out, "  {what} {} ({})", value.value, place(&value.origin));
            }
        }
        for constraint in &service.constraints {
            let _ = writeln!(
                out,
                "  constraint {} ({})",
                constraint.value,
                place(&constraint.origin)
            );
        }
        for constraint in &service.unresolved_constraints {
            let _ = writeln!(out, "  constraint unresolved {}", constraint.value);
        }
        if service.global {
            out.push_str("  global\n");
        }
        if let Some(replicas) = service.replicas {
            let _ = writeln!(out, "  replicas {replicas}");
        }
    }
    out
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

fn both(read: &(Compose, Vec<Problem>)) -> String {
    format!("{}{}", told(&read.0), said(&read.1))
}

#[test]
fn the_page_s_snippets_as_printed() {
    // `...` ends a YAML document.
    let first =
        "version: '3'\n\nservices:\n  YourServiceName:\n    image: windows/servercore:1709\n...\n";
    assert_snapshot!(both(&one(first)), @r"
    YourServiceName (compose.yaml:4:3)
      image windows/servercore:1709 = windows/servercore:1709 (compose.yaml:5:12)
    ");
    let second = "version: '3'\n\nservices:\n  YourServiceName:\n    image: contoso/myimage\n...\n";
    assert_snapshot!(both(&one(second)), @r"
    YourServiceName (compose.yaml:4:3)
      image contoso/myimage = contoso/myimage (compose.yaml:5:12)
    ");
    assert_eq!(one(first).0.version.unwrap().value, "3");
}

#[test]
fn the_page_s_snippet_with_its_indentation_lost_is_read_and_reported() {
    let flat = "version: '3'\nservices:\nYourServiceName:\nimage: windows/servercore:1709\n...\n";
    assert_snapshot!(both(&one(flat)), @r"
    YourServiceName (compose.yaml:3:1)
      image windows/servercore:1709 = windows/servercore:1709 (compose.yaml:4:8)
    error wrong-type compose.yaml:2:1: `services` is empty, and `image` stands beside it: the indentation is lost
    ");
    // An empty file is an empty file.
    assert_eq!(both(&one("version: '3'\nservices:\nvolumes:\nx-y:\n")), "");
}

#[test]
fn every_version_of_the_format() {
    let cases = [
        ("web:\n  image: a\n  build: .\n", "version 1"),
        (
            "version: '2.4'\nservices:\n  web: {image: a, build: .}\n",
            "version 2",
        ),
        (
            "version: '3.8'\nservices:\n  web:\n    image: a\n    build: {context: .}\n",
            "version 3",
        ),
        (
            "services:\n  web:\n    image: a\n    build:\n      dockerfile: Dockerfile\n",
            "today",
        ),
    ];
    for (text, what) in cases {
        let (compose, problems) = one(text);
        assert_eq!(said(&problems), "", "{what}");
        let service = &compose.services[0];
        assert_eq!(service.name.value, "web", "{what}");
        assert_eq!(service.resolved_image.as_deref(), Some("a"), "{what}");
        let build = service.build.as_ref().unwrap();
        assert_eq!(
            build.dockerfile,
            Some(PathBuf::from("Dockerfile")),
            "{what}"
        );
    }
    let first = one("web:\n  build: web\n  dockerfile: Dockerfile.windows\n").0;
    let build = first.services[0].build.as_ref().unwrap();
    assert_eq!(
        build.dockerfile,
        Some(PathBuf::from("web/Dockerfile.windows"))
    );
}

#[test]
fn all_that_a_service_says() {
    let text = r"
x-windows: &windows
  isolation: hyperv
  platform: windows/amd64
services:
  web:
    <<: *windows
    image: web:${TAG:-1}
    build:
      context: .\src\web
      dockerfile: ../Dockerfile.windows
      target: final
      args:
        BASE: ltsc2022
        NONE:
        COUNT: 3
    deploy:
      mode: global
      placement:
        constraints:
          - node.platform.os == windows
          - 'node.labels.OsVersion==10.0.20348'
          - node.labels.OsVersion == ${VERSION}
  worker:
    build: {dockerfile_inline: 'FROM nanoserver', args: [A=b=c, D, A=last]}
    scale: 4
";
    assert_snapshot!(both(&one(text)), @r#"
    web (compose.yaml:6:3)
      image web:${TAG:-1} = web:1 (compose.yaml:8:12)
      build src/Dockerfile.windows (compose.yaml:9:5)
      target final
      arg BASE=ltsc2022
      arg COUNT=3
      isolation hyperv (compose.yaml:3:14)
      platform windows/amd64 (compose.yaml:4:13)
      constraint node.platform.os == windows (compose.yaml:21:13)
      constraint node.labels.OsVersion==10.0.20348 (compose.yaml:22:13)
      constraint unresolved node.labels.OsVersion == ${VERSION}
      global
    worker (compose.yaml:24:3)
      build elsewhere (compose.yaml:25:5)
      inline "FROM nanoserver"
      arg A=last
      replicas 4
    "#);
}

#[test]
fn contexts() {
    for (context, expected) in [
        (".", Some("shop/Dockerfile")),
        ("./web", Some("shop/web/Dockerfile")),
        ("web/", Some("shop/web/Dockerfile")),
        ("..", Some("Dockerfile")),
        ("../..", Some("../Dockerfile")),
        (r".\src\web", Some("shop/src/web/Dockerfile")),
        (r"C:\src", Some("C:/src/Dockerfile")),
        ("/src", Some("/src/Dockerfile")),
        ("https://github.com/contoso/web.git", None),
        ("git@github.com:contoso/web.git", None),
        ("github.com/contoso/web", None),
        ("${WHERE}", None),
        ("${WHERE:-web}", Some("shop/web/Dockerfile")),
    ] {
        let text = format!("services:\n  web:\n    build: '{context}'\n");
        let files = Files::of(&[("shop/compose.yaml", &text)]);
        let (compose, problems) = files.read("shop/compose.yaml");
        assert_eq!(said(&problems), "", "{context}");
        let build = compose.services[0].build.as_ref().unwrap();
        assert_eq!(build.dockerfile, expected.map(PathBuf::from), "{context}");
    }
}

#[test]
fn variables() {
    let mut env = Env::default();
    let problems = env.add(&source(
        ".env",
        "SET=value\nEMPTY=\nUNKNOWN=$NOWHERE\n_a1=under\n",
    ));
    assert_eq!(said(&problems), "");
    // What stands there, what it becomes, and what has no value.
    let cases: &[(&str, Option<&str>, &[&str])] = &[
        ("plain", Some("plain"), &[]),
        ("$SET", Some("value"), &[]),
        ("${SET}", Some("value"), &[]),
        ("a-$SET-b", Some("a-value-b"), &[]),
        ("$_a1.x", Some("under.x"), &[]),
        ("$$SET", Some("$SET"), &[]),
        ("$$$SET", Some("$value"), &[]),
        ("$1 $ $(x) $", Some("$1 $ $(x) $"), &[]),
        ("$EMPTY", Some(""), &[]),
        ("$UNSET", None, &["UNSET"]),
        ("${UNSET}:${OTHER}:${UNSET}", None, &["UNSET", "OTHER"]),
        ("${UNKNOWN}", None, &["UNKNOWN"]),
        ("${UNSET:-default}", Some("default"), &[]),
        ("${UNSET-default}", Some("default"), &[]),
        ("${EMPTY:-default}", Some("default"), &[]),
        ("${EMPTY-default}", Some(""), &[]),
        ("${SET:-default}", Some("value"), &[]),
        ("${UNSET:-}", Some(""), &[]),
        ("${UNSET:-a:-b?c+d}", Some("a:-b?c+d"), &[]),
        ("${UNSET:-${OTHER:-${SET}}}x", Some("valuex"), &[]),
        ("${UNSET:-${OTHER}}", None, &["OTHER"]),
        ("${UNKNOWN:-default}", None, &["UNKNOWN"]),
        ("${UNSET:?is needed}", None, &["UNSET"]),
        ("${UNSET?is needed}", None, &["UNSET"]),
        ("${EMPTY:?is needed}", None, &["EMPTY"]),
        ("${EMPTY?is needed}", Some(""), &[]),
        ("${SET:?is needed}", Some("value"), &[]),
        ("${SET:+other}", Some("other"), &[]),
        ("${SET+$SET!}", Some("value!"), &[]),
        ("${EMPTY:+other}", Some(""), &[]),
        ("${EMPTY+other}", Some("other"), &[]),
        ("${UNSET:+other}", Some(""), &[]),
        ("${UNKNOWN+other}", Some("other"), &[]),
        ("${UNKNOWN:+other}", None, &["UNKNOWN"]),
    ];
    for (template, text, unresolved) in cases {
        let found = substitute(template, &env).unwrap();
        assert_eq!(found.text.as_deref(), *text, "{template}");
        assert_eq!(found.unresolved, *unresolved, "{template}");
    }
    for (template, at) in [
        ("a ${SET", "${SET"),
        ("a ${} b", "${}"),
        ("${ SET }", "${ SET }"),
        ("${1SET}", "${1SET}"),
        ("x${SET:default}y", "${SET:default}"),
        ("${SET!}", "${SET!}"),
        ("${UNSET:-${A} ${B!}}", "${B!}"),
    ] {
        let malformed = substitute(template, &env).unwrap_err();
        assert_eq!(
            &template[malformed.at.clone()],
            at,
            "{template}: {malformed:?}"
        );
    }
    let deep = format!("{}x{}", "${A:-".repeat(40), "}".repeat(40));
    assert!(substitute(&deep, &env).is_err());
}

#[test]
fn a_malformed_variable_is_told_with_its_place() {
    let (_, problems) = one("services:\n  web:\n    image: 'web:${TAG'\n    platform: a\n");
    assert_snapshot!(said(&problems), @"error broken-file compose.yaml:3:17: this variable has no closing brace, and Compose refuses the file; `$$` stands for a dollar sign");
}

#[test]
fn the_syntax_of_env_files() {
    for (text, value) in [
        ("A=b", Some("b")),
        ("A=b\r\nC=d\r\n", Some("b")),
        ("\u{feff}A=b\n", Some("b")),
        ("# A=c\n\n  A = b  \n", Some("b")),
        ("A: b\n", Some("b")),
        ("export A=b", Some("b")),
        ("A=b # comment\n", Some("b")),
        ("A=b#c\n", Some("b#c")),
        ("A='b # c' # comment\n", Some("b # c")),
        ("A=\"b # c\" # comment\nC=d", Some("b # c")),
        ("A='$C'\n", Some("$C")),
        ("C=d\nA=\"x${C}y\"\n", Some("xdy")),
        ("C=d\nA=x$C-${E:-e}\n", Some("xd-e")),
        ("A=\"b\nc\"\nD=e\n", Some("b\nc")),
        (r#"A="b\nc\"d\$E""#, Some("b\nc\"d$E")),
        (r"A='b\nc'", Some(r"b\nc")),
        ("A=b\nA=c\n", Some("c")),
        ("A=\n", Some("")),
        ("A\n", None),
        ("A", None),
        ("A=$B\n", None),
    ] {
        let mut env = Env::default();
        let problems = env.add(&source(".env", text));
        assert_eq!(said(&problems), "", "{text:?}");
        assert_eq!(
            substitute("$A", &env).unwrap().text.as_deref(),
            value,
            "{text:?}"
        );
    }
    for (text, expected) in [
        ("A b=c\n", "a variable's name with a space"),
        ("A/b=c\n", "a character that no variable's name may have"),
        ("A=\"b\n", "a value whose quotes are never closed"),
        ("A=${b\n", "this variable has no closing brace"),
    ] {
        let mut env = Env::default();
        let problems = env.add(&source(".env", text));
        assert_eq!(problems.len(), 1, "{text:?}");
        assert!(problems[0].message.starts_with(expected), "{problems:?}");
        // What stands after it is read all the same, where lines still are lines.
        let mut env = Env::default();
        env.add(&source(".env", &format!("{text}Z=z\n")));
        assert_eq!(
            substitute("$Z", &env).unwrap().text.as_deref(),
            Some("z"),
            "{text:?}"
        );
    }
}

#[test]
fn an_env_file_that_doubles_itself_stays_small() {
    let mut text = "A0=xxxxxxxxxxxxxxxx\n".to_owned();
    for step in 1..60 {
        let _ = writeln!(text, "A{step}=$A{0}$A{0}", step - 1);
    }
    let mut env = Env::default();
    assert!(!env.add(&source(".env", &text)).is_empty());
    assert_eq!(substitute("$A59", &env).unwrap().text, None);
}

#[test]
fn values_come_from_the_env_file_beside_the_project_alone() {
    let files = Files::of(&[
        (
            "shop/compose.yaml",
            "services:\n  web:\n    image: web:$TAG\n  path:\n    image: $PATH\n",
        ),
        ("shop/.env", "TAG=ltsc2022\n"),
    ]);
    assert_snapshot!(both(&files.read("shop/compose.yaml")), @r"
    web (shop/compose.yaml:2:3)
      image web:$TAG = web:ltsc2022 (shop/compose.yaml:3:12)
    path (shop/compose.yaml:4:3)
      image $PATH = ? (shop/compose.yaml:5:12)
      unresolved PATH
    ");
}

#[test]
fn extending_in_a_file_and_across_files() {
    let files = Files::of(&[
        (
            "shop/compose.yaml",
            "services:\n  base: {image: base, isolation: process, deploy: {placement: {constraints: [a == b]}}}\n  web:\n    extends: base\n    image: web\n    deploy: {placement: {constraints: [c == d]}}\n  far:\n    extends: {file: ../common/windows.yml, service: win}\n    build: {args: [B=2]}\n",
        ),
        (
            "common/windows.yml",
            "services:\n  win:\n    extends: root\n    build: {context: src, args: {A: 1}}\n  root:\n    isolation: hyperv\n    image: root:${TAG:-none}\n",
        ),
        ("shop/.env", "TAG=1\n"),
        ("common/.env", "TAG=2\n"),
    ]);
    assert_snapshot!(both(&files.read("shop/compose.yaml")), @r"
    base (shop/compose.yaml:2:3)
      image base = base (shop/compose.yaml:2:17)
      isolation process (shop/compose.yaml:2:34)
      constraint a == b (shop/compose.yaml:2:78)
    web (shop/compose.yaml:3:3)
      image web = web (shop/compose.yaml:5:12)
      isolation process (shop/compose.yaml:2:34)
      constraint a == b (shop/compose.yaml:2:78)
      constraint c == d (shop/compose.yaml:6:40)
    far (shop/compose.yaml:7:3)
      image root:${TAG:-none} = root:1 (common/windows.yml:7:12)
      build common/src/Dockerfile (common/windows.yml:4:5)
      arg A=1
      arg B=2
      isolation hyperv (common/windows.yml:6:16)
    ");
}

#[test]
fn what_cannot_be_extended() {
    let files = Files::of(&[
        (
            "compose.yaml",
            "services:\n  a: {extends: b}\n  b: {extends: {service: a}}\n  c: {extends: nobody, image: c}\n  d: {extends: {file: gone.yml, service: x}, image: d}\n  e: {extends: {file: other.yml, service: f}, image: e}\n  g: {extends: {file: compose.yaml}}\n  h: {extends: h}\n",
        ),
        (
            "other.yml",
            "services:\n  f: {extends: {file: compose.yaml, service: e}}\n",
        ),
    ]);
    let (compose, problems) = files.read("compose.yaml");
    assert_snapshot!(said(&problems), @r"
    error broken-file compose.yaml:7:16: `extends` names no service, and Compose refuses the file
    error broken-file compose.yaml:3:16: service a comes back to itself through `extends`, and Compose refuses that
    error broken-file compose.yaml:4:16: no service nobody stands in this file, and Compose refuses the file
    warning unresolved-include compose.yaml:5:23: gone.yml could not be read: there is no such file
    error broken-file other.yml:2:16: service e comes back to itself through `extends`, and Compose refuses that
    error broken-file compose.yaml:8:16: service h comes back to itself through `extends`, and Compose refuses that
    ");
    assert_eq!(compose.services.len(), 7);
    assert_eq!(compose.services[2].resolved_image.as_deref(), Some("c"));
}

#[test]
fn including() {
    let files = Files::of(&[
        (
            "compose.yaml",
            "include:\n  - one/compose.yaml\n  - path: [two/a.yml, two/b.yml]\n    project_directory: two/root\n    env_file: [two/vars.env]\n  - oci://registry/compose\nservices:\n  one: {isolation: hyperv}\n  web: {extends: one}\n",
        ),
        (
            "one/compose.yaml",
            "services:\n  one: {image: 'one:$TAG', build: .}\n",
        ),
        ("one/.env", "TAG=from-one\n"),
        (
            "two/a.yml",
            "services:\n  two: {image: 'two:$TAG$MORE', build: .}\n",
        ),
        ("two/b.yml", "services:\n  two: {platform: windows}\n"),
        ("two/vars.env", "TAG=from-two\nMORE=more\n"),
        (".env", "MORE=outer\n"),
    ]);
    assert_snapshot!(both(&files.read("compose.yaml")), @r"
    one (one/compose.yaml:2:3)
      image one:$TAG = one:from-one (one/compose.yaml:2:16)
      build one/Dockerfile (one/compose.yaml:2:28)
      isolation hyperv (compose.yaml:8:20)
    web (compose.yaml:9:3)
      image one:$TAG = one:from-one (one/compose.yaml:2:16)
      build one/Dockerfile (one/compose.yaml:2:28)
      isolation hyperv (compose.yaml:8:20)
    two (two/a.yml:2:3)
      image two:$TAG$MORE = two:from-twoouter (two/a.yml:2:16)
      build two/root/Dockerfile (two/a.yml:2:33)
      platform windows (two/b.yml:2:19)
    ");
}

#[test]
fn what_cannot_be_included() {
    let files = Files::of(&[
        (
            "compose.yaml",
            "include:\n  - gone.yml\n  - a.yml\n  - 5\n  - {path: b.yml, env_file: gone.env}\nservices:\n  web: {image: web}\n",
        ),
        ("a.yml", "include: [b.yml]\n"),
        ("b.yml", "include: a.yml\nservices: {b: {image: b}}\n"),
    ]);
    assert_snapshot!(both(&files.read("compose.yaml")), @r"
    web (compose.yaml:7:3)
      image web = web (compose.yaml:7:16)
    b (b.yml:2:12)
      image b = b (b.yml:2:23)
    warning unresolved-include compose.yaml:2:5: gone.yml could not be read: there is no such file
    error wrong-type b.yml:1:10: `include` is a string, and Compose expects a list of files
    error broken-file b.yml:1:10: this file includes itself, directly or through others, and Compose refuses that
    error wrong-type compose.yaml:4:5: `include` is a number or a truth value, and Compose expects a string
    warning unresolved-include compose.yaml:4:5: 5 could not be read: there is no such file
    warning unresolved-include compose.yaml:5:29: gone.env could not be read: there is no such file
    error broken-file a.yml:1:11: this file includes itself, directly or through others, and Compose refuses that
    ");
}

#[test]
fn include_bombs_end() {
    // Every file includes the next one twice.
    let mut files: Vec<(String, String)> = (0..40)
        .map(|at| {
            (
                format!("{at}.yml"),
                format!("include: [{0}.yml, {0}.yml]\n", at + 1),
            )
        })
        .collect();
    files.push((
        "40.yml".to_owned(),
        "services: {a: {image: a}}\n".to_owned(),
    ));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let (_, problems) = Files::of(&files).read("0.yml");
    assert!(problems.len() < 200);
    assert!(said(&problems).contains("brings together more than 100 files"));
    assert!(said(&problems).contains("more than 16 files include one another"));
}

#[test]
fn chains_of_services_end() {
    let mut text = "services:\n  s0: {image: a}\n".to_owned();
    for at in 1..100 {
        let _ = writeln!(text, "  s{at}: {{extends: s{}}}", at - 1);
    }
    // In this order every base is whole already.
    assert_eq!(said(&one(&text).1), "");
    let mut text = "services:\n".to_owned();
    for at in 0..100 {
        let _ = writeln!(text, "  s{at}: {{extends: s{}}}", at + 1);
    }
    text.push_str("  s100: {image: a}\n");
    assert!(said(&one(&text).1).contains("more than 16 services extend one another"));
}

#[test]
fn services_that_grow_end() {
    // A hundred thousand constraints, extended by two thousand services.
    let mut text =
        "services:\n  base:\n    deploy:\n      placement:\n        constraints:\n".to_owned();
    for _ in 0..20_000 {
        text.push_str("          - a == b\n");
    }
    for at in 0..2_000 {
        let _ = writeln!(text, "  s{at}: {{extends: base}}");
    }
    let (compose, problems) = one(&text);
    let copied: usize = compose
        .services
        .iter()
        .map(|service| service.constraints.len())
        .sum();
    assert!(copied < 1_100_000, "{copied}");
    assert!(said(&problems).contains("grow beyond a million values"));
}

#[test]
fn alias_bombs_end() {
    let mut text = "x-a0: &a0 [a, a, a, a, a, a, a, a, a]\n".to_owned();
    for at in 1..12 {
        let inner = vec![format!("*a{}", at - 1); 9].join(", ");
        let _ = writeln!(text, "x-a{at}: &a{at} [{inner}]");
    }
    text.push_str(
        "services:\n  web:\n    image: *a11\n    deploy: {placement: {constraints: *a11}}\n",
    );
    let (compose, problems) = one(&text);
    assert_eq!(compose.services.len(), 1);
    assert!(problems.len() < 20, "{}", problems.len());
}

#[test]
fn overriding() {
    let files = Files::of(&[
        (
            "compose.yaml",
            "services:\n  web:\n    image: web\n    isolation: process\n    platform: windows\n    build: src\n    deploy:\n      mode: global\n      placement:\n        constraints: [a == b]\n  other:\n    image: other\n    deploy: {replicas: 2, placement: {constraints: [x == y]}}\n    build: {context: a, target: t, args: [A=1]}\n    isolation: hyperv\n",
        ),
        (
            "compose.override.yaml",
            "services:\n  web:\n    image: web:dev\n    build: {target: dev, args: {A: 1}}\n    deploy:\n      placement:\n        constraints: [c == d]\n  other:\n    deploy: {placement: {constraints: !override [z == z]}}\n    build: !override {context: b}\n    isolation: !reset null\n  added: {image: added}\n",
        ),
    ]);
    assert_snapshot!(both(&files.read_with("compose.yaml", &["compose.override.yaml"])), @r"
    web (compose.yaml:2:3)
      image web:dev = web:dev (compose.override.yaml:3:12)
      build src/Dockerfile (compose.yaml:6:5)
      target dev
      arg A=1
      isolation process (compose.yaml:4:16)
      platform windows (compose.yaml:5:15)
      constraint a == b (compose.yaml:10:23)
      constraint c == d (compose.override.yaml:7:23)
      global
    other (compose.yaml:11:3)
      image other = other (compose.yaml:12:12)
      build b/Dockerfile (compose.override.yaml:10:5)
      constraint z == z (compose.override.yaml:9:50)
      replicas 2
    added (compose.override.yaml:12:3)
      image added = added (compose.override.yaml:12:18)
    ");
}

#[test]
fn documents_of_one_file_go_over_one_another() {
    let text =
        "services:\n  web: {image: a, isolation: hyperv}\n---\nservices:\n  web: {image: b}\n";
    assert_snapshot!(both(&one(text)), @r"
    web (compose.yaml:2:3)
      image b = b (compose.yaml:5:16)
      isolation hyperv (compose.yaml:2:30)
    ");
}

#[test]
fn wrong_shapes_are_told_and_the_rest_is_read() {
    let text = r"
services:
  list: []
  text: web
  web:
    image: {name: web}
    isolation: [hyperv]
    platform: 5
    deploy:
      replicas: many
      placement:
        constraints: node.role == worker
  map:
    image: map
    deploy: {placement: {constraints: {a: b}}}
    build: [a]
  places: {image: places, deploy: {placement: []}}
  deploys: {image: deploys, deploy: here, extends: [a]}
  whole: {image: whole}
";
    assert_snapshot!(both(&one(text)), @r"
    list (compose.yaml:3:3)
    text (compose.yaml:4:3)
    web (compose.yaml:5:3)
      platform 5 (compose.yaml:8:15)
      constraint node.role == worker (compose.yaml:12:22)
    map (compose.yaml:13:3)
      image map = map (compose.yaml:14:12)
    places (compose.yaml:17:3)
      image places = places (compose.yaml:17:19)
    deploys (compose.yaml:18:3)
      image deploys = deploys (compose.yaml:18:20)
    whole (compose.yaml:19:3)
      image whole = whole (compose.yaml:19:18)
    error wrong-type compose.yaml:3:9: `services.list` is a list, and Compose expects a mapping
    error wrong-type compose.yaml:4:9: `services.text` is a string, and Compose expects a mapping
    error wrong-type compose.yaml:6:12: `image` is a mapping, and Compose expects a string
    error wrong-type compose.yaml:7:16: `isolation` is a list, and Compose expects a string
    error wrong-type compose.yaml:8:15: `platform` is a number or a truth value, and Compose expects a string
    error wrong-type compose.yaml:12:22: `deploy.placement.constraints` is a string, and Compose expects a list of strings like `- node.platform.os == windows`
    error wrong-type compose.yaml:10:17: `deploy.replicas` is a string, and Compose expects a whole number
    error wrong-type compose.yaml:15:39: `deploy.placement.constraints` is a mapping, and Compose expects a list of strings like `- node.platform.os == windows`
    error wrong-type compose.yaml:16:12: `build` is a list, and Compose expects a folder or a mapping
    error wrong-type compose.yaml:17:47: `deploy.placement` is a list, and Compose expects a mapping
    error wrong-type compose.yaml:18:37: `deploy` is a string, and Compose expects a mapping
    error wrong-type compose.yaml:18:52: `extends` is a list, and Compose expects the name of a service, or a mapping with `service`
    ");
    assert_snapshot!(said(&one("services: [web]\n").1), @"error wrong-type compose.yaml:1:11: `services` is a list, and Compose expects a mapping");
    assert_snapshot!(said(&one("- web\n").1), @"error wrong-type compose.yaml:1:1: this document is a list, and a Compose file is a mapping");
}

#[test]
fn which_files_are_compose_files() {
    let services = "services:\n  web:\n    image: web\n";
    for (name, text, expected) in [
        ("compose.yaml", "", true),
        ("compose.yml", "", true),
        ("docker-compose.yml", "", true),
        ("shop/Docker-Compose.YML", "", true),
        ("docker-compose.prod.yml", "", true),
        ("docker-compose-windows.yml", "", true),
        ("web.compose.yml", "", true),
        ("compose.txt", services, false),
        ("stack.yml", services, true),
        // What Haskell's Stack reads.
        ("stack.yaml", "resolver: lts-22.0\npackages:\n- .\n", false),
        ("anything.yaml", services, true),
        ("flat.yml", "services:\nweb:\nimage: web\n", true),
        (
            "services.yaml",
            "services:\n  _defaults:\n    autowire: true\n",
            false,
        ),
        (
            ".gitlab-ci.yml",
            "image: ruby\nservices:\n  - postgres\n",
            false,
        ),
        (
            ".gitlab-ci.yml",
            "services:\n- name: postgres\ntest:\n  image: ruby\n",
            false,
        ),
        ("docker-compose.yml", "apiVersion: v1\nkind: Pod\n", false),
        (
            "pod.yaml",
            "apiVersion: v1\nkind: Pod\nservices:\n  a:\n    image: b\n",
            false,
        ),
    ] {
        assert_eq!(looks_like(name, text), expected, "{name}: {text}");
    }
    assert_eq!(
        is_override("a/compose.override.yaml").unwrap()[0],
        "compose.yaml"
    );
    assert!(is_override("docker-compose.override.yml").is_some());
    assert!(is_override("docker-compose.prod.yml").is_none());
    assert!(is_override("compose.yaml").is_none());
}

fn origins(service: &Service) -> impl Iterator<Item = &Origin> {
    let located = [&service.image, &service.isolation, &service.platform];
    located
        .into_iter()
        .flatten()
        .chain(&service.constraints)
        .chain(&service.unresolved_constraints)
        .map(|located| &located.origin)
        .chain(service.build.iter().map(|build| &build.origin))
        .chain(&service.deploy)
        .chain([&service.origin, &service.name.origin])
}

/// Every place lies in the text of its file, on whole characters.
fn in_bounds(read: &(Compose, Vec<Problem>), text: &str) {
    let problems = read.1.iter().map(|problem| &problem.origin);
    for origin in read.0.services.iter().flat_map(origins).chain(problems) {
        let Some(span) = origin.span else { continue };
        assert!(text.get(span.start..span.end).is_some(), "{origin:?}");
        assert!(span.line >= 1 && span.column >= 1);
    }
}

/// Files that a Compose file might be.
fn fragment() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("services:\n".to_owned()),
        Just("  web:\n".to_owned()),
        Just("    image: ".to_owned()),
        Just("    build:\n      context: ".to_owned()),
        Just("    extends: web\n".to_owned()),
        Just("    extends: {file: self.yml, service: web}\n".to_owned()),
        Just("include: [self.yml]\n".to_owned()),
        Just("    deploy: {placement: {constraints: [".to_owned()),
        Just("]}}\n".to_owned()),
        Just("!reset ".to_owned()),
        Just("${A:-".to_owned()),
        Just("ö}\n".to_owned()),
        Just("&a ".to_owned()),
        Just("<<: *a\n".to_owned()),
        "[ -~äé\n]{0,12}",
    ];
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read(text in fragment(), env in ".{0,60}") {
        let files = Files::of(&[("self.yml", &text), (".env", &env)]);
        // The byte order mark of a text is none of it.
        let clean = files.0[Path::new("self.yml")].text.clone();
        let found = files.read("self.yml");
        let (compose, problems) = found;
        let problems = problems
            .into_iter()
            .filter(|problem| &*problem.origin.source == "self.yml")
            .collect();
        in_bounds(&(compose, problems), &clean);
    }

    #[test]
    fn any_env_file_is_read(text in "[A-C=:$ {}\"'\\\\#\n\ré-]{0,80}") {
        let file = Source::new(".env", PathBuf::new(), text.clone(), Encoding::Utf8);
        let mut env = Env::default();
        for problem in env.add(&file) {
            let span = problem.origin.span.unwrap();
            prop_assert!(text.get(span.start..span.end).is_some());
        }
        let _ = substitute("$A${B:-$C}", &env);
    }

    #[test]
    fn any_template_is_substituted_or_refused_at_a_place(text in "[$A{}:?+-é]{0,40}") {
        if let Err(malformed) = substitute(&text, &Env::default()) {
            prop_assert!(text.get(malformed.at).is_some());
        }
    }
}

fn check(text: &str) -> String {
    let (compose, _) = one(text);
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
    let mut out = String::new();
    for finding in rules::check(&context, &Arc::from("compose.yaml"), &compose) {
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

#[test]
fn isolations() {
    let with = |isolation: &str| {
        check(&format!(
            "services:\n  web: {{image: web, isolation: {isolation}}}\n"
        ))
    };
    for isolation in ["default", "process", "hyperv", "HyperV", "''", "$WHICH"] {
        assert_eq!(with(isolation), "", "{isolation}");
    }
    let wrong: String = ["hyper-v", "Hyper-V", "processes", "vm"].map(with).concat();
    assert_snapshot!(wrong, @r#"
    error isolation-value compose.yaml:2:32: Windows has no isolation "hyper-v": it is default, process or hyperv [hyperv]
    error isolation-value compose.yaml:2:32: Windows has no isolation "Hyper-V": it is default, process or hyperv [hyperv]
    error isolation-value compose.yaml:2:32: Windows has no isolation "processes": it is default, process or hyperv [process]
    error isolation-value compose.yaml:2:32: Windows has no isolation "vm": it is default, process or hyperv []
    "#);
}

#[test]
fn a_compose_file_for_linux_has_no_finding() {
    let text = "services:\n  db:\n    image: postgres:${PG:-16}\n    platform: linux/amd64\n    deploy:\n      replicas: 2\n      placement:\n        constraints:\n          - node.role == manager\n          - node.labels.disk==ssd\n          - engine.labels.zone != a\n";
    assert_eq!(said(&one(text).1), "");
    assert_eq!(check(text), "");
}

fn constrained(constraints: &[&str]) -> String {
    let mut text =
        "services:\n  web:\n    image: web\n    deploy:\n      placement:\n        constraints:\n"
            .to_owned();
    for constraint in constraints {
        let _ = writeln!(text, "          - '{constraint}'");
    }
    check(&text)
}

#[test]
fn constraints_by_swarmkit_s_grammar() {
    for constraint in [
        "node.platform.os == Windows",
        "node.platform.os==windows",
        "node.labels.OsVersion == 10.0.17763",
        "node.labels.OsVersion != 10.0.17763",
        "NODE.ROLE == Worker",
        "engine.labels.zone == a b",
        "node.ip == 10.0.0.0/8",
    ] {
        assert_eq!(constrained(&[constraint]), "", "{constraint}");
    }
    let wrong: String = [
        "node.labels.OsVersion = 10.0.17763",
        "node.labels.kubernetes.io/os == windows",
        "node.role == worker,manager",
        "node.os == windows",
        "node.labels == a",
        "engine.label.zone == a",
        "node.labels.OsVersion == 10.0.17763.*",
        "node.labels.OsVersion != 10.0.17763.*",
        "node.labels.OsVersion == 10.0.20348|10.0.26100",
        "node.role == work",
    ]
    .map(|constraint| constrained(&[constraint]))
    .concat();
    assert_snapshot!(wrong, @r#"
    error constraint-syntax compose.yaml:7:13: "node.labels.OsVersion = 10.0.17763" has neither == nor !=; a constraint looks like node.labels.OsVersion==10.0.20348 [Swarm refuses the service]
    error constraint-syntax compose.yaml:7:13: "node.labels.kubernetes.io/os" cannot stand before == or !=; keys are letters, digits, dots, dashes and underscores, as node.labels.OsVersion [Swarm refuses the service]
    error constraint-syntax compose.yaml:7:13: "worker,manager" cannot stand after == or !=; write one plain value without quotes and commas [Swarm refuses the service]
    error constraint-never-true compose.yaml:7:13: Swarm does not know "node.os", and no node meets a constraint on it [node.platform.os]
    error constraint-never-true compose.yaml:7:13: Swarm does not know "node.labels", and no node meets a constraint on it [node.labels.NAME]
    error constraint-never-true compose.yaml:7:13: Swarm does not know "engine.label.zone", and no node meets a constraint on it [engine.labels.NAME]
    error constraint-never-true compose.yaml:7:13: Swarm knows no patterns: node.labels.OsVersion is compared to "10.0.17763.*" letter by letter, and no node meets that [taken literally]
    warning constraint-never-true compose.yaml:7:13: Swarm knows no patterns: node.labels.OsVersion is compared to "10.0.17763.*" letter by letter, and that excludes no node [taken literally]
    error constraint-never-true compose.yaml:7:13: Swarm knows no patterns: node.labels.OsVersion is compared to "10.0.20348|10.0.26100" letter by letter, and no node meets that [taken literally]
    error constraint-never-true compose.yaml:7:13: no node has the role "work": a node is a manager or a worker [manager or worker]
    "#);
}

#[test]
fn constraints_that_contradict_each_other() {
    let version = "node.labels.OsVersion == 10.0.17763";
    assert_eq!(
        constrained(&[version, "node.labels.OSVERSION2 == 10.0.20348"]),
        ""
    );
    assert_eq!(
        constrained(&[version, "NODE.labels.OsVersion == 10.0.17763"]),
        ""
    );
    assert_eq!(
        constrained(&[version, "node.labels.OsVersion != 10.0.20348"]),
        ""
    );
    assert_eq!(
        constrained(&["node.ip == 10.0.0.0/8", "node.ip == 10.1.0.0/16"]),
        ""
    );
    let wrong = [
        constrained(&[version, "node.labels.OsVersion == 10.0.20348"]),
        constrained(&[version, "node.labels.OsVersion != 10.0.17763"]),
        constrained(&["node.labels.OsVersion != 10.0.17763", version]),
    ]
    .concat();
    assert_snapshot!(wrong, @r"
    error constraint-never-true compose.yaml:8:13: no node meets both node.labels.OsVersion == 10.0.17763 and node.labels.OsVersion == 10.0.20348, and Swarm asks for all constraints at once [excludes what the other asks for]
    error constraint-never-true compose.yaml:8:13: no node meets both node.labels.OsVersion == 10.0.17763 and node.labels.OsVersion != 10.0.17763, and Swarm asks for all constraints at once [excludes what the other asks for]
    error constraint-never-true compose.yaml:8:13: no node meets both node.labels.OsVersion != 10.0.17763 and node.labels.OsVersion == 10.0.17763, and Swarm asks for all constraints at once [excludes what the other asks for]
    ");
}

#[test]
fn labels_in_two_spellings() {
    let text = "services:\n  a: {image: a, deploy: {placement: {constraints: [node.labels.OsVersion == a]}}}\n  b: {image: b, deploy: {placement: {constraints: [node.labels.osversion == a]}}}\n  c: {image: c, deploy: {placement: {constraints: [node.labels.OsVersion == b]}}}\n";
    assert_snapshot!(check(text), @"warning label-spelling compose.yaml:3:52: the label osversion is asked for here and OsVersion elsewhere: two labels [OsVersion]");
}
