//! Error rates of presentation attack detection, and of verify as a whole.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::rate::Rate;
use super::{Capture, Case};
use crate::evaluate::statistics::{Det, Point, rounded};
use livegate_api::contract::reason::ReasonCode;

/// Number of ranges into which anti-spoof scores are sorted.
const SCORE_RANGES: usize = 20;
/// Limits of APCER for which the BPCER is reported.
const APCER_LIMITS: [f64; 3] = [0.1, 0.05, 0.01];

/// Error rates of presentation attack detection (ISO/IEC 30107-3), and of verify as a whole.
#[derive(Clone, Debug, Serialize)]
pub struct Pad {
    /// Attacks, by instrument species.
    pub attacks: Vec<AttackRates>,
    /// The species with the highest APCER.
    pub worst: Option<Worst>,
    /// Bona fide presentations.
    pub bona_fide: BonaFideRates,
    /// Error rates at other thresholds of a whole capture; null where attacks or bona fide presentations
    /// are missing.
    pub trade_off: Option<TradeOff>,
    /// Distribution of deciding scores.
    pub scores: Vec<ScoreRange>,
}

/// Error rates of one instrument species.
#[derive(Clone, Debug, Serialize)]
pub struct AttackRates {
    /// The species.
    pub instrument: String,
    /// Number of attack presentations.
    pub presentations: usize,
    /// Share of presentations with a response that is classified as bona fide.
    pub apcer: Rate,
    /// Share without a response.
    pub apnrr: Rate,
    /// Share that verify accepts, of presentations whose actions are listed.
    pub accepted: Rate,
}

/// The species with the highest APCER.
#[derive(Clone, Debug, Serialize)]
pub struct Worst {
    /// The species.
    pub instrument: String,
    /// Its APCER.
    pub apcer: Rate,
}

/// Error rates of bona fide presentations.
#[derive(Clone, Debug, Serialize)]
pub struct BonaFideRates {
    /// Number of bona fide presentations.
    pub presentations: usize,
    /// Share of presentations with a response that is classified as an attack.
    pub bpcer: Rate,
    /// Share without a response.
    pub bpnrr: Rate,
    /// Share that verify rejects, of presentations whose actions are listed.
    pub rejected: Rate,
    /// Number of rejections by reason. One capture can have several reasons.
    pub reasons: BTreeMap<String, usize>,
}

/// Error rates at other thresholds of a whole capture. The thresholds of parts move with it. Evidence of
/// an attack other than scores is left out.
#[derive(Clone, Debug, Serialize)]
pub struct TradeOff {
    /// The threshold at which both error rates are closest, and their mean.
    pub equal_error: EqualError,
    /// The least BPCER for each limit of APCER, which every species must keep.
    pub bpcer_at: Vec<BpcerAt>,
    /// The highest APCER of all species at each threshold.
    pub points: Det,
    /// Each species alone.
    pub instruments: BTreeMap<String, Det>,
}

/// The point where both error rates are closest.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EqualError {
    /// Mean of both rates (D-EER), 0 to 1.
    pub rate: f64,
    /// The rates and their threshold.
    #[serde(flatten)]
    pub point: Point,
}

/// The least BPCER for an APCER within a limit.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BpcerAt {
    /// The limit of APCER, 0 to 1.
    pub most_apcer: f64,
    /// The rates and their threshold.
    #[serde(flatten)]
    pub point: Point,
}

/// Number of captures with deciding scores in a range.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ScoreRange {
    /// Lower end, inclusive.
    pub from: f64,
    /// Upper end, exclusive except in the last range.
    pub to: f64,
    /// Number of bona fide presentations.
    pub bona_fide: usize,
    /// Number of attacks.
    pub attacks: usize,
}

impl Pad {
    /// Sums up the answers for these captures.
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
    /// Every rate with its name. Rates without any trials are left out.
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

/// The species with the highest rate. Among equal rates, the one with the least certain rate.
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

/// For each presentation with a response, whether it is classified as an attack.
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

/// For each presentation that verify judges, whether it is accepted.
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
    /// Reasons of verify's rejections; `None` without rejections.
    pub(super) fn rejected_for(&self) -> Option<String> {
        let each = self.reasons.iter();
        let each: Vec<String> = each.map(|(code, n)| format!("{code} ({n})")).collect();
        (!each.is_empty()).then(|| format!("Bona fide rejected for: {}", each.join(", ")))
    }
}

/// The API's name of a reason.
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
