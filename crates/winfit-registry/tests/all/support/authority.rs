//! A certificate authority of a test's own.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use tempfile::TempDir;

/// An authority, and a folder with what it has signed.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("ca.crt"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its own certificate.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder().join("ca.crt")
    }

    /// A server's certificate for these names, and its key.
    pub(crate) fn server(&self, names: &[&str]) -> (PathBuf, PathBuf) {
        self.sign("server", names, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A server's certificate that has ended, and its key.
    // One of the binaries has no use for it.
    #[allow(dead_code)]
    pub(crate) fn expired(&self, names: &[&str]) -> (PathBuf, PathBuf) {
        let mut params = Self::params(names, ExtendedKeyUsagePurpose::ServerAuth);
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        self.signed("expired", &params)
    }

    /// A client's certificate and its key.
    pub(crate) fn client(&self) -> (PathBuf, PathBuf) {
        self.sign("client", &[], ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(
        &self,
        name: &str,
        names: &[&str],
        purpose: ExtendedKeyUsagePurpose,
    ) -> (PathBuf, PathBuf) {
        self.signed(name, &Self::params(names, purpose))
    }

    fn params(names: &[&str], purpose: ExtendedKeyUsagePurpose) -> CertificateParams {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![purpose];
        params
    }

    fn signed(&self, name: &str, params: &CertificateParams) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let paths = (
            self.folder().join(format!("{name}.cert")),
            self.folder().join(format!("{name}.key")),
        );
        fs::write(&paths.0, certificate.pem()).unwrap();
        fs::write(&paths.1, key.serialize_pem()).unwrap();
        paths
    }
}
