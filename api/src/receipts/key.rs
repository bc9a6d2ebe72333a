//! One Ed25519 key: as PEM (RFC 8410), as JWK (RFC 8037), and as it is published.

use jsonwebtoken::EncodingKey;
use poem_openapi::Object;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key_error::SigningKeyError;

/// What precedes the 32 bytes of a private key in its PKCS#8 document (RFC 8410, section 7).
const PKCS8_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What precedes the 32 bytes of a public key in its document (RFC 8410, section 4).
const SPKI_HEAD: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// A key of the key file.
pub struct SigningKey {
    /// Its public half.
    pub public: PublicKey,
    /// Its private half, PKCS#8; `None` for a key that signs no more.
    pub(super) private: Option<Vec<u8>>,
}

/// Prints no digit of the private half.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public.kid).finish()
    }
}

/// A public key as JWK: RFC 8037.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "PublicKey")]
pub struct PublicKey {
    /// Always `OKP`.
    pub kty: String,
    /// Always `Ed25519`.
    pub crv: String,
    /// Always `EdDSA`.
    pub alg: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    #[oai(rename = "use")]
    pub usage: String,
    /// Id of the key, as the `kid` in the head of a receipt names it: its thumbprint (RFC 7638, SHA-256), or the
    /// operator's own.
    pub kid: String,
    /// The key: 32 bytes, base64url.
    pub x: String,
}

impl PublicKey {
    fn new(key: &[u8], kid: Option<String>) -> Self {
        let x = base64_simd::URL_SAFE_NO_PAD.encode_to_string(key);
        let thumbprint = || {
            // The members of RFC 8037, appendix A.3, in their order.
            let text = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
            base64_simd::URL_SAFE_NO_PAD.encode_to_string(Sha256::digest(text))
        };
        Self {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            alg: "EdDSA".to_owned(),
            usage: "sig".to_owned(),
            kid: kid.unwrap_or_else(thumbprint),
            x,
        }
    }
}

/// A JWK as it is written and read.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredJwk {
    kty: String,
    crv: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    x: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<String>,
}

impl SigningKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`SigningKeyError::NoRandomness`] if the system gives no random bytes.
    pub fn generate() -> Result<Self, SigningKeyError> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new());
        let pkcs8 = pkcs8.map_err(|_| SigningKeyError::NoRandomness)?;
        Self::from_pkcs8(pkcs8.as_ref().to_vec(), None)
    }

    /// The key that signs the receipts of test sessions. Everybody knows it, both halves: RFC 8037, appendix A.1.
    ///
    /// # Errors
    /// None: it is a valid key.
    pub fn of_tests() -> Result<Self, SigningKeyError> {
        Self::from_jwk(&StoredJwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            kid: Some("livegate-test".to_owned()),
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
            d: Some("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A".to_owned()),
        })
    }

    /// The key of a PEM block.
    pub(super) fn from_pem(tag: &str, content: &[u8]) -> Result<Self, SigningKeyError> {
        match tag {
            "PRIVATE KEY" => Self::from_pkcs8(content.to_vec(), None),
            "PUBLIC KEY" => match content.strip_prefix(&SPKI_HEAD) {
                Some(key) if key.len() == 32 => Ok(Self::public(key, None)),
                _ => Err(SigningKeyError::NotEd25519),
            },
            other => Err(SigningKeyError::Tag(other.chars().take(40).collect())),
        }
    }

    pub(super) fn from_jwk(jwk: &StoredJwk) -> Result<Self, SigningKeyError> {
        if jwk.kty != "OKP" || jwk.crv != "Ed25519" {
            return Err(SigningKeyError::NotEd25519);
        }
        let bytes = |text: &str| {
            let bytes = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(text);
            let right = bytes.ok().filter(|b| b.len() == 32);
            right.ok_or(SigningKeyError::NotEd25519)
        };
        let kid = jwk.kid.clone();
        if kid.as_ref().is_some_and(|kid| !is_name(kid)) {
            return Err(SigningKeyError::Kid);
        }
        let x = bytes(&jwk.x)?;
        let Some(d) = &jwk.d else {
            return Ok(Self::public(&x, kid));
        };
        let key = Self::from_pkcs8([&PKCS8_HEAD[..], &bytes(d)?].concat(), kid)?;
        if key.public.x == jwk.x {
            Ok(key)
        } else {
            Err(SigningKeyError::Halves)
        }
    }

    /// The key as it is written to a file.
    pub(super) fn to_jwk(&self) -> StoredJwk {
        let seed = self.private.as_deref().and_then(seed);
        StoredJwk {
            kty: self.public.kty.clone(),
            crv: self.public.crv.clone(),
            kid: Some(self.public.kid.clone()),
            x: self.public.x.clone(),
            d: seed.map(|d| base64_simd::URL_SAFE_NO_PAD.encode_to_string(d)),
        }
    }

    /// Whether its private half is there.
    pub fn can_sign(&self) -> bool {
        self.private.is_some()
    }

    /// What signs with this key; `None` if its private half is gone.
    pub(super) fn signer(&self) -> Option<EncodingKey> {
        self.private.as_deref().map(EncodingKey::from_ed_der)
    }

    fn public(key: &[u8], kid: Option<String>) -> Self {
        Self {
            public: PublicKey::new(key, kid),
            private: None,
        }
    }

    fn from_pkcs8(pkcs8: Vec<u8>, kid: Option<String>) -> Result<Self, SigningKeyError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8);
        let pair = pair.map_err(|_| SigningKeyError::NotEd25519)?;
        Ok(Self {
            public: PublicKey::new(pair.public_key().as_ref(), kid),
            private: Some(pkcs8),
        })
    }
}

