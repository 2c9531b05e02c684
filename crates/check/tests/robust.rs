//! Damaged configurations are told about and never stop the checker.

mod support;

use std::fs;
use std::path::Path;

use support::World;

/// Marsaglia's xorshift: the same damage in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or(0)
    }
}

/// Pieces that parsers stumble over.
const PIECES: [&str; 16] = [
    "\"",
    "'",
    "\\",
    "${",
    "}",
    "(",
    ")",
    ",",
    "%[",
    "]",
    "{",
    "\0",
    "\n",
    "-",
    "99999999999999999999",
    "\u{e9}",
];

fn damage(text: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => bytes.truncate(at),
            1 => {
                bytes.remove(at.min(bytes.len().saturating_sub(1)));
            }
            2 => {
                let piece = PIECES[random.below(PIECES.len())].bytes();
                bytes.splice(at..at, piece);
            }
            _ => {
                let end = (at + random.below(40)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, copy);
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

#[test]
fn damaged_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let rules = fs::read_to_string(folder.join("rules.list")).expect("rules").replace('\n', "\n    ");
    let mut texts = vec![format!("frontend f\n    bind :80\n    {rules}\n")];
    for entry in fs::read_dir(folder).expect("folder").flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "cfg") {
            texts.push(fs::read_to_string(entry.path()).expect("configuration"));
        }
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..300 {
        let text = damage(&texts[round % texts.len()], &mut random);
        let mut sources = diag::SourceMap::new();
        sources.add("t.cfg", text);
        let outcome = check::check(&mut support::registry(), &mut World::default(), &sources);
        support::told(&outcome, &sources);
    }
}
