//! Registries that fail: what is asked again, what is told, and what never goes where.

use std::time::{Duration, Instant, SystemTime};

use winfit_core::reference::Reference;
use winfit_registry::client::Document;
use winfit_registry::digest::Digest;
use winfit_registry::inspect::inspect;
use winfit_registry::{Client, Options, RegistryError};

use crate::support::faulty::{Faulty, Reply, ok, status};
use crate::support::{block_on, options};

const PATH: &str = "/v2/shop/web/manifests/1";
const MANIFEST: &[u8] = br#"{"schemaVersion": 2}"#;

fn ask_with(host: &str, options: Options) -> Result<Document, RegistryError> {
    let reference = Reference::parse(&format!("{host}/shop/web:1")).unwrap();
    let client = Client::new(options);
    block_on(client.manifest(&reference))
}

fn ask(server: &Faulty) -> Result<Document, RegistryError> {
    ask_with(&server.host(), options())
}

fn told(server: &Faulty) -> String {
    ask(server).unwrap_err().to_string()
}

#[test]
fn what_passes_is_asked_again() {
    for fault in [
        status(500, ""),
        status(503, ""),
        status(502, ""),
        status(504, ""),
        status(429, ""),
        status(429, "retry-after: 0"),
        Reply::Truncated(b"{\"schema".to_vec(), 500),
        Reply::Nothing,
    ] {
        let server = Faulty::start();
        server.on(PATH, [fault.clone(), fault.clone(), ok(MANIFEST)]);
        let document = ask(&server).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(&*document.bytes, MANIFEST);
        assert_eq!(server.count(PATH), 3, "{fault:?}");
    }
}

#[test]
fn what_stays_is_asked_once() {
    for fault in [
        status(501, ""),
        status(400, ""),
        status(404, ""),
        status(401, ""),
    ] {
        let server = Faulty::start();
        server.on(PATH, [fault.clone()]);
        ask(&server).unwrap_err();
        assert_eq!(server.count(PATH), 1, "{fault:?}");
    }
}

#[test]
fn what_does_not_pass_is_told_after_some_attempts() {
    let server = Faulty::start();
    server.on(PATH, [status(503, "")]);
    assert_eq!(
        told(&server),
        format!(
            "{}/shop/web:1: the registry answers 503 Service Unavailable",
            server.host()
        )
    );
    assert_eq!(server.count(PATH), 5);
    let server = Faulty::start();
    server.on(PATH, [Reply::Truncated(b"{".to_vec(), 500)]);
    assert!(told(&server).contains("broke off"));
}

#[test]
fn it_waits_for_as_long_as_is_asked() {
    let in_two = || httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    for wait in [|| "1".to_owned(), in_two as fn() -> String] {
        let header = format!("retry-after: {}", wait());
        let server = Faulty::start();
        server.on(PATH, [status(429, &header), ok(MANIFEST)]);
        let begun = Instant::now();
        ask(&server).unwrap();
        assert!(begun.elapsed() > Duration::from_millis(900), "{header}");
    }
}

