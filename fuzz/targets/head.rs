//! The property `head` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| livegate_fuzz::head(bytes));
