//! An attack with parameters.

use fastrand::Rng;

use crate::attacks::list::{Cast, Expected};
use crate::attacks::presentation::Presentation;

/// The way a capture takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Frames to verify.
    Images,
    /// A clip to verify.
    Clip,
    /// Frames to an interactive session.
    Live,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Images, Self::Clip, Self::Live];

    /// The mode's name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Clip => "video",
            Self::Live => "interactive",
        }
    }

    /// Presentations at once: an interactive one mostly waits for its time.
    pub fn at_once(self) -> usize {
        match self {
            Self::Images | Self::Clip => 2,
            Self::Live => 4,
        }
    }
}

/// A parameter of an attack, with the range that is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// Its name, with its unit where it has one.
    pub name: &'static str,
    /// The least value.
    pub least: f64,
    /// The largest value.
    pub most: f64,
    /// The value that changes nothing, where there is one: values drawn at random are more often near it,
    /// since an attacker who cannot see scores does not begin with the worst.
    pub off: Option<f64>,
}

/// A parameter, all of whose values are as good as others to begin with.
pub const fn param(name: &'static str, least: f64, most: f64) -> Param {
    Param {
        name,
        least,
        most,
        off: None,
    }
}

/// A parameter of a change to pictures; `off` is no change.
pub const fn change(name: &'static str, least: f64, most: f64, off: f64) -> Param {
    Param {
        name,
        least,
        most,
        off: Some(off),
    }
}

/// Values for the parameters of an attack.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    params: &'a [Param],
    values: &'a [f64],
}

impl<'a> Setting<'a> {
    /// One value for each parameter, in their order.
    pub fn new(params: &'a [Param], values: &'a [f64]) -> Self {
        assert_eq!(params.len(), values.len());
        Self { params, values }
    }

    /// The value of a parameter.
    ///
    /// # Panics
    /// When the attack has no such parameter.
    #[expect(clippy::cast_possible_truncation, reason = "a number from a range")]
    pub fn of(&self, name: &str) -> f32 {
        let position = self.params.iter().position(|p| p.name == name);
        let position = position.unwrap_or_else(|| panic!("no parameter is called {name}"));
        self.values[position] as f32
    }

    /// The value of a parameter that counts something, rounded.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are small and not negative"
    )]
    pub fn count(&self, name: &str) -> usize {
        self.of(name).round().max(0.0) as usize
    }

    /// All values in words: `sigma 8.2, grain 1.5`.
    pub fn words(&self) -> String {
        let each = self.params.iter().zip(self.values);
        let words: Vec<_> = each
            .map(|(p, v)| match p.most - p.least {
                range if range <= 2.0 => format!("{} {v:.2}", p.name),
                range if range <= 20.0 => format!("{} {v:.1}", p.name),
                _ => format!("{} {v:.0}", p.name),
            })
            .collect();
        words.join(", ")
    }
}

/// Makes a presentation of an attack's parameters.
pub type Make = fn(&Cast, Mode, &Setting<'_>, &mut Rng) -> Presentation;

/// An attack that is searched for what gets through.
pub struct Searched {
    /// Its name, in the document too.
    pub name: &'static str,
    /// The modes that it fits.
    pub modes: &'static [Mode],
    /// Its parameters.
    pub params: Vec<Param>,
    /// Makes one.
    pub make: Make,
    /// A live person's capture under the same changes, where the attack changes pictures.
    pub control: Option<Make>,
    /// What is expected of it in each mode.
    pub expected: fn(Mode) -> Expected,
}

impl Searched {
    /// The presentation of a setting. The same seed makes the same one.
    pub fn presentation(&self, cast: &Cast, mode: Mode, values: &[f64], seed: u64) -> Presentation {
        let setting = Setting::new(&self.params, values);
        (self.make)(cast, mode, &setting, &mut Rng::with_seed(seed))
    }
}
