//! Screens in front of a camera.

use image::{Rgb, RgbImage};

use crate::canvas::{Point, room, sample, size};

/// A screen, and how it is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Screen {
    /// Share of the camera's view that the picture on it fills; above 1 no bezel is in sight.
    pub share: f32,
    /// Width of its black bezel, by the picture's width.
    pub bezel: f32,
    /// Pixels of the camera to a line of the screen, of their beat.
    pub period: f32,
    /// Direction of these lines, degrees from upright.
    pub direction: f32,
    /// Their strength, grey levels; 0: too fine to be seen.
    pub lines: f32,
    /// Brightness of a lamp's reflection, grey levels.
    pub glare: f32,
    /// Where it is, shares of the view.
    pub glare_at: Point,
    /// How much the screen is turned away, degrees.
    pub yaw: f32,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            share: 1.15,
            bezel: 0.06,
            period: 4.0,
            direction: 3.0,
            lines: 0.0,
            glare: 0.0,
            glare_at: [0.7, 0.25],
            yaw: 0.0,
        }
    }
}

/// What a camera sees of a screen that shows this picture: paler blacks, a bluish white, the screen's
/// lines or their beat with the camera's own, a lamp's reflection, its bezel.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "colours, clamped"
)]
pub fn shown(picture: &RgbImage, screen: Screen) -> RgbImage {
    let mut glass = room(picture.width(), picture.height());
    let [w, h] = size(picture);
    let edge = screen.bezel * w;
    let (sin, cos) = screen.direction.to_radians().sin_cos();
    for (x, y, pixel) in glass.enumerate_pixels_mut() {
        let (x, y) = (x as f32, y as f32);
        let at = [
            (x - w / 2.0) / screen.share + w / 2.0,
            (y - h / 2.0) / screen.share + h / 2.0,
        ];
        let Some(Rgb(colour)) = sample(picture, at) else {
            if at[0] > -edge && at[0] < w + edge && at[1] > -edge && at[1] < h + edge {
                *pixel = Rgb([14, 14, 16]);
            }
            continue;
        };
        let wave = (std::f32::consts::TAU * (x * cos + y * sin) / screen.period).cos();
        let away = (x / w - screen.glare_at[0]).hypot((y - screen.glare_at[1] * h) / w);
        let lamp = screen.glare * (-(away / 0.22).powi(2)).exp();
        let tint = [0.86, 0.89, 0.96];
        for (i, channel) in pixel.0.iter_mut().enumerate() {
            let light = 16.0 + f32::from(colour[i]) * tint[i] + screen.lines * wave + lamp;
            *channel = light.round().clamp(0.0, 255.0) as u8;
        }
    }
    if screen.yaw == 0.0 {
        return glass;
    }
    let yaw = screen.yaw;
    crate::paper::held(
        &glass,
        crate::paper::Held {
            yaw,
            ..Default::default()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_has_its_lines_and_its_bezel() {
        let picture = RgbImage::from_pixel(100, 100, Rgb([120; 3]));
        let seen = shown(
            &picture,
            Screen {
                share: 0.7,
                lines: 10.0,
                ..Screen::default()
            },
        );
        assert_eq!(seen.get_pixel(13, 50).0, [14, 14, 16]);
        let row: Vec<u8> = (30..70).map(|x| seen.get_pixel(x, 50).0[1]).collect();
        let (least, most) = (row.iter().min().unwrap(), row.iter().max().unwrap());
        assert!(most - least >= 14, "{row:?}");
    }
}
