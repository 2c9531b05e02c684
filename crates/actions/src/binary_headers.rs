//! Actions on header fields that stand in a binary list, as `req.hdrs_bin` gives it: names and
//! values behind their lengths, ended by two empty ones.

use base::varint::read_text;
use ir::spec::{ActionArg, ActionOption};
use ir::types::SampleType;
use state::plan::{ActionValue, Args, Outcome};
use state::{Stream, Value};

use crate::headers::{contains, ends, starts};
use crate::room;
use crate::row::{Action, sets};

const METHOD: &[ActionOption] = &[ActionOption::once("-m", &[ActionArg::Str])];
const PREFIX: &[ActionOption] = &[ActionOption::once("prefix", &[ActionArg::Str])];

pub const ROWS: &[Action] = &[
    Action::new(
        "add-headers-bin",
        sets::HTTP,
        &[ActionArg::Expr],
        "Appends header fields of a binary list",
        |stream, args| write(stream, args, false),
    )
    .options(PREFIX),
    Action::new(
        "set-headers-bin",
        sets::HTTP,
        &[ActionArg::Expr],
        "Replaces header fields by those of a binary list",
        |stream, args| write(stream, args, true),
    )
    .options(PREFIX),
    Action::new(
        "del-headers-bin",
        sets::HTTP,
        &[ActionArg::Expr],
        "Removes the header fields of a binary list",
        delete,
    )
    .options(METHOD),
];

/// Fields about the connection and the framing, which no list changes.
const KEPT: [&[u8]; 8] = [
    b"connection",
    b"content-length",
    b"expect",
    b"keep-alive",
    b"proxy-connection",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
];

fn is_kept(name: &[u8]) -> bool {
    KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(name))
}

/// Whether a name and a value can stand in a message: what ends a line would make another one.
fn is_safe(name: &[u8], value: &[u8]) -> bool {
    let ends_line = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
    let in_name = |byte: &u8| byte.is_ascii_graphic() && *byte != b':';
    name.iter().all(in_name) && !value.iter().any(ends_line)
}

/// Lends the list that the expression gives to `f`, in memory of its own: fields that change move
/// what the sample may point into. Without a sample nothing is done; a list that `f` cannot read
/// or that has no room is a rewrite that failed.
fn with_list(stream: &mut Stream, args: &Args, f: impl FnOnce(&mut Stream, &[u8]) -> Option<()>) -> Outcome {
    let Some(ActionValue::Expr(expr)) = args.values.first() else { return Outcome::Continue };
    stream.with_scratch(|stream, list| {
        let sample = expr.eval(stream).ok().and_then(|value| value.cast(SampleType::Bin, &stream.arena));
        let Some(Value::Bin(bytes)) = sample else { return Outcome::Continue };
        list.extend_from_slice(bytes);
        match f(stream, list) {
            Some(()) => Outcome::Continue,
            None => room::failed(stream),
        }
    })
}

fn write(stream: &mut Stream, args: &Args, replaces: bool) -> Outcome {
    let prefix = args.option(0).and_then(|values| values.first()).map_or(&b""[..], ActionValue::bytes);
    with_list(stream, args, |stream, mut list| {
        loop {
            let (name, rest) = read_text(list)?;
            let (value, rest) = read_text(rest)?;
            list = rest;
            if name.is_empty() {
                return value.is_empty().then_some(());
            }
            if !name.starts_with(prefix) || is_kept(name) {
                continue;
            }
            if !is_safe(name, value) {
                return None;
            }
            if replaces {
                stream.head_mut().remove(name);
            }
            if !room::has_field_room(stream, name, value) {
                return None;
            }
            stream.head_mut().add(name, value);
        }
    })
}

fn delete(stream: &mut Stream, args: &Args) -> Outcome {
    let method = args.option(0).and_then(|values| values.first()).map_or(&b"str"[..], ActionValue::bytes);
    with_list(stream, args, |stream, mut list| {
        loop {
            let (wanted, rest) = read_text(list)?;
            list = rest;
            if wanted.is_empty() {
                return Some(());
            }
            if is_kept(wanted) {
                continue;
            }
            let head = stream.head_mut();
            match method {
                b"beg" => head.retain(|name, _| !starts(name, wanted)),
                b"end" => head.retain(|name, _| !ends(name, wanted)),
                b"sub" => head.retain(|name, _| !contains(name, wanted)),
                _ => head.remove(wanted),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use base::varint::write_text;

    use crate::testing::run;

    /// What a rule makes of the fields of a message whose body is the list of these texts.
    fn check(rule: &str, list: &[&str], expected: &str) {
        let mut bytes = Vec::new();
        list.iter().for_each(|text| write_text(text.as_bytes(), &mut bytes));
        let bytes = String::from_utf8(bytes).expect("short texts");
        let input = format!("GET / HTTP/1.1\nx-a: 1\nx-b: 2\nhost: h\n\n{bytes}");
        let rule = format!("{rule} req.body");
        let shown = run(&input, &rule);
        let fields = shown.replace("GET /\n", "").replace('\n', " ");
        assert_eq!(fields.trim_end(), expected, "{rule} {list:?}");
    }

    #[test]
    fn adding_and_replacing() {
        let list = &["X-A", "9", "y", "", "", ""];
        check("add-headers-bin", list, "Continue x-a: 1 x-b: 2 host: h x-a: 9 y:");
        check("set-headers-bin", list, "Continue x-b: 2 host: h x-a: 9 y:");
        check("set-headers-bin", &["content-length", "7", "", ""], "Continue x-a: 1 x-b: 2 host: h");
        check("set-headers-bin", &["", ""], "Continue x-a: 1 x-b: 2 host: h");
    }

    #[test]
    fn removing() {
        check("del-headers-bin", &["X-A", "host", ""], "Continue x-b: 2");
        check("del-headers-bin", &["x-", ""], "Continue x-a: 1 x-b: 2 host: h");
    }

    #[test]
    fn refused() {
        const REFUSED: &str = "Failed x-a: 1 x-b: 2 host: h";
        for list in [&["a"][..], &["x-a"], &["a", "b\r\nc: d", "", ""], &["a:", "b", "", ""], &["", "b"]] {
            check("add-headers-bin", list, REFUSED);
        }
        check("del-headers-bin", &["a"], REFUSED);
    }
}
