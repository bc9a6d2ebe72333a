//! Likeness of faces by pose.

use serde::Serialize;

use super::Case;
use crate::evaluate::capture::likeness::{ByPose, Likeness, PoseBin};
use crate::evaluate::statistics::{Distribution, Histogram};

/// Likeness of faces, as cosines of embeddings, -1 to 1.
#[derive(Clone, Debug, Serialize)]
pub struct Identity {
    /// Pairs of captures that were compared. Pairs measured in different runs are missing: comparisons
    /// need faces, which exist in memory only.
    pub pairs_compared: usize,
    /// Pairs of captures that could be compared.
    pub pairs_possible: usize,
    /// By the pose of the face that is compared with a mean of frontal faces.
    pub poses: Vec<PoseLikeness>,
}

/// Likeness of faces in one range of poses to a mean of frontal faces.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PoseLikeness {
    /// The range of poses.
    pub pose: PoseBin,
    /// Genuine: of the same capture.
    pub same_capture: Option<Distribution>,
    /// Genuine: of another capture of the same subject.
    pub same_subject: Option<Distribution>,
    /// Impostor: of another subject.
    pub other_subject: Option<Distribution>,
}

impl PoseLikeness {
    /// Each distribution with its name.
    pub(super) fn kinds(&self) -> [(&'static str, Option<Distribution>); 3] {
        [
            ("same capture", self.same_capture),
            ("same subject", self.same_subject),
            ("other subject", self.other_subject),
        ]
    }
}

impl Identity {
    /// Sums up the likenesses of these captures, and those of comparisons between them.
    pub(super) fn of(cases: &[Case], likeness: &Likeness) -> Self {
        let bona_fide = || cases.iter().filter(|case| case.capture.is_bona_fide());
        let comparable = bona_fide()
            .filter(|case| case.capture.compared_as().is_some() && case.measured.has_reference)
            .count();
        let mut same_capture = ByPose::default();
        bona_fide().for_each(|case| same_capture.merge(&case.measured.likeness));
        let of = |by_pose: &ByPose, pose| by_pose.get(pose).and_then(Histogram::distribution);
        let poses = PoseBin::ALL.into_iter().map(|pose| PoseLikeness {
            pose,
            same_capture: of(&same_capture, pose),
            same_subject: of(&likeness.same_subject, pose),
            other_subject: of(&likeness.other_subject, pose),
        });
        Self {
            pairs_compared: likeness.pairs,
            pairs_possible: comparable * comparable.saturating_sub(1) / 2,
            poses: poses.collect(),
        }
    }
}
