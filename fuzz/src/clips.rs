//! Properties of the parsers for the output of `ffmpeg` and `ffprobe`. The programs run confined, but a
//! clip may have taken one over.

use futures_util::FutureExt;
use livegate_media::Container;
use livegate_worker::clip::frames::next_frame;
use livegate_worker::clip::log::Log;
use livegate_worker::clip::probe::{self, Report};

use crate::memory::within;

/// A report is accepted or refused, and the refusal is short. The same holds for each line of the log,
/// and for the first bytes of a file.
pub fn clip_report(bytes: &[u8]) {
    let is_webm = bytes.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]);
    assert_eq!(Container::of(bytes) == Some(Container::WebM), is_webm);
    let most = bytes.len() * 16 + (64 << 10);
    let report = within(most, || serde_json::from_slice::<Report>(bytes));
    if let Some(refused) = report.ok().and_then(|report| report.judge().err()) {
        assert!(refused.to_string().len() < 300, "{refused}");
    }
    let mut log = Log::default();
    for line in String::from_utf8_lossy(bytes).lines() {
        log.read(line);
    }
}

/// Each picture has a size within the limits and all of its pixels, and only one is in memory at a time.
pub fn clip_pictures(bytes: &[u8]) {
    let mut rest = bytes;
    let most = probe::MAX_PIXELS as usize * 3 + (64 << 10);
    // All bytes are in memory, so nothing waits.
    while let Ok(Some(frame)) = within(most, || next_frame(&mut rest).now_or_never().unwrap()) {
        probe::within_limits(frame.width, frame.height).unwrap();
        let pixels = frame.width as usize * frame.height as usize;
        assert_eq!(frame.pixels.len(), pixels * 3);
    }
}
