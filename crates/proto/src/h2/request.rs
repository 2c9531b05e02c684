//! What the fields of a header block say: a request or its trailers, checked as HAProxy 3.5 checks them and
//! written into the one message. A message that is malformed ends its stream only.

use super::hpack::Fields;
use crate::h1::chars::{is_token, list, trim};
use crate::h1::target::without_default_port;
use crate::message::{Flags, Framing, Head, Version};

/// The stream's request or its trailers are no message: `RST_STREAM` with `PROTOCOL_ERROR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

/// What a message may be.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// `tune.http.maxhdr`: the start line counts as one.
    pub max_fields: usize,
    /// What a message's head may take up as HAProxy stores it, in bytes.
    pub max_bytes: usize,
    /// `option accept-unsafe-violations-in-http-request`
    pub relaxed: bool,
    /// CONNECT with `:protocol` (RFC 8441) was announced.
    pub extended_connect: bool,
}

/// What a stream becomes behind its head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tunnel {
    #[default]
    No,
    Connect,
    /// CONNECT with `:protocol`, which is a GET with `upgrade` here.
    Extended,
}

/// What a request's fields say besides its head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// It is one, but is answered with 400.
    pub refused: bool,
    /// The announced length of its body.
    pub length: Option<u64>,
    pub tunnel: Tunnel,
}

/// Bytes that HAProxy adds to the start line, to each part and at the end.
pub(super) const START: usize = 28;
pub(super) const PART: usize = 8;
pub(super) const END: usize = 1;

/// The pseudo fields of a request.
#[derive(Default)]
struct Pseudo<'a> {
    method: Option<&'a [u8]>,
    scheme: Option<&'a [u8]>,
    authority: Option<&'a [u8]>,
    path: Option<&'a [u8]>,
    protocol: Option<&'a [u8]>,
}

/// Makes `head` the request. As HAProxy shows it, the target that was received is the absolute form; the one
/// that is forwarded is the path. `ended`: no body follows.
///
/// # Errors
/// It is none.
pub fn request(fields: &Fields, ended: bool, rules: &Rules, head: &mut Head) -> Result<Request, Invalid> {
    let mut pseudo = Pseudo::default();
    let mut rest = fields.iter();
    let mut regular = 0;
    for (name, value) in rest.by_ref() {
        if name.first() != Some(&b':') {
            break;
        }
        pseudo.take(name, value, rules)?;
        regular += 1;
    }
    let mut request = Request::default();
    start(&pseudo, rules, &mut request, head)?;
    let mut made = Making { head, length: None, host: false };
    if let Some(authority) = pseudo.authority {
        made.host = true;
        made.head.add(b"host", without_default_port(pseudo.scheme.unwrap_or_default(), authority));
    }
    let mut cookies = false;
    for (name, value) in fields.iter().skip(regular) {
        cookies |= name == b"cookie";
        made.field(name, value)?;
    }
    if request.tunnel == Tunnel::Extended {
        let protocol = pseudo.protocol.unwrap_or_default();
        if protocol.eq_ignore_ascii_case(b"h2c") || protocol.eq_ignore_ascii_case(b"h2") {
            return Err(Invalid);
        }
        made.head.add(b"upgrade", protocol);
        made.head.add(b"connection", b"upgrade");
    }
    let length = made.length;
    if cookies {
        join_cookies(fields, head);
    }
    fits(head, rules)?;
    head.flags = Flags {
        expect_continue: head.get(b"expect").is_some(),
        upgrade: request.tunnel == Tunnel::Extended,
        websocket: pseudo.protocol.is_some_and(|name| name.eq_ignore_ascii_case(b"websocket")),
        ..Flags::default()
    };
    request.length = length.filter(|_| request.tunnel == Tunnel::No);
    if ended && request.length.is_some_and(|length| length > 0) {
        return Err(Invalid);
    }
    head.framing = match request.length {
        _ if ended || request.tunnel != Tunnel::No => Framing::None,
        Some(length) => Framing::Length(length),
        None => Framing::Chunked,
    };
    Ok(request)
}

impl<'a> Pseudo<'a> {
    /// Takes one pseudo field: each may come once.
    fn take(&mut self, name: &[u8], value: &'a [u8], rules: &Rules) -> Result<(), Invalid> {
        let place = match name {
            b":method" => &mut self.method,
            b":scheme" => &mut self.scheme,
            b":authority" => &mut self.authority,
            b":path" => &mut self.path,
            b":protocol" => &mut self.protocol,
            _ => return Err(Invalid),
        };
        let bad = if name == b":path" && !rules.relaxed {
            value.iter().any(|byte| *byte <= b' ' || *byte == b'#')
        } else {
            breaks_line(value)
        };
        if bad || place.replace(value).is_some() {
            return Err(Invalid);
        }
        Ok(())
    }
}

/// Whether a value has a byte that no message may carry.
pub(super) fn breaks_line(value: &[u8]) -> bool {
    value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'))
}

