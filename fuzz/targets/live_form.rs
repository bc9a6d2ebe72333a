//! The property `live_form` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| livegate_fuzz::live_form(bytes));
