//! The HTTP front end of Livegate: it holds all policy, and leaves measuring to the workers.
//!
//! [`Application`] serves the API over [`Services`]. A request goes one way: [`auth`], its body's parser
//! (`wire`), [`limits`], [`measure`], [`livegate_liveness::judge`], a body in `response`.

pub mod application;
pub mod audit;
pub mod auth;
pub mod clock;
pub mod config;
pub mod contract;
pub mod demo;
pub mod error;
pub mod http;
pub mod interactive;
pub mod keys;
pub mod limits;
pub mod measure;
pub mod metrics;
pub mod openapi;
pub mod services;
pub mod state;
pub mod verify;

pub use application::Application;
pub use services::Services;
