//! MediaPipe's blendshape network, TFLite to ONNX.
//!
//! It is an MLP-mixer over 97 tokens of 64 numbers. Its 1x1 convolutions are matrix products over the last
//! axis and are written as such. So the layout stays that of TFLite, and no data has to be moved.

use super::ConvertError;
use super::lower::{Lowering, Output};
use super::onnx::{Graph, Model, Node};
use super::tflite::{Op, Operator, TfLite};

/// Converts the file.
///
/// Input `points`: `[1, 146, 2]`, x, y in image pixels. Output `scores`: `[1, 52]`, 0..1.
pub fn convert(data: &[u8]) -> Result<(Model, Graph), ConvertError> {
    const OUTPUTS: [Output; 1] = [Output {
        index: 0,
        name: "scores",
        dims: &[1, 52],
    }];
    let mut lowering = Lowering::new(TfLite::read(data)?, "points")?;
    for operator in lowering.needed(&OUTPUTS)? {
        lower(&mut lowering, &operator)?;
    }
    lowering.finish("face_blendshapes", &[1, 146, 2], &OUTPUTS)
}

fn lower(l: &mut Lowering<'_>, operator: &Operator<'_>) -> Result<(), ConvertError> {
    let output = l.value(operator.output);
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other recipe's operators have no meaning here"
    )]
    match (operator.op, operator.inputs.as_slice()) {
        (Op::Conv2d, &[x, weights, bias]) => product(l, operator, x, weights, bias, &output),
        (Op::Add | Op::Sub | Op::Mul | Op::Div, &[a, b]) => {
            let name = match operator.op {
                Op::Add => "Add",
                Op::Sub => "Sub",
                Op::Mul => "Mul",
                _ => "Div",
            };
            let (a, b) = (l.operand(a)?, l.operand(b)?);
            let node = Node::new(name, &[&a, &b], &output);
            l.push_activated(node, operator.byte(0)?, &output)
        }
        (Op::SquaredDifference, &[a, b]) => {
            let difference = format!("{output}_difference");
            let (a, b) = (l.operand(a)?, l.operand(b)?);
            l.push(Node::new("Sub", &[&a, &b], &difference));
            l.push(Node::new("Mul", &[&difference, &difference], &output));
            Ok(())
        }
        (Op::Mean, &[x, axes]) => {
            let axes = l.model.ints(axes)?;
            l.push(
                Node::new("ReduceMean", &[&l.value(x)], &output)
                    .with_ints("axes", &axes)
                    .with_int("keepdims", i64::from(operator.flag(0)?)),
            );
            Ok(())
        }
        (Op::Sum, &[x, axes]) => {
            let values = l.model.ints(axes)?;
            let axes = l.ints(&format!("c{axes}"), &values);
            l.push(
                Node::new("ReduceSum", &[&l.value(x), &axes], &output)
                    .with_int("keepdims", i64::from(operator.flag(0)?)),
            );
            Ok(())
        }
        (Op::Neg, &[x]) => unary(l, "Neg", x, &output),
        (Op::Sqrt, &[x]) => unary(l, "Sqrt", x, &output),
        (Op::Logistic, &[x]) => unary(l, "Sigmoid", x, &output),
        (Op::Rsqrt, &[x]) => {
            let root = format!("{output}_root");
            unary(l, "Sqrt", x, &root)?;
            l.push(Node::new("Reciprocal", &[&root], &output));
            Ok(())
        }
        (Op::Transpose, &[x, order]) => {
            let order = l.model.ints(order)?;
            l.push(Node::new("Transpose", &[&l.value(x)], &output).with_ints("perm", &order));
            Ok(())
        }
        (Op::Concatenation, &[a, b]) => {
            let (a, b) = (l.operand(a)?, l.operand(b)?);
            let node = Node::new("Concat", &[&a, &b], &output)
                .with_int("axis", i64::from(operator.int(0, 0)?));
            l.push_activated(node, operator.byte(1)?, &output)
        }
        (Op::Reshape, &[x, _]) => reshape(l, operator, &l.value(x), &output),
        (Op::StridedSlice, &[x, begin, end, strides]) => {
            slice(l, operator, x, [begin, end, strides], &output)
        }
        (other, _) => Err(ConvertError::unsupported(format!(
            "{other:?} in a mixer network"
        ))),
    }
}

