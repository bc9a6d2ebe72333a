//! Plots as SVG, for the page and as files of their own.

mod det;
mod intervals;
mod likeness;
mod scores;

use maud::{Markup, PreEscaped, html};
use statrs::distribution::{ContinuousCDF, Normal};

pub(super) use self::det::det;
pub(super) use self::intervals::intervals;
pub(super) use self::likeness::likeness;
pub(super) use self::scores::scores;

/// Style of plots, for light and dark screens and for paper.
pub(super) const STYLE: &str = include_str!("plots.css");

/// Width left of the data, for the labels of its axis. All of these lengths are in pixels.
const LEFT: f64 = 64.0;
/// Width right of the data.
const RIGHT: f64 = 20.0;
/// Height below the data, for the labels of its axis.
const BELOW: f64 = 52.0;
/// Height of a line of text.
const LINE: f64 = 18.0;
/// Length of the cap at the end of an interval.
const CAP: f64 = 10.0;
/// Width of every plot.
const WIDTH: f64 = 640.0;

/// A plot.
pub(super) struct Plot {
    /// One sentence that says what the plot shows.
    title: String,
    height: f64,
    content: Markup,
}

impl Plot {
    /// The plot as part of a page that includes [`STYLE`].
    pub fn inline(&self) -> Markup {
        self.markup(html! {})
    }

    /// The plot as an SVG file of its own.
    pub fn standalone(&self) -> String {
        self.markup(html! { style { (PreEscaped(STYLE)) } })
            .into_string()
    }

    fn markup(&self, style: Markup) -> Markup {
        let (title, size) = (&self.title, format!("0 0 {WIDTH} {}", self.height));
        html! {
            svg.plot xmlns="http://www.w3.org/2000/svg" viewBox=(size) role="img" aria-label=(title) {
                title { (title) }
                (style)
                rect.ground width=(WIDTH) height=(self.height) {}
                (self.content)
            }
        }
    }
}

/// Mapping from values to positions in the picture.
struct Scale {
    /// The least value and its position, and the largest value and its position, pixels.
    ends: [(f64, f64); 2],
    spread: fn(f64) -> f64,
}

impl Scale {
    /// A linear scale.
    fn linear(values: (f64, f64), pixels: (f64, f64)) -> Self {
        Self {
            ends: [(values.0, pixels.0), (values.1, pixels.1)],
            spread: |value| value,
        }
    }

    /// A scale of normal deviates, by which error rates are plotted (ISO/IEC 19795-1): the scores of two
    /// normal distributions give a straight line.
    fn normal_deviate(values: (f64, f64), pixels: (f64, f64)) -> Self {
        Self {
            spread: |share| Normal::standard().inverse_cdf(share),
            ..Self::linear(values, pixels)
        }
    }

    /// Position of a value. A value beyond an end is drawn at the end.
    fn at(&self, value: f64) -> f64 {
        let [(least, start), (most, end)] = self.ends;
        let (low, high) = ((self.spread)(least), (self.spread)(most));
        let share = ((self.spread)(value.clamp(least, most)) - low) / (high - low);
        pixel(start + share * (end - start))
    }

    fn start(&self) -> f64 {
        self.ends[0].1
    }

    fn end(&self) -> f64 {
        self.ends[1].1
    }
}

/// Rounds to a tenth of a pixel, which is too small to be seen.
fn pixel(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Grid, ticks and names of both axes. An empty name draws no name.
fn axes(
    x: &Scale,
    x_ticks: &[(f64, String)],
    x_name: &str,
    y: &Scale,
    y_ticks: &[(f64, String)],
    y_name: &str,
) -> Markup {
    let (left, right, bottom, top) = (x.start(), x.end(), y.start(), y.end());
    let middle = |scale: &Scale| pixel((scale.start() + scale.end()) / 2.0);
    let turned = format!("translate(16 {}) rotate(-90)", middle(y));
    html! {
        @for (value, label) in x_ticks {
            line.grid x1=(x.at(*value)) x2=(x.at(*value)) y1=(bottom) y2=(top) {}
            text.tick text-anchor="middle" x=(x.at(*value)) y=(bottom + LINE) { (label) }
        }
        @for (value, label) in y_ticks {
            line.grid x1=(left) x2=(right) y1=(y.at(*value)) y2=(y.at(*value)) {}
            text.tick text-anchor="end" x=(left - 8.0) y=(y.at(*value) + 4.0) { (label) }
        }
        text text-anchor="middle" x=(middle(x)) y=(bottom + 2.3 * LINE) { (x_name) }
        text text-anchor="middle" transform=(turned) { (y_name) }
    }
}

/// A line above the data that explains a mark.
fn legend(line: usize, class: &str, mark: Mark, text: &str) -> Markup {
    #[expect(clippy::cast_precision_loss, reason = "a few lines")]
    let y = LINE * (line as f64 + 0.8);
    html! {
        @match mark {
            Mark::Line => path class=(class) d=(format!("M{LEFT} {y}h26")) {},
            Mark::Area => rect class=(class) x=(LEFT) y=(y - 6.0) width="26" height="12" {},
            Mark::Dot => circle class=(class) cx=(LEFT + 13.0) cy=(y) r="5" {},
        }
        text x=(LEFT + 36.0) y=(y + 4.5) { (text) }
    }
}

/// Shape of a mark.
#[derive(Clone, Copy)]
enum Mark {
    Line,
    Area,
    Dot,
}

/// A horizontal interval at `y`: a line with a cap at each end.
fn horizontal(from: f64, to: f64, y: f64) -> String {
    let above = y - CAP / 2.0;
    format!("M{from} {above}v{CAP}M{from} {y}H{to}M{to} {above}v{CAP}")
}

/// A vertical interval at `x`: a line with a cap at each end.
fn vertical(from: f64, to: f64, x: f64) -> String {
    let before = x - CAP / 2.0;
    format!("M{before} {from}h{CAP}M{x} {from}V{to}M{before} {to}h{CAP}")
}

fn percents(shares: &[f64]) -> Vec<(f64, String)> {
    let label = |share: &f64| (*share, format!("{}%", (share * 1000.0).round() / 10.0));
    shares.iter().map(label).collect()
}
