//! The report as text for a terminal.

use comfy_table::{CellAlignment, Table, presets};
use livegate_liveness::sampling::Sampling;

use super::pad::TradeOff;
use super::words::{degrees, number, percent, range, share};
use super::{ActionRates, Identity, Measures, Pad, PoseErrors, Rate, Report};
use crate::evaluate::statistics::Distribution;

impl Report {
    /// Tables of all rates, with their 95% intervals.
    pub fn to_text(&self) -> String {
        let (measures, point) = (&self.overall, &self.operating_point);
        let mut parts = vec![format!(
            "{}\n{} captures of {} named subjects; anti-spoof threshold {:.2}.\n\
             Intervals are exact 95% intervals for independent captures: of few subjects less is known.",
            self.set.name,
            measures.captures,
            measures.subjects,
            point.pad.threshold(Sampling::Chosen)
        )];
        parts.extend(sections(measures));
        for group in &self.groups {
            let measures = &group.measures;
            parts.push(format!(
                "== Only {}: {}\n{} captures of {} named subjects.",
                group.name, group.value, measures.captures, measures.subjects
            ));
            parts.extend(sections(measures));
        }
        parts.join("\n\n") + "\n"
    }
}

fn sections(measures: &Measures) -> Vec<String> {
    let mut sections = vec![presentations(&measures.pad)];
    sections.extend(measures.pad.trade_off.as_ref().map(trade_off));
    if !measures.actions.is_empty() {
        sections.push(actions(&measures.actions));
    }
    sections.extend(measures.pose.as_ref().map(pose));
    sections.extend(identity(&measures.identity));
    sections
}

fn presentations(pad: &Pad) -> String {
    let mut rows = table(["", "rate", "95% interval", "captures", "subjects"]);
    for (name, rate) in pad.rates() {
        rows.add_row(row(name, &rate));
    }
    match pad.bona_fide.rejected_for() {
        Some(reasons) => format!("{rows}\n{reasons}"),
        None => rows.to_string(),
    }
}

fn trade_off(trade_off: &TradeOff) -> String {
    let equal = trade_off.equal_error;
    let mut rows = table(["other thresholds", "threshold", "worst APCER", "BPCER"]);
    let name = format!("equal error rate {}", percent(equal.rate));
    let limits = trade_off.bpcer_at.iter();
    let limits = limits.map(|at| {
        (
            format!("APCER of at most {}", percent(at.most_apcer)),
            at.point,
        )
    });
    for (name, point) in [(name, equal.point)].into_iter().chain(limits) {
        let threshold = format!("{:.3}", point.threshold);
        rows.add_row([name, threshold, percent(point.apcer), percent(point.bpcer)]);
    }
    rows.to_string()
}

fn actions(actions: &[ActionRates]) -> String {
    let mut rows = table([
        "action",
        "seen",
        "95% interval",
        "shown",
        "subjects",
        "false/min",
        "95% interval",
        "minutes",
    ]);
    for action in actions {
        let mut cells = row(action.action.clone(), &action.hits);
        let hits = &action.false_hits;
        cells.push(number(hits.per_minute));
        cells.push(range(hits.low, hits.high, |v| number(Some(v))));
        cells.push(format!("{:.1}", hits.minutes));
        rows.add_row(cells);
    }
    rows.to_string()
}

fn pose(pose: &PoseErrors) -> String {
    let mut rows = table(["pose, degrees", "mean error", "bias", "95% within"]);
    for (name, angle) in [("yaw", pose.yaw), ("pitch", pose.pitch)] {
        let numbers = [angle.mean_absolute, angle.bias, angle.p95_absolute];
        let [mean, bias, p95] = numbers.map(degrees);
        rows.add_row([name.to_owned(), mean, bias, p95]);
    }
    format!(
        "{rows}\n{} poses of {} named subjects; no face in {} more.",
        pose.measured, pose.subjects, pose.unmeasured
    )
}

fn identity(identity: &Identity) -> Option<String> {
    let mut rows = table([
        "likeness to frontal faces",
        "",
        "n",
        "1%",
        "5%",
        "median",
        "95%",
        "99%",
    ]);
    if let Some(kinds) = rows.column_mut(1) {
        kinds.set_cell_alignment(CellAlignment::Left);
    }
    for pose in &identity.poses {
        let known = pose
            .kinds()
            .into_iter()
            .filter_map(|(kind, d)| Some((kind, d?)));
        for (index, (kind, d)) in known.enumerate() {
            let Distribution {
                n,
                p1,
                p5,
                median,
                p95,
                p99,
                ..
            } = d;
            let name = if index == 0 { pose.pose.words() } else { "" };
            let mut cells = vec![name.to_owned(), kind.to_owned(), n.to_string()];
            cells.extend([p1, p5, median, p95, p99].map(|v| number(Some(v))));
            rows.add_row(cells);
        }
    }
    (!rows.is_empty()).then(|| {
        format!(
            "{rows}\n{} of {} pairs of captures were compared.",
            identity.pairs_compared, identity.pairs_possible
        )
    })
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn row(name: String, rate: &Rate) -> Vec<String> {
    vec![
        name,
        share(rate.rate),
        range(rate.low, rate.high, percent),
        format!("{} of {}", rate.count, rate.of),
        rate.subjects.to_string(),
    ]
}
