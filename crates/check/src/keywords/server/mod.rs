//! `server`, `server-template` and `default-server` lines.

mod draft;
mod health;
mod line;
mod link;
mod load;
mod resolve;
mod tls;

use ir::spec::Support;
use syntax::Word;

pub use draft::{Family, Method, ServerDraft, ServerMore, Told};
pub use line::{default_line, line, local_peer};

use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::given::{self, Given};

/// One word of a `server` line with the value behind it.
pub struct ServerKeyword {
    pub name: &'static str,
    pub doc: &'static str,
    /// How many values follow.
    pub args: usize,
    /// How many values `-dK` says.
    pub listed: Option<i8>,
    /// Whether `default-server` takes it.
    pub in_default: bool,
    pub support: Support,
    /// The message when the value is missing; `{}` stands for the word. Empty: the value is read
    /// as an empty one.
    pub missing: &'static str,
    pub set: Set,
    /// Reads the words behind the value that belong to it too, and tells how many they are.
    pub tail: Option<Tail>,
}

/// Checks and stores what a word says.
pub type Set = fn(&mut Context<'_>, &mut ServerDraft, &Given<'_>) -> Checked<()>;
/// See [`ServerKeyword::tail`]; an error was told already, and names the word that it is about.
pub type Tail = fn(&mut Context<'_>, &mut ServerDraft, &[Word]) -> Result<usize, String>;

impl ServerKeyword {
    /// A word without a value.
    const fn flag(name: &'static str, doc: &'static str, set: Set) -> Self {
        let support = Support::Full;
        Self { name, doc, args: 0, listed: Some(0), in_default: true, support, missing: "", set, tail: None }
    }

    const fn value(name: &'static str, doc: &'static str, missing: &'static str, set: Set) -> Self {
        Self { args: 1, listed: Some(1), missing, ..Self::flag(name, doc, set) }
    }

    /// Accepted and checked, not executed yet.
    const fn parsed(self) -> Self {
        Self { support: Support::Parsed, ..self }
    }

    /// `-dK` says another number of values.
    const fn listed(self, values: i8) -> Self {
        Self { listed: Some(values), ..self }
    }

    /// Not accepted by `default-server`.
    const fn not_default(self) -> Self {
        Self { in_default: false, ..self }
    }

    const fn tail(self, tail: Tail) -> Self {
        Self { tail: Some(tail), ..self }
    }
}

/// Nothing to store.
fn nothing(_: &mut Context<'_>, _: &mut ServerDraft, _: &Given<'_>) -> Checked<()> {
    Ok(())
}

/// Every word a `server` line understands.
pub fn keywords() -> impl Iterator<Item = &'static ServerKeyword> {
    load::ROWS.iter().chain(link::ROWS).chain(resolve::ROWS).chain(health::ROWS).chain(tls::ROWS)
}

/// Values that are hinted at too.
const HINTED: [&str; 7] =
    ["ipv4", "ipv6", "legacy", "octet-count", "fail-check", "sudden-death", "mark-down"];

/// Reads the words behind the address. `is_default`: of a `default-server` line; `no_address`: no
/// address stood in front of them.
fn words(
    c: &mut Context<'_>,
    words: &[Word],
    draft: &mut ServerDraft,
    is_default: bool,
    no_address: bool,
) -> bool {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let Some(row) = given::find(word, keywords(), |row| row.name) else {
            let names = keywords().map(|row| row.name).chain(HINTED);
            let best = crate::hint::best(&word.text, names);
            let hint = match best {
                Some(best) => format!("; did you mean '{best}' maybe ?"),
                None => ".".to_owned(),
            };
            let advice = if no_address { " Hint: no address was expected for this server." } else { "" };
            let text = format!("unknown keyword '{}'{hint}{advice}", word.lossy());
            draft.told.alert(c, "unknown-keyword", text);
            c.suggest(word.span, best);
            return false;
        };
        at += 1 + row.args;
        if is_default && !row.in_default {
            let text = format!("'{}' option is not accepted in default-server sections", word.lossy());
            draft.told.alert_only(c, "not-in-default-server", text);
            continue;
        }
        if let Err(fail) = set(c, draft, row, word, words.get(at - row.args)) {
            let text = format!("{}.", given::indented(&fail.message));
            draft.told.alert(c, fail.code, text);
            return false;
        }
        if row.support == Support::Parsed {
            c.warn_parsed(row.name, word.span);
        }
        let rest = words.get(at..).unwrap_or(&[]);
        match row.tail.map(|tail| tail(c, draft, rest)) {
            Some(Err(word)) => {
                let text = format!("error encountered while processing '{word}'.");
                draft.told.alert(c, "bad-argument", text);
                return false;
            }
            Some(Ok(read)) => at += read,
            None => {}
        }
    }
    true
}

fn set(
    c: &mut Context<'_>,
    draft: &mut ServerDraft,
    row: &ServerKeyword,
    word: &Word,
    value: Option<&Word>,
) -> Checked<()> {
    let none = Word { text: Vec::new(), span: word.span, verbatim: None };
    let value = match value {
        Some(value) if row.args > 0 => value,
        _ if row.missing.is_empty() => &none,
        _ => {
            return Err(Fail::new("missing-argument", word.span, row.missing.replace("{}", &word.lossy())));
        }
    };
    (row.set)(c, draft, &Given { word, value })
}
