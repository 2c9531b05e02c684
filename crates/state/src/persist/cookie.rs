//! The persistence cookie (manual, `cookie`): finds the server in the client's, hides it from the
//! server, and tells the client in the response. The letters of the log say what was done.

use std::ops::Range;

use bumpalo::Bump;
use ir::config::{Cookie, CookieMode, Proxy};
use ir::expr::Address;
use ir::id::{ProxyId, ServerId};

use super::{Persist, date, is_up, may_use};
use crate::plan::Plan;
use crate::stream::Stream;

/// Between the server and what was the cookie's own value (`prefix`).
const PREFIX_END: u8 = b'~';
/// Between the server and the dates.
const DATE: u8 = b'|';
/// A date further ahead is a mistake of a clock, in seconds.
const DAY: i64 = 86_400;

/// The cookie of each server, at the server's index: the line's, or with `dynamic` a hash of the
/// backend's secret and the server's address.
pub fn cookies_of(settings: &Proxy) -> Vec<Option<Box<[u8]>>> {
    let key = settings.dynamic_cookie_key.as_deref();
    let key = key.filter(|_| settings.cookie.as_ref().is_some_and(|cookie| cookie.dynamic));
    let made = |server: &ir::config::Server| {
        let (mut bytes, Address::Ip(ip, port)) = (key?.to_vec(), server.address.as_ref()?) else {
            return None;
        };
        match ip {
            std::net::IpAddr::V4(ip) => bytes.extend_from_slice(&ip.octets()),
            std::net::IpAddr::V6(ip) => bytes.extend_from_slice(&ip.octets()),
        }
        bytes.extend_from_slice(&u32::from(*port).to_be_bytes());
        Some(format!("{:016x}", base::hash::xxh64(&bytes, 0)).into_bytes())
    };
    let cookie = |server: &ir::config::Server| server.cookie.clone().or_else(|| made(server));
    settings.servers.iter().map(|server| cookie(server).map(Vec::into_boxed_slice)).collect()
}

/// One cookie of a `cookie` field, as positions in its value.
#[derive(Debug, PartialEq)]
struct Piece {
    /// From the delimiter in front of it to the one behind.
    all: Range<usize>,
    name: Range<usize>,
    /// `None`: there is no equals sign.
    value: Option<Range<usize>>,
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// The next cookie from `start`, where the delimiter of all but the first one stands. `commas`: they
/// end a cookie as well, and one may stand in front of the first.
fn piece(text: &[u8], start: usize, commas: bool) -> Piece {
    let blanks = |from: usize| from + text[from..].iter().take_while(|byte| is_blank(**byte)).count();
    let is_delimiter = start > 0 || (commas && matches!(text.first(), Some(b';' | b',')));
    let name = blanks(start + usize::from(is_delimiter));
    let stops = |byte: &u8| matches!(byte, b'=' | b';') || (commas && *byte == b',');
    let end = text[name..].iter().position(stops).map_or(text.len(), |at| name + at);
    let trimmed = |range: Range<usize>| {
        let blank = text[range.clone()].iter().rev().take_while(|byte| is_blank(**byte)).count();
        range.start..range.end - blank
    };
    if text.get(end) != Some(&b'=') {
        return Piece { all: start..end, name: trimmed(name..end), value: None };
    }
    let value = blanks(end + 1);
    let next = value_end(text, value);
    Piece { all: start..next, name: trimmed(name..end), value: Some(trimmed(value..next)) }
}

/// Where a value ends: at the first delimiter outside of quotes.
fn value_end(text: &[u8], start: usize) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    let end = text[start..].iter().position(|byte| {
        if escaped {
            escaped = false;
        } else if quoted {
            escaped = *byte == b'\\';
            quoted = *byte != b'"';
        } else {
            quoted = *byte == b'"';
            return matches!(byte, b',' | b';');
        }
        false
    });
    end.map_or(text.len(), |at| start + at)
}

