//! TLS to RabbitMQ and Redis: authorities, client certificates, and what to do when a handshake fails.

use std::error::Error as StdError;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The variables about the TLS connections to one kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsSetting {
    /// Variable of the server's URL.
    pub url: &'static str,
    /// The schemes of a URL that asks for TLS, for messages.
    pub schemes: &'static str,
    /// Variable that names the file of the certificate authorities, PEM. Without it the system's count.
    pub ca: &'static str,
    /// Variable that names the file of this process's certificate, PEM, with those between it and its
    /// authority.
    pub certificate: &'static str,
    /// Variable that names the file of that certificate's private key, PEM, not encrypted.
    pub key: &'static str,
}

/// TLS to RabbitMQ.
pub const AMQP_TLS: TlsSetting = TlsSetting {
    url: "LIVEGATE_AMQP_URL",
    schemes: "amqps://",
    ca: "LIVEGATE_AMQP_CA_FILE",
    certificate: "LIVEGATE_AMQP_CERT_FILE",
    key: "LIVEGATE_AMQP_KEY_FILE",
};

/// TLS to Redis and to its Sentinels.
pub const REDIS_TLS: TlsSetting = TlsSetting {
    url: "LIVEGATE_REDIS_URL",
    schemes: "rediss:// or rediss+sentinel://",
    ca: "LIVEGATE_REDIS_CA_FILE",
    certificate: "LIVEGATE_REDIS_CERT_FILE",
    key: "LIVEGATE_REDIS_KEY_FILE",
};

/// Why TLS cannot be set up. The message never repeats a URL or what is in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// A file is missing, or not readable for this process.
    #[error("{}, which {variable} names, cannot be read: {cause}", path.display())]
    Unreadable {
        /// The variable.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's message.
        cause: String,
    },
    /// A file does not hold what it should.
    #[error("{}, which {variable} names, must hold {what} in PEM", path.display())]
    Malformed {
        /// The variable.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// A client certificate without its key, or a key without its certificate.
    #[error("{set} is set and {missing} is not: a client certificate needs both")]
    Alone {
        /// The variable that is set.
        set: &'static str,
        /// The variable that is missing.
        missing: &'static str,
    },
    /// Files for TLS beside a URL that does not ask for it.
    #[error("{variable} is set, but {} does not begin with {}: it would connect without TLS", setting.url, setting.schemes)]
    Unused {
        /// The variable of the file.
        variable: &'static str,
        /// The settings that it belongs to.
        setting: TlsSetting,
    },
    /// The certificate and the key do not belong together, or are of a kind that is not supported.
    #[error("the certificate of {} cannot be used with the key of {}: {cause}", setting.certificate, setting.key)]
    Identity {
        /// The settings.
        setting: TlsSetting,
        /// The reason.
        cause: String,
    },
    /// The system has no certificate authorities.
    #[error(
        "this system has no certificate authorities (install ca-certificates), and {0} names no file of them"
    )]
    NoAuthorities(&'static str),
}

/// What TLS connections to one kind of server need.
#[derive(Debug)]
pub struct Tls {
    setting: TlsSetting,
    authorities: Option<RootCertStore>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

impl Tls {
    /// TLS with the system's certificate authorities and without a client certificate.
    pub fn system(setting: TlsSetting) -> Self {
        Self {
            setting,
            authorities: None,
            identity: None,
        }
    }

    /// Reads the files that the variables name. `get` returns the value of a variable, `None` if it is empty
    /// or not set.
    ///
    /// # Errors
    /// [`TlsError`] for the first file that cannot be used.
    pub fn read(
        setting: TlsSetting,
        get: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, TlsError> {
        let file = |variable| {
            get(variable).map(|path| File {
                variable,
                path: path.into(),
            })
        };
        let authorities = file(setting.ca).map(|f| f.authorities()).transpose()?;
        let identity = match (file(setting.certificate), file(setting.key)) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate.chain()?, key.private_key()?)),
            (Some(_), None) => {
                return Err(TlsError::Alone {
                    set: setting.certificate,
                    missing: setting.key,
                });
            }
            (None, Some(_)) => {
                return Err(TlsError::Alone {
                    set: setting.key,
                    missing: setting.certificate,
                });
            }
        };
        Ok(Self {
            setting,
            authorities,
            identity,
        })
    }

    /// The client's side of the connections to URLs that ask for TLS, or that do not: then `None`.
    ///
    /// # Errors
    /// [`TlsError`] if the files fit neither the URLs nor each other, or if there is no authority.
    pub(crate) fn client(&self, url_asks_for_tls: bool) -> Result<Option<TlsClient>, TlsError> {
        let setting = self.setting;
        if !url_asks_for_tls {
            // Somebody who names a file of certificates does not expect a connection in the clear.
            let unused = |variable| TlsError::Unused { variable, setting };
            return match (&self.authorities, &self.identity) {
                (None, None) => Ok(None),
                (Some(_), _) => Err(unused(setting.ca)),
                (None, Some(_)) => Err(unused(setting.certificate)),
            };
        }
        let authorities = match &self.authorities {
            Some(authorities) => authorities.clone(),
            None => system_authorities(setting)?,
        };
        let identity_error = |e: rustls::Error| TlsError::Identity {
            setting,
            cause: e.to_string(),
        };
        // The provider is named: a process may have several, and then there is no default.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(identity_error)?
            .with_root_certificates(authorities);
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(identity_error)?,
        };
        Ok(Some(TlsClient {
            config: Arc::new(config),
            has_identity: self.identity.is_some(),
        }))
    }
}

