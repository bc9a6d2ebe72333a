//! Measurements for tests: one person, facing the camera, eyes open.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::challenge::Phase;
use crate::embedding::Embedding;
use crate::eyes::Eyes;
use crate::measurement::{Bounds, Cues, DetectedFace, Face, FrameMeasurement, Quality};
use crate::sketch::{SIDE, Sketch};
use crate::tagged::TaggedFrame;

pub(crate) fn detected(width: f32) -> DetectedFace {
    DetectedFace {
        bounds: Bounds {
            x: 100.0,
            y: 100.0,
            width,
            height: width * 1.3,
        },
        score: 0.9,
    }
}

/// An embedding at an angle of `degrees` to that of [`frame`].
pub(crate) fn person(degrees: f32) -> Embedding {
    Embedding::from_raw(vec![
        degrees.to_radians().cos(),
        degrees.to_radians().sin(),
        0.0,
    ])
    .unwrap()
}

/// A different picture for each number.
pub(crate) fn picture(number: u64) -> Sketch {
    altered(number, |_, value| value)
}

/// The picture of this number with each of its values changed, given its place.
pub(crate) fn altered(number: u64, change: impl Fn(usize, i8) -> i8) -> Sketch {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 56) as i8
    };
    Sketch::new((0..SIDE * SIDE).map(|i| change(i, next())).collect()).unwrap()
}

/// A picture that differs from all before it.
fn new_picture() -> Sketch {
    static TAKEN: AtomicU64 = AtomicU64::new(1 << 32);
    picture(TAKEN.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn face() -> Face {
    Face {
        bounds: detected(200.0).bounds,
        pose: Default::default(),
        eyes: Eyes {
            left_ratio: 0.3,
            right_ratio: 0.3,
            left_blink: 0.05,
            right_blink: 0.05,
        },
        mouth: Default::default(),
        margins: vec![Some(3.0)],
        embedding: Some(person(0.0)),
        quality: Quality {
            sharpness: 100.0,
            brightness: 120.0,
            noise: 1.0,
            detail_px: 100.0,
            colour: 8.0,
            ..Quality::default()
        },
        sketch: new_picture(),
        thumbnail: None,
        cues: Some(Cues::default()),
    }
}

pub(crate) fn frame(phase: Phase, change: impl FnOnce(&mut Face)) -> TaggedFrame {
    let mut face = face();
    change(&mut face);
    let faces = vec![detected(face.bounds.width)];
    let measurement = FrameMeasurement {
        width: 1280,
        height: 720,
        faces,
        face: Some(face),
        scene: None,
    };
    TaggedFrame {
        phase,
        measurement,
        seconds: None,
        has_picture: true,
    }
}

pub(crate) fn no_face(phase: Phase) -> TaggedFrame {
    let measurement = FrameMeasurement {
        width: 1280,
        height: 720,
        faces: Vec::new(),
        face: None,
        scene: None,
    };
    TaggedFrame {
        phase,
        measurement,
        seconds: None,
        has_picture: true,
    }
}
