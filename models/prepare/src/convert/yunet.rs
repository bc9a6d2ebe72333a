//! YuNet: turns its block-quantised weights into floats, and makes its image size variable.
//!
//! ONNX Runtime refuses the file as shipped ("block_size must be 0 for per-tensor quantization"). Its input
//! is fixed at 640x640, although nothing in the network depends on that.

use std::collections::{BTreeMap, BTreeSet};

use super::ConvertError;
use super::onnx::{Dim, Graph, Model, Node, Tensor, ValueInfo, decode};

/// Converts the file.
///
/// Input `input`: `[1, 3, height, width]`, BGR 0..255, both sides multiples of 32. Outputs: `cls_N` and
/// `obj_N` `[1, cells, 1]`, `bbox_N` `[1, cells, 4]`, `kps_N` `[1, cells, 10]`, for N = 8, 16, 32, with
/// cells = height/N · width/N, row by row.
pub fn convert(data: &[u8]) -> Result<(Model, Graph), ConvertError> {
    let (model, mut graph) = decode(data)?;
    fold_constants(&mut graph)?;
    // These are the sizes for 640x640.
    graph.value_info.clear();
    let (height, width) = (Dim::Named("height"), Dim::Named("width"));
    graph.input = vec![ValueInfo::floats(
        "input",
        &[Dim::Known(1), Dim::Known(3), height, width],
    )];
    for output in &mut graph.output {
        let name = output.name.clone().unwrap_or_default();
        let (kind, stride) = name
            .split_once('_')
            .ok_or_else(|| ConvertError::bad(&name))?;
        let values = match kind {
            "cls" | "obj" => 1,
            "bbox" => 4,
            "kps" => 10,
            _ => return Err(ConvertError::bad(&name)),
        };
        let cells = format!("cells_{stride}");
        *output = ValueInfo::floats(
            &name,
            &[Dim::Known(1), Dim::Named(&cells), Dim::Known(values)],
        );
    }
    Ok((model, graph))
}

/// Evaluates `DequantizeLinear` of constants, and `Reshape` of the results.
fn fold_constants(graph: &mut Graph) -> Result<(), ConvertError> {
    let mut constants: BTreeMap<String, Tensor> = std::mem::take(&mut graph.initializer)
        .into_iter()
        .map(|t| (t.label().to_owned(), t))
        .collect();
    let mut nodes = Vec::new();
    // The file lists some reshapes before the node that they read, so a second pass is needed.
    let mut pending = std::mem::take(&mut graph.node);
    for op in ["DequantizeLinear", "Reshape"] {
        for node in std::mem::take(&mut pending) {
            let operands: Option<Vec<&Tensor>> =
                node.input.iter().map(|name| constants.get(name)).collect();
            match (operands, node.output.first()) {
                (Some(operands), Some(output)) if node.is(op) => {
                    let folded = match op {
                        "Reshape" => reshape(&operands, output)?,
                        _ => dequantize(&node, &operands, output)?,
                    };
                    constants.insert(output.clone(), folded);
                }
                _ => pending.push(node),
            }
        }
    }
    nodes.append(&mut pending);
    let used: BTreeSet<&String> = nodes.iter().flat_map(|n| &n.input).collect();
    constants.retain(|name, _| used.contains(name));
    graph.initializer = constants.into_values().collect();
    graph.node = nodes;
    Ok(())
}

fn reshape(operands: &[&Tensor], output: &str) -> Result<Tensor, ConvertError> {
    let [tensor, shape] = operands else {
        return Err(ConvertError::bad(output));
    };
    let dims = shape.to_ints()?;
    // Only explicit sizes: 0 and -1 would need the source's shape, and the file has none of them.
    if dims.iter().product::<i64>() != tensor.dims.iter().product::<i64>() {
        return Err(ConvertError::unsupported(format!(
            "the reshape to {output}"
        )));
    }
    Ok(Tensor {
        dims,
        name: Some(output.to_owned()),
        ..(*tensor).clone()
    })
}

/// Computes `(q - zero) · scale`, with one scale for each block of `block_size` values along `axis`.
fn dequantize(node: &Node, operands: &[&Tensor], output: &str) -> Result<Tensor, ConvertError> {
    let bad = || ConvertError::bad(output);
    let (&[quantised, scales, zeros], Some(block), Some(axis)) = (
        operands,
        node.int("block_size").filter(|&size| size > 0),
        node.int("axis").and_then(|axis| usize::try_from(axis).ok()),
    ) else {
        return Err(ConvertError::unsupported(
            "weights that are not quantised in blocks",
        ));
    };
    let dims = &quantised.dims;
    let length = *dims.get(axis).ok_or_else(bad)?;
    let blocks = *scales.dims.get(axis).ok_or_else(bad)?;
    let inner: i64 = dims.iter().skip(axis + 1).product();
    let (scales, zeros) = (scales.to_floats()?, zeros.to_int8s()?);
    let values = (0_i64..)
        .zip(quantised.to_int8s()?)
        .map(|(i, q)| {
            let (outer, along, within) = (i / (inner * length), i / inner % length, i % inner);
            let scale = usize::try_from((outer * blocks + along / block) * inner + within).ok()?;
            Some((f32::from(q) - f32::from(*zeros.get(scale)?)) * scales.get(scale)?)
        })
        .collect::<Option<Vec<f32>>>()
        .ok_or_else(bad)?;
    Ok(Tensor::floats(output, dims, &values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::onnx::INT8;

    fn int8s(name: &str, dims: &[i64], values: &[i8]) -> Tensor {
        Tensor {
            dims: dims.to_vec(),
            data_type: Some(INT8),
            name: Some(name.to_owned()),
            raw_data: Some(values.iter().map(|v| v.cast_unsigned()).collect()),
            ..Tensor::default()
        }
    }

    #[test]
    fn weights_are_scaled_block_by_block_and_reshaped() {
        let dequantize = Node::new("DequantizeLinear", &["q", "s", "z"], "w")
            .with_int("axis", 1)
            .with_int("block_size", 2);
        let mut graph = Graph {
            // The reshape comes first, as in the file.
            node: vec![
                Node::new("Reshape", &["w", "shape"], "kernel"),
                dequantize,
                Node::new("Conv", &["input", "kernel"], "cls_8"),
            ],
            initializer: vec![
                int8s("q", &[2, 4], &[1, 2, 3, 4, 5, 6, 7, -8]),
                Tensor::floats("s", &[2, 2], &[1.0, 10.0, 100.0, 1000.0]),
                int8s("z", &[2, 2], &[0, 1, 0, 0]),
                Tensor::ints("shape", &[2, 1, 2, 2]),
            ],
            ..Graph::default()
        };
        fold_constants(&mut graph).unwrap();
        let [kernel] = graph.initializer.as_slice() else {
            panic!("{:?}", graph.initializer);
        };
        assert_eq!(
            (kernel.label(), kernel.dims.as_slice()),
            ("kernel", &[2, 1, 2, 2][..])
        );
        let expected = [1.0, 2.0, 20.0, 30.0, 500.0, 600.0, 7000.0, -8000.0];
        assert_eq!(kernel.to_floats().unwrap(), expected);
        assert_eq!(graph.node.len(), 1);
    }
}
