//! `stick`: a table remembers which server served whom.

use ir::id::{ServerId, TableId};
use ir::spec::RuleSet;

use super::may_name;
use crate::live::tables::DataType;
use crate::plan::{Answer, Stick};
use crate::stream::Stream;

/// Keys of a stream, each of which is to be stored with the server that serves it.
#[derive(Debug, Default)]
pub struct Stores {
    keys: Vec<u8>,
    /// The table, and where its key ends.
    ends: Vec<(TableId, usize)>,
}

/// More of a stream's keys are not stored, as in HAProxy.
const MOST: usize = 8;

impl Stores {
    pub fn clear(&mut self) {
        self.keys.clear();
        self.ends.clear();
    }

    fn push(&mut self, table: TableId, key: &[u8]) {
        if self.ends.len() < MOST {
            self.keys.extend_from_slice(key);
            self.ends.push((table, self.keys.len()));
        }
    }

    fn has(&self, from: usize, table: TableId) -> bool {
        self.ends.iter().skip(from).any(|(other, _)| *other == table)
    }

    fn iter(&self) -> impl Iterator<Item = (TableId, &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        self.ends.iter().zip(starts).map(|((table, end), start)| (*table, &self.keys[start..*end]))
    }
}

/// The key of a rule, where its condition is met and there is one.
fn key<'a>(stream: &'a Stream, rule: &'a Stick) -> Option<&'a [u8]> {
    if rule.cond.as_ref().is_some_and(|cond| cond.eval(stream) != Answer::Yes) {
        return None;
    }
    stream.table_key(stream.table(rule.table), rule.expr.eval(stream).ok()?)
}

/// Finds the server in the tables, and notes the keys to be stored. Of each table the first key
/// that is found counts.
pub fn on_request(stream: &mut Stream) {
    let mut stores = std::mem::take(&mut stream.stores);
    for rule in stream.backend_plan().sticks.iter().filter(|rule| !rule.on_response) {
        if rule.stores && stores.has(0, rule.table) {
            continue;
        }
        let Some(key) = key(stream, rule) else { continue };
        let mut found = None;
        if rule.matches {
            let named = stream.persist.server.is_some();
            found = stream
                .table(rule.table)
                .find(key, stream.now, |row| {
                    // Who looks an entry up keeps it alive.
                    row.touch();
                    row.get(DataType::ServerId, 0)
                })
                .flatten()
                .filter(|_| !named)
                .and_then(|id| server(stream, id));
        }
        if rule.stores {
            stores.push(rule.table, key);
        }
        stream.persist.server = stream.persist.server.or(found);
    }
    stream.stores = stores;
}

/// The server that has this `id`, if it may be used.
fn server(stream: &Stream, id: u64) -> Option<ServerId> {
    let servers = &stream.plan.settings(stream.backend_plan().id).servers;
    let found = servers.iter().position(|server| u64::from(server.id) == id)?;
    let server = ServerId(found as u32);
    may_name(stream, server).then_some(server)
}

/// Notes the keys that responses give, and stores all of the stream's.
pub fn on_response(stream: &mut Stream) {
    stream.phase = RuleSet::HttpResponse;
    let mut stores = std::mem::take(&mut stream.stores);
    let of_request = stores.ends.len();
    for rule in stream.backend_plan().sticks.iter().filter(|rule| rule.on_response) {
        if !stores.has(of_request, rule.table)
            && let Some(key) = key(stream, rule)
        {
            stores.push(rule.table, key);
        }
    }
    let server = stream.server.map(|id| &stream.plan.settings(stream.backend_plan().id).servers[id.index()]);
    if let Some(server) = server.filter(|server| !server.non_stick) {
        for (table, key) in stores.iter() {
            stream.table(table).find_or_make(key, stream.now, |row| {
                row.set(DataType::ServerId, 0, server.id.into());
            });
        }
    }
    stores.clear();
    stream.stores = stores;
}
