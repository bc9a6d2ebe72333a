//! Code that the two TFLite recipes share: selection of operators, names, constants, the frame of the
//! graph.

use std::collections::BTreeSet;

use super::ConvertError;
use super::onnx::{Dim, Graph, Model, Node, Tensor, ValueInfo};
use super::tflite::{Operator, TfLite, Values};

/// Version of the standard operators that the produced graphs use.
const OPSET: i64 = 17;

/// A TFLite output to keep: its index in the file, and the ONNX name and shape it gets.
pub struct Output {
    pub index: usize,
    pub name: &'static str,
    pub dims: &'static [i64],
}

/// A graph under construction.
pub struct Lowering<'a> {
    pub model: TfLite<'a>,
    input: (usize, &'static str),
    nodes: Vec<Node>,
    initializers: Vec<Tensor>,
    emitted: BTreeSet<String>,
}

impl<'a> Lowering<'a> {
    pub fn new(model: TfLite<'a>, input_name: &'static str) -> Result<Self, ConvertError> {
        let input = *model
            .inputs
            .first()
            .ok_or_else(|| ConvertError::missing("the TFLite input"))?;
        Ok(Self {
            model,
            input: (input, input_name),
            nodes: Vec::new(),
            initializers: Vec::new(),
            emitted: BTreeSet::new(),
        })
    }

    /// The operators that the wanted outputs depend on, in the order of execution.
    pub fn needed(&mut self, outputs: &[Output]) -> Result<Vec<Operator<'a>>, ConvertError> {
        let mut wanted = outputs
            .iter()
            .map(|o| self.output(o))
            .collect::<Result<BTreeSet<_>, _>>()?;
        let mut needed = Vec::new();
        for operator in std::mem::take(&mut self.model.operators).into_iter().rev() {
            if wanted.contains(&operator.output) {
                wanted.extend(&operator.inputs);
                needed.push(operator);
            }
        }
        needed.reverse();
        Ok(needed)
    }

    fn output(&self, output: &Output) -> Result<usize, ConvertError> {
        self.model
            .outputs
            .get(output.index)
            .copied()
            .ok_or_else(|| ConvertError::missing(output.name))
    }

    /// The ONNX name of a TFLite tensor.
    pub fn value(&self, tensor: usize) -> String {
        if tensor == self.input.0 {
            self.input.1.to_owned()
        } else {
            format!("t{tensor}")
        }
    }

    /// The name of an operand. A constant becomes an initializer of the same shape.
    pub fn operand(&mut self, tensor: usize) -> Result<String, ConvertError> {
        if let Some(values) = self.model.constants.get(&tensor) {
            let Values::Floats(values) = values else {
                return Err(ConvertError::unsupported("arithmetic on integers"));
            };
            let (dims, values) = (self.model.shape(tensor)?.to_vec(), values.clone());
            return Ok(self.floats(&format!("c{tensor}"), &dims, &values));
        }
        Ok(self.value(tensor))
    }

    pub fn push(&mut self, node: Node) {
        self.nodes.push(node);
    }

    /// Adds a constant of floats. Each name is stored once.
    pub fn floats(&mut self, name: &str, dims: &[i64], values: &[f32]) -> String {
        if self.emitted.insert(name.to_owned()) {
            self.initializers.push(Tensor::floats(name, dims, values));
        }
        name.to_owned()
    }

    /// Adds a constant of integers. Each name is stored once.
    pub fn ints(&mut self, name: &str, values: &[i64]) -> String {
        if self.emitted.insert(name.to_owned()) {
            self.initializers.push(Tensor::ints(name, values));
        }
        name.to_owned()
    }

    /// Adds `node`, whose output is `output`, followed by the operator's fused activation.
    pub fn push_activated(
        &mut self,
        mut node: Node,
        activation: i8,
        output: &str,
    ) -> Result<(), ConvertError> {
        match activation {
            0 => self.nodes.push(node),
            1 => {
                let linear = format!("{output}_linear");
                node.output = vec![linear.clone()];
                self.nodes.push(node);
                self.nodes.push(Node::new("Relu", &[&linear], output));
            }
            other => {
                return Err(ConvertError::unsupported(format!(
                    "fused activation {other}"
                )));
            }
        }
        Ok(())
    }

    /// Completes the graph: a `Reshape` gives every wanted output its name and shape.
    pub fn finish(
        mut self,
        name: &str,
        input_dims: &[i64],
        outputs: &[Output],
    ) -> Result<(Model, Graph), ConvertError> {
        for output in outputs {
            let source = self.value(self.output(output)?);
            let shape = self.ints(&format!("{}_shape", output.name), output.dims);
            self.push(Node::new("Reshape", &[&source, &shape], output.name));
        }
        let known = |dims: &[i64]| dims.iter().map(|&d| Dim::Known(d)).collect::<Vec<_>>();
        let graph = Graph {
            node: self.nodes,
            name: Some(name.to_owned()),
            initializer: self.initializers,
            input: vec![ValueInfo::floats(self.input.1, &known(input_dims))],
            output: outputs
                .iter()
                .map(|o| ValueInfo::floats(o.name, &known(o.dims)))
                .collect(),
            ..Graph::default()
        };
        Ok((Model::new(OPSET), graph))
    }
}
