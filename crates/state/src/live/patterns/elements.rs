//! The elements of a list of patterns: keys and values as they were written, packed by the
//! dozen. A copy shares all its memory with the original until one of them is changed, and a
//! change copies one pack and the way to it.

use std::sync::Arc;

/// Bits of a slot that stand for the place in a pack.
const PACK_BITS: u32 = 6;
const PACK: u32 = 1 << PACK_BITS;

/// Bits of a slot that stand for the child of a branch.
const FAN_BITS: u32 = 8;
const FAN: u32 = 1 << FAN_BITS;

/// A length that stands for: none.
const NONE: u32 = u32::MAX;

/// One pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    pub id: ElementId,
    pub key: &'a [u8],
    /// Of a map's entry.
    pub value: Option<&'a [u8]>,
    /// The line of the file that it was read from; 0 for one that was added later.
    pub line: u32,
    /// Elements are ordered by it: those that came first have the smallest.
    pub order: u64,
}

/// Names an element of a reference for the runtime API, until the element is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElementId(pub u64);

impl ElementId {
    fn new(slot: u32, order: u64) -> Self {
        Self(order << 32 | u64::from(slot))
    }

    /// Where it stood.
    pub(super) fn slot(self) -> u32 {
        self.0 as u32
    }
}

/// See the module. An element is known by its slot, which is used again behind its end.
#[derive(Clone, Debug)]
pub(super) struct Elements {
    root: Node,
    /// Levels of branches above the packs.
    height: u32,
    /// Slots that were ever used.
    slots: u32,
    /// The first of the free slots; each names the next one as its line.
    free: u32,
    len: usize,
    next_order: u64,
}

#[derive(Clone, Debug)]
enum Node {
    Pack(Arc<Pack>),
    Branch(Arc<Vec<Node>>),
}

#[derive(Clone, Debug, Default)]
struct Pack {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Where an element's key and value stand in the bytes of the pack, one behind the other.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: u32,
    /// [`NONE`]: the slot is free.
    key: u32,
    value: u32,
    line: u32,
    order: u64,
}

impl Default for Elements {
    fn default() -> Self {
        Self { root: Node::Pack(Arc::default()), height: 0, slots: 0, free: NONE, len: 0, next_order: 0 }
    }
}

impl Elements {
    pub fn len(&self) -> usize {
        self.len
    }

    /// Adds an element behind the others and gives its slot; `None` where there is no room for
    /// another one.
    pub fn add(&mut self, key: &[u8], value: Option<&[u8]>, line: u32) -> Option<u32> {
        let length = |text: &[u8]| u32::try_from(text.len()).ok().filter(|len| *len < NONE / PACK / 2);
        let place = Place {
            at: 0,
            key: length(key)?,
            value: value.map_or(Some(NONE), length)?,
            line,
            order: self.next_order,
        };
        let slot = if self.free == NONE { self.slots } else { self.free };
        if slot == NONE {
            return None;
        }
        if slot == self.slots {
            self.slots += 1;
            self.make_room(slot);
        }
        let pack = self.pack_mut(slot);
        let index = (slot % PACK) as usize;
        let next_free = pack.places.get(index).map(|place| place.line);
        pack.put(index, place, key, value.unwrap_or_default());
        if let Some(next) = next_free {
            self.free = next;
        }
        self.next_order += 1;
        self.len += 1;
        Some(slot)
    }

    /// Gives an element another value.
    pub fn set(&mut self, slot: u32, value: &[u8]) {
        let Some(element) = self.get(slot) else { return };
        let Ok(len) = u32::try_from(value.len()) else { return };
        let place = Place {
            at: 0,
            key: element.key.len() as u32,
            value: len,
            line: element.line,
            order: element.order,
        };
        let key = element.key.to_vec();
        self.pack_mut(slot).put((slot % PACK) as usize, place, &key, value);
    }

    /// Frees the slot of an element.
    pub fn remove(&mut self, slot: u32) {
        if self.get(slot).is_none() {
            return;
        }
        let place = Place { at: 0, key: NONE, value: NONE, line: self.free, order: 0 };
        self.pack_mut(slot).put((slot % PACK) as usize, place, b"", b"");
        self.free = slot;
        self.len -= 1;
    }

