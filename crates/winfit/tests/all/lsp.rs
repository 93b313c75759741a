//! `winfit lsp` as an editor meets it: a scripted session with the real process over pipes.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::repository;

/// Long enough for a machine with much else to do.
const PATIENCE: Duration = Duration::from_mins(1);

/// A folder of a test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("winfit-lsp-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().canonicalize().unwrap().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// A copy of the example, which a test may change.
    fn of_shop(name: &str) -> Self {
        fn copy(from: &Path, to: &Path) {
            fs::create_dir_all(to).unwrap();
            for entry in fs::read_dir(from).unwrap() {
                let entry = entry.unwrap();
                let to = to.join(entry.file_name());
                if entry.file_type().unwrap().is_dir() {
                    copy(&entry.path(), &to);
                } else {
                    fs::copy(entry.path(), to).unwrap();
                }
            }
        }
        let folder = Self::new(name);
        copy(&repository("examples/shop"), &folder.0);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn uri(&self, name: &str) -> String {
        let path = self.0.join(name).display().to_string().replace('\\', "/");
        format!(
            "file://{}{path}",
            if path.starts_with('/') { "" } else { "/" }
        )
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The editor's side of a session.
struct Editor {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// All that came, for whoever waits in vain.
    log: Vec<Value>,
    /// Messages that nobody has asked for yet.
    kept: Vec<Value>,
    requests: i32,
}

impl Editor {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_winfit"))
            .args(["lsp", "--stdio"])
            .env("SOURCE_DATE_EPOCH", "1795305600")
            .env("WINFIT_CATALOG_OVERLAY", "off")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            input: child.stdin.take(),
            child,
            messages,
            log: Vec::new(),
            kept: Vec::new(),
            requests: 0,
        }
    }

    /// Starts, and agrees on everything.
    fn open(folder: Option<&Folder>, encodings: &[&str], options: &Value) -> Self {
        let mut editor = Self::start();
        let root = folder.map(|folder| folder.uri(""));
        let answer = editor.request(
            "initialize",
            json!({
                "processId": null,
                "rootUri": root,
                "initializationOptions": options,
                "capabilities": {
                    "general": { "positionEncodings": encodings },
                    "workspace": {
                        "workspaceEdit": { "documentChanges": true, "resourceOperations": ["create"] },
                        "didChangeWatchedFiles": { "dynamicRegistration": true },
                    },
                    "textDocument": {
                        "publishDiagnostics": {
                            "relatedInformation": true,
                            "tagSupport": { "valueSet": [1, 2] },
                        },
                        "hover": { "contentFormat": ["markdown", "plaintext"] },
                    },
                },
            }),
        );
        let encoding = &answer["result"]["capabilities"]["positionEncoding"];
        let expected = if encodings.contains(&"utf-8") {
            "utf-8"
        } else {
            "utf-16"
        };
        assert_eq!(encoding, expected);
        editor.notify("initialized", json!({}));
        let asked = editor.wait(|message| message["method"] == "client/registerCapability");
        editor.send(json!({ "id": asked["id"], "result": null }));
        editor
    }

    fn write(&mut self, bytes: &[u8]) {
        // A process that has ended reads nothing more.
        let _ = self.input.as_mut().unwrap().write_all(bytes);
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        self.write(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    fn notify(&mut self, method: &str, params: Value) {
        let mut message = json!({ "method": method });
        message["params"] = params;
        self.send(message);
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        let mut message = json!({ "id": id, "method": method });
        message["params"] = params;
        self.send(message);
        self.wait(|message| message["id"] == id && message.get("method").is_none())
    }

    /// The first message that is wanted. Others are kept for later.
    fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&wanted) {
            return self.kept.remove(at);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.messages.recv_timeout(left) {
                Ok(message) => {
                    self.log.push(message.clone());
                    if wanted(&message) {
                        return message;
                    }
                    self.kept.push(message);
                }
                Err(error) => panic!("waited in vain ({error}); received {:#?}", self.log),
            }
        }
    }

    /// The diagnostics of a file at a version, when they come.
    fn diagnostics(&mut self, uri: &str, version: Option<i32>) -> Vec<Value> {
        let published = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && message["params"]["version"] == json!(version)
        });
        published["params"]["diagnostics"]
            .as_array()
            .unwrap()
            .clone()
    }

    fn did_open(&mut self, uri: &str, language: &str, text: &str) {
        self.notify(
            "textDocument/didOpen",
            json!({ "textDocument": {
                "uri": uri, "languageId": language, "version": 1, "text": text,
            } }),
        );
    }

    fn did_change(&mut self, uri: &str, version: i32, changes: Value) {
        let mut params = json!({ "textDocument": { "uri": uri, "version": version } });
        params["contentChanges"] = changes;
        self.notify("textDocument/didChange", params);
    }

    fn hover(&mut self, uri: &str, line: u32, character: u32) -> Value {
        let mut answer = self.request(
            "textDocument/hover",
            json!({
                "textDocument": { "uri": uri },
                "position": { "line": line, "character": character },
            }),
        );
        answer["result"].take()
    }

    fn actions(&mut self, uri: &str, range: &Value) -> Vec<Value> {
        let answer = self.request(
            "textDocument/codeAction",
            json!({
                "textDocument": { "uri": uri },
                "range": range,
                "context": { "diagnostics": [], "only": ["quickfix"] },
            }),
        );
        answer["result"].as_array().unwrap().clone()
    }

    /// Says good-bye as the protocol wants it.
    fn close(mut self) {
        assert_eq!(self.request("shutdown", Value::Null)["result"], Value::Null);
        self.notify("exit", Value::Null);
        let (exit, complaints) = self.end();
        assert_eq!((exit, complaints.as_str()), (Some(0), ""));
    }

    /// Waits for the process; its exit code and what it complained of.
    fn end(mut self) -> (Option<i32>, String) {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let mut complaints = String::new();
                let stderr = self.child.stderr.as_mut().unwrap();
                stderr.read_to_string(&mut complaints).unwrap();
                return (status.code(), complaints);
            }
            if Instant::now() > end {
                let _ = self.child.kill();
                panic!("it does not end; received {:#?}", self.log);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Closes the pipe, and waits.
    fn hang_up(mut self) -> (Option<i32>, String) {
        self.input = None;
        self.end()
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((_, value)) => length = value.parse().ok()?,
            None => break,
        }
    }
    let mut bytes = vec![0; length];
    output.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn range(start: (u32, u32), end: (u32, u32)) -> Value {
    json!({
        "start": { "line": start.0, "character": start.1 },
        "end": { "line": end.0, "character": end.1 },
    })
}

