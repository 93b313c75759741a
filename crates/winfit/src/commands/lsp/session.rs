//! A session with an editor: what it says, in its order, and what is said to it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, at, never, select};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    Cancel, DidChangeTextDocument, DidChangeWatchedFiles, DidChangeWorkspaceFolders,
    DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument, Exit as ExitNotification,
    Initialized, LogMessage, Notification as _, PublishDiagnostics, ShowMessage,
};
use lsp_types::request::{
    CodeActionRequest, HoverRequest, Initialize, RegisterCapability, Request as _, Shutdown,
};
use lsp_types::{
    CodeActionParams, Diagnostic, HoverParams, InitializeParams, LogMessageParams, MessageType,
    NumberOrString, PublishDiagnosticsParams, ShowMessageParams, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use winfit_core::Catalog;

use super::analysis::{self, Analysis, Job, Judged};
use super::documents::Documents;
use super::places::Places;
use super::settings::{self, Client, Settings};
use super::transport::{self, Incoming};
use super::{actions, capabilities, diagnostics, hover};
use crate::commands::notes::Calendar;
use crate::findings::clean;
use crate::output::{Exit, complain};

/// So long nothing must change before it is judged.
const QUIET: Duration = Duration::from_millis(150);

/// How far the editor and winfit have come with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing is agreed on yet.
    New,
    /// Agreed, and at work.
    Open,
    /// The editor has said that it will go.
    ShutDown,
}

/// What was last told of a file: the version that it was about, and the diagnostics.
type Told = (Uri, Option<i32>, Vec<Diagnostic>);

/// A session.
pub(super) struct Session {
    catalog: &'static Catalog,
    stage: Stage,
    outgoing: Sender<Message>,
    client: Client,
    settings: Settings,
    folders: Vec<PathBuf>,
    /// The first folder, which is the working folder of this process: names in messages go from it.
    base: Option<PathBuf>,
    documents: Documents,
    jobs: Sender<Job>,
    results: Receiver<Analysis>,
    /// The state of the documents: each change makes a new one.
    generation: u64,
    /// The same, for the thread that judges.
    newest: Arc<AtomicU64>,
    /// The generation is to be judged, then.
    due: Option<Instant>,
    /// A job is out.
    busy: bool,
    /// The last that was judged whole.
    analysis: Option<Analysis>,
    /// Requests that wait for the newest generation to be judged.
    waiting: Vec<Request>,
    told: BTreeMap<String, Told>,
    /// What could not be read, as last told.
    unread: Vec<String>,
}

impl Session {
    pub(super) fn new(outgoing: Sender<Message>) -> Self {
        let catalog = crate::overlay::catalog();
        let newest = Arc::new(AtomicU64::new(0));
        let (jobs, results) = analysis::worker(catalog, Arc::clone(&newest));
        Self {
            catalog,
            stage: Stage::New,
            outgoing,
            client: Client::of(&lsp_types::ClientCapabilities::default()),
            settings: Settings::default(),
            folders: Vec::new(),
            base: None,
            documents: Documents::default(),
            jobs,
            results,
            generation: 0,
            newest,
            due: None,
            busy: false,
            analysis: None,
            waiting: Vec::new(),
            told: BTreeMap::new(),
            unread: Vec::new(),
        }
    }

    /// Until the editor goes. It goes well where it has said so before.
    pub(super) fn run(mut self, incoming: &Receiver<Incoming>) -> Exit {
        let results = self.results.clone();
        loop {
            let timer = match self.due {
                Some(due) if !self.busy => at(due),
                _ => never(),
            };
            select! {
                recv(incoming) -> incoming => {
                    let incoming = incoming.unwrap_or(Incoming::End(None));
                    if let Some(exit) = self.receive(incoming) {
                        return exit;
                    }
                }
                recv(results) -> analysis => {
                    let Ok(analysis) = analysis else {
                        complain("the thread that judges has ended; start winfit lsp again");
                        return Exit::Findings;
                    };
                    self.judged(analysis);
                }
                recv(timer) -> _ => self.judge(),
            }
        }
    }

