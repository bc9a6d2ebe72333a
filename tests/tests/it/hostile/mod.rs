//! What strangers and bad customers send, all at once, to the service's own processes.

mod bombs;
mod callers;
mod memory;
mod tenants;
