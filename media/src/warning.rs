//! Warnings of libjpeg-turbo, and whether each means damage.

/// Number of kinds of warnings.
pub const WARNINGS: usize = Warning::ALL.len();

/// A warning of libjpeg-turbo (`JWRN_…` in its `jerror.h`), in the order of `libjpeg/decode.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Warning {
    /// Unknown colour transform in the Adobe segment.
    AdobeTransform,
    /// A code that no arithmetic coder writes.
    ArithmeticCode,
    /// A colour profile with parts missing.
    ColourProfile,
    /// A scan that does not continue where the one before it ended.
    Progression,
    /// Bytes between the end of the data and the next marker, or between two segments.
    StrayBytes,
    /// A marker in place of data.
    DataEnds,
    /// A code that is not in the Huffman table.
    HuffmanCode,
    /// A JFIF version other than 1.
    JfifVersion,
    /// The file ends without its end marker.
    FileEnds,
    /// A restart marker with an unexpected number.
    RestartOrder,
    /// Scan parameters of a progressive picture in a picture that is not progressive.
    ScanParameters,
    /// More rows were requested than the picture has.
    MoreRows,
    /// A warning that did not exist in the version of libjpeg-turbo for which this was written.
    Unknown,
}

/// What a warning means for the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// All pixels were decoded.
    Harmless,
    /// Some pixels are not those that the camera wrote.
    Damage,
    /// Other numbers of the report decide.
    Depends,
}

impl Warning {
    /// Every kind, in order.
    pub const ALL: [Self; 13] = [
        Self::AdobeTransform,
        Self::ArithmeticCode,
        Self::ColourProfile,
        Self::Progression,
        Self::StrayBytes,
        Self::DataEnds,
        Self::HuffmanCode,
        Self::JfifVersion,
        Self::FileEnds,
        Self::RestartOrder,
        Self::ScanParameters,
        Self::MoreRows,
        Self::Unknown,
    ];

    /// What the warning means for the picture.
    pub fn decision(self) -> Decision {
        match self {
            // Decoded as YCbCr, as all readers do.
            Self::AdobeTransform => Decision::Harmless,
            // The version does not affect the pixels.
            Self::JfifVersion => Decision::Harmless,
            // Written by Samsung's phones. The parameters have no meaning in a baseline picture.
            Self::ScanParameters => Decision::Harmless,
            // Colour profiles are not read.
            Self::ColourProfile => Decision::Harmless,
            // The order of scans alone does no harm. Coefficients without data, and refinements of bits
            // that were never sent, are counted separately.
            Self::Progression => Decision::Depends,
            // A wrong number alone does no harm: it is skipped. Where data was lost, blocks are filled
            // in, which gives `DataEnds`.
            Self::RestartOrder => Decision::Harmless,
            // Harmless kinds: padding, old contents of a camera's buffer, Logitech's byte or two before
            // a restart marker. Many such bytes are lost data: the decoder lost its position in a hole.
            Self::StrayBytes => Decision::Depends,
            // If all blocks are there, only the marker is missing.
            Self::FileEnds => Decision::Depends,
            // Blocks are filled in from here to the next restart marker or the end.
            Self::DataEnds => Decision::Damage,
            // A value is invented, and everything after it is shifted.
            Self::HuffmanCode | Self::ArithmeticCode => Decision::Damage,
            // Cannot happen: no more rows are requested here.
            Self::MoreRows => Decision::Damage,
            // A refusal can be reported as a bug; a damaged picture would go unnoticed.
            Self::Unknown => Decision::Damage,
        }
    }
}
