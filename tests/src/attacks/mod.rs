//! Scripted attacks on the whole service, over HTTP and with the real models.
//!
//! [`footage`] of people is turned by [`list`], with the instruments of their own crate, into
//! [`presentation`]s; the [`lab`] presents them and keeps what was said; [`table`] adds it up for
//! `docs/attacks.md`. [`search`] looks for the settings that get through. [`bona_fide`] and [`poor`] present live people, as they are and seen badly.

pub mod bona_fide;
pub mod footage;
pub mod lab;
pub mod left_out;
pub mod list;
pub mod people;
pub mod poor;
pub mod presentation;
pub mod search;
pub mod table;
