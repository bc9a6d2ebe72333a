//! Attack instruments, drawn from pictures: what an attacker holds in front of a camera, or feeds in
//! its place. Plain functions from pictures to pictures; the attack suite puts them together.
//!
//! Angles are the subject's, in degrees: a head or a sheet that turns to its own left has a negative
//! yaw and, in a picture that is not mirrored, goes to the right; up is a negative pitch.

pub mod camera;
pub mod canvas;
pub mod face;
pub mod paper;
pub mod perturb;
pub mod puppet;
pub mod screen;

pub use image::RgbImage;
