//! Attacks that search.
//!
//! A [`Searched`] attack has parameters with ranges. [`run::search`] presents it with settings drawn at
//! random first, which says what an attacker gains who learns nothing, and then climbs on the scores of the
//! service's own answers, which says what one gains who sees them. Everything is drawn from a seed: the
//! same seed and the same service give the same tries. (Of an interactive session the times are real ones,
//! and may change an answer.)

pub mod attack;
pub mod climber;
pub mod disguise;
pub mod list;
pub mod noise;
pub mod reading;
pub mod reel;
pub mod report;
pub mod run;
pub mod service;
pub mod table;

pub use attack::{Mode, Param, Searched, Setting};
