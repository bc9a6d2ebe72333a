//! Scripted attacks on the whole service, over HTTP and with the real models.
//!
//! [`list`] makes [`presentation`]s from [`footage`] of people, with the instruments of their own crate.
//! The [`lab`] presents them and keeps the results. [`table`] sums them up for `docs/attacks.md`.
//! [`search`] looks for settings that are accepted. [`bona_fide`] and [`poor`] present live people, in
//! good and in poor captures.

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
