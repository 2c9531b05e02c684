//! Soft reloads under load lose no request.

use haproxy_compat_tests::script;

#[test]
fn twenty_soft_reloads_lose_nothing() {
    script(300, "reload/stress.py", &[]);
}
