//! Names and texts in the interactive API's bodies.

use livegate_liveness::session::{Hint, State, Task};

use crate::contract::public_enum::public_enum;

/// The instruction that a client shows its user, in English.
pub fn instruction(task: Task) -> &'static str {
    match task {
        Task::TurnLeft => "Turn your head to the left",
        Task::TurnRight => "Turn your head to the right",
        Task::LookUp => "Look upward",
        Task::LookDown => "Look downward",
        Task::Blink => "Blink your eyes",
        Task::Smile => "Smile",
        Task::OpenMouth => "Open your mouth",
    }
}

public_enum! {
    /// Where a session stands.
    ///
    /// - `pending`: created, no frame yet.
    /// - `in_progress`: at least one frame, and challenges remain.
    /// - `completed`: all challenges passed; `is_live` is the verdict.
    /// - `failed`: a challenge was not passed in time, or more than one person was seen.
    /// - `expired`: no frame came in time.
    #[oai(rename = "InteractiveState")]
    pub enum InteractiveState {
        /// No frame yet.
        Pending = "pending",
        /// At least one frame, and challenges remain.
        InProgress = "in_progress",
        /// All challenges passed.
        Completed = "completed",
        /// A challenge was not passed in time, or more than one person was seen.
        Failed = "failed",
        /// No frame came in time.
        Expired = "expired",
    }
}

impl From<State<'_>> for InteractiveState {
    fn from(state: State<'_>) -> Self {
        use livegate_liveness::session::Ending;
        match state {
            State::Pending => Self::Pending,
            State::InProgress => Self::InProgress,
            State::Ended(end) => match end.ending {
                Ending::Expired => Self::Expired,
                Ending::Completed(_) => Self::Completed,
                // A cancelled session is not found, so nobody is told this.
                Ending::Failed { .. } | Ending::Cancelled => Self::Failed,
            },
        }
    }
}

public_enum! {
    /// What the user should change first. More may be added.
    ///
    /// - `no_face`: no face is seen.
    /// - `multiple_faces`: a second face of comparable size is seen; such frames don't count.
    /// - `face_too_small`: come nearer: the face is less than 80 pixels wide.
    /// - `face_out_of_frame`: the face reaches the edge of the picture, or fills it; move it to the
    ///   middle, or move back.
    /// - `too_dark`: more light on the face; its picture is dark or noisy.
    /// - `too_bright`: less light on the face.
    /// - `blurred`: hold still, clean the lens; such frames don't count.
    /// - `look_straight`: face the camera first, with a face at rest.
    /// - `eyes_not_visible`: open the eyes, or take off what hides them.
    /// - `keep_going`: nothing to change; go on with the challenge, further.
    pub enum Feedback = Hint {
        /// No face is seen.
        NoFace = "no_face",
        /// A second face of comparable size is seen.
        MultipleFaces = "multiple_faces",
        /// Come nearer.
        FaceTooSmall = "face_too_small",
        /// Part of the face is cut off.
        FaceOutOfFrame = "face_out_of_frame",
        /// More light on the face.
        TooDark = "too_dark",
        /// Less light on the face.
        TooBright = "too_bright",
        /// Hold still.
        Blurred = "blurred",
        /// Face the camera first.
        LookStraight = "look_straight",
        /// The eyes cannot be seen open.
        EyesNotVisible = "eyes_not_visible",
        /// Go on.
        KeepGoing = "keep_going",
    }
}
