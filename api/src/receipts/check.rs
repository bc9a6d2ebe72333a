//! Verifies receipts offline.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

use super::eddsa;

/// Why a receipt is not valid, or cannot be verified.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReceiptError {
    /// The text is no compact JWS.
    #[error("this is not a receipt: a receipt is three parts of base64url with points in between")]
    NotAReceipt,
    /// The set of keys cannot be read.
    #[error("the keys are not a JWK set, as /.well-known/jwks.json gives it")]
    NotKeys,
    /// The key that signed it is not in the set.
    #[error("the receipt names the key {0:?}, which is not among the keys")]
    UnknownKey(String),
    /// The signature does not match.
    #[error("the receipt is not valid: its signature does not match what it says")]
    Invalid,
}

/// Checks a receipt against a JWK set, and returns its claims.
///
/// Only EdDSA is accepted. A receipt does not expire: `iat` says when the verdict was reached.
///
/// # Errors
/// [`ReceiptError`].
pub fn check(receipt: &str, jwks: &str) -> Result<serde_json::Value, ReceiptError> {
    eddsa::install();
    let receipt = receipt.trim();
    let header = decode_header(receipt).map_err(|_| ReceiptError::NotAReceipt)?;
    let keys: JwkSet = serde_json::from_str(jwks).map_err(|_| ReceiptError::NotKeys)?;
    let kid = header.kid.unwrap_or_default();
    let unknown = || ReceiptError::UnknownKey(kid.chars().take(64).collect());
    let key = keys.find(&kid).ok_or_else(unknown)?;
    let key = DecodingKey::from_jwk(key).map_err(|_| ReceiptError::NotKeys)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let read = decode::<serde_json::Value>(receipt, &key, &validation);
    read.map(|data| data.claims)
        .map_err(|_| ReceiptError::Invalid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::key::SigningKey;
    use super::super::key_set::KeySet;
    use super::*;

    fn jwks(keys: &KeySet) -> String {
        serde_json::to_string(&keys.public()).unwrap()
    }

    #[test]
    fn a_receipt_is_valid_as_long_as_its_key_is_published() {
        let mut keys = KeySet::of(SigningKey::generate().unwrap());
        let first = keys.public().keys[0].kid.clone();
        let claims = json!({"verified": true, "sub": "live_1"});
        let old = keys.signer().unwrap().sign(&claims).unwrap();
        keys.add(SigningKey::generate().unwrap());
        let second = keys.public().keys[1].kid.clone();
        keys.use_key(&second).unwrap();
        let new = keys.signer().unwrap().sign(&claims).unwrap();
        for receipt in [&old, &new] {
            assert_eq!(check(receipt, &jwks(&keys)).unwrap(), claims);
        }
        keys.remove(&first).unwrap();
        assert_eq!(
            check(&old, &jwks(&keys)),
            Err(ReceiptError::UnknownKey(first))
        );
        assert!(check(&new, &jwks(&keys)).is_ok());
        assert_eq!(check("a.b", &jwks(&keys)), Err(ReceiptError::NotAReceipt));
        assert_eq!(check(&new, "[]"), Err(ReceiptError::NotKeys));
    }

    #[test]
    fn no_other_algorithm_is_accepted() {
        let keys = KeySet::of(SigningKey::generate().unwrap());
        let receipt = keys.signer().unwrap().sign(&json!({"a": 1})).unwrap();
        let kid = &keys.public().keys[0].kid;
        let rest = receipt.split_once('.').unwrap().1;
        for alg in ["none", "HS256", "RS256"] {
            let head = format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#);
            let head = base64_simd::URL_SAFE_NO_PAD.encode_to_string(head);
            assert!(check(&format!("{head}.{rest}"), &jwks(&keys)).is_err());
            let unsigned = rest.split_once('.').unwrap().0;
            assert!(check(&format!("{head}.{unsigned}."), &jwks(&keys)).is_err());
        }
    }

    proptest! {
        #[test]
        fn a_changed_character_makes_it_invalid(at in any::<prop::sample::Index>(), other in "[A-Za-z0-9_-]") {
            let keys = KeySet::of(SigningKey::generate().unwrap());
            let receipt = keys.signer().unwrap().sign(&json!({"verified": false, "sub": "live_1"})).unwrap();
            let at = at.index(receipt.len());
            let mut changed = receipt.clone();
            changed.replace_range(at..=at, &other);
            // The last character holds four bits that mean nothing, and some decoders ignore them.
            prop_assume!(changed != receipt && at + 1 < receipt.len());
            prop_assert!(check(&changed, &jwks(&keys)).is_err());
        }
    }
}
