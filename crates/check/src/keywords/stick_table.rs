//! The words of a stick table: of a proxy's line, and of a peers section's `table`.

use base::time::{TimeError, Unit};
use ir::Bytes;
use ir::config::{StickTable, StoredData};
use ir::types::SampleType;
use syntax::Word;

use crate::context::Context;
use crate::line::Line;

/// What a table stores: the name, whether it is an array, and whether it is a rate.
const DATA: [(&str, bool, bool); 27] = [
    ("server_id", false, false),
    ("gpt0", false, false),
    ("gpc0", false, false),
    ("gpc0_rate", false, true),
    ("conn_cnt", false, false),
    ("conn_rate", false, true),
    ("conn_cur", false, false),
    ("sess_cnt", false, false),
    ("sess_rate", false, true),
    ("http_req_cnt", false, false),
    ("http_req_rate", false, true),
    ("http_err_cnt", false, false),
    ("http_err_rate", false, true),
    ("bytes_in_cnt", false, false),
    ("bytes_in_rate", false, true),
    ("bytes_out_cnt", false, false),
    ("bytes_out_rate", false, true),
    ("gpc1", false, false),
    ("gpc1_rate", false, true),
    ("server_key", false, false),
    ("http_fail_cnt", false, false),
    ("http_fail_rate", false, true),
    ("gpt", true, false),
    ("gpc", true, false),
    ("gpc_rate", true, true),
    ("glitch_cnt", false, false),
    ("glitch_rate", false, true),
];
const MAX_ARRAY: i64 = 100;
/// Data that nothing in hxproxy stores or counts yet.
const NOT_COUNTED: [&str; 2] = ["server_id", "server_key"];

/// Data that must not stand in one table, the array first.
const EXCLUSIVE: [(&str, &[&str], &str); 3] = [
    ("gpt", &["gpt0"], "gpt0"),
    ("gpc", &["gpc0", "gpc1"], "gpc[0/1]"),
    ("gpc_rate", &["gpc0_rate", "gpc1_rate"], "gpc[0/1]_rate"),
];

/// The words that are left, and the table they make.
struct Reader<'a> {
    words: std::slice::Iter<'a, Word>,
    /// `stick-table` or `table`, in front of messages.
    keyword: String,
    table: StickTable,
}

/// Reads a table; what is wrong is told.
pub fn parse(
    c: &mut Context<'_>,
    line: &Line<'_>,
    words: &[Word],
    name: Bytes,
    in_peers: bool,
) -> Option<StickTable> {
    let table = StickTable {
        name,
        key: SampleType::Any,
        key_len: 0,
        size: 0,
        expire: 0,
        nopurge: false,
        recv_only: false,
        data: Vec::new(),
        peers: None,
        write_to: None,
        by_address: false,
        brates_factor: 1,
        place: line.place(),
    };
    let mut reader = Reader { words: words.iter(), keyword: line.keyword(), table };
    while let Some(word) = reader.words.next() {
        let known = match word.lossy().as_ref() {
            "size" => reader.size(c, word),
            "peers" if !in_peers => reader.value(c, word).map(|value| {
                c.warn_parsed("peers", word.span);
                reader.table.peers = Some(value.text.clone());
            }),
            "expire" => reader.expire(c, word),
            "nopurge" => {
                reader.table.nopurge = true;
                Some(())
            }
            "recv-only" => {
                c.warn_parsed("recv-only", word.span);
                reader.table.recv_only = true;
                Some(())
            }
            "type" => reader.kind(c, word),
            "store" => reader.store(c),
            "srvkey" => {
                c.warn_parsed("srvkey", word.span);
                reader.server_key(c, word)
            }
            "write-to" => {
                c.warn_parsed("write-to", word.span);
                reader.write_to(c, word)
            }
            "brates-factor" => reader.factor(c, word),
            other => reader.fail(c, word, format!("unknown argument '{other}'.")),
        };
        known?;
    }
    let missing = match &reader.table {
        table if table.size == 0 => "missing size.",
        table if table.key == SampleType::Any => "missing type.",
        _ => return Some(reader.table),
    };
    c.alert("bad-table", line.span, format!("{}: {missing}", reader.keyword));
    None
}

