//! Sealing: encrypts everything that leaves a process for the broker or the store.
//!
//! The cipher is XChaCha20-Poly1305 (RFC 8439 with the extended nonce of draft-irtf-cfrg-xchacha-03). Its
//! nonces of 24 bytes are long enough to be drawn at random for every message. The associated data binds a
//! ciphertext to its kind and its batch, so that a stored outcome cannot be passed off as another one.

use chacha20poly1305::aead::{Aead, AeadInPlace, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Why a value could not be sealed or opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// The key is not 32 bytes in base64.
    #[error("the seal key must be 32 bytes in base64, for example from `openssl rand -base64 32`")]
    BadKey,
    /// The system gave no random bytes.
    #[error("the system's random number generator failed")]
    NoRandomness,
    /// The message was altered, truncated, or sealed with another key or for another purpose.
    #[error(
        "a sealed message could not be opened: it was altered, or sealed with another key or for another purpose"
    )]
    CannotOpen,
}

/// The key that API and workers share.
#[derive(Clone)]
pub struct SealKey {
    cipher: XChaCha20Poly1305,
    /// Derives further keys. The cipher's key is used for nothing else.
    derive: Hkdf<Sha256>,
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl SealKey {
    /// Reads a key: 32 bytes in standard base64.
    ///
    /// # Errors
    /// [`SealError::BadKey`] for any other text.
    pub fn from_base64(text: &str) -> Result<Self, SealError> {
        let bytes = base64_simd::STANDARD
            .decode_to_vec(text.trim())
            .map_err(|_| SealError::BadKey)?;
        Self::new(&bytes)
    }

    fn new(bytes: &[u8]) -> Result<Self, SealError> {
        Ok(Self {
            cipher: XChaCha20Poly1305::new_from_slice(bytes).map_err(|_| SealError::BadKey)?,
            derive: Hkdf::from_prk(bytes).map_err(|_| SealError::BadKey)?,
        })
    }

    /// Draws a random key, for a process that shares it with no other.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`] if the system gives no random bytes.
    pub fn random() -> Result<Self, SealError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| SealError::NoRandomness)?;
        Self::new(&bytes)
    }

    /// The keyed hash of `text` for the purpose named by `context`: HMAC-SHA256 (RFC 2104) with a key that
    /// HKDF-Expand (RFC 5869) derives for this purpose. Without the seal key nobody can check a guess of the text.
    ///
    /// # Errors
    /// [`SealError::BadKey`] if no key can be derived.
    pub fn keyed_hash(&self, context: &[u8], text: &[u8]) -> Result<[u8; 32], SealError> {
        let mut key = [0; 64];
        let derived = self.derive.expand(context, &mut key);
        derived.map_err(|_| SealError::BadKey)?;
        let mut hash = <Hmac<Sha256> as KeyInit>::new(&key.into());
        hash.update(text);
        Ok(hash.finalize().into_bytes().into())
    }

    /// Seals `plain` for the purpose named by `context`. Returns nonce, ciphertext and tag, in this order.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`] if the system gives no random bytes.
    pub fn seal(&self, plain: &[u8], context: &[u8]) -> Result<Vec<u8>, SealError> {
        let message = Vec::with_capacity(NONCE_BYTES + plain.len() + TAG_BYTES);
        self.seal_after(message, context, |mut message| {
            message.extend_from_slice(plain);
            Ok(message)
        })
    }

    /// Seals in place what `write` appends to `message`. Media are tens of megabytes, so copies are
    /// avoided.
    ///
    /// # Errors
    /// The writer's error, or [`SealError::NoRandomness`] if the system gives no random bytes.
    pub fn seal_after<E: From<SealError>>(
        &self,
        mut message: Vec<u8>,
        context: &[u8],
        write: impl FnOnce(Vec<u8>) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        message.extend_from_slice(&nonce);
        let start = message.len();
        let mut message = write(message)?;
        let plain = message.get_mut(start..).ok_or(SealError::CannotOpen)?;
        let tag = self
            .cipher
            .encrypt_in_place_detached(XNonce::from_slice(&nonce), context, plain)
            .map_err(|_| SealError::CannotOpen)?;
        message.reserve_exact(TAG_BYTES);
        message.extend_from_slice(&tag);
        Ok(message)
    }

    /// Opens what [`SealKey::seal`] sealed for the same `context`.
    ///
    /// # Errors
    /// [`SealError::CannotOpen`] if it was altered, or sealed with another key or for another context.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, body) = sealed
            .split_at_checked(NONCE_BYTES)
            .ok_or(SealError::CannotOpen)?;
        let payload = Payload {
            msg: body,
            aad: context,
        };
        self.cipher
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_| SealError::CannotOpen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_with_its_key_and_its_context() {
        let (key, other) = (SealKey::random().unwrap(), SealKey::random().unwrap());
        let sealed = key.seal(b"frames", b"job:1").unwrap();
        assert_eq!(key.open(&sealed, b"job:1").unwrap(), b"frames");
        assert_eq!(key.open(&sealed, b"job:2"), Err(SealError::CannotOpen));
        assert_eq!(other.open(&sealed, b"job:1"), Err(SealError::CannotOpen));
    }

    #[test]
    fn a_changed_or_truncated_message_does_not_open() {
        let key = SealKey::random().unwrap();
        let sealed = key.seal(b"frames", b"").unwrap();
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert_eq!(key.open(&changed, b""), Err(SealError::CannotOpen));
            assert_eq!(key.open(&sealed[..i], b""), Err(SealError::CannotOpen));
        }
    }

    #[test]
    fn the_same_plaintext_never_looks_the_same() {
        let key = SealKey::random().unwrap();
        assert_ne!(key.seal(b"x", b"").unwrap(), key.seal(b"x", b"").unwrap());
    }

    #[test]
    fn a_keyed_hash_depends_on_key_purpose_and_text() {
        let (key, other) = (SealKey::random().unwrap(), SealKey::random().unwrap());
        let hash = key.keyed_hash(b"a", b"text").unwrap();
        assert_eq!(key.clone().keyed_hash(b"a", b"text").unwrap(), hash);
        for different in [
            key.keyed_hash(b"b", b"text").unwrap(),
            key.keyed_hash(b"a", b"texts").unwrap(),
            other.keyed_hash(b"a", b"text").unwrap(),
        ] {
            assert_ne!(different, hash);
        }
    }

    #[test]
    fn a_key_is_32_bytes_of_base64() {
        assert!(SealKey::from_base64(&base64_simd::STANDARD.encode_to_string([7; 32])).is_ok());
        for bad in [
            "",
            "short",
            "not base64 at all!",
            &base64_simd::STANDARD.encode_to_string([7; 31]),
        ] {
            assert_eq!(SealKey::from_base64(bad).err(), Some(SealError::BadKey));
        }
    }
}
