//! Registries over TLS, whom they trust and who trusts them; and mirrors.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use winfit_core::reference::Reference;
use winfit_registry::client::Document;
use winfit_registry::digest::Digest;
use winfit_registry::inspect::inspect;
use winfit_registry::{Client, Options, RegistryError};

use crate::support::authority::Authority;
use crate::support::faulty::{Faulty, Reply, ok, status};
use crate::support::images::Repository;
use crate::support::registry::{Registry, installed};
use crate::support::{block_on, options};

const PATH: &str = "/v2/shop/web/manifests/1";

fn ask(host: &str, options: Options) -> Result<Document, RegistryError> {
    let reference = Reference::parse(&format!("{host}/shop/web:1")).unwrap();
    block_on(Client::new(options).manifest(&reference))
}

/// A registry over TLS with an image; `more` are further lines of its `tls`.
fn secured(authority: &Authority, names: &[&str], more: &str) -> Registry {
    let (certificate, key) = authority.server(names);
    let tls = format!(
        "  tls: {{certificate: {}, key: {}{more}}}\n",
        certificate.display(),
        key.display()
    );
    let registry = Registry::with(&tls, "");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (certificate, key) = authority.client();
    let mut identity = fs::read(certificate).unwrap();
    identity.extend(fs::read(key).unwrap());
    let http = reqwest::Client::builder()
        .no_proxy()
        .identity(reqwest::Identity::from_pem(&identity).unwrap())
        .tls_danger_accept_invalid_certs(true)
        .build()
        .unwrap();
    let repository = Repository::new(&registry.host(), "shop/web").over_tls(http);
    repository.windows(Some("1"), "10.0.20348.2340");
    registry
}

fn trusting(authority: &Authority) -> Options {
    Options {
        authorities: vec![authority.file()],
        ..options()
    }
}

/// A folder with a folder for a host.
fn folder_for(host: &str) -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let own = folder.path().join(host);
    fs::create_dir(&own).unwrap();
    (folder, own)
}

