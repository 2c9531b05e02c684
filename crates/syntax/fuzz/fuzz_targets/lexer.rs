//! See `syntax_fuzz::lexer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| syntax_fuzz::lexer(data));
