//! See `syntax_fuzz::expression`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| syntax_fuzz::expression(data));
