//! What the API and the workers agree on.
//!
//! [`liveness`] is the pure domain: measurements in, verdict out, no clock, no randomness, no I/O.
//! Around it stand the job and outcome that cross the queue ([`job`], [`seal`]) and the seams to
//! the outside, each with an in-memory and a networked implementation: [`broker`], [`results`],
//! [`sessions`], [`limits`]. Nothing here knows HTTP or ONNX.

pub mod aside;
pub mod broker;
mod expiring;
pub mod hardening;
pub mod id;
pub mod job;
pub mod limits;
pub mod liveness;
pub mod operating_point;
pub mod presence;
pub mod redis_pool;
pub mod results;
pub mod seal;
pub mod secret;
pub mod sessions;
pub mod shutdown;