fn witness(host: &str, certificates: &Path) {
    let output = Command::new("skopeo")
        .args(["inspect", "--raw", "--cert-dir"])
        .arg(certificates)
        .arg(format!("docker://{host}/shop/web:1"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn an_authority_of_ones_own() {
    if !installed() {
        return;
    }
    let authority = Authority::new();
    let registry = secured(&authority, &["127.0.0.1"], "");
    let host = registry.host();
    ask(&host, trusting(&authority)).unwrap();
    // As Docker keeps it.
    let (folder, own) = folder_for(&host);
    fs::copy(authority.file(), own.join("ca.crt")).unwrap();
    let mut by_folder = options();
    by_folder.search.certificates.push(folder.path().to_owned());
    ask(&host, by_folder).unwrap();
    witness(&host, &own);

    let told = ask(&host, options()).unwrap_err();
    assert_eq!(
        told.to_string(),
        format!(
            "{host}: its certificate is not trusted, nobody known has signed it; if the registry is your own, name the authority that signed it: --ca FILE"
        )
    );
    let plain = Options {
        plain_http: vec![host.clone()],
        ..trusting(&authority)
    };
    let told = ask(&host, plain).unwrap_err();
    assert!(matches!(told, RegistryError::NotPlainHttp { .. }), "{told}");
}

#[test]
fn a_certificate_for_another_host() {
    if !installed() {
        return;
    }
    let authority = Authority::new();
    let registry = secured(&authority, &["registry.example"], "");
    let told = ask(&registry.host(), trusting(&authority)).unwrap_err();
    assert!(
        told.to_string().contains("it is for another host"),
        "{told}"
    );
}

#[test]
fn a_file_that_is_no_authority() {
    let folder = TempDir::new().unwrap();
    for (name, text, wanted) in [
        ("none", None, "there is no such file"),
        ("empty", Some(""), "no certificate"),
        ("text", Some("hello"), "no certificate"),
    ] {
        let path = folder.path().join(name);
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let options = Options {
            authorities: vec![path],
            ..options()
        };
        let told = ask("registry.that-is-nowhere.test", options).unwrap_err();
        assert!(matches!(told, RegistryError::Settings(_)), "{told}");
        assert!(told.to_string().contains(wanted), "{told}");
    }
}

#[test]
fn client_certificates() {
    if !installed() {
        return;
    }
    let authority = Authority::new();
    let more = format!(", clientcas: [{}]", authority.file().display());
    let registry = secured(&authority, &["127.0.0.1"], &more);
    let host = registry.host();
    let (folder, own) = folder_for(&host);
    let (certificate, key) = authority.client();
    fs::copy(authority.file(), own.join("ca.crt")).unwrap();
    fs::copy(certificate, own.join("client.cert")).unwrap();
    fs::copy(key, own.join("client.key")).unwrap();
    let mut by_folder = options();
    by_folder.search.certificates.push(folder.path().to_owned());
    ask(&host, by_folder).unwrap();
    witness(&host, &own);

    let told = ask(&host, trusting(&authority)).unwrap_err();
    // By its own word, or where that was lost with the connection, by what it may mean.
    assert!(told.to_string().contains("client certificate"), "{told}");
}

fn with_mirrors(registry: &str, text: &str) -> (TempDir, Options) {
    let (folder, own) = folder_for(registry);
    fs::write(own.join("hosts.toml"), text).unwrap();
    let mut options = options();
    options.search.mirrors.push(folder.path().to_owned());
    (folder, options)
}

#[test]
fn a_mirror_over_tls_stands_in_for_a_registry_that_is_not_there() {
    if !installed() {
        return;
    }
    let authority = Authority::new();
    let registry = secured(&authority, &["127.0.0.1"], "");
    for setting in [
        format!("ca = \"{}\"", authority.file().display()),
        "skip_verify = true".to_owned(),
    ] {
        let text = format!("[host.\"https://{}\"]\n{setting}\n", registry.host());
        let (_folder, options) = with_mirrors("registry.that-is-nowhere.test", &text);
        ask("registry.that-is-nowhere.test", options).unwrap();
    }
}

#[test]
fn mirrors_in_turn_then_the_registry() {
    let (one, two, registry) = (Faulty::start(), Faulty::start(), Faulty::start());
    let text = format!(
        "[host.\"http://{}\"]\n[host.\"http://{}/hub\"]\n",
        one.host(),
        two.host()
    );
    let (_folder, options) = with_mirrors(&registry.host(), &text);
    let ask = || ask(&registry.host(), options.clone());
    registry.on(PATH, [ok(b"{}")]);
    // Neither has it, or one is in trouble: the next is asked, each once.
    one.on(PATH, [status(503, "")]);
    ask().unwrap();
    assert_eq!(
        (
            one.count(PATH),
            two.count(&format!("/hub{PATH}")),
            registry.count(PATH)
        ),
        (1, 1, 1)
    );
    assert!(
        one.seen()[0]
            .target
            .ends_with(&format!("?ns=127.0.0.1%3A{}", registry.port()))
    );
    two.on(&format!("/hub{PATH}"), [ok(b"{}")]);
    ask().unwrap();
    assert_eq!(registry.count(PATH), 1);
    // What the registry says is what is told.
    two.on(&format!("/hub{PATH}"), [Reply::Nothing]);
    registry.on(PATH, [status(404, "")]);
    assert!(matches!(ask(), Err(RegistryError::NotFound { .. })));
}

#[test]
fn a_mirror_that_hangs_leaves_time_for_the_registry() {
    let (mirror, registry) = (Faulty::start(), Faulty::start());
    let text = format!("[host.\"http://{}\"]\n", mirror.host());
    let (_folder, options) = with_mirrors(&registry.host(), &text);
    mirror.on(PATH, [Reply::Drip]);
    registry.on(PATH, [ok(b"{}")]);
    let short = Options {
        deadline: std::time::Duration::from_secs(2),
        ..options
    };
    ask(&registry.host(), short).unwrap();
}

#[test]
fn what_a_mirror_sends_for_a_digest_is_checked() {
    let (mirror, registry) = (Faulty::start(), Faulty::start());
    let text = format!("[host.\"http://{}\"]\n", mirror.host());
    let (_folder, options) = with_mirrors(&registry.host(), &text);
    let digest = Digest::of(b"{}");
    let path = format!("/v2/shop/web/manifests/{digest}");
    let named = format!("{}/shop/web@{digest}", registry.host());
    let reference = Reference::parse(&named).unwrap();
    let ask = || block_on(Client::new(options.clone()).manifest(&reference));
    // The right bytes of a mirror will do; for wrong ones the registry has the right ones.
    registry.on(&path, [ok(b"{}")]);
    for (sent, asked) in [(&b"{}"[..], 0), (b"{ }", 1), (b"", 2)] {
        mirror.on(&path, [ok(sent)]);
        assert_eq!(&*ask().unwrap().bytes, b"{}");
        assert_eq!(registry.count(&path), asked);
    }
    // The registry's own are the last word.
    registry.on(&path, [ok(b"x")]);
    let told = ask().unwrap_err().to_string();
    assert!(told.contains("does not have the digest"), "{told}");
}

#[test]
fn headers_of_a_mirror_go_to_it_and_nowhere_else() {
    let (mirror, elsewhere) = (Faulty::start(), Faulty::start());
    let text = format!(
        "[host.\"http://{0}\"]\n[host.\"http://{0}\".header]\nx-team = \"shop\"\nx-more = [\"1\"]\n",
        mirror.host()
    );
    let (_folder, options) = with_mirrors("registry.that-is-nowhere.test", &text);
    let to = format!("Location: http://{}/blob", elsewhere.host());
    mirror.on(PATH, [status(307, &to)]);
    elsewhere.on("/blob", [ok(b"{}")]);
    ask("registry.that-is-nowhere.test", options).unwrap();
    let sent = |server: &Faulty, name: &str| server.seen()[0].headers.get(name).cloned();
    assert_eq!(sent(&mirror, "x-team").as_deref(), Some("shop"));
    assert_eq!(sent(&mirror, "x-more").as_deref(), Some("1"));
    assert_eq!(sent(&elsewhere, "x-team"), None);
    for header in ["\"a b\" = \"x\"", "x = \"a\\nb\""] {
        let text = format!("[host.\"m.example\"]\n[host.\"m.example\".header]\n{header}\n");
        let (_folder, options) = with_mirrors("r.example", &text);
        let told = ask("r.example", options).unwrap_err().to_string();
        assert!(told.contains("is none that HTTP can carry"), "{told}");
    }
}

#[test]
fn a_mirror_that_hangs_costs_one_wait_a_run() {
    let (mirror, registry) = (Faulty::start(), Faulty::start());
    let text = format!("[host.\"http://{}\"]\n", mirror.host());
    let (_folder, options) = with_mirrors(&registry.host(), &text);
    let config = br#"{"os":"windows","architecture":"amd64","os.version":"10.0.20348.2461"}"#;
    let digest = Digest::of(config);
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"digest":"{digest}","size":{}}},"layers":[]}}"#,
        config.len()
    );
    let blob = format!("/v2/shop/web/blobs/{digest}");
    for (path, body) in [(PATH, manifest.as_bytes()), (blob.as_str(), &config[..])] {
        mirror.on(path, [Reply::Drip]);
        registry.on(path, [ok(body)]);
    }
    let client = Client::new(Options {
        deadline: std::time::Duration::from_secs(3),
        ..options
    });
    let reference = Reference::parse(&format!("{}/shop/web:1", registry.host())).unwrap();
    // Half of the time goes to the first request; the second one is not tried there.
    let report = block_on(inspect(&client, &reference)).unwrap();
    assert_eq!(report.children[0].os_version(), Some("10.0.20348.2461"));
    assert_eq!((mirror.count(PATH), mirror.count(&blob)), (1, 0));
}

#[test]
fn the_registrys_login_is_not_the_mirrors() {
    let (mirror, registry) = (Faulty::start(), Faulty::start());
    let text = format!("[host.\"http://{}\"]\n", mirror.host());
    let (folder, mut options) = with_mirrors(&registry.host(), &text);
    let logins = folder.path().join("config.json");
    fs::write(
        &logins,
        format!(
            r#"{{"auths": {{"{}": {{"auth": "YTpi"}}}}}}"#,
            registry.host()
        ),
    )
    .unwrap();
    options.search.auth_files.push(logins);
    let basic = status(401, "www-authenticate: Basic realm=\"x\"");
    mirror.on(PATH, [basic.clone()]);
    registry.guard(PATH, "Basic YTpi", basic, ok(b"{}"));
    ask(&registry.host(), options).unwrap();
    assert!(
        mirror
            .seen()
            .iter()
            .all(|seen| seen.authorization.is_none())
    );
}

#[test]
fn a_hosts_toml_that_cannot_be_read_is_told_with_its_line() {
    let (_folder, options) = with_mirrors("example.com", "\nserver = 5\n");
    let told = ask("example.com", options).unwrap_err().to_string();
    assert!(told.contains("hosts.toml:2: it is no hosts.toml"), "{told}");
}
