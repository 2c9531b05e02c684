//! `stats`: the sockets of the runtime API and their limits.

use base::time::{TimeError, Unit};
use ir::spec::{Sections, Support};
use syntax::Word;

use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, Set};
use crate::keywords::bind::{self, BindDraft};
use crate::line::Line;
use crate::numbers;

fn stats(c: &mut Context<'_>, line: &Line<'_>) {
    match line.lossy(0).as_str() {
        "socket" => socket(c, line),
        "timeout" => timeout(c, line),
        "maxconn" => {
            if line.arg(1).is_none_or(|word| i64::from(numbers::wrapped(&word.text)) <= 0) {
                c.alert("bad-number", line.span, "'stats maxconn' expects a positive value");
            }
        }
        "calculate-max-counters" => {
            let value = line.lossy(1);
            if !["on", "off"].iter().any(|known| value.eq_ignore_ascii_case(known)) {
                let text =
                    format!("'calculate-max-counters' only supports 'on' and 'off', received '{value}'");
                c.alert("bad-switch", line.span, text);
            }
        }
        "bind-process" => c.alert("removed", line.span, "'stats bind-process' is not supported anymore."),
        other => {
            let text = format!(
                "'stats' only supports 'socket', 'maxconn', 'bind-process', 'calculate-max-counters'  and \
                 'timeout' (got '{other}')"
            );
            c.alert("unknown-keyword", line.span, text);
        }
    }
}

fn socket(c: &mut Context<'_>, line: &Line<'_>) {
    let [_, address, options @ ..] = line.args else {
        let text = "'stats socket' in global section expects an address or a path to a UNIX socket";
        return c.alert("missing-argument", line.span, text);
    };
    if let Err(fail) = bind::addresses(c, address) {
        // The place is told twice.
        let text = format!("parsing [{}] : 'stats socket' : {}\n", c.at(line.span), fail.message);
        return c.alert(fail.code, fail.span, text);
    }
    let mut draft = BindDraft::new(c, line);
    let mut at = 0;
    while let Some(word) = options.get(at) {
        match option(c, &mut draft, word, &options[at..]) {
            Ok(values) => at += 1 + values,
            Err(fail) => return c.alert(fail.code, fail.span, format!("'stats socket' : {}", fail.message)),
        }
    }
    let words = line.args[1..].iter().map(|word| word.text.clone()).collect();
    c.global().stats_sockets.push(words);
}

/// Checks one word of the socket, which is one of a `bind` line; gives how many values it took.
fn option(c: &mut Context<'_>, draft: &mut BindDraft, word: &Word, words: &[Word]) -> Checked<usize> {
    let Some(row) = bind::keywords().find(|row| word.is(row.name)) else {
        let best = crate::hint::best(&word.text, bind::keywords().map(|row| row.name));
        let hint = best.map_or_else(String::new, |best| format!(" Did you mean '{best}' maybe ?"));
        let text = format!("unknown keyword '{}'.{hint}", word.lossy());
        return Err(Fail::new("unknown-keyword", word.span, text));
    };
    bind::set(c, row, draft, words).map_err(|fail| fail.wrap(|message| format!("'{message}'")))?;
    if row.support == Support::Parsed {
        c.warn_parsed(row.name, word.span);
    }
    Ok(row.args)
}

fn timeout(c: &mut Context<'_>, line: &Line<'_>) {
    let text = line.arg(1).map_or(b"".as_slice(), |word| &word.text);
    let time = match line.arg(1) {
        Some(word) => numbers::parse_time(c, word, Unit::Ms),
        None => Err(TimeError::Unexpected(0)),
    };
    let told = match time {
        Ok(ms @ 1..) => {
            c.global().stats_timeout = ms;
            return;
        }
        Ok(_) => "'stats timeout' expects a positive value".to_owned(),
        Err(TimeError::Over) => format!(
            "timer overflow in argument '{}' to 'stats timeout' (maximum value is 2147483647 ms or ~24.8 days)",
            line.lossy(1)
        ),
        // C's final zero ends the message.
        Err(TimeError::Unexpected(at)) if at >= text.len() => {
            "'stats timeout' : unexpected character '".to_owned()
        }
        Err(TimeError::Unexpected(at)) => {
            format!("'stats timeout' : unexpected character '{}'", numbers::character(text, at))
        }
    };
    c.alert("bad-time", line.span, told);
}

pub const ROWS: &[Keyword] = &[Keyword::new(
    "stats",
    "The runtime API's sockets.",
    Sections::GLOBAL,
    "{ socket | timeout | maxconn | bind-process } …",
    MANY,
    Set::Line(stats),
)
.parsed()];