#[test]
fn it_does_not_wait_for_longer_than_there_is_time() {
    let server = Faulty::start();
    server.on(PATH, [status(429, "retry-after: 3600")]);
    let begun = Instant::now();
    assert_eq!(
        told(&server),
        format!(
            "{} takes no more requests now; it asks to wait 3600 seconds",
            server.host()
        )
    );
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_slow_drip_ends_with_the_deadline() {
    let server = Faulty::start();
    server.on(PATH, [Reply::Drip]);
    let short = Options {
        deadline: Duration::from_secs(1),
        ..options()
    };
    let begun = Instant::now();
    let told = ask_with(&server.host(), short).unwrap_err().to_string();
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(
        told,
        format!(
            "{host}/shop/web:1: not done within 1 seconds; winfit was waiting for {host} to answer",
            host = server.host()
        )
    );
}

#[test]
fn the_time_is_that_of_a_reference_with_its_children() {
    let server = Faulty::start();
    let config = br#"{"os":"windows","architecture":"amd64","os.version":"10.0.20348.2461"}"#;
    let config_digest = Digest::of(config);
    let child = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config_digest}","size":{}}},"layers":[]}}"#,
        config.len()
    );
    let child_digest = Digest::of(child.as_bytes());
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{child_digest}","size":{}}}]}}"#,
        child.len()
    );
    // Each comes in time; together they do not.
    let late = |bytes: &[u8]| [Reply::Late(Duration::from_millis(500), bytes.to_vec())];
    server.on(PATH, late(index.as_bytes()));
    server.on(
        &format!("/v2/shop/web/manifests/{child_digest}"),
        late(child.as_bytes()),
    );
    server.on(&format!("/v2/shop/web/blobs/{config_digest}"), late(config));
    let client = |deadline| {
        Client::new(Options {
            deadline,
            ..options()
        })
    };
    let reference = Reference::parse(&format!("{}/shop/web:1", server.host())).unwrap();
    let read = |deadline| block_on(inspect(&client(deadline), &reference)).unwrap();
    let report = read(Duration::from_secs(10));
    assert_eq!(report.children[0].os_version(), Some("10.0.20348.2461"));
    let begun = Instant::now();
    let report = read(Duration::from_millis(1200));
    assert!(begun.elapsed() < Duration::from_millis(1500));
    // What was learnt before stays, and the child says why it lacks a config.
    assert!(matches!(
        report.children[0].trouble,
        Some(RegistryError::Deadline { .. })
    ));
}

#[test]
fn a_wrong_digest_is_told() {
    let server = Faulty::start();
    let digest = Digest::of(b"something else");
    server.on(&format!("/v2/shop/web/manifests/{digest}"), [ok(MANIFEST)]);
    let reference = Reference::parse(&format!("{}/shop/web@{digest}", server.host())).unwrap();
    let client = Client::new(options());
    let told = block_on(client.manifest(&reference))
        .unwrap_err()
        .to_string();
    assert!(told.contains("does not have the digest"), "{told}");
}

#[test]
fn more_than_a_manifest_can_have_is_not_read() {
    let server = Faulty::start();
    let large = vec![b' '; 4 * 1024 * 1024 + 1];
    let raw: &'static [u8] = {
        // No length is told, and the body has no end.
        let mut raw = b"HTTP/1.1 200 X\r\n\r\n".to_vec();
        raw.extend(vec![b' '; 5 * 1024 * 1024]);
        raw.leak()
    };
    for fault in [
        ok(&large),
        Reply::Truncated(b"{".to_vec(), 1 << 40),
        Reply::Raw(raw),
    ] {
        server.on(PATH, [fault]);
        assert_eq!(
            told(&server),
            format!(
                "{} sends more than 4194304 bytes, which no such document has",
                server.host()
            )
        );
    }
}

#[test]
fn redirects_that_lead_nowhere() {
    let server = Faulty::start();
    for (location, wanted) in [
        (PATH, "goes round in a circle"),
        ("", "goes round in a circle"),
        ("ftp://example.com/x", "does not say where to"),
        ("http://", "does not say where to"),
    ] {
        server.on(PATH, [status(307, &format!("location: {location}"))]);
        let told = told(&server);
        assert!(told.contains(wanted), "{location}: {told}");
    }
    server.on(PATH, [status(302, "")]);
    assert!(told(&server).contains("does not say where to"));
    for hop in 0..9 {
        let to = format!("location: /hop/{}", hop + 1);
        server.on(&format!("/hop/{hop}"), [status(302, &to)]);
    }
    server.on(PATH, [status(302, "location: /hop/0")]);
    assert!(told(&server).contains("goes on after 5 redirects"));
    server.on("/hop/5", [ok(MANIFEST)]);
    assert!(told(&server).contains("goes on after 5 redirects"));
    server.on("/hop/4", [ok(MANIFEST)]);
    ask(&server).unwrap();
}

#[test]
fn garbage_is_told_as_such() {
    let server = Faulty::start();
    for garbage in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"\0\0\0\0",
    ] {
        server.on(PATH, [Reply::Raw(garbage)]);
        let told = told(&server);
        assert!(told.contains("does not speak"), "{told}");
    }
}

