//! What was established beyond the pixels.

use super::public_enum::public_enum;

public_enum! {
    /// What the service knows about a capture besides its pictures. None of it says who or what is in front of the
    /// camera.
    pub enum Established {
        /// The server drew the challenge, and there was more than one: an unedited recording from before the session shows
        /// it only by chance. Edited footage can follow any.
        ServerDrawnChallenge = "server_drawn_challenge",
        /// Between the creation of the session and the arrival of the capture there was time for it, by the server's clock. Its
        /// own times are the caller's claim.
        CapturedInSession = "captured_in_session",
        /// The frames came one by one, and each was judged when it came.
        LiveGuided = "live_guided",
    }
}
