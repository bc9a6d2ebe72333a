//! The request rate of a key.

use livegate_common::limits::{Limits, Rate};

use crate::error::{ApiError, Rated};
use crate::keys::KeyRecord;

/// Takes a token from the key's bucket.
///
/// # Errors
/// [`ApiError::RateLimited`] when the bucket is empty.
pub async fn take_token(limits: &dyn Limits, key: &KeyRecord) -> Result<(), ApiError> {
    let per_minute = key.requests_per_minute;
    match limits
        .take_tokens(&key.id, 1, per_minute, per_minute)
        .await?
    {
        Rate::Allowed => Ok(()),
        Rate::RetryAfter(retry_after) => Err(ApiError::RateLimited {
            of: Rated::Key,
            retry_after,
        }),
    }
}
