//! libjpeg-turbo by its own API, which counts every warning; `libjpeg/decode.c` is the other half.
//!
//! The only `unsafe` that sees what a caller sent.
#![expect(unsafe_code, reason = "libjpeg is C")]

use std::ffi::{c_char, c_int};
use std::marker::PhantomData;
use std::ptr::NonNull;

// Brings the library itself.
use turbojpeg_sys as _;

use crate::warning::WARNINGS;

/// Bytes of a message, with the one that ends it.
const MESSAGE_BYTES: usize = 200;

/// What was decoded.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Report {
    /// How often each [`Warning`](crate::warning::Warning) came, in their order.
    pub warned: [u32; WARNINGS],
    /// Most bytes that were skipped at one place of the picture's data where they are not one byte
    /// repeated.
    pub stray_bytes: u32,
    /// Rows that are there.
    pub rows: u32,
    /// Rows that there should be.
    pub height: u32,
    /// Restart markers that there should be.
    pub restarts: u32,
    /// Colour channels.
    pub channels: u32,
    /// Colour channels that have data.
    pub channels_with_data: u32,
    /// Coefficients of a progressive picture, 64 a channel, that have no data.
    pub coefficients_absent: u32,
    /// Those that lack data or their last bits.
    pub coefficients_coarse: u32,
    /// Whether it is arithmetic-coded: 1 or 0.
    pub arithmetic: u32,
    message: [c_char; MESSAGE_BYTES],
}

// The same is asserted in `decode.c`.
const _: () = assert!(size_of::<Report>() == 4 * (WARNINGS + 9) + MESSAGE_BYTES);

impl Report {
    /// What ended the decoding; empty where nothing did.
    pub fn message(&self) -> String {
        let bytes = self.message.iter().map(|c| c.to_ne_bytes()[0]);
        let text: Vec<u8> = bytes.take_while(|b| *b != 0).collect();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// All rows there, and no warning.
    #[cfg(test)]
    pub fn flawless() -> Self {
        Self {
            warned: [0; WARNINGS],
            stray_bytes: 0,
            rows: 480,
            height: 480,
            restarts: 0,
            channels: 3,
            channels_with_data: 3,
            coefficients_absent: 0,
            coefficients_coarse: 0,
            arithmetic: 0,
            message: [0; MESSAGE_BYTES],
        }
    }
}

/// `livegate_jpeg`.
#[repr(C)]
struct Raw {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    fn livegate_jpeg_open(bytes: *const u8, size: usize, most_scans: u32) -> *mut Raw;
    fn livegate_jpeg_header(jpeg: *mut Raw, width: *mut u32, height: *mut u32) -> c_int;
    fn livegate_jpeg_pixels(jpeg: *mut Raw, rgb: *mut u8) -> c_int;
    fn livegate_jpeg_report_of(jpeg: *const Raw) -> *const Report;
    fn livegate_jpeg_close(jpeg: *mut Raw);
}

/// A JPEG whose header was read.
pub struct Opened<'a> {
    /// Not null, and what `livegate_jpeg_open` returned, until it is closed.
    raw: NonNull<Raw>,
    width: u32,
    height: u32,
    bytes: PhantomData<&'a [u8]>,
}

/// Why a JPEG cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system gives no memory.
    #[error("there is no memory for it")]
    NoMemory,
    /// libjpeg does not accept it; holds its message.
    #[error("{0}")]
    Refused(String),
}

impl<'a> Opened<'a> {
    /// Reads the header; `most_scans` is how many scans the picture may have.
    ///
    /// # Errors
    /// [`OpenError`] when there is no header that libjpeg accepts.
    pub fn new(bytes: &'a [u8], most_scans: u32) -> Result<Self, OpenError> {
        // SAFETY: the bytes outlive what is returned, by its lifetime.
        let raw = unsafe { livegate_jpeg_open(bytes.as_ptr(), bytes.len(), most_scans) };
        let raw = NonNull::new(raw).ok_or(OpenError::NoMemory)?;
        let mut opened = Self {
            raw,
            width: 0,
            height: 0,
            bytes: PhantomData,
        };
        // SAFETY: it is open, and both numbers may be written.
        let done = unsafe {
            livegate_jpeg_header(raw.as_ptr(), &raw mut opened.width, &raw mut opened.height)
        };
        if done == 0 {
            Ok(opened)
        } else {
            Err(OpenError::Refused(opened.report().message()))
        }
    }

    /// Width and height as stored, pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Decodes into red, green and blue, row by row from the top, `3 * width * height` bytes; what could
    /// not be decoded stays as it was. `None` where `rgb` has another length.
    pub fn decode(self, rgb: &mut [u8]) -> Option<Report> {
        let pixels = usize::try_from(u64::from(self.width) * u64::from(self.height)).ok()?;
        if pixels.checked_mul(3)? != rgb.len() {
            return None;
        }
        // SAFETY: it is open, its header was read, nothing was decoded yet since that consumes it, and
        // there is room for all pixels. An error is in the report.
        unsafe { livegate_jpeg_pixels(self.raw.as_ptr(), rgb.as_mut_ptr()) };
        Some(self.report())
    }

    fn report(&self) -> Report {
        // SAFETY: it is open; the report is part of it, and copied.
        unsafe { (*livegate_jpeg_report_of(self.raw.as_ptr())).clone() }
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        // SAFETY: it is open, and nobody has it any more.
        unsafe { livegate_jpeg_close(self.raw.as_ptr()) }
    }
}
