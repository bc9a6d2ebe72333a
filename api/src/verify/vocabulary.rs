//! Modes of a capture and states of a session.

use crate::contract::public_enum::public_enum;

public_enum! {
    /// How a capture is sent.
    ///
    /// - `images`: as tagged frames, in `frames`.
    /// - `video`: as a short clip, in `video_b64`.
    pub enum Mode {
        /// As tagged frames.
        Images = "images",
        /// As a short clip, mp4 or webm.
        Video = "video",
    }
}

public_enum! {
    /// What has become of a session.
    ///
    /// - `pending`: it waits to be verified.
    /// - `processing`: a verify is at work.
    /// - `verified`: the capture passed every check.
    /// - `rejected`: the capture failed at least one check.
    /// - `failed`: processing failed; create a new session and retry.
    /// - `expired`: it was not verified in time.
    pub enum SessionState {
        /// Not used yet.
        Pending = "pending",
        /// A verify is at work.
        Processing = "processing",
        /// The capture was verified.
        Verified = "verified",
        /// The capture was rejected.
        Rejected = "rejected",
        /// Processing failed.
        Failed = "failed",
        /// It was not used in time.
        Expired = "expired",
    }
}
