//! Rectangles made of four lines, as a camera sees them.

use super::grey::Grey;
use super::lines::Line;
use crate::geometry::Point;

/// Largest deviation of a corner from a right angle, as a slope: 9 degrees, a tilted sheet.
const SKEW: f32 = 0.16;
/// Least and largest height over width of a sheet or a screen.
const LEAST_RATIO: f32 = 0.4;
const LARGEST_RATIO: f32 = 2.6;

/// Four lines that meet at about right angles.
pub struct Rectangle {
    /// Left side, an upright line.
    pub left: Line,
    /// Right side, an upright line.
    pub right: Line,
    /// Upper side, a horizontal line.
    pub top: Line,
    /// Lower side, a horizontal line.
    pub bottom: Line,
    /// Top left, top right, bottom right, bottom left.
    pub corners: [Point; 4],
}

impl Rectangle {
    /// `None` when the lines do not meet at right angles, or the shape is not that of a sheet or a
    /// screen.
    pub fn of(left: Line, right: Line, top: Line, bottom: Line) -> Option<Self> {
        let square = |upright: Line, lying: Line| (upright.slope() + lying.slope()).abs() < SKEW;
        let is_square = [left, right]
            .iter()
            .all(|upright| square(*upright, top) && square(*upright, bottom));
        if !is_square {
            return None;
        }
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
            .map(|(upright, lying)| crossing(upright, lying));
        let [top_left, top_right, bottom_right, bottom_left] = corners;
        let width = distance(top_left, top_right) + distance(bottom_left, bottom_right);
        let height = distance(top_left, bottom_left) + distance(top_right, bottom_right);
        let has_shape = (LEAST_RATIO..=LARGEST_RATIO).contains(&(height / width));
        has_shape.then_some(Self {
            left,
            right,
            top,
            bottom,
            corners,
        })
    }

    /// Whether all corners lie in the picture, at least `margin` pixels from its edge.
    pub fn is_inside(&self, grey: &Grey, margin: f32) -> bool {
        let (x, y) = (grey.columns_within(margin), grey.rows_within(margin));
        self.corners
            .iter()
            .all(|corner| x.contains(&corner[0]) && y.contains(&corner[1]))
    }
}

fn distance(a: Point, b: Point) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Where an upright and a horizontal line cross.
fn crossing(upright: Line, lying: Line) -> Point {
    let (x, y) = (upright.across(0.0), lying.across(0.0));
    let down = (y + lying.slope() * x) / (1.0 - lying.slope() * upright.slope());
    [upright.across(down), down]
}
