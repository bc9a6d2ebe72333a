//! Test helpers: a network of four operators, and an evaluator of the few operators that the rewrites use.

use std::collections::BTreeMap;

use super::onnx::{Dim, Graph, Model, Node, Tensor, ValueInfo, encode};

/// Side of the square images, pixels.
const SIDE: usize = 3;

/// A pruned inverted bottleneck, as in the anti-spoof network.
///
/// 2 channels become `inner` channels and 2 again. Each step has its own slopes, and the input is added at
/// the end.
pub fn bottleneck(inner: i64) -> Graph {
    let count = usize::try_from(inner).unwrap();
    let numbers = |count: usize, phase: f32| -> Vec<f32> {
        (0..count).map(|i| (i as f32 * 1.7 + phase).sin()).collect()
    };
    let conv = |inputs: &[&str], group: i64, output: &str| {
        Node::new("Conv", inputs, output)
            .with_ints("kernel_shape", &[1, 1])
            .with_int("group", group)
    };
    let shape = [1, 2, 3, 3].map(Dim::Known);
    Graph {
        name: Some("tiny".to_owned()),
        node: vec![
            conv(&["x", "w1", "b1"], 1, "a"),
            Node::new("PRelu", &["a", "s1"], "b"),
            conv(&["b", "w2", "b2"], inner, "c"),
            Node::new("PRelu", &["c", "s2"], "d"),
            conv(&["d", "w3", "b3"], 1, "e"),
            Node::new("Add", &["x", "e"], "y"),
        ],
        initializer: vec![
            Tensor::floats("w1", &[inner, 2, 1, 1], &numbers(2 * count, 0.1)),
            Tensor::floats("b1", &[inner], &numbers(count, 0.2)),
            Tensor::floats("s1", &[inner, 1, 1], &numbers(count, 0.3)),
            Tensor::floats("w2", &[inner, 1, 1, 1], &numbers(count, 0.4)),
            Tensor::floats("b2", &[inner], &numbers(count, 0.5)),
            Tensor::floats("s2", &[inner, 1, 1], &numbers(count, 0.6)),
            Tensor::floats("w3", &[2, inner, 1, 1], &numbers(2 * count, 0.7)),
            Tensor::floats("b3", &[2], &numbers(2, 0.8)),
        ],
        input: vec![ValueInfo::floats("x", &shape)],
        output: vec![ValueInfo::floats("y", &shape)],
        ..Graph::default()
    }
}

pub fn encoded() -> Vec<u8> {
    encode(Model::new(13), bottleneck(5))
}

/// Output `y` for one fixed image, with convolutions of single pixels.
pub fn evaluate(graph: &Graph) -> Vec<f32> {
    let pixels = SIDE * SIDE;
    let image: Vec<f32> = (0..2 * pixels).map(|i| (i as f32 * 0.9).cos()).collect();
    let mut values = BTreeMap::from([("x".to_owned(), image)]);
    let weights: BTreeMap<&str, Vec<f32>> = graph
        .initializer
        .iter()
        .map(|t| (t.label(), t.to_floats().unwrap()))
        .collect();
    for node in &graph.node {
        let x = &values[&node.input[0]];
        let result = match node.op_type.as_deref().unwrap() {
            "Relu" => x.iter().map(|v| v.max(0.0)).collect(),
            "Add" => x
                .iter()
                .zip(&values[&node.input[1]])
                .map(|(a, b)| a + b)
                .collect(),
            "PRelu" => {
                let slopes = &weights[node.input[1].as_str()];
                let at = |(i, v): (usize, &f32)| if *v < 0.0 { v * slopes[i / pixels] } else { *v };
                x.iter().enumerate().map(at).collect()
            }
            "Conv" => {
                let kernel = &weights[node.input[1].as_str()];
                let inputs = x.len() / pixels;
                let group = usize::try_from(node.int("group").unwrap()).unwrap();
                let per_group = inputs / group;
                let outputs = kernel.len() / per_group;
                let bias = node.input.get(2).map(|b| &weights[b.as_str()]);
                let mut result = Vec::new();
                for o in 0..outputs {
                    let first = o / (outputs / group) * per_group;
                    for p in 0..pixels {
                        let products = (0..per_group)
                            .map(|i| kernel[o * per_group + i] * x[(first + i) * pixels + p]);
                        result.push(products.sum::<f32>() + bias.map_or(0.0, |b| b[o]));
                    }
                }
                result
            }
            other => panic!("{other}"),
        };
        values.insert(node.output[0].clone(), result);
    }
    values["y"].clone()
}

pub fn assert_same(before: &[f32], after: &[f32]) {
    assert_eq!(before.len(), after.len());
    for (a, b) in before.iter().zip(after) {
        assert!((a - b).abs() < 1e-5, "{before:?}\n{after:?}");
    }
}
