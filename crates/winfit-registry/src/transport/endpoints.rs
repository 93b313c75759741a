//! Where to send what a reference asks for: its mirrors, then the registry itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::clients::{Connection, Tls};
use super::hosts_toml::{self, Host, folder_names};
use crate::client::Options;
use crate::error::RegistryError;
use crate::place::Place;

/// A host that speaks the registry's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// What logins go by: `docker.io`, `localhost:5000`.
    pub(crate) name: String,
    /// The address before `/REPOSITORY/`.
    pub(crate) base: Url,
    /// Whom it is trusted by.
    pub(crate) tls: Tls,
    /// It stands in for the registry.
    pub(crate) mirror: bool,
    /// What its settings add to every request.
    pub(crate) headers: HeaderMap,
    /// A host of this machine, which may speak TLS or not: nobody said.
    pub(crate) either: bool,
    resolves: bool,
    pulls: bool,
}

impl Endpoint {
    /// Whether a mirror is asked for this; it takes nothing.
    pub(crate) fn serves(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Tag => self.resolves,
            Purpose::Digest => self.pulls,
            Purpose::Push => false,
        }
    }
}

/// Who is asked for a registry's repositories.
#[derive(Debug)]
pub(crate) struct Chain {
    /// First these, in order.
    pub(crate) mirrors: Vec<Endpoint>,
    /// Then the registry itself.
    pub(crate) registry: Endpoint,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// What a tag means.
    Tag,
    /// What a digest names.
    Digest,
    /// To put something there.
    Push,
}

/// Finds endpoints, each registry's once.
#[derive(Debug)]
pub(crate) struct Endpoints {
    plain: Vec<String>,
    authorities: Vec<PathBuf>,
    certificates: Vec<PathBuf>,
    mirrors: Vec<PathBuf>,
    found: Mutex<HashMap<String, Found>>,
}

type Found = Result<Arc<Chain>, RegistryError>;

impl Endpoints {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            plain: options.plain_http.clone(),
            authorities: options.authorities.clone(),
            certificates: options.search.certificates.clone(),
            mirrors: options.search.mirrors.clone(),
            found: Mutex::default(),
        }
    }

    /// Who is asked for a place.
    pub(crate) fn of(&self, place: &Place) -> Found {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = found.entry(place.registry.clone());
        slot.or_insert_with(|| self.find(place).map(Arc::new))
            .clone()
    }

    /// How to connect to any address: that of a redirect, or of a token service.
    pub(crate) fn connection(&self, url: &Url) -> Connection {
        let host = authority(url);
        let tls = (url.scheme() == "https").then(|| self.tls(&host));
        Connection {
            tls,
            loopback: is_loopback(&host),
        }
    }

    fn find(&self, place: &Place) -> Result<Chain, RegistryError> {
        let file = hosts_toml::of(&place.registry, &self.mirrors)
            .map_err(RegistryError::Settings)?
            .unwrap_or_default();
        let mirrors = file.mirrors.iter();
        Ok(Chain {
            mirrors: mirrors
                .map(|host| self.configured(host, None))
                .collect::<Result<_, _>>()?,
            registry: match &file.server {
                Some(host) => self.configured(host, Some(&place.registry))?,
                None => self.registry(place)?,
            },
        })
    }

    /// The registry at its own name.
    fn registry(&self, place: &Place) -> Result<Endpoint, RegistryError> {
        let host = place.api_host();
        let named = self
            .plain
            .iter()
            .any(|plain| plain.eq_ignore_ascii_case(&place.registry) || plain == host);
        let tls = self.tls(host);
        // Who has certificates for a host of this machine speaks TLS with it.
        let either = !named
            && is_loopback(host)
            && tls.authorities == self.authorities
            && tls.client.is_none();
        let scheme = if named || either { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{host}/v2")).map_err(|error| {
            RegistryError::Settings(format!("{host:?} is no registry's address: {error}"))
        })?;
        Ok(Endpoint {
            name: place.registry.clone(),
            base,
            tls,
            mirror: false,
            headers: HeaderMap::new(),
            either,
            resolves: true,
            pulls: true,
        })
    }

    /// A host that `hosts.toml` names, a mirror or `registry` itself. Logins go by its own name, or by
    /// that of the registry where it is the same host.
    fn configured(&self, host: &Host, registry: Option<&str>) -> Result<Endpoint, RegistryError> {
        let address = &host.address;
        let whole = if address.contains("://") {
            address.clone()
        } else if is_loopback(address.split('/').next().unwrap_or_default()) {
            format!("http://{address}")
        } else {
            format!("https://{address}")
        };
        let mut base = Url::parse(&whole)
            .ok()
            .filter(|url| {
                let login = !url.username().is_empty() || url.password().is_some();
                matches!(url.scheme(), "http" | "https") && url.has_host() && !login
            })
            .ok_or_else(|| {
                // What stands before an @ is a login.
                let shown = address.rsplit('@').next().unwrap_or_default();
                RegistryError::Settings(format!(
                    "hosts.toml: {shown:?} is no address of a registry, as https://HOST is; logins belong into config.json"
                ))
            })?;
        if !host.whole_path && !base.path().trim_end_matches('/').ends_with("/v2") {
            let path = format!("{}/v2", base.path().trim_end_matches('/'));
            base.set_path(&path);
        }
        let own = authority(&base);
        let mut tls = self.tls(&own);
        tls.authorities.extend(host.authorities.iter().cloned());
        if host.client.is_some() {
            tls.client.clone_from(&host.client);
        }
        tls.trust_all = host.trust_all;
        let name = match registry {
            // A server that is another host gets its own login, not the registry's.
            Some(registry) if registry == own || own == "registry-1.docker.io" => registry,
            _ => own.as_str(),
        };
        Ok(Endpoint {
            name: name.to_owned(),
            base,
            tls,
            mirror: registry.is_none(),
            headers: headers(host)?,
            either: false,
            resolves: host.resolves,
            pulls: host.pulls,
        })
    }

    /// The certificates for a host, as Docker keeps them: `*.crt` are authorities, a `*.cert` and a
    /// `*.key` of one name are who asks.
    fn tls(&self, host: &str) -> Tls {
        let mut tls = Tls {
            authorities: self.authorities.clone(),
            ..Tls::default()
        };
        let mut names = folder_names(host);
        if host == "registry-1.docker.io" {
            names.push("docker.io".to_owned());
        }
        for folder in &self.certificates {
            for name in &names {
                let Ok(entries) = std::fs::read_dir(folder.join(name)) else {
                    continue;
                };
                let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
                paths.sort();
                for path in paths {
                    let ends = |end: &str| path.extension().is_some_and(|other| other == end);
                    if ends("crt") {
                        tls.authorities.push(path);
                    } else if ends("cert") && tls.client.is_none() {
                        let key = path.with_extension("key");
                        tls.client = Some((path, key));
                    }
                }
            }
        }
        tls
    }
}

