//! A small repository with everything that makes rendering hard, for the renderers' tests: a tab, a
//! wide character, CRLF, control sequences in a line and in a message, a place in an object, a file
//! as a whole.

use std::sync::Arc;

use winfit_core::Catalog;
use winfit_core::change::Change;
use winfit_core::finding::{Confidence, Finding, Origin, Rule, Severity, Subject};
use winfit_core::fleet::Member;
use winfit_core::host::read_host_spec;
use winfit_core::remedy::{Command, Remedy, RemedyKind, Safety, Shell};
use winfit_files::fix::FileEdit;
use winfit_files::repository::Unread;
use winfit_files::source::Source;

use super::paths::WorkingFolder;
use super::{Fixable, Report, Sources};

const DOCKERFILE: &str = "# escape=`\r\n\tFROM mcr.microsoft.com/windows/servercore:ltsc2022 AS 窓\r\nRUN echo \u{1b}]0;owned\u{7}\u{9b}2J done\r\n";

const MANIFEST: &str = "kind: Deployment
metadata:
  name: 窓口 # 窓
spec:
  template:
    spec:
      nodeSelector: { kubernetes.io/os: windows }
";

pub(super) struct Sample {
    pub(super) sources: Vec<Source>,
    pub(super) findings: Vec<Finding>,
    pub(super) hosts: Vec<Member>,
    pub(super) unread: Vec<Unread>,
    pub(super) folder: WorkingFolder,
}

impl Sources for Sample {
    fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| &*source.name == name)
    }

    /// The sample's remedies are words alone.
    fn edits(&self, _remedy: &Remedy) -> Vec<FileEdit> {
        Vec::new()
    }
}

/// The place of these words in a source.
pub(super) fn place(source: &Source, words: &str) -> Origin {
    let start = source.text.find(words).expect("the words stand there");
    source.origin(start, start + words.len())
}

pub(super) const RULES: &[Rule] = &[Rule {
    name: "build-mismatch",
    summary: "an image cannot start on a host that its placement admits",
}];

impl Sample {
    pub(super) fn new() -> Self {
        let dockerfile = Source::of_text("shop/web/Dockerfile", DOCKERFILE);
        let manifest = Source::of_text("shop/deploy/100% web.yaml", MANIFEST);
        let catalog = Catalog::builtin();
        let hosts = ["ltsc2016", "ltsc2022"]
            .map(|text| {
                let read = read_host_spec(catalog, text).expect("a host");
                Member::new(text, read[0].host, "--host")
            })
            .to_vec();
        let findings = vec![
            Finding::new(
                "build-mismatch",
                Severity::Error,
                Subject {
                    kind: "Deployment".to_owned(),
                    namespace: Some("shop".to_owned()),
                    name: "web".to_owned(),
                },
                place(
                    &dockerfile,
                    "mcr.microsoft.com/windows/servercore:ltsc2022",
                ),
                "this image (Windows Server 2022, 20348) cannot start on one of the two hosts that the Deployment may use",
            )
            .confidence(Confidence::Likely)
            .label("needs 20348 or newer")
            .related(place(&manifest, "windows }"), "admits ltsc2016 (14393)")
            .note("the version is read from the tag")
            .remedy(Remedy {
                kind: RemedyKind::OtherHost,
                title: "admit only ltsc2022 (20348)".to_owned(),
                safety: Safety::Unsafe,
                commands: vec![Command {
                    shell: Shell::Yaml,
                    text: "nodeSelector:\n  node.kubernetes.io/windows-build: \"10.0.20348\""
                        .to_owned(),
                }],
                diff: None,
                changes: vec![Change::Pod {
                    at: place(&manifest, "nodeSelector"),
                    change: Box::default(),
                }],
            }),
            Finding::new(
                "hostile",
                Severity::Warning,
                Subject::new("Dockerfile", "shop/web/Dockerfile"),
                place(&dockerfile, "\u{1b}]0;owned\u{7}\u{9b}2J"),
                "says \u{1b}]0;owned\u{7} | `<b>` @all, *50%*\nand\r\nmore",
            )
            .label("\u{202e}here"),
            Finding::new(
                "hostile",
                Severity::Info,
                Subject::new("Deployment", "窓口"),
                place(&manifest, "# 窓"),
                "a wide character stands before it",
            )
            .related(dockerfile.whole(), "and here"),
            Finding::new(
                "an-object",
                Severity::Info,
                Subject::new("node", "win-a"),
                Origin {
                    source: Arc::from("node win-a"),
                    span: None,
                    field: Some("metadata.labels".to_owned()),
                },
                "a node has no place in a file",
            ),
            Finding::new(
                "a-whole-file",
                Severity::Info,
                Subject::new("Dockerfile", "shop/web/Dockerfile"),
                dockerfile.whole(),
                "a file as a whole",
            ),
        ];
        Self {
            sources: vec![dockerfile, manifest],
            findings,
            hosts,
            unread: vec![Unread {
                path: "shop/ä b.yaml".to_owned(),
                reason: "it may not be read".to_owned(),
            }],
            folder: WorkingFolder::new(&["/srv"], 0),
        }
    }

    pub(super) fn report(&self) -> Report<'_> {
        Report {
            findings: &self.findings,
            sources: self,
            rules: RULES,
            hosts: &self.hosts,
            hosts_from: "winfit.toml",
            workloads: &[],
            placed: &[],
            not_judged: &[],
            templates: &[],
            fixed: &[],
            fixable: Fixable::default(),
            files: self.sources.len(),
            unit: "file",
            ignored: 2,
            unread: &self.unread,
            folder: &self.folder,
        }
    }
}

/// Checks a document against the schema in `docs/schemas` that is published for it.
pub(crate) fn check_schema(document: &serde_json::Value) -> Result<(), String> {
    let name = document["schema"].as_str().expect("it names its schema");
    let file = format!("../../docs/schemas/{}.json", name.replace('/', "."));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(path).expect("the schema can be read");
    let schema = serde_json::from_str(&text).expect("the schema is JSON");
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("urn:it", schema).expect("a resource");
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("urn:it", &mut schemas).expect("a schema");
    schemas
        .validate(document, index)
        .map_err(|error| format!("{error:#}"))
}
