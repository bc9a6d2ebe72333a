//! Why a picture is refused as a reference.

use livegate_liveness::reference::Unfit;
use livegate_media::HeaderError;

use crate::contract::media::MAX_FRAME_BYTES;
use crate::http::base64::Base64Error;

/// A reference picture that does not show exactly one clear face.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum BadReference {
    /// The text is not base64.
    #[error("reference_image_b64 does not decode as base64.")]
    Base64,
    /// The picture has no bytes.
    #[error("reference_image_b64 is empty.")]
    Empty,
    /// The picture is over the size limit once decoded from base64.
    #[error("reference_image_b64 is over {} MiB once decoded.", MAX_FRAME_BYTES >> 20)]
    TooLarge,
    /// The picture has one channel.
    #[error("reference_image_b64 has one channel, grey; send it as RGB, which may look grey.")]
    OneChannel,
    /// The bytes are not a picture that is accepted.
    #[error("reference_image_b64 {0}.")]
    Picture(HeaderError),
    /// The header is valid, but the pixels cannot be decoded.
    #[error("reference_image_b64 cannot be decoded; it is damaged or cut off.")]
    Undecodable,
    /// The picture does not show one clear face.
    #[error("reference_image_b64 {}.", lack(.0))]
    Face(Unfit),
}

impl From<Base64Error> for BadReference {
    fn from(error: Base64Error) -> Self {
        match error {
            Base64Error::NotBase64 => Self::Base64,
            Base64Error::TooLarge => Self::TooLarge,
        }
    }
}

impl From<HeaderError> for BadReference {
    fn from(error: HeaderError) -> Self {
        match error {
            // Only anti-spoof models need colour, and they do not judge a reference.
            HeaderError::Grey => Self::OneChannel,
            HeaderError::UnknownFormat
            | HeaderError::Foreign(_)
            | HeaderError::Broken(_)
            | HeaderError::Channels(_)
            | HeaderError::Bits(_)
            | HeaderError::Size { .. } => Self::Picture(error),
        }
    }
}

/// What is wrong, in a sentence whose subject is the picture. It holds no more of the face than a number of its quality.
fn lack(unfit: &Unfit) -> String {
    match unfit {
        Unfit::NoFace => "shows no face that was found".to_owned(),
        Unfit::SeveralFaces(count) => format!("shows {count} faces; send a picture of one person"),
        Unfit::Narrow { measured, required } => format!(
            "shows a face of {measured:.0} pixels where at least {required:.0} are needed; send a larger picture"
        ),
        Unfit::Tilted { measured, required } => format!(
            "shows a face tilted by {measured:.0} degrees where at most {required:.0} are accepted; send it upright"
        ),
        Unfit::Turned { measured, required } => format!(
            "shows a face turned by {measured:.0} degrees where at most {required:.0} are accepted; send a frontal picture"
        ),
        Unfit::Blurred { measured, required } => format!(
            "shows a face with the detail of {measured:.0} pixels where at least {required:.0} are needed; send a sharper picture"
        ),
        Unfit::Featureless => "shows a face without detail; send a sharper picture".to_owned(),
        Unfit::Dark { measured, required } => format!(
            "shows a dark face, of {measured:.0} grey levels where at least {required:.0} are needed"
        ),
        Unfit::Glare => "shows an overexposed face: its colours are cut off at white".to_owned(),
        Unfit::Bright { measured, required } => format!(
            "shows a bright face, of {measured:.0} grey levels where at most {required:.0} are accepted"
        ),
    }
}
