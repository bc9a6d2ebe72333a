//! The client token: it lets a browser act on its own session, and on nothing else.
//!
//! The token is the session's id, sealed. The server stores no part of it: with the seal key it can
//! tell a token that was issued from one that was not, and for which session. The token ends with its
//! session.

use livegate_common::seal::{SealError, SealKey};
use uuid::Uuid;

/// Prefix of every client token.
const PREFIX: &str = "lct_";
/// The context that tokens are sealed with.
const CONTEXT: &[u8] = b"livegate client token";
/// Longest token that is opened, bytes.
const MOST_BYTES: usize = 256;

/// Makes the token of a session.
///
/// # Errors
/// [`SealError`] when the system provides no random bytes.
pub fn issue(seal: &SealKey, session: Uuid) -> Result<String, SealError> {
    let sealed = seal.seal(session.as_bytes(), CONTEXT)?;
    Ok(PREFIX.to_owned() + &base64_simd::URL_SAFE_NO_PAD.encode_to_string(&sealed))
}

/// The session that a token is for; `None` when it was not issued by us.
pub fn session_of(seal: &SealKey, token: &str) -> Option<Uuid> {
    let sealed = token
        .strip_prefix(PREFIX)
        .filter(|t| t.len() <= MOST_BYTES)?;
    let sealed = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(sealed).ok()?;
    Uuid::from_slice(&seal.open(&sealed, CONTEXT).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_session_and_nobody_can_make_one() {
        let (seal, other) = (SealKey::random().unwrap(), SealKey::random().unwrap());
        let session = Uuid::new_v4();
        let token = issue(&seal, session).unwrap();
        assert!(!token.contains(&session.simple().to_string()));
        assert_eq!(session_of(&seal, &token), Some(session));
        assert_eq!(session_of(&other, &token), None);
        for wrong in [
            "",
            "lct_",
            &token[1..],
            &token[..token.len() - 2],
            "tsk_abc",
        ] {
            assert_eq!(session_of(&seal, wrong), None, "{wrong}");
        }
    }
}
