//! Reads header blocks (HPACK, RFC 7541): each connection has one [`Decoder`], which keeps the table of
//! the fields that the other side named before. What is decoded lands in [`Fields`], memory that callers
//! reuse. Left out: what the fields mean, and writing blocks.

use std::collections::VecDeque;
use std::ops::Range;

use super::huffman;

/// What the RFC adds to the length of a field of the table, in bytes.
const OVERHEAD: usize = 32;

/// A block that cannot be decoded: the table is lost, and the connection with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// What a block may give at most.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    pub fields: usize,
    /// Of what is decoded or comes from the connection's table, in bytes; strings that stand in the block
    /// itself are not counted.
    pub bytes: usize,
}

/// Decoded fields, in order.
#[derive(Debug, Default)]
pub struct Fields {
    bytes: Vec<u8>,
    list: Vec<(Range<u32>, Range<u32>)>,
}

impl Fields {
    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.list.iter().map(|(name, value)| (self.slice(name), self.slice(value)))
    }

    fn slice(&self, range: &Range<u32>) -> &[u8] {
        &self.bytes[range.start as usize..range.end as usize]
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.list.clear();
    }

    fn append(&mut self, text: &[u8]) -> Range<u32> {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(text);
        start..self.bytes.len() as u32
    }
}

/// See the module.
#[derive(Debug)]
pub struct Decoder {
    table: Table,
    /// The largest table that was announced to the other side, in bytes.
    announced: usize,
}

impl Decoder {
    pub fn new(announced: usize) -> Self {
        Self { table: Table::new(announced), announced }
    }

    /// Decodes a whole block into `out`.
    ///
    /// # Errors
    /// What HAProxy ends a connection for with `COMPRESSION_ERROR`.
    pub fn decode(&mut self, block: &[u8], most: Most, out: &mut Fields) -> Result<(), Malformed> {
        out.clear();
        let mut rest = Input { bytes: block, left: most.bytes };
        while let Some(first) = rest.bytes.first().copied() {
            match first {
                0x80.. => self.indexed(&mut rest, out)?,
                0x40.. => self.literal(&mut rest, 6, true, out)?,
                0x20.. => {
                    let size = rest.number(5)? as usize;
                    if !out.list.is_empty() || size > self.announced {
                        return Err(Malformed);
                    }
                    self.table.resize(size);
                }
                _ => self.literal(&mut rest, 4, false, out)?,
            }
            // The last place is that of an end mark.
            if out.list.len() >= most.fields {
                return Err(Malformed);
            }
        }
        Ok(())
    }

    fn indexed(&self, rest: &mut Input<'_>, out: &mut Fields) -> Result<(), Malformed> {
        let index = rest.number(7)? as usize;
        let (name, value) = self.entry(index, rest)?;
        let name = out.append(name);
        let value = out.append(value);
        out.list.push((name, value));
        Ok(())
    }

    /// A field with a value of its own, and perhaps a name.
    fn literal(
        &mut self,
        rest: &mut Input<'_>,
        bits: u32,
        keep: bool,
        out: &mut Fields,
    ) -> Result<(), Malformed> {
        let name = match rest.number(bits)? as usize {
            0 => rest.string(out)?,
            index => {
                let (name, _) = self.entry(index, &mut Input { bytes: &[], left: usize::MAX })?;
                if index > STATIC.len() {
                    rest.spend(name.len())?;
                }
                out.append(name)
            }
        };
        let value = rest.string(out)?;
        if name.is_empty() {
            return Err(Malformed);
        }
        if keep {
            self.table.insert(out.slice(&name), out.slice(&value));
        }
        out.list.push((name, value));
        Ok(())
    }

    /// The field at `index` of both tables.
    fn entry(&self, index: usize, rest: &mut Input<'_>) -> Result<(&[u8], &[u8]), Malformed> {
        let index = index.checked_sub(1).ok_or(Malformed)?;
        if let Some((name, value)) = STATIC.get(index) {
            return Ok((name.as_bytes(), value.as_bytes()));
        }
        let (name, value) = self.table.get(index - STATIC.len()).ok_or(Malformed)?;
        rest.spend(name.len() + value.len())?;
        Ok((name, value))
    }
}

