//! What libjpeg-turbo warns of, and what follows from each warning.

/// Number of kinds of warnings.
pub const WARNINGS: usize = Warning::ALL.len();

/// What libjpeg-turbo warns of (`JWRN_…` in its `jerror.h`), in the order of `libjpeg/decode.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Warning {
    /// Unknown colour transform in the Adobe segment.
    AdobeTransform,
    /// A code that no arithmetic coder writes.
    ArithmeticCode,
    /// A colour profile with parts missing.
    ColourProfile,
    /// A scan that does not go on where the one before it ended.
    Progression,
    /// Bytes between the end of data and the next marker, or between two segments.
    StrayBytes,
    /// A marker where there should be data.
    DataEnds,
    /// A code that is not in the Huffman table.
    HuffmanCode,
    /// Another JFIF version than 1.
    JfifVersion,
    /// The file ends without its end marker.
    FileEnds,
    /// Another restart marker than the next one.
    RestartOrder,
    /// Scan parameters of a progressive picture in one that is not.
    ScanParameters,
    /// More rows asked for than there are.
    MoreRows,
    /// One that this version of libjpeg-turbo did not have when this was written.
    Unknown,
}

/// What follows from a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Every pixel is there.
    Harmless,
    /// Some pixels are not the camera's.
    Damage,
    /// The rest of the report says.
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

    /// What follows from it.
    pub fn decision(self) -> Decision {
        match self {
            // Taken as YCbCr, as every reader takes it.
            Self::AdobeTransform => Decision::Harmless,
            // The version says nothing about the pixels.
            Self::JfifVersion => Decision::Harmless,
            // Samsung's phones. The parameters mean nothing in a baseline picture.
            Self::ScanParameters => Decision::Harmless,
            // No colour profile is read.
            Self::ColourProfile => Decision::Harmless,
            // By itself it costs nothing: coefficients that lack data, and bits that a scan refines and none
            // sent, are counted.
            Self::Progression => Decision::Depends,
            // By itself it costs nothing: a wrong number is passed over. Where data was lost, blocks are
            // filled in, which is `DataEnds`.
            Self::RestartOrder => Decision::Harmless,
            // Padding, old contents of a camera's buffer, Logitech's byte or two before a restart
            // marker. Much of it is data that no block took: the decoder lost its way in a hole.
            Self::StrayBytes => Decision::Depends,
            // With all blocks there, nothing is missing but the marker.
            Self::FileEnds => Decision::Depends,
            // Blocks are filled in from here to the next restart marker, or the end.
            Self::DataEnds => Decision::Damage,
            // A value is made up, and whatever follows is shifted.
            Self::HuffmanCode | Self::ArithmeticCode => Decision::Damage,
            // Nobody asks for them here.
            Self::MoreRows => Decision::Damage,
            // Better a refusal that can be complained about.
            Self::Unknown => Decision::Damage,
        }
    }
}
