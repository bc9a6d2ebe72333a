//! Reads a TFLite file: its tensors, constants and operators.
//!
//! Slot numbers are those of TensorFlow Lite's `schema.fbs`. Weights stored as fp16 behind a `DEQUANTIZE`
//! operator are returned as fp32 constants, with which TFLite computes.

use std::collections::BTreeMap;

use super::ConvertError;
use super::flat::Table;

/// The operators that the shipped models use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Add,
    Concatenation,
    Conv2d,
    DepthwiseConv2d,
    Logistic,
    MaxPool2d,
    Mul,
    Reshape,
    Pad,
    Transpose,
    Mean,
    Sub,
    Div,
    StridedSlice,
    Prelu,
    Neg,
    Sum,
    Sqrt,
    Rsqrt,
    SquaredDifference,
}

const DEQUANTIZE: i32 = 6;

fn op(code: i32) -> Result<Op, ConvertError> {
    Ok(match code {
        0 => Op::Add,
        2 => Op::Concatenation,
        3 => Op::Conv2d,
        4 => Op::DepthwiseConv2d,
        14 => Op::Logistic,
        17 => Op::MaxPool2d,
        18 => Op::Mul,
        22 => Op::Reshape,
        34 => Op::Pad,
        39 => Op::Transpose,
        40 => Op::Mean,
        41 => Op::Sub,
        42 => Op::Div,
        45 => Op::StridedSlice,
        54 => Op::Prelu,
        59 => Op::Neg,
        74 => Op::Sum,
        75 => Op::Sqrt,
        76 => Op::Rsqrt,
        99 => Op::SquaredDifference,
        other => {
            return Err(ConvertError::unsupported(format!(
                "TFLite operator {other}"
            )));
        }
    })
}

/// A constant's values, row-major.
#[derive(Clone, Debug)]
pub enum Values {
    Floats(Vec<f32>),
    Ints(Vec<i32>),
}

/// One operator with its options. Indices refer to [`TfLite::shapes`].
pub struct Operator<'a> {
    pub op: Op,
    pub inputs: Vec<usize>,
    pub output: usize,
    options: Option<Table<'a>>,
}

impl Operator<'_> {
    /// A byte-sized option (an enum or a flag); 0 if the file leaves it out.
    pub fn byte(&self, slot: usize) -> Result<i8, ConvertError> {
        self.options.map_or(Ok(0), |o| o.i8(slot))
    }

    pub fn flag(&self, slot: usize) -> Result<bool, ConvertError> {
        self.options.map_or(Ok(false), |o| o.bool(slot))
    }

    pub fn int(&self, slot: usize, default: i32) -> Result<i32, ConvertError> {
        self.options.map_or(Ok(default), |o| o.i32(slot, default))
    }
}

/// A TFLite model with one subgraph.
pub struct TfLite<'a> {
    /// Shape of every tensor, by tensor index.
    pub shapes: Vec<Vec<i64>>,
    /// Values of the constant tensors, by tensor index.
    pub constants: BTreeMap<usize, Values>,
    /// Operators in the order of execution.
    pub operators: Vec<Operator<'a>>,
    pub inputs: Vec<usize>,
    pub outputs: Vec<usize>,
}

fn index(value: i32) -> Result<usize, ConvertError> {
    usize::try_from(value).map_err(|_| ConvertError::unsupported("an optional operand"))
}

