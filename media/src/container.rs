//! The container format of a clip, recognised by its first bytes. Workers try no other demuxer.

/// A container format that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// ISO base media and its ancestor QuickTime: `.mp4`, `.mov`, `.m4v`, `.3gp`. `moov` may be
    /// anywhere, or in fragments.
    Mp4,
    /// Matroska and its subset WebM.
    WebM,
}

/// Boxes that a file of ISO base media may begin with (ISO/IEC 14496-12, 6.3.4 and table 1), or one of
/// its ancestor (QuickTime File Format).
///
/// Most begin with `ftyp`. Concatenated stream segments begin with `styp`; players read them too.
const FIRST_BOXES: [&[u8; 4]; 21] = [
    b"ftyp", b"styp", b"pdin", b"moov", b"moof", b"mfra", b"mdat", b"imda", b"free", b"skip",
    b"wide", b"pnot", b"PICT", b"meta", b"meco", b"uuid", b"sidx", b"ssix", b"prft", b"emsg",
    b"udta",
];

impl Container {
    /// Recognises the container by the first bytes of a file; `None` for any other format.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
            return Some(Self::WebM);
        }
        // A box starts with its length, then its type.
        let kind = bytes.get(4..8)?;
        FIRST_BOXES.iter().any(|b| *b == kind).then_some(Self::Mp4)
    }

    /// `ffmpeg`'s name of the one demuxer that may read it.
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
    use crate::Foreign;

    #[test]
    fn only_mp4_and_webm_are_recognised() {
        for (bytes, container) in [
            (&b"\0\0\0\x18ftypmp42"[..], Some(Container::Mp4)),
            (b"\0\0\0\x14ftypqt  ", Some(Container::Mp4)),
            (b"\0\0\0\x08wide", Some(Container::Mp4)),
            (b"\0\0\0\x18stypmsdh", Some(Container::Mp4)),
            (b"\0\0\0\x18uuid", Some(Container::Mp4)),
            (b"\0\0\0\x18emsg", Some(Container::Mp4)),
            (b"\0\0\0\x18moof", Some(Container::Mp4)),
            (b"\0\0\0\x18sidx", Some(Container::Mp4)),
            (b"\x1a\x45\xdf\xa3\x9fB\x86\x81", Some(Container::WebM)),
            (b"", None),
            (b"ftyp", None),
            (b"#EXTM3U\nhttp://", None),
            (b"\0\0\0\x18jP  ", None),
            (b"RIFF\0\0\0\0AVI ", None),
            (b"<MPD xmlns=", None),
            (b"ffconcat version 1.0\nfile /etc/passwd", None),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", None),
        ] {
            assert_eq!(Container::of(bytes), container, "{bytes:?}");
            // In place of a picture it is named as a video.
            let is_video = Foreign::of(bytes) == Some(Foreign::Video);
            assert!(is_video || container.is_none(), "{bytes:?}");
        }
    }
}
