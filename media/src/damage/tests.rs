//! Tests with damaged and with odd but complete JPEGs.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::pixels::decode;
use super::super::testing::{
    ARITHMETIC, ENCODINGS, Encoding, HEIGHT, WIDTH, encode, insert, markers, place, scans, segment,
};
use super::*;

/// A change to a JPEG; `None` where it cannot be applied to this one.
type Change = fn(&[u8]) -> Option<Vec<u8>>;

/// Harmless oddities that cameras and programs write.
const ODDITIES: [(&str, Change); 22] = [
    ("odd scan parameters, as Samsung's", |j| {
        scan_parameters(j, [0, 0, 0])
    }),
    ("other scan parameters", |j| {
        scan_parameters(j, [1, 40, 0x21])
    }),
    ("a stray byte before one restart marker", |j| {
        before_restarts(j, &[0x55], 1)
    }),
    ("stray bytes before every restart marker", |j| {
        before_restarts(j, &[1, 2, 3, 4, 5, 6, 7, 8, 9], usize::MAX)
    }),
    ("padding before every restart marker", |j| {
        before_restarts(j, &[0; 300], usize::MAX)
    }),
    ("filling before every restart marker", |j| {
        before_restarts(j, &[0xff; 30], usize::MAX)
    }),
    ("other numbers of restart markers", restart_numbers),
    ("stray bytes before tables", |j| {
        Some(insert(j, place(j, 0xdb), &[7; 608]))
    }),
    ("stray bytes before the frame", |j| {
        Some(insert(j, place_of_frame(j), &[1, 2, 3, 0xff, 0]))
    }),
    ("stray bytes before the scan", |j| {
        Some(insert(j, place(j, 0xda), &[0; 5]))
    }),
    ("stray bytes before a comment", |j| {
        let comment = segment(0xfe, b"made by a camera");
        Some(insert(
            j,
            place(j, 0xdb),
            &[&[9; 40][..], &comment].concat(),
        ))
    }),
    ("stray bytes after the start", |j| {
        Some(insert(j, 2, &[0x0d, 0x0a]))
    }),
    ("filling before tables", |j| {
        Some(insert(j, place(j, 0xdb), &[0xff; 600]))
    }),
    ("an unknown colour transform", |j| {
        let adobe = segment(0xee, b"Adobe\0\x64\0\0\0\0\x07");
        Some(instead_of_jfif(j, &adobe))
    }),
    ("another version of JFIF", |j| {
        Some(instead_of_jfif(
            j,
            &segment(0xe0, b"JFIF\0\x09\x63\0\0\x01\0\x01\0\0"),
        ))
    }),
    ("no JFIF", |j| Some(instead_of_jfif(j, &[]))),
    ("no end marker", |j| Some(j[..j.len() - 2].to_vec())),
    ("half of the end marker", |j| {
        Some(j[..j.len() - 1].to_vec())
    }),
    ("padding before the end marker", |j| {
        Some(insert(j, j.len() - 2, &[0; 5000]))
    }),
    ("old bytes before the end marker", |j| {
        Some(insert(
            j,
            j.len() - 2,
            b"left over in the camera's buffer, some sixty bytes of it....",
        ))
    }),
    ("other bytes after the end", |j| {
        Some([j, b"SEFT\0\0", &[0x5a; 3000][..]].concat())
    }),
    ("another picture after the end", |j| Some([j, j].concat())),
];

fn scan_parameters(jpeg: &[u8], parameters: [u8; 3]) -> Option<Vec<u8>> {
    let mut odd = jpeg.to_vec();
    let (data, _) = scans(jpeg)[0];
    odd[data - 3..data].copy_from_slice(&parameters);
    // In a progressive picture these bytes have a meaning.
    (scans(jpeg).len() == 1).then_some(odd)
}

fn before_restarts(jpeg: &[u8], bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let all = markers(jpeg);
    let restarts = all.iter().filter(|(_, m)| matches!(m, 0xd0..=0xd7));
    let places: Vec<usize> = restarts.map(|(at, _)| *at).take(most).collect();
    let odd = |odd: Vec<u8>, at: &usize| insert(&odd, *at, bytes);
    (!places.is_empty()).then(|| places.iter().rev().fold(jpeg.to_vec(), odd))
}

fn restart_numbers(jpeg: &[u8]) -> Option<Vec<u8>> {
    let mut odd = jpeg.to_vec();
    for (at, marker) in markers(jpeg) {
        if matches!(marker, 0xd0..=0xd7) {
            odd[at + 1] = 0xd0 + ((marker - 0xd0 + 4) & 7);
        }
    }
    (odd != jpeg).then_some(odd)
}

