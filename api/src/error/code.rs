//! Codes of the error body.

use poem::http::StatusCode;
use serde::Deserialize;

use crate::contract::public_enum::public_enum;

public_enum! {
    /// The code of the error body. First come the faults of a request, last those of the server.
    #[derive(Deserialize)]
    #[oai(rename = "ErrorCode")]
    pub enum Code {
        /// A required field is absent.
        MissingFields = "MISSING_FIELDS",
        /// A field is present and wrong, or the request cannot be read.
        InvalidInput = "INVALID_INPUT",
        /// Too few or too many frames.
        InvalidFrameCount = "INVALID_FRAME_COUNT",
        /// A frame is not as documented.
        InvalidFrameFormat = "INVALID_FRAME_FORMAT",
        /// The reference picture does not show exactly one clear face.
        InvalidReference = "INVALID_REFERENCE",
        /// The key, or a browser's token, is missing, malformed, unknown or revoked.
        Unauthorized = "UNAUTHORIZED",
        /// The key may not use liveness.
        LivenessDisabled = "LIVENESS_DISABLED",
        /// The session belongs to another key, or the token to another session.
        SessionForbidden = "SESSION_FORBIDDEN",
        /// No such route.
        NotFound = "NOT_FOUND",
        /// No such session.
        SessionNotFound = "SESSION_NOT_FOUND",
        /// The route exists for other methods.
        MethodNotAllowed = "METHOD_NOT_ALLOWED",
        /// The session was used before.
        SessionUsed = "SESSION_USED",
        /// The session's time is over.
        SessionExpired = "SESSION_EXPIRED",
        /// The medium or the body is too large.
        VideoTooLarge = "VIDEO_TOO_LARGE",
        /// A live frame is too large.
        FrameTooLarge = "FRAME_TOO_LARGE",
        /// The body is not in a supported content type.
        UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE",
        /// Another body came with the same idempotency key.
        IdempotencyMismatch = "IDEMPOTENCY_MISMATCH",
        /// The key's requests per minute, or the session's frames per second, are used up.
        RateLimit = "RATE_LIMIT",
        /// The attempts of a subject are used up.
        AttemptLimit = "ATTEMPT_LIMIT",
        /// The limit on simultaneous verifications, or on live frames that wait, is reached.
        ConcurrencyLimit = "CONCURRENCY_LIMIT",
        /// Processing failed on the server.
        ProcessingError = "PROCESSING_ERROR",
    }
}

impl Code {
    /// The API document's description of the code: what it means, and what to do.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::MissingFields => "Required fields are absent; `error` names them all.",
            Self::InvalidInput => {
                "The request cannot be read, or a field of it is wrong; `error` says which and what is allowed."
            }
            Self::InvalidFrameCount => {
                "Fewer frames than `config.min_images` or more than `config.max_images`."
            }
            Self::InvalidFrameFormat => {
                "A frame is not as documented. `error` says what is wrong; for a frame of a capture it names the position, counted from 0, and the field."
            }
            Self::InvalidReference => {
                "`reference_image_b64` is not a picture of exactly one clear face; `error` says why. Send another picture, or none; the session has not been used."
            }
            Self::Unauthorized => {
                "The API key is missing, malformed, unknown or revoked. Send it in `X-AI-API-Key`, or, from a browser, the session's `client_token` as `Authorization: Bearer`: the token is valid for that session's frames, status and cancellation only."
            }
            Self::LivenessDisabled => {
                "The API key may not use liveness. Ask the operator of the service to enable it."
            }
            Self::SessionForbidden => {
                "The session belongs to another API key, or the `client_token` to another session. Use the key that created it, or the token that came with it."
            }
            Self::NotFound => "There is nothing at this path.",
            Self::SessionNotFound => {
                "The session does not exist, or no longer exists. Create a new one."
            }
            Self::MethodNotAllowed => {
                "The path does not accept this method; the `Allow` header lists the accepted ones."
            }
            Self::SessionUsed => {
                "The session was verified already, or is being verified: create a new one. For an interactive session: it is over, and a client token can no longer cancel it."
            }
            Self::SessionExpired => "The session was not verified in time. Create a new one.",
            Self::VideoTooLarge => {
                "The medium is over its limit, or the body is larger than any valid request. Send less."
            }
            Self::FrameTooLarge => "The image of a live frame is over 10 MiB. Send it smaller.",
            Self::UnsupportedMediaType => {
                "The body is not JSON in UTF-8, or, for a live frame, not a form, or it is compressed. Send it uncompressed, as `application/json`; send a live frame as `multipart/form-data`."
            }
            Self::IdempotencyMismatch => {
                "The `Idempotency-Key` was sent before with another body for the same session. Send the first body again, byte for byte, or verify a new session."
            }
            Self::RateLimit => {
                "The API key's requests per minute, or a session's frames per second, are used up. Wait as long as `Retry-After` says, then retry with exponential backoff; the session has not been used. Leave out live frames rather than sending them late."
            }
            Self::AttemptLimit => {
                "The attempts that the API key allows for this `subject_ref` are used up. Wait as long as `Retry-After` says; no session was created."
            }
            Self::ConcurrencyLimit => {
                "The limit on simultaneous verifications of this API key or of the server is reached, or the server's limit on live frames that wait to be measured. Wait as long as `Retry-After` says, then retry with exponential backoff; the session has not been used."
            }
            Self::ProcessingError => {
                "Something failed on the server, or was not finished in time. Retry: a verify with an `Idempotency-Key` as it is, until its answer is final or has the header `Idempotent-Replayed`; any other verify with a new session, since this one may be used."
            }
        }
    }

    /// The HTTP status that carries the code.
    pub fn status(self) -> StatusCode {
        match self {
            Self::MissingFields
            | Self::InvalidInput
            | Self::InvalidFrameCount
            | Self::InvalidFrameFormat
            | Self::InvalidReference => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::LivenessDisabled | Self::SessionForbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::SessionNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::SessionUsed => StatusCode::CONFLICT,
            Self::SessionExpired => StatusCode::GONE,
            Self::VideoTooLarge | Self::FrameTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::IdempotencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimit | Self::AttemptLimit | Self::ConcurrencyLimit => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::ProcessingError => StatusCode::BAD_GATEWAY,
        }
    }
}
