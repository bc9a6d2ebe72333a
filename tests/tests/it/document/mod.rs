//! What integrators start from: the document's own examples, run as they stand, and the clients and
//! tests that others' tools make of `/openapi.json`.

mod camera;
mod clients;
mod conformance;
mod examples;
mod integrate;
mod interactive_examples;
mod packages;
mod passages;
mod readme;
mod receipts;
pub mod tools;