/// See [`super::on_request`].
pub fn on_request(stream: &mut Stream) {
    let Some(mut reader) = Reader::new(stream) else { return };
    let mut index = 0;
    while index < stream.req.field_count() {
        let (name, value) = stream.req.field(index);
        let is_ours = name == b"cookie" && memchr::memmem::find(value, &reader.cookie.name).is_some();
        match if is_ours { reader.read(value, &stream.arena) } else { None } {
            None => index += 1,
            Some(b"") => stream.req.remove_field(index),
            Some(left) => {
                stream.req.replace_value(index, left);
                index += 1;
            }
        }
    }
    stream.persist = reader.persist;
    if reader.cookie.is_active() {
        stream.termination.cookie_in = reader.letter;
        if stream.termination.cookie_out == b'-' {
            stream.termination.cookie_out = b'N';
        }
    }
}

/// Reads the client's cookies.
struct Reader {
    plan: &'static Plan,
    backend: ProxyId,
    cookie: &'static Cookie,
    /// Seconds since 1970.
    now: i64,
    /// What is known so far, and the letter for the log.
    persist: Persist,
    letter: u8,
}

impl Reader {
    fn new(stream: &Stream) -> Option<Self> {
        let backend = stream.backend_plan().id;
        let cookie = stream.plan.settings(backend).cookie.as_ref()?;
        let now = date(stream) as i64;
        Some(Self { plan: stream.plan, backend, cookie, now, persist: stream.persist, letter: b'N' })
    }

    /// Reads one field; gives what is left of it where it changes.
    fn read<'a>(&mut self, text: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
        let hides = self.cookie.mode == CookieMode::Insert && self.cookie.indirect;
        // What is left is never longer.
        let mut left = Left { bytes: arena.alloc_slice_fill_copy(text.len(), 0), len: 0 };
        let (mut changed, mut dropping) = (false, false);
        let mut at = 0;
        while at < text.len() {
            let piece = piece(text, at, true);
            at = piece.all.end;
            let is_attribute = text.get(piece.name.start) == Some(&b'$');
            let value = piece.value.clone().filter(|_| !is_attribute);
            let ours = value.filter(|_| text[piece.name.clone()] == *self.cookie.name);
            // An attribute goes with the cookie in front of it.
            dropping = if is_attribute { dropping } else { hides && ours.is_some() };
            let hidden = ours.map_or(0..0, |value| self.find_server(text, value));
            if dropping {
                changed = true;
                continue;
            }
            keep(&mut left, text, &piece, changed);
            if !hidden.is_empty() {
                // The cookie's own value stays.
                left.len -= piece.all.end - hidden.start;
                left.push(&text[hidden.end..piece.all.end]);
                changed = true;
            }
        }
        changed.then(|| left.text())
    }

    /// Finds the server that a cookie's value names. Gives what of it the server must not see.
    fn find_server(&mut self, text: &[u8], value: Range<usize>) -> Range<usize> {
        let bytes = &text[value.clone()];
        let prefix = self.cookie.mode == CookieMode::Prefix;
        let mark = if prefix { PREFIX_END } else { DATE };
        let end = bytes.iter().position(|byte| *byte == mark);
        let mut name = &bytes[..end.unwrap_or(bytes.len())];
        if let Some(end) = end.filter(|_| !prefix) {
            self.read_dates(&bytes[end + 1..]);
        }
        if let Some(letter) = self.expired() {
            self.letter = letter;
            (self.persist.first_given, self.persist.last_seen) = (0, 0);
            name = b"";
        }
        let unused = self.persist.ignored || self.persist.server.is_some();
        let found = if name.is_empty() || unused { None } else { self.named_server(name) };
        if let Some(server) = found {
            self.persist.server = Some(server);
            self.letter = if is_up(self.plan, self.backend, server) { b'V' } else { b'D' };
        } else if self.letter == b'N' {
            // What was told of an earlier cookie stays.
            self.letter = if unused { b'U' } else { b'I' };
        }
        end.filter(|_| prefix).map_or(0..0, |end| value.start..value.start + end + 1)
    }

    /// The first server of the cookie that may be used; where one may not the letter says so.
    fn named_server(&mut self, name: &[u8]) -> Option<ServerId> {
        let servers = (0u32..).map(ServerId).zip(&self.plan.proxy(self.backend).server_cookies);
        for (server, _) in servers.filter(|(_, cookie)| cookie.as_deref() == Some(name)) {
            if may_use(self.plan, self.backend, self.persist.forced, server) {
                return Some(server);
            }
            self.letter = b'D';
        }
        None
    }

    /// The dates behind the server: `<last seen>[|<first given>]`.
    fn read_dates(&mut self, text: &[u8]) {
        if let Some(date) = decode(text) {
            self.persist.last_seen = date;
        }
        let second = text.iter().position(|byte| *byte == DATE).map(|at| &text[at + 1..]);
        if let Some(date) = second.and_then(decode) {
            self.persist.first_given = date;
        }
    }

    /// `O` for a cookie that was given too long ago, `E` for one that was not used for too long.
    fn expired(&self) -> Option<u8> {
        let is_over = |date: u32, most: u64| {
            let age = self.now - i64::from(date);
            date > 0 && most > 0 && (age > most as i64 || age < -DAY)
        };
        if is_over(self.persist.first_given, self.cookie.maxlife) {
            return Some(b'O');
        }
        is_over(self.persist.last_seen, self.cookie.maxidle).then_some(b'E')
    }
}

