//! What was established beyond the pixels.

use super::public_enum::public_enum;

public_enum! {
    /// What the service knows about a capture besides its pictures. None of it says who or what is in front of the
    /// camera.
    pub enum Established {
        /// The server drew the challenge, from more than one possibility: a recording made before the session shows it only
        /// by chance.
        ServerDrawnChallenge = "server_drawn_challenge",
        /// The capture's own times fit between the creation of the session and the arrival of the capture, by the server's
        /// clock. The times are the caller's claim.
        CapturedInSession = "captured_in_session",
        /// The frames came one by one and each was judged when it came, before the next challenge was known to be passed.
        LiveGuided = "live_guided",
    }
}
