//! What is kept of a picture, to compare it with others: a sketch and a thumbnail of the face, and the colours
//! around it.

pub mod scene;
pub mod sketch;
pub mod thumbnail;
