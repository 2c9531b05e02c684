//! Constants, variables, dates and facts about the process (manual, section 7.3.2).

use ir::spec::ArgType;
use ir::types::SampleType::{Any, Bin, Bool, Ipv4, Ipv6, Meth, Sint, Str};
use state::plan::Answer;
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Stream, Value};

use super::at;
use super::connection::date as in_unit;
use crate::checks;
use crate::room::Room;
use crate::row::{Example, Fetch};
use crate::{host, random};

const TEXT: &[ArgType] = &[ArgType::Str];

/// Up to 12 names of ACLs.
const ACLS: &[ArgType] = &[ArgType::Str; 12];

pub const ROWS: &[Fetch] =
    &[
        Fetch::new("acl", Bool, at::ALWAYS, "Whether all of the named ACLs hold", acl)
            .args(1, ACLS)
            .check(checks::acls)
            .examples(&[Example::new("", &["empty"], "0"), Example::new("", &["!empty"], "1")]),
        Fetch::new("act_conn", Sint, at::ALWAYS, "The number of client connections of the process", act_conn)
            .examples(&[Example::new("", &[], "0")]),
        Fetch::new("always_false", Bool, at::ALWAYS, "Always false", always_false).examples(&[Example::new(
            "",
            &[],
            "0",
        )]),
        Fetch::new("always_true", Bool, at::ALWAYS, "Always true", always_true).examples(&[Example::new(
            "",
            &[],
            "1",
        )]),
        Fetch::new("bin", Bin, at::ALWAYS, "A binary constant, written in hexadecimal", bin)
            .args(1, TEXT)
            .check(checks::constant_bin)
            .examples(&[Example::new("", &["6162"], "ab"), Example::none("", &["6"])]),
        Fetch::new("bool", Bool, at::ALWAYS, "A boolean constant", boolean)
            .args(1, TEXT)
            .check(checks::constant_bool)
            .examples(&[
                Example::new("", &["true"], "1"),
                Example::new("", &["TRUE"], "1"),
                Example::new("", &["0"], "0"),
            ]),
        Fetch::new("date", Sint, at::ALWAYS, "The current date since 1970, with an offset in seconds", date)
            .args(0, &[ArgType::Sint, ArgType::Str])
            .check(checks::date_unit)
            .examples(&[
                Example::new("", &[], "1714117198"),
                Example::new("", &["-100"], "1714117098"),
                Example::new("", &["1", "ms"], "1714117199774"),
            ]),
        Fetch::new("date_us", Sint, at::ALWAYS, "The microseconds of the current date", date_us)
            .examples(&[Example::new("", &[], "774000")]),
        Fetch::new("env", Str, at::ALWAYS, "A variable of the environment", env)
            .args(1, TEXT)
            .examples(&[Example::none("", &["NO_SUCH_VARIABLE_HERE"])]),
        Fetch::new("hostname", Str, at::ALWAYS, "The host's name", hostname),
        Fetch::new("int", Sint, at::ALWAYS, "A constant number", constant)
            .args(1, &[ArgType::Sint])
            .examples(&[Example::new("", &["-5"], "-5")]),
        Fetch::new("ipv4", Ipv4, at::ALWAYS, "A constant IPv4 address", constant)
            .args(1, &[ArgType::Ipv4])
            .examples(&[Example::new("", &["1.2.3.4"], "1.2.3.4")]),
        Fetch::new("ipv6", Ipv6, at::ALWAYS, "A constant IPv6 address", constant)
            .args(1, &[ArgType::Ipv6])
            .examples(&[Example::new("", &["::1"], "::1")]),
        Fetch::new("meth", Meth, at::ALWAYS, "A constant method", meth)
            .args(1, TEXT)
            .check(checks::constant_method)
            .examples(&[Example::new("", &["PUT"], "PUT")]),
        Fetch::new("nbproc", Sint, at::ALWAYS, "Always 1: there is one process", one)
            .examples(&[Example::new("", &[], "1")]),
        Fetch::new("pid", Sint, at::ALWAYS, "The process's number", pid),
        Fetch::new("proc", Sint, at::ALWAYS, "Always 1: there is one process", one)
            .examples(&[Example::new("", &[], "1")]),
        Fetch::new(
            "quic_enabled",
            Bool,
            at::ALWAYS,
            "Whether QUIC may be used: nothing, there is none",
            none,
        )
        .examples(&[Example::none("", &[])]),
        Fetch::new(
            "rand",
            Sint,
            at::ALWAYS,
            "A random number from 0 up to 4294967295, or below the argument",
            rand,
        )
        .args(0, &[ArgType::Sint])
        .examples(&[Example::new("", &["1"], "0"), Example::new("", &["0"], "0")]),
        Fetch::new("stopping", Bool, at::INTERNAL, "Whether the process is stopping", stopping)
            .examples(&[Example::new("", &[], "0")]),
        Fetch::new("str", Str, at::ALWAYS, "A constant string", constant)
            .args(1, TEXT)
            .examples(&[Example::new("", &["a b"], "a b")]),
        Fetch::new("tgroup", Sint, at::ALWAYS, "The thread group's number, from 0: there is one", zero)
            .examples(&[Example::new("", &[], "0")]),
        Fetch::new("thread", Sint, at::ALWAYS, "The thread's number, from 0", thread)
            .examples(&[Example::new("", &[], "0")]),
        Fetch::new("uptime", Sint, at::ALWAYS, "Seconds since the start of the process", uptime),
        Fetch::new("uuid", Str, at::ALWAYS, "A random UUID of version 4, or of 7", uuid)
            .args(0, &[ArgType::Sint])
            .check(checks::uuid_version),
        Fetch::new("var", Any, at::ALWAYS, "The value of a variable, or a default", var)
            .args(1, &[ArgType::Var, ArgType::Str])
            .examples(&[Example::none("", &["txn.x"])]),
    ];

