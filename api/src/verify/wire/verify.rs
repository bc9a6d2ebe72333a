//! The body of `POST /v1/liveness/verify`.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use livegate_common::job::Look;
use livegate_media::length;
use serde::Deserialize;

use super::frames::{CapturedFrame, FrameList};
use crate::admission::Work;
use crate::contract::attestation::AttestationHash;
use crate::contract::media::{MAX_VIDEO_BYTES, MAX_VIDEO_SIZE_MB};
use crate::error::ApiError;
use crate::http::base64::{self, Base64Error};
use crate::http::fields::{RawField, read_body};
use crate::reference::{NumberList, Reference};
use crate::verify::vocabulary::Mode;

/// A capture as it was sent.
#[derive(Clone)]
pub enum Capture {
    /// Tagged frames, in order; between [`MIN_IMAGES`](crate::contract::media::MIN_IMAGES) and
    /// [`MAX_IMAGES`](crate::contract::media::MAX_IMAGES) of them.
    Images(Vec<CapturedFrame>),
    /// A clip, as it came, not decoded; at most [`MAX_VIDEO_BYTES`].
    Video(Bytes),
}

impl Capture {
    /// The mode it was sent in.
    pub fn mode(&self) -> Mode {
        match self {
            Self::Images(_) => Mode::Images,
            Self::Video(_) => Mode::Video,
        }
    }

    /// The work of measuring it, as far as it can be known before decoding.
    pub fn work(&self) -> Work {
        match self {
            Self::Images(frames) => {
                Work::pictures(frames.iter().map(|f| f.image.header()), Look::Whole)
            }
            Self::Video(clip) => Work::clip(length::expected_s(clip)),
        }
    }
}

/// Prints only sizes.
impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Images(frames) => f.debug_tuple("Images").field(frames).finish(),
            Self::Video(clip) => write!(f, "Video({} bytes)", clip.len()),
        }
    }
}

/// A request to verify a capture.
#[derive(Debug)]
pub struct VerifyRequest {
    /// Id of the session, as the caller names it; it may not exist.
    pub session_id: String,
    /// The capture.
    pub capture: Capture,
    /// The hash of the caller's attestation.
    pub attestation: Option<AttestationHash>,
    /// The face that the captured one is compared with.
    pub reference: Option<Reference>,
}

impl VerifyRequest {
    /// The work of measuring it all.
    pub fn work(&self) -> Work {
        let reference = self.reference.as_ref().map(Reference::work);
        self.capture.work().and(reference.unwrap_or_default())
    }

    /// Reads a body: shape, types, frame count, base64 and image headers. No pixels are decoded.
    ///
    /// Takes a few milliseconds per megabyte, so it must not run on an async thread.
    ///
    /// # Errors
    /// The first of the documented refusals that applies.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut raw: Raw<'_> = read_body(body, "")?;
        let session_id = text("session_id", raw.session_id.take())?;
        let mode = text("mode", raw.mode.take())?;
        raw.require(session_id.is_some(), mode.as_deref())?;
        let (Some(session_id), Some(mode)) = (session_id, mode) else {
            return Err(ApiError::MissingFields(vec!["session_id", "mode"]));
        };
        let (session_id, mode) = (session_id.into_owned(), mode.into_owned());
        let attestation = AttestationHash::read(raw.attestation.take())?;
        let reference = Reference::read(
            raw.reference_image_b64.take(),
            raw.reference_embedding.take(),
        )?;
        Ok(Self {
            session_id,
            capture: raw.capture(&mode)?,
            attestation,
            reference,
        })
    }
}

#[derive(Default, Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    session_id: Option<RawField<'a>>,
    mode: Option<RawField<'a>>,
    frames: Option<FrameList<'a>>,
    video_b64: Option<RawField<'a>>,
    attestation: Option<RawField<'a>>,
    reference_image_b64: Option<RawField<'a>>,
    reference_embedding: Option<NumberList>,
}

fn text<'a>(name: &str, value: Option<RawField<'a>>) -> Result<Option<Cow<'a, str>>, ApiError> {
    match value {
        None => Ok(None),
        Some(RawField::Text(text)) => Ok(Some(text)),
        Some(_) => Err(ApiError::InvalidInput(format!("{name} must be a string."))),
    }
}

impl Raw<'_> {
    /// Reports every field that is absent, including the medium that `mode` names.
    fn require(&self, has_session: bool, mode: Option<&str>) -> Result<(), ApiError> {
        let mut missing = Vec::new();
        if !has_session {
            missing.push("session_id");
        }
        if mode.is_none() {
            missing.push("mode");
        }
        if self.frames.is_none() && self.video_b64.is_none() {
            match mode {
                Some("images") => missing.push("frames"),
                Some("video") => missing.push("video_b64"),
                None => missing.push("frames or video_b64"),
                // A wrong mode is reported later, as wrong and not as missing.
                Some(_) => {}
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(ApiError::MissingFields(missing))
        }
    }

    fn capture(self, mode: &str) -> Result<Capture, ApiError> {
        let invalid = |text: &str| Err(ApiError::InvalidInput(text.to_owned()));
        match (mode, self.frames, self.video_b64) {
            ("images" | "video", Some(_), Some(_)) => {
                invalid("Send either frames or video_b64, as mode says, not both.")
            }
            ("images", Some(frames), None) => Ok(Capture::Images(frames.read()?)),
            ("images", None, _) => invalid("mode is \"images\": send frames, not video_b64."),
            ("video", None, Some(RawField::Text(clip))) => Ok(Capture::Video(read_clip(&clip)?)),
            ("video", None, _) => invalid("video_b64 must be a string."),
            ("video", Some(_), None) => invalid("mode is \"video\": send video_b64, not frames."),
            (_, _, _) => invalid("mode must be \"images\" or \"video\"."),
        }
    }
}

fn read_clip(text: &str) -> Result<Bytes, ApiError> {
    let too_large = || {
        ApiError::TooLarge(format!(
            "video_b64 is over {MAX_VIDEO_SIZE_MB} MiB once decoded; send a shorter or smaller clip."
        ))
    };
    match base64::decode(text, MAX_VIDEO_BYTES) {
        Ok(clip) if clip.len() > MAX_VIDEO_BYTES => Err(too_large()),
        Ok(clip) if clip.is_empty() => {
            Err(ApiError::InvalidInput("video_b64 is empty.".to_owned()))
        }
        Ok(clip) => Ok(clip),
        Err(Base64Error::TooLarge) => Err(too_large()),
        Err(Base64Error::NotBase64) => Err(ApiError::InvalidInput(
            "video_b64 does not decode as base64.".to_owned(),
        )),
    }
}
