//! See `syntax_fuzz::logformat`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| syntax_fuzz::logformat(data));
