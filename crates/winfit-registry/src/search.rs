//! Where the user's logins, certificates and mirrors are looked for.

use std::ffi::OsString;
use std::path::PathBuf;

/// Files and folders, each list in the order in which it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Files with logins, in Docker's format or in that of the containers tools.
    pub auth_files: Vec<PathBuf>,
    /// Folders that hold credential helpers.
    pub helpers: Vec<PathBuf>,
    /// Folders with a folder for each registry, `HOST/{ca.crt,client.cert,client.key}`.
    pub certificates: Vec<PathBuf>,
    /// Folders with a folder for each registry, `HOST/hosts.toml`.
    pub mirrors: Vec<PathBuf>,
}

impl Search {
    /// What this user's tools use, by the environment.
    pub fn of_user() -> Self {
        Self::by(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
    }

    /// Nothing of the user's: anonymous, with the system's certificates alone.
    pub fn nowhere() -> Self {
        Self {
            auth_files: Vec::new(),
            helpers: Vec::new(),
            certificates: Vec::new(),
            mirrors: Vec::new(),
        }
    }

    fn by(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let path = |name: &str| variable(name).map(PathBuf::from);
        let home = path("HOME").or_else(|| path("USERPROFILE"));
        let in_home = |below: &str| home.as_ref().map(|home| home.join(below));
        let config = path("XDG_CONFIG_HOME").or_else(|| in_home(".config"));
        let in_config = |below: &str| config.as_ref().map(|config| config.join(below));
        // Where Docker and containerd keep their settings on Windows.
        let data = path("ProgramData");
        let in_data = |below: &str| data.as_ref().map(|data| data.join(below));
        let some = |all: Vec<Option<PathBuf>>| all.into_iter().flatten().collect();
        Self {
            // A file that is named for logins is the only one, as it is to the containers tools. Without
            // one Docker's comes before Podman's: the images that are asked for are Docker's to run.
            auth_files: match path("REGISTRY_AUTH_FILE") {
                Some(only) => vec![only],
                None => some(vec![
                    path("DOCKER_CONFIG")
                        .or_else(|| in_home(".docker"))
                        .map(|folder| folder.join("config.json")),
                    path("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json")),
                    in_config("containers/auth.json"),
                ]),
            },
            helpers: variable("PATH")
                .map(|list| std::env::split_paths(&list).collect())
                .unwrap_or_default(),
            certificates: some(vec![
                in_config("docker/certs.d"),
                in_config("containers/certs.d"),
                Some("/etc/docker/certs.d".into()),
                Some("/etc/containers/certs.d".into()),
                Some("/etc/containerd/certs.d".into()),
                in_data("docker/certs.d"),
                in_data("containerd/certs.d"),
            ]),
            mirrors: some(vec![
                Some("/etc/containerd/certs.d".into()),
                in_data("containerd/certs.d"),
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_goes_before_what_is_there() {
        let of = |named: Option<&'static str>| {
            Search::by(|name| {
                let value = match name {
                    "HOME" => "/home/u",
                    "DOCKER_CONFIG" => "/named",
                    "REGISTRY_AUTH_FILE" => named?,
                    "XDG_RUNTIME_DIR" => "/run/u",
                    _ => return None,
                };
                Some(value.into())
            })
            .auth_files
        };
        let files: Vec<PathBuf> = [
            "/named/config.json",
            "/run/u/containers/auth.json",
            "/home/u/.config/containers/auth.json",
        ]
        .map(PathBuf::from)
        .into();
        assert_eq!(of(None), files);
        assert_eq!(
            of(Some("/other/auth.json")),
            [PathBuf::from("/other/auth.json")]
        );
        assert_eq!(
            Search::by(|_| None).auth_files,
            Vec::<PathBuf>::new(),
            "without a home there are no files"
        );
    }
}
