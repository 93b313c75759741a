//! containerd's `hosts.toml`: the mirrors of a registry, in the order in which they are asked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::settings_file;

/// The largest file that is read.
const LARGEST: usize = 256 * 1024;

/// What a registry's file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mirrors {
    /// Where the registry itself is, if not at its own name.
    pub(crate) server: Option<Host>,
    /// The mirrors, in order.
    pub(crate) mirrors: Vec<Host>,
}

/// A host that is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Host {
    /// Its address, as written.
    pub(crate) address: String,
    /// It tells what a tag means.
    pub(crate) resolves: bool,
    /// It has what a digest names.
    pub(crate) pulls: bool,
    /// Authorities for it.
    pub(crate) authorities: Vec<PathBuf>,
    /// A client certificate and its key.
    pub(crate) client: Option<(PathBuf, PathBuf)>,
    /// Any certificate will do.
    pub(crate) trust_all: bool,
    /// Its address is the whole prefix: no `/v2` follows.
    pub(crate) whole_path: bool,
    /// What is added to every request to it.
    pub(crate) headers: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct File {
    server: Option<String>,
    #[serde(flatten)]
    own: Settings,
    #[serde(default)]
    host: BTreeMap<Spanned<String>, Settings>,
}

#[derive(Default, Deserialize)]
struct Settings {
    capabilities: Option<Vec<String>>,
    ca: Option<OneOrMore<PathBuf>>,
    client: Option<Client>,
    #[serde(default)]
    skip_verify: bool,
    #[serde(default)]
    override_path: bool,
    #[serde(default)]
    header: BTreeMap<String, OneOrMore<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    fn all(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Client {
    Together(PathBuf),
    More(Vec<Pair>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Pair {
    Together(PathBuf),
    Apart(PathBuf, PathBuf),
}

impl Pair {
    fn paths(self) -> (PathBuf, PathBuf) {
        match self {
            Self::Together(path) => (path.clone(), path),
            Self::Apart(certificate, key) => (certificate, key),
        }
    }
}

/// The file of a registry below the first of these folders that has one, `_default` after all others.
pub(crate) fn of(registry: &str, folders: &[PathBuf]) -> Result<Option<Mirrors>, String> {
    let names = folder_names(registry);
    for folder in folders {
        for name in names.iter().map(String::as_str).chain(["_default"]) {
            let path = folder.join(name).join("hosts.toml");
            let read = settings_file::read(&path, LARGEST);
            let Some(text) = read.map_err(|error| format!("{}: {error}", path.display()))? else {
                continue;
            };
            let base = path.parent().unwrap_or(folder);
            return parse(&text, base)
                .map(Some)
                .map_err(|reason| format!("{}{reason}", path.display()));
        }
    }
    Ok(None)
}

/// How folders are named for a registry: Windows takes no colon.
pub(crate) fn folder_names(registry: &str) -> Vec<String> {
    // A name of one dot or two, or with a separator, is no folder of a registry.
    if registry.starts_with('.') || registry.contains(['/', '\\']) {
        return Vec::new();
    }
    let mut names = vec![registry.to_owned()];
    if let Some((host, port)) = registry.rsplit_once(':') {
        names.push(format!("{host}_{port}_"));
    }
    names
}

pub(crate) fn parse(text: &[u8], base: &Path) -> Result<Mirrors, String> {
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.len() <= LARGEST)
        .ok_or(": it is no text of at most 256 KiB")?;
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        let message = error.message().lines().next().unwrap_or_default();
        format!(":{line}: it is no hosts.toml: {message}")
    })?;
    let mut mirrors: Vec<(usize, Host)> = file
        .host
        .into_iter()
        .map(|(address, settings)| {
            let at = address.span().start;
            (at, settings.host(address.into_inner(), base))
        })
        .collect();
    mirrors.sort_by_key(|(at, _)| *at);
    Ok(Mirrors {
        server: file.server.map(|server| file.own.host(server, base)),
        mirrors: mirrors.into_iter().map(|(_, host)| host).collect(),
    })
}

impl Settings {
    fn host(self, address: String, base: &Path) -> Host {
        let able = |what: &str| {
            let all = self.capabilities.as_ref();
            all.is_none_or(|all| all.iter().any(|one| one == what))
        };
        let (resolves, pulls) = (able("resolve"), able("pull"));
        let authorities = self.ca.map(OneOrMore::all).unwrap_or_default();
        let headers = self.header.into_iter();
        let headers = headers
            .flat_map(|(name, values)| {
                values
                    .all()
                    .into_iter()
                    .map(move |value| (name.clone(), value))
            })
            .collect();
        let client = match self.client {
            None => None,
            Some(Client::Together(path)) => Some(Pair::Together(path).paths()),
            Some(Client::More(pairs)) => pairs.into_iter().next().map(Pair::paths),
        };
        Host {
            address,
            resolves,
            pulls,
            authorities: authorities.iter().map(|path| base.join(path)).collect(),
            client: client.map(|(certificate, key)| (base.join(certificate), base.join(key))),
            trust_all: self.skip_verify,
            whole_path: self.override_path,
            headers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Mirrors {
        parse(text.as_bytes(), Path::new("/d")).unwrap()
    }

    #[test]
    fn mirrors_in_the_order_of_the_file() {
        let mirrors = read(concat!(
            "server = \"https://registry-1.docker.io\"\n",
            "[host.\"https://z.example\"]\n  capabilities = [\"pull\"]\n  ca = \"z.crt\"\n",
            "[host.\"http://a.example:5000/prefix\"]\n  override_path = true\n  skip_verify = true\n",
            "  ca = [\"/abs/a.crt\", \"b.crt\"]\n  client = [[\"c.cert\", \"c.key\"], [\"d.cert\", \"d.key\"]]\n",
            "[host.\"https://m.example\"]\n  client = \"both.pem\"\n  capabilities = [\"resolve\", \"push\"]\n",
            "  dial_timeout = \"1s\"\n  [host.\"https://m.example\".header]\n    x-custom = \"y\"\n    x-more = [\"1\", \"2\"]\n",
        ));
        assert_eq!(
            mirrors.server.unwrap().address,
            "https://registry-1.docker.io"
        );
        let host = |address: &str| Host {
            address: address.to_owned(),
            resolves: true,
            pulls: true,
            ..Host::default()
        };
        let wanted = [
            Host {
                resolves: false,
                authorities: vec!["/d/z.crt".into()],
                ..host("https://z.example")
            },
            Host {
                whole_path: true,
                trust_all: true,
                authorities: vec!["/abs/a.crt".into(), "/d/b.crt".into()],
                client: Some(("/d/c.cert".into(), "/d/c.key".into())),
                ..host("http://a.example:5000/prefix")
            },
            Host {
                pulls: false,
                client: Some(("/d/both.pem".into(), "/d/both.pem".into())),
                headers: [("x-custom", "y"), ("x-more", "1"), ("x-more", "2")]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .to_vec(),
                ..host("https://m.example")
            },
        ];
        assert_eq!(mirrors.mirrors, wanted);
    }

    #[test]
    fn the_registry_alone_and_files_that_are_none() {
        assert_eq!(read(""), Mirrors::default());
        let server = read("server = \"https://r\"\nskip_verify = true\n")
            .server
            .unwrap();
        assert!(server.trust_all);
        for (text, wanted) in [
            ("server = \n", ":1: it is no hosts.toml"),
            ("\n\nserver = 5\n", ":3: it is no hosts.toml"),
            ("host = []", "it is no hosts.toml"),
            ("[host.\"x\"]\nca = 5", "it is no hosts.toml"),
        ] {
            let told = parse(text.as_bytes(), Path::new("/d")).unwrap_err();
            assert!(told.contains(wanted), "{text}: {told}");
        }
        assert!(parse(b"\xff", Path::new("/d")).is_err());
    }

    #[test]
    fn folders_of_a_registry() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, server: &str| {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            let text = format!("server = \"https://{server}\"");
            std::fs::write(folder.path().join(name).join("hosts.toml"), text).unwrap();
        };
        put("_default", "fallback");
        put("example.com_5000_", "own");
        let found = |registry: &str| {
            let folders = [folder.path().join("none"), folder.path().to_owned()];
            let mirrors = of(registry, &folders).unwrap();
            mirrors
                .and_then(|mirrors| mirrors.server)
                .map(|server| server.address)
        };
        assert_eq!(found("example.com:5000").as_deref(), Some("https://own"));
        assert_eq!(found("example.com").as_deref(), Some("https://fallback"));
        assert!(folder_names("..").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "(server|host|ca|client|capabilities|=|\\[|\\]|\"|\\.|\n| |x){0,40}") {
            let _ = parse(text.as_bytes(), Path::new("/d"));
        }
    }
}
