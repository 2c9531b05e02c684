//! A WebSocket client and server from elsewhere understand each other through the proxy.

use haproxy_compat_tests::script;

#[test]
fn websockets_pass_over_both_versions() {
    script(120, "websocket/talk.py", &[]);
}
