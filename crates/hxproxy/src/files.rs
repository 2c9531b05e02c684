//! The configuration files of the command line: folders become their `*.cfg` files, and all are
//! read into memory.
//!
//! Left out: what is in them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use diag::SourceMap;

/// A file without a known size, such as a pipe, is refused above this many bytes.
const MOST_BYTES: u64 = 10 << 20;

/// Reads everything that `-f` names, in order. The error is HAProxy's message.
pub fn load(names: &[PathBuf]) -> Result<SourceMap, String> {
    let mut sources = SourceMap::new();
    for name in names {
        for path in expand(name)? {
            let text = read(&path)?;
            sources.add(path.to_string_lossy(), text);
        }
    }
    Ok(sources)
}

/// A file is itself; a folder is its regular files whose names end in `.cfg` and do not start
/// with a dot, in the order of their names.
fn expand(name: &Path) -> Result<Vec<PathBuf>, String> {
    let shown = name.display();
    let told = fs::metadata(name)
        .map_err(|e| format!("Cannot open configuration file/directory {shown} : {}", strerror(&e)))?;
    if !told.is_dir() {
        return Ok(vec![name.to_path_buf()]);
    }
    let folder = |e: io::Error| format!("Cannot open configuration directory {shown} : {}", strerror(&e));
    let mut found = Vec::new();
    for entry in fs::read_dir(name).map_err(folder)? {
        let path = entry.map_err(folder)?.path();
        if !is_configuration(&path) {
            continue;
        }
        let told = fs::metadata(&path)
            .map_err(|e| format!("Cannot open configuration file {} : {}", path.display(), strerror(&e)))?;
        if told.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn is_configuration(path: &Path) -> bool {
    let name = path.file_name().map(OsStrExt::as_bytes).unwrap_or_default();
    name.ends_with(b".cfg") && !name.starts_with(b".")
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let refused =
        |e: io::Error| format!("Could not open configuration file {} : {}", path.display(), strerror(&e));
    let file = File::open(path).map_err(refused)?;
    let is_regular = file.metadata().map_err(refused)?.is_file();
    let limit = if is_regular { u64::MAX } else { MOST_BYTES + 1 };
    let mut text = Vec::new();
    let size = file.take(limit).read_to_end(&mut text).map_err(refused)?;
    if !is_regular && size as u64 > MOST_BYTES {
        let shown = path.display();
        return Err(format!(
            "Loading {shown}: input is too large, limited to {}MB. Exiting.",
            MOST_BYTES >> 20
        ));
    }
    Ok(text)
}

/// The system's words for an error, without the number that Rust adds.
pub fn strerror(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("hxproxy-files-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn folders() {
        let folder = Folder::new("folder");
        for name in ["b.cfg", "a.cfg", "10.cfg", "x.cfg.bak", ".hidden.cfg", "noext"] {
            fs::write(folder.0.join(name), name).unwrap();
        }
        fs::create_dir(folder.0.join("c.cfg")).unwrap();
        let single = folder.0.join("noext");
        let sources = load(&[folder.0.clone(), single.clone(), folder.0.join("b.cfg")]).unwrap();
        let names: Vec<_> =
            (0..).map_while(|id| sources.get(diag::FileId(id))).map(|f| f.name.clone()).collect();
        let expected: Vec<_> = ["10.cfg", "a.cfg", "b.cfg", "noext", "b.cfg"]
            .iter()
            .map(|name| folder.0.join(name).to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, expected);
    }

    fn check(path: &str, expected: &str) {
        assert_eq!(load(&[path.into()]).map(|_| ()), Err(expected.to_string()), "{path}");
    }

    #[test]
    fn errors() {
        check(
            "/nonexistent",
            "Cannot open configuration file/directory /nonexistent : No such file or directory",
        );
        check("/dev/zero", "Loading /dev/zero: input is too large, limited to 10MB. Exiting.");
    }
}
