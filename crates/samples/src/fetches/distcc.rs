//! The protocol of distcc: tokens of four letters, each with a number in eight hexadecimal
//! digits, which for some of them is the length of a body that follows.

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Sint};
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Stream, Value};

use super::payload::buffer;
use super::{at, is_tcp, not_there};
use crate::checks;
use crate::row::Fetch;

const TOKEN: &[ArgType] = &[ArgType::Str, ArgType::Sint];

pub const ROWS: &[Fetch] = &[
    Fetch::new("distcc_body", Bin, at::BUFFER, "The body of a token of distcc, by name and occurrence", body)
        .args(1, TOKEN)
        .check(checks::distcc_token),
    Fetch::new(
        "distcc_param",
        Sint,
        at::BUFFER,
        "The number of a token of distcc, by name and occurrence",
        param,
    )
    .args(1, TOKEN)
    .check(checks::distcc_token),
];

/// The letters and the number.
const HEADER: usize = 12;

/// The number of a token, and where its body starts and ends.
struct Token {
    number: u32,
    start: usize,
    end: usize,
}

/// The most bytes that the buffer may hold.
fn room(stream: &Stream) -> usize {
    let tune = &stream.plan.config.global.tune;
    tune.bufsize.saturating_sub(tune.maxrewrite)
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | u32::from(base::bytes::hex_digit(*digit)?)))
}

/// The token that the arguments name; without an occurrence, from 1, or with 0 it is the first.
fn find(stream: &Stream, args: &[Arg]) -> Result<Token, Missing> {
    let wanted = match args.first() {
        Some(Arg::Str(name)) if is_tcp(stream) => &**name,
        _ => return Err(Missing::Absent),
    };
    let occurrence = match args.get(1) {
        Some(Arg::Sint(occurrence)) if *occurrence != 0 => *occurrence as u32,
        _ => 1,
    };
    let (bytes, mut at, mut count) = (buffer(stream), 0, 0);
    loop {
        let Some(header) = bytes.get(at..at + HEADER) else {
            return Err(if at + HEADER <= room(stream) { not_there(stream) } else { Missing::Absent });
        };
        let (name, digits) = header.split_at(4);
        let number = number(digits).ok_or(Missing::Absent)?;
        let has_body = !matches!(name, b"ARGC" | b"DIST" | b"NFIL" | b"STAT" | b"DONE");
        let start = at + HEADER;
        let end = start + if has_body { number as usize } else { 0 };
        if name == wanted {
            count += 1;
            if count == occurrence {
                return Ok(Token { number, start, end });
            }
        }
        if end > bytes.len() {
            return Err(Missing::Absent);
        }
        at = end;
    }
}

fn param<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    find(stream, args).map(|token| Value::Sint(i64::from(token.number)))
}

/// Of a body that is not complete it is what came.
fn body<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let Token { start, end, .. } = find(stream, args)?;
    let bytes = buffer(stream);
    cursor.may_change = end > bytes.len();
    Ok(Value::Bin(&bytes[start..end.min(bytes.len())]))
}

#[cfg(test)]
mod tests {
    use ir::config::Mode;
    use ir::spec::RuleSet;
    use state::sample::FetchFn;

    use super::*;

    const BYTES: &[u8] = b"DIST00000001ARGC00000002ARGV00000003gccARGV00000002-cDOTI00000005int";

    fn check(run: FetchFn, name: &str, occurrence: i64, complete: bool, expected: Fetched) {
        let mut config = state::testing::config();
        config.proxies[0].mode = Mode::Tcp;
        let mut stream = state::testing::stream_of(config, &Default::default(), "");
        stream.phase = RuleSet::TcpContent;
        stream.req_body.bytes.extend_from_slice(BYTES);
        stream.req_body.complete = complete;
        let args = [Arg::Str(name.as_bytes().into()), Arg::Sint(occurrence)];
        assert_eq!(run(&stream, &args, &mut Cursor::default()), expected, "{name} {occurrence}");
    }

    #[test]
    fn tokens() {
        check(param, "DIST", 0, false, Ok(Value::Sint(1)));
        check(param, "ARGV", 0, false, Ok(Value::Sint(3)));
        check(param, "ARGV", 2, false, Ok(Value::Sint(2)));
        check(param, "ARGV", 3, false, Err(Missing::Absent));
        check(param, "DOTI", 1, false, Ok(Value::Sint(5)));
        check(body, "ARGV", 1, false, Ok(Value::Bin(b"gcc")));
        check(body, "ARGV", 2, false, Ok(Value::Bin(b"-c")));
        check(body, "ARGC", 1, false, Ok(Value::Bin(b"")));
        check(body, "DOTI", 1, false, Ok(Value::Bin(b"int")));
    }
}
