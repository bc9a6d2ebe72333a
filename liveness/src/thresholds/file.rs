//! Operating point files: thresholds with units, sources and the models they are for.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::error::{FORMAT, OperatingPointError};
use super::models::Models;
use super::numbers::Thresholds;
use super::pad::PadThresholds;

/// The operating point of the shipped models.
const SHIPPED: &str = include_str!("shipped.toml");

/// An operating point: thresholds, what they were measured on, and the models that they are for.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatingPoint {
    /// The thresholds.
    pub thresholds: Thresholds,
    /// Unit and source of each number, by the number's name.
    pub provenance: BTreeMap<String, Provenance>,
    /// The sets of models whose measurements the thresholds are for.
    pub models: Vec<Models>,
}

/// Unit and source of a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The number's unit, and whether it is a lower or an upper limit.
    pub unit: String,
    /// The measurement, definition or reason behind it.
    pub source: String,
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
    /// The file of the shipped operating point.
    pub const SHIPPED: &str = SHIPPED;

    /// The operating point of the shipped models.
    pub fn shipped() -> &'static Self {
        static POINT: LazyLock<OperatingPoint> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "a file of this folder, under test")]
            OperatingPoint::parse(SHIPPED).expect("the shipped operating point is well-formed")
        });
        &POINT
    }

    /// Reads the content of a file. Every number must be present, with its unit and its source.
    ///
    /// # Errors
    /// [`OperatingPointError`], which names the line or the number.
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

    /// The content of a file from which [`Self::parse`] reads the same operating point.
    ///
    /// # Errors
    /// The serializer's error. No valid operating point causes one.
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

    /// Checks that the operating point is for these models.
    ///
    /// # Errors
    /// [`OperatingPointError::OtherModels`] if it is for others.
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
        // The type is wrong. Reading it as a number gives the best message.
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

/// Numbers in their short form: 0.4 and not 0.4000000059604645.
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

/// The shipped thresholds.
impl Default for Thresholds {
    fn default() -> Self {
        OperatingPoint::shipped().thresholds.clone()
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
