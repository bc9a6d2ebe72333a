//! The property `client_token` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| livegate_fuzz::client_token(bytes));
