//! Forms (`multipart/form-data`, [RFC 7578](https://www.rfc-editor.org/rfc/rfc7578) and [RFC 2046,
//! section 5.1](https://www.rfc-editor.org/rfc/rfc2046#section-5.1)), as clients write them.
//!
//! A form is read in place, without a copy. As other servers do, it accepts names of headers and
//! parameters in any case, folded headers, white space after a boundary, lines that end with LF alone,
//! and text before the first boundary and after the last.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem::Finder;

use super::parameters::{Parameters, Value};

use crate::contract::excerpt::Excerpt;

/// Longest header of a part, bytes.
const MAX_HEADER: usize = 16 << 10;

/// Why a form cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// `Content-Type` names no boundary, so the ends of parts are not known.
    #[error(
        "Content-Type names no boundary; let your HTTP library write it, as in multipart/form-data; boundary=…."
    )]
    NoBoundary,
    /// The boundary in `Content-Type` begins with a quote that is not closed.
    #[error("The boundary in Content-Type begins with a quote and does not end with one.")]
    UnclosedBoundary,
    /// `Content-Type` names different boundaries.
    #[error("Content-Type names more than one boundary; send one.")]
    TwoBoundaries,
    /// No line of the form has the boundary. Holds the boundary.
    #[error(
        "The form has no line with the boundary that Content-Type names, {0}; let your HTTP library write both."
    )]
    OtherBoundary(Excerpt),
    /// The header of a part is malformed.
    #[error(
        "The header of a part of the form is malformed; its lines must be Name: value, with an empty line after the last."
    )]
    Header,
    /// The header of a part is longer than any that a client writes.
    #[error("The header of a part of the form is over {} KiB.", MAX_HEADER >> 10)]
    LongHeader,
    /// The closing boundary is missing. Holds the boundary.
    #[error(
        "The form breaks off; a line with the boundary must end each part, and one with -- after the boundary the form. The boundary is {0}."
    )]
    BreaksOff(Excerpt),
}

/// The boundary that a content type names.
///
/// # Errors
/// [`FormError`] when it names no boundary, more than one, or a malformed one.
pub fn boundary(content_type: &[u8]) -> Result<Vec<u8>, FormError> {
    let parameters = Parameters::read(content_type);
    let mut named = None;
    for value in parameters.every("boundary") {
        let Value::Whole(boundary) = value else {
            return Err(FormError::UnclosedBoundary);
        };
        // A boundary ends with no white space; what follows it in the form is padding.
        let boundary = boundary.trim_ascii_end();
        if named.is_some_and(|n| n != boundary) {
            return Err(FormError::TwoBoundaries);
        }
        named = Some(boundary);
    }
    match named {
        Some(boundary) if !boundary.is_empty() => Ok(boundary.to_vec()),
        Some(_) | None => Err(FormError::NoBoundary),
    }
}

/// One part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Name of its field; `None` when its header gives none.
    pub name: Option<Cow<'a, [u8]>>,
    /// Value of its `Content-Transfer-Encoding`, if there is one.
    pub encoding: Option<Cow<'a, [u8]>>,
    /// Range of its content in the form, bytes.
    pub content: Range<usize>,
}

/// Reads a form part by part.
pub struct Form<'a> {
    form: &'a [u8],
    boundary: Excerpt,
    /// Two hyphens and the boundary, as a search pattern.
    delimiter: Finder<'a>,
    state: State,
}

enum State {
    Start,
    /// The next part: where its header begins, and how its lines end.
    Part(usize, &'static [u8]),
    End,
}

/// A line with the boundary.
struct Delimiter {
    /// Position of its two hyphens.
    at: usize,
    next: Next,
}

enum Next {
    /// A part follows: where its header begins, and how the line ended.
    Part(usize, &'static [u8]),
    Nothing,
}

const CRLF: &[u8] = b"\r\n";
const LF: &[u8] = b"\n";

impl<'a> Form<'a> {
    /// Reads `form`, whose parts are separated by `boundary`.
    pub fn new(form: &'a [u8], boundary: &[u8]) -> Self {
        let delimiter = [b"--", boundary].concat();
        Self {
            form,
            boundary: Excerpt::of(&String::from_utf8_lossy(boundary)),
            delimiter: Finder::new(&delimiter).into_owned(),
            state: State::Start,
        }
    }

