//! What both APIs share: names of actions, reason codes, rejection details, evidence, limits of media.

pub mod actions;
pub mod attestation;
pub mod bad_picture;
pub mod defaults;
pub mod details;
pub mod established;
pub mod evidence;
pub mod excerpt;
pub mod failure;
pub mod media;
pub mod nullable;
pub mod numbers;
pub mod poor_frames;
pub mod public_enum;
pub mod reason;
pub mod reference;
pub mod retry_hint;
