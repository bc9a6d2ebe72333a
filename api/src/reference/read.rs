//! Reads the fields `reference_image_b64` and `reference_embedding`.

use std::fmt;

use livegate_common::job::Look;
use livegate_liveness::embedding::Embedding;
use livegate_media::Picture;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::bad::BadReference;
use crate::admission::Work;
use crate::contract::media::MAX_FRAME_BYTES;
use crate::error::ApiError;
use crate::http::base64;
use crate::http::fields::RawField;

/// Number of components of an embedding.
pub const EMBEDDING_LENGTH: usize = 512;

/// A reference as it was sent.
#[derive(Clone)]
pub enum Reference {
    /// A picture that passed every check that needs no pixels.
    Picture(Picture),
    /// An embedding, scaled to unit length.
    Embedding(Embedding),
}

impl Reference {
    /// Reads the two fields; `None` where both are absent.
    ///
    /// # Errors
    /// [`ApiError::InvalidInput`] for both at once, a wrong type, or numbers that are no embedding;
    /// [`ApiError::InvalidReference`] for bytes that are not an accepted picture.
    pub fn read(
        image: Option<RawField<'_>>,
        embedding: Option<NumberList>,
    ) -> Result<Option<Self>, ApiError> {
        match (image, embedding) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(invalid(
                "Send either reference_image_b64 or reference_embedding, not both.",
            )),
            (Some(RawField::Text(text)), None) => Ok(Some(Self::Picture(read_picture(&text)?))),
            (Some(_), None) => Err(invalid("reference_image_b64 must be a string.")),
            (None, Some(numbers)) => Ok(Some(Self::Embedding(numbers.embedding()?))),
        }
    }

    /// The work of measuring it.
    pub fn work(&self) -> Work {
        match self {
            Self::Picture(picture) => Work::pictures([picture.header()], Look::Whole),
            Self::Embedding(_) => Work::default(),
        }
    }
}

/// Prints only the kind and the size.
impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Picture(picture) => write!(f, "Picture({} bytes)", picture.bytes().len()),
            Self::Embedding(embedding) => write!(f, "{embedding:?}"),
        }
    }
}

fn read_picture(text: &str) -> Result<Picture, BadReference> {
    let bytes = base64::decode(text, MAX_FRAME_BYTES)?;
    if bytes.is_empty() {
        return Err(BadReference::Empty);
    }
    if bytes.len() > MAX_FRAME_BYTES {
        return Err(BadReference::TooLarge);
    }
    Ok(Picture::read(bytes)?)
}

fn invalid(text: &str) -> ApiError {
    ApiError::InvalidInput(text.to_owned())
}

/// The numbers of an array, unchecked. At most [`EMBEDDING_LENGTH`] of them are kept, the others are counted.
pub enum NumberList {
    /// It is not an array, or one with something else than numbers.
    NotNumbers,
    /// The first numbers, and the number of all.
    Numbers {
        /// The first [`EMBEDDING_LENGTH`] numbers.
        kept: Vec<f32>,
        /// The number of elements.
        count: usize,
    },
}

/// Prints no number.
impl fmt::Debug for NumberList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNumbers => f.write_str("NotNumbers"),
            Self::Numbers { count, .. } => write!(f, "Numbers({count} items)"),
        }
    }
}

impl NumberList {
    fn embedding(self) -> Result<Embedding, ApiError> {
        let Self::Numbers { kept, count } = self else {
            return Err(invalid(&format!(
                "reference_embedding must be an array of {EMBEDDING_LENGTH} numbers."
            )));
        };
        if count != EMBEDDING_LENGTH {
            return Err(invalid(&format!(
                "reference_embedding must have {EMBEDDING_LENGTH} numbers; this one has {count}."
            )));
        }
        // An infinite component stands for a number beyond single precision.
        Embedding::from_raw(kept).ok_or_else(|| {
            invalid("reference_embedding has no direction: its length must be finite and not zero.")
        })
    }
}

impl<'de> Deserialize<'de> for NumberList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumbersVisitor)
    }
}

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = NumberList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
        let (mut kept, mut are_numbers) = (Vec::new(), true);
        while are_numbers && kept.len() < EMBEDDING_LENGTH {
            match seq.next_element::<RawField<'de>>()? {
                None => {
                    let count = kept.len();
                    return Ok(NumberList::Numbers { kept, count });
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "embeddings have single precision"
                )]
                Some(RawField::Number(number)) => kept.push(number as f32),
                Some(_) => are_numbers = false,
            }
        }
        let mut count = kept.len();
        while seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(if are_numbers {
            NumberList::Numbers { kept, count }
        } else {
            NumberList::NotNumbers
        })
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(NumberList::NotNumbers)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(NumberList::NotNumbers)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(NumberList::NotNumbers)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(NumberList::NotNumbers)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(NumberList::NotNumbers)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(NumberList::NotNumbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Option<Reference>, ApiError> {
        let embedding: Option<NumberList> = serde_json::from_str(json).unwrap();
        Reference::read(None, embedding)
    }

    fn list(count: usize) -> Vec<f64> {
        (0..count).map(|n| 1.0 + n as f64).collect()
    }

    #[test]
    fn an_embedding_is_scaled_to_unit_length() {
        let of = |scale: f64| {
            let numbers: Vec<f64> = list(512).iter().map(|n| n * scale).collect();
            match read(&serde_json::to_string(&numbers).unwrap()).unwrap() {
                Some(Reference::Embedding(embedding)) => embedding,
                other => panic!("{other:?}"),
            }
        };
        let (small, large) = (of(0.001), of(1000.0));
        assert!((small.cosine(&large) - 1.0).abs() < 1e-5);
        let length: f32 = small.as_slice().iter().map(|v| v * v).sum();
        assert!((length - 1.0).abs() < 1e-5);
    }

    #[test]
    fn anything_else_is_refused_by_name_and_is_not_repeated() {
        let of = |count| serde_json::to_string(&list(count)).unwrap();
        let mut deep = list(511).iter().map(|n| json(*n)).collect::<Vec<_>>();
        deep.push("[4242]".to_owned());
        for (sent, says) in [
            ("[]".to_owned(), "this one has 0"),
            (of(511), "this one has 511"),
            (of(513), "this one has 513"),
            (of(100_000), "this one has 100000"),
            (format!("[{}]", deep.join(",")), "an array of 512 numbers"),
            (
                format!("[{}]", ["\"4242\""; 512].join(",")),
                "an array of 512 numbers",
            ),
            (
                format!("[{}]", ["null"; 512].join(",")),
                "an array of 512 numbers",
            ),
            ("{\"4242\": 4242}".to_owned(), "an array of 512 numbers"),
            ("\"4242\"".to_owned(), "an array of 512 numbers"),
            ("4242".to_owned(), "an array of 512 numbers"),
            (format!("[{}]", ["0"; 512].join(",")), "no direction"),
            (format!("[{}]", ["1e300"; 512].join(",")), "no direction"),
        ] {
            let error = read(&sent).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
            assert!(!error.contains("4242"), "{error}");
        }
        assert!(read("null").unwrap().is_none());
    }

    fn json(number: f64) -> String {
        serde_json::to_string(&number).unwrap()
    }

    #[test]
    fn debug_prints_no_component() {
        let numbers: NumberList = serde_json::from_str("[4242, 4242]").unwrap();
        assert_eq!(format!("{numbers:?}"), "Numbers(2 items)");
        let read = read(&serde_json::to_string(&list(512)).unwrap()).unwrap();
        assert_eq!(format!("{read:?}"), "Some(Embedding(512))");
    }
}