/// Writes the start line.
fn start(pseudo: &Pseudo<'_>, rules: &Rules, request: &mut Request, head: &mut Head) -> Result<(), Invalid> {
    let mut method = pseudo.method.filter(|method| !method.is_empty()).ok_or(Invalid)?;
    // PRI is reserved for the preface.
    request.refused = !method.iter().all(|byte| is_token(*byte)) || method.eq_ignore_ascii_case(b"PRI");
    let authority = pseudo.authority.unwrap_or_default();
    if has_forbidden(authority) {
        return Err(Invalid);
    }
    if method == b"CONNECT" && pseudo.protocol.is_none() {
        if pseudo.scheme.is_some() || pseudo.path.is_some() || authority.is_empty() {
            return Err(Invalid);
        }
        request.tunnel = Tunnel::Connect;
        head.start_request(method, authority, Version::Http2);
        return Ok(());
    }
    if method == b"CONNECT" {
        if !rules.extended_connect || pseudo.authority.is_none() {
            return Err(Invalid);
        }
        request.tunnel = Tunnel::Extended;
        method = b"GET";
    } else if pseudo.protocol.is_some() {
        return Err(Invalid);
    }
    let (Some(scheme), Some(path)) = (pseudo.scheme, pseudo.path) else { return Err(Invalid) };
    if path.first() != Some(&b'/') && path != b"*" {
        return Err(Invalid);
    }
    let usual = scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https");
    request.refused |= !usual && !is_scheme(scheme);
    let broken = |text: &[u8]| text.iter().any(|byte| *byte <= b' ' || *byte == 0x7f);
    request.refused |= broken(path) || (pseudo.authority.is_some() && broken(scheme));
    if pseudo.authority.is_none() {
        head.start_request(method, path, Version::Http2);
        return Ok(());
    }
    // The path of an asterisk form is none, which only OPTIONS may have.
    let shown = match path {
        b"*" if method == b"OPTIONS" => &b""[..],
        b"*" => b"/",
        path => path,
    };
    head.start_absolute(
        method,
        [scheme, b"://", without_default_port(scheme, authority), shown],
        Version::Http2,
    );
    if usual {
        head.set_apart(if method == b"OPTIONS" { path } else { shown });
    }
    Ok(())
}

/// RFC 3986, section 3.1.
fn is_scheme(scheme: &[u8]) -> bool {
    let follows = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    scheme.first().is_some_and(u8::is_ascii_alphabetic) && scheme.iter().all(follows)
}

/// Whether an authority has a byte that would change what a target means, or a comma. Brackets may
/// surround an address.
fn has_forbidden(authority: &[u8]) -> bool {
    let mut brackets = 0;
    for (at, byte) in authority.iter().enumerate() {
        match byte {
            b'[' if at == 0 => brackets ^= 1,
            b']' if authority.get(at + 1).is_none_or(|next| *next == b':') => brackets ^= 1,
            0..=b' ' | 0x7f.. | b',' | b'#' | b'/' | b'?' | b'@' | b'[' | b'\\' | b']' => return true,
            _ => {}
        }
    }
    brackets != 0
}

/// A request whose fields are being added.
struct Making<'a> {
    head: &'a mut Head,
    length: Option<u64>,
    host: bool,
}

impl Making<'_> {
    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Invalid> {
        // No colon is a token, so pseudo fields behind others end here.
        if !is_name(name) || breaks_line(value) {
            return Err(Invalid);
        }
        let value = &value[trim(value, 0..value.len())];
        match name {
            b"host" => {
                if std::mem::replace(&mut self.host, true) {
                    return Ok(());
                }
                if has_forbidden(value) {
                    return Err(Invalid);
                }
            }
            b"content-length" => return add_length(&mut self.length, value, self.head),
            b"connection" | b"proxy-connection" | b"keep-alive" | b"upgrade" | b"transfer-encoding" => {
                return Err(Invalid);
            }
            b"te" if value != b"trailers" => return Err(Invalid),
            b"cookie" => return Ok(()),
            _ => {}
        }
        self.head.add(name, value);
        Ok(())
    }
}

/// Adds a length. Numbers that are equal count as one, which is shown without leading zeros.
pub(super) fn add_length(length: &mut Option<u64>, value: &[u8], head: &mut Head) -> Result<(), Invalid> {
    let first = length.is_none();
    for text in list(value) {
        let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(text).ok().filter(|_| digits).ok_or(Invalid)?;
        let number: u64 = text.parse().map_err(|_| Invalid)?;
        if *length.get_or_insert(number) != number {
            return Err(Invalid);
        }
    }
    if first {
        let text = list(value).next().unwrap_or_default();
        let zeros = text.iter().take_while(|byte| **byte == b'0').count();
        head.add(b"content-length", &text[zeros.min(text.len() - 1)..]);
    }
    Ok(())
}

/// Whether a regular field may have this name.
pub(super) fn is_name(name: &[u8]) -> bool {
    name.iter().all(|byte| is_token(*byte) && !byte.is_ascii_uppercase())
}

/// Crumbs are joined for servers that know one field (RFC 9113, section 8.2.3).
fn join_cookies(fields: &Fields, head: &mut Head) {
    let crumbs = fields.iter().filter(|(name, _)| *name == b"cookie");
    head.add_joined(b"cookie", crumbs.map(|(_, value)| value), b"; ");
}

/// Whether the head is within its limits.
fn fits(head: &Head, rules: &Rules) -> Result<(), Invalid> {
    let line = START + head.method().len() + head.received().1.len();
    let fields: usize = head.fields().map(|(name, value)| name.len() + value.len() + PART).sum();
    let fine = head.field_count() < rules.max_fields && line + fields + 2 * PART + END <= rules.max_bytes;
    if fine { Ok(()) } else { Err(Invalid) }
}

/// Makes `head` the trailers.
///
/// # Errors
/// They are none.
pub fn trailers(fields: &Fields, max_fields: usize, head: &mut Head) -> Result<(), Invalid> {
    head.clear();
    if fields.len() > max_fields {
        return Err(Invalid);
    }
    for (name, value) in fields.iter() {
        let forbidden: [&[u8]; 8] = [
            b"host",
            b"content-length",
            b"connection",
            b"proxy-connection",
            b"keep-alive",
            b"upgrade",
            b"te",
            b"transfer-encoding",
        ];
        // The crate takes no other control characters in a value.
        let bad = value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t');
        if !is_name(name) || forbidden.contains(&name) || bad {
            return Err(Invalid);
        }
        head.add(name, &value[trim(value, 0..value.len())]);
    }
    Ok(())
}
