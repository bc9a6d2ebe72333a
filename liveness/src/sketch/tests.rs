use proptest::prelude::*;

use super::*;

/// A smooth picture, as sketches are, drawn from a seed; moved, turned and scaled about the middle.
fn drawn(seed: u64, shift: [f32; 2], turn: f32, scale: f32) -> Sketch {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = || {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u32 << 24) as f32
    };
    let spots: Vec<[f32; 3]> = (0..80)
        .map(|_| [uniform(), uniform(), uniform()])
        .map(|[x, y, v]| [60.0 * x - 30.0, 60.0 * y - 30.0, 2.0 * v - 1.0])
        .collect();
    let (sin, cos) = turn.sin_cos();
    let value = |i: usize| {
        let (x, y) = ((i % SIDE) as f32 - 19.5, (i / SIDE) as f32 - 19.5);
        let at = [
            (cos * x - sin * y) * scale + shift[0],
            (sin * x + cos * y) * scale + shift[1],
        ];
        let near = |s: &[f32; 3]| {
            let square = (at[0] - s[0]).powi(2) + (at[1] - s[1]).powi(2);
            s[2] * (-square / 12.0).exp()
        };
        (UNIT * 1.5 * spots.iter().map(near).sum::<f32>()).round() as i8
    };
    Sketch::new((0..SIDE * SIDE).map(value).collect()).unwrap()
}

#[test]
fn a_sketch_has_its_size_and_prints_nothing_of_it() {
    assert_eq!(Sketch::new(vec![0; SIDE]), None);
    assert_eq!(Sketch::try_from(vec![0; 9]), Err(WrongSize(9)));
    let flat = Sketch::new(vec![9; SIDE * SIDE]).unwrap();
    assert_eq!(format!("{flat:?}"), "Sketch(1600)");
    assert_eq!(flat.same_picture(&flat), 0.0);
    assert!(!flat.may_be_same(&flat));
    // A pattern in one direction only has no unique transform.
    let stripes = Sketch::new((0..SIDE * SIDE).map(|i| (i % 7) as i8).collect()).unwrap();
    assert!(stripes.same_picture(&stripes) > 0.999);
}

#[test]
fn a_sketch_of_another_size_is_not_read() {
    let sketch = drawn(1, [0.0; 2], 0.0, 1.0);
    let written = postcard::to_allocvec(&sketch).unwrap();
    assert_eq!(postcard::from_bytes::<Sketch>(&written).unwrap(), sketch);
    assert!(postcard::from_bytes::<Sketch>(&[3, 1, 2, 3]).is_err());
}

proptest! {
    #[test]
    fn a_copy_is_the_same_picture_wherever_it_lies_and_another_picture_is_not(
        seed in 1_u64..1 << 40, x in -2.5_f32..2.5, y in -2.5_f32..2.5, turn in -0.09_f32..0.09, scale in 0.94_f32..1.06,
    ) {
        let original = drawn(seed, [0.0; 2], 0.0, 1.0);
        let copy = drawn(seed, [x, y], turn, scale);
        prop_assert!(original.same_picture(&copy) > 0.9992, "{}", original.same_picture(&copy));
        prop_assert!(original.may_be_same(&copy));
        let other = drawn(seed + 1, [x, y], turn, scale);
        prop_assert!(original.same_picture(&other) < 0.95);
    }

    #[test]
    fn the_order_makes_no_difference_and_what_is_left_out_is_not_the_same(
        a in prop::collection::vec(any::<i8>(), SIDE * SIDE), b in prop::collection::vec(any::<i8>(), SIDE * SIDE), same in 0..=SIDE * SIDE,
    ) {
        let mut b = b;
        b[..same].copy_from_slice(&a[..same]);
        let (a, b) = (Sketch::new(a).unwrap(), Sketch::new(b).unwrap());
        let score = a.same_picture(&b);
        prop_assert!((-1.0..=1.0001).contains(&score));
        prop_assert_eq!(score, b.same_picture(&a));
        prop_assert!(a.may_be_same(&b) || score < 0.9992);
    }
}
