//! The reference pages are those that the rows give.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn pages(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let page = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("a page"))
    };
    entries.map(|entry| page(entry.expect("an entry").path())).collect()
}

#[test]
fn pages_are_current() {
    let folder = std::env::temp_dir().join(format!("hxproxy-pages-{}", std::process::id()));
    let status = Command::new(env!("CARGO_BIN_EXE_hxproxy"))
        .args(["--generate", "reference"])
        .arg(&folder)
        .status()
        .expect("hxproxy runs");
    assert!(status.success());
    let fresh = pages(&folder);
    std::fs::remove_dir_all(&folder).expect("a removed folder");
    let kept = pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference"));
    let stale: Vec<&String> =
        fresh.iter().filter(|(name, text)| kept.get(*name) != Some(text)).map(|(n, _)| n).collect();
    let advice = "run `cargo run -p hxproxy -- --generate reference docs/reference` and commit the pages";
    assert!(stale.is_empty() && fresh.len() == kept.len(), "{stale:?} are not current: {advice}");
}
