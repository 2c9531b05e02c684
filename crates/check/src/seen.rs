//! Names and numbers that were used so far, so that a second use is found without a search.

use std::collections::HashMap;

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
    /// The other sections, with the first line of each name.
    pub sections: HashMap<(Section, Bytes), Place>,
    /// Finished proxies with an `id`.
    pub ids: HashMap<u32, usize>,
    /// The servers of the section at hand, with their lines.
    pub servers: HashMap<Bytes, u32>,
    /// The users of the userlist at hand: indexes into its users.
    pub users: HashMap<Bytes, usize>,
}
