//! The domain: what a frame says, what was asked, and what follows. Pure: serde and std only.
//!
//! Data flows one way: [`measurement`]s and a [`challenge`] go through [`evidence`] into
//! [`decision`], by the numbers in [`thresholds`]. [`movement`]s are recognised by one set of machines: a
//! decision folds its frames through them, a live [`session`] steps them.
//!
//! # Directions
//!
//! All directions are the subject's own, as in the public API: a head turned to its own left has a
//! **negative yaw**, looking up is **negative pitch**. In an unmirrored frame (as others see the
//! subject) a left turn moves the nose towards the image's right. Frames that a capture library
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
pub mod sampling;
pub mod scene;
pub mod session;
pub mod sketch;
pub mod tagged;
#[cfg(test)]
mod testing;
pub mod thresholds;
pub mod thumbnail;