fn only<'v>(diagnostics: &'v [Value], rule: &str) -> &'v Value {
    let mut found = diagnostics.iter().filter(|one| one["code"] == rule);
    let first = found
        .next()
        .unwrap_or_else(|| panic!("no {rule} in {diagnostics:#?}"));
    assert!(found.next().is_none(), "{rule} twice in {diagnostics:#?}");
    first
}

/// The byte of an ASCII text at a position.
fn offset(text: &str, position: &Value) -> usize {
    let line = position["line"].as_u64().unwrap() as usize;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    start + position["character"].as_u64().unwrap() as usize
}

/// A text with the edits that an action makes in it.
fn applied(action: &Value, uri: &str, version: Option<i32>, text: &str) -> String {
    let documents = action["edit"]["documentChanges"].as_array().unwrap();
    assert_eq!(documents.len(), 1, "{action:#?}");
    assert_eq!(
        documents[0]["textDocument"],
        json!({ "uri": uri, "version": version })
    );
    let mut text = text.to_owned();
    for edit in documents[0]["edits"].as_array().unwrap().iter().rev() {
        let (start, end) = (&edit["range"]["start"], &edit["range"]["end"]);
        let bytes = offset(&text, start)..offset(&text, end);
        text.replace_range(bytes, edit["newText"].as_str().unwrap());
    }
    text
}

