//! YAML as a tree with places.

use proptest::prelude::*;
use winfit_files::problem::Problem;
use winfit_files::source::{Encoding, Source, decode};
use winfit_files::yaml::{self, Node, Style};

/// `line:column rule: message`, one a problem.
fn told(problems: &[Problem]) -> Vec<String> {
    problems
        .iter()
        .map(|problem| {
            let span = problem.origin.span.unwrap();
            format!(
                "{}:{} {}: {}",
                span.line, span.column, problem.rule, problem.message
            )
        })
        .collect()
}

/// Every node that the text itself has, aliases not followed, and no more than so many.
fn nodes<'a, 't>(root: Node<'a, 't>) -> Vec<Node<'a, 't>> {
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        if found.len() >= 10_000 {
            break;
        }
        found.push(node);
        open.extend(node.elements());
        for entry in node.entries() {
            open.push(entry.key);
            open.push(entry.value);
        }
    }
    found
}

/// Checks that a path leads to a node that is spelt so.
#[track_caller]
fn assert_spelt(text: &str, path: &[&str], spelt: &str) {
    let source = Source::of_text("f.yaml", text);
    let (trees, problems) = yaml::read(&source);
    assert_eq!(told(&problems), [""; 0], "{text:?}");
    let node = trees[0].root().unwrap().at(path).unwrap();
    assert_eq!(&text[node.span()], spelt, "{path:?} of {text:?}");
}

#[test]
fn a_span_is_what_one_would_underline() {
    for (text, path, spelt) in [
        ("a: b", &["a"][..], "b"),
        ("a: b   # why\n", &["a"], "b"),
        ("a: \"b\"  # why\r\nc: d\r\n", &["a"], "\"b\""),
        ("a: 'it''s'\n", &["a"], "'it''s'"),
        ("a: \"one\n  two\"\n", &["a"], "\"one\n  two\""),
        ("a: one\n  two  \nb: c\n", &["a"], "one\n  two"),
        ("å: ö\nb: ☃\n", &["b"], "☃"),
        ("a: &x !!str 5\n", &["a"], "5"),
        ("a: &x b\nc: *x\n", &["c"], "*x"),
        ("a: |\n  one\n  two\n\nb: c\n", &["a"], "one\n  two"),
        ("a: >-  # why\n    one\nb: c\n", &["a"], "one"),
        ("a: |2\n   one\n", &["a"], " one"),
        ("a: [b, {c: d}, ]  # why\ne: f\n", &["a"], "[b, {c: d}, ]"),
        ("a: {b: c,\n  d: e}\n", &["a"], "{b: c,\n  d: e}"),
        ("a: {b: [c]}\n", &["a", "b"], "[c]"),
        ("a:\n  b: c\n  d: e\n\n\nf: g\n", &["a"], "b: c\n  d: e"),
        (
            "a:\n  - b\n  - c: d\n# end\nf: g\n",
            &["a"],
            "- b\n  - c: d",
        ),
        ("a:\nb: c\n", &["a"], ""),
        ("? a\n: b\n", &["a"], "b"),
        ("{\"a\": {\"b\": \"c\"}}", &["a", "b"], "\"c\""),
    ] {
        assert_spelt(text, path, spelt);
    }
}

