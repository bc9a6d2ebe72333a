//! Detects a rectangular border around the face: of a sheet, a photo, a screen.
//!
//! Doors and windows have straight sides, too, but a body covers part of what is behind it. Only an
//! object in front of the body has four sides all around the face that end where they meet, the lower
//! one across the chest.

mod edges;
mod grey;
mod lines;
mod rectangle;

use livegate_liveness::measurement::Bounds;

use grey::Grey;
use lines::{Line, Lines};
use livegate_media::RgbFrame;
use rectangle::Rectangle;

/// Longer side of the picture in which edges are searched, pixels. A border two pixels wide is still an
/// edge at this size; hairs and the weave of cloth are not.
const LONG_SIDE: usize = 160;
/// Smallest side of the face in that picture, pixels.
const LEAST_FACE: f32 = 12.0;
/// Least distance of a border from the frame's own edge, pixels. Nearer, the frame's edge could be
/// mistaken for a border.
const MARGIN: f32 = 2.0;
/// Largest distance of the lower side below the face, in heights of the face.
const BELOW: f32 = 2.0;
/// Candidate lines for each side.
const CHOICE: usize = 8;
/// Least share of a side on edges, taken beside the face itself.
const LEAST_BESIDE: f32 = 0.5;
/// Most rectangles that are refined: those whose weakest side has the largest share.
const REFINED: usize = 32;
/// Part of a side's length, beyond each of its ends, that should have no edge. Door frames, desks and
/// the stripes of shirts go on there.
const BEYOND: f32 = 0.2;
/// Pixels at each corner that are skipped: corners are round.
const CORNER: f32 = 2.0;
/// Penalty for edges beyond an end, in shares of the side.
const BEYOND_COSTS: f32 = 0.5;

/// How well the best rectangle around the face fits a border, 0 to 1; 0 without a rectangle.
///
/// It is the largest value of any rectangle. The value of a rectangle is that of its weakest side: its
/// share on edges, less half of the share beyond its corners. `None` where the frame or the face is too
/// small.
pub fn of(frame: &RgbFrame, face: Bounds) -> Option<f32> {
    let grey = Grey::shrunk(frame, LONG_SIDE)?;
    #[expect(clippy::cast_precision_loss, reason = "at most 4096")]
    let scale = LONG_SIDE as f32 / frame.width.max(frame.height) as f32;
    let face = Bounds {
        x: face.x * scale,
        y: face.y * scale,
        width: face.width * scale,
        height: face.height * scale,
    };
    (face.width.min(face.height) >= LEAST_FACE).then(|| best(&grey, face))
}

fn best(grey: &Grey, face: Bounds) -> f32 {
    let upright = Lines::of(grey);
    let lying = Lines::of(&grey.transposed());
    let (x, y) = (grey.columns_within(MARGIN), grey.rows_within(MARGIN));
    let (right, bottom) = (face.x + face.width, face.y + face.height);
    let lowest = y.end().min(bottom + BELOW * face.height);
    let beside = (face.y, bottom);
    let above = (face.x, right);
    let sides = Sides {
        left: upright.best(beside, *x.start()..=face.x, CHOICE, LEAST_BESIDE),
        right: upright.best(beside, right..=*x.end(), CHOICE, LEAST_BESIDE),
        top: lying.best(above, *y.start()..=face.y, CHOICE, LEAST_BESIDE),
        bottom: lying.best(above, bottom..=lowest, CHOICE, LEAST_BESIDE),
        upright,
        lying,
    };
    sides.best(grey)
}

/// Candidate lines for each side.
struct Sides {
    upright: Lines,
    lying: Lines,
    left: Vec<Line>,
    right: Vec<Line>,
    top: Vec<Line>,
    bottom: Vec<Line>,
}

