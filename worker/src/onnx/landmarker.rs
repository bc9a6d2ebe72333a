//! Landmarks and expression by MediaPipe's face landmarker, and pose, eyes and mouth computed from its
//! 478 points.

use livegate_liveness::eyes::{self, Eyes};
use livegate_liveness::mouth::Mouth;
use livegate_liveness::pose::Pose;
use livegate_models::{CanonicalFace, ChannelOrder, InputSpec, ModelSet};

use super::detector::Detection;
use super::session::{Model, Runtime};
use crate::analyzer::{AnalyzeError, StartError};
use crate::geometry::{Point, Similarity};
use crate::pictures::sketch;
use crate::pixels::crop::Crop;
use livegate_media::RgbFrame;

const SIDE: u32 = 256;
const POINTS: usize = 478;
const EXPRESSIONS: usize = 52;
/// Side of the crop, in longer sides of the detector's box.
///
/// That box is tall, from the hair line to the chin, unlike MediaPipe's own box, with which it uses 1.5.
/// Of the sizes from 1.0 to 1.5 this one left the fewest faces unconfirmed at extreme poses, over 170
/// frames of seven clips.
const CONTEXT: f32 = 1.2;
/// Least probability of a face in the crop; MediaPipe's own value.
const PRESENCE: f32 = 0.5;
const INPUT: InputSpec = InputSpec {
    width: SIDE,
    height: SIDE,
    channels: ChannelOrder::Rgb,
    mean: [0.0; 3],
    std: [255.0; 3],
};

/// Landmarks of the eye on the image's left, which is the subject's right eye in an unmirrored frame:
/// corner, upper lid, upper lid, corner, lower lid, lower lid.
const IMAGE_LEFT_EYE: [usize; 6] = [33, 160, 158, 133, 153, 144];
/// The same landmarks of the eye on the image's right.
const IMAGE_RIGHT_EYE: [usize; 6] = [362, 385, 387, 263, 373, 380];
/// Inner lips, upper and lower.
const INNER_LIPS: (usize, usize) = (13, 14);
/// Mouth corners.
const MOUTH_CORNERS: (usize, usize) = (61, 291);
/// Corners of the eye on the image's left.
const IMAGE_LEFT_EYE_CORNERS: (usize, usize) = (33, 133);
/// Corners of the eye on the image's right.
const IMAGE_RIGHT_EYE_CORNERS: (usize, usize) = (362, 263);
/// Tip of the nose.
const NOSE_TIP: usize = 1;
/// Outer eye corners.
const OUTER_EYE_CORNERS: (usize, usize) = (33, 263);

/// Positions in the expression model's output (`kBlendshapeNames` of MediaPipe's
/// `face_blendshapes_graph.cc`). Left and right are the subject's own in an unmirrored frame.
mod expression {
    /// Index of the blink score of the left eye.
    pub const EYE_BLINK_LEFT: usize = 9;
    /// Index of the blink score of the right eye.
    pub const EYE_BLINK_RIGHT: usize = 10;
    /// Index of the score of an open jaw.
    pub const JAW_OPEN: usize = 25;
    /// Index of the smile score of the left mouth corner.
    pub const MOUTH_SMILE_LEFT: usize = 44;
    /// Index of the smile score of the right mouth corner.
    pub const MOUTH_SMILE_RIGHT: usize = 45;
}

/// Landmarks that the expression model reads (`kLandmarksSubsetIdxs`, same file).
#[rustfmt::skip]
const EXPRESSION_POINTS: [usize; 146] = [
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251,
    263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
];

/// What the landmarks say.
pub struct Landmarks {
    pub pose: Pose,
    /// Measurements of both eyes; the scores are 0 until the expression is read.
    pub eyes: Eyes,
    /// Measurements of the mouth, likewise.
    pub mouth: Mouth,
    /// The five points by which a face is aligned before it is embedded, in frame pixels: eye on the
    /// image's left, eye on its right, nose, mouth corner on its left, on its right.
    pub five: [Point; 5],
    /// The landmarks that place a sketch, in frame pixels.
    pub sketched: Vec<Point>,
    points: Points,
}

/// Landmarks in frame pixels; z in the same unit, smaller towards the camera.
type Points = Vec<[f32; 3]>;

/// The landmark model and the expression model.
pub struct Landmarker {
    landmarks: Model,
    expression: Model,
    canonical: Canonical,
}

impl Landmarker {
    /// Loads both models.
    pub fn load(runtime: &Runtime, models: &ModelSet) -> Result<Self, StartError> {
        let canonical =
            Canonical::new(&models.canonical_face).ok_or_else(|| StartError::Model {
                model: "canonical face".to_owned(),
                cause: "it names a point that it does not have".to_owned(),
            })?;
        Ok(Self {
            landmarks: Model::load(runtime, &models.landmarks, &["landmarks", "presence"])?,
            expression: Model::load(runtime, &models.blendshapes, &[])?,
            canonical,
        })
    }

