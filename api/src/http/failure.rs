//! Errors as the API document lists them: each operation names the ones that it can answer with.

use std::marker::PhantomData;

use poem_openapi::ApiResponse;
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};

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

impl<F: Failures> ApiResponse for Failure<F> {
    fn meta() -> MetaResponses {
        let responses = F::DOCUMENTED
            .iter()
            .map(|&(status, description)| MetaResponse {
                description,
                status: Some(status),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: <Json<ErrorBody> as Payload>::CONTENT_TYPE,
                    schema: <Json<ErrorBody> as Payload>::schema_ref(),
                }],
                headers: Vec::new(),
            });
        MetaResponses {
            responses: responses.collect(),
        }
    }

    fn register(registry: &mut Registry) {
        <Json<ErrorBody> as Payload>::register(registry);
    }
}
