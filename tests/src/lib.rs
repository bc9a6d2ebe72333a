//! Support for the system tests: servers, processes, clients, captures, attacks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test support: a broken surrounding ends the test"
)]

pub mod app;
pub mod attacks;
pub mod bound;
pub mod client;
pub mod clips;
pub mod fleet;
pub mod media;
pub mod provided;
pub mod real;
pub mod scrape;
pub mod scripted;
pub mod servers;
pub mod soak;
