//! When to ask again: exponential backoff with jitter, and what the registry asks for.

use std::time::{Duration, SystemTime};

use super::failure::Failure;
use super::watch;
use crate::error::RegistryError;

/// How often and how soon a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often one request is sent at most.
    pub attempts: u32,
    /// The wait after the first failure; each further one doubles it.
    pub first: Duration,
    /// The longest wait, where the registry does not ask for more.
    pub longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 5,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(20),
        }
    }
}

impl Retry {
    /// The wait after this many failures; `chance` is from 0 to 1 and spreads those who failed together.
    pub(crate) fn wait(&self, failures: u32, asked: Option<Duration>, chance: f64) -> Duration {
        let doubled = self
            .first
            .saturating_mul(
                1_u32
                    .checked_shl(failures.saturating_sub(1))
                    .unwrap_or(u32::MAX),
            )
            .min(self.longest);
        match asked {
            // Not before it is allowed, and not all at that moment.
            Some(asked) => asked.saturating_add(doubled.min(self.first).mul_f64(chance)),
            None => doubled.mul_f64(0.5 + chance / 2.0),
        }
    }
}

/// The attempts at one thing.
#[derive(Debug)]
pub(crate) struct Attempts<'a> {
    retry: &'a Retry,
    left: u32,
    failures: u32,
}

impl<'a> Attempts<'a> {
    /// So many at most.
    pub(crate) fn new(retry: &'a Retry, most: u32) -> Self {
        Self {
            retry,
            left: most,
            failures: 0,
        }
    }

    /// Waits until it is time to ask a host again after a failure. An error: it would not help, or
    /// there is no time.
    pub(crate) async fn after(
        &mut self,
        failure: Failure,
        host: &str,
    ) -> Result<(), RegistryError> {
        self.failures += 1;
        self.left = self.left.saturating_sub(1);
        let wait = self
            .retry
            .wait(self.failures, failure.wait, fastrand::f64());
        if !failure.passing || self.left == 0 || !watch::allows(wait) {
            return Err(failure.error);
        }
        watch::doing(|| format!("waiting to ask {host} again, after: {}", failure.error));
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// `Retry-After`: seconds, or a date.
pub(crate) fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // So many digits that no number holds them: for ever.
        return Some(Duration::from_secs(
            header.parse().unwrap_or(u64::from(u32::MAX)),
        ));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_spread() {
        let retry = Retry::default();
        let millis = |failures, chance| retry.wait(failures, None, chance).as_millis();
        assert_eq!(
            [millis(1, 1.0), millis(2, 1.0), millis(3, 1.0)],
            [500, 1000, 2000]
        );
        assert_eq!([millis(1, 0.0), millis(2, 0.0)], [250, 500]);
        assert_eq!([millis(9, 1.0), millis(99, 1.0)], [20_000, 20_000]);
        let asked = Some(Duration::from_secs(7));
        assert_eq!(retry.wait(1, asked, 0.0).as_millis(), 7000);
        assert_eq!(retry.wait(4, asked, 1.0).as_millis(), 7500);
        retry.wait(u32::MAX, Some(Duration::MAX), 1.0);
    }

    #[test]
    fn seconds_and_dates() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (header, wanted) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun Nov  6 08:50:37 1994", Some(60)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("99999999999999999999999999", Some(u64::from(u32::MAX))),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            let told = retry_after(header, now).map(|wait| wait.as_secs());
            assert_eq!(told, wanted, "{header}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read(header in "[ -~]{0,60}") {
            let _ = retry_after(&header, SystemTime::UNIX_EPOCH);
        }
    }
}
