//! Running the programs that judge a proxy, with a bound on their time.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Proxy;

/// A folder or file of this package, such as `cases`.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Runs a command to its end, at most `seconds` long, with the proxy's path in `HAPROXY_PROGRAM`
/// and `COMPAT_BINARY`. Any status but 0 is an error holding what the command printed.
pub fn run(proxy: &Proxy, seconds: u32, command: &[&str]) -> Result<(), String> {
    let output = Command::new("timeout")
        .args(["--kill-after=10", &seconds.to_string()])
        .args(command)
        .env("HAPROXY_PROGRAM", &proxy.path)
        .env("COMPAT_BINARY", &proxy.path)
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| format!("timeout: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    Err(format!("{} ended with {}:\n{printed}", command.join(" "), output.status))
}

/// Runs a Python script of this package on the proxy under test, and panics with its output when it
/// fails: the body of a test.
pub fn script(seconds: u32, name: &str, arguments: &[&str]) {
    let proxy = Proxy::under_test().unwrap_or_else(|error| panic!("{error}"));
    let path = folder(name).display().to_string();
    let command = [&["python3", path.as_str()], arguments].concat();
    run(&proxy, seconds, &command).unwrap_or_else(|error| panic!("{error}"));
}
