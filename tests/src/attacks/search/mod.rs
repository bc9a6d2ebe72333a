//! Attacks that search for settings that are accepted.
//!
//! A [`Searched`] attack has parameters with ranges. [`run::search`] first presents random settings,
//! which shows what an attacker gains who learns nothing. It then climbs on the scores in the service's
//! own answers, which shows what an attacker gains who sees them. Everything is drawn from a seed: the
//! same seed and the same service give the same tries. (An interactive session runs in real time, which
//! may change an answer.)

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
