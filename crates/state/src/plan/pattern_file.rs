//! Files of patterns (`acl … -f`) and of maps by their names in the configuration. Left out: what
//! stands in them (`base::pattern`), and changing them at run time.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use base::pattern::FileName;
use ir::config::PatternSources;

use super::BuildError;

/// The content of a file. Nothing stands in one that was not there when the configuration was
/// checked, and in one that the runtime API fills (`virt@`).
pub(super) fn read(name: &[u8], sources: &PatternSources) -> Result<Vec<u8>, BuildError> {
    let file = FileName::parse(name);
    if file.is_virtual || sources.absent.contains(file.path) {
        return Ok(Vec::new());
    }
    std::fs::read(OsStr::from_bytes(file.path)).map_err(|_| {
        let path = String::from_utf8_lossy(file.path);
        BuildError(format!("failed to open pattern file <{path}>"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files() {
        let absent = [b"/nonexistent/list".to_vec()].into();
        let sources = PatternSources { absent, ..PatternSources::default() };
        assert_eq!(read(b"opt@/nonexistent/list", &sources), Ok(Vec::new()));
        assert_eq!(read(b"/nonexistent/list", &sources), Ok(Vec::new()));
        assert_eq!(read(b"virt@x", &sources), Ok(Vec::new()));
        assert!(read(b"/nonexistent/other", &sources).is_err());
    }
}