    /// Measures a detected face in each frame; `None` where the landmark model finds no face there.
    pub fn look_all(
        &mut self,
        faces: &[(&RgbFrame, Detection)],
    ) -> Result<Vec<Option<Landmarks>>, AnalyzeError> {
        let cut_out = |(frame, face): &(&RgbFrame, Detection)| {
            let (cx, cy) = face.bounds.centre();
            let side = CONTEXT * face.bounds.width.max(face.bounds.height);
            let to_frame = Similarity::from_crop(SIDE, [cx, cy], side, face.tilt);
            let input = Crop::by_similarity(frame, SIDE, to_frame).to_planes(&INPUT);
            (input, to_frame)
        };
        let inputs: Vec<(Vec<f32>, Similarity)> = faces.iter().map(cut_out).collect();
        let look = |(input, to_frame): &(Vec<f32>, Similarity)| {
            Ok(self
                .find_points(input, *to_frame)?
                .and_then(|p| self.canonical.read(p)))
        };
        inputs.iter().map(look).collect()
    }

    /// The same for one face.
    pub fn look(
        &mut self,
        frame: &RgbFrame,
        face: &Detection,
    ) -> Result<Option<Landmarks>, AnalyzeError> {
        Ok(self.look_all(&[(frame, *face)])?.pop().flatten())
    }

    fn find_points(
        &mut self,
        input: &[f32],
        to_frame: Similarity,
    ) -> Result<Option<Points>, AnalyzeError> {
        let side = SIDE as usize;
        self.landmarks.run([1, 3, side, side], input, |out| {
            let presence = out.named("presence", Some(1))?[0];
            if 1.0 / (1.0 + (-presence).exp()) < PRESENCE {
                return Ok(None);
            }
            let points = out.named("landmarks", Some(3 * POINTS))?;
            Ok(Some(
                points
                    .chunks_exact(3)
                    .map(|p| to_frame_point(p, to_frame))
                    .collect(),
            ))
        })
    }

    /// Reads the expression of a face, and adds what it says of eyes and mouth.
    pub fn read_expression(&mut self, seen: &mut Landmarks) -> Result<(), AnalyzeError> {
        let scores = self.expression_of(&seen.points)?;
        add_expression(&scores, &mut seen.eyes, &mut seen.mouth);
        Ok(())
    }

    fn expression_of(&mut self, points: &Points) -> Result<[f32; EXPRESSIONS], AnalyzeError> {
        let input: Vec<f32> = EXPRESSION_POINTS
            .iter()
            .filter_map(|i| points.get(*i))
            .flat_map(|p| [p[0], p[1]])
            .collect();
        let shape = [1, EXPRESSION_POINTS.len(), 2];
        self.expression.run(shape, &input, |out| {
            let mut scores = [0.0; EXPRESSIONS];
            scores.copy_from_slice(out.first(Some(EXPRESSIONS))?);
            Ok(scores)
        })
    }
}

fn add_expression(scores: &[f32; EXPRESSIONS], eyes: &mut Eyes, mouth: &mut Mouth) {
    eyes.left_blink = scores[expression::EYE_BLINK_LEFT];
    eyes.right_blink = scores[expression::EYE_BLINK_RIGHT];
    mouth.smile = f32::midpoint(
        scores[expression::MOUTH_SMILE_LEFT],
        scores[expression::MOUTH_SMILE_RIGHT],
    );
    mouth.jaw_open = scores[expression::JAW_OPEN];
}

fn to_frame_point(p: &[f32], to_frame: Similarity) -> [f32; 3] {
    let [x, y] = to_frame.apply([p[0], p[1]]);
    [x, y, p[2] * to_frame.scale()]
}

/// The points of the canonical face from which a pose is computed, and their weights.
struct Canonical {
    indices: Vec<usize>,
    reference: Vec<[f32; 3]>,
    weights: Vec<f32>,
}

impl Canonical {
    fn new(face: &CanonicalFace) -> Option<Self> {
        let indices: Vec<usize> = face
            .weights
            .iter()
            .map(|(i, _)| *i)
            .filter(|i| *i < POINTS)
            .collect();
        let reference = face
            .weights
            .iter()
            .map(|(i, _)| face.vertices.get(*i).copied())
            .collect::<Option<Vec<_>>>()?;
        let weights = face.weights.iter().map(|(_, w)| *w).collect();
        (indices.len() == face.weights.len()).then_some(Self {
            indices,
            reference,
            weights,
        })
    }

    /// What these landmarks say, but for the expression; `None` where points coincide that must not.
    fn read(&self, points: Points) -> Option<Landmarks> {
        let sketched = sketch::LANDMARKS.iter().filter_map(|i| plane(&points, *i));
        Some(Landmarks {
            pose: self.pose_of(&points)?,
            eyes: eyes_of(&points)?,
            mouth: mouth_of(&points)?,
            five: five_of(&points)?,
            sketched: sketched.collect(),
            points,
        })
    }

