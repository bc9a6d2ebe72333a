//! Error rates of presentation attack detection, and of verify as a whole.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::rate::Rate;
use super::{Capture, Case};
use crate::evaluate::statistics::{Det, Point, rounded};
use livegate_api::contract::reason::ReasonCode;

/// Ranges into which anti-spoof scores are sorted.
const SCORE_RANGES: usize = 20;
/// APCER at which BPCER is told.
const APCER_LIMITS: [f64; 3] = [0.1, 0.05, 0.01];

/// Error rates of presentation attack detection (ISO/IEC 30107-3), and of verify as a whole.
#[derive(Clone, Debug, Serialize)]
pub struct Pad {
    /// Attacks, by the species of their instrument.
    pub attacks: Vec<AttackRates>,
    /// The species of the highest APCER.
    pub worst: Option<Worst>,
    /// Bona fide presentations.
    pub bona_fide: BonaFideRates,
    /// What other thresholds of a whole capture would have given; null where attacks or bona
    /// fide presentations are missing.
    pub trade_off: Option<TradeOff>,
    /// How many captures have which deciding score.
    pub scores: Vec<ScoreRange>,
}

/// Attacks by instruments of one species.
#[derive(Clone, Debug, Serialize)]
pub struct AttackRates {
    /// The species.
    pub instrument: String,
    /// Attack presentations.
    pub presentations: usize,
    /// Share of those with a response that is classified as bona fide.
    pub apcer: Rate,
    /// Share without a response.
    pub apnrr: Rate,
    /// Share that verify accepts, of those whose actions are listed.
    pub accepted: Rate,
}

/// The species of the highest APCER.
#[derive(Clone, Debug, Serialize)]
pub struct Worst {
    /// The species.
    pub instrument: String,
    /// Its APCER.
    pub apcer: Rate,
}

/// Bona fide presentations.
#[derive(Clone, Debug, Serialize)]
pub struct BonaFideRates {
    /// Bona fide presentations.
    pub presentations: usize,
    /// Share of those with a response that is classified as an attack.
    pub bpcer: Rate,
    /// Share without a response.
    pub bpnrr: Rate,
    /// Share that verify rejects, of those whose actions are listed.
    pub rejected: Rate,
    /// How many it rejects for which reason; one capture can have several.
    pub reasons: BTreeMap<String, usize>,
}

/// What other thresholds of a whole capture would have given, those of its parts moving along. Other
/// evidence of an attack is left out.
#[derive(Clone, Debug, Serialize)]
pub struct TradeOff {
    /// The threshold at which both error rates are closest, and their mean.
    pub equal_error: EqualError,
    /// The least BPCER for an APCER within a limit, of the species that needs the most.
    pub bpcer_at: Vec<BpcerAt>,
    /// The species of the highest APCER at each threshold.
    pub points: Det,
    /// Each species alone.
    pub instruments: BTreeMap<String, Det>,
}

/// Where both error rates are closest.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EqualError {
    /// The mean of both (D-EER).
    pub rate: f64,
    /// The rates and their threshold.
    #[serde(flatten)]
    pub point: Point,
}

/// The least BPCER for an APCER within a limit.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BpcerAt {
    /// The limit.
    pub most_apcer: f64,
    /// The rates and their threshold.
    #[serde(flatten)]
    pub point: Point,
}

/// Captures with deciding scores in a range.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ScoreRange {
    /// From here.
    pub from: f64,
    /// To here, exclusively but for the last range.
    pub to: f64,
    /// Bona fide presentations.
    pub bona_fide: usize,
    /// Attacks.
    pub attacks: usize,
}

impl Pad {
    pub(super) fn of(cases: &[Case]) -> Self {
        let bona_fide: Vec<Case> = with(cases, Capture::is_bona_fide);
        let instruments: BTreeSet<&str> = cases
            .iter()
            .filter_map(|c| c.capture.instrument())
            .collect();
        let by_instrument: Vec<(&str, Vec<Case>)> = instruments
            .into_iter()
            .map(|name| {
                (
                    name,
                    with(cases, |capture| capture.instrument() == Some(name)),
                )
            })
            .collect();
        let attacks: Vec<AttackRates> = by_instrument
            .iter()
            .map(|(name, attacks)| AttackRates::of(name, attacks))
            .collect();
        Self {
            worst: worst(&attacks),
            attacks,
            trade_off: TradeOff::of(&by_instrument, &bona_fide),
            scores: score_ranges(cases),
            bona_fide: BonaFideRates::of(&bona_fide),
        }
    }
}

impl Pad {
    /// Every rate with its name, without those of which nothing was counted.
    pub(super) fn rates(&self) -> Vec<(String, Rate)> {
        let mut rates = Vec::new();
        for attack in &self.attacks {
            let name = &attack.instrument;
            rates.push((format!("APCER {name}"), attack.apcer));
            rates.push((format!("APNRR {name}"), attack.apnrr));
            rates.push((format!("accepted {name}"), attack.accepted));
        }
        rates.push(("BPCER".to_owned(), self.bona_fide.bpcer));
        rates.push(("BPNRR".to_owned(), self.bona_fide.bpnrr));
        rates.push(("rejected bona fide".to_owned(), self.bona_fide.rejected));
        rates.retain(|(_, rate)| rate.of > 0);
        rates
    }
}

fn with<'a>(cases: &[Case<'a>], is_wanted: impl Fn(&Capture) -> bool) -> Vec<Case<'a>> {
    let wanted = cases.iter().filter(|case| is_wanted(case.capture));
    wanted.copied().collect()
}

