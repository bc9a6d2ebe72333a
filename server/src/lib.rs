//! The two server binaries: their settings, their command lines, and the two ways to assemble the
//! service.
//!
//! [`serve`](serve()) runs the API: [`embedded`], with queue, stores and workers in its own process, or
//! [`distributed`], on RabbitMQ and Redis. [`worker`] runs a worker process. The service is assembled
//! only here.

pub mod cli;
pub mod distributed;
pub mod embedded;
pub mod pool;
mod serve;
pub mod settings;
pub mod worker;

pub use serve::{ServeError, serve};