impl<'a> Reader<'a> {
    fn fail(&self, c: &mut Context<'_>, at: &Word, message: String) -> Option<()> {
        c.alert("bad-table", at.span, format!("{}: {message}", self.keyword));
        None
    }

    fn value(&mut self, c: &mut Context<'_>, keyword: &Word) -> Option<&'a Word> {
        let value = self.words.next();
        if value.is_none() {
            self.fail(c, keyword, format!("missing argument after '{}'.", keyword.lossy()));
        }
        value
    }

    fn bytes(&mut self, c: &mut Context<'_>, keyword: &Word) -> Option<u32> {
        let value = self.value(c, keyword)?;
        match base::size::parse_u32(&value.text) {
            Ok(size) => Some(size),
            Err(error) => {
                self.unexpected(c, keyword, value, error.offset);
                None
            }
        }
    }

    fn unexpected(&self, c: &mut Context<'_>, keyword: &Word, value: &Word, at: usize) {
        let found = crate::numbers::character(&value.text, at);
        self.fail(c, value, format!("unexpected character '{found}' in argument of '{}'.", keyword.lossy()));
    }

    fn size(&mut self, c: &mut Context<'_>, keyword: &Word) -> Option<()> {
        self.table.size = self.bytes(c, keyword)?;
        Some(())
    }

    fn factor(&mut self, c: &mut Context<'_>, keyword: &Word) -> Option<()> {
        self.table.brates_factor = self.bytes(c, keyword)?;
        if !(1..=1024).contains(&self.table.brates_factor) {
            let message = format!(
                "argument '{}' must be greater than 0 and lower or equal than 1024.",
                keyword.lossy()
            );
            return self.fail(c, keyword, message);
        }
        Some(())
    }

    fn expire(&mut self, c: &mut Context<'_>, keyword: &Word) -> Option<()> {
        let value = self.value(c, keyword)?;
        match crate::numbers::parse_time(c, value, Unit::Ms) {
            Ok(time) => {
                self.table.expire = time;
                return Some(());
            }
            Err(TimeError::Over) => {
                let text = format!(
                    "{}: timer overflow in argument <{}> to <{}>, maximum value is 2147483647 ms (~24.8 days).",
                    self.keyword,
                    value.lossy(),
                    keyword.lossy()
                );
                c.alert_tight("bad-time", value.span, text);
            }
            Err(TimeError::Unexpected(at)) => self.unexpected(c, keyword, value, at),
        }
        None
    }

    fn kind(&mut self, c: &mut Context<'_>, keyword: &Word) -> Option<()> {
        let value = self.words.next();
        let shown = value.map_or_else(String::new, |value| value.lossy().into_owned());
        (self.table.key, self.table.key_len) = match shown.as_str() {
            "ip" | "ipv4" => (SampleType::Ipv4, 4),
            "ipv6" => (SampleType::Ipv6, 16),
            "integer" => (SampleType::Sint, 4),
            "string" => (SampleType::Str, 32),
            "binary" => (SampleType::Bin, 32),
            _ => return self.fail(c, value.unwrap_or(keyword), format!("unknown type '{shown}'.")),
        };
        let has_len = matches!(self.table.key, SampleType::Str | SampleType::Bin)
            && self.words.as_slice().first().is_some_and(|word| word.is("len"));
        if has_len {
            self.words.next();
            let text = self.words.next().map_or(b"".as_slice(), |word| &word.text);
            let (len, rest) = crate::numbers::strtol(text, false);
            if !rest.is_empty() || len == 0 {
                c.alert("bad-table", keyword.span, "'len' expects a positive integer argument.");
                return None;
            }
            self.table.key_len = usize::try_from(len).unwrap_or(usize::MAX);
        }
        Some(())
    }

    fn server_key(&mut self, c: &mut Context<'_>, keyword: &Word) -> Option<()> {
        let shown = self.words.next().map_or_else(String::new, |word| word.lossy().into_owned());
        match shown.as_str() {
            "name" => self.table.by_address = false,
            "addr" => self.table.by_address = true,
            _ => return self.fail_apart(c, keyword, format!("unknown server key type '{shown}'.")),
        }
        Some(())
    }

    fn write_to(&mut self, c: &mut Context<'_>, keyword: &Word) -> Option<()> {
        let Some(table) = self.words.next() else {
            return self.fail_apart(c, keyword, "write-to requires table name.".into());
        };
        self.table.write_to = Some(table.text.clone());
        Some(())
    }

    /// Two messages stand a space further from the keyword.
    fn fail_apart(&self, c: &mut Context<'_>, at: &Word, message: String) -> Option<()> {
        c.alert("bad-table", at.span, format!("{} : {message}", self.keyword));
        None
    }

    /// `store <data>[(<arg>…)][,…]`
    fn store(&mut self, c: &mut Context<'_>) -> Option<()> {
        let Some(list) = self.words.next() else { return Some(()) };
        let mut rest = list.text.as_slice();
        while !rest.is_empty() {
            rest = self.store_one(c, list, rest)?;
        }
        let has = |name: &str| self.table.data.iter().any(|data| data.name == name);
        let clash =
            EXCLUSIVE.iter().find(|(array, single, _)| has(array) && single.iter().any(|name| has(name)));
        match clash {
            Some((array, _, single)) => {
                let message = format!(
                    "simultaneous usage of '{array}' and '{single}' in a same table is not permitted as '{array}' \
                     overrides '{single}'."
                );
                self.fail(c, list, message)
            }
            None => Some(()),
        }
    }

    /// One element of the list; gives what is behind its comma.
    fn store_one<'t>(&mut self, c: &mut Context<'_>, list: &Word, text: &'t [u8]) -> Option<&'t [u8]> {
        let end = text.iter().position(|byte| matches!(byte, b'(' | b',')).unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        let shown = String::from_utf8_lossy(name).into_owned();
        let mut args: Vec<&[u8]> = Vec::new();
        if rest.first() == Some(&b'(') {
            let Some(close) = rest.iter().position(|byte| *byte == b')') else {
                let message = format!("missing closing parenthesis after store option '{shown}'.");
                self.fail(c, list, message);
                return None;
            };
            args.extend(rest[1..close].split(|byte| *byte == b','));
            rest = &rest[close + 1..];
            // What stands between the parenthesis and the comma means nothing.
            let comma = rest.iter().position(|byte| *byte == b',').unwrap_or(rest.len());
            rest = &rest[comma..];
        }
        rest = rest.strip_prefix(b",").unwrap_or(rest);
        let wanted = if shown == "server_name" { "server_key" } else { &shown };
        let Some((name, is_array, is_rate)) = DATA.iter().find(|(name, ..)| *name == wanted) else {
            self.fail(c, list, format!("unknown store option '{shown}'."));
            return None;
        };
        if self.table.data.iter().any(|data| data.name == *name) {
            let text = format!("{}: store option '{shown}' already enabled, ignored.", self.keyword);
            c.warn_tight("ignored", list.span, text);
            return Some(rest);
        }
        match stored(name, *is_array, *is_rate, &args) {
            Ok(data) => {
                if NOT_COUNTED.contains(name) {
                    c.warn_parsed(name, list.span);
                }
                self.table.data.push(data);
            }
            Err(why) => {
                self.fail(c, list, format!("{why} store option '{shown}'."));
                return None;
            }
        }
        Some(rest)
    }
}

/// One kind of data with its arguments: the elements of an array, the period of a rate.
fn stored(name: &'static str, is_array: bool, is_rate: bool, args: &[&[u8]]) -> Result<StoredData, String> {
    let mut args = args.iter();
    let mut data = StoredData { name, count: 1, period: 0 };
    if is_array {
        let count = crate::numbers::lenient(args.next().ok_or("missing argument to")?);
        if !(1..=MAX_ARRAY).contains(&count) {
            return Err(format!("array size is out of allowed range (1-{MAX_ARRAY}) for"));
        }
        data.count = u32::try_from(count).unwrap_or(1);
    }
    match (is_rate, args.next()) {
        (false, None) => {}
        (false, Some(_)) => return Err("unexpected argument to".into()),
        (true, None) => return Err("missing argument to".into()),
        (true, Some(text)) => match base::time::parse(text, Unit::Ms) {
            Ok(time) => data.period = time.value.into(),
            Err(_) => return Err("error when processing".into()),
        },
    }
    Ok(data)
}