/// The headers that `hosts.toml` adds. They may be secrets, so their values are never told.
fn headers(host: &Host) -> Result<HeaderMap, RegistryError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &host.headers {
        let wrong = || {
            RegistryError::Settings(format!(
                "hosts.toml: the header {name:?} of {} is none that HTTP can carry",
                host.address.rsplit('@').next().unwrap_or_default()
            ))
        };
        let name: HeaderName = name.parse().map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

/// `HOST[:PORT]` of an address.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether a host, with or without a port, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let named =
        bare.eq_ignore_ascii_case("localhost") || bare.to_ascii_lowercase().ends_with(".localhost");
    named
        || bare
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine() {
        for host in [
            "localhost",
            "LOCALHOST:5000",
            "127.0.0.1:5000",
            "127.8.9.1",
            "[::1]:5000",
            "a.localhost",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.example.com",
            "127.0.0.1.example.com",
            "[::2]:5000",
            "10.0.0.1",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    fn shown(options: &Options, registry: &str) -> Vec<String> {
        let place = Place {
            registry: registry.to_owned(),
            repository: "x".to_owned(),
        };
        let chain = Endpoints::new(options).of(&place).unwrap();
        let all = chain.mirrors.iter().chain([&chain.registry]);
        all.map(|one| format!("{} {}", one.name, one.base))
            .collect()
    }

    #[test]
    fn plain_http_for_this_machine_or_when_named() {
        let options = Options {
            plain_http: vec!["lab.example:5000".to_owned()],
            search: crate::Search::nowhere(),
            ..Options::default()
        };
        for (registry, wanted) in [
            ("docker.io", "docker.io https://registry-1.docker.io/v2"),
            (
                "mcr.microsoft.com",
                "mcr.microsoft.com https://mcr.microsoft.com/v2",
            ),
            ("localhost:5000", "localhost:5000 http://localhost:5000/v2"),
            ("[::1]:5000", "[::1]:5000 http://[::1]:5000/v2"),
            (
                "lab.example:5000",
                "lab.example:5000 http://lab.example:5000/v2",
            ),
            ("lab.example", "lab.example https://lab.example/v2"),
        ] {
            assert_eq!(shown(&options, registry), [wanted]);
        }
    }

    #[test]
    fn mirrors_first_and_each_with_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("docker.io")).unwrap();
        let text = concat!(
            "server = \"https://registry-1.docker.io\"\n",
            "[host.\"https://z.example/hub\"]\n",
            "[host.\"a.example:5000/v2\"]\n",
            "[host.\"https://w.example/whole\"]\noverride_path = true\n",
        );
        std::fs::write(folder.path().join("docker.io/hosts.toml"), text).unwrap();
        let mut search = crate::Search::nowhere();
        search.mirrors.push(folder.path().to_owned());
        let options = Options {
            search,
            ..Options::default()
        };
        assert_eq!(
            shown(&options, "docker.io"),
            [
                "z.example https://z.example/hub/v2",
                "a.example:5000 https://a.example:5000/v2",
                "w.example https://w.example/whole",
                "docker.io https://registry-1.docker.io/v2",
            ]
        );
    }
}