impl Sides {
    fn best(&self, grey: &Grey) -> f32 {
        let mut found = Vec::new();
        for (left, right) in pairs(&self.left, &self.right) {
            for (top, bottom) in pairs(&self.top, &self.bottom) {
                let rectangle = Rectangle::of(left, right, top, bottom);
                if let Some(rectangle) = rectangle.filter(|r| r.is_inside(grey, MARGIN)) {
                    let shares = self.sides(&rectangle, Lines::share);
                    found.push((least(shares), rectangle));
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let scores = found
            .iter()
            .take(REFINED)
            .map(|(_, rectangle)| least(self.sides(rectangle, side)));
        scores.fold(0.0, f32::max)
    }

    /// Evaluates each side from corner to corner with `ask`: left, right, top, bottom.
    fn sides(&self, of: &Rectangle, ask: impl Fn(&Lines, Line, f32, f32) -> f32) -> [f32; 4] {
        let [top_left, top_right, bottom_right, bottom_left] = of.corners;
        [
            ask(&self.upright, of.left, top_left[1], bottom_left[1]),
            ask(&self.upright, of.right, top_right[1], bottom_right[1]),
            ask(&self.lying, of.top, top_left[0], top_right[0]),
            ask(&self.lying, of.bottom, bottom_left[0], bottom_right[0]),
        ]
    }
}

fn least(shares: [f32; 4]) -> f32 {
    shares.into_iter().fold(f32::INFINITY, f32::min)
}

fn pairs(a: &[Line], b: &[Line]) -> impl Iterator<Item = (Line, Line)> {
    a.iter().flat_map(|a| b.iter().map(|b| (*a, *b)))
}

/// How well one side is a border from corner to corner, at most 1; may be negative.
fn side(lines: &Lines, line: Line, from: f32, to: f32) -> f32 {
    let reach = BEYOND * (to - from);
    // The line was chosen by the edges beside the face. A slightly slanted line would fit those as well,
    // and miss an edge that goes on beyond the corners.
    let line = lines.refined(line, from - reach, to + reach);
    let before = lines.share(line, from - CORNER - reach, from - CORNER);
    let after = lines.share(line, to + CORNER, to + CORNER + reach);
    lines.share(line, from, to) - BEYOND_COSTS * before.max(after)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::drawn;
    use super::*;

    const FACE: Bounds = Bounds {
        x: 250.0,
        y: 160.0,
        width: 120.0,
        height: 150.0,
    };
    /// Left, top, right, bottom.
    const SHEET: [f32; 4] = [180.0, 90.0, 440.0, 400.0];

    fn measured(level: impl Fn(f32, f32) -> f32) -> f32 {
        of(&drawn::frame(640, 480, level), FACE).unwrap()
    }

    /// A wall with a face in front of it.
    fn room(x: f32, y: f32) -> f32 {
        let (across, down) = (x - 310.0, y - 235.0);
        let is_face = (across / 60.0).hypot(down / 75.0) < 1.0;
        if is_face { 160.0 } else { 90.0 + x / 20.0 }
    }

    fn is_within([left, top, right, bottom]: [f32; 4], x: f32, y: f32) -> bool {
        (left..right).contains(&x) && (top..bottom).contains(&y)
    }

    /// How much lighter a sheet makes the picture, turned by `degrees` about the face.
    fn sheet(sides: [f32; 4], degrees: f32) -> impl Fn(f32, f32) -> f32 {
        let (sin, cos) = degrees.to_radians().sin_cos();
        move |x, y| {
            let (across, down) = (x - 310.0, y - 235.0);
            let (x, y) = (
                310.0 + cos * across + sin * down,
                235.0 - sin * across + cos * down,
            );
            if is_within(sides, x, y) { 40.0 } else { 0.0 }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]
        #[test]
        fn a_sheet_is_seen_wherever_its_sides_are_and_however_it_is_held(
            left in 40.0_f32..210.0, top in 60.0_f32..120.0, right in 410.0_f32..560.0,
            bottom in 350.0_f32..420.0, degrees in -9.0_f32..9.0,
        ) {
            let sheet = sheet([left, top, right, bottom], degrees);
            let border = measured(|x, y| room(x, y) + sheet(x, y));
            prop_assert!(border > 0.7, "{border}");
        }
    }

    #[test]
    fn a_room_has_no_border() {
        assert_eq!(measured(room), 0.0);
    }

    #[test]
    fn three_sides_are_not_enough() {
        // Moves each side in turn outside the frame.
        for side in 0..4 {
            let mut sides = SHEET;
            sides[side] = if side < 2 { -50.0 } else { 700.0 };
            let sheet = sheet(sides, 2.0);
            let border = measured(|x, y| room(x, y) + sheet(x, y));
            assert!(border < 0.3, "{side}: {border}");
        }
    }

    #[test]
    fn what_a_body_covers_is_behind_it() {
        let window = sheet(SHEET, 0.0);
        let border = measured(|x, y| {
            let is_body = ((x - 310.0) / 220.0).hypot((y - 490.0) / 165.0) < 1.0;
            if is_body {
                20.0 + y / 8.0
            } else {
                room(x, y) + window(x, y)
            }
        });
        assert!(border < 0.5, "{border}");
    }

    #[test]
    fn a_window_behind_and_a_desk_in_front_are_not_one_border() {
        let window = sheet(SHEET, 0.0);
        let border = measured(|x, y| {
            let is_desk = y > 350.0;
            if is_desk {
                40.0
            } else {
                room(x, y) + window(x, y)
            }
        });
        assert!(border < 0.55, "{border}");
    }

    #[test]
    fn sides_that_go_on_beyond_their_corners_count_less() {
        let is_frame = |x: f32, y: f32| {
            let [left, top, right, bottom] = SHEET;
            let near = |a: f32, b: f32| (a - b).abs() < 6.0;
            near(x, left) || near(x, right) || near(y, top) || near(y, bottom)
        };
        let crossed = measured(|x, y| room(x, y) + if is_frame(x, y) { 50.0 } else { 0.0 });
        assert!((0.2..0.7).contains(&crossed), "{crossed}");
    }

    #[test]
    fn a_rectangle_beside_the_face_is_not_its_border() {
        let picture = sheet([400.0, 90.0, 600.0, 400.0], 0.0);
        assert_eq!(measured(|x, y| room(x, y) + picture(x, y)), 0.0);
    }

    #[test]
    fn small_frames_and_faces_far_away_say_nothing() {
        let frame = drawn::frame(640, 480, room);
        let far = Bounds {
            width: 40.0,
            ..FACE
        };
        assert_eq!(of(&frame, far), None);
        assert_eq!(of(&drawn::frame(150, 120, room), FACE), None);
    }
}
