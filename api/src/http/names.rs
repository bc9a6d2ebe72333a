//! Each name of a JSON object stands in it once.
//!
//! Parsers differ on which of two values wins. A proxy that checks one and a server that takes the other would not
//! protect each other. So a repeated name is refused in every object of a body, also where nothing reads it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::contract::excerpt::Excerpt;
use crate::error::ApiError;

/// Most names of one object. It bounds the memory that the check takes; clients send far fewer.
const MOST_NAMES: usize = 1000;

/// Checks that no object of a JSON text has a name twice, whether as it is or with escapes.
///
/// Text that is not valid JSON, or is nested too deep, passes: its parser says where.
///
/// # Errors
/// [`ApiError::InvalidInput`] naming the field and its place, as in `frames[3].phase`.
pub fn check_once(text: &[u8]) -> Result<(), ApiError> {
    let check = Check::default();
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Value {
        check: &check,
        place: &Place::Root,
    };
    // Any other error is left to the parser.
    let _ = value.deserialize(&mut deserializer);
    match check.refused.into_inner() {
        None => Ok(()),
        Some(sentence) => Err(ApiError::InvalidInput(sentence)),
    }
}

#[derive(Default)]
struct Check<'de> {
    /// The names of all objects that are open, from the outermost to the innermost: one list, so that small objects
    /// need no memory of their own.
    names: RefCell<Vec<Cow<'de, str>>>,
    /// Why the text is refused.
    refused: RefCell<Option<String>>,
}

impl<'de> Check<'de> {
    fn refuse<E: Error>(&self, sentence: String) -> E {
        *self.refused.borrow_mut() = Some(sentence);
        E::custom("refused")
    }

    /// Adds a name of the object whose names begin at `first`; gives their number.
    fn add(&self, name: Cow<'de, str>, first: usize) -> usize {
        let mut names = self.names.borrow_mut();
        names.push(name);
        names.len() - first
    }

    /// Removes the names from `first` on; gives one that is there twice.
    fn close(&self, first: usize) -> Option<Cow<'de, str>> {
        let mut names = self.names.borrow_mut();
        let of_object = names.get_mut(first..).unwrap_or_default();
        of_object.sort_unstable();
        let mut pairs = of_object.windows(2);
        let repeated = pairs.find_map(|pair| match pair {
            [a, b] if a == b => Some(a.clone()),
            _ => None,
        });
        names.truncate(first);
        repeated
    }
}

/// Where a value stands.
enum Place<'p> {
    Root,
    Field(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(object, name) => write!(f, "{object}.{name}"),
            Self::Item(list, index) => write!(f, "{list}[{index}]"),
        }
    }
}

/// Any value.
#[derive(Clone, Copy)]
struct Value<'c, 'p, 'de> {
    check: &'c Check<'de>,
    place: &'p Place<'p>,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        for index in 0.. {
            let place = &Place::Item(self.place, index);
            if seq.next_element_seed(Value { place, ..self })?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let check = self.check;
        let first = check.names.borrow().len();
        while let Some(name) = map.next_key_seed(Name)? {
            map.next_value_seed(Value {
                place: &Place::Field(self.place, &name),
                check,
            })?;
            if check.add(name, first) > MOST_NAMES {
                return Err(check.refuse(format!(
                    "An object of the body has over {MOST_NAMES} fields; send fewer."
                )));
            }
        }
        match check.close(first) {
            None => Ok(()),
            Some(name) => {
                let place = Place::Field(self.place, &name).to_string();
                Err(check.refuse(format!(
                    "The field {} is there more than once; send it once.",
                    Excerpt::of_end(&place)
                )))
            }
        }
    }
}

