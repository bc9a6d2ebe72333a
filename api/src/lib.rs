//! The HTTP front end of Livegate. It makes every decision; the workers only measure.
//!
//! [`Application`] serves the API over [`Services`]. A request passes, in this order: [`auth`], its
//! body's parser (`wire`), [`admission`], [`measure`], [`livegate_liveness::judge`], and becomes a body in
//! `response`.

pub mod admission;
pub mod application;
pub mod attempts;
pub mod audit;
pub mod auth;
pub mod clock;
pub mod config;
pub mod contract;
pub mod demo;
pub mod error;
pub mod followed_file;
pub mod http;
pub mod interactive;
pub mod keys;
pub mod measure;
pub mod metrics;
pub mod openapi;
pub mod rate;
pub mod receipts;
pub mod reference;
pub mod services;
pub mod state;
pub mod test_mode;
#[cfg(test)]
mod testing;
pub mod verify;
pub mod web;
pub mod whole_file;

pub use application::Application;
pub use services::Services;
