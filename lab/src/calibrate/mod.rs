//! An operating point from an operator's own captures: the scale and the threshold of the anti-spoof
//! score, and, for an embedding model whose likenesses nobody has measured yet, those of faces.

mod fit;
mod likeness;
mod threshold;

use std::collections::{BTreeMap, BTreeSet};

use livegate_liveness::thresholds::{Models, OperatingPoint, PadThresholds, Scale};

pub use self::fit::{Sample, fit};
pub use self::threshold::threshold;
use crate::evaluate::report::{CaptureRow, Identity};
use crate::evaluate::statistics::of_share;

/// A set cannot be calibrated on. Each message says what it lacks.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    /// One of the two classes is missing.
    #[error(
        "the set has {bona_fide} bona fide and {attacks} attack captures with an anti-spoof score: it takes some of both"
    )]
    Classes {
        /// Bona fide captures with a score.
        bona_fide: usize,
        /// Attacks with a score.
        attacks: usize,
    },
    /// The models give attacks the higher scores.
    #[error(
        "attacks score higher than bona fide captures: the labels are exchanged, or `live_class` of an anti-spoof model is wrong"
    )]
    TurnedAround,
    /// An embedding model that nobody has measured, and no people to measure it on.
    #[error(
        "the embedding model is none that thresholds are known for: name the subjects of the captures, two or more, so that likenesses can be measured"
    )]
    NoSubjects,
    /// An embedding model that doesn't tell people apart.
    #[error(
        "the embedding model does not tell people apart: of one person 1% of the likenesses are below {genuine:.2}, of two people 1% are above {impostor:.2}"
    )]
    Alike {
        /// 1st percentile of genuine likenesses.
        genuine: f64,
        /// 99th percentile of impostors'.
        impostor: f64,
    },
}

/// A share with the upper end of its exact 95% interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    /// How many.
    pub count: usize,
    /// Out of how many.
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

    /// `2 of 40 (5.0%, up to 16.9%)`.
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

/// What was found on a set.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The scale of the anti-spoof score.
    pub scale: Scale,
    /// Its threshold, on that scale.
    pub threshold: f32,
    /// The APCER that was asked for.
    pub target: f64,
    /// Attacks of each instrument species that score the threshold or more.
    pub apcer: BTreeMap<String, Errors>,
    /// Bona fide captures that score less.
    pub bpcer: Errors,
    /// The same, each subject's captures judged by what the others' captures give; `None` where
    /// fewer than two subjects are named.
    pub left_out: Option<Errors>,
    /// Subjects named.
    pub subjects: usize,
}

/// Finds scale and threshold at which no instrument species' APCER is above `target`, 0 to 1.
///
/// `captures` were measured on a scale that leaves scores as they are, at thresholds of parts that keep the
/// distance from `whole` that they are to have.
///
/// # Errors
/// [`CalibrateError`] when the set does not say.
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

/// A capture that was scored.
#[derive(Clone, Copy)]
struct Scored<'a> {
    /// The average, 0 to 1: what is reported.
    score: f32,
    /// The largest threshold at which it passes, 0 to 1.
    deciding: f32,
    /// `None` for a bona fide presentation.
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

/// The thresholds of these models that are known so far, or those of others.
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
        // Where the others alone say nothing, neither do they of this one.
        let (scale, threshold) = find(&others, target).ok()?;
        let errors = refused(&own, scale, threshold);
        all.count += errors.count;
        all.of += errors.of;
    }
    (subjects.len() > 1).then_some(all)
}

impl Calibration {
    /// The operating point for these models: `base`, with the numbers that were found on the set of
    /// this name. Where `base` was never measured with this embedding model, `identity` has to say
    /// how alike faces are.
    ///
    /// # Errors
    /// [`CalibrateError`] when it does not.
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

    /// The thresholds of these models: the one that was found for whole captures, the others as far from it as
    /// in `base`, which knows how much weaker the weakest of more frames are, and at which the captures were judged.
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

    /// What was found, for a file and for people.
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

    /// Whether the set is so small that the true APCER of some species may well be above the target.
    pub fn is_uncertain(&self) -> bool {
        let high = |e: &Errors| of_share(e.count, e.of).map_or(1.0, |i| i.high);
        self.apcer.values().any(|e| high(e) > self.target)
    }
}

#[cfg(test)]
mod tests;
