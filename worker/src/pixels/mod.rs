//! Pixel arithmetic: grey levels, colours, areas, crops, resampling.

pub mod area;
mod bilinear;
pub mod chroma;
pub mod crop;
pub mod luma;
pub mod resample;
pub mod shrunk;
pub mod widest;

#[cfg(test)]
mod drawn {
    //! A picture for tests.

    use livegate_media::RgbFrame;

    /// Red grows by 2 a column, green by 2 a row.
    pub fn ramp() -> RgbFrame {
        let pixels = (0..60_u8)
            .flat_map(|y| (0..80_u8).flat_map(move |x| [2 * x, 2 * y, 7]))
            .collect();
        RgbFrame {
            width: 80,
            height: 60,
            pixels,
        }
    }
}
