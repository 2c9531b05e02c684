//! The lists of a ClientHello (RFC 8446, section 4.1.2) as HAProxy keeps them: one behind the
//! other, and no more bytes of all together than there is room for.

use std::ops::Range;

/// A list of a ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Ciphers,
    /// The types of the extensions.
    Extensions,
    Groups,
    PointFormats,
    Versions,
    Signatures,
}

/// Lists inside extensions: the extension's type, and the size of the list's length. In the order
/// in which they are kept.
const INSIDE: [(List, u16, usize); 4] =
    [(List::Groups, 10, 2), (List::PointFormats, 11, 1), (List::Versions, 43, 1), (List::Signatures, 13, 2)];

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The version that the hello names, as 0x0303.
    pub version: u16,
    /// XXH64 of the whole list of ciphers.
    pub ciphers_hash: u64,
    bytes: Vec<u8>,
    lists: [Range<usize>; 6],
}

impl Hello {
    /// Reads a handshake message, and keeps at most `room` bytes; `None` where it is no
    /// ClientHello. What is broken ends the reading.
    pub fn read(message: &[u8], room: usize) -> Option<Self> {
        let mut outer = Reader { rest: message };
        if outer.number(1)? != 1 {
            return None;
        }
        let mut reader = Reader { rest: outer.vector(3)? };
        let version = u16::try_from(reader.number(2)?).ok()?;
        reader.take(32)?;
        reader.vector(1)?;
        let ciphers = reader.vector(2)?;
        let bytes = Vec::with_capacity(room.min(message.len()));
        let ciphers_hash = base::hash::xxh64(ciphers, 0);
        let mut hello = Self { version, ciphers_hash, bytes, lists: Default::default() };
        hello.keep(List::Ciphers, ciphers, room);
        if let Some(extensions) = reader.vector(1).and_then(|_| reader.vector(2)) {
            hello.read_extensions(extensions, room);
        }
        Some(hello)
    }

    /// Empty where the hello has no such list.
    pub fn list(&self, list: List) -> &[u8] {
        self.bytes.get(self.lists[list as usize].clone()).unwrap_or_default()
    }

    fn read_extensions(&mut self, extensions: &[u8], room: usize) {
        let mut found = [None; INSIDE.len()];
        // HAProxy keeps none of them where one is broken.
        if !self.read_types(extensions, room, &mut found) {
            return;
        }
        for ((list, ..), content) in INSIDE.iter().zip(found) {
            if let Some(content) = content {
                self.keep(*list, content, room);
            }
        }
    }

    /// Keeps the types and finds the lists; `false` where an extension is broken.
    fn read_types<'a>(
        &mut self,
        extensions: &'a [u8],
        room: usize,
        found: &mut [Option<&'a [u8]>; INSIDE.len()],
    ) -> bool {
        let start = self.bytes.len();
        let mut reader = Reader { rest: extensions };
        // HAProxy does not look at an empty extension at the very end.
        while reader.rest.len() > 4 && self.bytes.len() + 2 <= room {
            self.bytes.extend_from_slice(&reader.rest[..2]);
            self.lists[List::Extensions as usize] = start..self.bytes.len();
            let (Some(kind), Some(content)) = (reader.number(2), reader.vector(2)) else { return false };
            let Some(at) = INSIDE.iter().position(|(_, inside, _)| usize::from(*inside) == kind) else {
                continue;
            };
            let Some(list) = (Reader { rest: content }).vector(INSIDE[at].2) else { return false };
            found[at] = Some(list);
        }
        true
    }

    fn keep(&mut self, list: List, content: &[u8], room: usize) {
        let start = self.bytes.len();
        let len = content.len().min(room.saturating_sub(start));
        self.bytes.extend_from_slice(&content[..len]);
        self.lists[list as usize] = start..start + len;
    }
}

/// A reader over bytes, none of which is taken where too few are left.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    /// A big-endian number of `size` bytes.
    fn number(&mut self, size: usize) -> Option<usize> {
        Some(self.take(size)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// Bytes behind their length.
    fn vector(&mut self, size: usize) -> Option<&'a [u8]> {
        let len = self.number(size)?;
        self.take(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(size: usize, content: &[u8]) -> Vec<u8> {
        let mut out = content.len().to_be_bytes()[8 - size..].to_vec();
        out.extend_from_slice(content);
        out
    }

    fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
        [&kind.to_be_bytes()[..], &vector(2, content)].concat()
    }

    fn message(ciphers: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
        let body = [
            &[3, 3][..],
            &[7; 32],
            &vector(1, &[9; 32]),
            &vector(2, ciphers),
            &vector(1, &[0]),
            &vector(2, &extensions.concat()),
        ]
        .concat();
        [&[1][..], &vector(3, &body)].concat()
    }

    /// The lists in the order of [`List`].
    fn check(message: &[u8], room: usize, expected: [&[u8]; 6]) {
        use List::{Ciphers, Extensions, Groups, PointFormats, Signatures, Versions};
        let hello = Hello::read(message, room).expect("a hello");
        let lists = [Ciphers, Extensions, Groups, PointFormats, Versions, Signatures];
        assert_eq!(lists.map(|list| hello.list(list)), expected);
    }

    #[test]
    fn lists() {
        let groups = extension(10, &vector(2, &[0, 29]));
        let formats = extension(11, &vector(1, &[0]));
        let signatures = extension(13, &vector(2, &[4, 3]));
        let versions = extension(43, &vector(1, &[3, 4]));
        let empty = extension(23, b"");
        let all = [signatures, empty.clone(), formats, versions, groups.clone(), empty];
        let whole = message(&[0x13, 1, 0x13, 2], &all);
        let types = &[0, 13, 0, 23, 0, 11, 0, 43, 0, 10];
        // The last extension is empty, and not seen.
        check(&whole, 100, [&[0x13, 1, 0x13, 2], types, &[0, 29], &[0], &[3, 4], &[4, 3]]);
        check(&whole, 16, [&[0x13, 1, 0x13, 2], types, &[0, 29], b"", b"", b""]);
        check(&whole, 7, [&[0x13, 1, 0x13, 2], &[0, 13], b"", b"", b"", &[4]]);
        check(&whole, 1, [&[0x13], b"", b"", b"", b"", b""]);
        let hello = Hello::read(&whole, 100).expect("a hello");
        assert_eq!((hello.version, hello.ciphers_hash), (0x303, base::hash::xxh64(&[0x13, 1, 0x13, 2], 0)));
        let broken = extension(13, &[0, 9, 1]);
        check(&message(&[0, 1], &[groups, broken]), 100, [&[0, 1], &[0, 10, 0, 13], b"", b"", b"", b""]);
    }

    #[test]
    fn other_messages() {
        let whole = message(&[0, 1], &[]);
        assert_eq!(Hello::read(&[2, 0, 0, 0], 100), None);
        for len in 0..whole.len() {
            assert_eq!(Hello::read(&whole[..len], 100), None);
        }
    }
}
