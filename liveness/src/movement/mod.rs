//! Movements, recognised frame by frame. Frames, clips and live sessions use the same state machines.
//!
//! A verification runs all its frames through the machines ([`find`]). A live session steps them as frames
//! arrive. A tag says which frames may show an action, never that a frame shows it.

mod blink;
mod capture;
mod lips;
mod machine;
mod missing;
mod rest;
mod seen;
mod task;
mod turn;
mod watch;

pub use self::capture::{Standing, find};
pub use self::machine::Movement;
pub use self::missing::{FailedAction, Missing, Unit, Why};
pub use self::rest::{Rest, can_read};
pub use self::seen::Seen;
pub use self::task::Task;
pub use self::watch::Watch;
