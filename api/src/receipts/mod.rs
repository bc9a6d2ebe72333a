//! Signed receipts: what was decided, by which numbers and models, in a form that others can verify offline.
//!
//! Nothing here is of our own invention: compact JWS (RFC 7515) with Ed25519 (RFC 8037), keys as JWK (RFC 7517).

pub mod check;
pub mod claims;
mod eddsa;
pub mod edit;
pub mod key;
pub mod key_error;
pub mod key_set;
pub mod well_known;

use std::path::Path;
use std::sync::Arc;

use livegate_common::job::now_ms;
use livegate_common::shutdown::Shutdown;
use livegate_liveness::thresholds::ThresholdSets;

use self::claims::{Claims, ModelsClaim, PointClaim, Statement};
use self::key::SigningKey;
use self::key_error::SigningKeyError;
use self::key_set::{KeySet, PublicKeys, Signer};
use crate::config::ReceiptConfig;
use crate::followed_file::{Content, FollowedFile};
use crate::services::{PointName, Services};

/// Issues receipts, if there is a key to sign with.
pub struct Receipts {
    keys: Option<Arc<FollowedFile<Signing>>>,
    /// Signs the receipts of test sessions.
    test: Signer,
    issuer: String,
    point: PointName,
    thresholds: ThresholdSets,
}

/// The keys of a file, ready to sign.
struct Signing {
    keys: KeySet,
    signer: Signer,
}

impl Content for Signing {
    type Error = SigningKeyError;

    fn read(path: &Path) -> Result<Self, SigningKeyError> {
        let keys = KeySet::load(path)?;
        let signer = keys.signer()?;
        Ok(Self { keys, signer })
    }

    fn of_no_file(path: &Path) -> Result<Self, SigningKeyError> {
        Self::read(path)
    }

    fn unreadable(path: &Path, cause: std::io::Error) -> SigningKeyError {
        SigningKeyError::Io {
            path: path.to_owned(),
            cause,
        }
    }

    fn may_pass(error: &SigningKeyError) -> bool {
        matches!(error, SigningKeyError::Io { .. })
    }

    fn describe(&self) -> String {
        let first = self.keys.keys().first();
        let kid = first.map_or("", |key| &key.public.kid);
        format!("{} signing keys, {kid} signs", self.keys.keys().len())
    }
}

impl Receipts {
    /// Reads the signing keys.
    ///
    /// # Errors
    /// [`SigningKeyError`] when there is a file that cannot be used.
    pub fn open(config: &ReceiptConfig, services: &Services) -> Result<Self, SigningKeyError> {
        let keys = match config.signing_keys.as_deref() {
            Some(path) if !config.makes_keys || has_keys(path) => {
                Some(Arc::new(FollowedFile::open(path)?))
            }
            Some(_) | None => None,
        };
        Ok(Self {
            keys,
            test: keys_of_tests()?.signer()?,
            issuer: config.issuer.clone(),
            point: services.point.clone(),
            thresholds: services.thresholds.clone(),
        })
    }

    /// The receipt of a verdict; `None` if there is no key to sign with. Those of test sessions are signed with the key of
    /// [`keys_of_tests`], never with a real one.
    pub fn issue(&self, statement: &Statement) -> Option<String> {
        let signing = self.keys.as_ref()?.now();
        let models = statement.models.as_ref();
        let models = models.and_then(|id| self.thresholds.models_of(id));
        let claims = Claims {
            iss: &self.issuer,
            iat: now_ms() / 1000,
            statement,
            operating_point: PointClaim {
                name: &self.point.name,
                sha256: &self.point.sha256,
                models: models.map(ModelsClaim::from),
            },
            version: env!("CARGO_PKG_VERSION"),
        };
        let signer = if statement.test {
            &self.test
        } else {
            &signing.signer
        };
        match signer.sign(&claims) {
            Ok(receipt) => Some(receipt),
            Err(error) => {
                tracing::error!(error = %error, "A verdict went out without its receipt: {error}");
                None
            }
        }
    }

    /// The keys that verify receipts; none if there is no key to sign with.
    pub fn public(&self) -> PublicKeys {
        let keys = self.keys.as_ref();
        keys.map_or_else(PublicKeys::default, |file| file.now().keys.public())
    }

    /// Follows the file of keys until shutdown.
    pub async fn follow(self: Arc<Self>, shutdown: Shutdown) {
        if let Some(keys) = &self.keys {
            Arc::clone(keys).follow(shutdown).await;
        }
    }
}

/// The key that signs the receipts of test sessions.
///
/// # Errors
/// None: it is a valid key.
pub fn keys_of_tests() -> Result<KeySet, SigningKeyError> {
    Ok(KeySet::of(SigningKey::of_tests()?))
}

/// Whether the file is there, or could be made with a fresh key.
fn has_keys(path: &Path) -> bool {
    let made = edit::make_if_missing(path);
    if let Err(error) = &made {
        tracing::warn!(
            "Verdicts have no receipts, since no signing key could be made; set LIVEGATE_SIGNING_KEY: {error}"
        );
    }
    made.is_ok()
}
