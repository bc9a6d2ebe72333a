//! The real models, in one process and across a queue.

mod blur;
mod browser;
mod challenges;
mod people;
pub mod portrait;
mod reference;
mod rolls;
pub mod stack;
mod video;
mod workers;
