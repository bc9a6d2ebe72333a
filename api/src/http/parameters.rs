//! Header values with parameters, such as `multipart/form-data; boundary="x"`, read as tolerantly as
//! clients write them.
//!
//! The grammar is that of [RFC 9110, section
//! 5.6.6](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.6). As other servers do, it also accepts
//! white space on either side of `;` and `=`, empty parameters, and characters that should be quoted
//! but are not, such as the `=` and `/` of many boundaries.

use std::borrow::Cow;

/// A header value and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters<'a> {
    /// The text before the first `;`, without white space around it.
    pub value: &'a [u8],
    /// Names and values, in the order in which they were sent.
    all: Vec<(&'a [u8], Value<'a>)>,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// The value, with quotes and escapes undone.
    Whole(Cow<'a, [u8]>),
    /// The value begins with a quote that is not closed.
    Unclosed,
}

/// Most parameters that are read; no client sends as many.
const MAX_PARAMETERS: usize = 16;

impl<'a> Parameters<'a> {
    /// Reads a header's value. Never fails: a parameter that cannot be read is left out.
    pub fn read(header: &'a [u8]) -> Self {
        let end = find(header, b";").unwrap_or(header.len());
        let (value, mut rest) = header.split_at(end);
        let mut all = Vec::new();
        while let Some((b';', after)) = rest.split_first()
            && all.len() < MAX_PARAMETERS
        {
            let end = find(after, b";=").unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            let name = name.trim_ascii();
            rest = match after.split_first() {
                Some((b'=', after)) => {
                    let (value, after) = read_value(after.trim_ascii_start());
                    all.push((name, value));
                    after
                }
                _ => after,
            };
        }
        Self {
            value: value.trim_ascii(),
            all,
        }
    }

    /// The first parameter with this name, in any case of letters.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.every(name).next()
    }

    /// All parameters with this name, in any case of letters.
    pub fn every(&self, name: &str) -> impl Iterator<Item = &Value<'a>> {
        let named = move |given: &[u8]| given.eq_ignore_ascii_case(name.as_bytes());
        let found = self.all.iter().filter(move |(given, _)| named(given));
        found.map(|(_, value)| value)
    }
}

/// A parameter's value, and the rest of the text from its `;` on.
fn read_value(text: &[u8]) -> (Value<'_>, &[u8]) {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = find(text, b";").unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (Value::Whole(value.trim_ascii().into()), rest);
    };
    let mut unescaped: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(byte) = quoted.get(at) {
        match byte {
            b'"' => {
                let plain = quoted.get(..at).unwrap_or_default();
                let value = unescaped.map_or(Cow::Borrowed(plain), Cow::Owned);
                let rest = quoted.get(at + 1..).unwrap_or_default();
                let next = find(rest, b";").unwrap_or(rest.len());
                return (Value::Whole(value), rest.get(next..).unwrap_or_default());
            }
            b'\\' if at + 1 < quoted.len() => {
                let so_far = quoted.get(..at).unwrap_or_default();
                let unescaped = unescaped.get_or_insert_with(|| so_far.to_vec());
                unescaped.extend(quoted.get(at + 1));
                at += 1;
            }
            other => {
                if let Some(unescaped) = &mut unescaped {
                    unescaped.push(*other);
                }
            }
        }
        at += 1;
    }
    (Value::Unclosed, b"")
}

fn find(text: &[u8], any: &[u8]) -> Option<usize> {
    text.iter().position(|byte| any.contains(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Value<'_> {
        Value::Whole(text.as_bytes().into())
    }

    #[test]
    fn parameters_are_read_as_clients_write_them() {
        for (header, found) in [
            ("a/b;x=1", Some(value("1"))),
            ("a/b ; x = 1 ", Some(value("1"))),
            ("a/b;\t X=1\t;y=2", Some(value("1"))),
            ("a/b; y=2; x=1", Some(value("1"))),
            ("a/b;;; ;x=1;", Some(value("1"))),
            ("a/b; y; x=1", Some(value("1"))),
            ("a/b; y=\"; x=2\"; x=1", Some(value("1"))),
            ("a/b; x=\"1;2\" ; y=3", Some(value("1;2"))),
            ("a/b; x = \" 1 \"", Some(value(" 1 "))),
            ("a/b; x=\"1\\\"2\\\\3\\4\"", Some(value("1\"2\\34"))),
            ("a/b; x=\"1\"2; y=3", Some(value("1"))),
            (
                "a/b; x=----=_Part/1:2'(3)",
                Some(value("----=_Part/1:2'(3)")),
            ),
            ("a/b; x=1; x=2", Some(value("1"))),
            ("a/b; x=", Some(value(""))),
            ("a/b; x=\"\"", Some(value(""))),
            ("a/b; x=\"1", Some(Value::Unclosed)),
            ("a/b; x=\"1\\\"", Some(Value::Unclosed)),
            ("a/b; x=\"1\\", Some(Value::Unclosed)),
            ("a/b; x", None),
            ("a/b; xx=1", None),
            ("a/b", None),
            ("x=1", None),
        ] {
            let read = Parameters::read(header.as_bytes());
            assert_eq!(read.get("x"), found.as_ref(), "{header}");
        }
        assert_eq!(Parameters::read(b" a/b ;x=1").value, b"a/b");
        let twice = Parameters::read(b"a/b; x=1; y=2; X=3");
        assert_eq!(twice.every("x").count(), 2);
    }

    proptest! {
        #[test]
        fn a_quoted_value_comes_back_whatever_is_in_it(content in any::<Vec<u8>>()) {
            let mut header = b"a/b; x=\"".to_vec();
            for byte in &content {
                if matches!(byte, b'"' | b'\\') {
                    header.push(b'\\');
                }
                header.push(*byte);
            }
            header.extend_from_slice(b"\" ; y=1");
            let read = Parameters::read(&header);
            prop_assert_eq!(read.get("x"), Some(&Value::Whole(content.into())));
            prop_assert_eq!(read.get("y"), Some(&value("1")));
        }

        #[test]
        fn nothing_makes_reading_fail(header in any::<Vec<u8>>()) {
            Parameters::read(&header);
        }
    }
}
