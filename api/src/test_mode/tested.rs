//! What an outcome can be asked of, and the reasons and errors that it can have there.

use crate::contract::reason::ReasonCode;
use crate::error::{ApiError, Code};
use crate::openapi::failures::failures;

/// The cause of an error that a test session was created for. Nothing failed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the test outcome asks for it")]
pub struct Staged;

/// What an outcome is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tested {
    /// A verify.
    Verify,
    /// A frame of an interactive session.
    LiveFrame,
}

impl Tested {
    /// The operation whose documented errors can be asked for.
    fn operation(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::LiveFrame => "submitFrame",
        }
    }

    /// The reasons for which it can be rejected, in the documented order.
    pub fn reasons(self) -> &'static [ReasonCode] {
        const ALL: [ReasonCode; 5] = [
            ReasonCode::InvalidInput,
            ReasonCode::InsufficientFaceDetections,
            ReasonCode::DifferentPersonsDetected,
            ReasonCode::SpoofDetected,
            ReasonCode::ChallengeFailed,
        ];
        match self {
            Self::Verify => &ALL,
            // A live frame that cannot be read is refused and no reason for a verdict.
            Self::LiveFrame => ALL.split_at(1).1,
        }
    }

    /// The documented errors.
    pub fn codes(self) -> Vec<Code> {
        let mut codes: Vec<Code> = Vec::new();
        for error in failures(self.operation()) {
            if !codes.contains(&error.code()) {
                codes.push(error.code());
            }
        }
        codes
    }

    /// The error that the API document shows for this code.
    pub(super) fn error(self, code: Code) -> ApiError {
        let documented = failures(self.operation());
        let error = documented.into_iter().find(|error| error.code() == code);
        match error {
            Some(ApiError::TimedOut(_)) => ApiError::TimedOut(Staged.into()),
            Some(ApiError::FrameNotMeasured(_)) => ApiError::FrameNotMeasured(Staged.into()),
            Some(error) => error,
            None => ApiError::internal("a test outcome is no longer documented"),
        }
    }
}
