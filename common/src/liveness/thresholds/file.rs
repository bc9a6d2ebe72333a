//! Thresholds with their provenance, as a file keeps them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Thresholds;

/// The operating point that belongs to the shipped models.
const SHIPPED: &str = include_str!("shipped.toml");
/// The format of such files.
const FORMAT: u32 = 1;

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

/// A set of models, by the sha256 of their files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

impl Models {
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
    /// A number that no threshold can be.
    #[error("`{0}` must be a finite number, 0 or more")]
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
        let (mut values, mut provenance) = (toml::Table::new(), BTreeMap::new());
        for (name, entry) in file.thresholds {
            if !is_plausible(&name, &entry.value) {
                return Err(OperatingPointError::Number(name));
            }
            values.insert(name.clone(), entry.value);
            let (unit, source) = (entry.unit, entry.source);
            provenance.insert(name, Provenance { unit, source });
        }
        Ok(Self {
            thresholds: values.try_into()?,
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

fn is_plausible(name: &str, value: &toml::Value) -> bool {
    match value {
        toml::Value::Float(v) => v.is_finite() && *v >= 0.0,
        toml::Value::Integer(v) => *v >= 0,
        // The scale of a score: any line that rises.
        toml::Value::Table(line) => {
            let number = |key: &str| line.get(key).and_then(toml::Value::as_float);
            let rises = number("slope").is_some_and(|s| s.is_finite() && s > 0.0);
            name == "anti_spoof_scale" && rises && number("offset").is_some_and(f64::is_finite)
        }
        // The type is wrong, which reading it as a number says best.
        toml::Value::String(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_)
        | toml::Value::Array(_) => true,
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
                "[thresholds.same_person]\nvalue = 0.40",
                "[thresholds.same_person]\nvalue = nan",
                "same_person",
            ),
            (
                "[thresholds.same_person]\nvalue = 0.40",
                "[thresholds.same_person]\nvalue = -1",
                "same_person",
            ),
            (
                "[thresholds.same_person]\nvalue = 0.40",
                "[thresholds.same_person]\nvalue = \"high\"",
                "f32",
            ),
            (
                "[thresholds.same_person]",
                "[thresholds.same_persons]",
                "same_persons",
            ),
            ("slope = 1.0", "slope = 0.0", "anti_spoof_scale"),
            ("format = 1", "format = 2", "format 2"),
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
