//! Both APIs over HTTP, with a scripted analyzer.

mod audit;
mod bodies;
mod broker;
mod check;
mod claims;
mod connections;
mod cors;
mod demo;
mod distributed;
mod errors;
mod evidence;
mod exactly_once;
mod frames;
mod interactive;
mod keys;
mod limits;
mod live_frame;
mod openapi;
mod poor_frames;
mod replicas;
mod session;
mod shutdown;
mod verify;
mod video;
