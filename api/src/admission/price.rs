//! What work is expected to cost: thread time, learned from earlier work.
//!
//! Each kind of work has a factor: what it took, divided by what it took on the machine on which the reference
//! times below were measured. A kind that was never measured has the factor of all work together. So no operator
//! has to name a number, and a slow machine is known after the first capture.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use livegate_common::job::Look;
use livegate_media::{Format, ImageHeader};
use tokio::time::Instant;

/// Reference times of one thread, seconds, measured on a 2-core server (docs/performance.md). Only their relations
/// matter, and only until a kind was measured itself.
const WHOLE_PICTURE: f64 = 0.012;
const GLANCE: f64 = 0.005;
const JPEG_MEGAPIXEL: f64 = 0.003;
const PNG_MEGAPIXEL: f64 = 0.02;
const CLIP_SECOND: f64 = 0.35;

/// How far one measurement moves a factor, as an exponent of the ratio between what work took and what was expected.
/// Factors rise faster than they fall: work that takes longer than expected breaks a promise, and the opposite does not.
const RISE: f64 = 0.2;
const FALL: f64 = 0.05;

/// A single measurement counts for at most this many times what was expected, up or down. A thread may be stopped for
/// any time, which says nothing about the next picture.
const MOST_TIMES: f64 = 4.0;

/// The same for the first measurement, which is all that is known about the machine.
const FIRST_TIMES: f64 = 30.0;

/// Limits of factors.
const LOWEST: f64 = 0.01;
const HIGHEST: f64 = 1000.0;

/// Time without a measurement after which the next one counts as if it were the first.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// A kind of work, whose pieces cost about the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A picture.
    Picture {
        /// How closely it is measured.
        look: Look,
        /// Its format.
        format: Format,
        /// Its size: up to `2^size / 4` megapixels, and more than half of that.
        size: u32,
    },
    /// A second of a clip.
    ClipSecond,
}

impl Kind {
    /// The kind of a picture with this header.
    pub fn of(header: &ImageHeader, look: Look) -> Self {
        Self::picture(header.format, megapixels(header), look)
    }

    /// The kind of a picture of this size.
    pub fn picture(format: Format, megapixels: f64, look: Look) -> Self {
        let quarters = (megapixels * 4.0).max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 7: sides are limited"
        )]
        let size = quarters.log2().ceil() as u32;
        Self::Picture { look, format, size }
    }

    /// The kind's name in metrics, for example `jpeg_whole_1mp`.
    pub fn name(self) -> String {
        match self {
            Self::ClipSecond => "clip_second".to_owned(),
            Self::Picture { look, format, size } => {
                let format = match format {
                    Format::Jpeg => "jpeg",
                    Format::Png => "png",
                };
                let look = match look {
                    Look::Whole => "whole",
                    Look::Glance => "glance",
                };
                format!("{format}_{look}_{}mp", largest(size))
            }
        }
    }

    /// Seconds of one thread for one piece, on the reference machine.
    fn reference(self) -> f64 {
        match self {
            Self::ClipSecond => CLIP_SECOND,
            Self::Picture { look, format, size } => {
                let measured = match look {
                    Look::Whole => WHOLE_PICTURE,
                    Look::Glance => GLANCE,
                };
                let megapixel = match format {
                    Format::Jpeg => JPEG_MEGAPIXEL,
                    Format::Png => PNG_MEGAPIXEL,
                };
                measured + megapixel * largest(size)
            }
        }
    }
}

/// Size of the largest picture of this size class, megapixels.
fn largest(size: u32) -> f64 {
    f64::from(1_u32 << size.min(16)) / 4.0
}

/// Size of a picture, megapixels.
pub fn megapixels(header: &ImageHeader) -> f64 {
    f64::from(header.width) * f64::from(header.height) / 1e6
}

/// Work to be done: pieces of some kinds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work(Vec<(Kind, f64)>);

impl Work {
    /// The work of measuring these pictures.
    pub fn pictures<'a>(headers: impl IntoIterator<Item = &'a ImageHeader>, look: Look) -> Self {
        headers.into_iter().map(|h| Kind::of(h, look)).collect()
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The work of measuring a clip of this length, seconds.
    pub fn clip(seconds: f64) -> Self {
        Self(vec![(Kind::ClipSecond, seconds)])
    }
}

/// One piece of each kind.
impl FromIterator<Kind> for Work {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        Self(kinds.into_iter().map(|kind| (kind, 1.0)).collect())
    }
}

impl Work {
    /// Whether pictures in it are measured as a whole.
    pub fn is_whole(&self) -> bool {
        self.0.iter().any(|(kind, _)| match kind {
            Kind::Picture { look, .. } => *look == Look::Whole,
            Kind::ClipSecond => true,
        })
    }
}

/// Prices of all kinds of work.
#[derive(Default)]
pub struct Prices(Mutex<Known>);

#[derive(Default)]
struct Known {
    all: Factor,
    kinds: HashMap<Kind, Factor>,
    /// When something was measured last.
    latest: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Factor {
    value: f64,
    measured: u32,
}

impl Default for Factor {
    fn default() -> Self {
        Self {
            value: 1.0,
            measured: 0,
        }
    }
}

impl Factor {
    fn learn(&mut self, ratio: f64) {
        let most = if self.measured == 0 {
            FIRST_TIMES
        } else {
            MOST_TIMES
        };
        let ratio = ratio.clamp(1.0 / most, most);
        let step = if ratio > 1.0 { RISE } else { FALL };
        // The first measurements count for more: their mean is all that is known.
        let step = step.max(1.0 / f64::from(self.measured + 1));
        self.value = (self.value * ratio.powf(step)).clamp(LOWEST, HIGHEST);
        self.measured = self.measured.saturating_add(1);
    }
}

impl Known {
    fn factor(&self, kind: Kind) -> Factor {
        self.kinds.get(&kind).copied().unwrap_or(Factor {
            measured: 0,
            ..self.all
        })
    }