/// Appends a string as it is, below 2^21 bytes.
pub(super) fn write_text(text: &[u8], out: &mut Vec<u8>) {
    match text.len() {
        short @ 0..127 => out.push(short as u8),
        long => {
            out.push(127);
            let mut rest = long - 127;
            while rest >= 128 {
                out.push(0x80 | rest as u8);
                rest >>= 7;
            }
            out.push(rest as u8);
        }
    }
    out.extend_from_slice(text);
}

/// What is left of a block, and how many bytes may still be copied.
struct Input<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl<'a> Input<'a> {
    fn spend(&mut self, count: usize) -> Result<(), Malformed> {
        self.left = self.left.checked_sub(count).ok_or(Malformed)?;
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.bytes.split_first().ok_or(Malformed)?;
        self.bytes = rest;
        Ok(*first)
    }

    /// A number that begins in the low `bits` of the next byte (RFC 7541, section 5.1), below 2^32.
    fn number(&mut self, bits: u32) -> Result<u32, Malformed> {
        let most = (1 << bits) - 1;
        let mut number = u32::from(self.byte()?) & most;
        if number < most {
            return Ok(number);
        }
        let mut shift = 0_u32;
        loop {
            let byte = self.byte()?;
            let part = u32::from(byte & 0x7f);
            if part > 0 {
                let part =
                    part.checked_shl(shift).filter(|shifted| shifted >> shift == part).ok_or(Malformed)?;
                number = number.checked_add(part).ok_or(Malformed)?;
            }
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    fn string(&mut self, out: &mut Fields) -> Result<Range<u32>, Malformed> {
        let coded = self.bytes.first().is_some_and(|byte| byte & 0x80 != 0);
        let length = self.number(7)? as usize;
        let (text, rest): (&'a [u8], _) = self.bytes.split_at_checked(length).ok_or(Malformed)?;
        self.bytes = rest;
        if !coded {
            return Ok(out.append(text));
        }
        let start = out.bytes.len();
        huffman::decode(text, &mut out.bytes, self.left)?;
        self.spend(out.bytes.len() - start)?;
        Ok(start as u32..out.bytes.len() as u32)
    }
}

/// One field of the connection's table.
#[derive(Debug)]
struct Entry {
    /// Where the name begins in [`Table::bytes`]; the value follows.
    at: usize,
    name: usize,
    value: usize,
}

impl Entry {
    fn size(&self) -> usize {
        self.name + self.value + OVERHEAD
    }
}

/// The fields that the other side wanted to be kept, the newest first. Owns no memory before the first.
#[derive(Debug)]
struct Table {
    /// Their text in order of arrival, behind that of old ones which are gone.
    bytes: Vec<u8>,
    entries: VecDeque<Entry>,
    /// As the RFC counts it, in bytes.
    size: usize,
    limit: usize,
}

impl Table {
    fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), entries: VecDeque::new(), size: 0, limit }
    }

    fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let entry = self.entries.get(index)?;
        let text = &self.bytes[entry.at..entry.at + entry.name + entry.value];
        Some(text.split_at(entry.name))
    }

    fn resize(&mut self, limit: usize) {
        self.limit = limit;
        self.evict(0);
    }

    /// Makes room for `more` bytes.
    fn evict(&mut self, more: usize) {
        while self.size + more > self.limit {
            let Some(oldest) = self.entries.pop_back() else { break };
            self.size -= oldest.size();
        }
        if self.entries.is_empty() {
            self.bytes.clear();
        }
    }

    /// A field that is larger than the table empties it.
    fn insert(&mut self, name: &[u8], value: &[u8]) {
        let size = name.len() + value.len() + OVERHEAD;
        self.evict(size);
        if size > self.limit {
            return;
        }
        if self.bytes.len() + size > 2 * self.limit {
            let gone = self.entries.back().map_or(0, |oldest| oldest.at);
            self.bytes.drain(..gone);
            self.entries.iter_mut().for_each(|entry| entry.at -= gone);
        }
        let at = self.bytes.len();
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(value);
        self.entries.push_front(Entry { at, name: name.len(), value: value.len() });
        self.size += size;
    }
}

