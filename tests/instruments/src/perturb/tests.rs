use image::Rgb;

use super::*;

const FACE: Frame = Frame {
    x: 40.0,
    y: 30.0,
    width: 50.0,
    height: 60.0,
};

fn grey() -> RgbImage {
    RgbImage::from_pixel(128, 128, Rgb([128; 3]))
}

fn scene() -> RgbImage {
    RgbImage::from_fn(128, 128, |x, y| {
        Rgb([(x * 2 % 256) as u8, (y * 2 % 256) as u8, 90])
    })
}

fn seen(noise: Noise) -> RgbImage {
    noised(&grey(), noise, Some(FACE), &mut Rng::with_seed(5))
}

/// Standard deviations of brightness (BT.601) and of red less brightness.
fn deviations(picture: &RgbImage) -> [f32; 2] {
    let luma = |p: [f32; 3]| 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
    let pixels: Vec<[f32; 3]> = picture.pixels().map(|p| p.0.map(f32::from)).collect();
    let of = |value: &dyn Fn([f32; 3]) -> f32| {
        let count = pixels.len() as f32;
        let mean = pixels.iter().map(|p| value(*p)).sum::<f32>() / count;
        let square = |p: &[f32; 3]| (value(*p) - mean).powi(2);
        (pixels.iter().map(square).sum::<f32>() / count).sqrt()
    };
    [of(&luma), of(&|p| p[0] - luma(p))]
}

#[test]
fn noise_has_its_size_whatever_its_grain() {
    for grain in [1.0, 1.5, 2.0, 4.0] {
        let noise = Noise {
            sigma: 8.0,
            grain,
            chroma: 0.0,
            ..Noise::default()
        };
        let [luma, red] = deviations(&seen(noise));
        assert!((6.8..9.2).contains(&luma), "{grain}: {luma}");
        assert!(red < 0.5, "{red}");
    }
}

#[test]
fn noise_of_colour_leaves_the_brightness() {
    let noise = Noise {
        sigma: 8.0,
        chroma: 1.0,
        ..Noise::default()
    };
    let [luma, red] = deviations(&seen(noise));
    assert!(luma < 0.7 && (7.0..9.0).contains(&red), "{luma} {red}");
}

#[test]
fn noise_stays_in_its_place() {
    let of = |place| {
        seen(Noise {
            sigma: 12.0,
            place,
            ..Noise::default()
        })
    };
    let differs = |picture: &RgbImage, x: u32, y: u32| {
        (0..4).any(|d| *picture.get_pixel(x + d, y) != Rgb([128; 3]))
    };
    for (place, on_face, beside) in [
        (Place::Whole, true, true),
        (Place::Face, true, false),
        (Place::Around, false, true),
    ] {
        let picture = of(place);
        let found = (differs(&picture, 64, 60), differs(&picture, 4, 4));
        assert_eq!(found, (on_face, beside), "{place:?}");
    }
    assert_eq!(of(Place::Whole), of(Place::Whole));
}

#[test]
fn changes_of_no_size_change_nothing() {
    let scene = scene();
    assert_eq!(
        noised(&scene, Noise::default(), None, &mut Rng::new()),
        scene
    );
    assert_eq!(shaded(&scene, 0.0, 40.0), scene);
    assert_eq!(moved(&scene, Affine::default()), scene);
    assert_eq!(wavy(&scene, 0.0, 40.0, 1.0), scene);
    let tone = Tone {
        gamma: 1.0,
        warmth: 0.0,
    };
    assert_eq!(toned(&scene, tone), scene);
    assert_eq!(sharpened(&scene, 0.0, 1.0), scene);
    assert_eq!(mixed(&scene, &grey(), 0.0), scene);
    assert_eq!(mixed(&scene, &grey(), 1.0), grey());
    assert_eq!(elsewhere(&scene, FACE, &grey(), 0.0), scene);
}

#[test]
fn a_shift_moves_to_the_right_and_down_and_a_rotation_clockwise() {
    let mut dot = grey();
    dot.put_pixel(80, 64, Rgb([255; 3]));
    let shifted = moved(
        &dot,
        Affine {
            shift: [3.0, 5.0],
            ..Affine::default()
        },
    );
    assert_eq!(*shifted.get_pixel(83, 69), Rgb([255; 3]));
    let turned = moved(
        &dot,
        Affine {
            rotation: 90.0,
            ..Affine::default()
        },
    );
    assert_eq!(*turned.get_pixel(64, 80), Rgb([255; 3]));
}

#[test]
fn another_place_shows_around_the_head_and_not_on_it() {
    let there = elsewhere(&scene(), FACE, &grey(), 1.0);
    assert_eq!(there.get_pixel(65, 58), scene().get_pixel(65, 58));
    assert_eq!(*there.get_pixel(3, 120), Rgb([128; 3]));
}

#[test]
fn a_crop_keeps_the_face_and_loses_what_surrounds_it() {
    let near = cropped(&scene(), FACE, 1.2);
    assert!((70..=73).contains(&near.width()) && near.height() <= 73);
    assert_eq!(cropped(&scene(), FACE, 50.0), scene());
}

#[test]
fn a_sharpened_edge_is_steeper() {
    let edge = RgbImage::from_fn(32, 8, |x, _| Rgb([if x < 16 { 90 } else { 160 }; 3]));
    let soft = blurred(&edge, 1.5);
    let step =
        |p: &RgbImage| i32::from(p.get_pixel(17, 4).0[0]) - i32::from(p.get_pixel(14, 4).0[0]);
    assert!(step(&sharpened(&soft, 1.0, 1.5)) > step(&soft));
}
