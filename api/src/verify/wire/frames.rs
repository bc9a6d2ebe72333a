//! The frames of a capture: parsed with their tags, order and picture headers.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use livegate_liveness::challenge::Phase;
use livegate_media::Picture;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::contract::bad_picture::{BadFrame, Problem};
use crate::contract::media::{MAX_FRAME_BYTES, MAX_IMAGES, MIN_IMAGES};
use crate::error::ApiError;
use crate::http::base64::{self, Base64Error};
use crate::http::fields::{ObjectOf, RawField};

/// One frame that passed every check that needs no pixels.
#[derive(Clone)]
pub struct CapturedFrame {
    /// The part of the challenge that the client tagged it with.
    pub phase: Phase,
    /// Milliseconds since the capture began, by the client's clock.
    pub at_ms: f64,
    /// JPEG or PNG, as it came.
    pub image: Picture,
}

impl CapturedFrame {
    /// A frame with this tag, this time in milliseconds and this picture.
    ///
    /// # Errors
    /// [`Problem`] when the tag belongs to no action, or the bytes are not a picture that is accepted.
    pub fn new(tag: &str, at_ms: f64, image: Bytes) -> Result<Self, Problem> {
        let phase = Phase::from_tag(tag).ok_or(Problem::Phase)?;
        if image.is_empty() {
            return Err(Problem::Empty);
        }
        if image.len() > MAX_FRAME_BYTES {
            return Err(Problem::TooLarge);
        }
        Ok(Self {
            phase,
            at_ms,
            image: Picture::read(image)?,
        })
    }
}

impl fmt::Debug for CapturedFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CapturedFrame({:?}, {} bytes)",
            self.phase,
            self.image.bytes().len()
        )
    }
}

/// The `frames` of a body, unchecked. At most one frame more than is allowed is kept.
pub(super) enum FrameList<'a> {
    NotAList,
    List {
        kept: Vec<ObjectOf<RawFrame<'a>>>,
        count: usize,
    },
}

#[derive(Deserialize)]
pub(super) struct RawFrame<'a> {
    #[serde(borrow)]
    index: Option<RawField<'a>>,
    timestamp_ms: Option<RawField<'a>>,
    phase: Option<RawField<'a>>,
    image_b64: Option<RawField<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for FrameList<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor;
        impl<'de> Visitor<'de> for ListVisitor {
            type Value = FrameList<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
                let (mut kept, mut count) = (Vec::new(), 0);
                loop {
                    // Frames beyond the limit are only counted.
                    if kept.len() > MAX_IMAGES {
                        while seq.next_element::<IgnoredAny>()?.is_some() {
                            count += 1;
                        }
                        return Ok(FrameList::List { kept, count });
                    }
                    match seq.next_element()? {
                        None => return Ok(FrameList::List { kept, count }),
                        Some(frame) => kept.push(frame),
                    }
                    count += 1;
                }
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(FrameList::NotAList)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(FrameList::NotAList)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(FrameList::NotAList)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(FrameList::NotAList)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(FrameList::NotAList)
            }

            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(FrameList::NotAList)
            }
        }
        deserializer.deserialize_any(ListVisitor)
    }
}

impl FrameList<'_> {
    /// Checks the frames and returns them in order: [`MIN_IMAGES`] to [`MAX_IMAGES`] of them.
    pub(super) fn read(self) -> Result<Vec<CapturedFrame>, ApiError> {
        let Self::List { kept, count } = self else {
            return Err(ApiError::InvalidInput(
                "frames must be an array.".to_owned(),
            ));
        };
        if !(MIN_IMAGES..=MAX_IMAGES).contains(&count) {
            return Err(ApiError::FrameCount {
                given: count,
                min: MIN_IMAGES,
                max: MAX_IMAGES,
            });
        }
        let mut frames = Vec::with_capacity(kept.len());
        let mut latest_ms = None;
        for (position, raw) in kept.into_iter().enumerate() {
            let read = raw
                .0
                .ok_or(Problem::NotAnObject)
                .and_then(|r| r.read(position, &mut latest_ms));
            frames.push(read.map_err(|problem| BadFrame { position, problem })?);
        }
        Ok(frames)
    }
}

impl RawFrame<'_> {
    fn read(self, position: usize, latest_ms: &mut Option<f64>) -> Result<CapturedFrame, Problem> {
        #[expect(clippy::cast_precision_loss, reason = "there are at most 20 frames")]
        match number("index", "a number", self.index)? {
            index if (index - position as f64).abs() < f64::EPSILON => {}
            _ => return Err(Problem::Index(position)),
        }
        let expected = "a number of milliseconds, 0 or more";
        let at_ms = number("timestamp_ms", expected, self.timestamp_ms)?;
        if at_ms < 0.0 {
            return Err(Problem::Field {
                field: "timestamp_ms",
                expected,
            });
        }
        if latest_ms.is_some_and(|latest| at_ms <= latest) {
            return Err(Problem::NotLater);
        }
        *latest_ms = Some(at_ms);
        let tag = text("phase", self.phase)?;
        let base64 = text("image_b64", self.image_b64)?;
        let image = base64::decode(&base64, MAX_FRAME_BYTES).map_err(|error| match error {
            Base64Error::NotBase64 => Problem::not_base64(&base64),
            Base64Error::TooLarge => Problem::TooLarge,
        })?;
        CapturedFrame::new(&tag, at_ms, image)
    }
}

fn number(
    field: &'static str,
    expected: &'static str,
    value: Option<RawField<'_>>,
) -> Result<f64, Problem> {
    match value {
        Some(RawField::Number(number)) => Ok(number),
        Some(_) | None => Err(Problem::Field { field, expected }),
    }
}

fn text<'a>(field: &'static str, value: Option<RawField<'a>>) -> Result<Cow<'a, str>, Problem> {
    match value {
        Some(RawField::Text(text)) => Ok(text),
        Some(_) | None => Err(Problem::Field {
            field,
            expected: "a string",
        }),
    }
}
