//! Widens odd channel counts to a multiple of eight, with channels of zeros.
//!
//! ONNX Runtime's blocked convolutions need channels in eights (an AVX register of floats). A network
//! pruned to 13, 26 or 103 channels falls back to slow convolutions. A channel whose filter and bias are
//! zero stays zero through `PRelu`, `Relu` and depthwise convolutions, and the next full convolution reads
//! it with weight zero. So the result is the same.

use std::collections::BTreeMap;

use super::ConvertError;
use super::onnx::{Graph, Tensor};

/// Channels are filled up to a multiple of this number.
const BLOCK: i64 = 8;

/// A tensor to fill up to `to` along an axis (0 or 1).
struct Fill {
    tensor: String,
    axis: usize,
    to: i64,
}

/// Widens every chain that begins with a full convolution with an odd number of outputs.
///
/// A chain goes through activations and depthwise convolutions to the full convolutions that read it. A
/// chain that reaches another operator is not changed.
pub fn widen(graph: &mut Graph) -> Result<(), ConvertError> {
    let index: BTreeMap<String, usize> = graph
        .initializer
        .iter()
        .enumerate()
        .map(|(i, t)| (t.label().to_owned(), i))
        .collect();
    let starts: Vec<usize> = (0..graph.node.len())
        .filter(|&i| graph.node[i].is("Conv") && graph.node[i].int("group").unwrap_or(1) == 1)
        .collect();
    for start in starts {
        let dims = |graph: &Graph, name: &str| -> Option<Vec<i64>> {
            Some(graph.initializer.get(*index.get(name)?)?.dims.clone())
        };
        let Some([channels, ..]) = graph.node[start]
            .input
            .get(1)
            .and_then(|w| dims(graph, w))
            .and_then(|d| <[i64; 4]>::try_from(d).ok())
        else {
            continue;
        };
        if channels % BLOCK == 0 {
            continue;
        }
        let to = (channels / BLOCK + 1) * BLOCK;
        let Some((fills, depthwise)) = chain(graph, start, channels, to) else {
            continue;
        };
        if fills.iter().any(|f| !index.contains_key(&f.tensor)) {
            continue;
        }
        for fill in &fills {
            if let Some(tensor) = index
                .get(&fill.tensor)
                .and_then(|&i| graph.initializer.get_mut(i))
            {
                *tensor = filled(tensor, fill)?;
            }
        }
        for node in depthwise {
            graph.node[node].set_int("group", to);
        }
    }
    Ok(())
}

/// The tensors to fill when the convolution at `start` gets more outputs; `None` if that is not possible.
fn chain(graph: &Graph, start: usize, channels: i64, to: i64) -> Option<(Vec<Fill>, Vec<usize>)> {
    let fill = |tensor: &String, axis| Fill {
        tensor: tensor.clone(),
        axis,
        to,
    };
    let first = &graph.node[start];
    let mut fills: Vec<Fill> = first.input.iter().skip(1).map(|t| fill(t, 0)).collect();
    let mut depthwise = Vec::new();
    let mut pending = vec![first.output.first()?.clone()];
    while let Some(value) = pending.pop() {
        if graph.output.iter().any(|o| o.name.as_ref() == Some(&value)) {
            return None;
        }
        for (i, node) in graph.node.iter().enumerate() {
            if !node.input.contains(&value) {
                continue;
            }
            if node.input.first() != Some(&value) {
                return None;
            }
            let group = node.int("group").unwrap_or(1);
            if node.is("Relu") {
                pending.push(node.output.first()?.clone());
            } else if node.is("PRelu") {
                fills.push(fill(node.input.get(1)?, 0));
                pending.push(node.output.first()?.clone());
            } else if node.is("Conv") && group == 1 {
                fills.push(fill(node.input.get(1)?, 1));
            } else if node.is("Conv") && group == channels {
                fills.extend(node.input.iter().skip(1).map(|t| fill(t, 0)));
                depthwise.push(i);
                pending.push(node.output.first()?.clone());
            } else {
                return None;
            }
        }
    }
    Some((fills, depthwise))
}

/// The tensor with zeros appended along one of its first two axes.
fn filled(tensor: &Tensor, fill: &Fill) -> Result<Tensor, ConvertError> {
    let mut dims = tensor.dims.clone();
    let bad = || ConvertError::bad(tensor.label());
    let from = std::mem::replace(dims.get_mut(fill.axis).ok_or_else(bad)?, fill.to);
    let inner: i64 = dims.iter().skip(fill.axis + 1).product();
    let row = usize::try_from(from * inner).map_err(|_| bad())?;
    let wide = usize::try_from(fill.to * inner).map_err(|_| bad())?;
    let values = tensor.to_floats()?;
    if row == 0 || values.len() % row != 0 || wide < row {
        return Err(bad());
    }
    let mut wider = Vec::with_capacity(values.len() / row * wide);
    for part in values.chunks_exact(row) {
        wider.extend_from_slice(part);
        wider.resize(wider.len() + wide - row, 0.0);
    }
    Ok(Tensor::floats(tensor.label(), &dims, &wider))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::{prelu, tiny};

    fn dims<'a>(graph: &'a Graph, name: &str) -> &'a [i64] {
        let tensor = graph.initializer.iter().find(|t| t.label() == name);
        &tensor.unwrap().dims
    }

    #[test]
    fn widened_chains_compute_the_same() {
        for inner in [2, 5, 7, 13] {
            let before = tiny::bottleneck(inner);
            let mut after = before.clone();
            widen(&mut after).unwrap();
            let wide = (inner + 7) / 8 * 8;
            assert_eq!(dims(&after, "w1"), [wide, 2, 1, 1]);
            assert_eq!(dims(&after, "s2"), [wide, 1, 1]);
            assert_eq!(dims(&after, "w3"), [2, wide, 1, 1]);
            assert_eq!(after.node[2].int("group"), Some(wide));
            tiny::assert_same(&tiny::evaluate(&before), &tiny::evaluate(&after));
            prelu::rewrite(&mut after).unwrap();
            tiny::assert_same(&tiny::evaluate(&before), &tiny::evaluate(&after));
        }
    }

    #[test]
    fn multiples_of_eight_are_left_alone() {
        let before = tiny::bottleneck(16);
        let mut after = before.clone();
        widen(&mut after).unwrap();
        assert_eq!(before, after);
    }

    #[test]
    fn chains_that_reach_a_sum_or_an_output_are_left_alone() {
        // The last convolution has two outputs and ends in the sum.
        let mut graph = tiny::bottleneck(8);
        widen(&mut graph).unwrap();
        assert_eq!(dims(&graph, "w3"), [2, 8, 1, 1]);
        let mut graph = tiny::bottleneck(5);
        graph.output[0].name = Some("d".to_owned());
        widen(&mut graph).unwrap();
        assert_eq!(dims(&graph, "w1"), [5, 2, 1, 1]);
    }
}
