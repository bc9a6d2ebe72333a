//! MediaPipe's 478-point face landmark network, TFLite to ONNX.
//!
//! TFLite computes in NHWC, and ONNX Runtime's fast convolutions in (blocked) NCHW. Every operator here has
//! an NCHW form, so the whole graph is written in NCHW without transposes. Only the image must be given
//! with the channels first.

use super::ConvertError;
use super::lower::{Lowering, Output};
use super::onnx::{Graph, Model, Node};
use super::tflite::{Op, Operator, TfLite};

/// Converts the file.
///
/// Input `image`: `[1, 3, 256, 256]`, RGB 0..1. Outputs: `landmarks` `[1, 478, 3]`, x, y, z in pixels of
/// the 256x256 crop; `presence` `[1, 1]`, the logit that a face is there.
pub fn convert(data: &[u8]) -> Result<(Model, Graph), ConvertError> {
    const OUTPUTS: [Output; 2] = [
        Output {
            index: 0,
            name: "landmarks",
            dims: &[1, 478, 3],
        },
        Output {
            index: 1,
            name: "presence",
            dims: &[1, 1],
        },
    ];
    let mut lowering = Lowering::new(TfLite::read(data)?, "image")?;
    for operator in lowering.needed(&OUTPUTS)? {
        lower(&mut lowering, &operator)?;
    }
    lowering.finish("face_landmarks", &[1, 3, 256, 256], &OUTPUTS)
}

fn lower(l: &mut Lowering<'_>, operator: &Operator<'_>) -> Result<(), ConvertError> {
    let output = l.value(operator.output);
    match (operator.op, operator.inputs.as_slice()) {
        (Op::Conv2d, &[x, weights, bias]) => {
            let [out, h, w, inner] = four(l.model.shape(weights)?)?;
            let kernel = permuted(l.model.floats(weights)?, [out, h, w, inner], [0, 3, 1, 2])?;
            let kernel = l.floats(&format!("w{weights}"), &[out, inner, h, w], &kernel);
            let bias = l.operand(bias)?;
            let window = window(l, operator, x, [h, w], [1, 2], Some([4, 5]))?;
            let node = Node::new("Conv", &[&l.value(x), &kernel, &bias], &output);
            let node = window.on(node, true).with_int("group", 1);
            l.push_activated(node, operator.byte(3)?, &output)
        }
        (Op::DepthwiseConv2d, &[x, weights, bias]) => {
            if operator.int(3, 0)? != 1 {
                return Err(ConvertError::unsupported("a depth multiplier"));
            }
            let [_, h, w, channels] = four(l.model.shape(weights)?)?;
            let kernel = permuted(l.model.floats(weights)?, [1, h, w, channels], [3, 0, 1, 2])?;
            let kernel = l.floats(&format!("w{weights}"), &[channels, 1, h, w], &kernel);
            let bias = l.operand(bias)?;
            let window = window(l, operator, x, [h, w], [1, 2], Some([5, 6]))?;
            let node = Node::new("Conv", &[&l.value(x), &kernel, &bias], &output);
            let node = window.on(node, true).with_int("group", channels);
            l.push_activated(node, operator.byte(4)?, &output)
        }
        (Op::MaxPool2d, &[x]) => {
            let size = [
                i64::from(operator.int(4, 0)?),
                i64::from(operator.int(3, 0)?),
            ];
            let window = window(l, operator, x, size, [1, 2], None)?;
            let node = window.on(Node::new("MaxPool", &[&l.value(x)], &output), false);
            l.push_activated(node, operator.byte(5)?, &output)
        }
        (Op::Prelu, &[x, slope]) => {
            let slopes = l.model.floats(slope)?.to_vec();
            let [_, _, _, channels] = four(l.model.shape(x)?)?;
            if l.model.shape(slope)? != [1, 1, channels] {
                return Err(ConvertError::unsupported("PReLU slopes per pixel"));
            }
            let slope = l.floats(&format!("a{slope}"), &[channels, 1, 1], &slopes);
            l.push(Node::new("PRelu", &[&l.value(x), &slope], &output));
            Ok(())
        }
        (Op::Add, &[a, b]) => {
            let node = Node::new("Add", &[&l.value(a), &l.value(b)], &output);
            l.push_activated(node, operator.byte(0)?, &output)
        }
        (Op::Pad, &[x, amounts]) => {
            let [_, _, _, channels] = four(l.model.shape(x)?)?;
            let &[0, 0, 0, 0, 0, 0, 0, more] = l.model.ints(amounts)?.as_slice() else {
                return Err(ConvertError::unsupported(
                    "padding but of channels, at the end",
                ));
            };
            widen(l, &l.value(x), channels, channels + more, &output)
        }
        (other, _) => Err(ConvertError::unsupported(format!(
            "{other:?} in an image network"
        ))),
    }
}

