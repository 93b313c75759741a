//! Addresses of documents, and the paths that they stand for.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use lsp_types::Uri;

/// The path of a `file:` address; none: it is of another kind, as an untitled document's.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let text = uri.as_str();
    let (scheme, rest) = text.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let rest = rest.split(['?', '#']).next()?;
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let (host, _) = rest.split_once('/')?;
            if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
                return None;
            }
            &rest[host.len()..]
        }
        None => rest,
    };
    let path = os_string(decoded(path))?;
    Some(winfit_files::repository::tidy(&PathBuf::from(path)))
}

/// The address of an absolute path.
pub(super) fn of_path(path: &Path) -> Option<Uri> {
    let mut text = "file://".to_owned();
    let bytes = path.as_os_str().as_encoded_bytes();
    if cfg!(windows) {
        text.push('/');
    }
    for byte in bytes {
        match byte {
            b'\\' if cfg!(windows) => text.push('/'),
            b'/' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => text.push(char::from(*byte)),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    Uri::from_str(&text).ok()
}

/// The last part of an address, for a document without a path.
pub(super) fn last_part(uri: &str) -> String {
    let last = uri.rsplit(['/', ':', '\\']).next().unwrap_or_default();
    String::from_utf8_lossy(&decoded(last)).into_owned()
}

/// What stands behind `%xx`. A `%` without two digits is one.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let escaped = behind
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = &behind[if escaped.is_some() { 2 } else { 0 }..];
    }
    bytes
}

#[cfg(unix)]
#[allow(
    clippy::unnecessary_wraps,
    reason = "elsewhere not every text is a path"
)]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt;
    Some(OsString::from_vec(bytes))
}

/// `/c:/work` is `c:/work`.
#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    let text = String::from_utf8(bytes).ok()?;
    let drive = text
        .strip_prefix('/')
        .filter(|rest| rest.get(1..2) == Some(":"));
    Some(drive.unwrap_or(&text).to_owned().into())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_paths() {
        for (uri, path) in [
            ("file:///a/b", Some("/a/b")),
            ("FILE:///a/b%20%C3%A9", Some("/a/b é")),
            ("file://localhost/a", Some("/a")),
            ("file:/a/./c/../b", Some("/a/b")),
            ("file:///a%2", Some("/a%2")),
            ("file://elsewhere/a", None),
            ("untitled:Untitled-1", None),
        ] {
            // An address with a bare % is none to the protocol's types.
            let Ok(read) = Uri::from_str(uri) else {
                continue;
            };
            assert_eq!(path_of(&read), path.map(PathBuf::from), "{uri}");
        }
        let uri = of_path(Path::new("/a/b é[%]")).unwrap();
        assert_eq!(uri.as_str(), "file:///a/b%20%C3%A9%5B%25%5D");
        assert_eq!(path_of(&uri), Some(PathBuf::from("/a/b é[%]")));
        assert_eq!(last_part("untitled:Untitled-1"), "Untitled-1");
    }
}
