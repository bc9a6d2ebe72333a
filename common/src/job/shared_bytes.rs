//! [`Bytes`] as one run of bytes; read as a part of the message that holds them, without a copy.

use std::cell::RefCell;
use std::fmt;

use bytes::Bytes;
use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

thread_local! {
    /// The message that this thread reads.
    static MESSAGE: RefCell<Option<Bytes>> = const { RefCell::new(None) };
}

/// Calls `read` with a message. Runs of bytes that it deserializes share the message's memory, which lives as long as
/// any of them.
pub fn read_shared<T>(message: &Bytes, read: impl FnOnce(&[u8]) -> T) -> T {
    /// Forgets the message, also when `read` panics.
    struct Forget;
    impl Drop for Forget {
        fn drop(&mut self) {
            MESSAGE.set(None);
        }
    }
    let _forget = Forget;
    MESSAGE.set(Some(message.clone()));
    read(message)
}

pub fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    deserializer.deserialize_bytes(Shared)
}

struct Shared;

impl<'de> Visitor<'de> for Shared {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Bytes, E> {
        Ok(MESSAGE.with_borrow(|message| match message {
            Some(message) if is_part(message, bytes) => message.slice_ref(bytes),
            Some(_) | None => Bytes::copy_from_slice(bytes),
        }))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes::copy_from_slice(bytes))
    }
}

fn is_part(whole: &[u8], part: &[u8]) -> bool {
    let (whole, part) = (whole.as_ptr_range(), part.as_ptr_range());
    whole.start <= part.start && part.end <= whole.end
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Picture(#[serde(with = "super")] Bytes);

    #[test]
    fn what_is_read_from_a_message_is_a_part_of_it() {
        let picture = Picture(Bytes::from_static(b"pixels"));
        let message = Bytes::from(postcard::to_stdvec(&picture).unwrap());
        let read = read_shared(&message, |m| postcard::from_bytes::<Picture>(m)).unwrap();
        assert_eq!(read, picture);
        assert!(is_part(&message, &read.0));
        let copied: Picture = postcard::from_bytes(&message).unwrap();
        assert_eq!(copied, picture);
        assert!(!is_part(&message, &copied.0));
    }
}
