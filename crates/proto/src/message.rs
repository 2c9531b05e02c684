//! The one message: a version-neutral HTTP head whose names and values are ranges into one
//! byte buffer. HTTP/1, HTTP/2, FastCGI and Lua all read and write this type.
//!
//! A head is meant to be reused: [`Head::clear`] keeps its memory, so that steady state does
//! not allocate. Edits append to the buffer and swap ranges; nothing is moved.

mod target;

use std::ops::Range;

pub use target::path_and_query;

/// HTTP version of a message as it was received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    Http10,
    #[default]
    Http11,
    Http2,
}

impl Version {
    /// As samples and logs show it: `1.0`, `1.1`, `2.0`.
    pub const fn number(self) -> &'static str {
        match self {
            Self::Http10 => "1.0",
            Self::Http11 => "1.1",
            Self::Http2 => "2.0",
        }
    }
}

/// How the body of a message ends (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// No body.
    #[default]
    None,
    /// `content-length`: this many bytes.
    Length(u64),
    /// `transfer-encoding: chunked`, or HTTP/2 DATA frames without a length.
    Chunked,
    /// A response that ends with the connection.
    UntilClose,
    /// After `101` or a successful CONNECT: bytes both ways, no message any more.
    Tunnel,
}

/// Facts about a message that the codec found while it read the head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `connection: close` was there.
    pub close: bool,
    /// `connection: keep-alive` was there.
    pub keep_alive: bool,
    /// `connection: upgrade` and an `upgrade` header were there.
    pub upgrade: bool,
    /// That upgrade is to WebSocket.
    pub websocket: bool,
    /// `expect: 100-continue`
    pub expect_continue: bool,
    /// The `transfer-encoding` and `content-length` were both there: the connection must be closed.
    pub must_close: bool,
    /// Something breaks the rules that only `option accept-unsafe-violations-in-…` lets pass.
    pub violates: bool,
}

/// A range of [`Head`]'s bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// The span over `range`; a head is far smaller than 4 GiB (`tune.bufsize`).
    pub fn new(range: Range<usize>) -> Self {
        Self { start: range.start as u32, len: (range.end - range.start) as u32 }
    }

    fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.len as usize
    }

    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

#[derive(Clone, Copy, Debug)]
struct Field {
    name: Span,
    value: Span,
}

/// The start line and the header fields of a request or a response.
#[derive(Clone, Debug, Default)]
pub struct Head {
    bytes: Vec<u8>,
    fields: Vec<Field>,
    /// Method of a request, empty for a response.
    method: Span,
    /// Request target of a request, reason phrase of a response.
    target: Span,
    status: u16,
    /// Digits of the status as it came, where that is not usual; 0: those of the number.
    status_digits: u8,
    /// Method and target as they were received: edits append, so the old bytes are still there.
    received: (Span, Span),
    /// The scheme that stands beside the target, as the authority does in `host` (HTTP/2).
    scheme: Span,
    /// The version's text where it is not a usual one.
    odd_version: Span,
    pub version: Version,
    pub framing: Framing,
    pub flags: Flags,
}

