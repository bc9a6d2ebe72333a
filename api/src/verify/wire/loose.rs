//! JSON of any type, read without recursion that a caller controls and without copies of what is
//! not wanted.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::contract::excerpt::Excerpt;
use crate::error::ApiError;
use crate::http::encoding::json_text;

/// One value, as far as a flat request needs it.
#[derive(Clone, PartialEq)]
pub enum Loose<'a> {
    /// `null`: the same as absent.
    Null,
    /// A string.
    Text(Cow<'a, str>),
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// The strings of an array, and `None` in place of anything else in it.
    List(Vec<Option<Cow<'a, str>>>),
    /// An object, whose content is of no interest.
    Object,
}

/// Longest array that is kept; a longer one is cut here, and is too long for any field.
const MAX_LIST: usize = 64;

impl Loose<'_> {
    /// Whether it counts as absent.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// Prints what it is, not what it holds, which may be media.
impl fmt::Debug for Loose<'_> {
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

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor(std::marker::PhantomData))
    }
}

struct LooseVisitor<'a>(std::marker::PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for LooseVisitor<'a> {
    type Value = Loose<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Loose::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Loose::Bool(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "every number of the API is small"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "every number of the API is small"
    )]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Borrowed(value)))
    }

    // A string with escapes, such as the `\/` that PHP writes into base64.
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element::<Loose<'de>>()? {
            if list.len() < MAX_LIST {
                list.push(match value {
                    Loose::Text(text) => Some(text),
                    Loose::Null
                    | Loose::Number(_)
                    | Loose::Bool(_)
                    | Loose::List(_)
                    | Loose::Object => None,
                });
            }
        }
        Ok(Loose::List(list))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        while map.next_key::<Cow<'de, str>>()?.is_some() {
            map.next_value::<Loose<'de>>()?;
        }
        Ok(Loose::Object)
    }
}

/// Takes the fields of one object as they come.
pub trait Fields<'de> {
    /// Takes the value of `key`.
    ///
    /// # Errors
    /// Whatever reading the value gives.
    fn field<M: MapAccess<'de>>(&mut self, key: &str, map: &mut M) -> Result<(), M::Error>;
}

/// Reads an object into `fields`; says `false`, and reads on, when it is something else.
pub struct Object<'f, F>(pub &'f mut F);

impl<'de, F: Fields<'de>> DeserializeSeed<'de> for Object<'_, F> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: Fields<'de>> Visitor<'de> for Object<'_, F> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<bool, M::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            self.0.field(&key, &mut map)?;
        }
        Ok(true)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<bool, S::Error> {
        while seq.next_element::<Loose<'de>>()?.is_some() {}
        Ok(false)
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }
}

/// Most names that are watched for being repeated; no request has as many fields.
const MAX_NAMES: usize = 64;

/// Passes fields on, and remembers the first that comes twice.
struct Once<'f, F> {
    fields: &'f mut F,
    names: Vec<String>,
    repeated: Option<Excerpt>,
}

impl<'de, F: Fields<'de>> Fields<'de> for Once<'_, F> {
    fn field<M: MapAccess<'de>>(&mut self, key: &str, map: &mut M) -> Result<(), M::Error> {
        if self.names.iter().any(|name| name == key) {
            self.repeated.get_or_insert_with(|| Excerpt::of(key));
        } else if self.names.len() < MAX_NAMES {
            self.names.push(key.to_owned());
        }
        self.fields.field(key, map)
    }
}

/// Reads a whole body as [`read_object`] does; an empty one has no fields.
///
/// # Errors
/// Those of [`read_object`], and [`ApiError::InvalidInput`] when the body is not UTF-8.
pub fn read_body<'de>(body: &'de [u8], fields: &mut impl Fields<'de>) -> Result<(), ApiError> {
    let text = json_text(body)?;
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    read_object(text, fields)
}

/// Reads a text, which must be one object that names each field once: of two, each reader
/// takes the one it likes.
///
/// # Errors
/// [`ApiError::InvalidInput`] when it is not; the text says where, and of what was sent no more than
/// the name that is repeated.
fn read_object<'de>(body: &'de [u8], fields: &mut impl Fields<'de>) -> Result<(), ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let mut once = Once {
        fields,
        names: Vec::new(),
        repeated: None,
    };
    let read = Object(&mut once).deserialize(&mut deserializer);
    match read.and_then(|is_object| deserializer.end().map(|()| is_object)) {
        Ok(true) => match once.repeated {
            None => Ok(()),
            Some(name) => Err(ApiError::InvalidInput(format!(
                "The field {name} is there more than once; send it once."
            ))),
        },
        Ok(false) => Err(ApiError::InvalidInput(
            "The body must be a JSON object.".to_owned(),
        )),
        Err(error) => Err(ApiError::InvalidInput(format!(
            "The body is not valid JSON, or is nested too deep, at line {} column {}.",
            error.line(),
            error.column()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_content() {
        let values: Vec<Loose<'_>> =
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