/// The authorities that the system trusts. Those that do not parse are left out: systems carry odd ones.
fn system_authorities(setting: TlsSetting) -> Result<RootCertStore, TlsError> {
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if authorities.is_empty() {
        return Err(TlsError::NoAuthorities(setting.ca));
    }
    Ok(authorities)
}

/// A file that a variable names.
struct File {
    variable: &'static str,
    path: PathBuf,
}

impl File {
    fn authorities(&self) -> Result<RootCertStore, TlsError> {
        let mut authorities = RootCertStore::empty();
        for certificate in self.certificates("certificates of authorities")? {
            let added = authorities.add(certificate);
            added.map_err(|_| self.malformed("certificates of authorities"))?;
        }
        Ok(authorities)
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        self.certificates("a certificate")
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        PrivateKeyDer::from_pem_slice(&self.read()?)
            .map_err(|_| self.malformed("a private key without a password"))
    }

    /// The certificates in the file, at least one.
    fn certificates(&self, what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let certificates: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(&self.read()?).collect();
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Ok(certificates),
            Ok(_) | Err(_) => Err(self.malformed(what)),
        }
    }

    fn read(&self) -> Result<Vec<u8>, TlsError> {
        fs::read(&self.path).map_err(|cause| TlsError::Unreadable {
            variable: self.variable,
            path: self.path.clone(),
            cause: cause.to_string(),
        })
    }

    fn malformed(&self, what: &'static str) -> TlsError {
        TlsError::Malformed {
            variable: self.variable,
            path: self.path.clone(),
            what,
        }
    }
}

/// The client's side of TLS connections to one kind of server.
#[derive(Clone)]
pub(crate) struct TlsClient {
    pub(crate) config: Arc<ClientConfig>,
    /// Whether it has a certificate of its own.
    has_identity: bool,
}

impl TlsClient {
    /// Starts TLS on a connection, and checks that the server's certificate is for `host`.
    pub(crate) async fn start(
        &self,
        host: &str,
        connection: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(Arc::clone(&self.config))
            .connect(name, connection)
            .await
    }
}

/// What an operator can do about a connection that could not be opened, as a sentence; empty if it is not about
/// TLS. `is_odd`: the server's answer could not be read.
pub(crate) fn advice(
    client: Option<&TlsClient>,
    setting: TlsSetting,
    error: &(dyn StdError + 'static),
    is_odd: bool,
) -> String {
    let TlsSetting {
        url,
        schemes,
        ca,
        certificate,
        key,
    } = setting;
    if client.is_none() && (is_odd || was_cut(error)) {
        return format!(". If the server demands TLS, {url} must begin with {schemes}");
    }
    let demanded = || {
        format!(
            ". The server may demand a client certificate: {certificate} and {key} must name the files of one"
        )
    };
    let refused = || format!(". The server may refuse the certificate that {certificate} names");
    let Some(error) = cause::<rustls::Error>(error) else {
        // The connection may end before the reason arrives.
        return match client {
            Some(client) if was_cut(error) && client.has_identity => refused(),
            Some(_) if was_cut(error) => demanded(),
            Some(_) | None => String::new(),
        };
    };
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "another crate's errors, of which more come with each version"
    )]
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!(
            ". The server's certificate is for other names: {url} must name the host as the certificate does"
        ),
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => format!(
            ". The server's certificate is not from an authority that is trusted: {ca} must name the file of its authority"
        ),
        rustls::Error::InvalidCertificate(_) => {
            ". The server must have another certificate".to_owned()
        }
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure,
        ) => demanded(),
        rustls::Error::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied,
        ) => refused(),
        rustls::Error::InvalidMessage(_) => format!(
            ". The server does not speak TLS at this port: {url} must name its TLS port, or not begin with {schemes}"
        ),
        _ => String::new(),
    }
}

/// Whether a server closed the connection.
fn was_cut(error: &(dyn StdError + 'static)) -> bool {
    cause::<io::Error>(error).is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
        )
    })
}

/// How the Redis client holds an error.
type Shared = Arc<dyn StdError + Send + Sync>;

/// The cause of this type among the causes of an error.
fn cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        if let Some(shared) = error.downcast_ref::<Shared>() {
            next = Some(&**shared);
            continue;
        }
        // An I/O error does not count the error that it holds among its sources.
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    None
}