/// The highest rate; of several the one of which the least is known.
fn worst(attacks: &[AttackRates]) -> Option<Worst> {
    let measured = attacks.iter().filter(|a| a.apcer.rate.is_some());
    let key = |a: &AttackRates| (a.apcer.rate.unwrap_or(0.0), a.apcer.high.unwrap_or(1.0));
    let worst = measured.max_by(|a, b| {
        let ((a, a_high), (b, b_high)) = (key(a), key(b));
        a.total_cmp(&b).then(a_high.total_cmp(&b_high))
    })?;
    Some(Worst {
        instrument: worst.instrument.clone(),
        apcer: worst.apcer,
    })
}

/// Of those with a response, whether each is classified as an attack.
fn classified<'a>(cases: &[Case<'a>]) -> impl Iterator<Item = (&'a Capture, bool)> {
    cases
        .iter()
        .filter_map(|c| Some((c.capture, c.measured.response.as_attack()?)))
}

fn non_response(cases: &[Case]) -> Rate {
    Rate::of(
        cases
            .iter()
            .map(|c| (c.capture, c.measured.response.score().is_none())),
    )
}

/// Of those that verify judges, whether each is accepted.
fn decided<'a>(cases: &[Case<'a>]) -> impl Iterator<Item = (&'a Capture, bool)> {
    cases
        .iter()
        .filter_map(|c| Some((c.capture, c.measured.decision.as_ref()?.accepted)))
}

impl AttackRates {
    fn of(instrument: &str, attacks: &[Case]) -> Self {
        Self {
            instrument: instrument.to_owned(),
            presentations: attacks.len(),
            apcer: Rate::of(classified(attacks).map(|(c, as_attack)| (c, !as_attack))),
            apnrr: non_response(attacks),
            accepted: Rate::of(decided(attacks)),
        }
    }
}

impl BonaFideRates {
    fn of(bona_fide: &[Case]) -> Self {
        let mut reasons = BTreeMap::new();
        let decisions = bona_fide
            .iter()
            .filter_map(|c| c.measured.decision.as_ref());
        for reason in decisions.flat_map(|d| &d.reasons) {
            *reasons.entry(code(*reason)).or_default() += 1;
        }
        Self {
            presentations: bona_fide.len(),
            bpcer: Rate::of(classified(bona_fide)),
            bpnrr: non_response(bona_fide),
            rejected: Rate::of(decided(bona_fide).map(|(c, accepted)| (c, !accepted))),
            reasons,
        }
    }
}

impl BonaFideRates {
    /// Why verify rejects them; `None` where it rejects none.
    pub(super) fn rejected_for(&self) -> Option<String> {
        let each = self.reasons.iter();
        let each: Vec<String> = each.map(|(code, n)| format!("{code} ({n})")).collect();
        (!each.is_empty()).then(|| format!("Bona fide rejected for: {}", each.join(", ")))
    }
}

/// A reason as the API names it.
pub(super) fn code(reason: ReasonCode) -> String {
    match serde_json::to_value(reason) {
        Ok(serde_json::Value::String(code)) => code,
        Ok(_) | Err(_) => String::new(),
    }
}

impl TradeOff {
    fn of(attacks: &[(&str, Vec<Case>)], bona_fide: &[Case]) -> Option<Self> {
        let scores = |cases: &[Case]| -> Vec<f64> {
            cases
                .iter()
                .filter_map(|c| c.measured.response.deciding())
                .collect()
        };
        let bona_fide = scores(bona_fide);
        let attacks: Vec<(&str, Vec<f64>)> = attacks
            .iter()
            .map(|(name, cases)| (*name, scores(cases)))
            .collect();
        let all: Vec<Vec<f64>> = attacks.iter().map(|(_, scores)| scores.clone()).collect();
        let points = Det::of(&all, &bona_fide)?;
        let alone = |(name, scores): &(&str, Vec<f64>)| {
            let det = Det::of(std::slice::from_ref(scores), &bona_fide)?;
            Some(((*name).to_owned(), det))
        };
        let equal = points.equal_error()?;
        let bpcer_at = |most_apcer: &f64| {
            let (most_apcer, point) = (*most_apcer, points.at_apcer(*most_apcer)?);
            Some(BpcerAt { most_apcer, point })
        };
        Some(Self {
            equal_error: EqualError {
                rate: rounded((equal.apcer + equal.bpcer) / 2.0),
                point: equal,
            },
            bpcer_at: APCER_LIMITS.iter().filter_map(bpcer_at).collect(),
            instruments: attacks.iter().filter_map(alone).collect(),
            points,
        })
    }
}

fn score_ranges(cases: &[Case]) -> Vec<ScoreRange> {
    #[expect(clippy::cast_precision_loss, reason = "twenty")]
    let edge = |n: usize| n as f64 / SCORE_RANGES as f64;
    let mut ranges: Vec<ScoreRange> = (0..SCORE_RANGES)
        .map(|n| ScoreRange {
            from: edge(n),
            to: edge(n + 1),
            bona_fide: 0,
            attacks: 0,
        })
        .collect();
    for case in cases {
        let Some(score) = case.measured.response.deciding() else {
            continue;
        };
        let above = ranges.iter().position(|range| score < range.to);
        let Some(range) = ranges.get_mut(above.unwrap_or(SCORE_RANGES - 1)) else {
            continue;
        };
        if case.capture.is_bona_fide() {
            range.bona_fide += 1;
        } else {
            range.attacks += 1;
        }
    }
    ranges
}
