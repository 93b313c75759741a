//! Who is let in, and where logins and tokens go: a real registry with a password, a token service by
//! script, and servers that would like to have what is not theirs.

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use tempfile::TempDir;
use winfit_core::reference::Reference;
use winfit_registry::client::Document;
use winfit_registry::digest::Digest;
use winfit_registry::place::Place;
use winfit_registry::{Client, Options, RegistryError};

use crate::support::faulty::{Faulty, Reply, ok, status};
use crate::support::images::Repository;
use crate::support::registry::{AUTH, Registry, installed};
use crate::support::{block_on, options};

const PATH: &str = "/v2/shop/web/manifests/1";
const MANIFEST: &[u8] = br#"{"schemaVersion": 2}"#;
/// Options with one file of logins.
fn with_file(folder: &TempDir, text: &str) -> Options {
    let path = folder.path().join("config.json");
    std::fs::write(&path, text).unwrap();
    let mut options = options();
    options.search.auth_files.push(path);
    options
}

fn login(folder: &TempDir, host: &str, entry: &str) -> Options {
    with_file(folder, &format!(r#"{{"auths": {{"{host}": {entry}}}}}"#))
}

fn ask(client: &Client, host: &str, repository: &str) -> Result<Document, RegistryError> {
    ask_tag(client, host, repository, "1")
}

fn ask_tag(
    client: &Client,
    host: &str,
    repository: &str,
    tag: &str,
) -> Result<Document, RegistryError> {
    let reference = Reference::parse(&format!("{host}/{repository}:{tag}")).unwrap();
    block_on(client.manifest(&reference))
}

fn client(options: Options) -> Client {
    Client::new(options)
}

fn guarded() -> Registry {
    let registry = Registry::guarded();
    let repository =
        Repository::new(&registry.host(), "shop/web").known_as("captain", "quiet harbour");
    repository.windows(Some("1"), "10.0.20348.2340");
    registry
}

#[test]
fn a_real_registry_with_a_password() {
    if !installed() {
        return;
    }
    let (registry, folder) = (guarded(), TempDir::new().unwrap());
    let host = registry.host();
    let right = login(&folder, &host, &format!(r#"{{"auth": "{AUTH}"}}"#));
    ask(&client(right.clone()), &host, "shop/web").unwrap();
    // The witness reads the same file.
    let witness = Command::new("skopeo")
        .args(["inspect", "--raw", "--tls-verify=false", "--authfile"])
        .arg(&right.search.auth_files[0])
        .arg(format!("docker://{host}/shop/web:1"))
        .output()
        .unwrap();
    assert!(
        witness.status.success(),
        "{}",
        String::from_utf8_lossy(&witness.stderr)
    );

    let nobody = ask(&client(options()), &host, "shop/web").unwrap_err();
    assert_eq!(
        nobody.to_string(),
        format!(
            "{host} does not let just anybody read shop/web, or has no such repository: docker login {host}"
        )
    );
    let wrong = login(
        &folder,
        &host,
        r#"{"username": "captain", "password": "hunter2"}"#,
    );
    let wrong = ask(&client(wrong), &host, "shop/web").unwrap_err();
    let file = folder.path().join("config.json");
    assert_eq!(
        wrong.to_string(),
        format!(
            "{host} refuses the login of {}; log in again: docker login {host}",
            file.display()
        )
    );
}

#[test]
fn a_file_that_cannot_be_read_is_told_where_it_matters() {
    if !installed() {
        return;
    }
    let (registry, folder) = (guarded(), TempDir::new().unwrap());
    let broken = with_file(&folder, "{\"auths\": hunter2");
    let refused = ask(&client(broken.clone()), &registry.host(), "shop/web").unwrap_err();
    let refused = refused.to_string();
    assert!(
        refused.contains("config.json:1:11: it is not the JSON that docker login writes"),
        "{refused}"
    );
    assert!(!refused.contains("hunter2"), "{refused}");
    // Where nobody wants a login, no file matters.
    let server = Faulty::start();
    server.on(PATH, [ok(MANIFEST)]);
    ask(&client(broken), &server.host(), "shop/web").unwrap();
}

#[cfg(unix)]
#[test]
fn helpers_and_what_they_lack() {
    if !installed() {
        return;
    }
    let (registry, folder) = (guarded(), TempDir::new().unwrap());
    let host = registry.host();
    let put = |name: &str, script: &str| {
        let path = folder.path().join(format!("docker-credential-{name}"));
        let write = Command::new("sh")
            .args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$0\""])
            .arg(&path)
            .arg(script)
            .status();
        assert!(write.unwrap().success());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    put(
        "right",
        r#"echo x >> "$0.log"; echo '{"Username":"captain","Secret":"quiet harbour"}'"#,
    );
    put(
        "empty",
        "echo 'credentials not found in native keychain'; exit 1",
    );
    put("broken", "echo hunter2");
    let with = |text: &str| {
        let mut options = with_file(&folder, text);
        options.search.helpers.push(folder.path().to_owned());
        client(options)
    };
    let own = with(&format!(
        r#"{{"credsStore": "broken", "credHelpers": {{"{host}": "right"}}}}"#
    ));
    ask(&own, &host, "shop/web").unwrap();
    ask(&own, &host, "shop/api").unwrap_err();
    let log = std::fs::read_to_string(folder.path().join("docker-credential-right.log")).unwrap();
    assert_eq!(log.lines().count(), 1, "one host is asked for once");
    // One that knows nothing, or fails, leaves what stands in the file.
    for store in ["empty", "broken", "missing"] {
        let both =
            format!(r#"{{"credsStore": "{store}", "auths": {{"{host}": {{"auth": "{AUTH}"}}}}}}"#);
        ask(&with(&both), &host, "shop/web").unwrap();
    }
    let missing = ask(&with(r#"{"credsStore": "missing"}"#), &host, "shop/web").unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("docker-credential-missing is not installed"),
        "{missing}"
    );
    let broken = ask(&with(r#"{"credsStore": "broken"}"#), &host, "shop/web").unwrap_err();
    assert!(!broken.to_string().contains("hunter2"), "{broken}");
}

/// A challenge that names a token service.
fn bearer(realm: &str) -> Reply {
    status(
        401,
        &format!("WWW-Authenticate: Bearer realm=\"{realm}\" , service=\"the registry\""),
    )
}

fn token(token: &str, seconds: u32) -> Reply {
    ok(format!(r#"{{"token": "{token}", "expires_in": {seconds}}}"#).as_bytes())
}

#[test]
fn one_token_for_a_repository_however_many_ask() {
    let server = Faulty::start();
    let realm = format!("http://{}/token", server.host());
    server.on("/token", [token("t1", 300)]);
    for name in ["1", "2"] {
        let path = format!("/v2/shop/web/manifests/{name}");
        server.guard(&path, "Bearer t1", bearer(&realm), ok(MANIFEST));
    }
    server.guard(
        "/v2/shop/api/manifests/1",
        "Bearer t1",
        bearer(&realm),
        ok(MANIFEST),
    );
    let client = client(options());
    let all = [
        "shop/web:1",
        "shop/web:2",
        "shop/web:1",
        "shop/api:1",
        "shop/api:1",
    ];
    block_on(async {
        let asked: Vec<_> = all
            .map(|name| {
                let reference = Reference::parse(&format!("{}/{name}", server.host())).unwrap();
                let client = client.clone();
                tokio::spawn(async move { client.manifest(&reference).await })
            })
            .into_iter()
            .collect();
        for one in asked {
            one.await.unwrap().unwrap();
        }
    });
    assert_eq!(server.count("/token"), 2, "one for each repository");
    let asked = server
        .seen()
        .into_iter()
        .find(|seen| seen.target.starts_with("/token"))
        .unwrap();
    assert_eq!(asked.authorization, None);
    assert!(
        asked.target.contains("service=the+registry"),
        "{}",
        asked.target
    );
    assert!(
        asked.target.contains("scope=repository%3Ashop%2F"),
        "{}",
        asked.target
    );
}

#[test]
fn who_mounts_asks_for_both_repositories() {
    let server = Faulty::start();
    let realm = format!("http://{}/token", server.host());
    server.on("/token", [token("t1", 300)]);
    let uploads = "/v2/shop/web/blobs/uploads/";
    server.guard(uploads, "Bearer t1", bearer(&realm), status(201, ""));
    let place = Place {
        registry: server.host(),
        repository: "shop/web".to_owned(),
    };
    let (client, blob) = (client(options()), Digest::of(b""));
    assert!(block_on(client.mount_blob(&place, &blob, "shop/old")).unwrap());
    let seen = server.seen();
    let asked = seen.iter().find(|seen| seen.target.starts_with("/token"));
    let asked = &asked.unwrap().target;
    assert!(
        asked.ends_with(
            "&scope=repository%3Ashop%2Fweb%3Apull%2Cpush&scope=repository%3Ashop%2Fold%3Apull"
        ),
        "{asked}"
    );
}

#[test]
fn tokens_run_out_and_are_renewed() {
    let server = Faulty::start();
    let realm = format!("http://{}/token", server.host());
    server.on("/token", [token("t1", 1), token("t2", 300)]);
    // A client asks for no tag twice, so each request has its own.
    for (tag, replies) in [
        ("1", vec![bearer(&realm), ok(MANIFEST)]),
        ("2", vec![ok(MANIFEST)]),
        ("3", vec![bearer(&realm)]),
        ("4", vec![ok(MANIFEST)]),
    ] {
        server.on(&format!("/v2/shop/web/manifests/{tag}"), replies);
    }
    let client = client(options());
    let ask = |tag| ask_tag(&client, &server.host(), "shop/web", tag);
    ask("1").unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    // By its time.
    ask("2").unwrap();
    assert_eq!(server.count("/token"), 2);
    // By the registry's word, though its time is not over; the same token does not help.
    let told = ask("3").unwrap_err();
    assert!(matches!(told, RegistryError::Unauthorized { .. }), "{told}");
    server.on("/token", [token("t3", 300)]);
    ask("4").unwrap();
}

#[test]
fn logins_buy_tokens() {
    for (entry, method, authorization, body) in [
        (
            format!(r#"{{"auth": "{AUTH}"}}"#),
            "GET",
            Some(format!("Basic {AUTH}")),
            "",
        ),
        (
            r#"{"identitytoken": "refresh me"}"#.to_owned(),
            "POST",
            None,
            "grant_type=refresh_token&client_id=winfit&refresh_token=refresh+me&scope=repository%3Ashop%2Fweb%3Apull&service=the+registry",
        ),
    ] {
        let server = Faulty::start();
        let folder = TempDir::new().unwrap();
        server.on("/token", [token("t1", 300)]);
        let realm = format!("http://{}/token", server.host());
        server.guard(PATH, "Bearer t1", bearer(&realm), ok(MANIFEST));
        let client = client(login(&folder, &server.host(), &entry));
        ask(&client, &server.host(), "shop/web").unwrap();
        let seen = server.seen();
        let asked = seen
            .iter()
            .find(|seen| seen.target.starts_with("/token"))
            .unwrap();
        assert_eq!(asked.method, method);
        assert_eq!(asked.authorization, authorization);
        assert_eq!(asked.body, body);
        assert!(!asked.target.contains("refresh"), "{}", asked.target);
    }
    // A registry token needs no service.
    let server = Faulty::start();
    let folder = TempDir::new().unwrap();
    let realm = format!("http://{}/token", server.host());
    server.guard(PATH, "Bearer shown", bearer(&realm), ok(MANIFEST));
    let client = client(login(
        &folder,
        &server.host(),
        r#"{"registrytoken": "shown"}"#,
    ));
    ask(&client, &server.host(), "shop/web").unwrap();
    assert_eq!(server.count("/token"), 0);
}

#[test]
fn what_token_services_refuse_and_get_wrong() {
    let server = Faulty::start();
    let folder = TempDir::new().unwrap();
    let realm = format!("http://{}/token", server.host());
    server.on(PATH, [bearer(&realm)]);
    let known = || {
        client(login(
            &folder,
            &server.host(),
            &format!(r#"{{"auth": "{AUTH}"}}"#),
        ))
    };
    let told = |client: Client| ask(&client, &server.host(), "shop/web").unwrap_err();
    server.on("/token", [status(401, "")]);
    assert!(matches!(told(known()), RegistryError::LoginRefused { .. }));
    assert!(matches!(
        told(client(options())),
        RegistryError::Unauthorized { .. }
    ));
    server.on("/token", [token("t1", 300), token("t2", 300)]);
    assert!(matches!(told(known()), RegistryError::Denied { .. }));
    for (answer, wanted) in [
        (ok(b"hunter2"), "sends no token"),
        (ok(b"{}"), "sends no token"),
        (status(500, ""), "answers 500"),
    ] {
        server.on("/token", [answer]);
        let told = told(known()).to_string();
        assert!(told.contains(wanted) && !told.contains("hunter2"), "{told}");
    }
    server.on("/token", [status(503, ""), token("t1", 300)]);
    server.on(PATH, [bearer(&realm), ok(MANIFEST)]);
    ask(&known(), &server.host(), "shop/web").unwrap();
}

#[test]
fn no_login_goes_to_a_realm_elsewhere() {
    let server = Faulty::start();
    let harvester = Faulty::start();
    harvester.on("/token", [token("t1", 300)]);
    let folder = TempDir::new().unwrap();
    for realm in [
        format!("http://{}/token", harvester.other_host()),
        format!("http://{}@{}/token", server.host(), harvester.host()),
        "ftp://127.0.0.1/token".to_owned(),
        String::new(),
    ] {
        server.on(PATH, [bearer(&realm)]);
        let client = client(login(
            &folder,
            &server.host(),
            &format!(r#"{{"auth": "{AUTH}"}}"#),
        ));
        let told = ask(&client, &server.host(), "shop/web").unwrap_err();
        assert!(
            matches!(told, RegistryError::TokenService { .. }),
            "{realm}: {told}"
        );
        assert_eq!(harvester.seen().len(), 0, "{realm}");
    }
}

#[test]
fn nothing_goes_along_with_a_redirect_to_another_host() {
    let server = Faulty::start();
    let store = Faulty::start();
    let folder = TempDir::new().unwrap();
    let to_store = format!("location: http://{}/stored", store.other_host());
    let basic = status(401, "www-authenticate: Basic realm=\"x\"");
    server.guard(
        PATH,
        &format!("Basic {AUTH}"),
        basic.clone(),
        status(307, &to_store),
    );
    store.on("/stored", [ok(MANIFEST)]);
    // The store has a login of its own in the file, and it is not for those who are sent there.
    let file = format!(
        r#"{{"auths": {{"{}": {{"auth": "{AUTH}"}}, "{}": {{"auth": "{AUTH}"}}}}}}"#,
        server.host(),
        store.other_host()
    );
    let ask = || {
        let client = client(with_file(&folder, &file));
        ask(&client, &server.host(), "shop/web")
    };
    ask().unwrap();
    // A store that asks for a login gets none either.
    store.on("/stored", [basic]);
    ask().unwrap_err();
    assert_eq!(store.count("/stored"), 2);
    assert!(store.seen().iter().all(|seen| seen.authorization.is_none()));
}

#[test]
fn logins_are_not_shown() {
    let server = Faulty::start();
    let folder = TempDir::new().unwrap();
    let basic = status(401, "www-authenticate: Basic realm=\"x\"");
    server.guard(PATH, &format!("Basic {AUTH}"), basic, ok(MANIFEST));
    let client = client(login(
        &folder,
        &server.host(),
        &format!(r#"{{"auth": "{AUTH}"}}"#),
    ));
    ask(&client, &server.host(), "shop/web").unwrap();
    let shown = format!("{client:?}");
    assert!(
        !shown.contains("harbour") && !shown.contains(AUTH),
        "{shown}"
    );
}
