//! The end-to-end story: plain HTTP, a certificate by ACME, HTTPS with HTTP/2 after a soft reload.

use haproxy_compat_tests::script;

#[test]
fn with_our_script() {
    script(300, "demo/demo.py", &[]);
}

/// The third party's plugin, unmodified but for its webroot, where `ACME_PLUGIN_LUA` gives its path.
#[test]
fn with_the_plugin_named_by_the_environment() {
    if let Ok(plugin) = std::env::var("ACME_PLUGIN_LUA") {
        script(300, "demo/demo.py", &["--plugin", &plugin]);
    }
}
