//! What one frame says: the worker's product, and all that a decision rests on.

use serde::{Deserialize, Serialize};

use super::embedding::Embedding;
use super::eyes::Eyes;
use super::mouth::Mouth;
use super::pose::Pose;
use super::scene::Scene;
use super::sketch::Sketch;
use super::thumbnail::Thumbnail;

/// One frame, measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameMeasurement {
    /// Width of the upright frame, pixels.
    pub width: u32,
    /// Height of the upright frame, pixels.
    pub height: u32,
    /// Every face found, largest first.
    pub faces: Vec<DetectedFace>,
    /// The largest face, looked at closely; `None` when there is none, or none that the landmark
    /// model confirms.
    pub face: Option<Face>,
    /// Colours around the face; `None` where there is no face, or too little around it.
    pub scene: Option<Scene>,
}

/// A face as the detector saw it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectedFace {
    /// Where, in pixels of the upright frame; may reach beyond it.
    pub bounds: Bounds,
    /// The detector's score, 0 to 1.
    pub score: f32,
}

/// An upright rectangle in pixels; x to the right, y down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl Bounds {
    /// The centre.
    pub fn centre(self) -> (f32, f32) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

/// The main face of a frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// Where, in pixels of the upright frame.
    pub bounds: Bounds,
    /// Where the head points.
    pub pose: Pose,
    /// How far the eyes are open.
    pub eyes: Eyes,
    /// What the mouth does.
    pub mouth: Mouth,
    /// Presentation attack detection: margin of each anti-spoof model, in the configured order; `None`
    /// where a model abstains because the face leaves no room for its crop. Empty after a glance, and
    /// only then. See [`margin_of`].
    pub margins: Vec<Option<f32>>,
    /// Identity embedding, unit length. `None` after a glance, and only then.
    pub embedding: Option<Embedding>,
    /// How well it can be seen.
    pub quality: Quality,
    /// What it looks like in few pixels.
    pub sketch: Sketch,
    /// What it looks like in fewer still, at its place in the frame; `None` where it is too small.
    pub thumbnail: Option<Thumbnail>,
    /// Signs of a screen or a sheet of paper. `None` after a glance, and only then.
    pub cues: Option<Cues>,
}

impl Face {
    /// Whether it was measured as a whole, not only glanced at.
    pub fn is_looked_at(&self) -> bool {
        self.embedding.is_some()
    }

    /// Mean margin of the anti-spoof models that do not abstain: above 0 speaks for a bona fide
    /// presentation. `None` after a glance, where all abstain, and where only one of several does not:
    /// single models are easily misled.
    pub fn margin(&self) -> Option<f32> {
        let present: Vec<f32> = self.margins.iter().copied().flatten().collect();
        let needed = self.margins.len().min(2);
        #[expect(clippy::cast_precision_loss, reason = "a handful of models")]
        let mean = present.iter().sum::<f32>() / present.len() as f32;
        (needed > 0 && present.len() >= needed).then_some(mean)
    }

    /// The mean margin as a score, 0 (attack presentation) to 1 (bona fide).
    pub fn bona_fide_score(&self) -> Option<f32> {
        self.margin().map(|m| 1.0 / (1.0 + (-m).exp()))
    }
}

/// Largest absolute margin: beyond it a model has no more to say.
pub const MOST_MARGIN: f32 = 12.0;

/// The margin of a classifier: the natural logarithm of the odds of a bona fide presentation.
///
/// It is the logit of the live class less the logarithm of the summed exponentials of all others, limited
/// to [`MOST_MARGIN`] either way. `None` where there is no such class, or no other.
///
/// Margins are averaged and not probabilities: a softmax saturates, and one confident model would
/// outvote the others.
pub fn margin_of(logits: &[f32], live: usize) -> Option<f32> {
    let own = *logits.get(live)?;
    let others = || logits.iter().enumerate().filter(|(i, _)| *i != live);
    let top = others().map(|(_, l)| *l).reduce(f32::max)?;
    let sum: f32 = others().map(|(_, l)| (l - top).exp()).sum();
    Some((own - top - sum.ln()).clamp(-MOST_MARGIN, MOST_MARGIN))
}

/// How well a face can be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Variance of the Laplacian of the aligned 112x112 grey face, grey levels squared; 0 is flat.
    /// Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
    pub sharpness: f32,
    /// Mean grey level of the same crop, 0 (black) to 255 (white).
    pub brightness: f32,
    /// Standard deviation of the noise of the face's pixels as they came, grey levels, not negative:
    /// 0.3 to 2 in good light. Immerkaer, "Fast noise variance estimation", CVIU 64(2), 1996, by the
    /// median.
    pub noise: f32,
    /// Noise that is left at 48x48 pixels, by channel: coarse noise, which the finest scale misses.
    pub coarse_noise: CoarseNoise,
    /// Colour noise around the face that brightness does not explain, grey levels, not negative: noise
    /// drawn around a face changes what anti-spoof models say of it. 0 where it cannot be measured.
    pub surround_noise: f32,
    /// Effective resolution: pixels across the face that carry detail of their own; at most the face's
    /// width. A blurred face of 300 pixels shows no more than a sharp one of far fewer.
    pub detail_px: f32,
    /// Spread of the colours of the face and of what is around it that brightness does not explain, percent of the
    /// brightness, not negative: 0 in a grey picture, near 0 in shades of any one colour.
    pub colour: f32,
}

/// Noise of the face shrunk to 48x48 pixels, grey levels, not negative: the median of the absolute
/// Laplacian over what a standard deviation of 1 makes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CoarseNoise {
    /// Of brightness (Y).
    pub luma: f32,
    /// Of the red difference (Cr).
    pub red: f32,
    /// Of the blue difference (Cb).
    pub blue: f32,
}

/// Signs of a screen or a sheet of paper in the picture of a face, by their physics; each is `None`
/// where the picture is too small for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cues {
    /// How far the highest peak of the face's spectrum stands out of its surroundings, natural
    /// logarithm of power, not negative: about 1 for skin, hair and cloth, 3 and more for a raster of
    /// 2 to 10 pixels, a screen's or a print's, and for the moire between it and the camera's own. A
    /// raster too fine for the camera leaves no trace. A single frame may have a chance peak: the
    /// median over several tells. Needs about 100 pixels of face, each side.
    pub periodicity: Option<f32>,
    /// Share of the sides of a rectangle around the face that runs along straight edges, of its weakest
    /// side and less what goes on beyond its corners, 0 to 1: the border of a sheet or a screen. 0 where
    /// there is no rectangle; all four sides must be in the frame, the lower one in front of what is
    /// below the chin.
    pub border: Option<f32>,
}

impl FrameMeasurement {
    /// The same scene as the camera would have seen it, for a frame that was mirrored before it was
    /// sent: directions and the two eyes change sides.
    #[must_use]
    pub fn unmirrored(mut self) -> Self {
        if let Some(face) = &mut self.face {
            face.pose = face.pose.mirrored();
            face.eyes = face.eyes.mirrored();
        }
        self
    }
}
