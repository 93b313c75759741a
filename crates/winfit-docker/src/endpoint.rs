//! Where the engine is, as the `docker` command finds it: an address that is given, `DOCKER_HOST`, a
//! context, else this machine's own.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::error::DockerError;

/// The largest file of settings that is read.
const LARGEST: u64 = 1024 * 1024;

/// Files for TLS with an engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Authorities in place of the system's.
    pub ca: Option<PathBuf>,
    /// The certificate of who asks, and its key.
    pub client: Option<(PathBuf, PathBuf)>,
    /// Any certificate will do: the user's own settings say so.
    pub trust_all: bool,
}

/// How an engine is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A socket.
    Unix(PathBuf),
    /// A named pipe of Windows: `\\.\pipe\docker_engine`.
    Pipe(String),
    /// TCP, with TLS where files for it are named.
    Tcp {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// None: plain HTTP.
        tls: Option<TlsFiles>,
    },
    /// `ssh HOST docker system dial-stdio`.
    Ssh {
        /// `USER@HOST`.
        destination: String,
        /// The port, where it is not the usual one.
        port: Option<u16>,
        /// The engine's socket there, where it is not the usual one.
        socket: Option<String>,
    },
}

/// An engine's address with the words that named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// As people write it: `unix:///var/run/docker.sock`.
    pub name: String,
    /// How it is reached.
    pub address: Address,
}

/// What of the environment and of the user's files tells where the engine is.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `DOCKER_HOST`.
    pub host: Option<String>,
    /// `DOCKER_CONTEXT`.
    pub context: Option<String>,
    /// `DOCKER_TLS_VERIFY`: the engine's certificate is checked.
    pub tls_verify: bool,
    /// `DOCKER_TLS`: TLS without a check.
    pub tls: bool,
    /// `DOCKER_CERT_PATH`, else the folder of the settings.
    pub certificates: Option<PathBuf>,
    /// The folder of `config.json` and of the contexts.
    pub folder: Option<PathBuf>,
}

impl Settings {
    /// Those of the user who runs this.
    pub fn of_user() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let home = text(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
        let folder = text("DOCKER_CONFIG")
            .map(PathBuf::from)
            .or_else(|| home.map(|home| Path::new(&home).join(".docker")));
        Self {
            host: text("DOCKER_HOST"),
            context: text("DOCKER_CONTEXT"),
            tls_verify: text("DOCKER_TLS_VERIFY").is_some(),
            tls: text("DOCKER_TLS").is_some(),
            certificates: text("DOCKER_CERT_PATH")
                .map(PathBuf::from)
                .or_else(|| folder.clone()),
            folder,
        }
    }

    /// Where the engine is: at `host`, of the context `context`, else as the environment and the current
    /// context say.
    pub fn endpoint(
        &self,
        host: Option<&str>,
        context: Option<&str>,
    ) -> Result<Endpoint, DockerError> {
        if let Some(host) = host {
            return self.of_host(host);
        }
        if let Some(context) = context {
            return self.of_context(context);
        }
        if let Some(host) = &self.host {
            return self.of_host(host);
        }
        match self
            .context
            .clone()
            .map_or_else(|| self.current_context(), |name| Ok(Some(name)))?
        {
            Some(name) => self.of_context(&name),
            None => self.of_host(self.own()),
        }
    }

    /// Whether the environment asks for TLS.
    fn wants_tls(&self) -> bool {
        self.tls_verify || self.tls
    }