    fn receive(&mut self, incoming: Incoming) -> Option<Exit> {
        match incoming {
            Incoming::Message(Message::Request(request)) => self.request(request),
            Incoming::Message(Message::Notification(notification)) => {
                if notification.method == ExitNotification::METHOD {
                    return Some(self.exit());
                }
                if self.stage == Stage::Open {
                    self.notification(notification);
                }
            }
            // To what winfit asks there is no answer that changes anything.
            Incoming::Message(Message::Response(_)) => {}
            Incoming::Broken { id, reason } => {
                complain(&clean(&reason));
                match id {
                    Some(id) => self.send(transport::refusal(id, reason)),
                    None => self.log(MessageType::ERROR, &reason),
                }
            }
            Incoming::End(reason) => {
                match reason {
                    Some(reason) => complain(&clean(&reason)),
                    None if self.stage != Stage::ShutDown => {
                        complain("the editor has closed its pipe without shutdown and exit");
                    }
                    None => {}
                }
                return Some(self.exit());
            }
        }
        None
    }

    /// The exit code that the protocol asks for.
    fn exit(&self) -> Exit {
        if self.stage == Stage::ShutDown {
            Exit::Fits
        } else {
            Exit::Findings
        }
    }

    fn request(&mut self, request: Request) {
        let refused = match (self.stage, request.method.as_str()) {
            (Stage::New, Initialize::METHOD) => return self.initialize(request),
            (Stage::New, method) => Some((
                ErrorCode::ServerNotInitialized,
                format!("{method} comes before initialize"),
            )),
            (Stage::ShutDown, method) => Some((
                ErrorCode::InvalidRequest,
                format!("{method} comes after shutdown"),
            )),
            (Stage::Open, Initialize::METHOD) => Some((
                ErrorCode::InvalidRequest,
                "initialize comes a second time".to_owned(),
            )),
            (Stage::Open, Shutdown::METHOD) => {
                self.stage = Stage::ShutDown;
                self.due = None;
                for request in std::mem::take(&mut self.waiting) {
                    self.cancelled(request.id);
                }
                return self.answer(request.id, serde_json::Value::Null);
            }
            (Stage::Open, HoverRequest::METHOD | CodeActionRequest::METHOD) => None,
            (Stage::Open, method) => Some((
                ErrorCode::MethodNotFound,
                format!("winfit does not know {method}"),
            )),
        };
        if let Some((code, reason)) = refused {
            return self.refuse(request.id, code, reason);
        }
        self.waiting.push(request);
        if self.is_fresh() {
            self.answer_waiting();
        } else if let Some(due) = &mut self.due {
            // Somebody waits: no need to see whether more is typed.
            *due = Instant::now();
        }
    }

    fn initialize(&mut self, request: Request) {
        let params: InitializeParams = match serde_json::from_value(request.params) {
            Ok(params) => params,
            Err(error) => {
                let reason = format!("initialize: {}", unlike(&error));
                return self.refuse(request.id, ErrorCode::InvalidParams, reason);
            }
        };
        self.client = Client::of(&params.capabilities);
        self.folders = settings::folders(&params);
        // So that names are those which winfit lint shows at the root of the project.
        self.base = self
            .folders
            .first()
            .filter(|folder| std::env::set_current_dir(folder).is_ok())
            .cloned();
        let (settings, complaints) = Settings::of(self.catalog, &params);
        self.settings = settings;
        self.stage = Stage::Open;
        self.answer(request.id, capabilities(self.client));
        for message in complaints {
            complain(&clean(&message));
            self.notify::<ShowMessage>(ShowMessageParams {
                typ: MessageType::ERROR,
                message: clean(&message),
            });
        }
    }

