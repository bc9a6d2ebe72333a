//! Arithmetic on pixels: grey levels, colours, areas, crops, scales.

pub mod area;
pub mod chroma;
pub mod crop;
pub mod luma;
pub mod resample;
pub mod shrunk;
