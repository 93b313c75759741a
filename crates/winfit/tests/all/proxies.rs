//! Registries behind a proxy, as the environment names it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::sandbox::{Said, Winfit};
use crate::support::authority::Authority;
use crate::support::images::Repository;
use crate::support::registry::{Registry, free_port, installed};

/// A proxy that leads every host to one port of this machine. Its threads end with the test's process.
struct Proxy {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A request as the proxy got it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    /// `GET http://registry.test/v2/`, `CONNECT registry.test:443`.
    asked: String,
    /// The login for the proxy.
    login: Option<String>,
}

impl Proxy {
    /// `login`: what has to be shown.
    fn to(target: u16, login: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let seen = Arc::clone(&shared);
                // Whoever hangs up early has seen enough.
                thread::spawn(move || serve(client, target, login, &seen));
            }
        });
        Self { port, seen }
    }

    fn asked(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|seen| seen.asked.clone()).collect()
    }
}

fn serve(
    mut client: TcpStream,
    target: u16,
    login: Option<&str>,
    seen: &Mutex<Vec<Seen>>,
) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let (mut shown, mut rest) = (None, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line
            .to_ascii_lowercase()
            .strip_prefix("proxy-authorization: ")
        {
            Some(_) => shown = Some(line[21..].trim().to_owned()),
            None => rest.push_str(&line),
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut words = first.split(' ');
    let (method, address) = (words.next()?, words.next()?);
    seen.lock().unwrap().push(Seen {
        asked: format!("{method} {address}"),
        login: shown.clone(),
    });
    if login.is_some() && shown.as_deref() != login {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return client.write_all(refusal.as_bytes()).ok();
    }
    let mut server = TcpStream::connect(("127.0.0.1", target)).ok()?;
    if method == "CONNECT" {
        client
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .ok()?;
    } else {
        // One request a connection: the next one may be for another host.
        let path = address.splitn(4, '/').nth(3)?;
        let head = format!("{method} /{path} HTTP/1.1\r\nConnection: close\r\n{rest}");
        server.write_all(head.as_bytes()).ok()?;
    }
    let (mut from_client, mut to_server) = (reader, server.try_clone().ok()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let mut bytes = [0; 8192];
    loop {
        match server.read(&mut bytes).ok()? {
            0 => break,
            read => client.write_all(&bytes[..read]).ok()?,
        }
    }
    client.shutdown(Shutdown::Both).ok()
}

const IMAGE: &str = "registry.test/shop/web:1";

/// Reads the image with these variables, and no others that name a proxy.
fn inspect(winfit: &Winfit, variables: &[(&str, &str)], more: &[&str]) -> Said {
    let mut arguments = vec!["image", "inspect", IMAGE, "--timeout", "20"];
    arguments.extend(more);
    let mut command = winfit.command(&arguments);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name);
        command.env_remove(name.to_ascii_lowercase());
    }
    command.envs(variables.iter().copied());
    Said::of(command.output().unwrap())
}

fn port_of(registry: &Registry) -> u16 {
    let host = registry.host();
    host.rsplit(':').next().unwrap().parse().unwrap()
}

