//! Bindings to `libjpeg/decode.c`, which decodes JPEGs with libjpeg-turbo and counts every warning.
//!
//! This is the only `unsafe` code that handles a caller's bytes.
#![expect(unsafe_code, reason = "libjpeg is C")]

use std::ffi::{c_char, c_int};
use std::marker::PhantomData;
use std::ptr::NonNull;

// Links the library itself.
use turbojpeg_sys as _;

use crate::warning::WARNINGS;

/// Bytes of a message, including the zero that ends it.
const MESSAGE_BYTES: usize = 200;

/// What libjpeg decoded, and its warnings. Same layout as in `libjpeg/decode.h`.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Report {
    /// How often each [`Warning`](crate::warning::Warning) was given, in their order.
    pub warned: [u32; WARNINGS],
    /// Most bytes that were skipped at one place of the picture's data. Places with one byte repeated do
    /// not count.
    pub stray_bytes: u32,
    /// Rows that were decoded.
    pub rows: u32,
    /// Rows that the header announces.
    pub height: u32,
    /// Restart markers that the picture must have.
    pub restarts: u32,
    /// Colour channels.
    pub channels: u32,
    /// Colour channels that have data.
    pub channels_with_data: u32,
    /// Coefficients of a progressive picture, 64 a channel, that have no data.
    pub coefficients_absent: u32,
    /// Coefficients that lack data or their last bits.
    pub coefficients_coarse: u32,
    /// Whether the picture is arithmetic-coded: 1 or 0.
    pub arithmetic: u32,
    message: [c_char; MESSAGE_BYTES],
}

// `decode.c` asserts the same.
const _: () = assert!(size_of::<Report>() == 4 * (WARNINGS + 9) + MESSAGE_BYTES);

impl Report {
    /// The error that ended the decoding; empty without one.
    pub fn message(&self) -> String {
        let bytes = self.message.iter().map(|c| c.to_ne_bytes()[0]);
        let text: Vec<u8> = bytes.take_while(|b| *b != 0).collect();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The report of a complete picture without a warning.
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

/// The C struct `livegate_jpeg`.
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
    /// The non-null result of `livegate_jpeg_open`, valid until it is closed.
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
    /// Reads the header. A picture may have at most `most_scans` scans.
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
        // SAFETY: the handle is open, and both numbers may be written.
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

    /// Decodes into red, green and blue, row by row from the top, `3 * width * height` bytes; `None`
    /// where `rgb` has another length.
    ///
    /// Pixels that cannot be decoded keep their value.
    pub fn decode(self, rgb: &mut [u8]) -> Option<Report> {
        let pixels = usize::try_from(u64::from(self.width) * u64::from(self.height)).ok()?;
        if pixels.checked_mul(3)? != rgb.len() {
            return None;
        }
        // SAFETY: the handle is open and its header was read. Nothing was decoded yet, because this
        // method consumes the value. `rgb` has room for all pixels. Errors are in the report.
        unsafe { livegate_jpeg_pixels(self.raw.as_ptr(), rgb.as_mut_ptr()) };
        Some(self.report())
    }

    fn report(&self) -> Report {
        // SAFETY: the handle is open. The report is part of it, and is copied.
        unsafe { (*livegate_jpeg_report_of(self.raw.as_ptr())).clone() }
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and it is not used afterwards.
        unsafe { livegate_jpeg_close(self.raw.as_ptr()) }
    }
}