#[test]
fn a_session() {
    let folder = Folder::of_shop("session");
    let mut editor = Editor::open(Some(&folder), &[], &Value::Null);

    // The whole folder is judged, whatever is open.
    let dockerfile = folder.uri("web/Dockerfile");
    let found = editor.diagnostics(&dockerfile, None);
    let mismatch = only(&found, "build-mismatch");
    assert_eq!(mismatch["range"], range((1, 5), (1, 72)));
    assert_eq!(mismatch["severity"], 1);
    assert_eq!(mismatch["source"], "winfit");
    let message = mismatch["message"].as_str().unwrap();
    assert!(
        message.starts_with("this Windows Server 2022 image (20348) cannot start on one of the"),
        "{message}"
    );
    assert!(
        message.contains("\nthe image's Windows (20348) is newer"),
        "{message}"
    );
    let manifest = folder.uri("deploy/web.yaml");
    assert_eq!(
        mismatch["relatedInformation"][0],
        json!({
            "location": { "uri": manifest, "range": range((16, 8), (16, 33)) },
            "message": "admits win-2019 (17763)",
        })
    );
    let compose = folder.uri("swarm/docker-compose.yml");
    let found = editor.diagnostics(&compose, None);
    assert_eq!(only(&found, "old-image-name")["tags"], json!([2]));

    // What stands under the pointer.
    let text = folder.read("web/Dockerfile");
    editor.did_open(&dockerfile, "dockerfile", &text);
    assert_eq!(editor.diagnostics(&dockerfile, Some(1)).len(), 1);
    let hover = editor.hover(&dockerfile, 1, 20);
    assert_eq!(hover["range"], range((1, 5), (1, 72)));
    assert_eq!(hover["contents"]["kind"], "markdown");
    insta::assert_snapshot!(hover["contents"]["value"].as_str().unwrap(), @r"
    `mcr.microsoft.com/windows/servercore/iis:windowsservercore-ltsc2022`

    Windows Server 2022, 10.0.20348, from its tag

    support for the Server Core image of Windows Server 2022 ends on 2031-10-14, in 1787 days

    - swarm-1 (Windows Server 2016, 14393.6897): process no, hyperv no
    - swarm-2 (Windows Server, version 1709, 16299): process no, hyperv no
    - win-2019 (Windows Server 2019, 17763): process no, hyperv no
    - win-2022 (Windows Server 2022, 20348): process yes, hyperv yes
    - win-2025 (Windows Server 2025, 26100): process yes, hyperv yes
    ");
    let hover = editor.hover(&manifest, 19, 20);
    insta::assert_snapshot!(hover["contents"]["value"].as_str().unwrap(), @r"
    `registry.example.com/shop/web:1.4`

    built by web/Dockerfile:2 on mcr.microsoft.com/windows/servercore/iis:windowsservercore-ltsc2022

    Windows Server 2022, 10.0.20348, from its tag

    support for the Server Core image of Windows Server 2022 ends on 2031-10-14, in 1787 days

    - win-2019 (Windows Server 2019, 17763): process no, hyperv no
    - win-2022 (Windows Server 2022, 20348): process yes, hyperv yes
    - win-2025 (Windows Server 2025, 26100): process yes, hyperv yes
    - linux-1 (Linux): kept off by kubernetes.io/os=windows
    ");
    let hover = editor.hover(&manifest, 16, 20);
    insta::assert_snapshot!(hover["contents"]["value"].as_str().unwrap(), @r"
    `kubernetes.io/os=windows`

    - win-2019 (Windows Server 2019, 17763): admitted
    - win-2022 (Windows Server 2022, 20348): admitted
    - win-2025 (Windows Server 2025, 26100): admitted
    - linux-1 (Linux): kept off
    ");
    let hover = editor.hover(&folder.uri("winfit.toml"), 7, 10);
    insta::assert_snapshot!(hover["contents"]["value"].as_str().unwrap(), @r"
    `swarm-1`

    Windows Server 2016, 14393.6897

    a server

    containers get process isolation; Hyper-V isolation where it is asked for

    orchestrator: swarm

    support for the host's Windows Server 2016 ends on 2027-01-12, in 51 days

    - label OS=windows
    - label OsVersion=10.0.14393
    ");
    let hover = editor.hover(&folder.uri("api/Dockerfile"), 1, 14);
    assert_eq!(
        hover["range"],
        range((1, 12), (1, 20)),
        "the ARG that decides"
    );
    assert_eq!(editor.hover(&manifest, 0, 0), Value::Null);

    // An action, done.
    let actions = editor.actions(&dockerfile, &range((1, 10), (1, 10)));
    let ignore = actions
        .iter()
        .find(|action| action["title"] == "ignore build-mismatch here");
    let ignored = applied(ignore.unwrap(), &dockerfile, Some(1), &text);
    assert_eq!(
        ignored,
        text.replace("FROM", "# winfit: ignore[build-mismatch]\nFROM")
    );
    editor.did_change(&dockerfile, 2, json!([{ "text": ignored }]));
    assert_eq!(
        editor.diagnostics(&dockerfile, Some(2)),
        Vec::<Value>::new()
    );
    assert!(
        editor
            .actions(&dockerfile, &range((2, 10), (2, 10)))
            .is_empty()
    );

    // Typed: the comment goes, and the tag becomes one that runs everywhere.
    editor.did_change(
        &dockerfile,
        3,
        json!([
            { "range": range((1, 0), (2, 0)), "text": "" },
            { "range": range((1, 71), (1, 72)), "text": "" },
        ]),
    );
    editor.did_change(
        &dockerfile,
        4,
        json!([{ "range": range((1, 70), (1, 71)), "text": "19" }]),
    );
    let found = editor.diagnostics(&dockerfile, Some(4));
    // Windows Server 2019 does not run on the newer hosts.
    assert_eq!(
        only(&found, "build-mismatch")["range"],
        range((1, 5), (1, 72))
    );
    assert!(
        !editor
            .kept
            .iter()
            .any(|message| message["params"]["version"] == 3),
        "what is overtaken is not told"
    );
    // The Deployment is judged against the Dockerfile as it is typed: on one host it runs.
    let text = folder.read("deploy/web.yaml");
    editor.did_open(
        &manifest,
        "yaml",
        &text.replace(
            "windows\n",
            "windows\n        kubernetes.io/hostname: win-2019\n",
        ),
    );
    assert_eq!(editor.diagnostics(&dockerfile, Some(4)).len(), 0);

    // What is closed counts as it is on the disk.
    editor.notify(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": manifest } }),
    );
    editor.notify(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": dockerfile } }),
    );
    assert_eq!(editor.diagnostics(&dockerfile, None).len(), 1);

    // Another winfit.toml, by another hand.
    let fleet = folder
        .read("winfit.toml")
        .replace("\"ltsc2019\"", "\"ltsc2022\"");
    folder.write("winfit.toml", &fleet);
    editor.notify(
        "workspace/didChangeWatchedFiles",
        json!({ "changes": [{ "uri": folder.uri("winfit.toml"), "type": 2 }] }),
    );
    assert_eq!(editor.diagnostics(&dockerfile, None).len(), 0);
    editor.close();
}

/// Lines end as Windows ends them, a byte order mark stands first, and characters before the place
/// count as many units as the encoding has for them.
#[test]
fn columns_as_the_editor_counts_them() {
    let folder = Folder::new("columns");
    folder.write("Dockerfile", "\u{feff}FROM windows/servercore:1709\r\n");
    let compose = "\u{feff}services:\r\n  a: { x-𝄞窓: 1, image: windows/servercore:1709 }\r\n";
    folder.write("compose.yaml", compose);
    for (encodings, mark, start) in [(&["utf-16"][..], 1, 24), (&["utf-32", "utf-8"][..], 3, 28)] {
        let mut editor = Editor::open(Some(&folder), encodings, &Value::Null);
        let uri = folder.uri("compose.yaml");
        let place = range((1, start), (1, start + 23));
        for version in [None, Some(1)] {
            if version.is_some() {
                editor.did_open(&uri, "dockercompose", compose);
            }
            let found = editor.diagnostics(&uri, version);
            assert_eq!(
                only(&found, "old-image-name")["range"],
                place,
                "{encodings:?}"
            );
        }
        assert_eq!(editor.hover(&uri, 1, start)["range"], place);
        assert_eq!(editor.hover(&uri, 1, start - 1), Value::Null);
        let actions = editor.actions(&uri, &place);
        let ignore = actions
            .iter()
            .find(|action| action["title"] == "ignore old-image-name here");
        let edit = &ignore.unwrap()["edit"]["documentChanges"][0]["edits"][0];
        assert_eq!(edit["range"], range((1, start + 25), (1, start + 25)));
        assert_eq!(edit["newText"], "  # winfit: ignore[old-image-name]");

        // Most editors take the mark out of the text, and some leave it there.
        let uri = folder.uri("Dockerfile");
        let found = editor.diagnostics(&uri, None);
        assert_eq!(
            only(&found, "old-image-name")["range"],
            range((0, 5), (0, 28))
        );
        let text = folder.read("Dockerfile");
        editor.did_open(&uri, "dockerfile", &text);
        let found = editor.diagnostics(&uri, Some(1));
        let with_mark = range((0, 5 + mark), (0, 28 + mark));
        assert_eq!(only(&found, "old-image-name")["range"], with_mark);
        // A change is put where the editor means it.
        let tag = range((0, 24 + mark), (0, 28 + mark));
        editor.did_change(&uri, 2, json!([{ "range": tag, "text": "1803" }]));
        let found = editor.diagnostics(&uri, Some(2));
        let message = only(&found, "base-out-of-support")["message"]
            .as_str()
            .unwrap();
        assert!(message.contains("version 1803"), "{message}");
        editor.close();
    }
}

#[test]
fn documents_that_the_disk_does_not_have() {
    let folder = Folder::new("new");
    folder.write("winfit.toml", "hosts = [\"ltsc2019\"]\n");
    let mut editor = Editor::open(Some(&folder), &[], &Value::Null);
    let text = "FROM mcr.microsoft.com/windows/servercore:ltsc2022\n";
    for uri in [
        folder.uri("new/Dockerfile"),
        "untitled:Untitled-1".to_owned(),
    ] {
        editor.did_open(&uri, "dockerfile", text);
        let found = editor.diagnostics(&uri, Some(1));
        let place = range((0, 5), (0, 50));
        assert_eq!(only(&found, "build-mismatch")["range"], place);
        assert_eq!(editor.hover(&uri, 0, 9)["range"], place);
        editor.notify(
            "textDocument/didClose",
            json!({ "textDocument": { "uri": uri } }),
        );
        assert!(editor.diagnostics(&uri, None).is_empty(), "gone with it");
    }
    // A winfit.toml that is being written counts as well.
    let uri = folder.uri("winfit.toml");
    editor.did_open(&uri, "toml", "hosts = [\"ltsc2018\"]\n");
    let found = editor.diagnostics(&uri, Some(1));
    assert_eq!(only(&found, "winfit-toml")["range"], range((0, 9), (0, 19)));
    editor.close();
}

#[test]
fn without_a_root_the_documents_own_folder_is_the_project() {
    let folder = Folder::of_shop("rootless");
    let mut editor = Editor::open(None, &[], &Value::Null);
    let uri = folder.uri("web/Dockerfile");
    editor.did_open(
        &uri,
        "dockerfile",
        &folder.read("web/Dockerfile").replace("2022", "2025"),
    );
    // winfit.toml stands above it; the manifests do not belong to this folder.
    assert!(editor.diagnostics(&uri, Some(1)).is_empty());
    let uri = folder.uri("winfit.toml");
    editor.did_open(&uri, "toml", &folder.read("winfit.toml"));
    let found = editor.diagnostics(&folder.uri("web/Dockerfile"), Some(1));
    assert_eq!(found.len(), 1);
    editor.close();
}

#[test]
fn settings() {
    let folder = Folder::of_shop("settings");
    let options = json!({ "hosts": ["ltsc2025"] });
    let mut editor = Editor::open(Some(&folder), &[], &options);
    let uri = folder.uri("deploy/api.yaml");
    let found = editor.diagnostics(&uri, None);
    let message = found[0]["message"].as_str().unwrap();
    assert!(message.contains("ltsc2025"), "{message}");
    editor.close();

    for (options, told) in [
        (
            json!({ "host": "ltsc2025" }),
            "initializationOptions: unknown field `host`",
        ),
        (
            json!({ "hosts": ["-"] }),
            "initializationOptions: hosts: \"-\" reads standard input",
        ),
        (json!({ "hosts": ["ltsc2018"] }), "initializationOptions: "),
    ] {
        let mut editor = Editor::open(Some(&folder), &[], &options);
        let shown = editor.wait(|message| message["method"] == "window/showMessage");
        let message = shown["params"]["message"].as_str().unwrap();
        assert!(message.starts_with(told), "{message}");
        // It works without them.
        assert!(
            !editor
                .diagnostics(&folder.uri("web/Dockerfile"), None)
                .is_empty()
        );
        let _ = editor.request("shutdown", Value::Null);
        editor.notify("exit", Value::Null);
        assert_eq!(editor.end().0, Some(0));
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = Folder::new("unread");
    let options = json!({ "config": "gone.toml" });
    let mut editor = Editor::open(Some(&folder), &[], &options);
    let logged = editor.wait(|message| message["method"] == "window/logMessage");
    assert_eq!(
        logged["params"]["message"],
        "gone.toml: there is no such file"
    );
    editor.close();
}

#[test]
fn requests_in_a_wrong_order_and_unknown_ones() {
    let folder = Folder::new("order");
    let mut editor = Editor::start();
    let answer = editor.request("textDocument/hover", json!({}));
    assert_eq!(answer["error"]["code"], -32002, "before initialize");
    let answer = editor.request("initialize", json!({ "capabilities": 1 }));
    assert_eq!(answer["error"]["code"], -32602);
    let answer = editor.request(
        "initialize",
        json!({ "rootUri": folder.uri(""), "capabilities": {} }),
    );
    assert_eq!(
        answer["result"]["capabilities"]["positionEncoding"],
        "utf-16"
    );
    let answer = editor.request("initialize", json!({ "capabilities": {} }));
    assert_eq!(answer["error"]["code"], -32600, "a second time");
    editor.notify("initialized", json!({}));
    let answer = editor.request("textDocument/rename", json!({}));
    assert_eq!(answer["error"]["code"], -32601);
    assert_eq!(
        answer["error"]["message"],
        "winfit does not know textDocument/rename"
    );
    let answer = editor.request("textDocument/hover", json!({ "textDocument": 1 }));
    assert_eq!(answer["error"]["code"], -32602);
    // Notifications that are unknown, broken, or about what is not open.
    editor.notify("$/unknown", json!([1]));
    editor.notify("textDocument/didOpen", json!({ "textDocument": [] }));
    let logged = editor.wait(|message| message["method"] == "window/logMessage");
    let message = logged["params"]["message"].as_str().unwrap();
    assert!(message.starts_with("textDocument/didOpen: "), "{message}");
    editor.did_change(&folder.uri("nothing"), 7, json!([{ "text": "" }]));
    editor.notify(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": folder.uri("no") } }),
    );
    // A message that is none ends nothing.
    for text in ["{", "[1]", "{\"id\": true}", "{\"id\": 77, \"method\": 1}"] {
        editor.write(format!("content-length:{}\r\n\r\n{text}", text.len()).as_bytes());
    }
    let answer = editor.wait(|message| message["id"] == 77);
    assert_eq!(answer["error"]["code"], -32600);
    let _ = editor.request("shutdown", Value::Null);
    let answer = editor.request("textDocument/hover", json!({}));
    assert_eq!(answer["error"]["code"], -32600, "after shutdown");
    editor.notify("exit", Value::Null);
    assert_eq!(editor.end().0, Some(0));
}

#[test]
fn a_request_that_nobody_waits_for() {
    let folder = Folder::of_shop("cancel");
    let mut editor = Editor::open(Some(&folder), &[], &Value::Null);
    let uri = folder.uri("web/Dockerfile");
    // All in one piece: the answer cannot be there before it is cancelled.
    editor.did_open(&uri, "dockerfile", &folder.read("web/Dockerfile"));
    let hover =
        json!({ "textDocument": { "uri": uri }, "position": { "line": 1, "character": 9 } });
    editor.send(json!({ "id": "h", "method": "textDocument/hover", "params": hover }));
    editor.notify("$/cancelRequest", json!({ "id": "h" }));
    let answer = editor.wait(|message| message["id"] == "h");
    let cancelled = answer["error"]["code"] == -32800;
    assert!(
        cancelled || answer["result"]["contents"].is_object(),
        "{answer}"
    );
    editor.close();
}

#[test]
fn a_session_that_ends_badly() {
    for (input, told) in [
        ("hello\r\n\r\n", "the input is no Language Server Protocol"),
        (
            "\u{0}\u{1b}[31m",
            "the input is no Language Server Protocol",
        ),
        (
            "Content-Length: 99999999999999999\r\n\r\n",
            "a message of 99999999999999999 bytes is announced",
        ),
        (
            "Content-Length: 10\r\n\r\n{",
            "the input ends inside of a message",
        ),
        (
            "",
            "the editor has closed its pipe without shutdown and exit",
        ),
    ] {
        let mut editor = Editor::start();
        editor.write(input.as_bytes());
        let (exit, complaints) = editor.hang_up();
        assert_eq!(exit, Some(1), "{input:?}");
        let said = complaints.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            said.starts_with(&format!("winfit: {told}")),
            "{input:?}: {complaints}"
        );
    }
    // Exit without shutdown.
    let mut editor = Editor::start();
    editor.notify("exit", Value::Null);
    assert_eq!(editor.end(), (Some(1), String::new()));
    let folder = Folder::new("exit");
    let mut editor = Editor::open(Some(&folder), &[], &Value::Null);
    editor.notify("exit", Value::Null);
    assert_eq!(editor.end(), (Some(1), String::new()));
    // After shutdown the pipe may just close.
    let mut editor = Editor::open(Some(&folder), &[], &Value::Null);
    let _ = editor.request("shutdown", Value::Null);
    assert_eq!(editor.hang_up(), (Some(0), String::new()));
}

#[test]
fn a_file_that_is_not_there_yet_is_made_by_the_editor() {
    let folder = Folder::new("create");
    folder.write(
        "winfit.toml",
        "orchestrator = \"swarm\"\nhyperv = true\nhosts = [\"ltsc2022\"]\ndaemon_json = \"daemon.json\"\n",
    );
    folder.write(
        "compose.yaml",
        "services:\n  fax:\n    image: contoso/fax:2-ltsc2019\n",
    );
    let mut editor = Editor::open(Some(&folder), &[], &Value::Null);
    let compose = folder.uri("compose.yaml");
    let found = editor.diagnostics(&compose, None);
    let actions = editor.actions(&compose, &only(&found, "build-mismatch")["range"]);
    assert_eq!(
        actions[0]["title"],
        "make it the default of the hosts' engines, in daemon.json (restarts the engine)"
    );
    let uri = folder.uri("daemon.json");
    assert_eq!(
        actions[0]["edit"]["documentChanges"],
        json!([
            { "kind": "create", "uri": uri },
            {
                "textDocument": { "uri": uri, "version": null },
                "edits": [{
                    "range": range((0, 0), (0, 0)),
                    "newText": "{\n    \"exec-opts\": [\"isolation=hyperv\"]\n}\n",
                }],
            },
        ])
    );
    editor.close();
}
