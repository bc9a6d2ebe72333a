//! The property `picture_header` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| livegate_fuzz::picture_header(bytes));
