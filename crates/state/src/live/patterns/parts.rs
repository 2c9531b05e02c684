//! Patterns that are a part of the text (`sub`): automata over most of them, and a few that came
//! since these were made.

use std::sync::Arc;

use aho_corasick::AhoCorasick;

use super::elements::Elements;

/// Bytes of patterns in one automaton, which takes some dozens of times that while it is made.
const AUTOMATON: usize = 1 << 20;

/// Up to this many patterns are looked for one after the other.
const FEW: usize = 8;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    ignore_case: bool,
    automata: Arc<Vec<Automaton>>,
    /// Patterns in the automata, those that were deleted included.
    covered: usize,
    /// The others, in the order in which they came, and as they are looked for.
    fresh: Arc<Vec<(u32, Box<[u8]>)>>,
}

#[derive(Debug)]
struct Automaton {
    search: AhoCorasick,
    /// Slots and orders by the numbers of the patterns. An element that was deleted is not there
    /// any more, or another one with another order.
    patterns: Vec<(u32, u64)>,
}

impl Parts {
    pub fn new(ignore_case: bool) -> Self {
        Self { ignore_case, automata: Arc::default(), covered: 0, fresh: Arc::default() }
    }

    pub fn insert(&mut self, slot: u32, pattern: &[u8]) {
        if pattern.is_empty() {
            return;
        }
        let mut pattern: Box<[u8]> = pattern.into();
        if self.ignore_case {
            pattern.make_ascii_lowercase();
        }
        Arc::make_mut(&mut self.fresh).push((slot, pattern));
    }

    pub fn remove(&mut self, slot: u32) {
        if self.fresh.iter().any(|(fresh, _)| *fresh == slot) {
            Arc::make_mut(&mut self.fresh).retain(|(fresh, _)| *fresh != slot);
        }
    }

    /// Makes new automata where too many patterns are in none. Costs as much as loading them all,
    /// and so is done when their number grew by a part of itself.
    pub fn settle(&mut self, elements: &Elements) {
        if self.fresh.len() <= FEW.max(self.covered / 8) {
            return;
        }
        let mut automata = Vec::new();
        let mut patterns = Vec::new();
        let mut bytes = 0;
        let slots = elements.in_order();
        for element in slots.iter().filter_map(|slot| elements.get(*slot)).filter(|e| !e.key.is_empty()) {
            patterns.push((element.id.slot(), element.order));
            bytes += element.key.len();
            if bytes >= AUTOMATON {
                let Some(made) = self.automaton(std::mem::take(&mut patterns), elements) else { return };
                automata.push(made);
                bytes = 0;
            }
        }
        let Some(last) = self.automaton(patterns, elements) else { return };
        automata.push(last);
        self.covered = elements.len();
        self.automata = Arc::new(automata);
        self.fresh = Arc::default();
    }

    fn automaton(&self, patterns: Vec<(u32, u64)>, elements: &Elements) -> Option<Automaton> {
        let keys = patterns.iter().map(|(slot, _)| elements.key(*slot));
        let search = AhoCorasick::builder().ascii_case_insensitive(self.ignore_case).build(keys).ok()?;
        Some(Automaton { search, patterns })
    }

    /// Calls `visit` with the slots of patterns that are in `text` (in lower case, where case is
    /// ignored); it goes on while `visit` says so.
    pub fn walk(&self, text: &[u8], elements: &Elements, mut visit: impl FnMut(u32) -> bool) {
        for automaton in self.automata.iter() {
            for hit in automaton.search.find_overlapping_iter(text) {
                let (slot, order) = automaton.patterns[hit.pattern().as_usize()];
                let is_there = elements.get(slot).is_some_and(|element| element.order == order);
                if is_there && !visit(slot) {
                    return;
                }
            }
        }
        for (slot, pattern) in self.fresh.iter() {
            if base::bytes::find(text, pattern).is_some() && !visit(*slot) {
                return;
            }
        }
    }
}
