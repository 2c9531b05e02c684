//! A tree of slots by the bytes of their keys, for the keys that a text begins with: prefixes,
//! suffixes of reversed texts, networks. It keeps only the bytes in which keys differ; the keys
//! stand elsewhere. A copy shares its memory with the original, and a change copies the way to
//! one node.

use std::sync::Arc;

/// How a key and a text begin alike.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Common {
    /// Bytes that are the same.
    pub bytes: usize,
    /// Whole bytes of the key.
    pub len: usize,
    /// The key's byte behind those that are the same, where there is one.
    pub next: u8,
    pub tail: Tail,
}

/// The bits of a network that are less than a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// How many of the byte's high bits count, less than 8.
    pub bits: u8,
    pub byte: u8,
}

/// Where the keys are.
pub(super) trait Keys {
    fn compare(&self, slot: u32, text: &[u8]) -> Common;
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Trie(Option<Node>);

#[derive(Clone, Debug)]
enum Node {
    /// The only slot of a key.
    Slot(u32),
    Branch(Arc<Branch>),
}

/// Keys that have `depth` bytes in common. It holds at least two slots.
#[derive(Clone, Debug)]
struct Branch {
    depth: u32,
    /// The keys that end here, in the order in which they came.
    here: Vec<Here>,
    /// The next bytes of the others, ascending, and what is behind them.
    labels: Vec<u8>,
    children: Vec<Node>,
}

#[derive(Clone, Copy, Debug)]
struct Here {
    tail: Tail,
    slot: u32,
}

impl Tail {
    fn holds(self, next: Option<&u8>) -> bool {
        self.bits == 0 || next.is_some_and(|next| (next ^ self.byte) >> (8 - self.bits) == 0)
    }
}

impl Trie {
    /// Adds a slot; `keys` need not know its key yet.
    pub fn insert(&mut self, key: &[u8], tail: Tail, slot: u32, keys: &impl Keys) {
        let Some(root) = &mut self.0 else {
            self.0 = Some(Node::Slot(slot));
            return;
        };
        let Some(other) = representative(root, key) else { return };
        let common = keys.compare(other, key);
        let at = common.bytes;
        let mut node = root;
        while matches!(node, Node::Branch(branch) if branch.depth as usize <= at) {
            let Node::Branch(branch) = node else { return };
            let branch = Arc::make_mut(branch);
            let Some(label) = key.get(branch.depth as usize) else {
                branch.here.push(Here { tail, slot });
                return;
            };
            match branch.labels.binary_search(label) {
                Ok(index) => node = &mut branch.children[index],
                Err(_) => {
                    branch.add(*label, Node::Slot(slot));
                    return;
                }
            }
        }
        // Here the key leaves the tree: inside of the bytes that all keys below have in common.
        let old = std::mem::replace(node, Node::Slot(slot));
        let mut branch = Branch::at(at);
        match old {
            Node::Slot(old) if common.len == at => branch.here.push(Here { tail: common.tail, slot: old }),
            old => branch.add(common.next, old),
        }
        match key.get(at) {
            Some(label) => branch.add(*label, Node::Slot(slot)),
            None => branch.here.push(Here { tail, slot }),
        }
        *node = Node::Branch(Arc::new(branch));
    }

    /// Removes a slot by its key.
    pub fn remove(&mut self, key: &[u8], slot: u32) {
        let Some(mut node) = self.0.as_mut() else { return };
        if matches!(node, Node::Slot(only) if *only == slot) {
            self.0 = None;
            return;
        }
        loop {
            let Node::Branch(branch) = &mut *node else { return };
            let branch = Arc::make_mut(branch);
            let Some(label) = key.get(branch.depth as usize) else {
                branch.here.retain(|here| here.slot != slot);
                break;
            };
            let Ok(index) = branch.labels.binary_search(label) else { return };
            match &branch.children[index] {
                Node::Slot(found) if *found == slot => {
                    branch.labels.remove(index);
                    branch.children.remove(index);
                    break;
                }
                Node::Slot(_) => return,
                Node::Branch(_) => {
                    let Node::Branch(branch) = node else { return };
                    node = &mut Arc::make_mut(branch).children[index];
                }
            }
        }
        if let Node::Branch(branch) = &*node
            && let Some(only) = branch.only()
        {
            *node = only;
        }
    }

