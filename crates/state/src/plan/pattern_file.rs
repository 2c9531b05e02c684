//! Files of patterns (`acl … -f`) and of maps: their names in the configuration, and their
//! lines. Left out: changing them at run time.

use super::BuildError;

/// The content of a file by its name in the configuration: `opt@` files may be missing,
/// `virt@` ones are empty until the runtime API fills them.
pub(super) fn read(name: &[u8]) -> Result<Vec<u8>, BuildError> {
    use std::os::unix::ffi::OsStrExt;
    if name.starts_with(b"virt@") {
        return Ok(Vec::new());
    }
    let optional = name.strip_prefix(b"opt@");
    let path = optional.or(name.strip_prefix(b"file@")).unwrap_or(name);
    match std::fs::read(std::ffi::OsStr::from_bytes(path)) {
        Ok(text) => Ok(text),
        Err(error) if optional.is_some() && error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => {
            let path = String::from_utf8_lossy(path);
            Err(BuildError(format!("failed to open pattern file <{path}> ({error})")))
        }
    }
}

/// The lines that hold something: no comments (`#`), no leading blanks, no line ends.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .map(|line| &line[line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()..])
        .filter(|line| !line.is_empty() && line[0] != b'#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files() {
        assert!(read(b"/nonexistent/list").is_err());
        assert_eq!(read(b"opt@/nonexistent/list"), Ok(Vec::new()));
        assert_eq!(read(b"virt@x"), Ok(Vec::new()));
    }

    #[test]
    fn content() {
        let text = b"# comment\n\n  a b\r\n\tc # d\n  # e\nlast";
        let expected: [&[u8]; 3] = [b"a b", b"c # d", b"last"];
        assert_eq!(lines(text).collect::<Vec<_>>(), expected);
    }
}
