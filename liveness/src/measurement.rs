//! The measurement of one frame: all that a worker returns and a decision uses.

use serde::{Deserialize, Serialize};

use super::embedding::Embedding;
use super::eyes::Eyes;
use super::mouth::Mouth;
use super::pose::Pose;
use super::scene::Scene;
use super::sketch::Sketch;
use super::thumbnail::Thumbnail;

/// Measurement of one frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameMeasurement {
    /// Width of the upright frame, pixels.
    pub width: u32,
    /// Height of the upright frame, pixels.
    pub height: u32,
    /// Every face found, largest first.
    pub faces: Vec<DetectedFace>,
    /// Measurement of the largest face. `None` if there is no face, or if the landmark model does not
    /// confirm it.
    pub face: Option<Face>,
    /// Colours around the face. `None` if there is no face, or too little space around it.
    pub scene: Option<Scene>,
}

/// A face that the detector found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectedFace {
    /// Place of the face, pixels of the upright frame. It may reach beyond the frame.
    pub bounds: Bounds,
    /// The detector's score, 0 to 1.
    pub score: f32,
}

/// An upright rectangle in pixels; x to the right, y down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Left edge, pixels.
    pub x: f32,
    /// Top edge, pixels.
    pub y: f32,
    /// Width, pixels, 0 or more.
    pub width: f32,
    /// Height, pixels, 0 or more.
    pub height: f32,
}

impl Bounds {
    /// The centre (x, y), pixels.
    pub fn centre(self) -> (f32, f32) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

/// The main face of a frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// Place of the face, pixels of the upright frame.
    pub bounds: Bounds,
    /// Orientation of the head.
    pub pose: Pose,
    /// Openness of the eyes.
    pub eyes: Eyes,
    /// Openness and smile of the mouth.
    pub mouth: Mouth,
    /// Presentation attack detection: the margin of each anti-spoof model, in the configured order. A
    /// model's margin is `None` if it abstains, because the face leaves no room for its crop. The list is
    /// empty after a glance, and only then. See [`margin_of`].
    pub margins: Vec<Option<f32>>,
    /// Identity embedding, unit length. `None` after a glance, and only then.
    pub embedding: Option<Embedding>,
    /// How well the face can be seen.
    pub quality: Quality,
    /// Small picture of the face, to recognise copies.
    pub sketch: Sketch,
    /// Smaller picture of the face at its place in the frame, to recognise mixtures. `None` if the face is
    /// too small.
    pub thumbnail: Option<Thumbnail>,
    /// Signs of a screen or a sheet of paper. `None` after a glance, and only then.
    pub cues: Option<Cues>,
}

impl Face {
    /// Whether the face was measured in full, and not only at a glance.
    pub fn is_whole(&self) -> bool {
        self.embedding.is_some()
    }

    /// Mean margin of the anti-spoof models that do not abstain. A mean above 0 means that a bona fide
    /// presentation is the more likely one. `None` after a glance, if all models abstain, and if only one
    /// of several does not: single models are easily misled.
    pub fn margin(&self) -> Option<f32> {
        let present: Vec<f32> = self.margins.iter().copied().flatten().collect();
        let needed = self.margins.len().min(2);
        #[expect(clippy::cast_precision_loss, reason = "a handful of models")]
        let mean = present.iter().sum::<f32>() / present.len() as f32;
        (needed > 0 && present.len() >= needed).then_some(mean)
    }

    /// The mean margin as a score, 0 (attack presentation) to 1 (bona fide); `None` where [`Self::margin`]
    /// is.
    pub fn bona_fide_score(&self) -> Option<f32> {
        self.margin().map(|m| 1.0 / (1.0 + (-m).exp()))
    }
}

/// Largest absolute margin. Larger values would add no information.
pub const MOST_MARGIN: f32 = 12.0;