/// What stays of a field.
struct Left<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

impl<'a> Left<'a> {
    fn push(&mut self, part: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.len..self.len + part.len()) {
            room.copy_from_slice(part);
            self.len += part.len();
        }
    }

    fn text(self) -> &'a [u8] {
        &self.bytes[..self.len]
    }
}

/// Appends a cookie behind those that stay.
fn keep(left: &mut Left<'_>, text: &[u8], piece: &Piece, changed: bool) {
    let whole = &text[piece.all.clone()];
    if !changed {
        left.push(whole);
    } else if piece.all.start == 0 || left.len == 0 {
        left.push(whole[usize::from(piece.all.start > 0)..].trim_ascii_start());
    } else {
        left.len = left.bytes[..left.len].trim_ascii_end().len();
        left.push(&[whole[0], b' ']);
        left.push(whole[1..].trim_ascii_start());
    }
}

/// See [`super::on_response`].
pub fn on_response(stream: &mut Stream) {
    let settings = stream.plan.settings(stream.backend_plan().id);
    let Some(cookie) = settings.cookie.as_ref().filter(|_| !stream.persist.ignored) else { return };
    let own = stream.server.and_then(|id| stream.backend_plan().server_cookies[id.index()].as_deref());
    let found = read_response(stream, cookie, own);
    if !cookie.is_active() {
        stream.termination.cookie_out = b'-';
    }
    let inserts = cookie.mode == CookieMode::Insert && stream.server.is_some();
    let wanted = !(found && cookie.preserve) && (!cookie.postonly || stream.req.method() == b"POST");
    if !inserts || !wanted || !tells_news(stream, cookie) {
        return;
    }
    stream.with_scratch(|stream, value| {
        write(stream, cookie, own, value);
        stream.res.add(b"set-cookie", value);
    });
    stream.termination.cookie_out =
        if own.is_some() && stream.persist.server.is_some() { b'U' } else { b'I' };
    if cookie.nocache && cacheable(stream).response {
        stream.res.add(b"cache-control", b"private");
    }
}