/// The checker's names were resolved when the plan was built.
fn acl<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let mut all = true;
    for arg in args {
        match arg {
            Arg::Acl(acl, negated) => match acl.eval(stream) {
                Answer::NotYet => return Err(Missing::NotYet),
                answer => all &= (answer == Answer::Yes) != *negated,
            },
            Arg::Stop => {}
            _ => return Err(Missing::Absent),
        }
    }
    Ok(Value::Bool(all))
}

fn constant<'a>(_: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    match args.first() {
        Some(Arg::Str(text)) => Ok(Value::Str(text)),
        Some(Arg::Sint(number)) => Ok(Value::Sint(*number)),
        Some(Arg::Ipv4(address)) => Ok(Value::Ipv4(*address)),
        Some(Arg::Ipv6(address)) => Ok(Value::Ipv6(*address)),
        _ => Err(Missing::Absent),
    }
}

fn always_true<'a>(_: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(true))
}

fn always_false<'a>(_: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(false))
}

fn one<'a>(_: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(1))
}

fn zero<'a>(_: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(0))
}

fn none<'a>(_: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Err(Missing::Absent)
}

fn boolean<'a>(_: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let Some(Arg::Str(text)) = args.first() else { return Err(Missing::Absent) };
    Ok(Value::Bool(**text == *b"1" || text.eq_ignore_ascii_case(b"true")))
}

fn meth<'a>(_: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let Some(Arg::Str(text)) = args.first() else { return Err(Missing::Absent) };
    Ok(Value::Meth(text))
}

fn bin<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let Some(Arg::Str(text)) = args.first() else { return Err(Missing::Absent) };
    let mut room = Room::new(&stream.arena, text.len() / 2);
    for pair in text.chunks(2) {
        let [high, low] = pair else { return Err(Missing::Absent) };
        let digits = (base::bytes::hex_digit(*high), base::bytes::hex_digit(*low));
        let (Some(high), Some(low)) = digits else { return Err(Missing::Absent) };
        room.push(high << 4 | low);
    }
    Ok(Value::Bin(room.finish()))
}

fn act_conn<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(stream.plan.live.connections.get())))
}

fn date<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let now = host::now_us(stream);
    let shifted = match args.first() {
        Some(Arg::Sint(seconds)) => now.saturating_add_signed(seconds.saturating_mul(1_000_000)),
        _ => now,
    };
    Ok(in_unit(shifted, args.get(1..).unwrap_or(&[])))
}

fn date_us<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint((host::now_us(stream) % 1_000_000) as i64))
}