impl<'a> TfLite<'a> {
    pub fn read(data: &'a [u8]) -> Result<Self, ConvertError> {
        if data.get(4..8) != Some(b"TFL3") {
            return Err(ConvertError::bad("the TFLite header"));
        }
        let model = Table::root(data)?;
        let graph = *model
            .vector(2)?
            .tables()?
            .first()
            .ok_or_else(|| ConvertError::missing("the TFLite subgraph"))?;
        let buffers = model.vector(4)?.tables()?;

        let mut shapes = Vec::new();
        let mut constants = BTreeMap::new();
        for (i, tensor) in graph.vector(0)?.tables()?.iter().enumerate() {
            shapes.push(
                tensor
                    .vector(0)?
                    .i32s()?
                    .into_iter()
                    .map(i64::from)
                    .collect(),
            );
            let buffer = buffers
                .get(index(tensor.i32(2, 0)?)?)
                .ok_or(ConvertError::Truncated)?;
            let bytes = buffer.vector(0)?.bytes()?;
            if !bytes.is_empty() {
                constants.insert(i, values(tensor.i8(1)?, bytes)?);
            }
        }

        let codes = model
            .vector(1)?
            .tables()?
            .iter()
            // The byte-sized field is the older one. Newer files fill both fields, or only the wide one.
            .map(|code| Ok(code.i32(3, 0)?.max(i32::from(code.i8(0)?))))
            .collect::<Result<Vec<_>, ConvertError>>()?;
        let mut operators = Vec::new();
        for operator in graph.vector(3)?.tables()? {
            let code = *codes
                .get(index(operator.i32(0, 0)?)?)
                .ok_or(ConvertError::Truncated)?;
            let operand = |slot| -> Result<Vec<usize>, ConvertError> {
                operator
                    .vector(slot)?
                    .i32s()?
                    .into_iter()
                    .map(index)
                    .collect()
            };
            let inputs = operand(1)?;
            let output = *operand(2)?.first().ok_or(ConvertError::Truncated)?;
            if code == DEQUANTIZE {
                let source = inputs.first().ok_or(ConvertError::Truncated)?;
                let folded = constants
                    .remove(source)
                    .ok_or_else(|| ConvertError::unsupported("DEQUANTIZE of a computed value"))?;
                constants.insert(output, folded);
                continue;
            }
            operators.push(Operator {
                op: op(code)?,
                inputs,
                output,
                options: operator.table(4)?,
            });
        }
        let ends = |slot| -> Result<Vec<usize>, ConvertError> {
            graph.vector(slot)?.i32s()?.into_iter().map(index).collect()
        };
        Ok(Self {
            shapes,
            constants,
            operators,
            inputs: ends(1)?,
            outputs: ends(2)?,
        })
    }

    pub fn shape(&self, tensor: usize) -> Result<&[i64], ConvertError> {
        self.shapes
            .get(tensor)
            .map(Vec::as_slice)
            .ok_or(ConvertError::Truncated)
    }

    pub fn floats(&self, tensor: usize) -> Result<&[f32], ConvertError> {
        match self.constants.get(&tensor) {
            Some(Values::Floats(values)) => Ok(values),
            Some(Values::Ints(_)) | None => Err(ConvertError::missing("a constant of floats")),
        }
    }

    pub fn ints(&self, tensor: usize) -> Result<Vec<i64>, ConvertError> {
        match self.constants.get(&tensor) {
            Some(Values::Ints(values)) => Ok(values.iter().map(|&v| i64::from(v)).collect()),
            Some(Values::Floats(_)) | None => Err(ConvertError::missing("a constant of integers")),
        }
    }
}

fn values(kind: i8, bytes: &[u8]) -> Result<Values, ConvertError> {
    Ok(match kind {
        0 => Values::Floats(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b))
                .collect(),
        ),
        1 => Values::Floats(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|b| half_to_float(u16::from_le_bytes(*b)))
                .collect(),
        ),
        2 => Values::Ints(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|b| i32::from_le_bytes(*b))
                .collect(),
        ),
        other => {
            return Err(ConvertError::unsupported(format!(
                "TFLite tensor type {other}"
            )));
        }
    })
}

/// Converts IEEE 754 binary16 to binary32. Every half has an exact value there.
fn half_to_float(half: u16) -> f32 {
    let sign = if half & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from((half >> 10) & 0x1f);
    let fraction = f32::from(half & 0x3ff);
    let magnitude = match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    };
    sign * magnitude
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_become_the_same_floats() {
        for (half, float) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half_to_float(half), float, "{half:#06x}");
        }
        assert!(half_to_float(0x7e00).is_nan());
    }

    #[test]
    fn a_truncated_file_is_an_error_not_a_panic() {
        // A header, and offsets that point beyond the end.
        let mut file = [0u8; 64];
        file[0] = 60;
        file[4..8].copy_from_slice(b"TFL3");
        for len in 0..file.len() {
            assert!(TfLite::read(&file[..len]).is_err(), "{len} bytes");
        }
    }
}
