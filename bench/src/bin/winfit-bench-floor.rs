//! The floor of `winfit swarm audit`: fetches the same lists from a Unix socket, reads what decides of
//! them into slim structs, and prints how many there are.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use winfit_docker::model::{Info, Node, Service, Task};

// As winfit has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    api_version: String,
}

fn main() -> Fallible<()> {
    let socket = std::env::args().nth(1).ok_or("give it a socket")?;
    let mut stream = BufReader::with_capacity(1 << 16, UnixStream::connect(socket)?);
    let version: Version = get(&mut stream, "/version")?;
    let info: Info = get(&mut stream, "/v1.47/info")?;
    let nodes: Vec<Node> = get(&mut stream, "/v1.47/nodes")?;
    let services: Vec<Service> = get(&mut stream, "/v1.47/services?status=true")?;
    let tasks: Vec<Task> = get(&mut stream, "/v1.47/tasks")?;
    println!(
        "{} {} {} {} {}",
        version.api_version,
        info.name,
        nodes.len(),
        services.len(),
        tasks.len()
    );
    // Giving all of it back one by one is no part of reading; nor does winfit do it before it ends.
    std::process::exit(0)
}

fn get<T: DeserializeOwned>(stream: &mut BufReader<UnixStream>, path: &str) -> Fallible<T> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: docker\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes())?;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line)?;
    }
    let mut body = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim_end(), 16)?;
        let from = body.len();
        body.resize(from + size, 0);
        stream.read_exact(&mut body[from..])?;
        stream.read_line(&mut line)?;
        if size == 0 {
            break;
        }
    }
    Ok(serde_json::from_slice(&body)?)
}
