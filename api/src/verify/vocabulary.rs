//! Names of the modes of a capture and of the states of a session.

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
    /// State of a session.
    ///
    /// - `pending`: not verified yet.
    /// - `processing`: a verify is in progress.
    /// - `verified`: the capture passed every check.
    /// - `rejected`: the capture failed at least one check.
    /// - `failed`: processing failed; create a new session and retry.
    /// - `expired`: it was not verified in time.
    pub enum SessionState {
        /// Not verified yet.
        Pending = "pending",
        /// A verify is in progress.
        Processing = "processing",
        /// The capture passed every check.
        Verified = "verified",
        /// The capture failed at least one check.
        Rejected = "rejected",
        /// Processing failed.
        Failed = "failed",
        /// It was not verified in time.
        Expired = "expired",
    }
}
