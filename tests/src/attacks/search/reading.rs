//! Score of an answer: how near it is to being accepted. An attacker climbs on it.

use serde_json::Value;

use crate::attacks::lab::{Answered, Outcome};

/// Score of an accepted presentation.
pub const ACCEPTED: f64 = 100.0;
/// Number of failed checks that a check counts for when it hides all others, whose results are then
/// unknown.
const HIDDEN_CHECKS: f64 = 3.0;

/// An answer, as an attacker reads it.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Whether it was accepted.
    pub accepted: bool,
    /// Larger is nearer to being accepted.
    pub score: f64,
    /// The result of the presentation.
    pub outcome: Outcome,
}

impl Reading {
    /// Reads an answer.
    pub fn of(answered: &Answered) -> Self {
        let body = &answered.body;
        if !answered.is_over {
            let remaining = body["challenges_remaining"].as_f64().unwrap_or(1.0);
            return Self {
                accepted: false,
                score: -HIDDEN_CHECKS - 2.0 * remaining,
                outcome: Outcome {
                    said: vec!["not_passed".to_owned()],
                    ..Outcome::default()
                },
            };
        }
        let accepted = answered.is_accepted();
        Self {
            accepted,
            score: if accepted { ACCEPTED } else { rejected(body) },
            outcome: answered.outcome(),
        }
    }
}

/// Score of a rejection: each failed check subtracts one, and up to one more the further it failed. The
/// average anti-spoof score adds up to a half.
fn rejected(body: &Value) -> f64 {
    let details = &body["rejection_details"];
    let number = |field: &str| details[field].as_f64();
    let average = body["anti_spoof_avg_score"].as_f64().unwrap_or(0.0);
    let mut failed: Vec<f64> = Vec::new();
    if let (Some(measured), Some(required)) =
        (number("same_person_score"), number("same_person_threshold"))
    {
        failed.push(shortfall(measured, required));
    }
    for evidence in details["evidence"].as_array().into_iter().flatten() {
        let number = |field: &str| evidence[field].as_f64();
        let (measured, required) = (number("measured"), number("required"));
        let how_far = measured.zip(required).map_or(1.0, |(measured, required)| {
            if evidence["name"] == "weakest_part" {
                of_scores(measured, required)
            } else {
                shortfall(measured, required)
            }
        });
        failed.push(how_far);
    }
    for action in details["failed_actions"].as_array().into_iter().flatten() {
        let number = |field: &str| action[field].as_f64();
        let how_far = number("measured").zip(number("required"));
        failed.push(how_far.map_or(1.0, |(m, r)| shortfall(m, r)));
    }
    let mut score = 0.5 * average - failed.iter().map(|f| 1.0 + f).sum::<f64>();
    if let (Some(measured), Some(required)) =
        (number("face_detection_ratio"), number("required_ratio"))
    {
        score -= 1.0 + shortfall(measured, required);
        if failed.is_empty() {
            score -= HIDDEN_CHECKS;
        }
    }
    score
}

/// Distance of a number from the required one, on either side of it: 0 (met) to 1.
fn shortfall(measured: f64, required: f64) -> f64 {
    if measured > required {
        // A required count may be 0.
        (measured - required) / (measured + 2.0 * required.abs()).max(1.0)
    } else {
        (required - measured) / required.abs().max(0.1)
    }
    .clamp(0.0, 1.0)
}

/// Distance of a score from the required one, by their log-odds, so that 0.01 is nearer than 0.0001.
fn of_scores(measured: f64, required: f64) -> f64 {
    let odds = |score: f64| {
        let score = score.clamp(0.0001, 0.9999);
        (score / (1.0 - score)).ln()
    };
    ((odds(required) - odds(measured)) / 10.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn score(details: Value) -> f64 {
        rejected(&json!({ "anti_spoof_avg_score": 0.5, "rejection_details": details }))
    }

    fn weakest(measured: f64) -> Value {
        json!({ "evidence": [{ "name": "weakest_part", "measured": measured, "required": 0.5 }] })
    }

    #[test]
    fn nearer_is_better_and_fewer_is_better_still() {
        assert!(score(weakest(0.01)) > score(weakest(0.001)));
        assert!(score(weakest(0.49)) > score(weakest(0.01)));
        let two = json!({
            "evidence": [
                { "name": "weakest_part", "measured": 0.49, "required": 0.5 },
                { "name": "repeated_pictures", "measured": 1.0, "required": 0.0 },
            ],
        });
        assert!(score(weakest(0.0)) > score(two));
    }

    #[test]
    fn more_than_allowed_is_as_far_as_less_than_needed() {
        assert!(shortfall(4.0, 1.0) > shortfall(2.0, 1.0));
        assert!(shortfall(0.1, 0.4) > shortfall(0.3, 0.4));
        assert!(shortfall(0.4, 0.4).abs() < 1e-9);
    }

    #[test]
    fn a_capture_without_a_face_is_no_progress() {
        let none = json!({ "face_detection_ratio": 0.6, "required_ratio": 0.7 });
        assert!(score(none) < score(weakest(0.0001)));
    }
}
