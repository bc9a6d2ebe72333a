//! Derives an operating point from an operator's own captures.
//!
//! It sets the scale and the threshold of the anti-spoof score. For an embedding model that was never
//! measured it also sets the thresholds of likeness.

mod fit;
mod likeness;
mod threshold;

use std::collections::{BTreeMap, BTreeSet};

use livegate_liveness::thresholds::{Models, OperatingPoint, PadThresholds, Scale};

pub use self::fit::{Sample, fit};
pub use self::threshold::threshold;
use crate::evaluate::report::{CaptureRow, Identity};
use crate::evaluate::statistics::of_share;

/// Why a set cannot be used for calibration. Each message names what is missing.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    /// One of the two classes is missing.
    #[error(
        "the set has {bona_fide} bona fide and {attacks} attack captures with an anti-spoof score; it needs both"
    )]
    Classes {
        /// Bona fide captures with a score.
        bona_fide: usize,
        /// Attacks with a score.
        attacks: usize,
    },
    /// The models score attacks higher than bona fide captures.
    #[error(
        "attacks score higher than bona fide captures: the labels are exchanged, or `live_class` of an anti-spoof model is wrong"
    )]
    TurnedAround,
    /// The embedding model was never measured, and the set names no subjects to measure it on.
    #[error(
        "no thresholds are known for the embedding model: name two or more subjects of the captures, so that likenesses can be measured"
    )]
    NoSubjects,
    /// The embedding model does not distinguish people.
    #[error(
        "the embedding model does not tell people apart: of one person 1% of the likenesses are below {genuine:.2}, of two people 1% are above {impostor:.2}"
    )]
    Alike {
        /// 1st percentile of genuine likenesses, cosine.
        genuine: f64,
        /// 99th percentile of impostors' likenesses, cosine.
        impostor: f64,
    },
}

/// A number of errors among a number of trials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    /// Number of errors.
    pub count: usize,
    /// Number of trials.
    pub of: usize,
}

impl Errors {
    fn of(wrong: impl Iterator<Item = bool>) -> Self {
        let all: Vec<bool> = wrong.collect();
        Self {
            count: all.iter().filter(|w| **w).count(),
            of: all.len(),
        }
    }

    /// The share with the upper end of its exact 95% interval, as `2 of 40 (5.0%, up to 16.9%)`.
    fn words(self) -> String {
        #[expect(clippy::cast_precision_loss, reason = "numbers of captures")]
        let share = 100.0 * self.count as f64 / self.of.max(1) as f64;
        let high = of_share(self.count, self.of).map_or(100.0, |i| 100.0 * i.high);
        format!(
            "{} of {} ({share:.1}%, 95% interval up to {high:.1}%)",
            self.count, self.of
        )
    }
}

/// The result of a calibration.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Scale of the anti-spoof score.
    pub scale: Scale,
    /// Threshold of the anti-spoof score on that scale, 0 to 1.
    pub threshold: f32,
    /// The target APCER, 0 to 1.
    pub target: f64,
    /// For each instrument species, attacks that reach the threshold.
    pub apcer: BTreeMap<String, Errors>,
    /// Bona fide captures below the threshold.
    pub bpcer: Errors,
    /// Bona fide errors under cross-validation: each subject is judged by the scale and threshold from
    /// the other subjects. `None` where fewer than two subjects are named.
    pub left_out: Option<Errors>,
    /// Number of named subjects.
    pub subjects: usize,
}

/// Finds the scale, and the least threshold at which no instrument species' APCER exceeds `target`, 0 to
/// 1.
///
/// `captures` must have been measured with raw scores (a scale that changes nothing), at thresholds of
/// parts that have their final distance from the threshold of the whole capture.
///
/// # Errors
/// [`CalibrateError`] when the set is not sufficient.
pub fn calibrate(captures: &[CaptureRow], target: f64) -> Result<Calibration, CalibrateError> {
    let scored: Vec<Scored<'_>> = captures.iter().filter_map(Scored::of).collect();
    let (scale, threshold) = find(&scored, target)?;
    let mut species: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for attack in &scored {
        if let Some(instrument) = attack.instrument {
            let missed = scale.rescale(attack.deciding) >= threshold;
            species
                .entry(instrument.to_owned())
                .or_default()
                .push(missed);
        }
    }
    let subjects: BTreeSet<&str> = scored.iter().filter_map(|s| s.subject).collect();
    Ok(Calibration {
        scale,
        threshold,
        target,
        apcer: species
            .into_iter()
            .map(|(name, missed)| (name, Errors::of(missed.into_iter())))
            .collect(),
        bpcer: refused(&scored, scale, threshold),
        left_out: left_out(&scored, &subjects, target),
        subjects: subjects.len(),
    })
}

/// A capture with a score.
#[derive(Clone, Copy)]
struct Scored<'a> {
    /// The reported score: the average over the frames, 0 to 1.
    score: f32,
    /// The largest threshold at which the capture passes, 0 to 1.
    deciding: f32,
    /// Instrument species; `None` for a bona fide presentation.
    instrument: Option<&'a str>,
    subject: Option<&'a str>,
}

