//! Source texts and places in them. Left out: reading files.

/// Number of a text in a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// A piece of one line of a source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    pub file: FileId,
    /// Line number, from 1.
    pub line: u32,
    /// Bytes before the piece on its line; HAProxy's "position" is this plus one.
    pub col: u32,
    /// Length of the piece in bytes of the source; 0 marks a place between two bytes.
    pub len: u32,
}

impl Span {
    /// The `len` bytes that start `offset` bytes after this span's first one.
    pub fn within(self, offset: usize, len: usize) -> Span {
        Span { col: self.col.saturating_add(clamp(offset)), len: clamp(len), ..self }
    }

    /// From the start of `self` to the end of `last`, which must be on the same line.
    pub fn to(self, last: Span) -> Span {
        let end = last.col.saturating_add(last.len);
        Span { len: end.saturating_sub(self.col), ..self }
    }
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// One text that diagnostics may point into.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The name as the user gave it (`-f` argument, or the file in a directory).
    pub name: String,
    text: Vec<u8>,
    /// Offset of the first byte of each line.
    starts: Vec<usize>,
}

impl SourceFile {
    fn new(name: String, text: Vec<u8>) -> SourceFile {
        let after_lf = text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i + 1);
        let starts = std::iter::once(0).chain(after_lf).collect();
        SourceFile { name, text, starts }
    }

    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Line `number` (from 1) without its line end; `None` past the end.
    pub fn line(&self, number: u32) -> Option<&[u8]> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).map_or(self.text.len(), |next| next - 1);
        let line = &self.text[start..end];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// All texts of one run, by number.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Adds a text and gives its number.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Vec<u8>>) -> FileId {
        let id = FileId(clamp(self.files.len()));
        self.files.push(SourceFile::new(name.into(), text.into()));
        id
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(usize::try_from(id.0).ok()?)
    }

    /// The name of a file; empty for a number this map did not give.
    pub fn name(&self, id: FileId) -> &str {
        self.get(id).map_or("", |file| &file.name)
    }

    /// The source line a span stands on.
    pub fn line(&self, span: Span) -> Option<&[u8]> {
        self.get(span.file)?.line(span.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let mut map = SourceMap::new();
        let id = map.add("a.cfg", "one\r\n\ntwo");
        let at = |line| map.line(Span { file: id, line, col: 0, len: 0 });
        assert_eq!(at(0), None);
        assert_eq!(at(1), Some(&b"one"[..]));
        assert_eq!(at(2), Some(&b""[..]));
        assert_eq!(at(3), Some(&b"two"[..]));
        assert_eq!(at(4), None);
        assert_eq!(map.name(id), "a.cfg");
        assert_eq!(map.name(FileId(9)), "");
    }

    #[test]
    fn pieces() {
        let span = Span { file: FileId(0), line: 1, col: 4, len: 10 };
        assert_eq!(span.within(2, 3), Span { col: 6, len: 3, ..span });
        assert_eq!(span.to(Span { col: 20, len: 5, ..span }), Span { len: 21, ..span });
    }
}
