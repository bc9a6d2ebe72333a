//! The page's tables.

use maud::{Markup, html};

use crate::evaluate::Setting;
use crate::evaluate::report::identity::PoseLikeness;
use crate::evaluate::report::pad::{TradeOff, code};
use crate::evaluate::report::pose::AngleError;
use crate::evaluate::report::rows::CaptureRow;
use crate::evaluate::report::words::{degrees, number, percent, range, share};
use crate::evaluate::report::{ActionRates, Identity, PoseErrors, Rate};
use crate::evaluate::statistics::Distribution;
use livegate_api::contract::reason::ReasonCode;

fn head(columns: &[&str]) -> Markup {
    html! { thead { tr { @for column in columns { th scope="col" { (column) } } } } }
}

/// Table of rates with their intervals.
pub(super) fn rates(rates: &[(String, Rate)]) -> Markup {
    html! {
        table {
            (head(&["", "rate", "95% interval", "captures", "named subjects"]))
            tbody {
                @for (name, rate) in rates {
                    tr { th scope="row" { (name) } (rate_cells(rate)) }
                }
            }
        }
    }
}

fn rate_cells(rate: &Rate) -> Markup {
    html! {
        td { (share(rate.rate)) }
        td { (range(rate.low, rate.high, percent)) }
        td { (rate.count) " of " (rate.of) }
        td { (rate.subjects) }
    }
}

/// Table of error rates at other thresholds.
pub(super) fn trade_off(trade_off: &TradeOff) -> Markup {
    let equal = trade_off.equal_error;
    html! {
        table {
            (head(&["", "threshold", "worst APCER", "BPCER"]))
            tbody {
                tr {
                    th scope="row" { "equal error rate " (percent(equal.rate)) }
                    td { (format!("{:.3}", equal.point.threshold)) }
                    td { (percent(equal.point.apcer)) }
                    td { (percent(equal.point.bpcer)) }
                }
                @for at in &trade_off.bpcer_at {
                    tr {
                        th scope="row" { "APCER of at most " (percent(at.most_apcer)) }
                        td { (format!("{:.3}", at.point.threshold)) }
                        td { (percent(at.point.apcer)) }
                        td { (percent(at.point.bpcer)) }
                    }
                }
            }
        }
    }
}

/// Table of detected actions and false hits.
pub(super) fn actions(actions: &[ActionRates]) -> Markup {
    html! {
        table {
            (head(&["", "seen", "95% interval", "shown", "named subjects", "false a minute", "95% interval", "in minutes"]))
            tbody {
                @for action in actions {
                    @let hits = &action.false_hits;
                    tr {
                        th scope="row" { (action.action) }
                        (rate_cells(&action.hits))
                        td { (number(hits.per_minute)) }
                        td { (range(hits.low, hits.high, |v| number(Some(v)))) }
                        td { (format!("{:.1}", hits.minutes)) }
                    }
                }
            }
        }
    }
}

/// Table of the errors of poses.
pub(super) fn pose(pose: &PoseErrors) -> Markup {
    let row = |name: &str, angle: &AngleError| {
        html! {
            tr {
                th scope="row" { (name) }
                td { (degrees(angle.mean_absolute)) }
                td { (degrees(angle.bias)) }
                td { (degrees(angle.p95_absolute)) }
            }
        }
    };
    html! {
        table {
            caption {
                (pose.measured) " poses of " (pose.subjects) " named subjects; no face in " (pose.unmeasured) " more. Degrees."
            }
            (head(&["", "mean absolute error", "bias", "95% within"]))
            tbody { (row("yaw", &pose.yaw)) (row("pitch", &pose.pitch)) }
        }
    }
}

/// Table of likenesses by pose.
pub(super) fn likeness(identity: &Identity) -> Markup {
    html! {
        table {
            (head(&["pose", "", "comparisons", "1%", "5%", "median", "95%", "99%"]))
            tbody { @for pose in &identity.poses { (likeness_rows(pose)) } }
        }
    }
}

fn likeness_rows(pose: &PoseLikeness) -> Markup {
    let rows = pose
        .kinds()
        .into_iter()
        .filter_map(|(kind, d)| Some((kind, d?)));
    html! {
        @for (index, (kind, Distribution { n, p1, p5, median, p95, p99, .. })) in rows.enumerate() {
            tr {
                th scope="row" { @if index == 0 { (pose.pose.words()) } }
                td.words { (kind) }
                td { (n) }
                @for value in [p1, p5, median, p95, p99] { td { (number(Some(value))) } }
            }
        }
    }
}

/// Table of all captures.
pub(super) fn captures(rows: &[CaptureRow]) -> Markup {
    html! {
        table.dense {
            (head(&["medium", "label", "subject", "faces", "mean score", "deciding", "classified as", "verify", "actions seen", "false hits"]))
            tbody { @for row in rows { (capture(row)) } }
        }
    }
}

fn capture(row: &CaptureRow) -> Markup {
    let seen = row.actions.iter().filter(|a| a.seen_ms.is_some()).count();
    let classified = match row.classified_as_attack {
        None => row.no_response.as_deref().unwrap_or("no response"),
        Some(true) => "attack",
        Some(false) => "bona fide",
    };
    let reasons = |codes: &[ReasonCode]| -> String {
        let codes: Vec<String> = codes.iter().map(|c| code(*c)).collect();
        codes.join(", ")
    };
    html! {
        tr {
            th scope="row" { (row.media) }
            td.words { @match &row.instrument { Some(name) => { "attack: " (name) }, None => "bona fide" } }
            td.words { @if let Some(subject) = &row.subject { (subject) } }
            td { (row.frames_with_face) " of " (row.frames) }
            td { (number(row.score)) }
            td { (number(row.deciding_score)) }
            td.words {
                (classified)
                @if !row.evidence.is_empty() { ": " (row.evidence.join(", ")) }
            }
            td.words {
                @match &row.decision {
                    None => "",
                    Some(decision) if decision.accepted => "accepted",
                    Some(decision) => { (reasons(&decision.reasons)) },
                }
            }
            td { @if !row.actions.is_empty() { (seen) " of " (row.actions.len()) } }
            td { (row.false_hits.len()) }
        }
    }
}

/// Table of the thresholds.
pub(super) fn thresholds(point: &Setting) -> Markup {
    let fields = |value: serde_json::Result<serde_json::Value>| match value {
        Ok(serde_json::Value::Object(fields)) => fields,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    let mut all = fields(serde_json::to_value(&point.thresholds));
    all.extend(fields(serde_json::to_value(point.angles)));
    let shown = |value: &serde_json::Value| match value.as_f64() {
        Some(number) => format!("{}", (number * 1e4).round() / 1e4),
        None => value.to_string(),
    };
    html! {
        table {
            (head(&["threshold", "value", "unit", "source"]))
            tbody {
                @for (name, value) in &all {
                    @let from = point.provenance.get(name);
                    tr {
                        th scope="row" { (name) }
                        td { (shown(value)) }
                        td.words { (from.map_or("", |p| p.unit.as_str())) }
                        td.words { (from.map_or("of the command line", |p| p.source.as_str())) }
                    }
                }
            }
        }
    }
}

/// Table of the model files.
pub(super) fn models(point: &Setting) -> Markup {
    html! {
        table {
            (head(&["model", "sha256"]))
            tbody {
                @for model in &point.models {
                    tr { th scope="row" { (model.name) } td.words { code { (model.sha256) } } }
                }
            }
        }
    }
}