#[test]
fn nobody_there() {
    let port = crate::support::registry::free_port();
    let told = ask_with(&format!("127.0.0.1:{port}"), options()).unwrap_err();
    assert_eq!(
        told.to_string(),
        format!(
            "127.0.0.1:{port} cannot be reached: the connection is refused, nothing listens there"
        )
    );
    // Too long a name for any to be asked about.
    let host = format!("{}.test", "a".repeat(64));
    for plain_http in [Vec::new(), vec![host.clone()]] {
        let options = Options {
            plain_http,
            ..options()
        };
        let told = ask_with(&host, options).unwrap_err();
        assert!(matches!(told, RegistryError::UnknownHost { .. }), "{told}");
    }
}

#[test]
fn plain_http_where_tls_is_meant() {
    let server = Faulty::start();
    server.on(PATH, [ok(MANIFEST)]);
    // A file for the host that says https.
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join(server.host());
    std::fs::create_dir(&own).unwrap();
    std::fs::write(
        own.join("hosts.toml"),
        format!("server = \"https://{}\"", server.host()),
    )
    .unwrap();
    let mut options = options();
    options.search.mirrors.push(folder.path().to_owned());
    let told = ask_with(&server.host(), options).unwrap_err();
    assert!(matches!(told, RegistryError::PlainHttp { .. }), "{told}");
    assert!(told.to_string().contains("--plain-http"));
}

#[test]
fn what_a_registry_says_of_what_it_does_not_have() {
    let server = Faulty::start();
    let body =
        |code: &str| format!(r#"{{"errors":[{{"code":"{code}","message":"m"}}]}}"#).into_bytes();
    server.on(PATH, [Reply::Say(404, Vec::new(), body("NAME_UNKNOWN"))]);
    assert!(matches!(
        ask(&server),
        Err(RegistryError::NoRepository { .. })
    ));
    server.on(
        PATH,
        [Reply::Say(404, Vec::new(), body("MANIFEST_UNKNOWN"))],
    );
    assert!(matches!(ask(&server), Err(RegistryError::NotFound { .. })));
    server.on(PATH, [Reply::Say(400, Vec::new(), body("TAG_INVALID"))]);
    assert!(told(&server).ends_with("the registry answers 400 Bad Request (TAG_INVALID)"));
}

/// Asks for so many tags at the same time.
fn ask_together(
    server: &Faulty,
    client: &Client,
    tags: usize,
) -> Vec<Result<Document, RegistryError>> {
    block_on(async {
        let all: Vec<_> = (0..tags)
            .map(|tag| {
                let reference = format!("{}/shop/web:{tag}", server.host());
                let reference = Reference::parse(&reference).unwrap();
                let client = client.clone();
                tokio::spawn(async move { client.manifest(&reference).await })
            })
            .collect();
        let mut answers = Vec::new();
        for one in all {
            answers.push(one.await.unwrap());
        }
        answers
    })
}

fn manifest_path(tag: usize) -> String {
    format!("/v2/shop/web/manifests/{tag}")
}

#[test]
fn so_many_requests_at_a_time() {
    let server = Faulty::start();
    for tag in 0..20 {
        server.on(&manifest_path(tag), [ok(MANIFEST)]);
    }
    let client = Client::new(Options {
        per_host: 2,
        ..options()
    });
    let answers = ask_together(&server, &client, 20);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(server.most_at_once(), 2);
}

#[test]
fn queueing_for_a_host_takes_none_of_the_time() {
    let server = Faulty::start();
    for tag in 0..5 {
        let late = Reply::Late(Duration::from_millis(300), MANIFEST.to_vec());
        server.on(&manifest_path(tag), [late]);
    }
    let short = || {
        Client::new(Options {
            per_host: 1,
            deadline: Duration::from_secs(1),
            ..options()
        })
    };
    let begun = Instant::now();
    let answers = ask_together(&server, &short(), 5);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert!(begun.elapsed() > Duration::from_millis(1400));
    // Behind one that hangs, too, whose own time ends.
    server.on(&manifest_path(0), [Reply::Drip]);
    let answers = ask_together(&server, &short(), 2);
    assert!(matches!(answers[0], Err(RegistryError::Deadline { .. })));
    assert!(answers[1].is_ok(), "{answers:?}");
}
