//! The codes of the error body.

use poem::http::StatusCode;

use crate::contract::public_enum::public_enum;

public_enum! {
    /// A code of the error body: first what is wrong with the request, last what is wrong with the server.
    #[oai(rename = "ErrorCode")]
    pub enum Code {
        /// Something required is absent.
        MissingFields = "MISSING_FIELDS",
        /// Something is there and wrong.
        InvalidInput = "INVALID_INPUT",
        /// Too few or too many frames.
        InvalidFrameCount = "INVALID_FRAME_COUNT",
        /// A frame is not as documented.
        InvalidFrameFormat = "INVALID_FRAME_FORMAT",
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
        /// The key's requests per minute, or a session's frames per second, are spent.
        RateLimit = "RATE_LIMIT",
        /// As many verifications run, or live frames wait, as may.
        ConcurrencyLimit = "CONCURRENCY_LIMIT",
        /// Something failed on our side.
        ProcessingError = "PROCESSING_ERROR",
    }
}

impl Code {
    /// What the API document says of it: what it means, and what to do.
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
                "A frame is not as documented. `error` says what is wrong; of several frames, it names the position, counted from 0, and the field."
            }
            Self::Unauthorized => {
                "The API key is missing, malformed, unknown or revoked. Send it in `X-AI-API-Key`, or, from a browser, the session's `client_token` as `Authorization: Bearer`: it is good for that session's frames, status and cancellation."
            }
            Self::LivenessDisabled => {
                "The API key may not use liveness. Ask the operator of the service to enable it."
            }
            Self::SessionForbidden => {
                "The session belongs to another API key, or the `client_token` to another session. Use the key that created it, or the token that came with it."
            }
            Self::NotFound => "There is nothing at this path.",
            Self::SessionNotFound => "There is no such session, or no longer. Create a new one.",
            Self::MethodNotAllowed => {
                "The path does not take this method; the `Allow` header lists those that it takes."
            }
            Self::SessionUsed => {
                "The session was verified already, or is being verified: create a new one. Of an interactive session: it is over, and a client token no longer cancels it."
            }
            Self::SessionExpired => "The session was not verified in time. Create a new one.",
            Self::VideoTooLarge => {
                "The medium is over its limit, or the body is larger than any valid request. Send less."
            }
            Self::FrameTooLarge => "The image of a live frame is over 10 MiB. Send it smaller.",
            Self::UnsupportedMediaType => {
                "The body is neither empty nor JSON in UTF-8, for a live frame not a form, or is compressed. Send it as `application/json`, a live frame as `multipart/form-data`, uncompressed."
            }
            Self::RateLimit => {
                "The API key's requests per minute, or a session's frames per second, are used up. Wait as long as `Retry-After` says, then retry with exponential backoff; the session has not been used. Leave out live frames rather than sending them late."
            }
            Self::ConcurrencyLimit => {
                "As many verifications run as this API key, or the server, allows, or as many live frames wait to be looked at as the server allows. Wait as long as `Retry-After` says, then retry with exponential backoff; the session has not been used."
            }
            Self::ProcessingError => {
                "Something failed on the server, or was not finished in time. Retry, a verify with a new session: this one may be used."
            }
        }
    }

    /// The HTTP status that carries the code.
    pub fn status(self) -> StatusCode {
        match self {
            Self::MissingFields
            | Self::InvalidInput
            | Self::InvalidFrameCount
            | Self::InvalidFrameFormat => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::LivenessDisabled | Self::SessionForbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::SessionNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::SessionUsed => StatusCode::CONFLICT,
            Self::SessionExpired => StatusCode::GONE,
            Self::VideoTooLarge | Self::FrameTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimit | Self::ConcurrencyLimit => StatusCode::TOO_MANY_REQUESTS,
            Self::ProcessingError => StatusCode::BAD_GATEWAY,
        }
    }
}
