//! Frames that are put together to a presentation, in any mode.

use std::collections::HashSet;
use std::time::Duration;

use fastrand::Rng;
use image::RgbImage;
use image::imageops::FilterType;
use livegate_instruments::face::Frame;
use livegate_instruments::perturb::cropped;
use livegate_liveness::session::Task;

use super::attack::Mode;
use crate::attacks::footage::{Footage, extent};
use crate::attacks::presentation::{Presentation, Shot, phase};

/// Step between used frames of footage, in a clip or an interactive session.
const STEP: usize = 2;
/// Frames a second of a clip of such frames.
const CLIP_RATE: u32 = 8;
/// Time between two such frames in an interactive session: half of the time at which they were filmed.
const PACE: Duration = Duration::from_millis(65);
/// Size of a crop, in sides of the face, from which on nothing is cropped.
const NO_CROP: f32 = 3.5;
/// Fewest and most frames of a capture in images mode.
const IMAGES: [usize; 2] = [8, 20];
/// Least length of a crop's shorter side, pixels; the service accepts 120 and more.
const LEAST_SIDE: u32 = 160;

/// A frame of a capture.
#[derive(Clone)]
pub struct Take {
    /// Phase, in images mode.
    pub phase: &'static str,
    /// The picture.
    pub picture: RgbImage,
    /// Position of the face, if there is one.
    pub face: Option<Frame>,
}

impl Take {
    /// A frame of footage.
    pub fn of(footage: &Footage, phase: &'static str, index: usize) -> Self {
        Self {
            phase,
            picture: footage.pictures[index].clone(),
            face: footage.face(index).map(|_| footage.frame(index)),
        }
    }

    /// The same frame with another picture of the same size.
    #[must_use]
    pub fn with(self, change: impl FnOnce(&RgbImage, Option<Frame>) -> RgbImage) -> Self {
        let picture = change(&self.picture, self.face);
        Self { picture, ..self }
    }
}

/// Frames of footage with the same phase.
pub fn takes(footage: &Footage, phase: &'static str, indices: &[usize]) -> Vec<Take> {
    indices
        .iter()
        .map(|i| Take::of(footage, phase, *i))
        .collect()
}

/// Frames of these tasks in footage, as a live person would be captured in this mode.
pub fn acted(footage: &Footage, tasks: &[Task], mode: Mode) -> Vec<Take> {
    let rest = match mode {
        Mode::Images => footage.neutral(tasks).to_vec(),
        Mode::Clip | Mode::Live => Vec::new(),
    };
    let mut all = takes(footage, "center", &rest);
    for (task, indices) in tasks.iter().zip(of_tasks(footage, tasks, mode)) {
        all.extend(takes(footage, phase(*task), &indices));
    }
    all
}

/// The frames of each task. Runs share no frame, since genuine captures contain no picture twice.
pub fn of_tasks(footage: &Footage, tasks: &[Task], mode: Mode) -> Vec<Vec<usize>> {
    let mut taken = HashSet::new();
    let of = |task: &Task| match mode {
        Mode::Images => footage.stages(*task).to_vec(),
        Mode::Clip | Mode::Live => {
            let mut run = footage.runs(&[*task], STEP);
            run.retain(|index| taken.insert(index / STEP));
            run
        }
    };
    tasks.iter().map(of).collect()
}

/// Up to `count` frames that face the camera with open eyes, spread over the footage.
pub fn facing(footage: &Footage, count: usize) -> Vec<usize> {
    let faces = |i: &usize| {
        footage
            .face(*i)
            .is_some_and(|f| f.pose.is_within(7.0) && f.eyes.blink() < 0.35)
    };
    let all: Vec<usize> = (0..footage.pictures.len()).filter(faces).collect();
    if all.is_empty() {
        return vec![footage.still(); count.min(1)];
    }
    spread(&all, count)
}

