//! What is shown to the service, and how.

use std::time::Duration;

use image::RgbImage;
use livegate_liveness::session::Task;

/// What a session asks for, and what it gets.
pub struct Presentation {
    /// What is asked for, in this order.
    pub tasks: Vec<Task>,
    /// What it gets.
    pub medium: Medium,
    /// JPEG quality of the frames, 1 to 100.
    pub quality: u8,
    /// How far a turn must go, degrees, where it is not the default.
    pub yaw_deg: Option<u8>,
    /// When it is said to be captured, and when it is sent.
    pub clock: Clock,
}

/// Times of a presentation.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Between the timestamps of two frames to verify, milliseconds, 1 or more.
    pub step_ms: u64,
    /// Between the creation of the session and the call to verify.
    pub wait: Duration,
    /// Between two frames to an interactive session; none: as fast as it takes them.
    pub pace: Duration,
    /// Whether the server draws the order of the actions: sessions are created until it is the wanted one.
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

/// The way it takes.
pub enum Medium {
    /// Frames to verify.
    Images(Vec<Shot>),
    /// A clip to verify, of so many frames a second.
    Clip(Vec<RgbImage>, u32),
    /// Frames to an interactive session, one after another.
    Live(Vec<RgbImage>),
}

/// A frame, and what the client says that it belongs to.
#[derive(Clone)]
pub struct Shot {
    /// The tag.
    pub phase: &'static str,
    /// The frame.
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

    /// The same, every frame changed.
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

    /// Its pictures, in their order.
    pub fn pictures(&self) -> Vec<&RgbImage> {
        match &self.medium {
            Medium::Images(shots) => shots.iter().map(|s| &s.picture).collect(),
            Medium::Clip(pictures, _) | Medium::Live(pictures) => pictures.iter().collect(),
        }
    }

    /// The way it takes, as documents name it.
    pub fn way(&self) -> &'static str {
        match self.medium {
            Medium::Images(_) => "images",
            Medium::Clip(..) => "video",
            Medium::Live(_) => "interactive",
        }
    }
}

/// What verify calls a task; those of the mouth are the interactive API's alone.
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