impl<'a> Scored<'a> {
    fn of(capture: &'a CaptureRow) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, reason = "scores from 0 to 1")]
        let (score, deciding) = (capture.score? as f32, capture.deciding_score? as f32);
        Some(Self {
            score,
            deciding,
            instrument: capture.instrument.as_deref(),
            subject: capture.subject.as_deref(),
        })
    }
}

fn find(scored: &[Scored<'_>], target: f64) -> Result<(Scale, f32), CalibrateError> {
    let samples: Vec<Sample> = scored
        .iter()
        .map(|s| Sample {
            score: s.score,
            is_bona_fide: s.instrument.is_none(),
        })
        .collect();
    let bona_fide = samples.iter().filter(|s| s.is_bona_fide).count();
    if bona_fide == 0 || bona_fide == samples.len() {
        let attacks = samples.len() - bona_fide;
        return Err(CalibrateError::Classes { bona_fide, attacks });
    }
    let scale = fit(&samples).ok_or(CalibrateError::TurnedAround)?;
    let mut species: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
    let mut genuine = Vec::new();
    for s in scored {
        let score = scale.rescale(s.deciding);
        match s.instrument {
            Some(instrument) => species.entry(instrument).or_default().push(score),
            None => genuine.push(score),
        }
    }
    let species: Vec<&[f32]> = species.values().map(Vec::as_slice).collect();
    let threshold = threshold(&species, &genuine, target);
    Ok((scale, threshold.unwrap_or(1.0)))
}

/// The thresholds of `base` for these models; its default thresholds where it does not list the models.
pub fn base_pad<'a>(base: &'a OperatingPoint, models: &Models) -> &'a PadThresholds {
    let known = base.models.iter().find(|m| m.are(models));
    known.map_or(&base.thresholds.pad, |m| &m.pad)
}

fn refused(scored: &[Scored<'_>], scale: Scale, threshold: f32) -> Errors {
    let bona_fide = scored.iter().filter(|s| s.instrument.is_none());
    Errors::of(bona_fide.map(|s| scale.rescale(s.deciding) < threshold))
}

fn left_out(scored: &[Scored<'_>], subjects: &BTreeSet<&str>, target: f64) -> Option<Errors> {
    let mut all = Errors { count: 0, of: 0 };
    for subject in subjects {
        let (own, others): (Vec<_>, Vec<_>) =
            scored.iter().partition(|s| s.subject == Some(*subject));
        // Where the other subjects are not sufficient for a threshold, there is no result.
        let (scale, threshold) = find(&others, target).ok()?;
        let errors = refused(&own, scale, threshold);
        all.count += errors.count;
        all.of += errors.of;
    }
    (subjects.len() > 1).then_some(all)
}

impl Calibration {
    /// The operating point for these models: `base`, with the numbers found on the set named `set`.
    ///
    /// Where `base` does not know this embedding model, the thresholds of likeness are set from
    /// `identity`.
    ///
    /// # Errors
    /// [`CalibrateError`] when `identity` is not sufficient for that.
    pub fn operating_point(
        &self,
        base: &OperatingPoint,
        models: Models,
        identity: &Identity,
        set: &str,
    ) -> Result<OperatingPoint, CalibrateError> {
        let mut point = base.clone();
        let knows_embedder = base.models.iter().any(|m| m.embedder == models.embedder);
        if !knows_embedder {
            likeness::measure(&mut point, identity, set)?;
        }
        let pad = self.pad(base_pad(base, &models), set);
        point.thresholds.pad = pad.clone();
        point.models = vec![Models { pad, ..models }];
        Ok(point)
    }

    /// The anti-spoof thresholds for these models.
    ///
    /// The threshold of the whole capture is the one that was found. The others keep their distance from
    /// it in `base`. That distance expresses how much weaker the weakest of more frames is, and the
    /// captures were judged with it.
    fn pad(&self, base: &PadThresholds, set: &str) -> PadThresholds {
        let whole = self.scale.margin(self.threshold);
        let away = whole - base.whole;
        PadThresholds {
            scale: self.scale,
            whole,
            chosen: base.chosen + away,
            single_chosen: base.single_chosen + away,
            dense: base.dense + away,
            single_dense: base.single_dense + away,
            source: format!(
                "{} The scale was fitted on {set} by maximum likelihood (Platt 1999), both classes weighing the same.",
                self.words(set)
            ),
        }
    }

    /// The result in words, for the thresholds file and for people.
    pub fn words(&self, set: &str) -> String {
        let species = self.apcer.iter();
        let species: Vec<String> = species
            .map(|(name, errors)| format!("{name} {}", errors.words()))
            .collect();
        let left_out = self.left_out.map_or_else(String::new, |errors| {
            format!(
                " Each subject judged by what the others give: BPCER {}.",
                errors.words()
            )
        });
        format!(
            "Least threshold on {set} with an APCER of at most {:.1}% for every instrument species: APCER {}; BPCER {} over {} named subjects.{left_out}",
            100.0 * self.target,
            species.join(", "),
            self.bpcer.words(),
            self.subjects,
        )
    }

    /// Whether the set is so small that the true APCER of some species may well exceed the target.
    pub fn is_uncertain(&self) -> bool {
        let high = |e: &Errors| of_share(e.count, e.of).map_or(1.0, |i| i.high);
        self.apcer.values().any(|e| high(e) > self.target)
    }
}

#[cfg(test)]
mod tests;