/// Up to `count` frames of a task whose extent is from `least` to `most` degrees, in order, only from
/// the way there.
pub fn turned(footage: &Footage, task: Task, least: f32, most: f32, count: usize) -> Vec<usize> {
    let movement = footage.movement(task);
    let is_in = |i: &usize| {
        let seen = footage.face(*i).map(|f| extent(task, f));
        seen.is_some_and(|e| (least..=most).contains(&e))
    };
    let all: Vec<usize> = (movement.start..=movement.peak).filter(is_in).collect();
    spread(&all, count)
}

/// `count` of these values, evenly spread, including the last one.
pub fn spread<T: Copy>(all: &[T], count: usize) -> Vec<T> {
    if all.len() <= count {
        return all.to_vec();
    }
    (1..=count)
        .map(|n| all[n * all.len() / count - 1])
        .collect()
}

/// The frames cropped around their faces to `times` sides of the face; unchanged from `NO_CROP` on. A
/// smaller crop shows less of the place.
pub fn near(all: Vec<Take>, times: f32) -> Vec<Take> {
    if times >= NO_CROP {
        return all;
    }
    let crop = |take: Take| {
        take.with(|p, face| face.map_or_else(|| p.clone(), |f| enlarged(cropped(p, f, times))))
    };
    all.into_iter().map(crop).collect()
}

/// A picture large enough for the service: crops of small films are enlarged.
fn enlarged(picture: RgbImage) -> RgbImage {
    let least = picture.width().min(picture.height());
    if least >= LEAST_SIDE {
        return picture;
    }
    let scale = LEAST_SIDE.div_ceil(least.max(1));
    let (width, height) = (picture.width() * scale, picture.height() * scale);
    image::imageops::resize(&picture, width, height, FilterType::Triangle)
}

/// The frames with this change. Each call gets the random generator.
pub fn changed(
    takes: Vec<Take>,
    rng: &mut Rng,
    change: impl Fn(&RgbImage, Option<Frame>, &mut Rng) -> RgbImage,
) -> Vec<Take> {
    let each = takes.into_iter();
    each.map(|t| t.with(|picture, face| change(picture, face, rng)))
        .collect()
}

/// The presentation of these frames. In images mode, evenly chosen frames are left out of too many, and
/// the first one is repeated for too few.
pub fn presentation(mode: Mode, tasks: &[Task], mut takes: Vec<Take>, quality: u8) -> Presentation {
    let mut presentation = match mode {
        Mode::Images => {
            let [fewest, most] = IMAGES;
            let missing = fewest.saturating_sub(takes.len());
            if let Some(first) = takes.first().cloned() {
                takes.splice(0..0, vec![first; missing]);
            }
            let kept = spread(&(0..takes.len()).collect::<Vec<_>>(), most);
            let each = takes.into_iter().enumerate();
            let shots = each
                .filter(|(i, _)| kept.contains(i))
                .map(|(_, t)| Shot {
                    phase: t.phase,
                    picture: t.picture,
                })
                .collect();
            Presentation::images(tasks, shots)
        }
        Mode::Clip => Presentation::clip(tasks, of_one_size(takes), CLIP_RATE),
        Mode::Live => Presentation::live(tasks, takes.into_iter().map(|t| t.picture).collect()),
    };
    presentation.quality = quality;
    presentation.clock.pace = PACE;
    presentation
}

/// Pictures of one size, that of the first, as a clip needs them.
fn of_one_size(takes: Vec<Take>) -> Vec<RgbImage> {
    let size = takes.first().map(|t| t.picture.dimensions());
    let fit = |picture: RgbImage| match size {
        Some((w, h)) if picture.dimensions() != (w, h) => {
            image::imageops::resize(&picture, w, h, image::imageops::FilterType::Triangle)
        }
        _ => picture,
    };
    takes.into_iter().map(|t| fit(t.picture)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_even_and_keeps_the_last() {
        assert_eq!(spread(&[1, 2, 3, 4, 5, 6], 3), [2, 4, 6]);
        assert_eq!(spread(&[1, 2], 3), [1, 2]);
        assert!(spread(&[1, 2, 3], 0).is_empty());
    }
}
