//! The capacity of a deployment, simulated from measured service times.
//!
//! [`World`] is a discrete-event simulation of clients, API replicas, broker, store and workers. It uses the service's own
//! rules of admission, turns and threads. [`plan`] searches the least number of workers for a load. [`traffic`] counts
//! what RabbitMQ and Redis carry then. docs/capacity.md explains the model and its limits.

mod api;
mod clients;
mod cores;
mod draw;
mod events;
mod measuring;
pub mod model;
mod places;
pub mod plan;
mod queue;
mod report;
mod requests;
pub mod setup;
mod shapes;
mod tally;
pub mod traffic;
mod world;

pub use report::Report;
pub use shapes::Medium;
pub use tally::{Counts, Tally};
pub use world::{Looks, Run, World};

#[cfg(test)]
mod tests;