    fn notification(&mut self, notification: Notification) {
        let method = notification.method.clone();
        let understood = match method.as_str() {
            Initialized::METHOD => {
                if self.client.watches {
                    self.send(
                        Request::new(
                            RequestId::from("winfit-watch".to_owned()),
                            RegisterCapability::METHOD.to_owned(),
                            super::watchers(),
                        )
                        .into(),
                    );
                }
                self.changed();
                Ok(())
            }
            DidOpenTextDocument::METHOD => {
                with::<DidOpenTextDocument>(notification).map(|params| {
                    self.documents.open(params.text_document);
                    self.changed();
                })
            }
            DidChangeTextDocument::METHOD => {
                with::<DidChangeTextDocument>(notification).map(|params| {
                    let document = params.text_document;
                    let changes = params.content_changes;
                    let units = self.client.units;
                    if self
                        .documents
                        .change(&document.uri, document.version, changes, units)
                    {
                        self.changed();
                    }
                })
            }
            DidCloseTextDocument::METHOD => {
                with::<DidCloseTextDocument>(notification).map(|params| {
                    self.documents.close(&params.text_document.uri);
                    self.changed();
                })
            }
            DidChangeWorkspaceFolders::METHOD => with::<DidChangeWorkspaceFolders>(notification)
                .map(|params| {
                    let path = |folder: &lsp_types::WorkspaceFolder| {
                        super::addresses::path_of(&folder.uri)
                    };
                    let gone: Vec<PathBuf> = params.event.removed.iter().filter_map(path).collect();
                    self.folders.retain(|folder| !gone.contains(folder));
                    self.folders
                        .extend(params.event.added.iter().filter_map(path));
                    self.changed();
                }),
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => {
                self.changed();
                Ok(())
            }
            Cancel::METHOD => with::<Cancel>(notification).map(|params| {
                let id = match params.id {
                    NumberOrString::Number(number) => RequestId::from(number),
                    NumberOrString::String(text) => RequestId::from(text),
                };
                let before = self.waiting.len();
                self.waiting.retain(|request| request.id != id);
                if self.waiting.len() < before {
                    self.cancelled(id);
                }
            }),
            // A server may pass over any other.
            _ => Ok(()),
        };
        if let Err(error) = understood {
            let reason = format!("{method}: {}", unlike(&error));
            complain(&clean(&reason));
            self.log(MessageType::ERROR, &reason);
        }
    }

    /// Something is not what it was: it is judged when nothing more comes.
    fn changed(&mut self) {
        self.generation += 1;
        self.newest.store(self.generation, Ordering::Relaxed);
        self.due = Some(if self.waiting.is_empty() {
            Instant::now() + QUIET
        } else {
            Instant::now()
        });
    }

    /// Whether what was judged last is what is there.
    fn is_fresh(&self) -> bool {
        self.analysis
            .as_ref()
            .is_some_and(|analysis| analysis.generation == self.generation)
    }

    /// Has the documents judged as they are now.
    fn judge(&mut self) {
        let base = self.base.as_deref();
        let job = Job {
            generation: self.generation,
            projects: analysis::projects(&self.folders, &self.documents),
            overlay: analysis::overlay(&self.documents, base),
            hosts: self.settings.hosts.clone(),
            config: self.settings.config.clone(),
            base: self.base.clone(),
        };
        self.due = None;
        self.busy = self.jobs.send(job).is_ok();
    }

    fn judged(&mut self, analysis: Analysis) {
        self.busy = false;
        if analysis.generation != self.generation || self.stage != Stage::Open {
            return;
        }
        self.analysis = Some(analysis);
        self.publish();
        self.answer_waiting();
    }

    /// Tells what is new, and takes back what is gone.
    fn publish(&mut self) {
        let Some(analysis) = &self.analysis else {
            return;
        };
        let mut found = BTreeMap::new();
        for document in self.documents.iter() {
            let uri = document.uri.clone();
            found.insert(uri.as_str().to_owned(), (uri, Vec::new()));
        }
        for judged in &analysis.judged {
            diagnostics::of_project(&self.places(judged), self.client, &mut found);
        }
        let unread: Vec<String> = analysis
            .judged
            .iter()
            .flat_map(|judged| &judged.repository.unread)
            .map(|unread| format!("{}: {}", unread.path, unread.reason))
            .collect();
        let told: BTreeMap<String, Told> = found
            .into_iter()
            .map(|(key, (uri, diagnostics))| {
                let version = self.documents.get(&uri).map(|document| document.version);
                (key, (uri, version, diagnostics))
            })
            .collect();
        let before = std::mem::replace(&mut self.told, told);
        let gone = before
            .iter()
            .filter(|(key, (.., diagnostics))| {
                !self.told.contains_key(*key) && !diagnostics.is_empty()
            })
            .map(|(_, (uri, ..))| (uri.clone(), None, Vec::new()));
        let new = self
            .told
            .iter()
            .filter(|(key, told)| before.get(*key) != Some(told))
            .map(|(_, told)| told.clone());
        for (uri, version, diagnostics) in gone.chain(new) {
            self.notify::<PublishDiagnostics>(PublishDiagnosticsParams {
                uri,
                diagnostics,
                version,
            });
        }
        for message in &unread {
            if !self.unread.contains(message) {
                self.log(MessageType::WARNING, message);
            }
        }
        self.unread = unread;
    }