    /// The element at a slot; `None` where it is free.
    pub fn get(&self, slot: u32) -> Option<Element<'_>> {
        let pack = self.pack(slot)?;
        let place = pack.places.get((slot % PACK) as usize).filter(|place| place.key != NONE)?;
        Some(place.element(slot, &pack.bytes))
    }

    /// The key of an element; nothing for a free slot.
    pub fn key(&self, slot: u32) -> &[u8] {
        self.get(slot).map_or(b"", |element| element.key)
    }

    /// The element with this id, unless it was deleted.
    pub fn by_id(&self, id: ElementId) -> Option<Element<'_>> {
        self.get(id.slot()).filter(|element| element.id == id)
    }

    /// All elements by their slots, which is not their order once some were deleted.
    pub fn iter(&self) -> impl Iterator<Item = Element<'_>> {
        (0..self.slots).filter_map(|slot| self.get(slot))
    }

    /// The slots in the order in which the elements came.
    pub fn in_order(&self) -> Vec<u32> {
        let mut ordered: Vec<(u64, u32)> = self.iter().map(|each| (each.order, each.id.slot())).collect();
        if !ordered.is_sorted() {
            ordered.sort_unstable();
        }
        ordered.into_iter().map(|(_, slot)| slot).collect()
    }

    fn pack(&self, slot: u32) -> Option<&Pack> {
        let mut node = &self.root;
        let mut height = self.height;
        loop {
            match node {
                Node::Pack(pack) => return Some(pack),
                Node::Branch(children) => {
                    node = children.get(child(slot, height))?;
                    height -= 1;
                }
            }
        }
    }

    fn pack_mut(&mut self, slot: u32) -> &mut Pack {
        let mut node = &mut self.root;
        let mut height = self.height;
        loop {
            match node {
                Node::Pack(pack) => return Arc::make_mut(pack),
                Node::Branch(children) => {
                    node = &mut Arc::make_mut(children)[child(slot, height)];
                    height -= 1;
                }
            }
        }
    }

    /// Makes the nodes on the way to a slot that is the first one behind all others.
    fn make_room(&mut self, slot: u32) {
        if u64::from(slot) >> (PACK_BITS + FAN_BITS * self.height) != 0 {
            let root = std::mem::replace(&mut self.root, Node::Pack(Arc::default()));
            self.root = Node::Branch(Arc::new(vec![root]));
            self.height += 1;
        }
        let mut node = &mut self.root;
        let mut height = self.height;
        while let Node::Branch(children) = node {
            let at = child(slot, height);
            height -= 1;
            let children = Arc::make_mut(children);
            if at == children.len() {
                children.push(if height == 0 {
                    Node::Pack(Arc::default())
                } else {
                    Node::Branch(Arc::default())
                });
            }
            node = &mut children[at];
        }
    }

    /// Gives back the memory that was reserved for more elements.
    pub fn shrink(&mut self) {
        if let Some(last) = self.slots.checked_sub(1) {
            let pack = self.pack_mut(last);
            pack.places.shrink_to_fit();
            pack.bytes.shrink_to_fit();
        }
    }
}

/// Which child of a branch at this height leads to a slot; 1 is the height above the packs.
fn child(slot: u32, height: u32) -> usize {
    ((u64::from(slot) >> (PACK_BITS + FAN_BITS * (height - 1))) % u64::from(FAN)) as usize
}

impl Pack {
    /// Writes an element; at most one behind the last.
    fn put(&mut self, index: usize, place: Place, key: &[u8], value: &[u8]) {
        if index < self.places.len() {
            self.replace(index, place, key, value);
            return;
        }
        self.places.push(Place { at: self.bytes.len() as u32, ..place });
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        if self.places.len() == PACK as usize {
            self.places.shrink_to_fit();
            self.bytes.shrink_to_fit();
        }
    }

    fn replace(&mut self, index: usize, place: Place, key: &[u8], value: &[u8]) {
        let mut bytes = Vec::with_capacity(self.bytes.len() + key.len() + value.len());
        for (at, have) in self.places.iter_mut().enumerate() {
            let start = bytes.len() as u32;
            if at == index {
                *have = place;
                bytes.extend_from_slice(key);
                bytes.extend_from_slice(value);
            } else if have.key != NONE {
                bytes.extend_from_slice(&self.bytes[have.range()]);
            }
            have.at = start;
        }
        bytes.shrink_to_fit();
        self.bytes = bytes;
    }
}

impl Place {
    fn range(&self) -> std::ops::Range<usize> {
        let value = if self.value == NONE { 0 } else { self.value };
        self.at as usize..(self.at + self.key + value) as usize
    }

    fn element<'a>(&self, slot: u32, bytes: &'a [u8]) -> Element<'a> {
        let (key, value) = bytes[self.range()].split_at(self.key as usize);
        Element {
            id: ElementId::new(slot, self.order),
            key,
            value: (self.value != NONE).then_some(value),
            line: self.line,
            order: self.order,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many() {
        let mut elements = Elements::default();
        for number in 0..100_000u32 {
            let key = format!("key{number}");
            let value = format!("value{number}");
            assert_eq!(elements.add(key.as_bytes(), Some(value.as_bytes()), number + 1), Some(number));
        }
        for number in (0..100_000).step_by(997) {
            let element = elements.get(number).expect("element");
            assert_eq!(element.key, format!("key{number}").as_bytes());
            assert_eq!(element.value, Some(format!("value{number}").as_bytes()));
            assert_eq!((element.line, element.order), (number + 1, u64::from(number)));
        }
        assert_eq!(elements.get(100_000), None);
        assert_eq!(elements.len(), 100_000);
    }

    #[test]
    fn copies_are_apart() {
        let mut elements = Elements::default();
        for number in 0..200 {
            elements.add(format!("k{number}").as_bytes(), None, 0);
        }
        let before = elements.clone();
        elements.set(7, b"new");
        elements.remove(8);
        let id = before.get(8).expect("element").id;
        assert_eq!((before.get(7).and_then(|e| e.value), before.key(8)), (None, b"k8".as_slice()));
        assert_eq!(elements.get(7).and_then(|e| e.value), Some(b"new".as_slice()));
        assert_eq!((elements.key(6), elements.key(9)), (b"k6".as_slice(), b"k9".as_slice()));
        assert_eq!((elements.len(), elements.get(8)), (199, None));
        assert_eq!(elements.add(b"again", Some(b""), 0), Some(8));
        assert_eq!(elements.get(8).and_then(|e| e.value), Some(b"".as_slice()));
        assert_eq!((elements.by_id(id), before.by_id(id).map(|e| e.key)), (None, Some(b"k8".as_slice())));
        assert_eq!(elements.in_order().last(), Some(&8));
        assert_eq!(elements.add(b"last", None, 0), Some(200));
    }
}
