//! Makes the body of a verify from a folder of frames or a clip.

use std::path::Path;

use base64_simd::STANDARD;
use serde_json::{Value, json};

use crate::check::{CheckError, NamedFrame, read_folder, read_only_clip};

/// Time between two frames of a folder, whose files have no times, milliseconds. It is that of a burst,
/// in which two frames of a blink are close enough to belong together.
const FRAME_MS: usize = 100;

/// The body of `POST /v1/liveness/verify` for `capture`: a folder of frames named `NN_PHASE.jpg`, or a
/// clip.
///
/// # Errors
/// [`CheckError`] when the capture cannot be read, or verify would refuse it.
pub fn payload(capture: &Path, session_id: &str) -> Result<Value, CheckError> {
    if capture.is_dir() {
        let frames = read_folder(capture)?;
        let frames: Vec<Value> = frames.iter().enumerate().map(frame).collect();
        Ok(json!({"session_id": session_id, "mode": "images", "frames": frames}))
    } else {
        let clip = read_only_clip(capture)?;
        let clip = STANDARD.encode_to_string(clip);
        Ok(json!({"session_id": session_id, "mode": "video", "video_b64": clip}))
    }
}

fn frame((index, named): (usize, &NamedFrame)) -> Value {
    json!({
        "index": index,
        "timestamp_ms": index * FRAME_MS,
        "phase": named.tag(),
        "image_b64": STANDARD.encode_to_string(named.frame.image.bytes()),
    })
}
