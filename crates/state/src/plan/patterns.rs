//! The lists of patterns of a configuration, loaded (manual, section 7.1). Left out: how they are
//! shared and changed (`live::patterns`).

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use base::pattern;
use ir::config::{Config, PatternList};
use ir::id::PatternListId;

use super::BuildError;
use crate::live::patterns::{Content, Hosts, Identity, Kind, Patterns, Reference, Refusal};

/// The lists of the configuration, at their ids.
#[derive(Debug, Default)]
pub(super) struct Lists {
    references: Vec<Arc<Reference>>,
    patterns: Patterns,
    hosts: Hosts,
}

impl Lists {
    /// Takes the lists out of the configuration.
    pub fn load(config: &mut Config) -> Result<Self, BuildError> {
        let lists = std::mem::take(&mut config.pattern_lists);
        let mut numbers = Numbers::new(&lists);
        let load = |mut list: PatternList| {
            let reference = Reference::new(Identity {
                id: list.id.unwrap_or_else(|| numbers.of(&list)),
                path: std::mem::take(&mut list.path).into(),
                display: std::mem::take(&mut list.display).into(),
                is_acl: list.is_acl,
                is_map: list.is_map,
                has_values: list.has_values,
            });
            reference.load(|content| {
                fill(content, &list, &reference.identity.path)?;
                content.shrink();
                Ok(())
            })?;
            Ok(Arc::new(reference))
        };
        let references = lists.into_iter().map(load).collect::<Result<Vec<_>, BuildError>>()?;
        let patterns = Patterns::new(references.clone());
        Ok(Self { references, patterns, hosts: Arc::new(std::mem::take(&mut config.pattern_hosts)) })
    }

    pub fn get(&self, id: PatternListId) -> Option<&Arc<Reference>> {
        self.references.get(id.index())
    }

    /// Has the list found by an index of this kind, and gives the index' number.
    pub fn index(&self, reference: &Reference, kind: Kind) -> Result<usize, BuildError> {
        let index = reference.load(|content| content.add_index(kind, Arc::clone(&self.hosts)));
        index.map_err(|(error, line)| at_line(&error, line, reference))
    }

    /// The list of a file by its name in the configuration.
    pub fn by_name(&self, name: &[u8]) -> Option<&Arc<Reference>> {
        self.patterns.by_name(name)
    }

    pub fn into_patterns(self) -> Patterns {
        self.patterns
    }
}

/// The error of a file's line, in HAProxy's words.
pub(super) fn at_line(error: &str, line: u32, reference: &Reference) -> BuildError {
    if line == 0 {
        return BuildError(error.to_owned());
    }
    let path = String::from_utf8_lossy(&reference.identity.path);
    BuildError(format!("{error} at line {line} of file '{path}'"))
}

fn fill(content: &mut Content, list: &PatternList, path: &[u8]) -> Result<(), BuildError> {
    let refused = |refusal: Refusal| BuildError(refusal.to_string());
    for pattern in &list.patterns {
        content.push(pattern, None, 0).map_err(refused)?;
    }
    let Some(file) = &list.file else { return Ok(()) };
    let text = std::fs::read(OsStr::from_bytes(file)).map_err(|_| {
        let path = String::from_utf8_lossy(path);
        BuildError(format!("failed to open pattern file <{path}>"))
    })?;
    for (number, line) in pattern::lines(&text) {
        let (key, value) = match list.has_values {
            true => pattern::key_and_value(line),
            false => (line, b"".as_slice()),
        };
        let line = u32::try_from(number).unwrap_or(u32::MAX);
        content.push(key, list.has_values.then_some(value), line).map_err(refused)?;
    }
    Ok(())
}

/// Lists of HAProxy's own client, which have ids in front of those that are named late.
const CLIENT_LISTS: usize = 4;

/// The ids of the lists that have none: the lowest that no list has.
struct Numbers {
    taken: Vec<i64>,
    next: i64,
    /// The client's lists have their ids.
    is_late: bool,
}

impl Numbers {
    fn new(lists: &[PatternList]) -> Self {
        let mut taken: Vec<i64> = lists.iter().filter_map(|list| list.id).collect();
        taken.sort_unstable();
        Self { taken, next: 0, is_late: false }
    }

    fn of(&mut self, list: &PatternList) -> i64 {
        if list.is_late && !self.is_late {
            self.is_late = true;
            for _ in 0..CLIENT_LISTS {
                self.next();
            }
        }
        self.next()
    }

    fn next(&mut self) -> i64 {
        while self.taken.binary_search(&self.next).is_ok() {
            self.next += 1;
        }
        self.next += 1;
        self.next - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        let list = |id| PatternList { id, ..PatternList::default() };
        let mut lists = [None, Some(1), None, Some(7), Some(2), None, None, None].map(list).to_vec();
        lists[6].is_late = true;
        lists[7].is_late = true;
        let mut config = Config { pattern_lists: lists, ..Config::default() };
        let lists = Lists::load(&mut config).expect("lists");
        let ids: Vec<i64> = lists.references.iter().map(|reference| reference.identity.id).collect();
        assert_eq!(ids, [0, 1, 3, 7, 2, 4, 10, 11]);
    }

    #[test]
    fn files() {
        let list = |file: Option<&str>| PatternList {
            path: b"x".to_vec(),
            file: file.map(|file| file.as_bytes().to_vec()),
            ..PatternList::default()
        };
        let load = |list| Lists::load(&mut Config { pattern_lists: vec![list], ..Config::default() });
        assert!(load(list(None)).is_ok());
        let error = load(list(Some("/nonexistent/list"))).expect_err("no file");
        assert_eq!(error.0, "failed to open pattern file <x>");
    }
}
