//! How the face was presented: scores of anti-spoof models, and signs of screens and sheets.
//!
//! Each part of a capture is judged by its weakest pictures. The average score, which the public API
//! documents, is reported and decides nothing: many good frames would outvote the few that matter.

use serde::{Deserialize, Serialize};

use super::extremes::Lowest;
use super::parts::Part;
use super::statement::{Kind, Statement};
use crate::measurement::Face;
use crate::sampling::Sampling;
use crate::thresholds::Thresholds;

/// Number of pictures that must show a border.
const BORDERS: usize = 3;
/// Number of pictures of one part that must show a raster: one may have a peak by chance.
const RASTERS: usize = 2;

/// All measurements so far. Their size does not grow with the number of frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Presentation {
    sampling: Sampling,
    parts: Vec<PartScores>,
    /// The lowest margins of the whole capture.
    whole: Lowest,
    /// Sum of the margins of all pictures.
    sum: f32,
    /// Number of pictures with a margin.
    scored: usize,
    /// Borders, negated: the lowest values are the largest borders.
    borders: Lowest,
}

/// Measurements of one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct PartScores {
    /// The lowest margins.
    margins: Lowest,
    /// Peaks of the face's spectrum, negated: the lowest values are the highest peaks.
    rasters: Lowest,
}

/// The weakest part of a capture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weakest {
    /// The part; `None` for the capture as a whole.
    pub part: Option<Part>,
    /// The part's score, 0 (attack) to 1 (bona fide), on the scale of the operating point.
    pub score: f32,
    /// The required score, on the same scale.
    pub required: f32,
}

impl Presentation {
    /// A state without measurements.
    pub fn new(sampling: Sampling, t: &Thresholds) -> Self {
        let pictures = match sampling {
            Sampling::Chosen => t.weakest_chosen,
            Sampling::Dense => t.weakest_dense,
        };
        let part = PartScores {
            margins: Lowest::new(pictures),
            rasters: Lowest::new(RASTERS),
        };
        Self {
            sampling,
            parts: vec![part; Part::ALL.len()],
            whole: Lowest::new(t.weakest_whole),
            sum: 0.0,
            scored: 0,
            borders: Lowest::new(BORDERS),
        }
    }

    /// Adds a face. `picture` is the number of its picture; `is_new` tells whether no frame before had that
    /// picture.
    pub fn add(&mut self, face: &Face, picture: u32, is_new: bool, t: &Thresholds) {
        let part = Part::of(face.pose, t).position();
        let Some(scores) = self.parts.get_mut(part) else {
            return;
        };
        if let Some(margin) = face.margin() {
            scores.margins.add(picture, margin);
            self.whole.add(picture, margin);
            if is_new {
                self.sum += margin;
                self.scored += 1;
            }
        }
        let Some(cues) = face.cues else { return };
        if let Some(peak) = cues.periodicity {
            scores.rasters.add(picture, -peak);
        }
        if let Some(border) = cues.border {
            self.borders.add(picture, -border);
        }
    }

    /// Number of pictures that anti-spoof models scored.
    pub fn scored(&self) -> usize {
        self.scored
    }

    /// Average anti-spoof score of all pictures, 0 (attack) to 1 (bona fide); `None` if none was scored.
    pub fn average(&self, t: &Thresholds) -> Option<f32> {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let mean = self.sum / self.scored as f32;
        (self.scored > 0).then(|| t.pad.scale.score(mean))
    }

    /// The part whose score is furthest below its threshold, or else nearest to it; `None` if nothing was
    /// scored. For frames that the caller chose, the capture as a whole is judged in the same way.
    ///
    /// The weakest picture of a part may be an accident, so it is compared with a low threshold. The means
    /// of the weakest two, three and so on are compared with increasing thresholds, as far as there are
    /// pictures. Adding pictures cannot make a failed condition pass.
    pub fn weakest(&self, t: &Thresholds) -> Option<Weakest> {
        let pad = &t.pad;
        let (single, few) = match self.sampling {
            Sampling::Chosen => (pad.single_chosen, pad.chosen),
            Sampling::Dense => (pad.single_dense, pad.dense),
        };
        let parts = Part::ALL.into_iter().zip(&self.parts);
        let parts = parts.flat_map(|(part, scores)| {
            let margins = means(&scores.margins, single, few);
            margins.map(move |(mean, required)| (Some(part), mean, required))
        });
        // A capture of one picture shows no movement and is never verified, so this refuses nobody.
        let first = match self.whole.means().count() {
            1 => pad.whole,
            _ => single,
        };
        let whole = means(&self.whole, first, pad.whole);
        let whole = whole.map(|(mean, required)| (None, mean, required));
        let whole = whole.filter(|_| self.sampling == Sampling::Chosen);
        let conditions = parts.chain(whole);
        let (part, margin, required) =
            conditions.min_by(|a, b| (a.1 - a.2).total_cmp(&(b.1 - b.2)))?;
        let scale = t.pad.scale;
        Some(Weakest {
            part,
            score: scale.score(margin),
            required: scale.score(required),
        })
    }

