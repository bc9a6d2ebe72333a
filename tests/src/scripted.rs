//! An analyzer without models. Each test picture contains its measurements in its pixels.
//!
//! The whole API runs on such pictures as on real ones: they are real PNG files, decoded by the real
//! decoder. Only the models are replaced.

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use image::{ImageFormat, RgbImage};
use livegate_common::job::Look;
use livegate_liveness::embedding::Embedding;
use livegate_liveness::eyes::Eyes;
use livegate_liveness::measurement::{
    Bounds, CoarseNoise, Cues, DetectedFace, Face, FrameMeasurement, Quality,
};
use livegate_liveness::mouth::Mouth;
use livegate_liveness::pose::Pose;
use livegate_liveness::scene;
use livegate_liveness::sketch::{self, Sketch};
use livegate_liveness::thresholds::{PadThresholds, Thresholds};
use livegate_media::RgbFrame;
use livegate_worker::{AnalyzeError, AnalyzerFactory, FaceAnalyzer};
use serde::{Deserialize, Serialize};

/// Side of a test picture, pixels.
const SIDE: u32 = 160;

/// Marks a picture as one for this analyzer.
const MAGIC: &[u8; 4] = b"SCN1";

/// Dimensions of an embedding.
const DIMENSIONS: usize = 512;

/// All challenges of the interactive API.
pub const CHALLENGES: [&str; 7] = [
    "TURN_LEFT",
    "TURN_RIGHT",
    "LOOK_UP",
    "LOOK_DOWN",
    "BLINK",
    "SMILE",
    "OPEN_MOUTH",
];

/// Content of a test picture. By default, one person looks straight into the camera.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Yaw, degrees; negative to the subject's own left.
    pub yaw: f32,
    /// Pitch, degrees; negative up.
    pub pitch: f32,
    /// Roll, degrees; positive clockwise in the picture.
    pub roll: f32,
    /// Eye aspect ratio of both eyes.
    pub ear: f32,
    /// Blink score of both eyes, 0 (open) to 1 (closed); `None` for the score that fits `ear`.
    pub eye_blink: Option<f32>,
    /// Smile score, 0 to 1.
    pub smile: f32,
    /// The mouth's width over the distance of the outer eye corners.
    pub mouth_width: f32,
    /// Gap between the inner lips over the mouth's width.
    pub mouth_opening: f32,
    /// Jaw score, 0 (closed) to 1 (open).
    pub jaw_open: f32,
    /// Anti-spoof score, 0 to 1. It is sent to the service as a margin, and the service reports the same
    /// score at [`thresholds`].
    pub bona_fide: f32,
    /// Number of the person. Different people have unrelated embeddings.
    pub person: u16,
    /// Number of faces, including the main one; 0 for none.
    pub faces: u8,
    /// Left edge of the main face, pixels.
    pub face_x: f32,
    /// Width of each face, as a share of the picture's width, 0 to 1.
    pub face_width: f32,
    /// Sharpness of the face, as in a measurement.
    pub sharpness: f32,
    /// Mean grey level of the face, 0 (black) to 255 (white).
    pub brightness: f32,
    /// Noise of the face's pixels, grey levels.
    pub noise: f32,
    /// Noise of the face's brightness at 48x48 pixels, grey levels.
    pub coarse_noise: f32,
    /// Colour of the face, percent of its brightness.
    pub colour: f32,
    /// Effective resolution of the face, pixels; `None` for that of a sharp face.
    pub detail_px: Option<f32>,
    /// Number of the place. Different places have no colour around the face in common.
    pub place: u8,
    /// Number that distinguishes pictures of the same content; 0 for a new picture each time.
    pub picture: u64,
    /// Signs of a screen or a sheet, as the analyzer measures them.
    pub cues: Cues,
    /// Time that the analyzer takes, milliseconds.
    pub delay_ms: u64,
    /// Behaviour of the analyzer.
    pub act: Act,
}

