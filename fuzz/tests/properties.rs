//! Runs each property on its seeds and on random changes of them.
#![allow(clippy::panic, clippy::expect_used, reason = "these are tests")]

use livegate_fuzz::{PROPERTIES, seeds};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// A change to bytes. Positions count from the beginning, modulo the length.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Flip(usize, u8),
    /// Four bytes, in the form of lengths.
    Number(usize, u32),
    Cut(usize),
    Repeat(usize, usize),
    Insert(usize, Vec<u8>),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        let within = |at: usize| at % length.max(1);
        match self {
            _ if length == 0 => bytes.extend([0x7b, 0xff]),
            Self::Set(at, byte) => bytes[within(*at)] = *byte,
            Self::Flip(at, bit) => bytes[within(*at)] ^= 1 << (bit % 8),
            Self::Number(at, number) => {
                let at = within(*at);
                let end = length.min(at + 4);
                bytes[at..end].copy_from_slice(&number.to_be_bytes()[..end - at]);
            }
            Self::Cut(at) => bytes.truncate(within(*at)),
            Self::Repeat(at, number) => {
                let part = bytes[within(*at)..].to_vec();
                bytes.extend(part.iter().cycle().take(number % 4096));
            }
            Self::Insert(at, more) => {
                let at = within(*at);
                bytes.splice(at..at, more.iter().copied());
            }
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    // Most bytes that matter are near the beginning.
    let place = || prop_oneof![0..64_usize, 0..1_000_000_usize];
    let number = prop_oneof![Just(0), Just(u32::MAX), Just(0x7fff_ffff), any::<u32>()];
    let change = prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (place(), any::<u8>()).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (place(), number).prop_map(|(at, number)| Change::Number(at, number)),
        place().prop_map(Change::Cut),
        (place(), any::<usize>()).prop_map(|(at, number)| Change::Repeat(at, number)),
        (place(), vec(any::<u8>(), 0..64)).prop_map(|(at, more)| Change::Insert(at, more)),
    ];
    vec(change, 0..6)
}

fn holds(name: &str) {
    let (_, property) = PROPERTIES
        .iter()
        .find(|(n, _)| *n == name)
        .expect("it is listed");
    let seeds = seeds::of(name);
    for seed in &seeds {
        property(seed);
    }
    let config = Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    };
    let tried = TestRunner::new(config).run(&(0..seeds.len(), changes()), |(seed, changes)| {
        let mut bytes = seeds[seed].clone();
        for change in &changes {
            change.apply(&mut bytes);
        }
        property(&bytes);
        Ok(())
    });
    if let Err(failure) = tried {
        panic!("{name}: {failure}");
    }
}

macro_rules! hold_for_any_bytes {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            holds(stringify!($name));
        })*

        #[test]
        fn every_property_is_tried() {
            let tried = [$(stringify!($name)),*];
            assert_eq!(tried, PROPERTIES.map(|(name, _)| name));
        }
    };
}

hold_for_any_bytes! {
    picture_header picture upright_jpeg clip_report clip_pictures queue_batch queue_outcome
    verify_body session_body session_query live_form client_token head operating_point
}
