//! JPEGs for tests in every encoding, and helpers to change them as cameras and accidents do.
#![expect(
    unsafe_code,
    reason = "restart markers are written through the raw bindings only"
)]

use std::ptr;

use turbojpeg_sys as sys;

/// How a test picture is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Name for messages of failed tests.
    pub name: &'static str,
    /// Whether chroma has half of the resolution in both directions.
    pub is_subsampled: bool,
    /// Whether the picture is progressive.
    pub is_progressive: bool,
    /// Whether the Huffman tables are optimised.
    pub is_optimised: bool,
    /// Whether the picture is arithmetic-coded.
    pub is_arithmetic: bool,
    /// Rows of blocks between restart markers; 0 for no restart markers.
    pub restart_rows: i32,
    /// JPEG quality, 1 to 100.
    pub quality: i32,
}

const BASELINE: Encoding = Encoding {
    name: "baseline",
    is_subsampled: true,
    is_progressive: false,
    is_optimised: false,
    is_arithmetic: false,
    restart_rows: 0,
    quality: 85,
};

/// Huffman-coded encodings.
pub const ENCODINGS: [Encoding; 8] = [
    BASELINE,
    Encoding {
        name: "restarts",
        restart_rows: 1,
        ..BASELINE
    },
    Encoding {
        name: "4:4:4",
        is_subsampled: false,
        quality: 95,
        ..BASELINE
    },
    Encoding {
        name: "optimised",
        is_optimised: true,
        quality: 60,
        ..BASELINE
    },
    Encoding {
        name: "optimised with restarts",
        is_optimised: true,
        is_subsampled: false,
        restart_rows: 2,
        ..BASELINE
    },
    Encoding {
        name: "progressive",
        is_progressive: true,
        ..BASELINE
    },
    Encoding {
        name: "progressive 4:4:4",
        is_progressive: true,
        is_subsampled: false,
        quality: 60,
        ..BASELINE
    },
    Encoding {
        name: "progressive with restarts",
        is_progressive: true,
        restart_rows: 1,
        ..BASELINE
    },
];

/// The arithmetic-coded encoding.
pub const ARITHMETIC: Encoding = Encoding {
    name: "arithmetic",
    is_arithmetic: true,
    ..BASELINE
};

/// Width of the test picture, pixels.
pub const WIDTH: u16 = 200;
/// Height of the test picture, pixels.
pub const HEIGHT: u16 = 152;

/// Pixels with shapes, colours and noise, so that no block is empty.
pub fn picture() -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let mut pixels = Vec::new();
    for y in 0..u32::from(HEIGHT) {
        for x in 0..u32::from(WIDTH) {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let noise = state >> 27;
            let stripe = if (x / 9 + y / 13) % 3 == 0 { 60 } else { 0 };
            pixels.extend([x + noise, y + stripe, 90 + noise + stripe].map(|v| v.min(255) as u8));
        }
    }
    pixels
}

/// The test picture as a JPEG in this encoding.
pub fn encode(encoding: Encoding) -> Vec<u8> {
    let pixels = picture();
    let (width, height) = (i32::from(WIDTH), i32::from(HEIGHT));
    let subsampling = if encoding.is_subsampled {
        sys::TJSAMP_TJSAMP_420
    } else {
        sys::TJSAMP_TJSAMP_444
    };
    let settings = [
        (sys::TJPARAM_TJPARAM_QUALITY, encoding.quality),
        (sys::TJPARAM_TJPARAM_SUBSAMP, subsampling),
        (
            sys::TJPARAM_TJPARAM_PROGRESSIVE,
            encoding.is_progressive.into(),
        ),
        (sys::TJPARAM_TJPARAM_OPTIMIZE, encoding.is_optimised.into()),
        (
            sys::TJPARAM_TJPARAM_ARITHMETIC,
            encoding.is_arithmetic.into(),
        ),
        (sys::TJPARAM_TJPARAM_RESTARTROWS, encoding.restart_rows),
    ];
    // SAFETY: the handle is valid until it is destroyed, the pixels have the given size, and the memory
    // that the library allocates is copied and freed.
    unsafe {
        let handle = sys::tj3Init(sys::TJINIT_TJINIT_COMPRESS as i32);
        for (parameter, value) in settings {
            assert_eq!(
                sys::tj3Set(handle, parameter as i32, value),
                0,
                "{encoding:?}"
            );
        }
        let (mut bytes, mut size) = (ptr::null_mut(), 0);
        let format = sys::TJPF_TJPF_RGB;
        let done = sys::tj3Compress8(
            handle,
            pixels.as_ptr(),
            width,
            width * 3,
            height,
            format,
            &raw mut bytes,
            &raw mut size,
        );
        assert_eq!(done, 0, "{encoding:?}");
        let jpeg = std::slice::from_raw_parts(bytes, usize::try_from(size).unwrap()).to_vec();
        sys::tj3Free(bytes.cast());
        sys::tj3Destroy(handle);
        jpeg
    }
}

/// The position and code of each marker of a well-formed JPEG.
pub fn markers(jpeg: &[u8]) -> Vec<(usize, u8)> {
    let (mut found, mut at) = (Vec::new(), 2);
    while at + 1 < jpeg.len() {
        let marker = jpeg[at + 1];
        if jpeg[at] != 0xff || matches!(marker, 0 | 0xff) {
            // Data or filling.
            at += if (jpeg[at], marker) == (0xff, 0) {
                2
            } else {
                1
            };
            continue;
        }
        found.push((at, marker));
        at += 2;
        if !matches!(marker, 0xd0..=0xd9) {
            at += usize::from(u16::from_be_bytes([jpeg[at], jpeg[at + 1]]));
        }
    }
    found
}

/// The position of the first marker with this code.
pub fn place(jpeg: &[u8], marker: u8) -> usize {
    let all = markers(jpeg);
    all.iter().find(|(_, m)| *m == marker).unwrap().0
}

/// The JPEG with `bytes` inserted at `at`.
pub fn insert(jpeg: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    [&jpeg[..at], bytes, &jpeg[at..]].concat()
}

/// A segment with this marker and content.
pub fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], &length[..], content].concat()
}

/// Where the data of each scan begins and ends.
pub fn scans(jpeg: &[u8]) -> Vec<(usize, usize)> {
    let all = markers(jpeg);
    let beginnings = all.iter().enumerate().filter(|(_, (_, m))| *m == 0xda);
    beginnings
        .map(|(i, (at, _))| {
            let length = usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
            let mut after = all[i + 1..].iter();
            let end = after.find(|(_, m)| !matches!(m, 0xd0..=0xd7)).unwrap().0;
            (at + 2 + length, end)
        })
        .collect()
}
