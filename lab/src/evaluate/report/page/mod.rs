//! The report as one self-contained HTML page.

mod tables;

use livegate_liveness::sampling::Sampling;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::plots::{self, Plot};
use super::words::{percent, range};
use super::{Measures, Rate, Report};

const STYLE: &str = include_str!("page.css");

impl Report {
    /// The report as an HTML page.
    pub fn to_html(&self) -> String {
        let (set, point) = (&self.set, &self.operating_point);
        let overall = &self.overall;
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { "Evaluation: " (set.name) }
                    style { (PreEscaped(STYLE)) (PreEscaped(plots::STYLE)) }
                }
                body {
                    header {
                        h1 { "Evaluation: " (set.name) }
                        @if let Some(description) = &set.description { p { (description) } }
                        p.muted {
                            (overall.captures) " captures of " (overall.subjects) " named subjects; anti-spoof threshold "
                            (point.pad.threshold(Sampling::Chosen)) "; livegate " (point.version) "."
                        }
                        p.muted {
                            "Terms are those of ISO/IEC 30107-3. Intervals are exact 95% intervals for independent captures: "
                            "captures of one subject, or made with one instrument, are alike, so that of few subjects less is known "
                            "than an interval says."
                        }
                    }
                    (tiles(overall))
                    (self.sections(overall))
                    @for group in &self.groups {
                        h2 { "Only " (group.name) ": " (group.value) }
                        p.muted { (group.measures.captures) " captures of " (group.measures.subjects) " named subjects." }
                        (self.sections(&group.measures))
                    }
                    h2 { "Captures" }
                    div.card { (tables::captures(&self.captures)) }
                    h2 { "Operating point" }
                    div.card { (tables::thresholds(point)) }
                    div.card { (tables::models(point)) }
                }
            }
        };
        page.into_string()
    }

    /// The plots over all captures, with their file names.
    pub fn plots(&self) -> Vec<(&'static str, String)> {
        let measures = &self.overall;
        let named = [
            ("rates.svg", plots::intervals(RATES, &measures.pad.rates())),
            ("det.svg", plots::det(&measures.pad)),
            ("scores.svg", Some(self.scores(measures))),
            ("actions.svg", plots::intervals(HITS, &hits(measures))),
            ("likeness.svg", plots::likeness(&measures.identity)),
        ];
        let files = named.into_iter();
        files
            .filter_map(|(name, plot)| Some((name, plot?.standalone())))
            .collect()
    }

    fn scores(&self, measures: &Measures) -> Plot {
        plots::scores(
            &measures.pad.scores,
            self.operating_point.pad.threshold(Sampling::Chosen),
        )
    }

    fn sections(&self, measures: &Measures) -> Markup {
        let Measures {
            pad,
            actions,
            pose,
            identity,
            ..
        } = measures;
        html! {
            div.card {
                h3 { "Presentation attack detection" }
                p.muted {
                    "APCER and BPCER are shares of the presentations with a response, non-response rates (APNRR, BPNRR) "
                    "of all. Accepted and rejected are answers of verify as a whole, where the actions are known."
                }
                (tables::rates(&pad.rates()))
                @if let Some(reasons) = pad.bona_fide.rejected_for() { p { (reasons) } }
                (figure(plots::intervals(RATES, &pad.rates())))
            }
            div.card {
                h3 { "Other thresholds of the anti-spoof score" }
                @match &pad.trade_off {
                    Some(trade_off) => (tables::trade_off(trade_off)),
                    None => p { "That takes attacks and bona fide presentations." },
                }
                @if let Some(plot) = plots::det(pad) {
                    (plot.inline())
                    p.muted { "On the edges lie rates below 0.5% and above 90%." }
                }
                (figure(Some(self.scores(measures))))
            }
            @if !actions.is_empty() {
                div.card {
                    h3 { "Actions" }
                    p.muted {
                        "What a live session sees: where an action is shown, and where it is known not to be."
                    }
                    (tables::actions(actions))
                    (figure(plots::intervals(HITS, &hits(measures))))
                }
            }
            @if let Some(pose) = pose {
                div.card { h3 { "Pose" } (tables::pose(pose)) }
            }
            @if let Some(plot) = plots::likeness(identity) {
                div.card {
                    h3 { "Identity" }
                    p.muted {
                        "Cosines of embeddings with the mean of frontal faces. " (identity.pairs_compared) " of "
                        (identity.pairs_possible) " pairs of captures were compared."
                        @if identity.pairs_compared < identity.pairs_possible {
                            " The others were measured in different runs; --restart compares all of them."
                        }
                    }
                    (tables::likeness(identity))
                    (plot.inline())
                }
            }
        }
    }
}

const RATES: &str = "Error rates and their 95% intervals";
const HITS: &str = "Share of the listed actions that is seen";

fn hits(measures: &Measures) -> Vec<(String, Rate)> {
    let actions = measures.actions.iter();
    actions.map(|a| (a.action.clone(), a.hits)).collect()
}

fn figure(plot: Option<Plot>) -> Markup {
    html! { @if let Some(plot) = plot { (plot.inline()) } }
}

/// The most important numbers.
fn tiles(measures: &Measures) -> Markup {
    let pad = &measures.pad;
    let tile = |name: &str, rate: Option<&Rate>, note: &str| {
        html! {
            @if let Some((rate, share)) = rate.and_then(|r| Some((r, r.rate?))) {
                div.tile {
                    span { (name) }
                    strong { (percent(share)) }
                    span.muted { (range(rate.low, rate.high, percent)) }
                    span.muted { (rate.count) " of " (rate.of) (note) }
                }
            }
        }
    };
    let instrument = pad
        .worst
        .as_ref()
        .map_or(String::new(), |w| format!(", {}", w.instrument));
    html! {
        div.tiles {
            (tile("Worst APCER", pad.worst.as_ref().map(|w| &w.apcer), &instrument))
            (tile("BPCER", Some(&pad.bona_fide.bpcer), ""))
            (tile("BPNRR", Some(&pad.bona_fide.bpnrr), ""))
            (tile("Bona fide rejected by verify", Some(&pad.bona_fide.rejected), ""))
        }
    }
}
