//! What the caller knows of the device: bound into the receipt by its hash.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::ApiError;
use crate::http::fields::RawField;

/// Longest attestation, bytes.
pub const MAX_ATTESTATION_BYTES: usize = 16 << 10;

/// SHA-256 of an attestation as it was sent. The attestation itself is not kept.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttestationHash([u8; 32]);

impl AttestationHash {
    /// Reads the field `attestation`.
    ///
    /// # Errors
    /// [`ApiError::InvalidInput`] when it is no text of 1 to 16,384 bytes.
    pub fn read(field: Option<RawField<'_>>) -> Result<Option<Self>, ApiError> {
        match field {
            None => Ok(None),
            Some(RawField::Text(text)) if (1..=MAX_ATTESTATION_BYTES).contains(&text.len()) => {
                Ok(Some(Self(Sha256::digest(text.as_bytes()).into())))
            }
            Some(_) => Err(ApiError::InvalidInput(format!(
                "attestation must be a string of 1 to {MAX_ATTESTATION_BYTES} bytes."
            ))),
        }
    }

    /// The hash, hexadecimal.
    pub fn to_hex(self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect()
    }
}

impl fmt::Debug for AttestationHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Option<AttestationHash>, ApiError> {
        AttestationHash::read(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_hash_is_of_the_bytes_as_they_were_sent() {
        assert_eq!(read("null").unwrap(), None);
        // sha256 of "abc": FIPS 180-2, appendix B.1.
        assert_eq!(
            read(r#""abc""#).unwrap().unwrap().to_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(read(r#""a\u0062c""#).unwrap(), read(r#""abc""#).unwrap());
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        let long = format!("\"{}\"", "x".repeat(MAX_ATTESTATION_BYTES + 1));
        for json in ["\"\"", "7", "{}", "[\"x\"]", &long] {
            let error = read(json).unwrap_err().to_string();
            assert!(error.contains("attestation"), "{error}");
        }
        assert!(read(&long.replacen('x', "", 1)).is_ok());
    }
}
