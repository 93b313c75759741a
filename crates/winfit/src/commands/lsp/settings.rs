//! What the editor can, and what its user has set.

use std::path::PathBuf;

use lsp_types::{
    ClientCapabilities, DiagnosticTag, InitializeParams, MarkupKind, PositionEncodingKind,
    ResourceOperationKind, Uri,
};
use serde::Deserialize;
use winfit_core::Catalog;
use winfit_core::fleet::Member;

use super::addresses;
use super::positions::Units;
use super::session::unlike;
use crate::cli::HostFacts;
use crate::input;

/// What the editor can.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    /// How it counts columns.
    pub(super) units: Units,
    /// It shows Markdown.
    pub(super) markdown: bool,
    /// It shows further places of a diagnostic.
    pub(super) related: bool,
    /// It knows the tags of diagnostics.
    pub(super) tags: bool,
    /// It takes edits that name the version they are for.
    pub(super) versioned_edits: bool,
    /// It takes edits that make files.
    pub(super) creates_files: bool,
    /// It tells of files that change, where it is asked to.
    pub(super) watches: bool,
}

impl Client {
    pub(super) fn of(capabilities: &ClientCapabilities) -> Self {
        let document = capabilities.text_document.as_ref();
        let workspace = capabilities.workspace.as_ref();
        let publish = document.and_then(|document| document.publish_diagnostics.as_ref());
        let utf8 = capabilities
            .general
            .as_ref()
            .and_then(|general| general.position_encodings.as_ref())
            .is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8));
        let edits = workspace.and_then(|workspace| workspace.workspace_edit.as_ref());
        let versioned_edits = edits.and_then(|edit| edit.document_changes) == Some(true);
        let operations = edits.and_then(|edit| edit.resource_operations.as_ref());
        Self {
            units: if utf8 { Units::Utf8 } else { Units::Utf16 },
            markdown: document
                .and_then(|document| document.hover.as_ref())
                .and_then(|hover| hover.content_format.as_ref())
                .is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            related: publish.and_then(|publish| publish.related_information) == Some(true),
            tags: publish
                .and_then(|publish| publish.tag_support.as_ref())
                .is_some_and(|tags| tags.value_set.contains(&DiagnosticTag::DEPRECATED)),
            versioned_edits,
            creates_files: versioned_edits
                && operations.is_some_and(|known| known.contains(&ResourceOperationKind::Create)),
            watches: workspace
                .and_then(|workspace| workspace.did_change_watched_files.as_ref())
                .and_then(|watched| watched.dynamic_registration)
                == Some(true),
        }
    }
}

/// `initializationOptions`, as the user's settings give them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    hosts: Vec<String>,
    config: Option<PathBuf>,
}

/// What the user has set.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// Hosts in place of those of `winfit.toml`.
    pub(super) hosts: Vec<Member>,
    /// The `winfit.toml` to use.
    pub(super) config: Option<PathBuf>,
}

impl Settings {
    /// Reads them; what is wrong with them is told, and the rest counts.
    pub(super) fn of(catalog: &Catalog, params: &InitializeParams) -> (Self, Vec<String>) {
        let mut complaints = Vec::new();
        let options = match &params.initialization_options {
            None | Some(serde_json::Value::Null) => Options::default(),
            Some(value) => Options::deserialize(value).unwrap_or_else(|error| {
                complaints.push(format!(
                    "initializationOptions: {}; they are {{\"hosts\": [\"ltsc2022\"], \"config\": \"winfit.toml\"}}",
                    unlike(&error)
                ));
                Options::default()
            }),
        };
        let mut hosts = Vec::new();
        for text in options.hosts {
            // Standard input is the editor's.
            if text == "-" || text == "@-" {
                complaints.push(format!(
                    "initializationOptions: hosts: {text:?} reads standard input, over which the editor speaks; name a version or a release"
                ));
                continue;
            }
            match input::hosts(catalog, &[text], &HostFacts::default()) {
                Ok((read, notes)) => {
                    hosts.extend(read.into_iter().map(|read| {
                        let name = read.name.as_deref().unwrap_or(&read.text);
                        Member::new(name, read.host, "initializationOptions")
                    }));
                    complaints.extend(notes);
                }
                Err(error) => complaints.push(format!("initializationOptions: {error:#}")),
            }
        }
        let settings = Self {
            hosts,
            config: options.config,
        };
        (settings, complaints)
    }
}

/// The folders that the editor has open.
pub(super) fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    let given: Vec<&Uri> = match &params.workspace_folders {
        Some(folders) if !folders.is_empty() => folders.iter().map(|folder| &folder.uri).collect(),
        // What older editors send.
        #[allow(deprecated)]
        _ => params.root_uri.iter().collect(),
    };
    given.into_iter().filter_map(addresses::path_of).collect()
}
