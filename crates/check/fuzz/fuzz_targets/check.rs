//! The whole of `-c` but the plan, with files in memory: whatever the bytes are, it ends and tells.
#![no_main]

#[path = "../../../hxproxy/tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(support::told(&mut support::registry(), data)));
