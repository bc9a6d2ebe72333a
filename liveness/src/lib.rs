//! The domain: turns measurements of frames into a verdict. Pure, with serde and toml as its only
//! dependencies.
//!
//! Data flows one way. [`measurement`]s and a [`challenge`] go through [`evidence`] into a [`decision`],
//! which compares them with the numbers in [`thresholds`]. One set of state machines recognises
//! [`movement`]s: a decision runs all its frames through them, a live [`session`] steps them by one frame
//! at a time.
//!
//! # Directions
//!
//! All directions are the subject's own, as in the public API. A head turned to its own left has a
//! **negative yaw**; a head that looks up has a **negative pitch**. In an unmirrored frame (as others see
//! the subject) a left turn moves the nose towards the image's right. Frames that a capture library
//! mirrored are turned back by [`measurement::FrameMeasurement::unmirrored`].

pub mod challenge;
pub mod decision;
pub mod embedding;
pub mod evidence;
pub mod eyes;
pub mod judge;
mod linear;
pub mod measurement;
pub mod mouth;
pub mod movement;
pub mod outcome;
pub mod pose;
pub mod reference;
pub mod retry;
pub mod sampling;
pub mod scene;
pub mod session;
pub mod sketch;
pub mod tagged;
#[cfg(test)]
mod testing;
pub mod thresholds;
pub mod thumbnail;