/// Behaviour of the analyzer on a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// Returns the measurement.
    Measure,
    /// Returns an error.
    Fail,
    /// Panics.
    Panic,
    /// Aborts its process, as a fault in native code does.
    Abort,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            yaw: 0.0,
            pitch: 0.0,
            roll: 0.0,
            ear: 0.3,
            eye_blink: None,
            smile: 0.05,
            mouth_width: 0.55,
            mouth_opening: 0.02,
            jaw_open: 0.02,
            bona_fide: 0.95,
            person: 0,
            faces: 1,
            face_x: 10.0,
            face_width: 0.6,
            sharpness: 100.0,
            brightness: 120.0,
            noise: 1.0,
            coarse_noise: 0.5,
            colour: 8.0,
            detail_px: None,
            place: 0,
            picture: 0,
            cues: Cues::default(),
            delay_ms: 0,
            act: Act::Measure,
        }
    }
}

impl Scene {
    /// A person who turns to the side.
    pub fn turned(yaw: f32) -> Self {
        Self {
            yaw,
            ..Self::default()
        }
    }

    /// A person with closed eyes.
    pub fn eyes_closed() -> Self {
        Self {
            ear: 0.05,
            ..Self::default()
        }
    }

    /// A person who looks up or down.
    pub fn nodding(pitch: f32) -> Self {
        Self {
            pitch,
            ..Self::default()
        }
    }

    /// A person who smiles.
    pub fn smiling() -> Self {
        Self {
            smile: 0.85,
            ..Self::default()
        }
    }

    /// A person with an open mouth.
    pub fn mouth_open() -> Self {
        Self {
            mouth_opening: 0.55,
            ..Self::default()
        }
    }

    /// A person who meets an interactive challenge, frame by frame.
    pub fn doing(challenge: &str) -> Vec<Self> {
        let (there, between) = match challenge {
            "TURN_LEFT" => (Self::turned(-30.0), Some(Self::turned(-14.0))),
            "TURN_RIGHT" => (Self::turned(30.0), Some(Self::turned(14.0))),
            "LOOK_UP" => (Self::nodding(-25.0), Some(Self::nodding(-12.0))),
            "LOOK_DOWN" => (Self::nodding(25.0), Some(Self::nodding(12.0))),
            "BLINK" => return vec![Self::default(), Self::eyes_closed(), Self::default()],
            "SMILE" => (Self::smiling(), None),
            "OPEN_MOUTH" => (Self::mouth_open(), None),
            other => panic!("there is no challenge {other}"),
        };
        let way = [Some(Self::default()), between, Some(there)];
        way.into_iter().flatten().collect()
    }

    /// An empty room.
    pub fn empty() -> Self {
        Self {
            faces: 0,
            ..Self::default()
        }
    }

    /// The full measurement of its picture.
    pub fn seen(&self) -> FrameMeasurement {
        self.measured(SIDE, SIDE, Look::Whole)
    }

    fn measured(self, width: u32, height: u32, look: Look) -> FrameMeasurement {
        let face_width = self.face_width * width as f32;
        let face = |n: u8| DetectedFace {
            bounds: Bounds {
                x: self.face_x + f32::from(n),
                y: 10.0,
                width: face_width,
                height: face_width * 7.0 / 6.0,
            },
            score: 0.9,
        };
        let faces: Vec<DetectedFace> = (0..self.faces).map(face).collect();
        let (margins, embedding, cues) = match look {
            Look::Whole => (
                vec![margin(self.bona_fide)],
                Some(person(self.person)),
                Some(self.cues),
            ),
            Look::Glance => (Vec::new(), None, None),
        };
        // Blink scores as measured on real eyes: 0.05 wide open, 0.7 closed.
        let lids = (0.7 - 2.6 * (self.ear - 0.05)).clamp(0.05, 0.7);
        let blink = self.eye_blink.unwrap_or(lids);
        let main = faces.first().map(|main| Face {
            bounds: main.bounds,
            pose: Pose {
                yaw: self.yaw,
                pitch: self.pitch,
                roll: self.roll,
            },
            eyes: Eyes {
                left_ratio: self.ear,
                right_ratio: self.ear,
                left_blink: blink,
                right_blink: blink,
            },
            mouth: Mouth {
                opening: self.mouth_opening,
                width: self.mouth_width,
                smile: self.smile,
                jaw_open: self.jaw_open,
            },
            margins,
            embedding,
            quality: Quality {
                sharpness: self.sharpness,
                brightness: self.brightness,
                noise: self.noise,
                coarse_noise: CoarseNoise {
                    luma: self.coarse_noise,
                    ..CoarseNoise::default()
                },
                detail_px: self.detail_px.unwrap_or(face_width),
                colour: self.colour,
                ..Quality::default()
            },
            sketch: picture(self.picture),
            thumbnail: None,
            cues,
        });
        FrameMeasurement {
            width,
            height,
            faces,
            face: main,
            scene: (self.faces > 0).then(|| place(self.place)),
        }
    }
}

