//! Evaluations of labelled sets: with a scripted analyzer, where every number is known beforehand,
//! and as a command with the real models.

mod calibrating;
mod command;
mod numbers;
mod page;
mod resuming;
mod set;
