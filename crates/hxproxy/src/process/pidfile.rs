//! `-p` and `pidfile`: one line with the pid of the process that signals are meant for.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Replaces the file. The error is HAProxy's message.
pub fn write(path: &Path, program: &str) -> Result<(), String> {
    // An old file may belong to another user or be a link; it is replaced, not written through.
    let _ = std::fs::remove_file(path);
    let created = OpenOptions::new().create(true).write(true).truncate(true).mode(0o644).open(path);
    created
        .and_then(|mut file| writeln!(file, "{}", std::process::id()))
        .map_err(|_| format!("[{program}.main()] Cannot create pidfile {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces() {
        let path = std::env::temp_dir().join(format!("hxproxy-pidfile-{}", std::process::id()));
        std::fs::write(&path, "something longer than a pid\n").unwrap();
        assert_eq!(write(&path, "haproxy"), Ok(()));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
        std::fs::remove_file(&path).unwrap();
        let message = "[haproxy.main()] Cannot create pidfile /nonexistent/x";
        assert_eq!(write(Path::new("/nonexistent/x"), "haproxy"), Err(message.into()));
    }
}
