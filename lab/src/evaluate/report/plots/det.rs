//! Plot of the detection error trade-off (DET).

use maud::{Markup, html};

use super::{
    BELOW, LEFT, LINE, Mark, Plot, RIGHT, Scale, WIDTH, axes, horizontal, legend, percents,
    vertical,
};
use crate::evaluate::report::Pad;
use crate::evaluate::report::pad::TradeOff;
use crate::evaluate::statistics::Det;

/// Range of error rates on both axes. Lower rates need hundreds of captures.
const RANGE: (f64, f64) = (0.005, 0.9);
const TICKS: [f64; 8] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];
/// Height of the data, pixels.
const HEIGHT: f64 = 400.0;
/// Number of distinguishable styles of lines.
const LINES: usize = 4;

/// DET curves of each instrument and of the worst, and the point of the threshold in use; `None` without
/// a trade-off.
pub fn det(pad: &Pad) -> Option<Plot> {
    let trade_off = pad.trade_off.as_ref()?;
    let lines = lines(trade_off);
    #[expect(clippy::cast_precision_loss, reason = "a few lines")]
    let top = LINE * (lines.len() as f64 + 2.0);
    let x = Scale::normal_deviate(RANGE, (LEFT, WIDTH - RIGHT));
    let y = Scale::normal_deviate(RANGE, (top + HEIGHT, top));
    let ticks = percents(&TICKS);
    let (x_name, y_name) = (
        "APCER: attacks classified as bona fide",
        "BPCER: bona fide classified as attacks",
    );
    let content = html! {
        (axes(&x, &ticks, x_name, &y, &ticks, y_name))
        @for (line, (class, name, det)) in lines.iter().enumerate() {
            (legend(line, class, Mark::Line, name))
            path class=(class) d=(path(det, &x, &y)) { title { (name) } }
        }
        (legend(lines.len(), "dot", Mark::Dot, "the threshold used, with 95% intervals"))
        (operating_point(pad, &x, &y))
    };
    Some(Plot {
        title: "Detection error trade-off of the anti-spoof score".to_owned(),
        height: top + HEIGHT + BELOW,
        content,
    })
}

fn lines(trade_off: &TradeOff) -> Vec<(String, String, &Det)> {
    let alone = trade_off.instruments.iter().enumerate();
    let alone =
        alone.map(|(n, (name, det))| (format!("line stroke-{}", n % LINES + 1), name.clone(), det));
    let worst = (trade_off.instruments.len() > 1).then(|| {
        let name = "the worst instrument at each threshold".to_owned();
        ("line all".to_owned(), name, &trade_off.points)
    });
    // The widest line first, so that the others remain visible on it.
    worst.into_iter().chain(alone).collect()
}

fn path(det: &Det, x: &Scale, y: &Scale) -> String {
    let mut path = String::new();
    for point in det.points() {
        let command = if path.is_empty() { 'M' } else { 'L' };
        path += &format!("{command}{} {}", x.at(point.apcer), y.at(point.bpcer));
    }
    path
}

fn operating_point(pad: &Pad, x: &Scale, y: &Scale) -> Markup {
    let worst = pad.worst.as_ref().map(|worst| worst.apcer);
    let (Some(apcer), bpcer) = (worst, pad.bona_fide.bpcer) else {
        return html! {};
    };
    let ends = [
        apcer.rate, apcer.low, apcer.high, bpcer.rate, bpcer.low, bpcer.high,
    ];
    let [
        Some(apcer),
        Some(apcer_low),
        Some(apcer_high),
        Some(bpcer),
        Some(bpcer_low),
        Some(bpcer_high),
    ] = ends
    else {
        return html! {};
    };
    let (cx, cy) = (x.at(apcer), y.at(bpcer));
    html! {
        path.interval d=(horizontal(x.at(apcer_low), x.at(apcer_high), cy)) {}
        path.interval d=(vertical(y.at(bpcer_low), y.at(bpcer_high), cx)) {}
        circle.dot cx=(cx) cy=(cy) r="6" {}
    }
}
