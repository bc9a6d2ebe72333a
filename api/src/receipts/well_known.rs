//! `GET /.well-known/jwks.json`: the keys that verify receipts; `test-jwks.json`: that of test sessions.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi, Tags};

use super::key_set::PublicKeys;
use super::keys_of_tests;
use crate::error::ApiError;
use crate::http::json::JsonResponse;
use crate::state::AppState;

/// The routes under `/.well-known`.
pub struct WellKnown;

#[derive(Tags)]
enum ApiTags {
    /// What others need to verify a receipt.
    #[oai(rename = "Receipts")]
    Receipts,
}

/// How long a verifier may keep the keys. Who meets a key id that it does not know asks again.
const CACHE: &str = "public, max-age=300";

#[derive(ApiResponse)]
enum KeysAnswer {
    /// The keys: a JWK set (RFC 7517). Empty where the service signs no receipts.
    #[oai(status = 200)]
    Keys(
        JsonResponse<PublicKeys>,
        /// How long the keys may be kept.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

#[OpenApi(prefix_path = "/.well-known", tag = "ApiTags::Receipts")]
impl WellKnown {
    /// List the keys that verify receipts
    ///
    /// Needs no API key. A receipt names its key by `kid`. A key is published before it signs, and for as long as its
    /// receipts are to be verified.
    #[oai(path = "/jwks.json", method = "get", operation_id = "jwks")]
    async fn jwks(&self, state: Data<&Arc<AppState>>) -> KeysAnswer {
        KeysAnswer::Keys(JsonResponse(state.receipts.public()), CACHE.to_owned())
    }

    /// List the key that verifies receipts of test sessions
    ///
    /// Needs no API key. The key is public, both halves (RFC 8037, appendix A.1), so that anybody can make such a receipt: never
    /// let it count for a real verdict.
    #[oai(path = "/test-jwks.json", method = "get", operation_id = "testJwks")]
    async fn test_jwks(&self) -> poem::Result<KeysAnswer> {
        let keys = keys_of_tests().map_err(ApiError::internal)?;
        Ok(KeysAnswer::Keys(
            JsonResponse(keys.public()),
            CACHE.to_owned(),
        ))
    }
}