    /// The engine that is asked where nothing names one.
    fn own(&self) -> &'static str {
        if self.wants_tls() {
            "tcp://localhost:2376"
        } else {
            own()
        }
    }

    fn of_host(&self, host: &str) -> Result<Endpoint, DockerError> {
        let tls = self.wants_tls().then(|| {
            let file = |name: &str| {
                let path = self.certificates.as_ref()?.join(name);
                path.is_file().then_some(path)
            };
            TlsFiles {
                ca: file("ca.pem"),
                client: file("cert.pem").zip(file("key.pem")),
                trust_all: !self.tls_verify,
            }
        });
        let endpoint = parse(host, tls)?;
        // docker wants the file too: by the system's own authorities it checks in contexts alone.
        if let Address::Tcp { tls: Some(tls), .. } = &endpoint.address
            && self.tls_verify
            && tls.ca.is_none()
        {
            let folder = self.certificates.clone().unwrap_or_default();
            return Err(DockerError::Settings(format!(
                "DOCKER_TLS_VERIFY wants {}, the certificate of the authority that signed the engine's; put it there, or name another folder with DOCKER_CERT_PATH",
                folder.join("ca.pem").display()
            )));
        }
        Ok(endpoint)
    }

    fn current_context(&self) -> Result<Option<String>, DockerError> {
        #[derive(Deserialize)]
        struct Config {
            #[serde(rename = "currentContext", default)]
            current_context: String,
        }
        let Some(path) = self
            .folder
            .as_ref()
            .map(|folder| folder.join("config.json"))
        else {
            return Ok(None);
        };
        let Some(config) = read::<Config>(&path)? else {
            return Ok(None);
        };
        Ok(Some(config.current_context).filter(|name| !name.is_empty()))
    }

    fn of_context(&self, name: &str) -> Result<Endpoint, DockerError> {
        if name == "default" {
            return self.of_host(self.host.as_deref().unwrap_or(self.own()));
        }
        let unknown = || {
            DockerError::Settings(format!(
                "there is no Docker context {name:?}; docker context ls shows those that are"
            ))
        };
        let contexts = self.folder.as_ref().ok_or_else(unknown)?.join("contexts");
        // The folder's name is the digest of the context's.
        let id = hex(&Sha256::digest(name.as_bytes()));
        let path = contexts.join("meta").join(&id).join("meta.json");
        let context: Context = read(&path)?.ok_or_else(unknown)?;
        let endpoint = context.endpoints.docker.ok_or_else(|| {
            DockerError::Settings(format!("the Docker context {name:?} names no engine"))
        })?;
        let folder = contexts.join("tls").join(&id).join("docker");
        let file = |name: &str| {
            let path = folder.join(name);
            path.is_file().then_some(path)
        };
        let (ca, client) = (file("ca.pem"), file("cert.pem").zip(file("key.pem")));
        let tls =
            (ca.is_some() || client.is_some() || endpoint.skip_tls_verify).then_some(TlsFiles {
                ca,
                client,
                trust_all: endpoint.skip_tls_verify,
            });
        parse(&endpoint.host, tls)
    }
}

/// A context's `meta.json`.
#[derive(Deserialize)]
struct Context {
    #[serde(rename = "Endpoints")]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Option<ContextEndpoint>,
}

#[derive(Deserialize)]
struct ContextEndpoint {
    #[serde(rename = "Host")]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

/// The socket of this machine's own engine.
fn own() -> &'static str {
    if cfg!(windows) {
        "npipe:////./pipe/docker_engine"
    } else {
        "unix:///var/run/docker.sock"
    }
}

