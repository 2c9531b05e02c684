//! The lists of patterns of ACLs and maps: one for each file, and one for the patterns on the
//! line of each ACL. All who use a file share its list, and in it one index for each way to
//! compare. Rules, scripts and the runtime API change them. Readers never wait.

mod content;
mod elements;
mod form;
mod hash;
mod index;
mod parts;
mod reference;
#[cfg(test)]
mod tests;
mod trie;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

pub use content::Content;
pub use elements::{Element, ElementId};
pub use index::{Hosts, Kind, Want};
pub use reference::{Found, Identity, Reference};

use base::pattern::FileName;

/// All lists of the process.
#[derive(Debug, Default)]
pub struct Patterns {
    /// By their ids, ascending.
    references: Vec<Arc<Reference>>,
    by_path: HashMap<Box<[u8]>, Arc<Reference>>,
}

/// What adding an element once did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    New,
    Known,
}

/// Why a list was not changed. Its text is HAProxy's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The key cannot be read by one of the indexes.
    Pattern(String),
    /// A map cannot read the value.
    Value(Vec<u8>),
    /// There is no such key to set.
    NoEntry,
    /// There is no such element to set.
    NoElement,
    /// There is no such key or element to remove.
    NoKey,
    /// The version was not promised yet.
    Future,
    /// The version was not promised, or is over.
    Range,
    /// There is no room for another element, or it is too long.
    Full,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(why) => f.write_str(why),
            Self::Value(value) => write!(f, "unable to parse '{}'", String::from_utf8_lossy(value)),
            Self::NoEntry => f.write_str("entry not found"),
            Self::NoElement => f.write_str("key or pattern not found"),
            Self::NoKey => f.write_str("Key not found"),
            Self::Future => f.write_str("Version number in the future"),
            Self::Range => f.write_str("Version number out of range"),
            Self::Full => f.write_str("out of memory error"),
        }
    }
}

impl Patterns {
    pub(crate) fn new(mut references: Vec<Arc<Reference>>) -> Self {
        references.shrink_to_fit();
        references.sort_by_key(|reference| reference.identity.id);
        let named = references.iter().filter(|reference| !reference.identity.path.is_empty());
        let by_path = named.map(|each| (each.identity.path.clone(), Arc::clone(each))).collect();
        Self { references, by_path }
    }

    /// All lists, ascending by their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Reference>> {
        self.references.iter()
    }

    /// The list of a file by its name in the configuration.
    pub fn by_name(&self, name: &[u8]) -> Option<&Arc<Reference>> {
        self.by_path.get(FileName::parse(name).path)
    }

    /// The list with this id.
    pub fn by_id(&self, id: i64) -> Option<&Arc<Reference>> {
        let at = self.references.binary_search_by_key(&id, |reference| reference.identity.id).ok()?;
        self.references.get(at)
    }
}
