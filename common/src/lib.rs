//! Code that the API and the workers share.
//!
//! [`job`] and [`seal`] define what crosses the queue. [`broker`], [`results`], [`sessions`], [`limits`]
//! and [`presence`] are interfaces to other services, each with an in-memory and a networked
//! implementation. Nothing here knows HTTP or ONNX. The domain is the crate `livegate-liveness`.

pub mod blocking;
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
pub mod tls;
