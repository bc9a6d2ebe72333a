//! Thresholds with their provenance, as a file keeps them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{PadThresholds, Thresholds};

/// The operating point that belongs to the shipped models.
const SHIPPED: &str = include_str!("shipped.toml");
/// The format of such files.
const FORMAT: u32 = 2;

/// Thresholds, what they were measured on, and the models that they are for.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatingPoint {
    /// The numbers.
    pub thresholds: Thresholds,
    /// Where each comes from, by its name.
    pub provenance: BTreeMap<String, Provenance>,
    /// The sets of models whose measurements they are for.
    pub models: Vec<Models>,
}

/// Where a number comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Unit, and which way it counts.
    pub unit: String,
    /// The measurement, definition or reason behind it.
    pub source: String,
}

/// A set of models, by the sha256 of their files, and the thresholds of its anti-spoof models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Models {
    /// What to call it.
    pub name: String,
    /// The face detector.
    pub detector: String,
    /// The landmark model.
    pub landmarks: String,
    /// The expression model.
    pub blendshapes: String,
    /// The embedding model.
    pub embedder: String,
    /// The anti-spoof models, in any order.
    pub anti_spoof: Vec<String>,
    /// What is decided by their margins.
    #[serde(default)]
    pub pad: PadThresholds,
}

/// Tells sets of models apart: what a worker names its set by in every outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelSetId(String);

impl ModelSetId {
    /// As text: the first eight digits of each file's sha256.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the worker did not name the models that it used.
    pub fn is_unnamed(&self) -> bool {
        self.0.is_empty()
    }
}

impl Models {
    /// Tells it apart from other sets.
    pub fn id(&self) -> ModelSetId {
        let mut anti_spoof = self.anti_spoof.clone();
        anti_spoof.sort_unstable();
        let roles = [
            &self.detector,
            &self.landmarks,
            &self.blendshapes,
            &self.embedder,
        ];
        let all = roles.into_iter().chain(&anti_spoof);
        let short = |sha256: &String| sha256.chars().take(8).collect::<String>();
        ModelSetId(all.map(short).collect::<Vec<_>>().join("-"))
    }

    /// Whether both are the same models, whatever they are called.
    pub fn are(&self, other: &Self) -> bool {
        let sorted = |models: &Self| {
            let mut all = models.anti_spoof.clone();
            all.sort_unstable();
            all
        };
        let others = |m: &Self| {
            [&m.detector, &m.landmarks, &m.blendshapes, &m.embedder].map(String::to_owned)
        };
        others(self) == others(other) && sorted(self) == sorted(other)
    }
}

/// A file is no operating point. Each message says what to fix.
#[derive(Debug, thiserror::Error)]
pub enum OperatingPointError {
    /// It is not the TOML that it should be.
    #[error("it cannot be read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// A later version wrote it.
    #[error("it is of format {0}, and this version reads format {FORMAT}")]
    Format(u32),
    /// It names no set of models.
    #[error("it names no models: at least one [[models]] must say what it is for")]
    NoModels,
    /// A number that no threshold can be.
    #[error(
        "`{0}` must be a finite number, 0 or more; of `pad` any finite margins and a slope above 0"
    )]
    Number(String),
    /// It is for other models than those that are used.
    #[error("it is for other models: none of its sets ({sets}) is detector {detector}, landmarks {landmarks}, blendshapes {blendshapes}, embedder {embedder}, anti_spoof {anti_spoof}; make one for these with `livegate-api calibrate`",
        detector = used.detector, landmarks = used.landmarks, blendshapes = used.blendshapes, embedder = used.embedder,
        anti_spoof = used.anti_spoof.join(", "))]
    OtherModels {
        /// The names of the sets that it is for.
        sets: String,
        /// The models that are used.
        used: Box<Models>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    models: Vec<Models>,
    thresholds: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    value: toml::Value,
    unit: String,
    source: String,
}

