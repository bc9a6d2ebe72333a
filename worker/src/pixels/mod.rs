//! Pixel arithmetic: grey levels, colours, areas, crops, resampling.

pub mod area;
pub mod chroma;
pub mod crop;
pub mod luma;
pub mod resample;
pub mod shrunk;