/// Works off the server's own cookies of that name; says whether there was one that stays.
fn read_response(stream: &mut Stream, cookie: &Cookie, own: Option<&[u8]>) -> bool {
    let (known, direct) = (stream.server.is_some(), stream.persist.server.is_some());
    let drops =
        !cookie.preserve && ((known && cookie.mode == CookieMode::Insert) || (direct && cookie.indirect));
    let own = own.filter(|_| !cookie.preserve && known);
    let mut index = 0;
    while index < stream.res.field_count() {
        let (name, text) = stream.res.field(index);
        let piece = piece(text, 0, false);
        let is_ours = name == b"set-cookie" && text[piece.name.clone()] == *cookie.name;
        let Some(value) = piece.value.filter(|value| is_ours && !value.is_empty()) else {
            index += 1;
            continue;
        };
        if drops {
            stream.res.remove_field(index);
            stream.termination.cookie_out = b'D';
            continue;
        }
        stream.termination.cookie_out = b'P';
        if let (Some(own), CookieMode::Rewrite | CookieMode::Prefix) = (own, cookie.mode) {
            let (end, mark) = if cookie.mode == CookieMode::Prefix {
                (value.start, &b"~"[..])
            } else {
                (value.end, &b""[..])
            };
            stream.with_scratch(|stream, new| {
                let text = stream.res.field(index).1;
                for part in [&text[..value.start], own, mark, &text[end..]] {
                    new.extend_from_slice(part);
                }
                stream.res.replace_value(index, new);
            });
            stream.termination.cookie_out = b'R';
        }
        index += 1;
    }
    matches!(stream.termination.cookie_out, b'P' | b'R')
}

/// Whether the client does not know already what the cookie would say.
fn tells_news(stream: &Stream, cookie: &Cookie) -> bool {
    let (last, first) = (stream.persist.last_seen, stream.persist.first_given);
    let is_dated = cookie.maxidle > 0 || last > 0;
    stream.persist.server.is_none()
        || (is_dated && (last == 0 || u64::from(last) < date(stream)))
        || (cookie.maxlife > 0 && first == 0)
        || (cookie.maxlife == 0 && first > 0)
}

/// The value of the field. A server without a cookie has the client forget the one it had.
fn write(stream: &Stream, cookie: &Cookie, own: Option<&[u8]>, out: &mut Vec<u8>) {
    out.extend_from_slice(&cookie.name);
    match own {
        None => out.extend_from_slice(b"=; Expires=Thu, 01-Jan-1970 00:00:01 GMT"),
        Some(own) => {
            out.push(b'=');
            out.extend_from_slice(own);
            let now = (date(stream) as u32).saturating_add(3);
            if cookie.maxidle > 0 || cookie.maxlife > 0 {
                encode(now, out);
            }
            if cookie.maxlife > 0 {
                let first = stream.persist.first_given;
                encode(if first > 0 { first } else { now }, out);
            }
        }
    }
    out.extend_from_slice(b"; path=/");
    for domain in &cookie.domains {
        out.extend_from_slice(b"; domain=");
        out.extend_from_slice(domain);
    }
    if cookie.httponly {
        out.extend_from_slice(b"; HttpOnly");
    }
    if cookie.secure {
        out.extend_from_slice(b"; Secure");
    }
    for attribute in &cookie.attributes {
        out.extend_from_slice(b"; ");
        out.extend_from_slice(attribute);
    }
}

/// What a cache may keep of a response (RFC 9111), as far as HAProxy looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cacheable {
    pub response: bool,
    /// Its cookies, too.
    pub cookies: bool,
}

