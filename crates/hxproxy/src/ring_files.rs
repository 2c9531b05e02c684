//! The files that show rings (`backing-file`): made when their lines are read, and mapped into memory
//! when the process is prepared. Their form is in [`state::live::ring_file`].

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use check::RingFault;
use state::Plan;
use state::live::ring_file::{self, Memory};

use crate::files::strerror;
use crate::process::sys::SharedMemory;

/// Only the owner may read or write.
const PRIVATE: u32 = 0o600;

/// Opens a file as an empty ring of `size` bytes. What is worth it stays under the name with `.bak`.
pub fn open(path: &Path, size: u64) -> Result<File, RingFault> {
    keep(path);
    let mut options = File::options();
    let opened = options.read(true).write(true).create(true).truncate(false).mode(PRIVATE).open(path);
    let file = opened.map_err(|e| RingFault::Open(strerror(&e)))?;
    file.set_len(size).map_err(|e| RingFault::Resize(strerror(&e)))?;
    for (at, bytes) in ring_file::empty(size) {
        file.write_all_at(&bytes, at).map_err(|e| RingFault::Resize(strerror(&e)))?;
    }
    Ok(file)
}

/// Renames a file that holds messages. As in HAProxy, nobody is told where that fails.
fn keep(path: &Path) {
    let mut head = Vec::new();
    if !path.is_file() {
        return;
    }
    let Ok(file) = File::open(path) else { return };
    if file.take(ring_file::HEAD).read_to_end(&mut head).is_ok() && !ring_file::is_kept(&head) {
        return;
    }
    let mut backup = path.as_os_str().to_owned();
    backup.push(".bak");
    let _ = fs::remove_file(&backup);
    if fs::rename(path, &backup).is_err() {
        let _ = fs::remove_file(&backup);
    }
}

/// Has the files show what comes into the plan's rings.
pub fn show(plan: &Plan, files: &[Arc<File>]) -> Result<(), String> {
    let sections = plan.config.rings.iter().zip(&plan.live.rings);
    let backed = sections.filter_map(|(section, ring)| Some((section, section.backing_file.as_ref()?, ring)));
    for ((section, path, ring), file) in backed.zip(files) {
        let memory = SharedMemory::of(file, section.size).map_err(|error| {
            let (path, name) = (String::from_utf8_lossy(path), String::from_utf8_lossy(&section.name));
            let reason = strerror(&error);
            format!("failed to use '{path}' as a backing file for ring '{name}': {reason}.")
        })?;
        ring.show_in(Box::new(Mapped(memory)));
    }
    Ok(())
}

#[derive(Debug)]
struct Mapped(SharedMemory);

impl Memory for Mapped {
    fn write(&mut self, at: u64, bytes: &[u8]) {
        self.0.write(at, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_with_messages_are_kept() {
        let folder = std::env::temp_dir().join(format!("hxproxy-rings-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let (path, backup) = (folder.join("ring"), folder.join("ring.bak"));
        let read = |path: &Path| {
            fs::read(path).ok().map(|bytes| (bytes.len(), bytes.get(192..194).map(<[u8]>::to_vec)))
        };
        open(&path, 4096).expect("a new file");
        assert_eq!(read(&path), Some((4096, Some(vec![0, 0]))));
        open(&path, 8192).expect("an empty ring");
        assert_eq!((read(&path), read(&backup)), (Some((8192, Some(vec![0, 0]))), None));
        fs::write(&path, "text").expect("another file");
        let file = open(&path, 8192).expect("a short file");
        assert_eq!((read(&path), read(&backup)), (Some((8192, Some(vec![0, 0]))), Some((4, None))));
        let memory = SharedMemory::of(&file, 8192).expect("memory");
        let mut mirror = ring_file::Mirror::new(Box::new(Mapped(memory)), 8192);
        mirror.append(b"message");
        open(&path, 4096).expect("a ring with messages");
        assert_eq!(
            (read(&path), read(&backup)),
            (Some((4096, Some(vec![0, 0]))), Some((8192, Some(vec![0, 7]))))
        );
        assert_eq!(open(&folder, 4096).err(), Some(RingFault::Open("Is a directory".into())));
        fs::remove_dir_all(&folder).expect("the folder");
    }
}
