//! The file of signing keys: its first key signs, all are published.

use std::collections::HashSet;
use std::path::Path;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use super::eddsa;
use super::key::{PublicKey, SigningKey, StoredJwk};
use super::key_error::SigningKeyError;

/// The keys of a file.
#[derive(Debug)]
pub struct KeySet(Vec<SigningKey>);

/// What signs receipts: the first key of a set.
pub struct Signer {
    header: Header,
    key: EncodingKey,
}

impl Signer {
    /// The claims as a compact JWS (RFC 7515).
    ///
    /// # Errors
    /// The library's error. Claims that can be written as JSON cause none.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
        jsonwebtoken::encode(&self.header, claims, &self.key)
    }
}

/// The public keys, as `/.well-known/jwks.json` publishes them: RFC 7517.
#[derive(Clone, Debug, Default, Serialize, Object)]
#[oai(rename = "PublicKeys")]
pub struct PublicKeys {
    /// The keys: the one that signs now, those that will, and those that signed before.
    pub keys: Vec<PublicKey>,
}

#[derive(Serialize, Deserialize)]
struct StoredSet {
    keys: Vec<StoredJwk>,
}

impl KeySet {
    /// A set with one key, which signs.
    pub fn of(key: SigningKey) -> Self {
        Self(vec![key])
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`SigningKeyError`], which names the file.
    pub fn load(path: &Path) -> Result<Self, SigningKeyError> {
        let text = std::fs::read_to_string(path).map_err(|cause| SigningKeyError::Io {
            path: path.to_owned(),
            cause,
        })?;
        Self::parse(&text).map_err(|cause| SigningKeyError::Content {
            path: path.to_owned(),
            cause: Box::new(cause),
        })
    }

