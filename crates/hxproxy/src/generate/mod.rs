//! `--generate`: what the registry knows, for people, editors and shells. Each kind has a file; the
//! table here says what they are called.

mod completion;
mod keywords;
mod pages;
mod support;

use std::path::Path;

use check::Registry;

use crate::args::Generate;
use crate::console::{self, Console};
use crate::{files, registry};

/// Something that can be written.
struct Kind {
    name: &'static str,
    /// The files, each with its text. The first one is what is printed without a folder.
    files: fn(&Registry) -> Vec<(String, String)>,
    /// Many files: only written into a folder.
    needs_folder: bool,
}

const KINDS: &[Kind] = &[
    Kind { name: "support", files: |r| one("support.txt", support::table(r)), needs_folder: false },
    Kind { name: "keywords", files: |r| one("keywords.json", keywords::document(r)), needs_folder: false },
    Kind { name: "bash", files: |_| one("hxproxy.bash", completion::bash()), needs_folder: false },
    Kind { name: "zsh", files: |_| one("_hxproxy", completion::zsh()), needs_folder: false },
    Kind { name: "fish", files: |_| one("hxproxy.fish", completion::fish()), needs_folder: false },
    Kind { name: "reference", files: pages::all, needs_folder: true },
];

fn one(name: &str, text: String) -> Vec<(String, String)> {
    vec![(name.to_owned(), text)]
}

/// The kinds, for completion.
fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

/// Whether there is such a kind, and whether it may be printed.
pub fn is_known(what: &str, has_folder: bool) -> bool {
    KINDS.iter().any(|kind| kind.name == what && (has_folder || !kind.needs_folder))
}

/// Writes what is asked for; gives the exit status.
pub fn run(console: &Console, asked: &Generate) -> u8 {
    let Some(kind) = KINDS.iter().find(|kind| kind.name == asked.what) else { return crate::start::FAILED };
    let files = (kind.files)(&registry::assemble());
    match &asked.folder {
        None => files.iter().take(1).for_each(|(_, text)| console::print(text)),
        Some(folder) => {
            if let Err(message) = write(folder, &files) {
                console.alert(&message);
                return crate::start::FAILED;
            }
        }
    }
    0
}

fn write(folder: &Path, files: &[(String, String)]) -> Result<(), String> {
    let refused =
        |path: &Path, error| format!("Cannot write {} : {}", path.display(), files::strerror(&error));
    std::fs::create_dir_all(folder).map_err(|error| refused(folder, error))?;
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| refused(&path, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_written() {
        let folder = std::env::temp_dir().join(format!("hxproxy-generate-{}", std::process::id()));
        let registry = registry::assemble();
        for kind in KINDS {
            let files = (kind.files)(&registry);
            assert!(files.iter().all(|(_, text)| text.ends_with('\n')), "{}", kind.name);
            assert_eq!(write(&folder, &files), Ok(()));
            assert!(files.iter().all(|(name, _)| folder.join(name).is_file()), "{}", kind.name);
        }
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(is_known("bash", false) && is_known("reference", true));
        assert!(!is_known("reference", false) && !is_known("bogus", true));
    }
}