/// The global section's `setenv` and its like come first. The environment does not change while the process runs;
/// reading it copies, and only rules that ask for it pay.
fn env<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    use std::os::unix::ffi::OsStrExt;
    let Some(Arg::Str(name)) = args.first() else { return Err(Missing::Absent) };
    let changed = &stream.plan.config.global.environment;
    if let Some((_, value)) = changed.iter().rev().find(|(changed, _)| **changed == **name) {
        return value.as_deref().map(Value::Str).ok_or(Missing::Absent);
    }
    let value = std::env::var_os(std::ffi::OsStr::from_bytes(name)).ok_or(Missing::Absent)?;
    Ok(Value::Str(stream.arena.alloc_slice_copy(value.as_bytes())))
}

fn hostname<'a>(_: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Str(host::name()))
}

fn pid<'a>(_: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(std::process::id())))
}

fn thread<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Sint(i64::try_from(stream.session.thread).unwrap_or(0)))
}

fn stopping<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    Ok(Value::Bool(stream.plan.live.is_stopping()))
}

fn uptime<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let micros = host::now_us(stream).saturating_sub(host::start_us());
    Ok(Value::Sint((micros / 1_000_000) as i64))
}

fn rand<'a>(_: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let number = random::next() >> 32;
    Ok(Value::Sint(match args.first() {
        // Any range is taken, as HAProxy does: that of a negative one is its 64 bits.
        Some(Arg::Sint(range)) => (number.wrapping_mul(*range as u64) >> 32) as i64,
        _ => number as i64,
    }))
}

fn uuid<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let random = u128::from(random::next()) << 64 | u128::from(random::next());
    let bits = match args.first() {
        None | Some(Arg::Stop | Arg::Sint(4)) => random,
        Some(Arg::Sint(7)) => {
            let ms = u128::from(host::now_us(stream) / 1000);
            ms << 80 | random & ((1 << 80) - 1)
        }
        _ => return Err(Missing::Absent),
    };
    let version = if matches!(args.first(), Some(Arg::Sint(7))) { 7 } else { 4 };
    // RFC 9562: version and variant have fixed places.
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | version << 76 | 0b10 << 62;
    let mut room = Room::new(&stream.arena, 36);
    for (index, byte) in bits.to_be_bytes().iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            room.push(b'-');
        }
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        room.extend(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    Ok(Value::Str(room.finish()))
}

fn var<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let Some(&Arg::Var(var)) = args.first() else { return Err(Missing::Absent) };
    match (stream.variable(var), args.get(1)) {
        // Without variables of that scope there is no default either.
        (None, _) if !stream.has_scope(var.scope) => Err(Missing::Absent),
        (Some(value), _) => Ok(value),
        (None, Some(Arg::Str(default))) => Ok(Value::Str(default)),
        (None, _) => Err(Missing::Absent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::expr::{Var, VarScope};
    use state::sample::OwnedValue;

    #[test]
    fn uuids() {
        let stream = state::testing::stream("");
        for (arg, version) in [(Arg::Stop, b'4'), (Arg::Sint(7), b'7')] {
            let args = [arg];
            let Ok(Value::Str(text)) = uuid(&stream, &args, &mut Cursor::default()) else {
                panic!("no uuid")
            };
            assert_eq!((text.len(), text[14]), (36, version));
            assert!(matches!(text[19], b'8' | b'9' | b'a' | b'b'));
        }
    }

    #[test]
    fn variables() {
        let stream = state::testing::stream("");
        let id = ir::id::VarId(3);
        let (txn, sess) = (Var { scope: VarScope::Txn, id }, Var { scope: VarScope::Sess, id });
        stream.set_variable(txn, OwnedValue::Sint(5));
        stream.set_variable(sess, OwnedValue::Str(b"x".to_vec()));
        let get = |arg: Arg| var(&stream, Box::leak(Box::new([arg])), &mut Cursor::default());
        assert_eq!(get(Arg::Var(txn)), Ok(Value::Sint(5)));
        assert_eq!(get(Arg::Var(sess)), Ok(Value::Str(b"x")));
        assert_eq!(get(Arg::Var(Var { scope: VarScope::Req, id })), Err(Missing::Absent));
    }
}
