//! Small summaries of a picture that are compared with those of others: a sketch and a thumbnail of the
//! face, and the colours around it.

pub mod scene;
pub mod sketch;
pub mod thumbnail;
