//! Streams to engines: sockets, pipes, TCP, TLS, and `ssh HOST docker system dial-stdio`.

mod ssh;
mod tls;

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::endpoint::{Address, Endpoint};
use crate::error::DockerError;

/// A stream of bytes in both directions.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Opens a stream to an engine.
pub(crate) async fn connect(endpoint: &Endpoint) -> Result<Box<dyn Duplex>, DockerError> {
    let failed = |error: io::Error| of_io(endpoint, &error);
    match &endpoint.address {
        #[cfg(unix)]
        Address::Unix(path) => match tokio::net::UnixStream::connect(path).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(failed(error)),
        },
        #[cfg(windows)]
        Address::Pipe(name) => pipe(name).await.map_err(failed),
        #[cfg(unix)]
        Address::Pipe(_) => Err(failed(io::Error::other("only Windows has named pipes"))),
        #[cfg(windows)]
        Address::Unix(_) => Err(failed(io::Error::other("Windows has no Unix sockets"))),
        Address::Tcp { host, port, tls } => {
            let stream = TcpStream::connect((host.as_str(), *port))
                .await
                .map_err(failed)?;
            // Small requests, whose answers somebody waits for. Where it cannot be set they are slower.
            let _ = stream.set_nodelay(true);
            match tls {
                None => Ok(Box::new(stream)),
                Some(files) => tls::over(endpoint, host, files, stream).await,
            }
        }
        Address::Ssh {
            destination,
            port,
            socket,
        } => ssh::begin(endpoint, destination, *port, socket.as_deref()),
    }
}

/// What a failure to connect means.
pub(crate) fn of_io(endpoint: &Endpoint, error: &io::Error) -> DockerError {
    let unreachable = |reason: &str| DockerError::Unreachable {
        endpoint: endpoint.name.clone(),
        reason: reason.to_owned(),
    };
    if let Some(failure) = tls::failure(endpoint, error) {
        return failure;
    }
    match error.kind() {
        io::ErrorKind::PermissionDenied => DockerError::Denied {
            endpoint: endpoint.name.clone(),
        },
        io::ErrorKind::NotFound => unreachable(match endpoint.address {
            Address::Pipe(_) => "there is no such pipe",
            _ => "there is no such socket",
        }),
        io::ErrorKind::ConnectionRefused => unreachable("nothing listens there"),
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => unreachable("the connection broke off"),
        _ => unreachable(&error.to_string()),
    }
}

#[cfg(windows)]
async fn pipe(name: &str) -> io::Result<Box<dyn Duplex>> {
    use tokio::net::windows::named_pipe::ClientOptions;
    /// ERROR_PIPE_BUSY: all its instances are taken, and one may be free soon.
    const BUSY: i32 = 231;
    loop {
        match ClientOptions::new().open(name) {
            Ok(client) => return Ok(Box::new(client)),
            Err(error) if error.raw_os_error() == Some(BUSY) => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            Err(error) => return Err(error),
        }
    }
}
