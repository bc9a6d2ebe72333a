//! Fields of a body as JSON of any type, read without recursion that a caller controls and without
//! copies of unwanted parts.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::contract::excerpt::Excerpt;
use crate::error::ApiError;
use crate::http::encoding::json_text;
use crate::http::names::check_once;

/// The JSON value of one field, in as much detail as a flat request needs.
#[derive(Clone, PartialEq)]
pub enum RawField<'a> {
    /// `null`, as an element of an array.
    Null,
    /// A string.
    Text(Cow<'a, str>),
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// The strings of an array; `None` stands for an element that is not a string.
    List(Vec<Option<Cow<'a, str>>>),
    /// An object, whose content is not kept.
    Object,
}

/// Longest array that is kept. A longer one is cut here, and is still too long for any field.
const MAX_LIST: usize = 64;

/// Prints the kind and size of a value, not its content, which may be media.
impl fmt::Debug for RawField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Number(_) => f.write_str("Number"),
            Self::Bool(_) => f.write_str("Bool"),
            Self::List(list) => write!(f, "List({} items)", list.len()),
            Self::Object => f.write_str("Object"),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawField<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawFieldVisitor(PhantomData))
    }
}

struct RawFieldVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for RawFieldVisitor<'a> {
    type Value = RawField<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(RawField::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(RawField::Bool(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "every number of the API is small"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(RawField::Number(value as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "every number of the API is small"
    )]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(RawField::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(RawField::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(RawField::Text(Cow::Borrowed(value)))
    }

    // Called for strings with escapes, such as the `\/` that PHP writes into base64.
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(RawField::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element::<RawField<'de>>()? {
            if list.len() < MAX_LIST {
                list.push(match value {
                    RawField::Text(text) => Some(text),
                    RawField::Null
                    | RawField::Number(_)
                    | RawField::Bool(_)
                    | RawField::List(_)
                    | RawField::Object => None,
                });
            }
        }
        Ok(RawField::List(list))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        while map.next_key::<Cow<'de, str>>()?.is_some() {
            map.next_value::<RawField<'de>>()?;
        }
        Ok(RawField::Object)
    }
}

/// A `T` read from an object; `None` where the value is not an object.
pub struct ObjectOf<T>(pub Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ObjectOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = ObjectOf<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|object| ObjectOf(Some(object)))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(ObjectOf(None))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(ObjectOf(None))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(ObjectOf(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(ObjectOf(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(ObjectOf(None))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(ObjectOf(None))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(ObjectOf(None))
    }
}

/// Reads a body, which must be one JSON object. Every object in it must name each field once. An empty body has no
/// fields. `takes`
/// lists the allowed fields, for the error of a `T` that denies others.
///
/// # Errors
/// [`ApiError::InvalidInput`] when it is not such an object, or not UTF-8. The text says where. It
/// repeats nothing of the body but the name of a field.
pub fn read_body<'de, T: Deserialize<'de> + Default>(
    body: &'de [u8],
    takes: &str,
) -> Result<T, ApiError> {
    let text = json_text(body)?;
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    check_once(text)?;
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read = ObjectOf::deserialize(&mut deserializer);
    match read.and_then(|object| deserializer.end().map(|()| object)) {
        Ok(ObjectOf(Some(fields))) => Ok(fields),
        Ok(ObjectOf(None)) => Err(ApiError::InvalidInput(
            "The body must be a JSON object.".to_owned(),
        )),
        Err(error) => Err(ApiError::InvalidInput(sentence(&error, takes))),
    }
}

fn sentence(error: &serde_json::Error, takes: &str) -> String {
    // Serde names the field only in the text of its error; a test pins that text.
    let text = error.to_string();
    let name = |before: &str| {
        let (name, _) = text.strip_prefix(before)?.split_once('`')?;
        Some(Excerpt::of(name))
    };
    if let Some(name) = name("unknown field `") {
        return format!("Unknown field {name}; {takes}.");
    }
    format!(
        "The body is not valid JSON, or is nested too deep, at line {} column {}.",
        error.line(),
        error.column()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct One {
        one: Option<u32>,
    }

    #[test]
    fn a_name_is_refused_the_second_time_whether_or_not_the_field_is_known() {
        let read = |body: &str| read_body::<One>(body.as_bytes(), "");
        assert_eq!(
            read(r#"{"one": 1, "note": 1, "memo": 1}"#).unwrap().one,
            Some(1)
        );
        for (body, name) in [
            (r#"{"one": 1, "note": 1, "one": 1}"#, "one"),
            (r#"{"one": null, "one": 1}"#, "one"),
            (r#"{"note": 1, "one": 1, "note": 2}"#, "note"),
        ] {
            let text = read(body).unwrap_err().to_string();
            assert!(
                text.contains(name) && text.contains("more than once"),
                "{text}"
            );
        }
    }

    #[test]
    fn debug_shows_no_content() {
        let values: Vec<RawField<'_>> =
            serde_json::from_str(r#"["/9j/4AAQ", 4242, ["/9j/4AAQ"], true, null, {"a": 4242}]"#)
                .unwrap();
        let shown = format!("{values:?}");
        assert!(!shown.contains("9j") && !shown.contains("42"), "{shown}");
        assert!(
            shown.contains("Text(8 bytes), Number, List(1 items)"),
            "{shown}"
        );
    }
}