/// The margin of a classifier: the natural logarithm of the odds of a bona fide presentation.
///
/// It is the logit of the live class minus the logarithm of the sum of the exponentials of all other
/// logits, limited to [`MOST_MARGIN`] either way. `live` is the index of the live class. `None` if there is
/// no such class, or no other.
///
/// Margins are averaged, and probabilities are not: a softmax saturates, and one confident model would
/// outvote the others.
pub fn margin_of(logits: &[f32], live: usize) -> Option<f32> {
    let own = *logits.get(live)?;
    let others = || logits.iter().enumerate().filter(|(i, _)| *i != live);
    let top = others().map(|(_, l)| *l).reduce(f32::max)?;
    let sum: f32 = others().map(|(_, l)| (l - top).exp()).sum();
    Some((own - top - sum.ln()).clamp(-MOST_MARGIN, MOST_MARGIN))
}

/// Quality of the picture of a face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Variance of the Laplacian of the aligned 112x112 grey face, grey levels squared; 0 is a flat face.
    /// Source: Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
    pub sharpness: f32,
    /// Mean grey level of the same crop, 0 (black) to 255 (white).
    pub brightness: f32,
    /// Standard deviation of the noise of the face's pixels before any scaling, grey levels, 0 or more; 0.3
    /// to 2 in good light. Source: Immerkaer, "Fast noise variance estimation", CVIU 64(2), 1996, with the
    /// median in place of the mean.
    pub noise: f32,
    /// Noise at 48x48 pixels, by channel. It measures coarse noise, which the finest scale misses.
    pub coarse_noise: CoarseNoise,
    /// Colour noise around the face that brightness does not explain, grey levels, 0 or more; 0 if it
    /// cannot be measured. Noise drawn around a face changes the scores of anti-spoof models.
    pub surround_noise: f32,
    /// Effective resolution: number of pixels across the face that carry detail of their own, at most the
    /// face's width. A blurred face of 300 pixels shows no more than a sharp face of far fewer pixels.
    pub detail_px: f32,
    /// Spread of the colours of the face and its surroundings that brightness does not explain, percent of
    /// the brightness, 0 or more. It is 0 in a grey picture and near 0 in shades of any one colour.
    pub colour: f32,
}

/// Noise of the face after shrinking to 48x48 pixels, grey levels, 0 or more.
///
/// It is the median of the absolute Laplacian, divided by the median that noise with a standard deviation
/// of 1 gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CoarseNoise {
    /// Noise of brightness (Y).
    pub luma: f32,
    /// Noise of the red difference (Cr).
    pub red: f32,
    /// Noise of the blue difference (Cb).
    pub blue: f32,
}

/// Physical signs of a screen or a sheet of paper in the picture of a face.
///
/// A sign is `None` if the picture is too small for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cues {
    /// Height of the highest peak of the face's spectrum above its surroundings, natural logarithm of
    /// power, 0 or more. Skin, hair and cloth give about 1. The raster of a screen or a print, with a
    /// period of 2 to 10 pixels, gives 3 and more, and so does the moire between it and the camera's own
    /// raster. A raster too fine for the camera leaves no trace. A single frame may have a peak by chance,
    /// so the median of several frames is used. It needs a face of about 100 pixels on each side.
    pub periodicity: Option<f32>,
    /// Share of the sides of a rectangle around the face that runs along straight edges, 0 to 1: the border
    /// of a sheet or a screen. It is the share of the weakest side, minus the share of edges that go on
    /// beyond its corners. 0 if there is no rectangle. All four sides must be in the frame, the lower one
    /// in front of what is below the chin.
    pub border: Option<f32>,
}

impl FrameMeasurement {
    /// The same scene as the camera saw it, for a frame that was mirrored before it was sent. Directions
    /// change sign, and the two eyes are exchanged.
    #[must_use]
    pub fn unmirrored(mut self) -> Self {
        if let Some(face) = &mut self.face {
            face.pose = face.pose.mirrored();
            face.eyes = face.eyes.mirrored();
        }
        self
    }
}
