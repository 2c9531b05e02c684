//! Names and numbers that were used so far, so that a second use is found without a search.

use std::collections::{HashMap, HashSet};

use ir::Bytes;
use ir::expr::Place;
use ir::spec::Section;

/// See the module.
#[derive(Default)]
pub struct Seen {
    /// Finished proxies, by name: indexes into [`crate::Context::drafts`].
    pub proxies: HashMap<Bytes, usize>,
    /// Finished defaults with a name, the last of each: indexes into [`crate::Context::defaults`].
    pub defaults: HashMap<Bytes, usize>,
    /// The other sections, with the lines of each name.
    pub sections: HashMap<(Section, Bytes), Vec<Place>>,
    /// Finished proxies with an `id`.
    pub ids: HashMap<u32, usize>,
    /// The rows of `global` that were used.
    pub keywords: HashSet<&'static str>,
    /// What every `guid` was given to, as messages name it.
    pub guids: HashMap<Bytes, String>,
    /// The servers of the section at hand, with their lines.
    pub servers: HashMap<Bytes, u32>,
    /// Stick tables: indexes into those of the configuration.
    pub tables: HashMap<Bytes, usize>,
    /// Finished userlists.
    pub userlists: HashSet<Bytes>,
    /// The `id`s of the sockets of the section at hand, with their places and addresses.
    pub binds: HashMap<u32, (diag::Span, String)>,
    /// The `id`s of its servers, with their places and names.
    pub server_ids: HashMap<u32, (diag::Span, String)>,
    /// The users of the userlist at hand: indexes into its users.
    pub users: HashMap<Bytes, usize>,
}

impl Seen {
    /// Notes a `guid`; the error says why it cannot be one.
    pub fn guid(&mut self, guid: &[u8], owner: String) -> Result<(), String> {
        const MAX_LEN: usize = 127;
        if guid.is_empty() || guid.len() > MAX_LEN {
            return Err("invalid length".to_owned());
        }
        if let Some(bad) = crate::section::bad_character(guid) {
            return Err(format!("invalid character '{bad}'"));
        }
        if let Some(other) = self.guids.get(guid) {
            return Err(format!("duplicate entry with {other}"));
        }
        self.guids.insert(guid.to_vec(), owner);
        Ok(())
    }
}