/// The 32 bytes of the private key in a PKCS#8 document. They come after the same algorithm in both versions; only the
/// length and the version before it differ.
fn seed(pkcs8: &[u8]) -> Option<&[u8]> {
    let algorithm = pkcs8.get(5..16)?;
    (algorithm == &PKCS8_HEAD[5..16]).then(|| pkcs8.get(16..48))?
}

/// Whether a key id can stand in a header and in a list: 1 to 64 visible ASCII characters.
fn is_name(kid: &str) -> bool {
    (1..=64).contains(&kid.len()) && kid.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8037, appendix A.1.
    const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn jwk(kid: Option<&str>, d: Option<&str>) -> StoredJwk {
        StoredJwk {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            kid: kid.map(str::to_owned),
            x: X.into(),
            d: d.map(str::to_owned),
        }
    }

    #[test]
    fn a_key_is_named_by_its_thumbprint_unless_it_has_a_name() {
        // RFC 8037, appendix A.3.
        let key = SigningKey::from_jwk(&jwk(None, Some(D))).unwrap();
        assert_eq!(
            key.public.kid,
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
        let named = SigningKey::from_jwk(&jwk(Some("2026-11"), None)).unwrap();
        assert_eq!(named.public.kid, "2026-11");
        assert!(named.signer().is_none());
        assert!(SigningKey::from_jwk(&jwk(Some("a b"), None)).is_err());
    }

    #[test]
    fn a_key_reads_back_as_it_was_written() {
        for key in [
            SigningKey::generate().unwrap(),
            SigningKey::from_jwk(&jwk(None, Some(D))).unwrap(),
        ] {
            let again = SigningKey::from_jwk(&key.to_jwk()).unwrap();
            assert_eq!(again.public, key.public);
            assert!(again.private.is_some());
        }
    }

    #[test]
    fn halves_of_two_keys_and_other_curves_are_refused() {
        let other = SigningKey::generate().unwrap().to_jwk();
        let mixed = StoredJwk {
            x: X.into(),
            ..other
        };
        assert!(matches!(
            SigningKey::from_jwk(&mixed),
            Err(SigningKeyError::Halves)
        ));
        let foreign = StoredJwk {
            crv: "X25519".into(),
            ..jwk(None, Some(D))
        };
        assert!(SigningKey::from_jwk(&foreign).is_err());
    }
}
