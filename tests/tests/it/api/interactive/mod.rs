//! The interactive API over HTTP, with a scripted analyzer.

mod cancelling;
mod evidence;
mod frames;
mod guidance;
mod sessions;
mod simultaneous;
mod tokens;
mod unconfirmed;
