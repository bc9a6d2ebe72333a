//! Ed25519 (RFC 8032) for the JOSE library, by ring.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// Lets the JOSE library use ring. Later calls have no effect.
pub fn install() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| Ok(Box::new(Pair::of(*algorithm, key)?)),
        verifier_factory: |algorithm, key| Ok(Box::new(Public::of(*algorithm, key)?)),
        key_utils: KeyUtils {
            rsa_pub_components_from_private_key: |_| unsupported(),
            rsa_pub_components_from_public_key: |_| unsupported(),
            ec_pub_components_from_private_key: |_, _| unsupported(),
            ed_pub_components_from_private_key: |pkcs8, _| {
                Ok(pair(pkcs8)?.public_key().as_ref().to_vec())
            },
            compute_digest: |_, _| unsupported(),
        },
    };
    // An error says that it is installed already.
    let _ = PROVIDER.install_default();
}

fn unsupported<T>() -> Result<T> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

/// The key pair in a PKCS#8 document, with or without its public half.
fn pair(pkcs8: &[u8]) -> Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| ErrorKind::InvalidEddsaKey.into())
}

struct Pair(Ed25519KeyPair);

impl Pair {
    fn of(algorithm: Algorithm, key: &EncodingKey) -> Result<Self> {
        match (algorithm, key.family()) {
            (Algorithm::EdDSA, AlgorithmFamily::Ed) => Ok(Self(pair(key.as_bytes())?)),
            _ => unsupported(),
        }
    }
}

impl Signer<Vec<u8>> for Pair {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for Pair {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Public(UnparsedPublicKey<Vec<u8>>);

impl Public {
    fn of(algorithm: Algorithm, key: &DecodingKey) -> Result<Self> {
        match (algorithm, key.family()) {
            (Algorithm::EdDSA, AlgorithmFamily::Ed) => {
                let bytes = key.try_get_as_bytes()?.to_vec();
                Ok(Self(UnparsedPublicKey::new(&ED25519, bytes)))
            }
            _ => unsupported(),
        }
    }
}

impl Verifier<Vec<u8>> for Public {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.verify(message, signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for Public {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}