    fn places<'s>(&'s self, judged: &'s Judged) -> Places<'s> {
        Places::new(
            judged,
            &self.documents,
            self.base.as_deref(),
            self.client.units,
        )
    }

    fn answer_waiting(&mut self) {
        for request in std::mem::take(&mut self.waiting) {
            let id = request.id;
            let answer = match request.method.as_str() {
                HoverRequest::METHOD => serde_json::from_value(request.params)
                    .and_then(|params| serde_json::to_value(self.hover(&params))),
                _ => serde_json::from_value(request.params)
                    .and_then(|params| serde_json::to_value(self.actions(&params))),
            };
            match answer {
                Ok(answer) => self.answer(id, answer),
                Err(error) => {
                    let reason = format!("{}: {}", request.method, unlike(&error));
                    self.refuse(id, ErrorCode::InvalidParams, reason);
                }
            }
        }
    }

    fn hover(&self, params: &HoverParams) -> Option<lsp_types::Hover> {
        let place = &params.text_document_position_params;
        let today = Calendar::new(None, None).today;
        self.analysis.as_ref()?.judged.iter().find_map(|judged| {
            let places = self.places(judged);
            let file = places.file(&place.text_document.uri)?;
            let at = places.offset(&file.source, place.position);
            hover::hover(self.catalog, &places, self.client, file, at, today)
        })
    }

    fn actions(&self, params: &CodeActionParams) -> Vec<lsp_types::CodeActionOrCommand> {
        if !actions::wanted(&params.context) {
            return Vec::new();
        }
        let projects = self.analysis.iter().flat_map(|analysis| &analysis.judged);
        projects
            .map(|judged| self.places(judged))
            .find_map(|places| {
                let file = places.file(&params.text_document.uri)?;
                let source = &file.source;
                Some(actions::of_range(
                    &places,
                    self.client,
                    source,
                    params.range,
                ))
            })
            .unwrap_or_default()
    }

    fn cancelled(&self, id: RequestId) {
        let reason = "the editor no longer waits for it".to_owned();
        self.refuse(id, ErrorCode::RequestCanceled, reason);
    }

    fn answer(&self, id: RequestId, answer: impl Serialize) {
        self.send(Response::new_ok(id, answer).into());
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, reason: String) {
        self.send(Response::new_err(id, code as i32, reason).into());
    }

    fn log(&self, typ: MessageType, message: &str) {
        let message = clean(message);
        self.notify::<LogMessage>(LogMessageParams { typ, message });
    }

    fn notify<N: lsp_types::notification::Notification>(&self, params: N::Params) {
        self.send(Notification::new(N::METHOD.to_owned(), params).into());
    }

    /// If nobody reads any more, nobody misses it; the session ends with the other pipe.
    fn send(&self, message: Message) {
        let _ = self.outgoing.send(message);
    }
}

/// What parameters have that the protocol's do not, in plain words.
pub(super) fn unlike(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let plain = text
        .strip_prefix("invalid type: ")
        .or(text.strip_prefix("invalid "));
    plain.unwrap_or(&text).to_owned()
}

/// The parameters of a notification.
fn with<N: lsp_types::notification::Notification>(
    notification: Notification,
) -> Result<N::Params, serde_json::Error>
where
    N::Params: DeserializeOwned,
{
    serde_json::from_value(notification.params)
}
