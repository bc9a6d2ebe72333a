//! Errors as the API document lists them: each operation names the ones that it can answer with.

use std::marker::PhantomData;

use poem_openapi::ApiResponse;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;

use super::json::JsonResponse;
use crate::error::{ApiError, ErrorBody};

/// The failures of one operation.
pub trait Failures: Send + Sync + 'static {
    /// Status, and what it means with the codes that it carries.
    const DOCUMENTED: &'static [(u16, &'static str)];
}

/// An [`ApiError`] returned by the operation `F`, which documents it.
#[derive(Debug)]
pub struct Failure<F>(ApiError, PhantomData<F>);

impl<F, E: Into<ApiError>> From<E> for Failure<F> {
    fn from(error: E) -> Self {
        Self(error.into(), PhantomData)
    }
}

impl<F> From<Failure<F>> for poem::Error {
    fn from(failure: Failure<F>) -> Self {
        failure.0.into()
    }
}

fn retry_after() -> MetaHeader {
    MetaHeader {
        name: "Retry-After".to_owned(),
        description: Some("Seconds to wait at least before trying again.".to_owned()),
        required: true,
        deprecated: false,
        schema: u32::schema_ref(),
    }
}

impl<F: Failures> ApiResponse for Failure<F> {
    fn meta() -> MetaResponses {
        let responses = F::DOCUMENTED
            .iter()
            .map(|&(status, description)| MetaResponse {
                description,
                status: Some(status),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: <JsonResponse<ErrorBody> as Payload>::CONTENT_TYPE,
                    schema: <JsonResponse<ErrorBody> as Payload>::schema_ref(),
                }],
                headers: if status == 429 {
                    vec![retry_after()]
                } else {
                    Vec::new()
                },
            });
        MetaResponses {
            responses: responses.collect(),
        }
    }

    fn register(registry: &mut Registry) {
        <JsonResponse<ErrorBody> as Payload>::register(registry);
    }
}
