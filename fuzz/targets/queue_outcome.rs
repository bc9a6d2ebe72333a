//! The property `queue_outcome` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| livegate_fuzz::queue_outcome(bytes));
