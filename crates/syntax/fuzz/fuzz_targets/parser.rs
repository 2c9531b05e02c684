//! See `syntax_fuzz::parser`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| syntax_fuzz::parser(data));
