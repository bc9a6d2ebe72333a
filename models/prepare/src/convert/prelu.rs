//! Rewrites `PRelu` as `x + (1-a)·Relu(-x)`, both products as 1x1 depthwise convolutions.
//!
//! ONNX Runtime's CPU kernel for `PRelu` is slow and does not support the blocked layout of its
//! convolutions. So every `PRelu` also costs two reorderings: 38-65 % of these networks' time. Depthwise
//! convolutions, `Relu` and `Add` all stay in that layout.
//!
//! This form makes two passes over the values, since `Relu` is fused into the first product and the sum
//! into the second. In `a·x + (1-a)·Relu(x)` the `Relu` stands alone. That form makes three passes, and the
//! networks take 2-20 % longer (models/README.md).

use std::collections::BTreeMap;

use super::ConvertError;
use super::onnx::{Graph, Node, Tensor};

/// Rewrites every `PRelu` with constant slopes, one for each channel; others are refused.
pub fn rewrite(graph: &mut Graph) -> Result<(), ConvertError> {
    let slopes: BTreeMap<String, Tensor> = graph
        .initializer
        .iter()
        .map(|t| (t.label().to_owned(), t.clone()))
        .collect();
    let mut nodes = Vec::with_capacity(graph.node.len());
    let mut used = Vec::new();
    for node in std::mem::take(&mut graph.node) {
        if !node.is("PRelu") {
            nodes.push(node);
            continue;
        }
        let (Some(input), Some(slope_name), Some(output)) =
            (node.input.first(), node.input.get(1), node.output.first())
        else {
            return Err(ConvertError::bad("a PRelu node"));
        };
        let slope = slopes
            .get(slope_name)
            .ok_or_else(|| ConvertError::unsupported("PRelu with computed slopes"))?;
        let &[channels, 1, 1] = slope.dims.as_slice() else {
            return Err(ConvertError::unsupported(
                "PRelu slopes that are not one per channel",
            ));
        };
        let missing: Vec<f32> = slope.to_floats()?.iter().map(|a| 1.0 - a).collect();
        let minus = vec![-1.0; missing.len()];

        let names = ["minus", "missing", "mirrored", "negative", "rest"]
            .map(|part| format!("{output}_prelu_{part}"));
        let [minus_name, missing_name, mirrored, negative, rest] = &names;
        let dims = [channels, 1, 1, 1];
        for (name, factors) in [(minus_name, &minus), (missing_name, &missing)] {
            let factors = Tensor::floats(name, &dims, factors);
            graph.initializer.push(factors);
        }
        let scaled = |input: &str, factors: &str, output: &str| {
            Node::new("Conv", &[input, factors], output)
                .with_ints("kernel_shape", &[1, 1])
                .with_int("group", channels)
        };
        nodes.push(scaled(input, minus_name, mirrored));
        nodes.push(Node::new("Relu", &[mirrored], negative));
        nodes.push(scaled(negative, missing_name, rest));
        nodes.push(Node::new("Add", &[input, rest], output));
        used.push(slope_name.clone());
    }
    graph.node = nodes;
    graph
        .initializer
        .retain(|t| !used.iter().any(|name| name == t.label()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::tiny;

    #[test]
    fn the_rewrite_computes_the_same_with_a_slope_per_channel() {
        let before = tiny::bottleneck(5);
        let mut after = before.clone();
        rewrite(&mut after).unwrap();
        assert!(!after.node.iter().any(|n| n.is("PRelu")));
        assert!(!after.initializer.iter().any(|t| t.label() == "s1"));
        tiny::assert_same(&tiny::evaluate(&before), &tiny::evaluate(&after));
    }

    #[test]
    fn slopes_that_are_not_one_per_channel_are_refused() {
        for dims in [vec![1], vec![5, 3, 3], vec![1, 5, 1, 1]] {
            let mut graph = tiny::bottleneck(5);
            graph.initializer[2].dims = dims.clone();
            assert!(rewrite(&mut graph).is_err(), "{dims:?}");
        }
        let mut graph = tiny::bottleneck(5);
        graph.node[1].input[1] = "x".to_owned();
        assert!(rewrite(&mut graph).is_err(), "computed slopes");
    }
}
