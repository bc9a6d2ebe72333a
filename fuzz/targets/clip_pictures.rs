//! The property `clip_pictures` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| livegate_fuzz::clip_pictures(bytes));