#[test]
fn plain_http_goes_through_the_proxy_that_is_named() {
    if !installed() {
        return;
    }
    let registry = Registry::start();
    Repository::new(&registry.host(), "shop/web").windows(Some("1"), "10.0.20348.2340");
    let proxy = Proxy::to(port_of(&registry), Some("Basic dXNlcjpzZWNyZXQ="));
    let named = format!("http://user:secret@127.0.0.1:{}", proxy.port);
    let plain = ["--plain-http", "registry.test"];
    let said = inspect(&Winfit::new(), &[("HTTP_PROXY", &named)], &plain);
    assert_eq!((said.exit, said.errors.as_str()), (0, ""), "{}", said.text);
    assert!(said.text.contains("10.0.20348.2340"), "{}", said.text);
    assert_eq!(
        proxy.asked()[0],
        "GET http://registry.test/v2/shop/web/manifests/1"
    );
    // Without the login, or with a wrong one.
    let secret = format!("http://user:wrong-secret@127.0.0.1:{}", proxy.port);
    let said = inspect(&Winfit::new(), &[("HTTP_PROXY", &secret)], &plain);
    assert_eq!(said.exit, 3);
    let expected = format!(
        "winfit: registry.test is asked through the proxy 127.0.0.1:{}, and it wants a login, as http://USER:PASSWORD@HOST has one; HTTPS_PROXY and HTTP_PROXY name proxies, NO_PROXY hosts that need none",
        proxy.port
    );
    assert_eq!(said.error_words(), expected);
    // A host that needs none: there is no such host, and the proxy hears nothing of it.
    let before = proxy.asked().len();
    let variables = [
        ("HTTP_PROXY", named.as_str()),
        ("NO_PROXY", "registry.test"),
    ];
    let said = inspect(&Winfit::new(), &variables, &plain);
    assert!(
        said.error_words()
            .contains("no host that this machine can find")
    );
    assert_eq!(proxy.asked().len(), before);
}

#[test]
fn tls_goes_through_a_tunnel() {
    if !installed() {
        return;
    }
    let authority = Authority::new();
    let (certificate, key) = authority.server(&["registry.test", "127.0.0.1"]);
    let tls = format!(
        "  tls: {{certificate: {}, key: {}}}\n",
        certificate.display(),
        key.display()
    );
    let registry = Registry::with(&tls, "");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_danger_accept_invalid_certs(true)
        .build()
        .unwrap();
    let repository = Repository::new(&registry.host(), "shop/web").over_tls(http);
    repository.windows(Some("1"), "10.0.20348.2340");
    let file = authority.file().display().to_string();
    for (login, named) in [(None, ""), (Some("Basic dXNlcjpzZWNyZXQ="), "user:secret@")] {
        let proxy = Proxy::to(port_of(&registry), login);
        let named = format!("http://{named}127.0.0.1:{}", proxy.port);
        let said = inspect(&Winfit::new(), &[("HTTPS_PROXY", &named)], &["--ca", &file]);
        assert_eq!((said.exit, said.errors.as_str()), (0, ""), "{}", said.text);
        assert!(said.text.contains("10.0.20348.2340"), "{}", said.text);
        // All that it learns is the host.
        let asked = proxy.asked();
        assert!(
            asked
                .iter()
                .all(|asked| asked == "CONNECT registry.test:443"),
            "{asked:?}"
        );
    }
    let proxy = Proxy::to(port_of(&registry), Some("Basic other"));
    let named = format!("http://user:secret@127.0.0.1:{}", proxy.port);
    let said = inspect(&Winfit::new(), &[("HTTPS_PROXY", &named)], &["--ca", &file]);
    assert!(
        said.error_words().contains("and it wants a login"),
        "{}",
        said.errors
    );
    assert!(!said.errors.contains("secret"), "{}", said.errors);
}

#[test]
fn a_proxy_that_is_not_there_is_what_is_told() {
    let nowhere = format!("127.0.0.1:{}", free_port());
    for (proxy, reason) in [
        (
            format!("http://user:secret@{nowhere}"),
            "the connection is refused",
        ),
        (
            format!("socks5h://{nowhere}"),
            "no connection to it comes about",
        ),
        (
            "http://proxy.that-is-nowhere.test:8080".to_owned(),
            "this machine finds no host of that name",
        ),
    ] {
        for scheme in [&["--plain-http", "registry.test"][..], &[]] {
            let said = inspect(&Winfit::new(), &[("ALL_PROXY", &proxy)], scheme);
            assert_eq!(said.exit, 3);
            let words = said.error_words();
            let host = proxy.rsplit(['@', '/']).next().unwrap();
            assert!(
                words.contains(&format!("through the proxy {host}, and {reason}")),
                "{proxy} {scheme:?}: {words}"
            );
            assert!(!words.contains("secret"), "{words}");
        }
    }
}
