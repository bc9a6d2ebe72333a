//! The system tests, one binary. Run them beside shared servers: `with-servers cargo nextest run`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests, helpers included, which the lints cannot tell"
)]

mod api;
mod attacks;
mod bench;
mod browsers;
mod deploy;
mod document;
mod evaluate;
mod hostile;
mod pooled;
mod privacy;
mod real;
mod seams;
mod surviving;
mod tables;
mod watching;
