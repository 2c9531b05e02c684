//! What must be known before the configuration is checked: a master needs `daemon`, `quiet`,
//! `mworker-max-reloads` and `pidfile`. Reading here judges nothing: what is wrong is told by the one
//! who checks.

use base::bytes::parse_i64;
use diag::{FileId, SourceMap};
use ir::config::Global;
use ir::spec::Section;
use syntax::{Facts, Host, Line};

use crate::world::World;

/// The `global` keywords that decide about the process, everything else as it is by default.
pub fn global(world: &World, sources: &SourceMap) -> Global {
    let mut global = Global::default();
    for file in files(world, sources) {
        let sections = file.sections.iter().filter(|section| section.keyword().is("global"));
        for line in sections.flat_map(|section| &section.lines) {
            match line.keyword().text.as_slice() {
                b"daemon" => global.daemon = true,
                b"quiet" => global.quiet = true,
                b"mworker-max-reloads" => {
                    let number = line.words.get(1).and_then(|word| parse_i64(&word.text));
                    global.max_reloads = number.and_then(|number| u32::try_from(number).ok());
                }
                b"pidfile" => global.pidfile = line.words.get(1).map(|word| word.text.clone()),
                _ => {}
            }
        }
    }
    global
}

fn files(world: &World, sources: &SourceMap) -> Vec<syntax::File> {
    let mut reader = world.clone();
    let all = (0..).map(FileId).map_while(|id| sources.get(id).map(|file| (id, file)));
    all.map(|(id, file)| syntax::parse(id, &file.name, file.text(), &mut reader).0).collect()
}

impl Host for World {
    fn is_section(&self, keyword: &[u8]) -> bool {
        check::section_of(keyword).is_some()
    }

    fn line(&mut self, section: Option<&Line>, line: &Line) {
        let in_global =
            section.is_some_and(|header| check::section_of(&header.keyword().text) == Some(Section::Global));
        if !in_global {
            return;
        }
        let word = |at: usize| line.words.get(at).map(|word| word.text.as_slice());
        match (line.keyword().text.as_slice(), word(1), word(2)) {
            (b"setenv", Some(name), Some(value)) => self.set(name, Some(value)),
            (b"presetenv", Some(name), Some(value)) if self.variable(name).is_none() => {
                self.set(name, Some(value));
            }
            (b"unsetenv", Some(_), _) => line.words[1..].iter().for_each(|word| self.set(&word.text, None)),
            _ => {}
        }
    }
}
