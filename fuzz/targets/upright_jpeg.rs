//! The property `upright_jpeg` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| livegate_fuzz::upright_jpeg(bytes));
