//! Movements, recognised frame by frame: one set of machines for frames, clips and live sessions.
//!
//! A verification folds its frames through them ([`find`]), a live session steps them as frames come.
//! Tags only filter: they say which frames may show an action, never that one does.

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
