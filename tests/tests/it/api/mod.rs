//! The server-to-server API over HTTP, with a scripted analyzer.

mod bodies;
mod broker;
mod check;
mod claims;
mod connections;
mod distributed;
mod errors;
mod frames;
mod keys;
mod limits;
mod openapi;
mod session;
mod shutdown;
mod verify;
mod video;
