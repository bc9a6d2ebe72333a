//! The two binaries: settings from the environment, and the two ways to put the service together.
//!
//! [`serve`](serve()) runs the API: [`embedded`], with queue, stores and workers in its own process, or
//! [`distributed`], on RabbitMQ and Redis. [`worker`] runs a worker process. Nothing else puts parts together.

pub mod cli;
pub mod distributed;
pub mod embedded;
pub mod pool;
mod serve;
pub mod settings;
pub mod worker;

pub use serve::{ServeError, serve};
