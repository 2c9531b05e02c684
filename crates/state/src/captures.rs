//! What a frontend keeps of messages for its log lines and rules: a slot for each `capture` and
//! `declare capture` line. Left out: which fields they are of, and how long a text may be.

/// The slots of one direction. Reused: [`Captures::clear`] keeps their memory.
#[derive(Debug, Default)]
pub struct Captures {
    slots: Vec<Slot>,
}

/// A text that was kept may be empty.
#[derive(Debug, Default)]
struct Slot {
    is_kept: bool,
    text: Vec<u8>,
}

impl Captures {
    /// Forgets all texts.
    pub fn clear(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.is_kept = false);
    }

    /// Keeps a text, in place of what was kept before.
    pub fn keep(&mut self, index: usize, text: &[u8]) {
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, Slot::default);
        }
        let slot = &mut self.slots[index];
        slot.is_kept = true;
        slot.text.clear();
        slot.text.extend_from_slice(text);
    }

    /// What was kept in a slot, if anything.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.slots.get(index).filter(|slot| slot.is_kept).map(|slot| &slot.text[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots() {
        let mut captures = Captures::default();
        let check = |captures: &Captures, expected: [Option<&str>; 2]| {
            assert_eq!([captures.get(0), captures.get(1)], expected.map(|text| text.map(str::as_bytes)));
        };
        check(&captures, [None, None]);
        captures.keep(1, b"a");
        check(&captures, [None, Some("a")]);
        captures.keep(0, b"");
        captures.keep(1, b"bc");
        check(&captures, [Some(""), Some("bc")]);
        captures.clear();
        check(&captures, [None, None]);
    }
}