/// The shipped operating point with other anti-spoof numbers: a scripted score is used unchanged, and
/// 0.5 passes. The shipped numbers are for real models.
pub fn thresholds() -> Thresholds {
    Thresholds {
        pad: PadThresholds::default(),
        ..Thresholds::default()
    }
}

/// The colours around a face in a place.
fn place(number: u8) -> scene::Scene {
    let mut weights = vec![0.0; scene::BINS * scene::BINS];
    weights[usize::from(number) % (scene::BINS * scene::BINS)] = 1.0;
    scene::Scene::new(weights).unwrap()
}

/// The margin of a model that gives this score, 0 to 1.
fn margin(score: f32) -> Option<f32> {
    let score = score.clamp(1e-5, 1.0 - 1e-5);
    Some((score / (1.0 - score)).ln())
}

/// The embedding of a person, a direction of its own for each number.
pub fn person(number: u16) -> Embedding {
    let mut values = vec![0.0; DIMENSIONS];
    values[usize::from(number) % DIMENSIONS] = 1.0;
    Embedding::from_raw(values).unwrap()
}

/// The sketch of a picture. No two are alike; for 0 it is another one each time.
fn picture(number: u64) -> Sketch {
    static TAKEN: AtomicU64 = AtomicU64::new(1 << 32);
    let seed = match number {
        0 => TAKEN.fetch_add(1, Ordering::Relaxed),
        number => number,
    };
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 56) as i8
    };
    Sketch::new((0..sketch::SIDE * sketch::SIDE).map(|_| next()).collect()).unwrap()
}

/// A PNG of 160x160 pixels that contains `scene`.
pub fn png(scene: &Scene) -> Vec<u8> {
    let text = serde_json::to_vec(scene).unwrap();
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    let mut pixels = [MAGIC.as_slice(), &length, &text].concat();
    pixels.resize((3 * SIDE * SIDE) as usize, 0x55);
    let image = RgbImage::from_raw(SIDE, SIDE, pixels).unwrap();
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A JPEG without a scene: an empty room.
pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([x as u8, y as u8, (x ^ y) as u8])
    })
    .write_to(&mut file, ImageFormat::Jpeg)
    .unwrap();
    file.into_inner()
}

fn read(frame: &RgbFrame) -> Option<Scene> {
    let rest = frame.pixels.strip_prefix(MAGIC)?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    serde_json::from_slice(rest.get(..usize::from(u16::from_be_bytes(*length)))?).ok()
}

/// Returns the measurements that pictures contain.
pub struct ScriptedAnalyzer;

impl FaceAnalyzer for ScriptedAnalyzer {
    fn analyze(&mut self, frame: &RgbFrame, look: Look) -> Result<FrameMeasurement, AnalyzeError> {
        let scene = read(frame).unwrap_or(Scene::empty());
        sleep(Duration::from_millis(scene.delay_ms));
        match scene.act {
            Act::Measure => Ok(scene.measured(frame.width, frame.height, look)),
            Act::Fail => Err(AnalyzeError {
                model: "scripted".into(),
                cause: "told to fail".into(),
            }),
            Act::Panic => panic!("told to panic"),
            Act::Abort => std::process::abort(),
        }
    }
}

/// Makes scripted analyzers.
pub fn factory() -> AnalyzerFactory {
    Arc::new(|| Ok(Box::new(ScriptedAnalyzer)))
}
