//! Plot of rates with their intervals, one below the other.

use maud::html;

use super::{BELOW, LINE, Plot, RIGHT, Scale, WIDTH, axes, horizontal, percents, pixel};
use crate::evaluate::report::Rate;

/// Width for names at the left, pixels.
const NAMES: f64 = 190.0;
/// Height of a row, pixels.
const ROW: f64 = 26.0;

/// Plots these rates and their 95% intervals; `None` when there are no trials.
pub fn intervals(title: &str, rates: &[(String, Rate)]) -> Option<Plot> {
    let known: Vec<(&str, &Rate, f64, f64, f64)> = rates
        .iter()
        .filter_map(|(name, rate)| Some((name.as_str(), rate, rate.rate?, rate.low?, rate.high?)))
        .collect();
    if known.is_empty() {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "some rows")]
    let rows = |n: usize| 10.0 + ROW * n as f64;
    let bottom = rows(known.len());
    let x = Scale::linear((0.0, 1.0), (NAMES, WIDTH - RIGHT));
    let y = Scale::linear((0.0, 1.0), (bottom, 10.0));
    let ticks = percents(&[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
    let content = html! {
        (axes(&x, &ticks, "share, with its exact 95% interval", &y, &[], ""))
        @for (row, (name, rate, share, low, high)) in known.iter().enumerate() {
            @let middle = pixel(rows(row) + ROW / 2.0);
            g {
                title { (name) ": " (rate.count) " of " (rate.of) }
                text text-anchor="end" x=(NAMES - 12.0) y=(middle + 4.5) { (name) }
                path.interval d=(horizontal(x.at(*low), x.at(*high), middle)) {}
                circle.dot cx=(x.at(*share)) cy=(middle) r="6" {}
            }
        }
    };
    Some(Plot {
        title: title.to_owned(),
        height: bottom + BELOW + LINE / 4.0,
        content,
    })
}
