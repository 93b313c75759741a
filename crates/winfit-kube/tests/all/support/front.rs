//! A proxy before an API server, on which a test says what happens to requests.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::admin::{Admin, Stream, read_to_end};
use super::api::{ADMIN, Request, token_of};
use super::faults::{Fault, Faults, Met};

/// The proxy. It speaks plain HTTP on loopback, whatever the server behind it speaks.
pub(super) struct Front {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    admin: Admin,
    faults: Faults<Admin>,
    /// Users whom the server behind knows by their names alone: the administrator speaks for them.
    users: Mutex<Vec<String>>,
}

impl Front {
    pub(super) fn start(admin: Admin) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            admin,
            faults: Faults::new(),
            users: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self { address, shared }
    }

    pub(super) fn speak_for(&self, user: &str) {
        self.shared.users.lock().unwrap().push(user.to_owned());
    }

    pub(super) fn on(&self, method: &'static str, part: &str, after: usize, fault: Fault<Admin>) {
        self.shared.faults.on(method, part, after, fault);
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.shared.faults.asked()
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) {
        let Some(request) = Request::read(&client) else {
            return;
        };
        let mut cut = false;
        match self.faults.meet(&request) {
            Met::Answer(response) => return response.write(&mut client, false),
            Met::Hang => loop {
                std::thread::park();
            },
            Met::First(act) => act(&self.admin),
            Met::Cut => cut = true,
            Met::Nothing => {}
        }
        // A client that finds its connection closed says what a user would read.
        if let Ok(mut server) = self.admin.upstream.connect()
            && self.pass_on(&request, &mut *server).is_ok()
        {
            let _ = if cut {
                cut_back(&mut *server, &mut client)
            } else {
                pass_back(&mut *server, &mut client)
            };
        }
        let _ = client.shutdown(Shutdown::Both);
    }

    fn pass_on(&self, request: &Request, server: &mut dyn Stream) -> std::io::Result<()> {
        let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
        let users = self.users.lock().unwrap().clone();
        for (name, value) in &request.headers {
            if name == "connection" {
                continue;
            }
            let spoken_for = |user: &&String| *value == format!("Bearer {}", token_of(user));
            match users.iter().find(spoken_for) {
                Some(user) if name == "authorization" => {
                    let token = token_of(ADMIN);
                    head +=
                        &format!("authorization: Bearer {token}\r\nimpersonate-user: {user}\r\n");
                }
                _ => head += &format!("{name}: {value}\r\n"),
            }
        }
        head += "connection: close\r\n\r\n";
        server.write_all(head.as_bytes())?;
        server.write_all(&request.body)?;
        server.flush()
    }
}

/// Passes an answer on as it comes: a watch has no end.
fn pass_back(server: &mut dyn Read, client: &mut TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = server.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        client.write_all(&buffer[..read])?;
    }
}

/// Passes an answer on up to the middle of its body.
fn cut_back(server: &mut dyn Read, client: &mut TcpStream) -> std::io::Result<()> {
    let answer = read_to_end(server)?;
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let body = head.map_or(0, |at| at + 4);
    client.write_all(&answer[..body + (answer.len() - body) / 2])
}
