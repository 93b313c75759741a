//! The proxies of this system: of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`), else
//! of the system's settings. reqwest sends by the same rules; here is told which proxy that was.

use std::fmt;
use std::sync::OnceLock;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

/// Knows the proxies, once somebody asks.
#[derive(Default)]
pub(crate) struct Proxies(OnceLock<Matcher>);

impl Proxies {
    /// `HOST[:PORT]` of the proxy that an address goes through, without its login.
    pub(crate) fn of(&self, url: &Url) -> Option<String> {
        let address = url.as_str().parse().ok()?;
        let proxy = self
            .0
            .get_or_init(Matcher::from_system)
            .intercept(&address)?;
        let host = proxy.uri().host()?;
        Some(match proxy.uri().port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    }
}

impl fmt::Debug for Proxies {
    // Their addresses may hold logins.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Proxies")
    }
}
