//! The ONNX messages that this crate reads and writes.
//!
//! Field numbers are those of `onnx.proto` (IR version 10). Parts that no recipe changes (metadata,
//! training info, functions) are kept as bytes. So reading and writing a model loses nothing but
//! documentation strings. Scalars are `Option`, because ONNX's checker distinguishes an attribute that is 0
//! from one that is absent.

use prost::Message;

use super::ConvertError;

/// `TensorProto.DataType.FLOAT`.
pub const FLOAT: i32 = 1;
/// `TensorProto.DataType.INT8`.
pub const INT8: i32 = 3;
/// `TensorProto.DataType.INT64`.
pub const INT64: i32 = 7;

const ATTRIBUTE_INT: i32 = 2;
const ATTRIBUTE_INTS: i32 = 7;

#[derive(Clone, PartialEq, Message)]
pub struct Model {
    #[prost(int64, optional, tag = "1")]
    pub ir_version: Option<i64>,
    #[prost(string, optional, tag = "2")]
    pub producer_name: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub producer_version: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub domain: Option<String>,
    #[prost(int64, optional, tag = "5")]
    pub model_version: Option<i64>,
    #[prost(message, optional, tag = "7")]
    pub graph: Option<Graph>,
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSet>,
    #[prost(bytes = "vec", repeated, tag = "14")]
    pub metadata_props: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "20")]
    pub training_info: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "25")]
    pub functions: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct OperatorSet {
    #[prost(string, optional, tag = "1")]
    pub domain: Option<String>,
    #[prost(int64, optional, tag = "2")]
    pub version: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Graph {
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<Node>,
    #[prost(string, optional, tag = "2")]
    pub name: Option<String>,
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "13")]
    pub value_info: Vec<ValueInfo>,
    #[prost(bytes = "vec", repeated, tag = "14")]
    pub quantization_annotation: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "15")]
    pub sparse_initializer: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "16")]
    pub metadata_props: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Node {
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    #[prost(string, optional, tag = "3")]
    pub name: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub op_type: Option<String>,
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<Attribute>,
    #[prost(string, optional, tag = "7")]
    pub domain: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub overload: Option<String>,
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub metadata_props: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Attribute {
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    #[prost(float, optional, tag = "2")]
    pub f: Option<f32>,
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub s: Option<Vec<u8>>,
    #[prost(message, optional, tag = "5")]
    pub t: Option<Tensor>,
    #[prost(bytes = "vec", optional, tag = "6")]
    pub g: Option<Vec<u8>>,
    #[prost(float, repeated, packed = "false", tag = "7")]
    pub floats: Vec<f32>,
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: Vec<i64>,
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub strings: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "10")]
    pub tensors: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "11")]
    pub graphs: Vec<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "14")]
    pub tp: Option<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "15")]
    pub type_protos: Vec<Vec<u8>>,
    #[prost(int32, optional, tag = "20")]
    pub kind: Option<i32>,
    #[prost(string, optional, tag = "21")]
    pub ref_attr_name: Option<String>,
    #[prost(bytes = "vec", optional, tag = "22")]
    pub sparse_tensor: Option<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "23")]
    pub sparse_tensors: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Tensor {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: Vec<i64>,
    #[prost(int32, optional, tag = "2")]
    pub data_type: Option<i32>,
    #[prost(bytes = "vec", optional, tag = "3")]
    pub segment: Option<Vec<u8>>,
    #[prost(float, repeated, tag = "4")]
    pub float_data: Vec<f32>,
    #[prost(int32, repeated, tag = "5")]
    pub int32_data: Vec<i32>,
    #[prost(bytes = "vec", repeated, tag = "6")]
    pub string_data: Vec<Vec<u8>>,
    #[prost(int64, repeated, tag = "7")]
    pub int64_data: Vec<i64>,
    #[prost(string, optional, tag = "8")]
    pub name: Option<String>,
    #[prost(bytes = "vec", optional, tag = "9")]
    pub raw_data: Option<Vec<u8>>,
    #[prost(double, repeated, tag = "10")]
    pub double_data: Vec<f64>,
    #[prost(uint64, repeated, tag = "11")]
    pub uint64_data: Vec<u64>,
    #[prost(bytes = "vec", repeated, tag = "13")]
    pub external_data: Vec<Vec<u8>>,
    #[prost(int32, optional, tag = "14")]
    pub data_location: Option<i32>,
    #[prost(bytes = "vec", repeated, tag = "16")]
    pub metadata_props: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ValueInfo {
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub kind: Option<Type>,
    #[prost(bytes = "vec", repeated, tag = "4")]
    pub metadata_props: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Type {
    #[prost(message, optional, tag = "1")]
    pub tensor: Option<TensorType>,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub sequence: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "5")]
    pub map: Option<Vec<u8>>,
    #[prost(string, optional, tag = "6")]
    pub denotation: Option<String>,
    #[prost(bytes = "vec", optional, tag = "8")]
    pub sparse_tensor: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "9")]
    pub optional: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TensorType {
    #[prost(int32, optional, tag = "1")]
    pub elem_type: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<Shape>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Shape {
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Dimension {
    #[prost(int64, optional, tag = "1")]
    pub dim_value: Option<i64>,
    #[prost(string, optional, tag = "2")]
    pub dim_param: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub denotation: Option<String>,
}

/// A size in a declared shape: a fixed number, or a name whose value the caller chooses.
#[derive(Clone, Copy, Debug)]
pub enum Dim<'a> {
    Known(i64),
    Named(&'a str),
}

/// Reads a model.
pub fn decode(bytes: &[u8]) -> Result<(Model, Graph), ConvertError> {
    let mut model = Model::decode(bytes)?;
    let graph = model
        .graph
        .take()
        .ok_or_else(|| ConvertError::missing("the model's graph"))?;
    Ok((model, graph))
}

/// Writes a model. The same input always gives the same bytes.
pub fn encode(mut model: Model, graph: Graph) -> Vec<u8> {
    model.graph = Some(graph);
    model.encode_to_vec()
}

impl Model {
    /// A model made by this crate, for the given version of the standard operators.
    pub fn new(opset: i64) -> Self {
        Self {
            // IR 8 is the first for opset 15 and up; older runtimes refuse newer ones.
            ir_version: Some(8),
            producer_name: Some("livegate-models".to_owned()),
            opset_import: vec![OperatorSet {
                domain: Some(String::new()),
                version: Some(opset),
            }],
            ..Self::default()
        }
    }
}

impl Node {
    pub fn new(op: &str, inputs: &[&str], output: &str) -> Self {
        Self {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            name: Some(format!("{op}_{output}")),
            op_type: Some(op.to_owned()),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn with_int(mut self, name: &str, value: i64) -> Self {
        self.attribute.push(Attribute {
            name: Some(name.to_owned()),
            i: Some(value),
            kind: Some(ATTRIBUTE_INT),
            ..Attribute::default()
        });
        self
    }

    #[must_use]
    pub fn with_ints(mut self, name: &str, values: &[i64]) -> Self {
        self.attribute.push(Attribute {
            name: Some(name.to_owned()),
            ints: values.to_vec(),
            kind: Some(ATTRIBUTE_INTS),
            ..Attribute::default()
        });
        self
    }

    pub fn is(&self, op: &str) -> bool {
        self.op_type.as_deref() == Some(op) && self.domain.as_deref().unwrap_or("").is_empty()
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        self.attribute
            .iter()
            .find(|a| a.name.as_deref() == Some(name))?
            .i
    }

    pub fn set_int(&mut self, name: &str, value: i64) {
        if let Some(attribute) = self
            .attribute
            .iter_mut()
            .find(|a| a.name.as_deref() == Some(name))
        {
            attribute.i = Some(value);
        }
    }
}

impl Tensor {
    pub fn floats(name: &str, dims: &[i64], values: &[f32]) -> Self {
        Self {
            dims: dims.to_vec(),
            data_type: Some(FLOAT),
            name: Some(name.to_owned()),
            raw_data: Some(values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            ..Self::default()
        }
    }

    pub fn ints(name: &str, values: &[i64]) -> Self {
        Self {
            dims: vec![i64::try_from(values.len()).unwrap_or(i64::MAX)],
            data_type: Some(INT64),
            name: Some(name.to_owned()),
            raw_data: Some(values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            ..Self::default()
        }
    }

    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or("")
    }

    /// The values of a float tensor, whichever field holds them.
    pub fn to_floats(&self) -> Result<Vec<f32>, ConvertError> {
        self.expect_type(FLOAT)?;
        match &self.raw_data {
            Some(raw) => Ok(raw
                .as_chunks()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b))
                .collect()),
            None => Ok(self.float_data.clone()),
        }
    }

    /// The values of an int64 tensor, whichever field holds them.
    pub fn to_ints(&self) -> Result<Vec<i64>, ConvertError> {
        self.expect_type(INT64)?;
        match &self.raw_data {
            Some(raw) => Ok(raw
                .as_chunks()
                .0
                .iter()
                .map(|b| i64::from_le_bytes(*b))
                .collect()),
            None => Ok(self.int64_data.clone()),
        }
    }

    /// The values of an int8 tensor.
    pub fn to_int8s(&self) -> Result<Vec<i8>, ConvertError> {
        self.expect_type(INT8)?;
        match &self.raw_data {
            Some(raw) => Ok(raw.iter().map(|b| b.cast_signed()).collect()),
            None => self
                .int32_data
                .iter()
                .map(|&v| i8::try_from(v).map_err(|_| ConvertError::bad(self.label())))
                .collect(),
        }
    }

    fn expect_type(&self, wanted: i32) -> Result<(), ConvertError> {
        if self.data_type == Some(wanted) && self.external_data.is_empty() {
            Ok(())
        } else {
            Err(ConvertError::bad(self.label()))
        }
    }
}

impl ValueInfo {
    pub fn floats(name: &str, dims: &[Dim<'_>]) -> Self {
        let dim = dims
            .iter()
            .map(|dim| match dim {
                Dim::Known(size) => Dimension {
                    dim_value: Some(*size),
                    ..Dimension::default()
                },
                Dim::Named(name) => Dimension {
                    dim_param: Some((*name).to_owned()),
                    ..Dimension::default()
                },
            })
            .collect();
        Self {
            name: Some(name.to_owned()),
            kind: Some(Type {
                tensor: Some(TensorType {
                    elem_type: Some(FLOAT),
                    shape: Some(Shape { dim }),
                }),
                ..Type::default()
            }),
            ..Self::default()
        }
    }
}