fn place_of_frame(jpeg: &[u8]) -> usize {
    let all = markers(jpeg);
    all.iter()
        .find(|(_, m)| matches!(m, 0xc0..=0xc2 | 0xc9))
        .unwrap()
        .0
}

fn instead_of_jfif(jpeg: &[u8], segment: &[u8]) -> Vec<u8> {
    let (jfif, after) = (place(jpeg, 0xe0), place(jpeg, 0xdb));
    [&jpeg[..jfif], segment, &jpeg[after..]].concat()
}

#[test]
fn what_cameras_write_is_decoded_like_the_original() {
    for encoding in ENCODINGS.into_iter().chain([ARITHMETIC]) {
        let jpeg = encode(encoding);
        let original = decode(&jpeg).unwrap();
        assert_eq!(
            (original.width, original.height),
            (WIDTH.into(), HEIGHT.into())
        );
        let mut tried = 0;
        for (name, change) in ODDITIES {
            // An arithmetic decoder cannot distinguish an end from a cut.
            if encoding.is_arithmetic && name.contains("end marker") {
                continue;
            }
            let Some(odd) = change(&jpeg) else { continue };
            let frame = decode(&odd).unwrap_or_else(|e| panic!("{}, {name}: {e}", encoding.name));
            assert!(frame == original, "{}, {name}", encoding.name);
            tried += 1;
        }
        assert!(tried >= 10, "{}", encoding.name);
    }
}

#[test]
fn every_oddity_can_be_done() {
    let all: Vec<Vec<u8>> = ENCODINGS.map(encode).to_vec();
    for (name, change) in ODDITIES {
        assert!(all.iter().any(|jpeg| change(jpeg).is_some()), "{name}");
    }
}

/// Whether a picture cut here, with an end marker added, could also be a valid one with fewer scans.
fn is_between_scans(jpeg: &[u8], at: usize) -> bool {
    let scans = scans(jpeg);
    scans.windows(2).any(|w| (w[0].1..=w[1].0).contains(&at))
}