/// See [`Cacheable`].
pub fn cacheable(stream: &Stream) -> Cacheable {
    const NONE: Cacheable = Cacheable { response: false, cookies: false };
    const ALL: Cacheable = Cacheable { response: true, cookies: true };
    let response = &stream.res;
    // A rule that changes the status does not change what the server's means.
    let status = stream.server_status.unwrap_or_else(|| response.status());
    if response.get(b"pragma").is_some_and(|value| value.eq_ignore_ascii_case(b"no-cache")) {
        return NONE;
    }
    let usual = matches!(status, 200 | 203 | 204 | 206 | 300 | 301 | 404 | 405 | 410 | 414 | 501)
        && matches!(stream.req.method(), b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE");
    let mut cacheable = if usual { ALL } else { NONE };
    let (mut lives, mut is_stale) = (false, false);
    let words = response.get_all(b"cache-control").flat_map(|value| value.split(|byte| *byte == b','));
    for word in words.map(|word| word.trim_ascii().to_ascii_lowercase()) {
        match word.as_slice() {
            b"public" => cacheable = ALL,
            b"max-age=0" => is_stale = true,
            b"no-cache=\"set-cookie\"" => cacheable.cookies = false,
            b"private" | b"no-cache" | b"no-store" | b"s-maxage=0" => cacheable = NONE,
            word if word.starts_with(b"private=")
                || word.starts_with(b"no-cache=")
                || word.starts_with(b"no-store=") =>
            {
                cacheable = NONE;
            }
            word if word.starts_with(b"s-maxage") => (lives, is_stale) = (true, false),
            word if word.starts_with(b"max-age") => lives = true,
            _ => {}
        }
    }
    let has = |name: &[u8]| response.get(name).is_some();
    if is_stale {
        cacheable = NONE;
    }
    cacheable.response &= lives || has(b"expires") || has(b"etag") || has(b"last-modified");
    cacheable
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends a date: four seconds each, in five digits of base 64.
fn encode(seconds: u32, out: &mut Vec<u8>) {
    let number = seconds >> 2;
    out.push(DATE);
    out.extend([24, 18, 12, 6, 0].map(|shift| DIGITS[(number >> shift & 63) as usize]));
}

/// The seconds of a date at the beginning of `text`; `None` also for 0.
fn decode(text: &[u8]) -> Option<u32> {
    let digits = text.get(..5)?;
    let digit = |byte: &u8| DIGITS.iter().position(|digit| digit == byte);
    let number = digits.iter().try_fold(0u32, |number, byte| Some(number << 6 | digit(byte)? as u32))?;
    Some(number << 2).filter(|date| *date > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces() {
        let check = |text: &str, expected: &[(&str, Option<&str>)]| {
            let (mut at, mut got) = (0, Vec::new());
            while at < text.len() {
                let piece = piece(text.as_bytes(), at, true);
                at = piece.all.end;
                got.push((&text[piece.name], piece.value.map(|value| &text[value])));
            }
            assert_eq!(got, expected, "{text}");
        };
        check("a=1; b=2,c", &[("a", Some("1")), ("b", Some("2")), ("c", None)]);
        check(" a = x y ;b", &[("a", Some("x y")), ("b", None)]);
        check("a=\"1;\\\"2\";b=", &[("a", Some("\"1;\\\"2\"")), ("b", Some(""))]);
        check(";a=1", &[("a", Some("1"))]);
        check(", ;;a=1;", &[("", None), ("", None), ("a", Some("1")), ("", None)]);
    }

    #[test]
    fn pieces_go_on() {
        const BYTES: &[u8] = b";,= \"\\a";
        for number in 0..BYTES.len().pow(5) {
            let digit = |place| BYTES[number / BYTES.len().pow(place) % BYTES.len()];
            let text: Vec<u8> = (0..5).map(digit).collect();
            let mut at = 0;
            while at < text.len() {
                let next = piece(&text, at, true).all.end;
                assert!(next > at, "{:?} from {at}", String::from_utf8_lossy(&text));
                at = next;
            }
        }
    }

    #[test]
    fn dates() {
        let mut text = Vec::new();
        encode(1_714_117_199, &mut text);
        assert_eq!(text, b"|ZitaT");
        assert_eq!(decode(&text[1..]), Some(1_714_117_196));
        assert_eq!(decode(b"Zit=="), None);
        assert_eq!(decode(b"Zita"), None);
    }
}
