//! Service times: what is known of the work.

use livegate_media::Format;
use serde::{Deserialize, Serialize};

/// The service times of one machine. `service_times.toml` explains each field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceTimes {
    /// The machine on which they were measured.
    pub machine: String,
    /// A capture of frames.
    pub frames: Frames,
    /// A clip.
    pub clip: Clip,
    /// An interactive session.
    pub live: Live,
    /// The way between API and workers.
    pub path: Path,
}

/// A capture of frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frames {
    /// Frames of a capture.
    pub number: u32,
    /// Width of a frame, pixels.
    pub width: u32,
    /// Height of a frame, pixels.
    pub height: u32,
    /// Format of a frame.
    pub format: FrameFormat,
    /// Size of a frame, thousand bytes.
    pub kilobytes: f64,
    /// Thread time of a frame, milliseconds.
    pub thread_ms: f64,
    /// Coefficient of variation of the thread time.
    pub spread: f64,
    /// Processor time of the API before admission, milliseconds.
    pub receive_ms: f64,
    /// Processor time of the client, milliseconds.
    pub client_ms: f64,
}

/// A clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clip {
    /// Its length, seconds.
    pub seconds: f64,
    /// Its measured frames.
    pub frames: u32,
    /// Its size, thousand bytes.
    pub kilobytes: f64,
    /// Thread time of a measured frame, milliseconds.
    pub thread_ms: f64,
    /// Coefficient of variation of the thread time.
    pub spread: f64,
    /// Processor time of the decoder for the whole clip, milliseconds.
    pub decode_ms: f64,
    /// Processor time of the API before admission, milliseconds.
    pub receive_ms: f64,
    /// Processor time of the client, milliseconds.
    pub client_ms: f64,
}

/// An interactive session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// Frames of a session.
    pub frames: u32,
    /// Frames that a session sends a second.
    pub frames_per_second: f64,
    /// Width of a frame, pixels.
    pub width: u32,
    /// Height of a frame, pixels.
    pub height: u32,
    /// Format of a frame.
    pub format: FrameFormat,
    /// Size of a frame, thousand bytes.
    pub kilobytes: f64,
    /// Thread time of a glance, milliseconds.
    pub glance_ms: f64,
    /// Thread time of a whole measurement, milliseconds.
    pub whole_ms: f64,
    /// Share of frames that are measured as a whole, 0 to 1.
    pub whole_share: f64,
    /// Coefficient of variation of the thread time.
    pub spread: f64,
    /// Processor time of the API before admission, milliseconds.
    pub receive_ms: f64,
    /// Processor time of the client, milliseconds.
    pub client_ms: f64,
}

/// The way of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    /// Processor time of the API to seal and publish, milliseconds.
    pub seal_ms: f64,
    /// Processor time of the worker to open, milliseconds.
    pub open_ms: f64,
    /// Processor time of broker and store, milliseconds.
    pub broker_ms: f64,
    /// Waiting, each way, milliseconds.
    pub hop_ms: f64,
}

/// The format of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameFormat {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl From<FrameFormat> for Format {
    fn from(format: FrameFormat) -> Self {
        match format {
            FrameFormat::Jpeg => Self::Jpeg,
            FrameFormat::Png => Self::Png,
        }
    }
}

/// Why service times cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TimesError {
    /// The file is not in the form of `service_times.toml`.
    #[error(transparent)]
    Form(#[from] toml::de::Error),
    /// A number is outside its range.
    #[error("{0} must be {1}")]
    Range(&'static str, &'static str),
}

impl ServiceTimes {
    /// The times of the machine of docs/performance.md, as a file.
    pub const MEASURED: &'static str = include_str!("service_times.toml");

    /// Reads a file like `service_times.toml`.
    ///
    /// # Errors
    /// [`TimesError`] when a field is missing, unknown or outside its range.
    pub fn from_toml(text: &str) -> Result<Self, TimesError> {
        let times: Self = toml::from_str(text)?;
        times.check()?;
        Ok(times)
    }

    fn check(&self) -> Result<(), TimesError> {
        let (frames, clip, live, path) = (&self.frames, &self.clip, &self.live, &self.path);
        for (name, value) in [
            ("frames.kilobytes", frames.kilobytes),
            ("frames.thread_ms", frames.thread_ms),
            ("frames.spread", frames.spread),
            ("frames.receive_ms", frames.receive_ms),
            ("frames.client_ms", frames.client_ms),
            ("clip.kilobytes", clip.kilobytes),
            ("clip.thread_ms", clip.thread_ms),
            ("clip.spread", clip.spread),
            ("clip.decode_ms", clip.decode_ms),
            ("clip.receive_ms", clip.receive_ms),
            ("clip.client_ms", clip.client_ms),
            ("live.kilobytes", live.kilobytes),
            ("live.glance_ms", live.glance_ms),
            ("live.whole_ms", live.whole_ms),
            ("live.spread", live.spread),
            ("live.receive_ms", live.receive_ms),
            ("live.client_ms", live.client_ms),
            ("path.seal_ms", path.seal_ms),
            ("path.open_ms", path.open_ms),
            ("path.broker_ms", path.broker_ms),
            ("path.hop_ms", path.hop_ms),
        ] {
            if !(0.0..=1e6).contains(&value) {
                return Err(TimesError::Range(name, "0 to 1,000,000"));
            }
        }
        for (name, value) in [
            ("frames.number", frames.number),
            ("clip.frames", clip.frames),
            ("live.frames", live.frames),
            ("frames.width", frames.width),
            ("frames.height", frames.height),
            ("live.width", live.width),
            ("live.height", live.height),
        ] {
            if !(1..=4096).contains(&value) {
                return Err(TimesError::Range(name, "1 to 4096"));
            }
        }
        if !(0.1..=30.0).contains(&clip.seconds) {
            return Err(TimesError::Range("clip.seconds", "0.1 to 30"));
        }
        if !(0.1..=20.0).contains(&live.frames_per_second) {
            return Err(TimesError::Range("live.frames_per_second", "0.1 to 20"));
        }
        if !(0.0..=1.0).contains(&live.whole_share) {
            return Err(TimesError::Range("live.whole_share", "0 to 1"));
        }
        Ok(())
    }
}