/// Reads an address as `docker -H` does.
fn parse(text: &str, tls: Option<TlsFiles>) -> Result<Endpoint, DockerError> {
    let text = text.trim();
    // A login has no business in an address, and is not shown.
    let shown = text
        .split_once("://")
        .filter(|(scheme, _)| *scheme != "ssh")
        .and_then(|(scheme, rest)| Some(format!("{scheme}://{}", rest.rsplit_once('@')?.1)))
        .unwrap_or_else(|| text.to_owned());
    let wrong = || {
        DockerError::Settings(format!(
            "{shown:?} is no engine's address; one is unix:///var/run/docker.sock, npipe:////./pipe/docker_engine, tcp://HOST:2376 or ssh://USER@HOST"
        ))
    };
    let endpoint = |address| Endpoint {
        name: shown.clone(),
        address,
    };
    let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
    match scheme {
        "unix" if !rest.is_empty() => Ok(endpoint(Address::Unix(PathBuf::from(rest)))),
        "npipe" if !rest.is_empty() => Ok(endpoint(Address::Pipe(rest.replace('/', "\\")))),
        "tcp" | "http" | "https" => {
            let tls = match scheme {
                "https" => Some(tls.unwrap_or_default()),
                _ => tls,
            };
            let usual = if tls.is_some() { 2376 } else { 2375 };
            let authority = rest.trim_end_matches('/');
            let (host, port) = host_and_port(authority).ok_or_else(wrong)?;
            Ok(endpoint(Address::Tcp {
                host,
                port: port.unwrap_or(usual),
                tls,
            }))
        }
        "ssh" => {
            let (authority, socket) = match rest.split_once('/') {
                Some((authority, path)) if !path.is_empty() => {
                    (authority, Some(format!("/{path}")))
                }
                _ => (rest.trim_end_matches('/'), None),
            };
            let (user, host) = match authority.rsplit_once('@') {
                Some((user, host)) => (Some(user), host),
                None => (None, authority),
            };
            let (host, port) = host_and_port(host).ok_or_else(wrong)?;
            // What begins with a dash is an option to ssh.
            if host.starts_with('-')
                || user.is_some_and(|user| user.starts_with('-') || user.contains(':'))
            {
                return Err(wrong());
            }
            let destination = match user {
                Some(user) => format!("{user}@{host}"),
                None => host,
            };
            Ok(endpoint(Address::Ssh {
                destination,
                port,
                socket,
            }))
        }
        _ => Err(wrong()),
    }
}

fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    if host.is_empty() || !host.chars().all(fine) {
        return None;
    }
    let port = match port {
        Some(port) => Some(port.parse().ok()?),
        None => None,
    };
    Some((host.to_owned(), port))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a file of JSON; none: it is not there.
fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>, DockerError> {
    let trouble = |reason: String| DockerError::Settings(format!("{}: {reason}", path.display()));
    let size = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(trouble(error.to_string())),
    };
    if size > LARGEST {
        return Err(trouble("it is larger than 1 MiB".to_owned()));
    }
    let bytes = fs::read(path).map_err(|error| trouble(error.to_string()))?;
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| trouble(format!("it cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Result<Address, String> {
        parse(text, None)
            .map(|endpoint| endpoint.address)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_as_docker_writes_them() {
        let tcp = |host: &str, port| Address::Tcp {
            host: host.to_owned(),
            port,
            tls: None,
        };
        let ssh = |destination: &str, port, socket: Option<&str>| Address::Ssh {
            destination: destination.to_owned(),
            port,
            socket: socket.map(str::to_owned),
        };
        for (text, wanted) in [
            (
                "unix:///var/run/docker.sock",
                Address::Unix("/var/run/docker.sock".into()),
            ),
            (
                "npipe:////./pipe/docker_engine",
                Address::Pipe(r"\\.\pipe\docker_engine".to_owned()),
            ),
            ("tcp://10.0.0.7:2375", tcp("10.0.0.7", 2375)),
            ("tcp://win-a", tcp("win-a", 2375)),
            ("tcp://[::1]:2375/", tcp("::1", 2375)),
            ("http://win-a:80", tcp("win-a", 80)),
            ("ssh://win-a", ssh("win-a", None, None)),
            ("ssh://me@win-a:2222", ssh("me@win-a", Some(2222), None)),
            (
                "ssh://me@win-a/run/user/1000/docker.sock",
                ssh("me@win-a", None, Some("/run/user/1000/docker.sock")),
            ),
        ] {
            assert_eq!(address(text), Ok(wanted), "{text}");
        }
        for text in [
            "",
            "win-a:2375",
            "tcp://",
            "tcp://a b",
            "tcp://a:99999",
            "ftp://a",
            "ssh://-oProxyCommand=x",
            "ssh://-l@a",
            "unix://",
        ] {
            assert!(
                address(text)
                    .unwrap_err()
                    .contains("is no engine's address"),
                "{text}"
            );
        }
        let told = address("tcp://user:secret@a b").unwrap_err();
        assert!(!told.contains("secret"), "{told}");
    }

    #[test]
    fn what_is_given_goes_before_the_environment_and_that_before_contexts() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let id = hex(&Sha256::digest(b"lab"));
        put("config.json", r#"{"currentContext": "lab"}"#);
        put(
            &format!("contexts/meta/{id}/meta.json"),
            r#"{"Name": "lab", "Metadata": {}, "Endpoints": {"docker": {"Host": "tcp://lab:2376", "SkipTLSVerify": false}}}"#,
        );
        put(&format!("contexts/tls/{id}/docker/ca.pem"), "");
        let mut settings = Settings {
            folder: Some(folder.path().to_owned()),
            ..Settings::default()
        };
        let name = |settings: &Settings, host, context| {
            settings
                .endpoint(host, context)
                .map(|endpoint| endpoint.name)
        };
        assert_eq!(name(&settings, None, None).as_deref(), Ok("tcp://lab:2376"));
        let Address::Tcp { tls: Some(tls), .. } = settings.endpoint(None, None).unwrap().address
        else {
            panic!("no TLS");
        };
        assert!(tls.ca.is_some() && tls.client.is_none() && !tls.trust_all);
        settings.host = Some("tcp://env:2375".to_owned());
        assert_eq!(name(&settings, None, None).as_deref(), Ok("tcp://env:2375"));
        assert_eq!(
            name(&settings, None, Some("lab")).as_deref(),
            Ok("tcp://lab:2376")
        );
        assert_eq!(
            name(&settings, None, Some("default")).as_deref(),
            Ok("tcp://env:2375")
        );
        assert_eq!(
            name(&settings, Some("unix:///x"), Some("lab")).as_deref(),
            Ok("unix:///x")
        );
        let told = settings
            .endpoint(None, Some("none"))
            .unwrap_err()
            .to_string();
        assert!(told.contains("no Docker context \"none\""), "{told}");
        settings.host = None;
        settings.context = Some("default".to_owned());
        assert_eq!(name(&settings, None, None).as_deref(), Ok(own()));
        put("config.json", "{");
        settings.context = None;
        assert!(settings.endpoint(None, None).is_err());
    }

    #[test]
    fn tls_as_the_environment_asks_for_it() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ca.pem", "cert.pem", "key.pem"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let of = |verify, tls| {
            let settings = Settings {
                host: Some("tcp://win-a".to_owned()),
                tls_verify: verify,
                tls,
                certificates: Some(folder.path().to_owned()),
                ..Settings::default()
            };
            match settings.endpoint(None, None).unwrap().address {
                Address::Tcp { port, tls, .. } => (port, tls),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(of(false, false), (2375, None));
        let (port, files) = of(true, false);
        let files = files.unwrap();
        assert_eq!(port, 2376);
        assert!(files.ca.is_some() && files.client.is_some() && !files.trust_all);
        assert!(of(false, true).1.unwrap().trust_all);
        // Where no host is named.
        let mut settings = Settings {
            tls_verify: true,
            certificates: Some(folder.path().to_owned()),
            ..Settings::default()
        };
        let found = settings.endpoint(None, None).unwrap();
        assert_eq!(found.name, "tcp://localhost:2376");
        // Sockets know no TLS, and want no files.
        settings.certificates = None;
        assert!(settings.endpoint(Some("unix:///x"), None).is_ok());
        let told = settings.endpoint(None, None).unwrap_err().to_string();
        assert!(told.contains("ca.pem"), "{told}");
    }
}