/// A name, copied only where it has escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(text: &str) -> Option<String> {
        check_once(text.as_bytes()).err().map(|e| e.to_string())
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_with_its_place() {
        for (text, place) in [
            (r#"{"a":1,"b":2,"a":3}"#, "a"),
            (r#"{"a":1,"a":1}"#, "a"),
            (r#"{"a":null,"a":null}"#, "a"),
            (
                r#"{"frames":[{"x":1},{"phase":1,"y":[],"phase":2}]}"#,
                "frames[1].phase",
            ),
            (r#"{"ph\u0061se":1,"phase":2}"#, "phase"),
            (
                r#"{"a":{"b":{"c":[[{"d":0,"\u0064":0}]]}}}"#,
                "a.b.c[0][0].d",
            ),
            (r#"[{"":1,"":1}]"#, "[0]."),
            (r#"{"a":{"a":1},"b":{"b":{"a":1,"c":2,"a":3}}}"#, "b.b.a"),
        ] {
            let sentence = refused(text).unwrap_or_else(|| panic!("{text}"));
            let expected = format!("The field \"{place}\" is there more than once; send it once.");
            assert_eq!(sentence, expected, "{text}");
        }
        let deep = format!(r#"{{"{}":{{"phase":1,"phase":2}}}}"#, "x".repeat(5000));
        let sentence = refused(&deep).unwrap();
        assert!(
            sentence.contains("x.phase\"") && sentence.len() < 200,
            "{sentence}"
        );
    }

    #[test]
    fn a_name_may_stand_in_several_objects() {
        for text in [
            r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"#,
            r#"{"a":1,"A":2,"a ":3}"#,
            r#"["a","a",{}]"#,
            "7",
            "",
            // Left to the parser.
            r#"{"a":1,"a""#,
            r#"{"a":1,}"#,
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
    }

    #[test]
    fn objects_of_very_many_names_are_refused() {
        let object = |names: usize| {
            let fields: Vec<String> = (0..names).map(|i| format!("\"n{i}\":0")).collect();
            format!("{{{}}}", fields.join(","))
        };
        assert_eq!(refused(&object(MOST_NAMES)), None);
        assert!(refused(&object(MOST_NAMES + 1)).unwrap().contains("1000"));
    }

    /// A JSON value, and the number of its names.
    fn json() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::{Value, json};
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-c\"\\\\é]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 30, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-d\"é]{1,2}", inner, 0..4)
                    .prop_map(|fields| json!(fields)),
            ]
        })
    }

    /// The text of `value` with the name at position `at`, counted through all objects, written twice. Every character
    /// of the second is an escape.
    fn with_repeated(value: &serde_json::Value, at: &mut Option<usize>) -> String {
        use serde_json::Value;
        match value {
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|i| with_repeated(i, at)).collect();
                format!("[{}]", items.join(","))
            }
            Value::Object(fields) => {
                let mut written = Vec::new();
                for (name, value) in fields {
                    written.push(format!(
                        "{}:{}",
                        Value::from(name.as_str()),
                        with_repeated(value, at)
                    ));
                    match at {
                        Some(0) => {
                            *at = None;
                            let escaped: String =
                                name.encode_utf16().map(|u| format!("\\u{u:04x}")).collect();
                            written.push(format!("\"{escaped}\":0"));
                        }
                        Some(left) => *left -= 1,
                        None => {}
                    }
                }
                format!("{{{}}}", written.join(","))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
        }
    }

    proptest! {
        #[test]
        fn whatever_object_of_a_text_repeats_a_name_the_text_is_refused(value in json(), at in 0_usize..12) {
            prop_assert_eq!(refused(&value.to_string()), None);
            let mut left = Some(at);
            let text = with_repeated(&value, &mut left);
            prop_assert_eq!(refused(&text).is_some(), left.is_none(), "{}", text);
        }

        #[test]
        fn noise_never_panics(text in any::<Vec<u8>>(), shape in "[{}\\[\\]\":,a0]{0,40}") {
            let _ = check_once(&text);
            let _ = check_once(shape.as_bytes());
        }
    }
}
