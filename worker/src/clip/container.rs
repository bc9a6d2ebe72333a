//! Which kind of file a clip is, by its first bytes: what else could be opened is never tried.

/// A container that clips may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// ISO base media and its ancestor: `.mp4`, `.mov`, `.m4v`, `.3gp`; `moov` anywhere, or in fragments.
    Mp4,
    /// Matroska and its subset WebM.
    WebM,
}

impl Container {
    /// Recognises the start of a file.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
            return Some(Self::WebM);
        }
        // A box: its length, then its kind. All but the first open only old QuickTime files.
        let kind = bytes.get(4..8)?;
        let kinds: [&[u8]; 6] = [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"];
        kinds.contains(&kind).then_some(Self::Mp4)
    }

    /// The one demuxer that may read it.
    pub fn demuxer(self) -> &'static str {
        match self {
            Self::Mp4 => "mov",
            Self::WebM => "matroska",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mp4_and_webm_are_recognised() {
        for (bytes, container) in [
            (&b"\0\0\0\x18ftypmp42"[..], Some(Container::Mp4)),
            (b"\0\0\0\x14ftypqt  ", Some(Container::Mp4)),
            (b"\0\0\0\x08wide", Some(Container::Mp4)),
            (b"\x1a\x45\xdf\xa3\x9fB\x86\x81", Some(Container::WebM)),
            (b"", None),
            (b"ftyp", None),
            (b"#EXTM3U\nhttp://", None),
            (b"RIFF\0\0\0\0AVI ", None),
            (b"<MPD xmlns=", None),
            (b"ffconcat version 1.0\nfile /etc/passwd", None),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", None),
        ] {
            assert_eq!(Container::of(bytes), container, "{bytes:?}");
        }
    }
}
