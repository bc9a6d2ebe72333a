//! Certificates for servers and clients, from an authority of the tests' own.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tempfile::TempDir;

/// A folder of certificates and keys, all PEM. Servers need it for as long as they run.
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// Makes them: an authority, a certificate of it for servers on this machine, one for clients, and another
    /// authority that nobody trusts, with a certificate for clients.
    pub fn make() -> Self {
        let this = Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        };
        let (server, client) = (
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        );
        let issuer = this.authority("ca");
        this.issue("server", &["127.0.0.1"], &server, &issuer);
        this.issue("client", &["livegate"], &client, &issuer);
        let stranger = this.authority("other-ca");
        this.issue("stranger", &["livegate"], &client, &stranger);
        this
    }

    /// Path of the file `NAME.pem`, a certificate.
    pub fn certificate(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.pem"))
    }

    /// Path of the file `NAME.key`, its private key.
    pub fn key(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.key"))
    }

    /// The variables with which the service trusts the servers, and has a certificate itself.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let files = [
            ("LIVEGATE_AMQP_CA_FILE", self.certificate("ca")),
            ("LIVEGATE_AMQP_CERT_FILE", self.certificate("client")),
            ("LIVEGATE_AMQP_KEY_FILE", self.key("client")),
            ("LIVEGATE_REDIS_CA_FILE", self.certificate("ca")),
            ("LIVEGATE_REDIS_CERT_FILE", self.certificate("client")),
            ("LIVEGATE_REDIS_KEY_FILE", self.key("client")),
        ];
        let named = files.map(|(variable, file)| (variable, file.display().to_string()));
        named.to_vec()
    }

    fn authority(&self, name: &str) -> Issuer<'static, KeyPair> {
        let mut params = CertificateParams::new(Vec::new()).expect("there are no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.distinguished_name).push(rcgen::DnType::CommonName, format!("{name} of the tests"));
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.self_signed(&key).expect("it can sign itself");
        write(&self.certificate(name), &certificate.pem());
        Issuer::new(params, key)
    }

    fn issue(
        &self,
        name: &str,
        subjects: &[&str],
        usage: &ExtendedKeyUsagePurpose,
        issuer: &Issuer<'static, KeyPair>,
    ) {
        let subjects: Vec<String> = subjects.iter().map(|s| (*s).to_owned()).collect();
        let mut params = CertificateParams::new(subjects).expect("the names are valid");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage.clone()];
        (params.distinguished_name).push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, issuer).expect("it can be signed");
        write(&self.certificate(name), &certificate.pem());
        write(&self.key(name), &key.serialize_pem());
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("a file can be written");
}
