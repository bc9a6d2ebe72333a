//! Sources of optional models: a folder, or a public repository over HTTPS.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use rustls::crypto::{CryptoProvider, ring};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use super::Unavailable;
use livegate_models::manifest::{OptionalModel, PublicFile};

/// Serves the files of public GitHub repositories unchanged, at `/owner/name/commit/path`.
const RAW_FILES: &str = "https://raw.githubusercontent.com";
/// Most redirects that are followed for one file.
const MOST_REDIRECTS: usize = 3;
/// Interval at which an interruption is checked during a download.
const POLL: Duration = Duration::from_millis(20);

/// The source of optional models.
#[derive(Clone, Debug)]
pub enum Supply {
    /// An operator's folder with the files as published, under their names. The network is not used.
    Mirror(PathBuf),
    /// Public repositories.
    Public(PublicRepositories),
}

/// Public repositories, read over HTTPS.
#[derive(Clone, Debug)]
pub struct PublicRepositories {
    base: String,
    limits: Limits,
}

/// Limits of a download.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest time to resolve the server's name, and longest time to connect.
    pub connect: Duration,
    /// Longest time for one file, from the first to the last byte of the exchange.
    pub total: Duration,
    /// Most bytes of one file.
    pub max_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(60),
            max_bytes: 16 << 20,
        }
    }
}

impl Supply {
    /// The mirror if one is given, otherwise the public repositories.
    #[must_use]
    pub fn new(mirror: Option<&Path>) -> Self {
        mirror.map_or_else(
            || Self::Public(PublicRepositories::github()),
            |folder| Self::Mirror(folder.to_owned()),
        )
    }

    /// The model's bytes as the source has them, unchecked.
    pub(super) fn bytes(
        &self,
        model: &OptionalModel,
        interrupted: &Arc<AtomicBool>,
    ) -> Result<Vec<u8>, Unavailable> {
        match self {
            Self::Mirror(folder) => from_folder(folder, &model.name),
            Self::Public(repositories) => match &model.address {
                Some(file) => repositories.download(file, interrupted),
                None => Err(Unavailable::NoAddress),
            },
        }
    }
}

fn from_folder(folder: &Path, name: &str) -> Result<Vec<u8>, Unavailable> {
    let limit = Limits::default().max_bytes;
    let path = folder.join(name);
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    match read {
        Ok(count) if count as u64 > limit => Err(Unavailable::TooLarge { limit }),
        Ok(_) => Ok(bytes),
        Err(source) => Err(Unavailable::Mirror { path, source }),
    }
}

impl PublicRepositories {
    /// The public repositories on GitHub.
    #[must_use]
    pub fn github() -> Self {
        Self::at(RAW_FILES, Limits::default())
    }

    /// Repositories on a server at `base` (scheme, host and port). Tests use an `http` server; redirects to
    /// `http` are refused there too.
    #[must_use]
    pub fn at(base: &str, limits: Limits) -> Self {
        Self {
            base: base.to_owned(),
            limits,
        }
    }

    /// Downloads on a thread of its own. When `interrupted` becomes true, the call returns and leaves the
    /// thread behind.
    fn download(
        &self,
        file: &PublicFile,
        interrupted: &Arc<AtomicBool>,
    ) -> Result<Vec<u8>, Unavailable> {
        let url = format!(
            "{}/{}/{}/{}",
            self.base, file.repository, file.commit, file.path
        );
        let (sender, receiver) = mpsc::sync_channel(1);
        let limits = self.limits;
        std::thread::spawn(move || {
            // After an interruption nobody receives this.
            let _ = sender.send(get(url, limits));
        });
        loop {
            match receiver.recv_timeout(POLL) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Timeout) if !interrupted.load(Ordering::Relaxed) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Err(Unavailable::Interrupted);
                }
            }
        }
    }
}

/// The cryptography provider Ring, which other parts of the program use already.
static CRYPTO: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(ring::default_provider()));

fn get(mut url: String, limits: Limits) -> Result<Vec<u8>, Unavailable> {
    // The certificate authorities that the system trusts. A company's proxy may have an authority of its
    // own.
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::clone(&CRYPTO))
        .build();
    let agent: Agent = Agent::config_builder()
        .tls_config(tls)
        .user_agent(concat!("livegate-models/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        // The client follows no redirects. They are followed here, where each one is checked.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_resolve(Some(limits.connect))
        .timeout_connect(Some(limits.connect))
        .build()
        .into();
    let deadline = Instant::now() + limits.total;
    for _ in 0..=MOST_REDIRECTS {
        let failed = |error| failure(&url, error, limits);
        let left = deadline.saturating_duration_since(Instant::now());
        let request = agent.get(&url).config().timeout_global(Some(left)).build();
        let mut response = request.call().map_err(failed)?;
        let status = response.status();
        if status.is_redirection() {
            let location = response.headers().get("location");
            let target = location
                .and_then(|location| location.to_str().ok())
                .and_then(|location| redirected(&url, location));
            url = target.ok_or(Unavailable::Redirect { url })?;
            continue;
        }
        if !status.is_success() {
            let status = status.as_u16();
            return Err(Unavailable::Status { url, status });
        }
        let body = response.body_mut().with_config().limit(limits.max_bytes);
        return body.read_to_vec().map_err(failed);
    }
    Err(Unavailable::Redirect { url })
}

/// The target of a redirect: another https address, or a path on the same server.
fn redirected(from: &str, location: &str) -> Option<String> {
    if location.starts_with("https://") {
        return Some(location.to_owned());
    }
    let path = location.starts_with('/') && !location.starts_with("//");
    path.then(|| format!("{}{location}", host(from)))
}

/// Scheme and host of an address.
fn host(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(start..).and_then(|rest| rest.find('/'));
    end.and_then(|end| url.get(..start + end)).unwrap_or(url)
}

fn failure(url: &str, error: ureq::Error, limits: Limits) -> Unavailable {
    if let ureq::Error::BodyExceedsLimit(_) = error {
        return Unavailable::TooLarge {
            limit: limits.max_bytes,
        };
    }
    Unavailable::Unreachable {
        host: host(url).to_owned(),
        cause: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_to_https_or_stay_on_the_server() {
        let from = "https://a.example/x/y";
        for (location, expected) in [
            ("https://b.example/z", Some("https://b.example/z")),
            ("/z", Some("https://a.example/z")),
            ("http://b.example/z", None),
            ("//b.example/z", None),
            ("z", None),
            ("", None),
        ] {
            assert_eq!(redirected(from, location).as_deref(), expected);
        }
    }

    #[test]
    fn the_public_address_is_https() {
        assert!(PublicRepositories::github().base.starts_with("https://"));
    }
}
