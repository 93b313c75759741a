//! The tags of a repository: those of a real registry, and pages as others cut them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use winfit_registry::place::Place;
use winfit_registry::{Client, Options, RegistryError};

use crate::support::block_on;
use crate::support::images::Repository;
use crate::support::registry::Registry;

fn tags(host: &str, repository: &str) -> Result<Vec<String>, RegistryError> {
    let client = Client::new(Options::default());
    let place = Place {
        registry: host.to_owned(),
        repository: repository.to_owned(),
    };
    block_on(client.tags(&place))
}

#[test]
fn a_real_registry_lists_its_tags() {
    let registry = Registry::start();
    let repository = Repository::new(&registry.host(), "windows/servercore");
    for tag in ["ltsc2022", "10.0.20348.2340", "ltsc2022-KB5034770"] {
        repository.windows(Some(tag), "10.0.20348.2340");
    }
    let found = tags(&registry.host(), "windows/servercore").unwrap();
    assert_eq!(found, ["10.0.20348.2340", "ltsc2022", "ltsc2022-KB5034770"]);
    let missing = tags(&registry.host(), "windows/none").unwrap_err();
    assert!(
        matches!(missing, RegistryError::NoRepository { .. }),
        "{missing}"
    );
}

/// A server that answers each request by what stands behind its path; and the paths that were asked for.
fn scripted(
    answer: impl Fn(&str) -> (String, String) + Send + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let Some(Ok(first)) = lines.next() else {
                continue;
            };
            while lines
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
            let (headers, body) = answer(&path);
            log.lock().unwrap().push(path);
            let length = body.len();
            let text = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
            );
            // A client that has what it wanted may be gone.
            let _ = stream.write_all(text.as_bytes());
        }
    });
    (host, asked)
}

fn page(tags: &[String]) -> String {
    serde_json::json!({"name": "r", "tags": tags}).to_string()
}

#[test]
fn pages_are_followed_at_their_own_registry_only() {
    let (host, asked) = scripted(|path| {
        let names = |names: &[&str]| {
            page(
                &names
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        match path.rsplit_once('?').map_or("", |(_, query)| query) {
            "n=1000" => (
                "Link: <http://192.0.2.1/v2/other/tags/list?last=b&n=2>; rel=\"next\"\r\n"
                    .to_owned(),
                names(&["a", "b"]),
            ),
            // Some have a word of their own for where the next page begins.
            "last=b&n=2" => (
                "Link: </v2/r/tags/list?next_page=gAAA%2B>; rel=\"next\"\r\n".to_owned(),
                names(&["c", "d", "no tag", "\u{1b}[31m"]),
            ),
            _ => (String::new(), names(&["e"])),
        }
    });
    assert_eq!(tags(&host, "r").unwrap(), ["a", "b", "c", "d", "e"]);
    let asked = asked.lock().unwrap();
    assert_eq!(
        *asked,
        [
            "/v2/r/tags/list?n=1000",
            "/v2/r/tags/list?last=b&n=2",
            "/v2/r/tags/list?next_page=gAAA%2B"
        ]
    );
}

#[test]
fn a_list_that_never_ends_does() {
    // The same page for ever, as of a registry that knows no `last`.
    let (host, asked) = scripted(|_| {
        let link = "Link: </v2/r/tags/list?last=a>; rel=\"next\"\r\n".to_owned();
        (link, page(&["a".to_owned()]))
    });
    assert_eq!(tags(&host, "r").unwrap(), ["a"]);
    assert_eq!(asked.lock().unwrap().len(), 2);
    // More tags than anybody has.
    let (host, _) = scripted(|path| {
        let from = path
            .rsplit_once("last=")
            .map_or(0, |(_, last)| last.parse().unwrap());
        let next = from + 50_000;
        let names: Vec<String> = (from..next).map(|number| number.to_string()).collect();
        let mut link = String::new();
        write!(
            link,
            "Link: </v2/r/tags/list?last={next}>; rel=\"next\"\r\n"
        )
        .unwrap();
        (link, page(&names))
    });
    let error = tags(&host, "r").unwrap_err();
    assert!(
        error.to_string().contains("more than 200000 tags"),
        "{error}"
    );
}

#[test]
fn full_pages_go_on_without_being_told() {
    let (host, asked) = scripted(|path| {
        let names: Vec<String> = if path.contains("last=") {
            vec!["b".to_owned()]
        } else {
            (0..1000).map(|number| format!("a{number:04}")).collect()
        };
        (String::new(), page(&names))
    });
    assert_eq!(tags(&host, "r").unwrap().len(), 1001);
    assert_eq!(
        asked.lock().unwrap()[1],
        "/v2/r/tags/list?n=1000&last=a0999"
    );
}

#[test]
fn what_is_no_list_is_told() {
    let (host, _) = scripted(|_| (String::new(), "{\"tags\": 7}".to_owned()));
    let error = tags(&host, "r").unwrap_err().to_string();
    assert!(error.contains("its list of tags cannot be read"), "{error}");
    let (host, _) = scripted(|_| (String::new(), "{\"tags\": null}".to_owned()));
    assert_eq!(tags(&host, "r").unwrap(), [""; 0]);
}
