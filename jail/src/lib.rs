//! A jail for programs that read hostile bytes: they get the fewest rights that they need.
//!
//! A program in the jail reads one file, its standard input, and writes to two pipes. It can read shared
//! libraries and no other file. It opens no connection, sees no other process and starts none. Memory,
//! processor time, threads and open files are limited. It has no capabilities and no environment. No
//! process of the same user can read its memory or its files. It ends with the [`Confined`] that stands
//! for it, and with this process.
//!
//! A [`Jail`] starts a [`Program`] through the launcher, the binary `livegate-jail`. The launcher is a
//! process with one thread, so it can do what a thread of a server cannot: enter namespaces, and give up
//! its rights before it becomes the program. [`inside`] is what it does. Where that binary is missing, a program that calls
//! [`launcher_if_asked`] first is its own launcher.
//!
//! [`Abilities`] tells which layers this kernel gives.

mod abilities;
mod confined;
pub mod inside;
mod order;
mod outside;
mod program;

pub use abilities::Abilities;
pub use confined::Confined;
pub use outside::{Jail, JailError, launcher_if_asked};
pub use program::{Program, find};
