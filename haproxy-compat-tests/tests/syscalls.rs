//! A keep-alive request costs four system calls: receive, send, receive, send.

use haproxy_compat_tests::script;

#[test]
fn four_system_calls_per_request() {
    script(120, "bench/syscalls.py", &[]);
}
