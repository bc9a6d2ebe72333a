//! Errors of measured poses.

use serde::Serialize;

use super::Case;
use super::rate::subjects;
use crate::evaluate::capture::PoseError;
use crate::evaluate::statistics::rounded;

/// Errors of measured poses, degrees.
#[derive(Clone, Debug, Serialize)]
pub struct PoseErrors {
    /// Number of true poses whose frame shows a face.
    pub measured: usize,
    /// Number of true poses whose frame shows no face.
    pub unmeasured: usize,
    /// Number of subjects that the manifest names for both.
    pub subjects: usize,
    /// Errors of the yaw (left and right).
    pub yaw: AngleError,
    /// Errors of the pitch (up and down).
    pub pitch: AngleError,
}

/// Errors of one angle, degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AngleError {
    /// Mean of the absolute errors; null without errors.
    pub mean_absolute: Option<f64>,
    /// Mean of the errors, measured less true; null without errors.
    pub bias: Option<f64>,
    /// 95th percentile of the absolute errors; null without errors.
    pub p95_absolute: Option<f64>,
}

impl PoseErrors {
    /// Sums up the errors; `None` where no true pose is listed.
    pub(super) fn of(cases: &[Case]) -> Option<Self> {
        let listed = cases.iter().filter(|case| !case.measured.poses.is_empty());
        let (mut yaw, mut pitch, mut unmeasured) = (Vec::new(), Vec::new(), 0);
        for error in listed.clone().flat_map(|case| &case.measured.poses) {
            match error {
                PoseError::Unmeasured => unmeasured += 1,
                PoseError::Off { yaw: y, pitch: p } => {
                    yaw.push(*y);
                    pitch.push(*p);
                }
            }
        }
        (yaw.len() + unmeasured > 0).then(|| Self {
            measured: yaw.len(),
            unmeasured,
            subjects: subjects(listed.map(|case| case.capture)),
            yaw: AngleError::of(&yaw),
            pitch: AngleError::of(&pitch),
        })
    }
}

impl AngleError {
    fn of(errors: &[f64]) -> Self {
        let mut absolute: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
        absolute.sort_by(f64::total_cmp);
        // The percentile by the nearest rank.
        let rank = (absolute.len() * 95).div_ceil(100).saturating_sub(1);
        Self {
            mean_absolute: mean(&absolute).map(rounded),
            bias: mean(errors).map(rounded),
            p95_absolute: absolute.get(rank).copied().map(rounded),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of poses")]
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_that_cancel_out_are_errors_all_the_same() {
        let found = AngleError::of(&[-2.0, 2.0, 1.0, -1.0]);
        assert_eq!((found.mean_absolute, found.bias), (Some(1.5), Some(0.0)));
        assert_eq!(found.p95_absolute, Some(2.0));
        assert_eq!(AngleError::of(&[]).mean_absolute, None);
    }
}
