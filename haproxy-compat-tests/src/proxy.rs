//! The proxy under test: where it is, and what it says it is.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// A proxy's program, hxproxy or the real haproxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Where the program is.
    pub path: PathBuf,
    /// Whether it is hxproxy, by its own version line.
    pub is_hxproxy: bool,
    /// The HAProxy version it claims, such as (3, 5).
    pub version: (u32, u32),
}

impl Proxy {
    /// The program named by `COMPAT_BINARY`, else by `HXPROXY`, else the release build of hxproxy
    /// beside this test. One that does not run is an error, never a reason to skip.
    pub fn under_test() -> Result<Proxy, String> {
        let named = env::var_os("COMPAT_BINARY").or_else(|| env::var_os("HXPROXY"));
        let path = named.map(PathBuf::from).map_or_else(release_build, Ok)?;
        let answer = Command::new(&path).arg("-v").output().map_err(|error| {
            let path = path.display();
            format!("{path}: {error}: run `make build`, or set COMPAT_BINARY or HXPROXY")
        })?;
        let text = String::from_utf8_lossy(&answer.stdout);
        let (is_hxproxy, version) =
            identify(&text).ok_or_else(|| format!("{} -v gives no version line: {text}", path.display()))?;
        Ok(Proxy { path, is_hxproxy, version })
    }
}

/// `<target>/release/hxproxy`, seen from a test in `<target>/<profile>/deps`.
fn release_build() -> Result<PathBuf, String> {
    let test = env::current_exe().map_err(|error| error.to_string())?;
    let target = test.ancestors().nth(3).ok_or("a test outside of a target folder")?;
    Ok(target.join("release/hxproxy"))
}

/// Reads the first line of `-v`: `HAProxy version 3.5-dev5-50872d-2 2026/08/21 - https://…`.
fn identify(text: &str) -> Option<(bool, (u32, u32))> {
    let version = text.lines().next()?.strip_prefix("HAProxy version ")?.split(' ').next()?;
    let mut numbers = version.split(['.', '-']).map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Some((version.contains("hxproxy"), (major, minor))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::identify;

    fn check(input: &str, expected: Option<(bool, (u32, u32))>) {
        assert_eq!(identify(input), expected, "{input}");
    }

    #[test]
    fn version_lines() {
        check("HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\n", Some((false, (2, 6))));
        check("HAProxy version 3.5-dev5-50872d-2 2026/08/21 - https://haproxy.org/", Some((false, (3, 5))));
        check("HAProxy version 3.5.0-hxproxy 2026/11/22\nStatus: x", Some((true, (3, 5))));
        check("nginx version: nginx/1.22.1", None);
        check("HAProxy version unknown", None);
        check("", None);
    }
}