impl Head {
    /// Forgets the message and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.fields.clear();
        self.method = Span::default();
        self.target = Span::default();
        (self.status, self.status_digits) = (0, 0);
        self.received = Default::default();
        self.scheme = Span::default();
        self.odd_version = Span::default();
        self.version = Version::default();
        self.framing = Framing::default();
        self.flags = Flags::default();
    }

    /// Whether there is no message yet.
    pub fn is_empty(&self) -> bool {
        self.received.0.is_empty() && self.status == 0 && self.status_digits == 0
    }

    // --- how a codec fills it -------------------------------------------------------------

    /// The buffer that the spans point into: a codec appends the received bytes here and may
    /// rewrite them in place (lower-casing of names, unfolding) before it declares the spans.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Declares a request line over bytes already in the buffer.
    pub fn set_request_spans(&mut self, method: Span, target: Span, version: Version) {
        self.method = method;
        self.target = target;
        self.received = (method, target);
        self.version = version;
    }

    /// Declares a status line over bytes already in the buffer.
    pub fn set_response_spans(&mut self, status: u16, reason: Span, version: Version) {
        self.status = status;
        self.target = reason;
        self.version = version;
    }

    /// Tells how many digits the status came with, which is passed on with as many.
    pub fn set_status_digits(&mut self, digits: usize) {
        self.status_digits = u8::try_from(digits).unwrap_or(u8::MAX);
    }

    /// Declares a field over bytes already in the buffer; the name is in lower case.
    pub fn push_spans(&mut self, name: Span, value: Span) {
        self.fields.push(Field { name, value });
    }

    /// Where the value of the field at `index` stands in the buffer.
    pub(crate) fn value_range(&self, index: usize) -> Range<usize> {
        self.fields[index].value.range()
    }

    /// Where names and values of all fields stand in the buffer.
    pub(crate) fn field_ranges(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        self.fields.iter().map(|field| (field.name.range(), field.value.range()))
    }

    /// Where the method stands in the buffer.
    pub(crate) fn method_range(&self) -> Range<usize> {
        self.method.range()
    }

    /// Where the target of a request or the reason of a response stands in the buffer.
    pub(crate) fn target_range(&self) -> Range<usize> {
        self.target.range()
    }

    /// Declares another value of the field at `index` over bytes already in the buffer.
    pub(crate) fn set_value_span(&mut self, index: usize, value: Span) {
        self.fields[index].value = value;
    }

    /// Declares the request target in the form that is normal, over bytes already in the buffer.
    pub(crate) fn set_normal_target(&mut self, target: Span) {
        self.target = target;
        self.received.1 = target;
    }

    /// Declares the text of a version that is not one of [`Version`].
    pub(crate) fn set_odd_version(&mut self, text: Span) {
        self.odd_version = text;
    }

    /// Starts a request that is not parsed from HTTP/1 bytes.
    pub fn start_request(&mut self, method: &[u8], target: &[u8], version: Version) {
        self.clear();
        self.method = self.append(method);
        self.target = self.append(target);
        self.received = (self.method, self.target);
        self.version = version;
    }

    /// Starts a request whose target comes in parts.
    pub fn start_absolute<const N: usize>(&mut self, method: &[u8], target: [&[u8]; N], version: Version) {
        self.start_request(method, b"", version);
        let start = self.bytes.len();
        target.iter().for_each(|part| self.bytes.extend_from_slice(part));
        self.target = Span::new(start..self.bytes.len());
        self.received.1 = self.target;
    }

    /// Starts a response that is not parsed from HTTP/1 bytes.
    pub fn start_response(&mut self, status: u16, reason: &[u8], version: Version) {
        self.clear();
        self.status = status;
        self.target = self.append(reason);
        self.version = version;
    }

    /// Whether it is a request whose sender wants to be told that it may send the body.
    pub fn waits_for_leave(&self) -> bool {
        self.flags.expect_continue && !matches!(self.framing, Framing::None | Framing::Length(0))
    }

    // --- the start line -------------------------------------------------------------------

    pub fn method(&self) -> &[u8] {
        self.slice(self.method)
    }

    /// The request target as it was received: origin, absolute, authority or asterisk form.
    pub fn target(&self) -> &[u8] {
        self.slice(self.target)
    }

    /// The method and the target before any rule changed them, for the log line (`%HM`, `%r`).
    pub fn received(&self) -> (&[u8], &[u8]) {
        (self.slice(self.received.0), self.slice(self.received.1))
    }

    /// The version as it was received, such as `HTTP/1.1`.
    pub fn version_text(&self) -> &[u8] {
        match self.version {
            _ if !self.odd_version.is_empty() => self.slice(self.odd_version),
            Version::Http10 => b"HTTP/1.0",
            Version::Http11 => b"HTTP/1.1",
            Version::Http2 => b"HTTP/2.0",
        }
    }

    /// Major and minor version as they were received, such as `1.1`; `None` of what is not HTTP.
    pub fn version_number(&self) -> Option<&[u8]> {
        match self.version_text() {
            [b'H', b'T', b'T', b'P', b'/', number @ ..] if number.len() == 3 && number[1] == b'.' => {
                Some(number)
            }
            _ => None,
        }
    }

    pub fn status(&self) -> u16 {
        self.status
    }

    /// Digits of the status as it came, where that is not usual; 0: those of the number.
    pub fn status_digits(&self) -> usize {
        self.status_digits.into()
    }

    /// The reason phrase of a response.
    pub fn reason(&self) -> &[u8] {
        self.slice(self.target)
    }

    pub fn set_method(&mut self, method: &[u8]) {
        self.method = self.append(method);
    }

    pub fn set_target(&mut self, target: &[u8]) {
        self.target = self.append(target);
    }

    pub fn set_status(&mut self, status: u16, reason: &[u8]) {
        (self.status, self.status_digits) = (status, 0);
        self.target = self.append(reason);
    }

    // --- the fields -----------------------------------------------------------------------

    /// The number of fields.
    pub fn field_count(&self) -> usize {
        self.fields.len()
    }

    /// Name (lower case) and value of the field at `index`.
    pub fn field(&self, index: usize) -> (&[u8], &[u8]) {
        let field = self.fields[index];
        (self.slice(field.name), self.slice(field.value))
    }

    /// All fields in order: names in lower case, values without surrounding white space.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> + ExactSizeIterator {
        self.fields.iter().map(|field| (self.slice(field.name), self.slice(field.value)))
    }

    /// The value of the first field of that name (in lower case).
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.fields.iter().find(|field| self.is_named(field, name)).map(|field| self.slice(field.value))
    }

    /// All values of that name (in lower case), in order.
    pub fn get_all<'a>(&'a self, name: &'a [u8]) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        let named = self.fields.iter().filter(move |field| self.is_named(field, name));
        named.map(|field| self.slice(field.value))
    }

    /// Appends a field. The name is stored in lower case.
    pub fn add(&mut self, name: &[u8], value: &[u8]) {
        let name = self.append_lower(name);
        let value = self.append(value);
        self.fields.push(Field { name, value });
    }

    /// Appends a field whose value comes in parts.
    pub fn add_joined<'a>(&mut self, name: &[u8], parts: impl Iterator<Item = &'a [u8]>, between: &[u8]) {
        let name = self.append_lower(name);
        let start = self.bytes.len();
        for (index, part) in parts.enumerate() {
            if index > 0 {
                self.bytes.extend_from_slice(between);
            }
            self.bytes.extend_from_slice(part);
        }
        let value = Span::new(start..self.bytes.len());
        self.fields.push(Field { name, value });
    }

    /// Puts a field in front of the one at `index`, or behind all.
    pub fn insert(&mut self, index: usize, name: &[u8], value: &[u8]) {
        self.add(name, value);
        let last = self.fields.len() - 1;
        self.fields[index.min(last)..].rotate_right(1);
    }

    /// Removes all fields of that name, then appends one.
    pub fn set(&mut self, name: &[u8], value: &[u8]) {
        self.remove(name);
        self.add(name, value);
    }

    /// Removes all fields of that name, in any case.
    pub fn remove(&mut self, name: &[u8]) {
        // Most rules set a header that is not there.
        let is_named = |field: &Field| {
            field.name.len as usize == name.len() && self.slice(field.name).eq_ignore_ascii_case(name)
        };
        if self.fields.iter().any(is_named) {
            self.retain(|have, _| !have.eq_ignore_ascii_case(name));
        }
    }

    /// Keeps the fields for which `keep(name, value)` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8], &[u8]) -> bool) {
        let bytes = &self.bytes;
        self.fields.retain(|field| keep(&bytes[field.name.range()], &bytes[field.value.range()]));
    }

    /// Removes the field at `index`.
    pub fn remove_field(&mut self, index: usize) {
        self.fields.remove(index);
    }

    /// Replaces the value of the field at `index`.
    pub fn replace_value(&mut self, index: usize, value: &[u8]) {
        self.fields[index].value = self.append(value);
    }

    /// Appends an element to the list that the field at `index` is.
    pub fn append_element(&mut self, index: usize, element: &[u8]) {
        let old = self.fields[index].value.range();
        let start = self.bytes.len();
        self.bytes.extend_from_within(old);
        self.bytes.push(b',');
        self.bytes.extend_from_slice(element);
        self.fields[index].value = Span::new(start..self.bytes.len());
    }

    /// Most names differ by their length, which needs no look at the bytes.
    fn is_named(&self, field: &Field, name: &[u8]) -> bool {
        field.name.len as usize == name.len() && self.slice(field.name) == name
    }

    fn slice(&self, span: Span) -> &[u8] {
        &self.bytes[span.range()]
    }

    fn append(&mut self, bytes: &[u8]) -> Span {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        Span::new(start..self.bytes.len())
    }

    fn append_lower(&mut self, name: &[u8]) -> Span {
        let span = self.append(name);
        self.bytes[span.range()].make_ascii_lowercase();
        span
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_of_the_fields() {
        let mut head = Head::default();
        head.start_request(b"GET", b"/", Version::Http11);
        head.add(b"Host", b"a");
        head.add(b"X-A", b"1");
        head.add(b"x-a", b"2");
        assert_eq!(head.get_all(b"x-a").collect::<Vec<_>>(), [b"1", b"2"]);
        head.set(b"X-a", b"3");
        assert_eq!(head.fields().collect::<Vec<_>>(), [(&b"host"[..], &b"a"[..]), (b"x-a", b"3")]);
        head.replace_value(0, b"longer");
        assert_eq!(head.get(b"host"), Some(&b"longer"[..]));
        head.insert(1, b"X-b", b"4");
        assert_eq!(head.field(1), (&b"x-b"[..], &b"4"[..]));
        assert_eq!(head.field(2), (&b"x-a"[..], &b"3"[..]));
        head.clear();
        assert!(head.is_empty() && head.fields().next().is_none());
    }
}