    /// The next part; `None` after the last.
    ///
    /// # Errors
    /// [`FormError`] when the form is malformed from here on.
    pub fn next_part(&mut self) -> Result<Option<Part<'a>>, FormError> {
        if let State::Start = self.state {
            let first = self.find(0, b"");
            let first = first.ok_or_else(|| FormError::OtherBoundary(self.boundary.clone()))?;
            self.go_to(first.next);
        }
        let State::Part(header, newline) = self.state else {
            return Ok(None);
        };
        let (mut part, start) = self.header(header)?;
        // The content may be empty. Then the line end before the delimiter is also the one that ends
        // the header.
        let found = self.find(start - newline.len(), newline);
        let end = found.ok_or_else(|| FormError::BreaksOff(self.boundary.clone()))?;
        part.content = start..(end.at - newline.len()).max(start);
        self.go_to(end.next);
        Ok(Some(part))
    }

    fn go_to(&mut self, next: Next) {
        self.state = match next {
            Next::Part(at, newline) => State::Part(at, newline),
            Next::Nothing => State::End,
        };
    }

    /// The first delimiter from `from` on. It must be preceded by `newline`; where `newline` is empty,
    /// by any line end or the start of the form.
    fn find(&self, from: usize, newline: &[u8]) -> Option<Delimiter> {
        let text = self.form.get(from..)?;
        self.delimiter.find_iter(text).find_map(|at| {
            let before = text.get(..at)?;
            let begins_line = if newline.is_empty() {
                before.is_empty() || before.ends_with(LF)
            } else {
                before.ends_with(newline)
            };
            let after = from + at + self.delimiter.needle().len();
            Some(Delimiter {
                at: from + at,
                next: self.after(after).filter(|_| begins_line)?,
            })
        })
    }

    /// What follows a delimiter that ends at `at`; `None` when it is the beginning of other text.
    fn after(&self, at: usize) -> Option<Next> {
        let rest = self.form.get(at..)?;
        if rest.starts_with(b"--") {
            return Some(Next::Nothing);
        }
        let padding = rest
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .count();
        let line_end = rest.get(padding..)?;
        let newline = [CRLF, LF].into_iter().find(|n| line_end.starts_with(n))?;
        Some(Next::Part(at + padding + newline.len(), newline))
    }

    /// The header that begins at `start`, and the position of the content after it.
    fn header(&self, start: usize) -> Result<(Part<'a>, usize), FormError> {
        let mut lines: Vec<Cow<'a, [u8]>> = Vec::new();
        let mut at = start;
        loop {
            let rest = self.form.get(at..).unwrap_or_default();
            let end = memchr::memchr(b'\n', rest);
            let end = end.ok_or_else(|| FormError::BreaksOff(self.boundary.clone()))?;
            let line = rest.get(..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            at += end + 1;
            if at - start > MAX_HEADER {
                return Err(FormError::LongHeader);
            }
            match (line, lines.last_mut()) {
                ([], _) => return Ok((named(&lines)?, at)),
                ([b' ' | b'\t', ..], Some(folded)) => folded.to_mut().extend_from_slice(line),
                _ => lines.push(line.into()),
            }
        }
    }
}

/// A part with this header, whose content is still empty.
fn named<'a>(lines: &[Cow<'a, [u8]>]) -> Result<Part<'a>, FormError> {
    let mut part = Part {
        name: None,
        encoding: None,
        content: 0..0,
    };
    for line in lines {
        let colon = memchr::memchr(b':', line).ok_or(FormError::Header)?;
        let (name, value) = line.split_at(colon);
        let (name, value) = (name.trim_ascii(), value.get(1..).unwrap_or_default());
        if name.eq_ignore_ascii_case(b"content-disposition") {
            part.name = part.name.or_else(|| field_name(value));
        } else if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
            part.encoding = Some(value.trim_ascii().to_vec().into());
        }
    }
    Ok(part)
}

/// The name of the field in this `Content-Disposition`.
fn field_name<'a>(disposition: &[u8]) -> Option<Cow<'a, [u8]>> {
    let parameters = Parameters::read(disposition);
    if let Some(Value::Whole(name)) = parameters.get("name") {
        return Some(name.clone().into_owned().into());
    }
    // As in name*=UTF-8''image (RFC 8187), which older libraries write.
    let Some(Value::Whole(extended)) = parameters.get("name*") else {
        return None;
    };
    let escaped = extended.splitn(3, |b| *b == b'\'').nth(2)?;
    Some(unescaped(escaped).into())
}

/// Undoes percent-encoding, such as `%69`.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let mut plain = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let code = match byte {
            b'%' => digit(text.get(at + 1)).zip(digit(text.get(at + 2))),
            _ => None,
        };
        let code = code.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        plain.push(code.unwrap_or(*byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    plain
}

#[cfg(test)]
mod tests;