#[test]
fn a_byte_order_mark_is_gone_and_utf_16_is_read() {
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("a: ö\r\nb: c\r\n".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    for (bytes, encoding) in [
        (
            b"\xef\xbb\xbfa: \xc3\xb6\r\nb: c\r\n".to_vec(),
            Encoding::Utf8Bom,
        ),
        (utf16, Encoding::Utf16Le),
    ] {
        let (text, found) = decode(bytes).unwrap();
        assert_eq!(found, encoding);
        let source = Source::of_text("f.yaml", &text);
        let (trees, problems) = yaml::read(&source);
        assert_eq!(told(&problems), [""; 0]);
        let root = trees[0].root().unwrap();
        assert_eq!(root.get("a").and_then(Node::as_str), Some("ö"));
        let b = root.entry("b").unwrap().key.span();
        assert_eq!(source.span(b.start, b.end).column, 1);
        assert_eq!(source.span(b.start, b.end).line, 2);
    }
}

#[test]
fn what_is_written_plain_has_a_type() {
    for (text, string, null, truth) in [
        ("x", true, false, None),
        ("10.0.17763", true, false, None),
        ("10.0", false, false, None),
        ("17763", false, false, None),
        ("0x10", false, false, None),
        ("1e3", false, false, None),
        (".inf", false, false, None),
        ("true", false, false, Some(true)),
        ("\"true\"", true, false, Some(true)),
        ("'5'", true, false, None),
        ("!!str 5", true, false, None),
        ("!!int \"5\"", false, false, None),
        ("", false, true, None),
        ("~", false, true, None),
        ("null", false, true, None),
        ("\"null\"", true, false, None),
        ("|\n  5\n", true, false, None),
    ] {
        let whole = format!("a: {text}");
        let source = Source::of_text("f.yaml", &whole);
        let (trees, _) = yaml::read(&source);
        let node = trees[0].root().unwrap().get("a").unwrap();
        assert_eq!(node.is_string(), string, "{text:?} is a string");
        assert_eq!(node.is_null(), null, "{text:?} is nothing");
        assert_eq!(node.as_bool(), truth, "{text:?} is a truth value");
    }
}

#[test]
fn merges_and_aliases_are_followed() {
    let text = "\
base: &base {os: windows, build: one, deep: {x: y}}
more: &more {build: two, arch: amd64}
one: {<<: *base, build: mine}
list:
  <<: [*base, *more]
quoted: {\"<<\": text}
alias: *base
";
    let source = Source::of_text("f.yaml", text);
    let (trees, problems) = yaml::read(&source);
    assert_eq!(told(&problems), [""; 0]);
    let root = trees[0].root().unwrap();
    for (path, value) in [
        (["one", "os"], Some("windows")),
        (["one", "build"], Some("mine")),
        (["one", "arch"], None),
        (["list", "build"], Some("one")),
        (["list", "arch"], Some("amd64")),
        (["quoted", "<<"], Some("text")),
        (["one", "<<"], None),
        (["alias", "build"], Some("one")),
    ] {
        assert_eq!(root.at(&path).and_then(Node::as_str), value, "{path:?}");
    }
    assert_eq!(
        root.at(&["one", "deep", "x"]).and_then(Node::as_str),
        Some("y")
    );
    let keys: Vec<_> = root
        .get("list")
        .unwrap()
        .entries()
        .iter()
        .map(|entry| entry.key.as_str().unwrap())
        .collect();
    assert_eq!(keys, ["os", "build", "deep", "arch"]);
    // An alias stands where it stands; what it means stands at its anchor.
    let alias = root.get("alias").unwrap();
    assert_eq!(&text[alias.span()], "*base");
    assert!(text[alias.resolved().span()].starts_with("{os: windows"));
}

#[test]
fn keys_need_not_be_text() {
    let text = "5: a\n? [b, c]\n: d\n? {e: f}\n: g\n~: h\n";
    let source = Source::of_text("f.yaml", text);
    let (trees, problems) = yaml::read(&source);
    assert_eq!(told(&problems), [""; 0]);
    let entries = trees[0].root().unwrap().entries();
    let keys: Vec<_> = entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, [Some("5"), None, None, Some("~")]);
}

#[test]
fn documents_are_read_one_by_one() {
    for (text, starts) in [
        ("a: b", vec!["a"]),
        ("", vec![]),
        ("# only a comment\n", vec![]),
        ("---\n---\n# nothing\n---\na: b\n---\n", vec!["a"]),
        ("a: b\n...\n---\nc: d\n", vec!["a", "c"]),
        ("%YAML 1.2\n---\na: b\n", vec!["a"]),
        ("%TAG ! tag:example.org,2020:\n---\na: !x b\n", vec!["a"]),
        ("--- {a: b}\n--- # why\nc: d\n", vec!["a", "c"]),
        ("a: b\r\n---\r\nc: d\r\n", vec!["a", "c"]),
        // A broken one is left out, those around it are read.
        ("a: b\n---\nc: [\n---\nd: e\n", vec!["a", "d"]),
        ("a: b\n---\nc:\n\td: e\n---\nf: g\n", vec!["a", "f"]),
        // Anchors end with their document.
        ("a: &x b\n---\nc: d\n", vec!["a", "c"]),
    ] {
        let source = Source::of_text("f.yaml", text);
        let (trees, _) = yaml::read(&source);
        let firsts: Vec<_> = trees
            .iter()
            .map(|tree| tree.root().unwrap().entries()[0].key.as_str().unwrap())
            .collect();
        assert_eq!(firsts, starts, "{text:?}");
    }
}

#[test]
fn what_is_no_yaml_is_told_with_its_place() {
    let broken = |text: &str| {
        let source = Source::of_text("f.yaml", text);
        told(&yaml::read(&source).1).join("; ")
    };
    let mut all = String::new();
    for text in [
        "a:\n\t- b\n",
        "\ta: b\n",
        "a: b\n---\nc: [\n---\nd: e\n",
        "a: {b: c\n",
        "a: {b: c]\n",
        "a: }\n",
        "a: \"b\n",
        "a: 'b' c\n",
        "a: \"C:\\windows\"\n",
        "a: @b\n",
        "a: *.dll\n",
        "a: *b\nc: d\n",
        "a: &x b\n---\nc: *x\n",
        "a:\n  b: c\n d: e\n",
        "a: b: c\n",
        "a: - b\n",
        "- a\nb: c\n",
        "a\nb: c\n",
        "{{- if .Values.x }}\na: b\n",
        "%YAML 2.0\n---\na: b\n",
        "a: 1\na: 2\n",
        "x:\n  - {a: 1, b: 2, \"a\": 3}\n",
    ] {
        all.push_str(&format!("{text:?}\n  {}\n", broken(text)));
    }
    insta::assert_snapshot!(all, @r##"
    "a:\n\t- b\n"
      2:2 broken-file: this is no YAML: a tab stands where lines are indented, and YAML takes only spaces there
    "\ta: b\n"
      1:1 broken-file: this is no YAML: a tab stands where lines are indented, and YAML takes only spaces there
    "a: b\n---\nc: [\n---\nd: e\n"
      3:4 broken-file: this is no YAML: a [ is opened and never closed
    "a: {b: c\n"
      1:4 broken-file: this is no YAML: a { is opened and never closed
    "a: {b: c]\n"
      1:4 broken-file: this is no YAML: a { is closed by a ]
    "a: }\n"
      1:4 broken-file: this is no YAML: this bracket closes nothing
    "a: \"b\n"
      2:1 broken-file: this is no YAML: a quote that is opened above is not closed, or this line of it is indented too little
    "a: 'b' c\n"
      1:8 broken-file: this is no YAML: text follows the closing quote
    "a: \"C:\\windows\"\n"
      1:4 broken-file: this is no YAML: between double quotes a backslash starts an escape, and this is none; single quotes keep backslashes, as 'C:\app'
    "a: @b\n"
      1:4 broken-file: this is no YAML: no value can start with this character; quotes make it text
    "a: *.dll\n"
      1:4 broken-file: no anchor &.dll stands before this alias
    "a: *b\nc: d\n"
      1:4 broken-file: no anchor &b stands before this alias
    "a: &x b\n---\nc: *x\n"
      3:4 broken-file: no anchor &x stands before this alias
    "a:\n  b: c\n d: e\n"
      3:2 broken-file: this is no YAML: this line's indentation fits no line above it
    "a: b: c\n"
      1:5 broken-file: this is no YAML: a key cannot stand here; a line break before it is missing, or its indentation differs from its neighbours'
    "a: - b\n"
      1:4 broken-file: this is no YAML: a list with dashes cannot start here
    "- a\nb: c\n"
      2:1 broken-file: this is no YAML: a dash is expected here, as before the other elements of this list
    "a\nb: c\n"
      2:2 broken-file: this is no YAML: a key cannot stand here; a line break before it is missing, or its indentation differs from its neighbours'
    "{{- if .Values.x }}\na: b\n"
      1:3 broken-file: this is no YAML: a list with dashes cannot start here
    "%YAML 2.0\n---\na: b\n"
      1:1 broken-file: this is no YAML: only YAML 1 is read
    "a: 1\na: 2\n"
      2:1 duplicate-key: the key "a" stands twice in this mapping
    "x:\n  - {a: 1, b: 2, \"a\": 3}\n"
      2:18 duplicate-key: the key "a" stands twice in this mapping
    "##);
}

#[test]
fn a_duplicate_key_has_both_places() {
    let text = "a: 1\nb: 2\n'a': 3\n";
    let source = Source::of_text("f.yaml", text);
    let (trees, problems) = yaml::read(&source);
    assert_eq!(trees.len(), 1);
    assert_eq!(
        told(&problems),
        ["3:1 duplicate-key: the key \"a\" stands twice in this mapping"]
    );
    let (first, _) = problems[0].other.as_ref().unwrap();
    assert_eq!(first.line(), Some(1));
    assert_eq!(&text[problems[0].origin.span.unwrap().start..][..3], "'a'");

    // Many keys are looked up, not compared; merged keys are no duplicates.
    let many: String = (0..50).map(|at| format!("k{}: v\n", at % 49)).collect();
    let source = Source::of_text("f.yaml", &many);
    assert_eq!(
        told(&yaml::read(&source).1),
        ["50:1 duplicate-key: the key \"k0\" stands twice in this mapping"]
    );
    let source = Source::of_text(
        "f.yaml",
        "a: &x {b: 1}\nc: {<<: *x, b: 2}\nd: {<<: *x, <<: *x}\n",
    );
    assert_eq!(told(&yaml::read(&source).1), [""; 0]);
}

#[test]
fn nesting_has_a_limit_that_is_told() {
    for (text, place) in [
        ("[".repeat(5_000), "1:"),
        ("{a: ".repeat(5_000), "1:"),
        ("- ".repeat(5_000), "1:"),
        (
            (0..5_000)
                .map(|at| format!("{}a:\n", " ".repeat(at)))
                .collect(),
            "1",
        ),
    ] {
        let text = format!("{text}\n---\na: b\n");
        let source = Source::of_text("f.yaml", &text);
        let (trees, problems) = yaml::read(&source);
        let problems = told(&problems);
        assert!(
            problems[0].starts_with(place)
                && problems[0].ends_with(
                    "too-large: more than 128 collections stand in one another here, too deep to be read"
                ),
            "{problems:?}"
        );
        // What comes after it is read where the parser finds the next document.
        assert!(trees.len() <= 1);
    }
    let source = Source::of_text("f.yaml", "x: [[[[[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]]]]]");
    assert_eq!(told(&yaml::read(&source).1), [""; 0]);
}

/// Nine levels of nine aliases each, as the billion laughs.
fn laughs() -> String {
    let mut text = "a0: &a0 [lol]\n".to_owned();
    for level in 1..10 {
        let refers = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{refers}]\n"));
    }
    text
}

#[test]
fn a_bomb_costs_what_its_text_costs() {
    let text = laughs();
    let source = Source::of_text("bomb.yaml", &text);
    let (trees, problems) = yaml::read(&source);
    assert_eq!(told(&problems), [""; 0]);
    assert!(!trees[0].exhausted());
    assert_eq!(trees[0].exhausted_problem(&source), None);
    // A reader that follows everything stops, and can say so.
    let mut open = vec![trees[0].root().unwrap()];
    let mut seen = 0_u32;
    while let Some(node) = open.pop() {
        seen += 1;
        open.extend(node.elements());
        open.extend(node.entries().iter().map(|entry| entry.value));
    }
    assert!(trees[0].exhausted());
    assert!(seen <= yaml::MOST_VISITS);
    let problem = trees[0].exhausted_problem(&source).unwrap();
    assert_eq!(
        told(&[problem]),
        ["1:1 too-large: this document refers to its own parts too often to be read"]
    );
}

#[test]
fn what_contains_itself_ends() {
    for text in [
        "a: &a [*a]",
        "a: &a {b: *a}",
        "&a {<<: *a, b: c}",
        "a: &a\n  <<: [*a, *a, *a]\n  b: c\n",
        "&a {<<: [{<<: *a}, {<<: *a}], b: c}",
        "&a [*a, *a, *a, *a]",
    ] {
        let source = Source::of_text("f.yaml", text);
        let (trees, problems) = yaml::read(&source);
        assert_eq!(told(&problems), [""; 0], "{text:?}");
        let root = trees[0].root().unwrap();
        assert!(root.get("nothing").is_none());
        assert!(!nodes(root).is_empty());
    }
}

#[test]
fn a_large_document_is_no_bomb() {
    let mut text = "items:\n".to_owned();
    for at in 0..60_000 {
        text.push_str(&format!("- name: n{at}\n  value: v\n"));
    }
    let source = Source::of_text("large.yaml", &text);
    let (trees, _) = yaml::read(&source);
    let items = trees[0].root().unwrap().get("items").unwrap().elements();
    for item in &items {
        assert!(item.get("name").is_some() && item.get("value").is_some());
        assert!(item.get("other").is_none());
    }
    assert_eq!(items.len(), 60_000);
    assert!(!trees[0].exhausted());
}

#[test]
fn a_text_of_nothing_but_faults_is_told_of_a_few_times() {
    for text in ["---\na: [\n".repeat(10_000), "a: 1\n".repeat(10_000)] {
        let source = Source::of_text("f.yaml", &text);
        let (_, problems) = yaml::read(&source);
        assert_eq!(problems.len(), 100);
    }
}

#[test]
fn merging_large_mappings_is_not_quadratic() {
    let keys =
        |name: &str| -> String { (0..40_000).map(|at| format!("  {name}{at}: v\n")).collect() };
    let text = format!("a: &a\n{}b:\n  <<: *a\n{}", keys("k"), keys("m"));
    let source = Source::of_text("f.yaml", &text);
    let (trees, _) = yaml::read(&source);
    let root = trees[0].root().unwrap();
    assert_eq!(root.get("b").unwrap().entries().len(), 80_000);
    assert!(root.at(&["b", "k39999"]).is_some());
}

/// Checks what holds for any text.
fn hold(text: &str) {
    let source = Source::of_text("f.yaml", text);
    let (trees, problems) = yaml::read(&source);
    for problem in &problems {
        for origin in [
            Some(&problem.origin),
            problem.other.as_ref().map(|other| &other.0),
        ]
        .into_iter()
        .flatten()
        {
            let span = origin.span.unwrap();
            assert!(text.get(span.start..span.end).is_some());
        }
        assert!(!problem.message.is_empty());
    }
    for tree in &trees {
        for node in nodes(tree.root().unwrap()) {
            let spelt = text.get(node.span()).expect("a span lies within the text");
            if node.style() == Some(Style::Plain)
                && !spelt.contains(['\n', '\r'])
                && !spelt.is_empty()
                && !spelt.starts_with('*')
            {
                assert_eq!(node.as_str(), Some(spelt));
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok((text, _)) = decode(bytes) {
            hold(&text);
        }
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,200}") {
        hold(&text);
    }

    #[test]
    fn what_looks_like_yaml_is_read(pieces in proptest::collection::vec(prop_oneof![
        Just("a: "), Just("b:\n"), Just("  "), Just("- "), Just("\n"), Just("\r\n"), Just("\t"),
        Just("["), Just("]"), Just("{"), Just("}"), Just(", "), Just("&x "), Just("*x"), Just("<<: "),
        Just("\""), Just("'"), Just("|\n"), Just(">-\n"), Just("# c"), Just("---\n"), Just("...\n"),
        Just("%YAML 1.2\n"), Just("!!str "), Just("? "), Just(": "), Just("ö"), Just("\u{2028}"),
        Just("\\"), Just("~"), Just("5"), Just("text"), Just("\u{feff}"), Just("\u{85}"),
    ], 0..60)) {
        hold(&pieces.concat());
    }
}