    /// Statements about signs of screens and sheets; empty if the pictures are too small, or too few.
    pub fn signs(&self, t: &Thresholds) -> Vec<Statement> {
        let parts = Part::ALL.into_iter().zip(&self.parts);
        let rasters = parts.filter_map(|(part, s)| Some((part, -s.rasters.last()?)));
        let raster = rasters.max_by(|a, b| a.1.total_cmp(&b.1));
        let raster = raster.map(|(part, measured)| Statement {
            part: Some(part),
            ..Statement::new(Kind::Raster, measured, t.raster)
        });
        let border = self.borders.last();
        let border = border.map(|b| Statement::new(Kind::Border, -b, t.border));
        raster.into_iter().chain(border).collect()
    }
}

/// The mean of the lowest margin, of the lowest two, and so on, each with its threshold: from `single` for
/// one value to `few` for as many as are kept.
fn means(margins: &Lowest, single: f32, few: f32) -> impl Iterator<Item = (f32, f32)> {
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let step = (few - single) / margins.most().saturating_sub(1).max(1) as f32;
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let required = move |(n, mean): (usize, f32)| (mean, single + step * (n - 1) as f32);
    margins.means().map(required)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measurement::Cues;
    use crate::testing::face;

    fn scored(margin: f32, yaw: f32) -> Face {
        let mut face = face();
        (face.margins, face.pose.yaw) = (vec![Some(margin)], yaw);
        face
    }

    fn of(sampling: Sampling, faces: &[Face]) -> Presentation {
        let t = Thresholds::default();
        let mut seen = Presentation::new(sampling, &t);
        for (picture, face) in (0..).zip(faces) {
            seen.add(face, picture, true, &t);
        }
        seen
    }

    fn fails(sampling: Sampling, faces: &[Face]) -> bool {
        let weakest = of(sampling, faces).weakest(&Thresholds::default());
        weakest.is_some_and(|w| w.score < w.required)
    }

    #[test]
    fn many_good_frames_do_not_outvote_those_that_turn() {
        let mut faces = vec![scored(9.0, 0.0); 20];
        assert!(!fails(Sampling::Chosen, &faces));
        faces.push(scored(-9.0, 30.0));
        assert!(fails(Sampling::Chosen, &faces));
        let weakest = of(Sampling::Chosen, &faces).weakest(&Thresholds::default());
        assert_eq!(weakest.unwrap().part, Some(Part::Right));
        assert!(
            of(Sampling::Chosen, &[])
                .weakest(&Thresholds::default())
                .is_none()
        );
    }

    #[test]
    fn weak_pictures_everywhere_fail_a_capture_whose_parts_pass() {
        let pad = Thresholds::default().pad;
        let weak = f32::midpoint(pad.chosen, pad.whole);
        let yaws = [0.0, 1.0, 2.0, 3.0, -30.0, -31.0, 30.0, 31.0];
        let faces: Vec<_> = yaws.iter().map(|yaw| scored(weak, *yaw)).collect();
        let weakest = of(Sampling::Chosen, &faces)
            .weakest(&Thresholds::default())
            .unwrap();
        assert!(weakest.part.is_none() && weakest.score < weakest.required);
        assert!(!fails(Sampling::Chosen, &faces[..4]));
    }

    #[test]
    fn a_raster_takes_two_pictures_of_one_part_and_a_border_three_of_any() {
        let cued = |periodicity, border, yaw| {
            let mut face = scored(5.0, yaw);
            face.cues = Some(Cues {
                periodicity,
                border,
            });
            face
        };
        let t = Thresholds::default();
        let against = |faces: &[Face]| {
            let signs = of(Sampling::Chosen, faces).signs(&t);
            signs
                .iter()
                .filter(|s| s.is_against())
                .map(|s| s.kind)
                .collect::<Vec<_>>()
        };
        let raster = |yaw| cued(Some(5.0), None, yaw);
        assert_eq!(against(&[raster(0.0), raster(30.0)]), []);
        assert_eq!(against(&[raster(30.0), raster(30.0)]), [Kind::Raster]);
        let border = |yaw| cued(None, Some(0.9), yaw);
        assert_eq!(against(&[border(0.0), border(30.0)]), []);
        assert_eq!(
            against(&[border(0.0), border(30.0), border(0.0)]),
            [Kind::Border]
        );
        assert_eq!(against(&[cued(None, None, 0.0)]), []);
    }

    proptest! {
        #[test]
        fn no_picture_that_is_added_mends_a_part_that_fails(
            faces in prop::collection::vec((-12.0_f32..12.0, -60.0_f32..60.0), 2..12),
            more in prop::collection::vec((-12.0_f32..12.0, -60.0_f32..60.0), 1..12), dense: bool,
        ) {
            let sampling = if dense { Sampling::Dense } else { Sampling::Chosen };
            let make = |all: &[(f32, f32)]| all.iter().map(|(m, y)| scored(*m, *y)).collect::<Vec<_>>();
            if fails(sampling, &make(&faces)) {
                prop_assert!(fails(sampling, &make(&[&faces[..], &more].concat())));
            }
        }
    }
}
