//! Round trips of colours: encoded as a grading tool would, then converted back.

use proptest::prelude::*;

use super::*;

const HDR10: Colours = Colours {
    transfer: Transfer::Pq,
    gamut: Gamut::Bt2020,
    matrix: Matrix::Bt2020,
    is_full_range: false,
};

fn with(transfer: Transfer) -> Colours {
    Colours { transfer, ..HDR10 }
}

/// Samples of a standard-range colour, encoded so that its white has 203 candela a square metre.
fn encoded(rgb: [u8; 3], colours: Colours) -> [f32; 3] {
    let light = rgb.map(|level| (f32::from(level) / 255.0).powf(DISPLAY_GAMMA));
    // ITU-R BT.2087-0, section 2.
    let light = match colours.gamut {
        Gamut::Bt2020 => [
            dot([0.6274, 0.3293, 0.0433], light),
            dot([0.0691, 0.9195, 0.0114], light),
            dot([0.0164, 0.0880, 0.8956], light),
        ],
        Gamut::Bt709 | Gamut::P3 => light,
    };
    // The inverse transfer functions, found by bisection.
    let sample = |transfer: &dyn Fn(f32) -> f32, light: f32| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..30 {
            let middle = (low + high) / 2.0;
            if transfer(middle) < light {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    };
    let samples = match colours.transfer {
        Transfer::Pq => light.map(|l| sample(&pq, l * WHITE_NITS)),
        Transfer::Hlg => light.map(|l| sample(&hlg, (l / MOST_LIGHT).powf(1.0 / SYSTEM_GAMMA))),
        Transfer::Standard => light.map(|l| l.powf(1.0 / DISPLAY_GAMMA)),
    };
    let (red, blue) = colours.matrix.shares();
    let luma = dot([red, 1.0 - red - blue, blue], samples);
    let cb = (samples[2] - luma) / 2.0 / (1.0 - blue);
    let cr = (samples[0] - luma) / 2.0 / (1.0 - red);
    if colours.is_full_range {
        [luma * 1023.0, cb * 1023.0 + 512.0, cr * 1023.0 + 512.0]
    } else {
        [luma * 876.0 + 64.0, cb * 896.0 + 512.0, cr * 896.0 + 512.0]
    }
}

/// A frame filled with this colour.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ten bits"
)]
fn frame(width: u32, height: u32, yuv: [f32; 3]) -> YuvFrame {
    let half = width.div_ceil(2) as usize * height.div_ceil(2) as usize;
    let planes = [(width * height) as usize, half, half];
    let samples = planes.iter().zip(yuv).flat_map(|(number, sample)| {
        let sample = (sample.round().clamp(0.0, 1023.0) as u16).to_le_bytes();
        std::iter::repeat_n(sample, *number)
    });
    let samples: Vec<u8> = samples.flatten().collect();
    assert_eq!(samples.len(), YuvFrame::bytes(width, height));
    YuvFrame {
        width,
        height,
        samples,
    }
}

fn shown(yuv: [f32; 3], colours: Colours) -> [u8; 3] {
    let picture = Converter::new(colours).convert(&frame(3, 3, yuv));
    let mut pixels = picture.pixels.chunks_exact(3);
    let first = <[u8; 3]>::try_from(pixels.next().unwrap()).unwrap();
    assert!(pixels.all(|p| p == first));
    first
}

#[test]
fn which_clips_are_converted() {
    let of = |transfer, primaries| {
        Colours::of(transfer, primaries, "bt2020nc", "tv").map(|c| c.transfer)
    };
    assert_eq!(of("smpte2084", "bt2020"), Some(Transfer::Pq));
    assert_eq!(of("arib-std-b67", ""), Some(Transfer::Hlg));
    assert_eq!(of("bt2020-10", "bt2020"), Some(Transfer::Standard));
    for (transfer, primaries) in [("bt709", "bt709"), ("", ""), ("unknown", "smpte170m")] {
        assert_eq!(of(transfer, primaries), None);
    }
}

#[test]
fn skin_comes_back_as_it_was_before_it_was_hdr() {
    for transfer in [Transfer::Pq, Transfer::Hlg, Transfer::Standard] {
        for is_full_range in [false, true] {
            for gamut in [Gamut::Bt2020, Gamut::Bt709] {
                for matrix in [Matrix::Bt2020, Matrix::Bt709, Matrix::Bt601] {
                    let colours = Colours {
                        transfer,
                        gamut,
                        matrix,
                        is_full_range,
                    };
                    for skin in [[224, 172, 145], [141, 85, 54], [60, 38, 30], [128; 3]] {
                        let back = shown(encoded(skin, colours), colours);
                        let off = (0..3).map(|i| skin[i].abs_diff(back[i])).max();
                        assert!(off <= Some(4), "{colours:?}: {skin:?} is {back:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn paper_is_nearly_white_and_a_lamp_is_white() {
    for (transfer, paper) in [(Transfer::Pq, 0.58), (Transfer::Hlg, 0.75)] {
        let grey = |share: f32| shown([64.0 + 876.0 * share, 512.0, 512.0], with(transfer));
        assert!((232..=244).contains(&grey(paper)[0]), "{:?}", grey(paper));
        assert_eq!(grey(1.0), [255; 3]);
        assert_eq!(grey(0.0), [0; 3]);
        assert_eq!(grey(-0.05), [0; 3]);
    }
}

#[test]
fn missing_samples_are_black() {
    let mut short = frame(16, 16, [940.0, 512.0, 512.0]);
    short.samples.truncate(300);
    let picture = Converter::new(HDR10).convert(&short);
    assert_eq!(picture.pixels.len(), 16 * 16 * 3);
    short.samples.clear();
    let picture = Converter::new(HDR10).convert(&short);
    assert!(picture.pixels.iter().all(|p| *p == 0));
}

proptest! {
    #[test]
    fn brighter_light_is_never_shown_darker(a in 0.0f32..1023.0, b in 0.0f32..1023.0) {
        for transfer in [Transfer::Pq, Transfer::Hlg, Transfer::Standard] {
            let grey = |luma: f32| shown([luma, 512.0, 512.0], with(transfer))[1];
            prop_assert!(grey(a.min(b)) <= grey(a.max(b)));
        }
    }

    #[test]
    fn whatever_the_samples_every_pixel_is_there(
        width in 1u32..9, height in 1u32..9, samples in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        for transfer in [Transfer::Pq, Transfer::Hlg, Transfer::Standard] {
            let frame = YuvFrame { width, height, samples: samples.clone() };
            let picture = Converter::new(with(transfer)).convert(&frame);
            prop_assert_eq!(picture.pixels.len(), (3 * width * height) as usize);
        }
    }
}
