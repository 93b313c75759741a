//! `winfit lsp`: findings in an editor while the files are written, over the Language Server Protocol.
//!
//! The session is one loop over what the editor says; a thread of its own judges. Each change makes a
//! new generation of the documents, and only what was judged of the newest one is told.

mod actions;
mod addresses;
mod analysis;
mod diagnostics;
mod documents;
mod hover;
mod places;
mod positions;
mod session;
mod settings;
mod transport;

use std::io::IsTerminal;

use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability,
    DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher, GlobPattern,
    HoverProviderCapability, InitializeResult, OneOf, PositionEncodingKind, Registration,
    RegistrationParams, SaveOptions, ServerCapabilities, ServerInfo, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
    WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};

use self::positions::Units;
use self::session::Session;
use self::settings::Client;
use crate::cli::LspArguments;
use crate::output::{Outcome, hint};

pub(crate) fn run(_: &LspArguments) -> Outcome {
    if std::io::stdin().is_terminal() {
        hint("winfit lsp speaks with an editor; see docs/commands/lsp.md. Ctrl-C ends it.");
    }
    let incoming = transport::reader();
    let (outgoing, writer) = transport::writer();
    let exit = Session::new(outgoing).run(&incoming);
    // What was said last is still to be written.
    let _ = writer.join();
    Outcome::new(String::new(), exit)
}

/// What winfit can do for an editor.
fn capabilities(client: Client) -> InitializeResult {
    InitializeResult {
        capabilities: ServerCapabilities {
            position_encoding: Some(match client.units {
                Units::Utf8 => PositionEncodingKind::UTF8,
                Units::Utf16 => PositionEncodingKind::UTF16,
            }),
            text_document_sync: Some(TextDocumentSyncCapability::Options(
                TextDocumentSyncOptions {
                    open_close: Some(true),
                    change: Some(TextDocumentSyncKind::INCREMENTAL),
                    save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions {
                        include_text: Some(false),
                    })),
                    ..TextDocumentSyncOptions::default()
                },
            )),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
                code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
                ..CodeActionOptions::default()
            })),
            workspace: Some(WorkspaceServerCapabilities {
                workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                    supported: Some(true),
                    change_notifications: Some(OneOf::Left(true)),
                }),
                file_operations: None,
            }),
            ..ServerCapabilities::default()
        },
        server_info: Some(ServerInfo {
            name: "winfit".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    }
}

/// The files whose change changes findings: those that winfit reads, and those that say what it reads.
fn watchers() -> RegistrationParams {
    const GLOBS: [&str; 6] = [
        "**/*{Dockerfile,dockerfile,Containerfile,containerfile}*",
        "**/*.{yaml,yml,json}",
        "**/*.{ps1,psm1,cmd,bat,sh}",
        "**/winfit.toml",
        "**/.env*",
        "**/.gitignore",
    ];
    let options = DidChangeWatchedFilesRegistrationOptions {
        watchers: GLOBS
            .into_iter()
            .map(|glob| FileSystemWatcher {
                glob_pattern: GlobPattern::String(glob.to_owned()),
                kind: None,
            })
            .collect(),
    };
    RegistrationParams {
        registrations: vec![Registration {
            id: "winfit-watch".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: serde_json::to_value(options).ok(),
        }],
    }
}
