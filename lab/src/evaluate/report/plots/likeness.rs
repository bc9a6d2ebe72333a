//! Plot of the likeness of faces, by pose.

use maud::{Markup, html};

use super::{BELOW, LEFT, LINE, Mark, Plot, RIGHT, Scale, WIDTH, axes, legend, pixel};
use crate::evaluate::report::Identity;
use crate::evaluate::report::identity::PoseLikeness;
use crate::evaluate::statistics::Distribution;

/// Height of the data, pixels.
const HEIGHT: f64 = 320.0;
/// Half of a box's width, pixels.
const HALF: f64 = 11.0;
/// Distance from one box to the next, pixels.
const APART: f64 = 27.0;
/// A kind of comparison: its index in [`PoseLikeness::kinds`], its style and its name.
type Kind = (usize, &'static str, &'static str);
const KINDS: [Kind; 3] = [
    (0, "fill-1", "genuine: the same capture"),
    (1, "fill-3", "genuine: another capture of the same subject"),
    (2, "fill-2", "impostor: another subject"),
];

/// Plots cosines by pose: within a capture, within a subject, between subjects. `None` without any.
pub fn likeness(identity: &Identity) -> Option<Plot> {
    let has = |pose: &PoseLikeness, kind: usize| pose.kinds()[kind].1.is_some();
    let shown: Vec<Kind> = KINDS
        .into_iter()
        .filter(|(kind, _, _)| identity.poses.iter().any(|pose| has(pose, *kind)))
        .collect();
    let in_some = |pose: &&PoseLikeness| (0..KINDS.len()).any(|kind| has(pose, kind));
    let poses: Vec<&PoseLikeness> = identity.poses.iter().filter(in_some).collect();
    if poses.is_empty() {
        return None;
    }
    let top = LINE * (float(shown.len()) + 1.0) + 10.0;
    let y = Scale::linear((-0.4, 1.0), (top + HEIGHT, top));
    let columns = Scale::linear((0.0, float(poses.len())), (LEFT, WIDTH - RIGHT));
    let y_ticks = [-0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0].map(|c| (c, format!("{c:.1}")));
    let content = html! {
        (axes(&columns, &[], "", &y, &y_ticks, "cosine of embeddings"))
        @for (column, pose) in poses.iter().enumerate() {
            @let middle = columns.at(float(column) + 0.5);
            @for (line, part) in pose.pose.words().split(", ").enumerate() {
                @let y = y.start() + LINE * (float(line) + 1.0);
                text.tick text-anchor="middle" x=(middle) y=(y) { (part) }
            }
            @for (index, (kind, class, _)) in shown.iter().enumerate() {
                @if let Some(distribution) = &pose.kinds()[*kind].1 {
                    @let from_middle = float(index) - (float(shown.len()) - 1.0) / 2.0;
                    (a_box(pixel(middle + APART * from_middle), class, distribution, &y))
                }
            }
        }
        @for (line, (_, class, name)) in shown.iter().enumerate() {
            (legend(line, class, Mark::Area, name))
        }
        (legend(shown.len(), "whisker", Mark::Line, "from 1% to 99%; boxes from 25% to 75%, with the median"))
    };
    Some(Plot {
        title: "Likeness of faces to frontal ones, by pose".to_owned(),
        height: top + HEIGHT + BELOW,
        content,
    })
}

fn a_box(x: f64, class: &str, d: &Distribution, y: &Scale) -> Markup {
    let (left, right) = (x - HALF, x + HALF);
    let whisker = format!("M{x} {}V{}", y.at(d.p1), y.at(d.p99));
    let (low, high) = (y.at(d.p25), y.at(d.p75));
    // A distribution of a single value stays visible.
    let height = (low - high).max(3.0);
    html! {
        g {
            title { (d.n) " comparisons, median " (d.median) }
            path.whisker d=(whisker) {}
            rect class=(class) x=(left) y=(high) width=(2.0 * HALF) height=(height) {}
            line.median x1=(left) x2=(right) y1=(y.at(d.median)) y2=(y.at(d.median)) {}
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "six")]
fn float(n: usize) -> f64 {
    n as f64
}
