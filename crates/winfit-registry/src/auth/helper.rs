//! Credential helpers: programs `docker-credential-NAME` that keep logins elsewhere. One is asked by a
//! server's name on its input, and answers in JSON.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::file::Credential;
use super::secret::Secret;

/// The most that a helper may say.
const MOST: u64 = 64 * 1024;
/// What helpers say where they know no login, by their common library.
const NOT_FOUND: &str = "credentials not found in native keychain";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Said {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: Option<Secret>,
}

/// Asks a helper for the login of a server, for so long. None: it knows none; otherwise why there is no
/// answer. Its own words are not passed on, since they may hold what it keeps.
pub(crate) async fn ask(
    name: &str,
    server: &str,
    folders: &[PathBuf],
    limit: Duration,
) -> Result<Option<Credential>, String> {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !name.bytes().all(fine) {
        return Err(format!("{name:?} is no name of a credential helper"));
    }
    let program = format!("docker-credential-{name}{}", std::env::consts::EXE_SUFFIX);
    let by_hand = format!("try it: echo {server} | docker-credential-{name} get");
    let path = folders
        .iter()
        .map(|folder| folder.join(&program))
        .find(|path| path.is_file())
        .ok_or_else(|| format!("docker-credential-{name} is not installed on the PATH"))?;
    let (succeeded, answer) = tokio::time::timeout(limit, run(&path, server))
        .await
        .map_err(|_| {
            format!(
                "docker-credential-{name} gives no answer within {} seconds; {by_hand}",
                limit.as_secs()
            )
        })?
        .map_err(|error| format!("docker-credential-{name} does not run: {error}"))?;
    if !succeeded {
        let said = String::from_utf8_lossy(&answer);
        return if said.trim() == NOT_FOUND {
            Ok(None)
        } else {
            Err(format!("docker-credential-{name} failed; {by_hand}"))
        };
    }
    let said: Said = serde_json::from_slice(&answer).map_err(|_| {
        format!("docker-credential-{name} does not answer as helpers do; {by_hand}")
    })?;
    let secret = said.secret.filter(|secret| !secret.reveal().is_empty());
    Ok(secret.map(|secret| match said.username.as_str() {
        "<token>" => Credential::Identity(secret),
        _ => Credential::Password {
            user: said.username,
            password: secret,
        },
    }))
}

async fn run(path: &Path, server: &str) -> std::io::Result<(bool, Vec<u8>)> {
    let mut helper = tokio::process::Command::new(path)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = helper.stdin.take() {
        // A helper that does not read its input says so by its answer.
        let _ = input.write_all(format!("{server}\n").as_bytes()).await;
    }
    let mut answer = Vec::new();
    if let Some(output) = helper.stdout.take() {
        output.take(MOST).read_to_end(&mut answer).await?;
    }
    Ok((helper.wait().await?.success(), answer))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(future)
    }

    fn answer(script: &str) -> Result<Option<Credential>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker-credential-test");
        // Written by another process: one that writes a program here could pass the open file on to a
        // child of a test beside it, and the program would be busy.
        let written = std::process::Command::new("sh")
            .args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$0\""])
            .arg(&path)
            .arg(script)
            .status();
        assert!(written.unwrap().success());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let folders = [folder.path().to_owned()];
        block_on(ask(
            "test",
            "example.com",
            &folders,
            Duration::from_millis(1500),
        ))
    }

    #[test]
    fn a_login_for_the_server_on_its_input() {
        let login = answer(
            r#"[ "$1" = get ] && read server && printf '{"ServerURL":"%s","Username":"u at %s","Secret":"p"}' "$server" "$server""#,
        );
        let wanted = Credential::Password {
            user: "u at example.com".to_owned(),
            password: Secret::new("p"),
        };
        assert_eq!(login, Ok(Some(wanted)));
        let token = answer(r#"echo '{"Username":"<token>","Secret":"t"}'"#);
        assert_eq!(token, Ok(Some(Credential::Identity(Secret::new("t")))));
    }

    #[test]
    fn no_login_and_no_answer() {
        assert_eq!(
            answer("echo 'credentials not found in native keychain'; exit 1"),
            Ok(None)
        );
        assert_eq!(answer(r#"echo '{"Username":"","Secret":""}'"#), Ok(None));
        for (script, reason) in [
            ("echo hunter2; exit 3", "failed; try it: echo example.com"),
            ("echo hunter2", "does not answer as helpers do"),
            ("exec yes", "failed; try it"),
            ("exec sleep 60", "gives no answer within 1 seconds"),
        ] {
            let told = answer(script).unwrap_err();
            assert!(told.contains(reason), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn a_helper_that_is_not_there_or_has_no_name() {
        let limit = Duration::from_secs(1);
        let nowhere = [PathBuf::from("/nowhere")];
        let missing = block_on(ask("none", "h", &nowhere, limit));
        assert!(missing.unwrap_err().contains("is not installed"));
        let path = block_on(ask("../../bin/sh", "h", &nowhere, limit));
        assert!(path.unwrap_err().contains("no name of a credential helper"));
    }
}
