//! Evidence: everything that follows from a capture's frames except the actions. Each file holds one rule.

pub mod clarity;
pub mod colour;
mod extremes;
mod fades;
mod gathered;
pub mod identity;
mod parts;
mod pictures;
pub mod poor;
pub mod presence;
mod presentation;
mod scene;
mod speed;
mod statement;
mod timing;

pub use self::gathered::{Evidence, Plan, Sighting};
pub use self::parts::Part;
pub use self::pictures::Picture;
pub use self::statement::{Kind, Statement, against};
pub use self::timing::Timing;
