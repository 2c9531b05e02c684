//! A hash table of slots: a tree over the bits of the hash whose leaves hold some dozens of
//! slots. A copy shares its memory with the original, and a change copies one leaf and the
//! way to it. The keys stand elsewhere.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// Bits of the hash that a branch looks at.
const BITS: u32 = 5;
const FAN: usize = 1 << BITS;

/// Up to so many slots, comparing keys is cheaper than hashing one.
const FEW: usize = 4;

/// A leaf with more is split, unless its slots have all bits in common.
const LEAF: usize = 64;

/// See the module. Of slots with equal keys, the one that was inserted first is found first.
#[derive(Clone, Debug)]
pub(super) struct Hash {
    root: Node,
    /// The secret that keeps clients from choosing keys of one leaf.
    state: RandomState,
}

#[derive(Clone, Debug)]
enum Node {
    Empty,
    Leaf(Arc<Vec<Entry>>),
    Branch(Arc<[Node; FAN]>),
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    slot: u32,
}

impl Default for Hash {
    fn default() -> Self {
        Self { root: Node::Empty, state: RandomState::new() }
    }
}

impl Hash {
    /// The hash of a key.
    pub fn of(&self, key: &[u8]) -> u32 {
        self.state.hash_one(key) as u32
    }

    pub fn insert(&mut self, hash: u32, slot: u32) {
        let mut node = &mut self.root;
        let mut shift = 0;
        while let Node::Branch(children) = node {
            node = &mut Arc::make_mut(children)[index(hash, shift)];
            shift += BITS;
        }
        match node {
            Node::Leaf(entries) => {
                let entries = Arc::make_mut(entries);
                entries.push(Entry { hash, slot });
                if entries.len() > LEAF && shift < u32::BITS && entries.iter().any(|e| e.hash != hash) {
                    *node = split(entries, shift);
                }
            }
            other => *other = Node::Leaf(Arc::new(vec![Entry { hash, slot }])),
        }
    }

    pub fn remove(&mut self, hash: u32, slot: u32) {
        let mut node = &mut self.root;
        let mut shift = 0;
        while let Node::Branch(children) = node {
            node = &mut Arc::make_mut(children)[index(hash, shift)];
            shift += BITS;
        }
        if let Node::Leaf(entries) = node {
            let entries = Arc::make_mut(entries);
            entries.retain(|entry| entry.slot != slot);
            if entries.is_empty() {
                *node = Node::Empty;
            }
        }
    }

    /// The first slot of this key: `is` says whether a slot's key is the wanted one.
    pub fn find(&self, key: &[u8], mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        match &self.root {
            Node::Empty => return None,
            Node::Leaf(entries) if entries.len() <= FEW => {
                return entries.iter().map(|entry| entry.slot).find(|slot| is(*slot));
            }
            _ => {}
        }
        let hash = self.of(key);
        let mut node = &self.root;
        let mut shift = 0;
        while let Node::Branch(children) = node {
            node = &children[index(hash, shift)];
            shift += BITS;
        }
        let Node::Leaf(entries) = node else { return None };
        entries.iter().find(|entry| entry.hash == hash && is(entry.slot)).map(|entry| entry.slot)
    }
}

fn index(hash: u32, shift: u32) -> usize {
    (hash >> shift) as usize % FAN
}

/// The entries as a branch; it may have a leaf that is still too large, which is split when it
/// grows.
fn split(entries: &[Entry], shift: u32) -> Node {
    let mut leaves: [Vec<Entry>; FAN] = std::array::from_fn(|_| Vec::new());
    for entry in entries {
        leaves[index(entry.hash, shift)].push(*entry);
    }
    let node = |leaf: Vec<Entry>| match leaf.is_empty() {
        true => Node::Empty,
        false => Node::Leaf(Arc::new(leaf)),
    };
    Node::Branch(Arc::new(leaves.map(node)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many() {
        let mut hash = Hash::default();
        let key = |slot: u32| format!("key{}", slot % 90_000);
        for slot in 0..100_000 {
            hash.insert(hash.of(key(slot).as_bytes()), slot);
        }
        let before = hash.clone();
        let find = |hash: &Hash, wanted: u32| {
            let wanted = key(wanted);
            hash.find(wanted.as_bytes(), |slot| key(slot) == wanted)
        };
        for slot in (0..90_000).step_by(7) {
            assert_eq!(find(&hash, slot), Some(slot));
            hash.remove(hash.of(key(slot).as_bytes()), slot);
            assert_eq!(find(&hash, slot), (slot < 10_000).then_some(slot + 90_000));
            assert_eq!(find(&before, slot), Some(slot));
        }
        assert_eq!(hash.find(b"other", |slot| key(slot) == "other"), None);
    }

    #[test]
    fn one_hash() {
        let mut hash = Hash::default();
        let same = hash.of(b"key");
        for count in [FEW as u32, 1000] {
            (0..count).for_each(|slot| hash.insert(same, slot));
            assert_eq!(hash.find(b"key", |slot| slot >= count - 2), Some(count - 2));
            (0..count).for_each(|slot| hash.remove(same, slot));
            assert_eq!(hash.find(b"key", |_| true), None);
        }
    }
}
