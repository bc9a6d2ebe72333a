//! Presentations: what is presented to the service, and in which way.

use std::time::Duration;

use image::RgbImage;
use livegate_liveness::session::Task;

/// A challenge and the capture that is presented for it.
pub struct Presentation {
    /// Tasks of the challenge, in order.
    pub tasks: Vec<Task>,
    /// The capture.
    pub medium: Medium,
    /// JPEG quality of the frames, 1 to 100.
    pub quality: u8,
    /// Angle of a turn in the session, degrees; `None` for the default.
    pub yaw_deg: Option<u8>,
    /// The times of capture and sending.
    pub clock: Clock,
}

/// Times of a presentation.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Time between the timestamps of two frames to verify, milliseconds, 1 or more.
    pub step_ms: u64,
    /// Time between the creation of the session and the call to verify.
    pub wait: Duration,
    /// Time between two frames to an interactive session; zero for as fast as it accepts them.
    pub pace: Duration,
    /// Whether the server draws the order of the actions. Then sessions are created until one has the
    /// wanted order.
    pub is_drawn: bool,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            step_ms: 200,
            wait: Duration::ZERO,
            pace: Duration::ZERO,
            is_drawn: false,
        }
    }
}

/// The capture, by the mode in which it is sent.
pub enum Medium {
    /// Frames to verify.
    Images(Vec<Shot>),
    /// A clip to verify, with its frames a second.
    Clip(Vec<RgbImage>, u32),
    /// Frames to an interactive session, one after another.
    Live(Vec<RgbImage>),
}

/// A frame and its phase as the client states it.
#[derive(Clone)]
pub struct Shot {
    /// The phase.
    pub phase: &'static str,
    /// The picture.
    pub picture: RgbImage,
}

impl Presentation {
    /// Frames to verify.
    pub fn images(tasks: &[Task], shots: Vec<Shot>) -> Self {
        Self::of(tasks, Medium::Images(shots))
    }

    /// A clip to verify.
    pub fn clip(tasks: &[Task], pictures: Vec<RgbImage>, rate: u32) -> Self {
        Self::of(tasks, Medium::Clip(pictures, rate))
    }

    /// Frames to an interactive session.
    pub fn live(tasks: &[Task], pictures: Vec<RgbImage>) -> Self {
        Self::of(tasks, Medium::Live(pictures))
    }

    fn of(tasks: &[Task], medium: Medium) -> Self {
        let tasks = tasks.to_vec();
        Self {
            tasks,
            medium,
            quality: 90,
            yaw_deg: None,
            clock: Clock::default(),
        }
    }

    /// The presentation with each frame changed.
    #[must_use]
    pub fn seen_through(mut self, mut change: impl FnMut(&RgbImage) -> RgbImage) -> Self {
        match &mut self.medium {
            Medium::Images(shots) => shots
                .iter_mut()
                .for_each(|s| s.picture = change(&s.picture)),
            Medium::Clip(pictures, _) | Medium::Live(pictures) => {
                pictures.iter_mut().for_each(|p| *p = change(p));
            }
        }
        self
    }

    /// The pictures in order.
    pub fn pictures(&self) -> Vec<&RgbImage> {
        match &self.medium {
            Medium::Images(shots) => shots.iter().map(|s| &s.picture).collect(),
            Medium::Clip(pictures, _) | Medium::Live(pictures) => pictures.iter().collect(),
        }
    }

    /// The mode, as documents name it.
    pub fn way(&self) -> &'static str {
        match self.medium {
            Medium::Images(_) => "images",
            Medium::Clip(..) => "video",
            Medium::Live(_) => "interactive",
        }
    }
}

/// Verify's name of a task. Tasks of the mouth exist only in the interactive API.
pub fn phase(task: Task) -> &'static str {
    match task {
        Task::TurnLeft => "turn_left",
        Task::TurnRight => "turn_right",
        Task::LookUp => "turn_up",
        Task::LookDown => "turn_down",
        Task::Blink => "blink",
        Task::Smile => "smile",
        Task::OpenMouth => "open_mouth",
    }
}
