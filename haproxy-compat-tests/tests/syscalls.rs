//! A keep-alive request costs four system calls: receive, send, receive, send; its log line one more.

use haproxy_compat_tests::script;

#[test]
fn no_more_system_calls_than_needed() {
    script(120, "bench/syscalls.py", &[]);
}