/// Appends channels of zeros by a 1x1 convolution with the identity.
///
/// `Pad` would do the same, but does not support the blocked layout of the convolutions around it. The two
/// reorderings of the largest tensors would cost more than these few multiplications.
fn widen(
    l: &mut Lowering<'_>,
    input: &str,
    from: i64,
    to: i64,
    output: &str,
) -> Result<(), ConvertError> {
    let (rows, columns) = (size(to)?, size(from)?);
    let mut identity = vec![0.0; rows * columns];
    for row in identity.chunks_exact_mut(columns).enumerate() {
        let (i, row) = row;
        if let Some(diagonal) = row.get_mut(i) {
            *diagonal = 1.0;
        }
    }
    let kernel = l.floats(&format!("widen{from}_{to}"), &[to, from, 1, 1], &identity);
    l.push(Node::new("Conv", &[input, &kernel], output).with_ints("kernel_shape", &[1, 1]));
    Ok(())
}

/// Placement of a kernel over its input.
struct Window {
    kernel: [i64; 2],
    strides: [i64; 2],
    dilations: [i64; 2],
    pads: [i64; 4],
}

impl Window {
    fn on(&self, node: Node, dilated: bool) -> Node {
        let node = node
            .with_ints("kernel_shape", &self.kernel)
            .with_ints("strides", &self.strides)
            .with_ints("pads", &self.pads);
        if dilated {
            node.with_ints("dilations", &self.dilations)
        } else {
            node
        }
    }
}

/// Reads strides and padding. `slots` are those of width and height, in this order.
fn window(
    l: &Lowering<'_>,
    operator: &Operator<'_>,
    input: usize,
    kernel: [i64; 2],
    strides: [usize; 2],
    dilations: Option<[usize; 2]>,
) -> Result<Window, ConvertError> {
    let [_, height, width, _] = four(l.model.shape(input)?)?;
    let hw = |[w, h]: [usize; 2], default| -> Result<[i64; 2], ConvertError> {
        Ok([
            i64::from(operator.int(h, default)?),
            i64::from(operator.int(w, default)?),
        ])
    };
    let strides = hw(strides, 0)?;
    let dilations = dilations.map_or(Ok([1, 1]), |slots| hw(slots, 1))?;
    let mut pads = [0; 4];
    // Padding SAME is 0, and VALID is 1.
    if operator.byte(0)? == 0 {
        for (axis, input) in [height, width].into_iter().enumerate() {
            let (before, after) = same(input, kernel[axis], strides[axis], dilations[axis])?;
            pads[axis] = before;
            pads[axis + 2] = after;
        }
    }
    Ok(Window {
        kernel,
        strides,
        dilations,
        pads,
    })
}

/// TensorFlow's SAME padding: as even as possible, with the odd pixel at the end.
fn same(input: i64, kernel: i64, stride: i64, dilation: i64) -> Result<(i64, i64), ConvertError> {
    if stride < 1 {
        return Err(ConvertError::bad("a stride"));
    }
    let output = (input + stride - 1) / stride;
    let total = ((output - 1) * stride + (kernel - 1) * dilation + 1 - input).max(0);
    Ok((total / 2, total - total / 2))
}

fn four(shape: &[i64]) -> Result<[i64; 4], ConvertError> {
    shape
        .try_into()
        .map_err(|_| ConvertError::unsupported("a tensor without four axes"))
}

fn size(value: i64) -> Result<usize, ConvertError> {
    usize::try_from(value).map_err(|_| ConvertError::bad("a size"))
}

/// Reorders the axes of a row-major tensor: axis `i` of the result is axis `order[i]` of the source.
fn permuted(values: &[f32], shape: [i64; 4], order: [usize; 4]) -> Result<Vec<f32>, ConvertError> {
    let mut sizes = [0; 4];
    for (to, from) in sizes.iter_mut().zip(shape) {
        *to = size(from)?;
    }
    let strides = [
        sizes[1] * sizes[2] * sizes[3],
        sizes[2] * sizes[3],
        sizes[3],
        1,
    ];
    let [n, stride] = [
        order.map(|axis| sizes[axis]),
        order.map(|axis| strides[axis]),
    ];
    let mut result = Vec::with_capacity(values.len());
    for a in 0..n[0] {
        for b in 0..n[1] {
            for c in 0..n[2] {
                for d in 0..n[3] {
                    let at = a * stride[0] + b * stride[1] + c * stride[2] + d * stride[3];
                    result.push(*values.get(at).ok_or(ConvertError::Truncated)?);
                }
            }
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_puts_the_odd_pixel_last() {
        for ((input, kernel, stride), pads) in [
            ((256, 3, 2), (0, 1)),
            ((128, 3, 1), (1, 1)),
            ((128, 2, 2), (0, 0)),
            ((7, 3, 2), (1, 1)),
        ] {
            assert_eq!(
                same(input, kernel, stride, 1).unwrap(),
                pads,
                "{input} {kernel} {stride}"
            );
        }
        assert!(same(8, 3, 0, 1).is_err());
    }

    #[test]
    fn kernels_are_reordered_from_ohwi_to_oihw() {
        // Two outputs, 1x2 pixels, three inputs: value = o*100 + w*10 + i.
        let ohwi: Vec<f32> = vec![
            0.0, 1.0, 2.0, 10.0, 11.0, 12.0, 100.0, 101.0, 102.0, 110.0, 111.0, 112.0,
        ];
        let oihw = permuted(&ohwi, [2, 1, 2, 3], [0, 3, 1, 2]).unwrap();
        assert_eq!(
            oihw,
            [
                0.0, 10.0, 1.0, 11.0, 2.0, 12.0, 100.0, 110.0, 101.0, 111.0, 102.0, 112.0
            ]
        );
    }
}
