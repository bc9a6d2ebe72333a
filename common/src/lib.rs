//! What the API and the workers agree on.
//!
//! The job and outcome that cross the queue ([`job`], [`seal`]), and the seams to the outside, each with an
//! in-memory and a networked implementation: [`broker`], [`results`], [`sessions`], [`limits`],
//! [`presence`]. Nothing here knows HTTP or ONNX; the domain is the crate `livegate-liveness`.

pub mod aside;
pub mod broker;
mod expiring;
pub mod hardening;
pub mod id;
pub mod job;
pub mod limits;
pub mod presence;
pub mod records;
pub mod redis_pool;
pub mod results;
pub mod retry;
pub mod seal;
pub mod secret;
pub mod sessions;
pub mod shutdown;
