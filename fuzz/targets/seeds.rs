//! Writes libFuzzer's initial inputs to the folder `FUZZ_CORPUS`, one folder for each target, and prints
//! the targets.
//!
//! This is a fuzz target that never fuzzes, because instrumented code links only with libFuzzer.
#![no_main]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a script reads it, and ends where it does"
)]

use std::fs;
use std::path::PathBuf;

use livegate_fuzz::{PROPERTIES, seeds};

fn write() {
    let folder = PathBuf::from(std::env::var_os("FUZZ_CORPUS").unwrap());
    for (name, _) in PROPERTIES {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds::of(name).iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
        }
        println!("{name}");
    }
    std::process::exit(0);
}

libfuzzer_sys::fuzz_target!(init: write(), |_bytes: &[u8]| {});