    /// Reads the content of a file: PEM with one or more keys, a JWK, or a JWK set. The first key must have its private
    /// half.
    ///
    /// # Errors
    /// [`SigningKeyError`].
    pub fn parse(text: &str) -> Result<Self, SigningKeyError> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let keys: Vec<SigningKey> = if text.starts_with('{') {
            let stored = serde_json::from_str::<StoredSet>(text).map(|set| set.keys);
            let stored = stored.or_else(|_| serde_json::from_str(text).map(|key| vec![key]));
            let stored: Vec<StoredJwk> = stored.map_err(|_| SigningKeyError::Format)?;
            let keys = stored.iter().map(SigningKey::from_jwk);
            keys.collect::<Result<_, _>>()?
        } else {
            let blocks = pem::parse_many(text).map_err(|_| SigningKeyError::Format)?;
            let keys = blocks
                .iter()
                .map(|block| SigningKey::from_pem(block.tag(), block.contents()));
            keys.collect::<Result<_, _>>()?
        };
        let mut kids = HashSet::new();
        if let Some(twice) = keys.iter().find(|k| !kids.insert(&k.public.kid)) {
            return Err(SigningKeyError::Twice(twice.public.kid.clone()));
        }
        match keys.first() {
            // `pem` finds no block in any other text.
            None if !text.is_empty() && !text.starts_with('{') => Err(SigningKeyError::Format),
            None => Err(SigningKeyError::Empty),
            Some(first) if first.private.is_none() => Err(SigningKeyError::FirstIsPublic),
            Some(_) => Ok(Self(keys)),
        }
    }

    /// The content of a file with these keys: a JWK set.
    ///
    /// # Errors
    /// The serializer's error. No key set causes one.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let keys = self.0.iter().map(SigningKey::to_jwk).collect();
        Ok(serde_json::to_string_pretty(&StoredSet { keys })? + "\n")
    }

    /// What signs.
    ///
    /// # Errors
    /// [`SigningKeyError::FirstIsPublic`]; not for a set that was read or made here.
    pub fn signer(&self) -> Result<Signer, SigningKeyError> {
        eddsa::install();
        let first = self.0.first().ok_or(SigningKeyError::Empty)?;
        let key = first.signer().ok_or(SigningKeyError::FirstIsPublic)?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(first.public.kid.clone());
        Ok(Signer { header, key })
    }

    /// The public halves.
    pub fn public(&self) -> PublicKeys {
        PublicKeys {
            keys: self.0.iter().map(|key| key.public.clone()).collect(),
        }
    }

    /// The keys, the one that signs first.
    pub fn keys(&self) -> &[SigningKey] {
        &self.0
    }

    /// Adds a key, to be published and not yet to sign.
    pub fn add(&mut self, key: SigningKey) {
        self.0.push(key);
    }

    /// Lets a key sign. Of the one that signed before, only the public half stays, so that it signs no more.
    ///
    /// # Errors
    /// [`SigningKeyError`] if there is no such key, or only its public half.
    pub fn use_key(&mut self, kid: &str) -> Result<(), SigningKeyError> {
        let at = self.find(kid)?;
        if self.0[at].private.is_none() {
            return Err(SigningKeyError::CannotSign(kid.to_owned()));
        }
        if at > 0 {
            let next = self.0.remove(at);
            self.0[0].private = None;
            self.0.insert(0, next);
        }
        Ok(())
    }

    /// Removes a key, which is then no longer published: its receipts can no longer be verified.
    ///
    /// # Errors
    /// [`SigningKeyError`] if there is no such key, or if it is the one that signs.
    pub fn remove(&mut self, kid: &str) -> Result<(), SigningKeyError> {
        match self.find(kid)? {
            0 => Err(SigningKeyError::Signs(kid.to_owned())),
            at => {
                self.0.remove(at);
                Ok(())
            }
        }
    }

    fn find(&self, kid: &str) -> Result<usize, SigningKeyError> {
        let at = self.0.iter().position(|key| key.public.kid == kid);
        at.ok_or_else(|| SigningKeyError::NoSuchKey(kid.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `openssl genpkey -algorithm ed25519`, and its public half by `openssl pkey -pubout`.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
        -----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
        -----END PUBLIC KEY-----\n";

    #[test]
    fn pem_and_jwk_of_one_key_are_the_same_key() {
        let from_pem = KeySet::parse(PEM).unwrap();
        let again = KeySet::parse(&from_pem.to_json().unwrap()).unwrap();
        assert_eq!(from_pem.public().keys, again.public().keys);
        let one: String = serde_json::to_string(&from_pem.keys()[0].to_jwk()).unwrap();
        let one = KeySet::parse(&one).unwrap();
        assert_eq!(one.public().keys, from_pem.public().keys);
        let both = KeySet::of(SigningKey::generate().unwrap())
            .to_json()
            .unwrap();
        assert_ne!(
            KeySet::parse(&both).unwrap().public().keys,
            one.public().keys
        );
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_without_its_content() {
        let x25519 = PEM.replace("K2Vw", "K2Vu");
        for (text, says) in [
            ("", "no key"),
            ("{\"keys\":[]}", "no key"),
            ("hello", "neither PEM"),
            ("{\"kty\":", "neither PEM"),
            (PUBLIC, "no private half"),
            (&format!("{PEM}{PUBLIC}"), "twice"),
            (&x25519, "not Ed25519"),
            (
                &PEM.replace("PRIVATE KEY", "EC PRIVATE KEY"),
                "EC PRIVATE KEY",
            ),
        ] {
            let error = KeySet::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
            assert!(!error.contains("MC4CAQ"), "{error}");
        }
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_after() {
        let mut keys = KeySet::of(SigningKey::generate().unwrap());
        let next = SigningKey::generate().unwrap();
        let (first, second) = (keys.public().keys[0].kid.clone(), next.public.kid.clone());
        keys.add(next);
        let kids = |keys: &KeySet| -> Vec<String> {
            let public = keys.public().keys.into_iter();
            public.map(|k| k.kid).collect()
        };
        assert_eq!(kids(&keys), [first.clone(), second.clone()]);
        assert!(keys.remove(&first).is_err(), "it signs");
        keys.use_key(&second).unwrap();
        assert_eq!(kids(&keys), [second.clone(), first.clone()]);
        let mut keys = KeySet::parse(&keys.to_json().unwrap()).unwrap();
        assert!(
            matches!(keys.use_key(&first), Err(SigningKeyError::CannotSign(_))),
            "its private half is gone"
        );
        keys.remove(&first).unwrap();
        assert_eq!(kids(&keys), [second]);
    }
}