fn unary(l: &mut Lowering<'_>, op: &str, input: usize, output: &str) -> Result<(), ConvertError> {
    l.push(Node::new(op, &[&l.value(input)], output));
    Ok(())
}

/// Reshapes to the shape that the file declares for the operator's output.
fn reshape(
    l: &mut Lowering<'_>,
    operator: &Operator<'_>,
    input: &str,
    output: &str,
) -> Result<(), ConvertError> {
    let dims = l.model.shape(operator.output)?.to_vec();
    let shape = l.ints(&format!("{output}_shape"), &dims);
    l.push(Node::new("Reshape", &[input, &shape], output));
    Ok(())
}

/// A 1x1 convolution over the last axis: `x · weightsᵀ + bias`.
fn product(
    l: &mut Lowering<'_>,
    operator: &Operator<'_>,
    x: usize,
    weights: usize,
    bias: usize,
    output: &str,
) -> Result<(), ConvertError> {
    let &[out, 1, 1, inner] = l.model.shape(weights)? else {
        return Err(ConvertError::unsupported(
            "a kernel larger than 1x1 in a mixer network",
        ));
    };
    if operator.int(1, 0)? != 1 || operator.int(2, 0)? != 1 {
        return Err(ConvertError::unsupported("a stride in a mixer network"));
    }
    let columns = usize::try_from(inner).map_err(|_| ConvertError::bad("a kernel"))?;
    let values = l.model.floats(weights)?;
    let transposed: Vec<f32> = (0..columns)
        .flat_map(|i| values.iter().skip(i).step_by(columns).copied())
        .collect();
    let matrix = l.floats(&format!("w{weights}"), &[inner, out], &transposed);
    let bias = l.operand(bias)?;
    let unbiased = format!("{output}_product");
    l.push(Node::new("MatMul", &[&l.value(x), &matrix], &unbiased));
    let sum = Node::new("Add", &[&unbiased, &bias], output);
    l.push_activated(sum, operator.byte(3)?, output)
}

/// A slice with steps of one. A reshape then drops the axes in the shrink mask.
fn slice(
    l: &mut Lowering<'_>,
    operator: &Operator<'_>,
    x: usize,
    [begin, end, strides]: [usize; 3],
    output: &str,
) -> Result<(), ConvertError> {
    let masks = [0, 1, 4].map(|slot| operator.int(slot, 0));
    let [begin_mask, end_mask, shrink] = masks;
    let (begin_mask, end_mask, shrink) = (begin_mask?, end_mask?, shrink?);
    let mut starts = l.model.ints(begin)?;
    let mut ends = l.model.ints(end)?;
    if operator.int(2, 0)? != 0
        || operator.int(3, 0)? != 0
        || l.model.ints(strides)?.iter().any(|&s| s != 1)
    {
        return Err(ConvertError::unsupported(
            "a slice with steps, ellipsis or new axes",
        ));
    }
    for (axis, (start, end)) in starts.iter_mut().zip(&mut ends).enumerate() {
        let bit = 1 << axis;
        if begin_mask & bit != 0 {
            *start = 0;
        }
        if shrink & bit != 0 {
            *end = *start + 1;
        } else if end_mask & bit != 0 {
            *end = i64::MAX;
        }
    }
    let axes: Vec<i64> = (0_i64..).take(starts.len()).collect();
    let starts = l.ints(&format!("{output}_starts"), &starts);
    let ends = l.ints(&format!("{output}_ends"), &ends);
    let axes = l.ints(&format!("{output}_axes"), &axes);
    let sliced = format!("{output}_sliced");
    l.push(Node::new(
        "Slice",
        &[&l.value(x), &starts, &ends, &axes],
        &sliced,
    ));
    reshape(l, operator, &sliced, output)
}