    /// The landmarks' y points down and their z away from the camera; a pose wants up and towards.
    fn pose_of(&self, points: &Points) -> Option<Pose> {
        let observed: Vec<[f32; 3]> = self
            .indices
            .iter()
            .filter_map(|i| points.get(*i))
            .map(|p| [p[0], -p[1], -p[2]])
            .collect();
        Pose::between(&self.reference, &observed, &self.weights)
    }
}

/// The five points of the embedder's template. The detector's own points lie 7 to 9% of the box away
/// from them where a head looks up or down, which lowers the likeness of one person's faces.
fn five_of(points: &Points) -> Option<[Point; 5]> {
    let eye = |(a, b): (usize, usize)| {
        let (a, b) = (plane(points, a)?, plane(points, b)?);
        Some([f32::midpoint(a[0], b[0]), f32::midpoint(a[1], b[1])])
    };
    Some([
        eye(IMAGE_LEFT_EYE_CORNERS)?,
        eye(IMAGE_RIGHT_EYE_CORNERS)?,
        plane(points, NOSE_TIP)?,
        plane(points, MOUTH_CORNERS.0)?,
        plane(points, MOUTH_CORNERS.1)?,
    ])
}

fn eyes_of(points: &Points) -> Option<Eyes> {
    let ratio = |eye: [usize; 6]| {
        let mut outline = [[0.0; 2]; 6];
        for (to, i) in outline.iter_mut().zip(eye) {
            *to = plane(points, i)?;
        }
        eyes::aspect_ratio(outline)
    };
    Some(Eyes {
        left_ratio: ratio(IMAGE_RIGHT_EYE)?,
        right_ratio: ratio(IMAGE_LEFT_EYE)?,
        ..Eyes::default()
    })
}

fn mouth_of(points: &Points) -> Option<Mouth> {
    let distance = |(i, j): (usize, usize)| {
        let (a, b) = (plane(points, i)?, plane(points, j)?);
        Some((a[0] - b[0]).hypot(a[1] - b[1])).filter(|d| *d > 0.0)
    };
    let width = distance(MOUTH_CORNERS)?;
    Some(Mouth {
        // Closed lips may touch: a gap of 0 is a valid measurement.
        opening: distance(INNER_LIPS).unwrap_or(0.0) / width,
        width: width / distance(OUTER_EYE_CORNERS)?,
        ..Mouth::default()
    })
}

fn plane(points: &Points, index: usize) -> Option<Point> {
    points.get(index).map(|p| [p[0], p[1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eyes_and_mouth_are_read_from_their_points() {
        let mut points = vec![[0.0; 3]; POINTS];
        let place = |eye: [usize; 6], x: f32, open: f32, points: &mut Points| {
            let outline = [
                [0.0, 0.0],
                [10.0, -open],
                [20.0, -open],
                [30.0, 0.0],
                [20.0, open],
                [10.0, open],
            ];
            for (i, [dx, dy]) in eye.into_iter().zip(outline) {
                points[i] = [x + dx, 100.0 + dy, 0.0];
            }
        };
        place(IMAGE_LEFT_EYE, 100.0, 4.5, &mut points);
        place(IMAGE_RIGHT_EYE, 170.0, 0.6, &mut points);
        points[61] = [120.0, 180.0, 0.0];
        points[291] = [180.0, 180.0, 0.0];
        points[13] = [150.0, 170.0, 0.0];
        points[14] = [150.0, 194.0, 0.0];
        let mut scores = [0.0; EXPRESSIONS];
        (scores[44], scores[45], scores[25], scores[9]) = (0.8, 0.6, 0.5, 0.3);
        let (mut eyes, mut mouth) = (eyes_of(&points).unwrap(), mouth_of(&points).unwrap());
        add_expression(&scores, &mut eyes, &mut mouth);
        assert_eq!((eyes.left_blink, eyes.right_blink), (0.3, 0.0));
        // The eye on the image's left is the subject's right one.
        assert!((eyes.right_ratio - 0.3).abs() < 1e-5 && (eyes.left_ratio - 0.04).abs() < 1e-5);
        assert!((mouth.opening - 0.4).abs() < 1e-5 && (mouth.width - 0.6).abs() < 1e-5);
        assert!((mouth.smile - 0.7).abs() < 1e-5 && (mouth.jaw_open - 0.5).abs() < 1e-5);
    }

    #[test]
    fn points_that_coincide_are_no_face() {
        assert!(eyes_of(&vec![[5.0; 3]; POINTS]).is_none());
        assert!(mouth_of(&vec![[5.0; 3]; POINTS]).is_none());
    }
}
