//! Sets the thresholds of likeness for an embedding model that was never measured.

use livegate_liveness::thresholds::{OperatingPoint, Provenance};

use super::CalibrateError;
use crate::evaluate::capture::likeness::PoseBin;
use crate::evaluate::report::Identity;
use crate::evaluate::statistics::Distribution;

/// Sets the three thresholds of likeness from genuine and impostor likenesses.
///
/// Only the poses in which embeddings are reliable count. Each percentile is taken in its worst pose:
/// the lowest value for genuine faces, the highest for impostors. `same_person` is half way between the
/// 99th percentile of impostors and the 1st percentile of genuine faces. `other_person`, below which a
/// session ends at once, is half way between the 99th percentile and the median of impostors.
/// `least_likeness`, for any two faces, is the 95th percentile of impostors, but at most `other_person`.
pub fn measure(
    point: &mut OperatingPoint,
    identity: &Identity,
    set: &str,
) -> Result<(), CalibrateError> {
    let reliable = || {
        identity.poses.iter().filter(|p| match p.pose {
            PoseBin::Frontal | PoseBin::Yaw15To30 | PoseBin::Yaw30To45 | PoseBin::Pitch15To25 => {
                true
            }
            PoseBin::Yaw45To70 | PoseBin::Pitch25To40 => false,
        })
    };
    let least = |of: fn(&Distribution) -> f64| {
        let all = reliable().filter_map(|p| p.same_capture).map(|d| of(&d));
        all.reduce(f64::min).ok_or(CalibrateError::NoSubjects)
    };
    let most = |of: fn(&Distribution) -> f64| {
        let all = reliable().filter_map(|p| p.other_subject).map(|d| of(&d));
        all.reduce(f64::max).ok_or(CalibrateError::NoSubjects)
    };
    let (genuine, impostor) = (least(|d| d.p1)?, most(|d| d.p99)?);
    if impostor >= genuine {
        return Err(CalibrateError::Alike { genuine, impostor });
    }
    let (usual, high) = (most(|d| d.median)?, most(|d| d.p95)?);
    let same = f64::midpoint(impostor, genuine);
    let other = f64::midpoint(usual, impostor);
    let pairs = identity.pairs_compared;
    let source = format!(
        "Measured on {set}, {pairs} pairs of captures: genuine 1st percentile {genuine:.2}, impostors' median {usual:.2}, 95th percentile {high:.2}, 99th {impostor:.2}."
    );
    let t = &mut point.thresholds;
    for (name, number, value) in [
        ("same_person", &mut t.same_person, same),
        ("other_person", &mut t.other_person, other),
        ("least_likeness", &mut t.least_likeness, high.min(other)),
    ] {
        #[expect(clippy::cast_possible_truncation, reason = "a cosine")]
        let value = value.max(0.0) as f32;
        *number = value;
        let unit = point.provenance.get(name).map(|p| p.unit.clone());
        let source = source.clone();
        let unit = unit.unwrap_or_default();
        point
            .provenance
            .insert(name.to_owned(), Provenance { unit, source });
    }
    Ok(())
}
