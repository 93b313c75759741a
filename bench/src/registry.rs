//! A local registry with many references, and the barest of clients for it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// The Windows builds of the children of each reference.
const BUILDS: [u32; 3] = [17_763, 20_348, 26_100];

const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// Debian's `docker-registry` on a free port; it ends with this.
pub struct Registry {
    process: Child,
    /// `127.0.0.1:PORT`.
    pub host: String,
    log: PathBuf,
}

impl Registry {
    /// Starts one that keeps its images in a folder and writes a line for each request.
    pub fn start(folder: &Path) -> Fallible<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let config = folder.join("registry.yml");
        fs::write(
            &config,
            format!(
                "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"127.0.0.1:{port}\"}}\n",
                folder.join("registry").display()
            ),
        )?;
        let log = folder.join("registry.log");
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            // It allocates 4 MiB for every blob that it sends. Left to its defaults it collects them all the
            // time, and what is measured is that, whoever asks.
            .env("GOGC", "2000")
            .stdout(File::create(&log)?)
            .stderr(Stdio::null())
            .spawn()?;
        let registry = Self {
            process,
            host: format!("127.0.0.1:{port}"),
            log,
        };
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(&registry.host).is_err() {
            if Instant::now() > end {
                return Err("docker-registry does not start".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(registry)
    }

    /// The paths that were asked for with GET since so many bytes of the log.
    pub fn asked(&self, since: u64) -> Fallible<Vec<String>> {
        let mut text = String::new();
        let mut log = File::open(&self.log)?;
        std::io::Seek::seek(&mut log, std::io::SeekFrom::Start(since))?;
        log.read_to_string(&mut text)?;
        let asked = text.lines().filter_map(|line| {
            let (_, request) = line.split_once("\"GET ")?;
            Some(request.split(' ').next()?.to_owned())
        });
        Ok(asked.collect())
    }

    /// How long the log is by now.
    pub fn logged(&self) -> Fallible<u64> {
        Ok(fs::metadata(&self.log)?.len())
    }

    /// Pushes so many references of three children each, and gives back all that a full reading asks
    /// for, in its order: per reference the index, the manifests, the configs.
    pub fn fill(&self, references: usize) -> Fallible<Vec<Asked>> {
        let mut http = Http::new(&self.host)?;
        let mut all = Vec::new();
        for number in 0..references {
            let repository = format!("/v2/team{}/app{number}", number % 20);
            let (mut manifests, mut blobs, mut entries) = (Vec::new(), Vec::new(), Vec::new());
            for build in BUILDS {
                let config = json!({
                    "os": "windows", "architecture": "amd64",
                    "os.version": format!("10.0.{build}.{}", 1000 + number),
                    "rootfs": {"type": "layers", "diff_ids": []},
                    "history": [{"created_by": format!("number {number}")}],
                });
                let config = serde_json::to_vec(&config)?;
                let digest = http.push_blob(&repository, &config)?;
                let manifest = serde_json::to_vec(&json!({
                    "schemaVersion": 2, "mediaType": MANIFEST,
                    "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "digest": digest, "size": config.len()},
                    "layers": [],
                }))?;
                let name = digest_of(&manifest);
                http.push_manifest(&repository, &name, MANIFEST, &manifest)?;
                entries.push(json!({
                    "mediaType": MANIFEST, "digest": name, "size": manifest.len(),
                    "platform": {"os": "windows", "architecture": "amd64", "os.version": format!("10.0.{build}.{}", 1000 + number)},
                }));
                manifests.push(format!("{repository}/manifests/{name}"));
                blobs.push(format!("{repository}/blobs/{digest}"));
            }
            let index: Value = json!({"schemaVersion": 2, "mediaType": LIST, "manifests": entries});
            http.push_manifest(&repository, "1", LIST, &serde_json::to_vec(&index)?)?;
            all.push((format!("{repository}/manifests/1"), manifests, blobs));
        }
        Ok(all)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn digest_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    format!("sha256:{}", digits.collect::<Vec<_>>().concat())
}

/// What a full reading of one reference asks for: its index, the manifests, the configs.
pub type Asked = (String, Vec<String>, Vec<String>);

/// One connection that is kept open.
pub struct Http {
    host: String,
    stream: BufReader<TcpStream>,
}

struct Response {
    status: u16,
    location: Option<String>,
    body: Vec<u8>,
}

impl Http {
    /// Connects.
    pub fn new(host: &str) -> Fallible<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            host: host.to_owned(),
            stream: BufReader::new(stream),
        })
    }

    /// Gets a path and throws away what comes.
    pub fn get(&mut self, path: &str) -> Fallible<usize> {
        let accept = format!("Accept: {LIST}, {MANIFEST}\r\n");
        let response = self.ask("GET", path, &accept, b"")?;
        if response.status != 200 {
            return Err(format!("GET {path}: {}", response.status).into());
        }
        Ok(response.body.len())
    }

    fn push_blob(&mut self, repository: &str, bytes: &[u8]) -> Fallible<String> {
        let digest = digest_of(bytes);
        let begun = self.ask("POST", &format!("{repository}/blobs/uploads/"), "", b"")?;
        let location = begun.location.ok_or("an upload without a location")?;
        let path = location
            .split_once(&self.host)
            .map_or(location.as_str(), |(_, path)| path)
            .to_owned();
        let sign = if path.contains('?') { '&' } else { '?' };
        let kind = "Content-Type: application/octet-stream\r\n";
        let done = self.ask("PUT", &format!("{path}{sign}digest={digest}"), kind, bytes)?;
        if done.status != 201 {
            return Err(format!("a blob was not taken: {}", done.status).into());
        }
        Ok(digest)
    }

    fn push_manifest(
        &mut self,
        repository: &str,
        name: &str,
        kind: &str,
        bytes: &[u8],
    ) -> Fallible<()> {
        let header = format!("Content-Type: {kind}\r\n");
        let done = self.ask(
            "PUT",
            &format!("{repository}/manifests/{name}"),
            &header,
            bytes,
        )?;
        if done.status != 201 {
            return Err(format!("a manifest was not taken: {}", done.status).into());
        }
        Ok(())
    }

    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Fallible<Response> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(&[head.as_bytes(), body].concat())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or("no status")?;
        let (mut length, mut location) = (0, None);
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(": ") {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse()?,
                    "location" => location = Some(value.to_owned()),
                    _ => {}
                }
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Response {
            status,
            location,
            body,
        })
    }
}