/// RFC 7541, appendix A.
#[rustfmt::skip]
const STATIC: [(&str, &str); 61] = [
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
    (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
    ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""),
    ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
    ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""),
    ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""),
    ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""),
    ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""),
    ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""),
    ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""),
    ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Most = Most { fields: 20, bytes: 1000 };

    fn text(fields: &Fields) -> String {
        let lines =
            fields.iter().map(|(name, value)| format!("{}={}", name.escape_ascii(), value.escape_ascii()));
        lines.collect::<Vec<_>>().join(" ")
    }

    /// Decodes blocks on one connection.
    fn check(limit: usize, blocks: &[(&[u8], Option<&str>)]) {
        let (mut decoder, mut fields) = (Decoder::new(limit), Fields::default());
        for (block, expected) in blocks {
            let decoded = decoder.decode(block, MOST, &mut fields).ok().map(|()| text(&fields));
            assert_eq!(decoded.as_deref(), *expected, "{block:x?}");
        }
    }

    #[test]
    fn the_examples_of_the_rfc() {
        // Sections C.3 and C.4.
        check(
            4096,
            &[
                (
                    b"\x82\x86\x84\x41\x0fwww.example.com",
                    Some(":method=GET :scheme=http :path=/ :authority=www.example.com"),
                ),
                (
                    b"\x82\x86\x84\xbe\x58\x08no-cache",
                    Some(":method=GET :scheme=http :path=/ :authority=www.example.com cache-control=no-cache"),
                ),
                (
                    b"\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf",
                    Some(":method=GET :scheme=https :path=/index.html :authority=www.example.com custom-key=custom-value"),
                ),
            ],
        );
    }

    #[test]
    fn the_table_evicts_and_shrinks() {
        // Two fields of 34 bytes fit into 70.
        check(
            70,
            &[
                (b"\x40\x01a\x011\x40\x01b\x012\x40\x01c\x013\xbe\xbf", Some("a=1 b=2 c=3 c=3 b=2")),
                (b"\xc0", None),
                (b"\x3f\x03\xbe", Some("c=3")),
                (b"\xbf", None),
                (b"\x20\x3f\x27\x40\x01d\x014\xbe", Some("d=4 d=4")),
                // A field larger than the table empties it.
                (b"\x40\x01e\x0a0123456789012345678901234567890123456789", None),
                (
                    b"\x40\x01e\x280123456789012345678901234567890123456789",
                    Some("e=0123456789012345678901234567890123456789"),
                ),
                (b"\xbe", None),
                (b"\x3f\x28", None),
            ],
        );
        let mut table = Table::new(200);
        for round in 0..1000_u32 {
            let value = round.to_string();
            table.insert(b"name", value.as_bytes());
            assert_eq!(table.get(0), Some((&b"name"[..], value.as_bytes())));
            assert!(table.bytes.len() <= 400 && table.size <= 200);
        }
    }

    #[test]
    fn broken_blocks() {
        let check = |block: &[u8]| check(4096, &[(block, None)]);
        check(b"\x80");
        check(b"\xff");
        check(b"\xbe");
        check(b"\xff\xff\xff\xff\xff\x7f");
        check(b"\x40");
        check(b"\x40\x01");
        check(b"\x40\x01a");
        check(b"\x40\x01a\x02b");
        check(b"\x00\x00\x01b");
        check(b"\x82\x20");
        check(b"\x00\x01a\x84\xff\xff\xff\xff");
        check(&b"\x82".repeat(20));
        check(b"\x40\x01a\x7f\xff\xff\xff\xff\x7f");
    }

    #[test]
    fn copies_are_bounded() {
        let value = [b'v'; 400];
        let mut block = b"\x40\x01a\x7f\x91\x02".to_vec();
        block.extend_from_slice(&value);
        block.extend_from_slice(b"\xbe\xbe");
        let (mut decoder, mut fields) = (Decoder::new(4096), Fields::default());
        assert_eq!(decoder.decode(&block, MOST, &mut fields), Ok(()));
        assert_eq!(fields.len(), 3);
        assert_eq!(decoder.decode(b"\xbe\xbe\xbe", MOST, &mut fields), Err(Malformed));
        // A number with leading zeros is one.
        assert_eq!(decoder.decode(b"\xff\x80\x80\x80\x80\x80\x80\x00", MOST, &mut fields), Err(Malformed));
        assert_eq!(decoder.decode(b"\x3f\x80\x80\x80\x80\x80\x80\x00", MOST, &mut fields), Ok(()));
    }
}
