//! Short excerpts of what a caller sent, safe to repeat in an error text.

use std::fmt;

use poem::http::HeaderValue;

/// Longest excerpt, characters.
const MAX_CHARS: usize = 40;

/// The beginning of a text that a caller sent, at most 40 characters on one line, whatever was sent.
///
/// `Display` puts it in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt(String);

impl Excerpt {
    /// An excerpt of `text`.
    pub fn of(text: &str) -> Self {
        let mut characters = text.chars();
        let mut start: String = characters.by_ref().take(MAX_CHARS).map(harmless).collect();
        if characters.next().is_some() {
            start.push('…');
        }
        Self(start)
    }

    /// An excerpt of the end of `text`.
    pub fn of_end(text: &str) -> Self {
        let before = text.chars().count().saturating_sub(MAX_CHARS);
        let end = text.chars().skip(before).map(harmless);
        let cut = (before > 0).then_some('…');
        Self(cut.into_iter().chain(end).collect())
    }

    /// An excerpt of a header's value.
    pub fn of_header(value: &HeaderValue) -> Self {
        Self::of(&String::from_utf8_lossy(value.as_bytes()))
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// Whether `c` is safe inside quotes: it does not end them, break the line or change the direction of
/// the text.
fn harmless(c: char) -> char {
    if c == ' ' || c.is_alphanumeric() || (c.is_ascii_graphic() && c != '"') {
        c
    } else {
        '?'
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_harmless() {
        for (text, shown) in [
            ("nod", "\"nod\""),
            ("größe 2", "\"größe 2\""),
            ("", "\"\""),
            ("a\"b\r\nc\u{202e}d\0", "\"a?b??c?d?\""),
        ] {
            assert_eq!(Excerpt::of(text).to_string(), shown);
        }
        let end = Excerpt::of_end(&format!("{}\"{}", "x".repeat(5000), "y".repeat(39)));
        assert_eq!(end.to_string(), format!("\"…?{}\"", "y".repeat(39)));
        assert_eq!(Excerpt::of_end("größe"), Excerpt::of("größe"));
        let long = Excerpt::of(&"x".repeat(5000)).to_string();
        assert_eq!(long, format!("\"{}…\"", "x".repeat(MAX_CHARS)));
    }
}
