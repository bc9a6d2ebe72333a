//! An attack with parameters that a search varies.

use fastrand::Rng;

use crate::attacks::list::{Cast, Expected};
use crate::attacks::presentation::Presentation;

/// The mode in which a capture is sent.
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
    /// All modes.
    pub const ALL: [Self; 3] = [Self::Images, Self::Clip, Self::Live];

    /// The mode's name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Clip => "video",
            Self::Live => "interactive",
        }
    }

    /// Number of presentations at once. An interactive one mostly waits.
    pub fn at_once(self) -> usize {
        match self {
            Self::Images | Self::Clip => 2,
            Self::Live => 4,
        }
    }
}

/// A parameter of an attack, with the range of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// Name, with its unit where it has one.
    pub name: &'static str,
    /// Least value.
    pub least: f64,
    /// Largest value.
    pub most: f64,
    /// The value that changes nothing, if there is one. Random values are more often near it, since an
    /// attacker who sees no scores begins with small changes.
    pub off: Option<f64>,
}

/// A parameter whose values are all equally likely at the beginning.
pub const fn param(name: &'static str, least: f64, most: f64) -> Param {
    Param {
        name,
        least,
        most,
        off: None,
    }
}

/// A parameter of a change to pictures. At `off` nothing is changed.
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
    /// A setting with one value for each parameter, in their order.
    pub fn new(params: &'a [Param], values: &'a [f64]) -> Self {
        assert_eq!(params.len(), values.len());
        Self { params, values }
    }

    /// The value of a parameter, by name.
    ///
    /// # Panics
    /// When the attack has no such parameter.
    #[expect(clippy::cast_possible_truncation, reason = "a number from a range")]
    pub fn of(&self, name: &str) -> f32 {
        let position = self.params.iter().position(|p| p.name == name);
        let position = position.unwrap_or_else(|| panic!("no parameter is called {name}"));
        self.values[position] as f32
    }

    /// The value of a parameter that is a count, rounded.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are small and not negative"
    )]
    pub fn count(&self, name: &str) -> usize {
        self.of(name).round().max(0.0) as usize
    }

    /// All values in words, as `sigma 8.2, grain 1.5`.
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

/// Makes a presentation from the values of an attack's parameters.
pub type Make = fn(&Cast, Mode, &Setting<'_>, &mut Rng) -> Presentation;

/// An attack with parameters to search.
pub struct Searched {
    /// Name, also in the document.
    pub name: &'static str,
    /// The modes in which it can be presented.
    pub modes: &'static [Mode],
    /// Its parameters.
    pub params: Vec<Param>,
    /// Makes a presentation.
    pub make: Make,
    /// Makes a live person's capture with the same changes, where the attack changes pictures.
    pub control: Option<Make>,
    /// The expected result in each mode.
    pub expected: fn(Mode) -> Expected,
}

impl Searched {
    /// The presentation of a setting. The same seed gives the same presentation.
    pub fn presentation(&self, cast: &Cast, mode: Mode, values: &[f64], seed: u64) -> Presentation {
        let setting = Setting::new(&self.params, values);
        (self.make)(cast, mode, &setting, &mut Rng::with_seed(seed))
    }
}