fn any_encoding() -> impl Strategy<Value = Encoding> {
    prop::sample::select(ENCODINGS.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_truncation_is_refused(encoding in any_encoding(), share in 0.0_f64..1.0, ends: bool) {
        let jpeg = encode(encoding);
        let at = (share * (jpeg.len() - 2) as f64) as usize;
        let end: &[u8] = if ends { &[0xff, 0xd9] } else { &[] };
        let cut = [&jpeg[..at], end].concat();
        prop_assert!((ends && is_between_scans(&jpeg, at)) || decode(&cut).is_err(), "cut at {} of {}", at, jpeg.len());
    }

    #[test]
    fn no_oddity_hides_a_truncation(
        encoding in any_encoding(), share in 0.0_f64..1.0, oddity in prop::sample::select(ODDITIES[..16].to_vec()),
    ) {
        let jpeg = encode(encoding);
        let (data, end) = scans(&jpeg)[0];
        let cut = &jpeg[..data + (share * (end - data) as f64) as usize];
        let whole = [cut, &[0xff, 0xd9]].concat();
        if let Some(odd) = oddity.1(&whole) {
            prop_assert!(decode(&odd).is_err(), "{}", oddity.0);
        }
    }

    #[test]
    fn a_hole_is_refused(encoding in any_encoding(), share in 0.1_f64..0.6, width in 0.15_f64..0.3, with in prop::sample::select(vec![0_u8, 0xff])) {
        let mut jpeg = encode(encoding);
        let (first, last) = (scans(&jpeg)[0].0, jpeg.len() - 2);
        let length = (last - first) as f64;
        let from = first + (share * length) as usize;
        // Zeros may be valid codes in later scans of a progressive picture. Filling between two scans is
        // valid, and the byte after it can make it an end marker: a valid picture with fewer scans.
        let can_be_valid = encoding.is_progressive && (with == 0 || is_between_scans(&jpeg, from));
        jpeg[from..from + (width * length) as usize].fill(with);
        prop_assert!(can_be_valid || decode(&jpeg).is_err());
    }
}

#[test]
fn the_last_byte_of_data_is_needed() {
    for encoding in ENCODINGS {
        let jpeg = encode(encoding);
        for cut in [3, 4, 5] {
            let cut = &jpeg[..jpeg.len() - cut];
            assert!(decode(cut).is_err(), "{}", encoding.name);
            assert!(
                decode(&[cut, &[0xff, 0xd9]].concat()).is_err(),
                "{}",
                encoding.name
            );
        }
    }
}

#[test]
fn a_progressive_picture_may_say_that_its_last_bits_are_left_out() {
    let jpeg = encode(ENCODINGS[5]);
    let scans = scans(&jpeg);
    let up_to = |scan: usize, end: &[u8]| decode(&[&jpeg[..scans[scan].1], end].concat());
    let last = scans.len() - 1;
    assert!(up_to(last - 1, &[0xff, 0xd9]).is_ok());
    assert!(up_to(last - 1, &[]).is_err());
    // All channels coarsely, but without most of their detail.
    assert!(up_to(0, &[0xff, 0xd9]).is_err());
    assert!(up_to(last, &[]).is_ok());
}

#[test]
fn a_progressive_picture_without_a_scan_in_between_is_refused_and_one_with_a_scan_twice_is_not() {
    let jpeg = encode(ENCODINGS[5]);
    let original = decode(&jpeg).unwrap();
    let scans = scans(&jpeg);
    // Later scans refine what these scans send.
    for pair in scans.windows(2).take(5) {
        let without = [&jpeg[..pair[0].1], &jpeg[pair[1].1..]].concat();
        assert!(decode(&without).is_err());
    }
    // The first scan sends the DC values without their last bit.
    let (_, end) = scans[0];
    let twice = insert(&jpeg, end, &jpeg[place(&jpeg, 0xda)..end]);
    assert!(decode(&twice).unwrap() == original);
}

#[test]
fn an_arithmetic_picture_without_its_end_is_refused() {
    let jpeg = encode(ARITHMETIC);
    assert!(decode(&jpeg).is_ok());
    for share in [10, 50, 90, 99] {
        assert!(decode(&jpeg[..jpeg.len() * share / 100]).is_err());
    }
    assert!(decode(&jpeg[..jpeg.len() - 2]).is_err());
}

#[test]
fn too_many_scans_are_refused() {
    let jpeg = encode(ENCODINGS[5]);
    let (begin, end) = (place(&jpeg, 0xda), jpeg.len() - 2);
    let refinement = &jpeg[begin..end];
    let many = [&jpeg[..end], &refinement.repeat(5), &jpeg[end..]].concat();
    let refused = decode(&many).unwrap_err().to_string();
    assert!(refused.contains("scans"), "{refused}");
}

#[test]
fn each_damage_is_told() {
    let changed = |change: fn(&mut Report)| {
        let mut report = Report::flawless();
        change(&mut report);
        damage(&report, 8000)
    };
    assert_eq!(changed(|_| ()), None);
    assert_eq!(
        changed(|r| r.rows = 470),
        Some(Damage::Rows {
            rows: 470,
            height: 480
        })
    );
    assert_eq!(changed(|r| r.channels_with_data = 1), Some(Damage::Scans));
    assert_eq!(changed(|r| r.coefficients_absent = 1), Some(Damage::Scans));
    assert_eq!(changed(|r| r.coefficients_coarse = 1), None);
    for warning in [Warning::FileEnds, Warning::StrayBytes, Warning::Progression] {
        let mut report = Report::flawless();
        (report.coefficients_coarse, report.warned[warning as usize]) = (1, 1);
        assert_eq!(damage(&report, 8000), Some(Damage::Scans));
    }
    for (stray, expected) in [(1000, None), (1001, Some(Damage::LeftOver(1001)))] {
        let mut report = Report::flawless();
        report.warned[Warning::StrayBytes as usize] = 1;
        report.stray_bytes = stray;
        assert_eq!(damage(&report, 8000), expected);
    }
    for warning in Warning::ALL {
        let mut report = Report::flawless();
        report.warned[warning as usize] = 1;
        let found = damage(&report, 8000);
        match warning.decision() {
            Decision::Harmless | Decision::Depends => assert_eq!(found, None, "{warning:?}"),
            Decision::Damage => assert!(found.is_some(), "{warning:?}"),
        }
    }
}

#[test]
fn every_warning_of_libjpeg_is_in_the_table() {
    let headers = env!("LIVEGATE_JPEG_HEADERS");
    let header = std::fs::read_to_string(format!("{headers}/jerror.h")).unwrap();
    let names = |text: &str, before: &str| {
        let found = text.split(before).skip(1);
        let name = |rest: &str| {
            rest.split(|c: char| !c.is_ascii_uppercase() && c != '_')
                .next()
                .unwrap()
                .to_owned()
        };
        found.map(name).collect::<BTreeSet<String>>()
    };
    let theirs = names(&header, "JMESSAGE(JWRN_");
    let ours = include_str!("../../libjpeg/decode.c");
    assert_eq!(names(ours, "case JWRN_"), theirs);
    assert_eq!(theirs.len() + 1, Warning::ALL.len());
    for (place, warning) in Warning::ALL.into_iter().enumerate() {
        assert_eq!(warning as usize, place);
    }
}