impl OperatingPoint {
    /// That of the shipped models.
    pub fn shipped() -> &'static Self {
        static POINT: LazyLock<OperatingPoint> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "a file of this folder, under test")]
            OperatingPoint::parse(SHIPPED).expect("the shipped operating point is well-formed")
        });
        &POINT
    }

    /// Reads a file's content. Every number must be there, with its unit and its source.
    ///
    /// # Errors
    /// [`OperatingPointError`], naming the line or the number.
    pub fn parse(text: &str) -> Result<Self, OperatingPointError> {
        let file: File = toml::from_str(text)?;
        if file.format != FORMAT {
            return Err(OperatingPointError::Format(file.format));
        }
        if let Some(set) = file.models.iter().find(|m| !m.pad.is_plausible()) {
            return Err(OperatingPointError::Number(format!("pad of {}", set.name)));
        }
        let (mut values, mut provenance) = (toml::Table::new(), BTreeMap::new());
        for (name, entry) in file.thresholds {
            if !is_plausible(&entry.value) {
                return Err(OperatingPointError::Number(name));
            }
            values.insert(name.clone(), entry.value);
            let (unit, source) = (entry.unit, entry.source);
            provenance.insert(name, Provenance { unit, source });
        }
        let mut thresholds: Thresholds = values.try_into()?;
        thresholds.pad = file
            .models
            .first()
            .ok_or(OperatingPointError::NoModels)?
            .pad
            .clone();
        Ok(Self {
            thresholds,
            provenance,
            models: file.models,
        })
    }

    /// The content of a file that [`Self::parse`] reads as this.
    ///
    /// # Errors
    /// When it cannot be written, which no operating point gives a reason for.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let values = toml::Table::try_from(&self.thresholds)?;
        let entry = |(name, value): (String, toml::Value)| {
            let known = self.provenance.get(&name).cloned();
            let Provenance { unit, source } = known.unwrap_or(Provenance {
                unit: String::new(),
                source: "unknown".to_owned(),
            });
            let value = short(value);
            (
                name,
                Entry {
                    value,
                    unit,
                    source,
                },
            )
        };
        toml::to_string_pretty(&File {
            format: FORMAT,
            models: self.models.clone(),
            thresholds: values.into_iter().map(entry).collect(),
        })
    }

    /// Makes sure that it is for these models.
    ///
    /// # Errors
    /// [`OperatingPointError::OtherModels`] where it is not.
    pub fn is_for(&self, used: &Models) -> Result<(), OperatingPointError> {
        if self.models.iter().any(|known| known.are(used)) {
            return Ok(());
        }
        let names: Vec<&str> = self.models.iter().map(|m| m.name.as_str()).collect();
        Err(OperatingPointError::OtherModels {
            sets: names.join("; "),
            used: Box::new(used.clone()),
        })
    }
}

fn is_plausible(value: &toml::Value) -> bool {
    match value {
        toml::Value::Float(v) => v.is_finite() && *v >= 0.0,
        toml::Value::Integer(v) => *v >= 0,
        // The type is wrong, which reading it as a number says best.
        toml::Value::String(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_)
        | toml::Value::Table(_)
        | toml::Value::Array(_) => true,
    }
}

impl PadThresholds {
    fn is_plausible(&self) -> bool {
        let margins = [
            self.whole,
            self.chosen,
            self.single_chosen,
            self.dense,
            self.single_dense,
        ];
        let all_finite = margins.iter().all(|m| m.is_finite()) && self.scale.offset.is_finite();
        all_finite && self.scale.slope.is_finite() && self.scale.slope > 0.0
    }
}

/// Numbers as people write them: 0.4 and not 0.4000000059604645.
fn short(value: toml::Value) -> toml::Value {
    match value {
        toml::Value::Float(v) => toml::Value::Float((v * 1e6).round() / 1e6),
        toml::Value::Table(t) => {
            toml::Value::Table(t.into_iter().map(|(k, v)| (k, short(v))).collect())
        }
        other @ (toml::Value::Integer(_)
        | toml::Value::String(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_)
        | toml::Value::Array(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_number_has_a_unit_and_a_source() {
        let shipped = OperatingPoint::shipped();
        assert!(shipped.provenance.len() > 25);
        for (name, from) in &shipped.provenance {
            assert!(from.source.len() > 10 && !from.unit.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_file_that_was_written_reads_the_same() {
        let shipped = OperatingPoint::shipped();
        let again = OperatingPoint::parse(&shipped.to_toml().unwrap()).unwrap();
        assert_eq!(&again, shipped);
    }

    #[test]
    fn a_file_with_a_mistake_is_refused_by_name() {
        for (from, to, says) in [
            (
                "[thresholds.same_person]\nvalue = 0.45",
                "[thresholds.same_person]\nvalue = nan",
                "same_person",
            ),
            (
                "[thresholds.same_person]\nvalue = 0.45",
                "[thresholds.same_person]\nvalue = -1",
                "same_person",
            ),
            (
                "[thresholds.same_person]\nvalue = 0.45",
                "[thresholds.same_person]\nvalue = \"high\"",
                "f32",
            ),
            (
                "[thresholds.same_person]",
                "[thresholds.same_persons]",
                "same_persons",
            ),
            ("slope = ", "slope = -", "pad"),
            ("format = 2", "format = 3", "format 3"),
            ("source = \"The contract.\"", "", "source"),
            ("[[models]]", "[[model]]", "model"),
        ] {
            assert!(SHIPPED.contains(from), "{from}");
            let error = OperatingPoint::parse(&SHIPPED.replacen(from, to, 1)).unwrap_err();
            assert!(error.to_string().contains(says), "{to}: {error}");
        }
    }

    #[test]
    fn numbers_are_for_the_models_that_they_name() {
        let shipped = OperatingPoint::shipped();
        let mut used = shipped.models[1].clone();
        used.anti_spoof.reverse();
        assert!(shipped.is_for(&used).is_ok(), "in any order");
        used.embedder = "0".repeat(64);
        let error = shipped.is_for(&used).unwrap_err().to_string();
        assert!(
            error.contains(&used.embedder) && error.contains("calibrate"),
            "{error}"
        );
    }
}