    fn expected(&self, work: &Work) -> f64 {
        let one =
            |(kind, pieces): &(Kind, f64)| pieces * kind.reference() * self.factor(*kind).value;
        work.0.iter().map(one).sum()
    }
}

impl Prices {
    /// The thread time that this work is expected to take.
    pub fn expected(&self, work: &Work) -> Duration {
        Duration::from_secs_f64(self.lock().expected(work))
    }

    /// Learns at `now` that this work took one thread so long.
    pub fn learn(&self, work: &Work, took: Duration, now: Instant) {
        let mut known = self.lock();
        let expected = known.expected(work);
        if expected <= 0.0 {
            return;
        }
        if known
            .latest
            .is_some_and(|at| now.duration_since(at) >= FORGOTTEN_AFTER)
        {
            known.all.measured = 0;
            known.kinds.values_mut().for_each(|kind| kind.measured = 0);
        }
        known.latest = Some(now);
        let ratio = took.as_secs_f64() / expected;
        let mut kinds: Vec<Kind> = work.0.iter().map(|(kind, _)| *kind).collect();
        kinds.dedup();
        for kind in kinds {
            let mut factor = known.factor(kind);
            factor.learn(ratio);
            known.kinds.insert(kind, factor);
        }
        known.all.learn(ratio);
    }

    /// Each kind that was measured, with the thread time of one piece, seconds.
    pub fn known(&self) -> Vec<(Kind, f64)> {
        let known = self.lock();
        let price = |(kind, factor): (&Kind, &Factor)| (*kind, kind.reference() * factor.value);
        known.kinds.iter().map(price).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::png;

    fn header(format: Format, width: u32, height: u32) -> ImageHeader {
        ImageHeader {
            format,
            ..*png(width, height, 0).header()
        }
    }

    fn picture(format: Format, width: u32, height: u32) -> Work {
        Work::pictures([&header(format, width, height)], Look::Whole)
    }

    fn learn(prices: &Prices, work: &Work, took_ms: u64, times: usize) {
        let took = Duration::from_millis(took_ms);
        (0..times).for_each(|_| prices.learn(work, took, Instant::now()));
    }

    fn expected_ms(prices: &Prices, work: &Work) -> f64 {
        prices.expected(work).as_secs_f64() * 1000.0
    }

    #[tokio::test]
    async fn a_price_follows_what_was_measured_and_faster_upwards() {
        let (prices, frame) = (Prices::default(), picture(Format::Jpeg, 1280, 720));
        learn(&prices, &frame, 30, 1);
        assert!((expected_ms(&prices, &frame) - 30.0).abs() < 0.1);
        learn(&prices, &frame, 60, 20);
        let high = expected_ms(&prices, &frame);
        assert!((55.0..61.0).contains(&high), "{high}");
        learn(&prices, &frame, 30, 5);
        assert!(expected_ms(&prices, &frame) > 45.0);
        learn(&prices, &frame, 30, 100);
        assert!(expected_ms(&prices, &frame) < 31.0);
    }

    #[tokio::test]
    async fn a_kind_that_was_never_measured_follows_the_machine() {
        let (prices, small) = (Prices::default(), picture(Format::Jpeg, 640, 480));
        let large = picture(Format::Png, 4096, 4096);
        let before = expected_ms(&prices, &large);
        learn(&prices, &small, 39, 30);
        let ratio = expected_ms(&prices, &large) / before;
        assert!((2.5..4.0).contains(&ratio), "{ratio}");
        // And is known by itself as soon as it was.
        learn(&prices, &large, 300, 1);
        assert!((expected_ms(&prices, &large) - 300.0).abs() < 1.0);
        learn(&prices, &small, 13, 100);
        assert!((expected_ms(&prices, &large) - 300.0).abs() < 1.0);
    }

    #[tokio::test]
    async fn a_thread_that_was_stopped_is_forgotten() {
        let (prices, frame) = (Prices::default(), picture(Format::Jpeg, 1280, 720));
        learn(&prices, &frame, 15, 100);
        learn(&prices, &frame, 60_000, 1);
        assert!(expected_ms(&prices, &frame) < 25.0);
        learn(&prices, &frame, 60_000, 100);
        learn(&prices, &frame, 15, 300);
        assert!(expected_ms(&prices, &frame) < 16.0);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_pause_the_first_measurement_counts_in_full() {
        let (prices, frame) = (Prices::default(), picture(Format::Jpeg, 1280, 720));
        learn(&prices, &frame, 60, 50);
        tokio::time::advance(FORGOTTEN_AFTER).await;
        learn(&prices, &frame, 20, 1);
        assert!((expected_ms(&prices, &frame) - 20.0).abs() < 0.1);
    }

    #[test]
    fn sizes_are_classes_of_twice_the_pixels() {
        let name =
            |width, height| Kind::of(&header(Format::Png, width, height), Look::Glance).name();
        assert_eq!(name(120, 120), "png_glance_0.25mp");
        assert_eq!(name(640, 480), "png_glance_0.5mp");
        assert_eq!(name(1280, 720), "png_glance_1mp");
        assert_eq!(name(1920, 1080), "png_glance_4mp");
        assert_eq!(name(4096, 4096), "png_glance_32mp");
    }
}