    /// Calls `visit` with the slots whose keys `text` begins with and the bits of their keys:
    /// the shortest first, and those of equal keys in the order in which they came. It goes on
    /// while `visit` says so.
    pub fn walk(&self, text: &[u8], keys: &impl Keys, mut visit: impl FnMut(u32, usize) -> bool) {
        let Some(root) = &self.0 else { return };
        let Some(deepest) = representative(root, text) else { return };
        let common = keys.compare(deepest, text);
        let mut node = root;
        loop {
            match node {
                Node::Slot(slot) => {
                    let common = if *slot == deepest { common } else { keys.compare(*slot, text) };
                    if common.bytes == common.len && common.tail.holds(text.get(common.len)) {
                        visit(*slot, common.len * 8 + usize::from(common.tail.bits));
                    }
                    return;
                }
                Node::Branch(branch) => {
                    let depth = branch.depth as usize;
                    if depth > common.bytes {
                        return;
                    }
                    let next = text.get(depth);
                    for here in branch.here.iter().filter(|here| here.tail.holds(next)) {
                        if !visit(here.slot, depth * 8 + usize::from(here.tail.bits)) {
                            return;
                        }
                    }
                    let Some(child) = next.and_then(|label| branch.child(*label)) else { return };
                    node = child;
                }
            }
        }
    }
}

/// A slot below the node that has as much as possible in common with `key`: the tree knows some
/// of the bytes only, so that the slot's key must be compared.
fn representative(mut node: &Node, key: &[u8]) -> Option<u32> {
    loop {
        match node {
            Node::Slot(slot) => return Some(*slot),
            Node::Branch(branch) => {
                node = match key.get(branch.depth as usize).and_then(|label| branch.child(*label)) {
                    Some(child) => child,
                    None if !branch.here.is_empty() => return Some(branch.here[0].slot),
                    None => branch.children.first()?,
                };
            }
        }
    }
}

impl Branch {
    fn at(depth: usize) -> Self {
        Self { depth: depth as u32, here: Vec::new(), labels: Vec::new(), children: Vec::new() }
    }

    fn child(&self, label: u8) -> Option<&Node> {
        self.labels.binary_search(&label).ok().map(|index| &self.children[index])
    }

    /// What is left where that is one slot or one branch.
    fn only(&self) -> Option<Node> {
        match (self.here.as_slice(), self.children.as_slice()) {
            ([here], []) => Some(Node::Slot(here.slot)),
            ([], [child]) => Some(child.clone()),
            _ => None,
        }
    }

    fn add(&mut self, label: u8, node: Node) {
        let index = self.labels.binary_search(&label).unwrap_or_else(|index| index);
        self.labels.insert(index, label);
        self.children.insert(index, node);
    }
}

impl Drop for Branch {
    /// Without recursion: keys of clients may make a tree as deep as they are long.
    fn drop(&mut self) {
        let mut rest = std::mem::take(&mut self.children);
        while let Some(node) = rest.pop() {
            if let Node::Branch(branch) = node
                && let Some(mut branch) = Arc::into_inner(branch)
            {
                rest.append(&mut branch.children);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Strings(Vec<String>);

    impl Keys for Strings {
        fn compare(&self, slot: u32, text: &[u8]) -> Common {
            let key = self.0[slot as usize].as_bytes();
            let bytes = key.iter().zip(text).take_while(|(a, b)| a == b).count();
            let next = key.get(bytes).copied().unwrap_or_default();
            Common { bytes, len: key.len(), next, tail: Tail::default() }
        }
    }

    fn found(trie: &Trie, keys: &Strings, text: &str) -> Vec<u32> {
        let mut found = Vec::new();
        trie.walk(text.as_bytes(), keys, |slot, bits| {
            assert_eq!(bits, keys.0[slot as usize].len() * 8);
            found.push(slot);
            true
        });
        found
    }

    /// The slots that the trie must find, the slow way.
    fn expected(keys: &Strings, gone: &[u32], text: &str) -> Vec<u32> {
        let is = |slot: &u32| !gone.contains(slot) && text.starts_with(&keys.0[*slot as usize]);
        let mut slots: Vec<u32> = (0..keys.0.len() as u32).filter(is).collect();
        slots.sort_by_key(|slot| keys.0[*slot as usize].len());
        slots
    }

    #[test]
    fn as_a_list() {
        let words = ["", "a", "ab", "abc", "abd", "b", "ba", "a", "", "abcabc", "abcab", "bb", "c"];
        let keys = Strings(words.iter().map(|word| word.to_string()).collect());
        let texts = ["", "a", "abx", "abcabcabc", "b", "bab", "bb", "cc", "d", "abcaba"];
        let mut trie = Trie::default();
        for (slot, key) in (0..).zip(&keys.0) {
            trie.insert(key.as_bytes(), Tail::default(), slot, &keys);
        }
        let whole = trie.clone();
        let mut gone = Vec::new();
        for slot in [3, 0, 12, 9, 1, 8, 6, 4, 2, 7, 5, 11, 10] {
            for text in texts {
                assert_eq!(
                    found(&trie, &keys, text),
                    expected(&keys, &gone, text),
                    "{text} without {gone:?}"
                );
                assert_eq!(found(&whole, &keys, text), expected(&keys, &[], text), "{text}");
            }
            trie.remove(keys.0[slot as usize].as_bytes(), slot);
            gone.push(slot);
        }
        assert!(trie.0.is_none());
    }

    #[test]
    fn deep() {
        let keys = Strings((0..4000).map(|len| "x".repeat(len)).collect());
        let mut trie = Trie::default();
        for (slot, key) in (0..).zip(&keys.0) {
            trie.insert(key.as_bytes(), Tail::default(), slot, &keys);
        }
        assert_eq!(found(&trie, &keys, "xxxy"), [0, 1, 2, 3]);
    }
}
