//! The floor of `winfit kube audit`: fetches the same lists page by page, reads what decides of them into slim
//! structs, and prints how many there are.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde::de::DeserializeOwned;
use winfit_kube::model::{Event, Node, Page, Pod, RuntimeClass, Workload};

// As winfit has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

const WORKLOADS: [&str; 7] = [
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/replicasets",
    "/api/v1/replicationcontrollers",
    "/apis/apps/v1/statefulsets",
    "/apis/apps/v1/daemonsets",
    "/apis/batch/v1/jobs",
    "/apis/batch/v1/cronjobs",
];

fn main() -> Fallible<()> {
    let address = std::env::args().nth(1).ok_or("give it an address")?;
    let mut stream = BufReader::with_capacity(1 << 16, TcpStream::connect(address)?);
    stream.get_ref().set_nodelay(true)?;
    let nodes: Vec<Node> = list(&mut stream, "/api/v1/nodes", "")?;
    let classes: Vec<RuntimeClass> = list(&mut stream, "/apis/node.k8s.io/v1/runtimeclasses", "")?;
    let mut workloads: Vec<Workload> = Vec::new();
    for path in WORKLOADS {
        workloads.extend(list::<Workload>(&mut stream, path, "")?);
    }
    let pods: Vec<Pod> = list(&mut stream, "/api/v1/pods", "")?;
    let warnings = "&fieldSelector=involvedObject.kind%3DPod%2Ctype%3DWarning";
    let events: Vec<Event> = list(&mut stream, "/api/v1/events", warnings)?;
    println!(
        "{} {} {} {} {}",
        nodes.len(),
        classes.len(),
        workloads.len(),
        pods.len(),
        events.len()
    );
    // Giving all of it back one by one is no part of reading; nor does winfit do it before it ends.
    std::process::exit(0)
}

fn list<T: DeserializeOwned>(
    stream: &mut BufReader<TcpStream>,
    path: &str,
    query: &str,
) -> Fallible<Vec<T>> {
    let mut found = Vec::new();
    let mut next = String::new();
    loop {
        let mut target = format!("{path}?limit=500{query}");
        if !next.is_empty() {
            target.push_str("&continue=");
            target.push_str(&next);
        }
        let page: Page<T> = serde_json::from_slice(&get(stream, &target)?)?;
        found.extend(page.items);
        next = page.metadata.next;
        if next.is_empty() {
            return Ok(found);
        }
    }
}

fn get(stream: &mut BufReader<TcpStream>, target: &str) -> Fallible<Vec<u8>> {
    let request = format!("GET {target} HTTP/1.1\r\nHost: cluster\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes())?;
    let mut line = String::new();
    let mut length = 0;
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line)?;
        if let Some(text) = line.strip_prefix("Content-Length: ") {
            length = text.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}
