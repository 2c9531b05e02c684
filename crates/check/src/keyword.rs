//! A row of the configuration language, and what is the same for all rows: finding them,
//! counting, typing and bounding their arguments, and the one warning of a row that is only
//! parsed.

use std::collections::HashMap;
use std::sync::LazyLock;

use base::time::{TimeError, Unit};
use diag::{Fix, Place};
use ir::Bytes;
use ir::spec::{KeywordSpec, Section, Sections, Support};
use syntax::{Modifier, Word};

use crate::context::Context;
use crate::draft::Kind;
use crate::hint;
use crate::line::{Line, join};
use crate::numbers;

/// One keyword with the function that stores what it says.
#[derive(Clone, Copy)]
pub struct Keyword {
    pub spec: KeywordSpec,
    pub set: Set,
    /// The message when there are too few words; what may stand in braces: [`numbers::fill`].
    pub missing: &'static str,
    /// The message when a number is out of its bounds, or a word none of those expected.
    pub range: &'static str,
    /// The message when something is no number, time or size at all.
    pub malformed: &'static str,
    /// What is told when the keyword stands in the configuration a second time.
    pub again: Again,
    /// Needs `expose-experimental-directives`.
    pub experimental: bool,
    /// HAProxy prints `(null)` as well when it refuses the value, or stops reading.
    pub null: bool,
    /// Messages stand close behind the place: `[file:line]: `.
    pub tight: bool,
    /// `defaults` sections without a name refuse it.
    pub named_defaults_only: bool,
    /// HAProxy reads these keywords and the words of all lines before anything else: what is wrong
    /// with them is told first.
    pub early: bool,
    /// Never suggested for a mistyped word.
    pub hidden: bool,
    /// What HAProxy adds when the section has not the right side.
    pub side_hint: &'static str,
    pub wrong_side: WrongSide,
}

/// What becomes of a line in a proxy section that has not the side of its keyword.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum WrongSide {
    /// HAProxy warns that it ignores the line, and checks it all the same.
    Warned,
    /// It warns, and leaves the line.
    Skipped,
    /// The row's function tells in words of its own, if there is anything to tell.
    Own,
}

/// What a second value of a keyword is: the first one stays.
#[derive(Clone, Copy)]
pub enum Again {
    /// The last one counts.
    Taken,
    /// An alert that does not refuse the configuration.
    Alert(&'static str),
    Warning(&'static str),
    Refused(&'static str),
}

/// The usual words.
pub const ALREADY: &str = "'{}' already specified. Continuing.";

/// How a row's arguments are read. All functions but the last get a value that was checked.
#[derive(Clone, Copy)]
pub enum Set {
    /// Accepted; nothing reads it yet.
    Nothing,
    Flag(fn(&mut Context<'_>)),
    /// `keyword`, `no keyword`.
    Switch(fn(&mut Context<'_>, bool)),
    /// One of `on` and `off`.
    OnOff(fn(&mut Context<'_>, bool)),
    /// One of these words; the function gets its index.
    Choice(&'static [&'static str], fn(&mut Context<'_>, usize)),
    /// One word.
    Word(fn(&mut Context<'_>, Bytes)),
    /// All words, joined by spaces.
    Text(fn(&mut Context<'_>, Bytes)),
    /// A number between the two bounds.
    Int(i64, i64, fn(&mut Context<'_>, i64)),
    /// The number that a word starts with; 0 without one.
    Lenient(fn(&mut Context<'_>, i64)),
    /// The same, read as C's `atoi` does: 0 without digits, and 32 bits of the rest.
    Atoi(i64, i64, fn(&mut Context<'_>, i64)),
    /// The same, read as C's `atol` does.
    Atol(i64, i64, fn(&mut Context<'_>, i64)),
    /// A time; the unit is that of a bare number and of the value.
    Time(Unit, fn(&mut Context<'_>, u64)),
    /// A size in bytes, between the two bounds.
    Size(u64, u64, fn(&mut Context<'_>, u64)),
    /// Anything else.
    Line(fn(&mut Context<'_>, &Line<'_>)),
}

const TIME: &str = "unexpected character '{c}' in argument to <{}>.";

/// Arities.
pub const NONE: (usize, usize) = (0, 0);
pub const ONE: (usize, usize) = (1, 1);
pub const OPTIONAL: (usize, usize) = (0, 1);
/// Any number of words: the row's function counts them itself.
pub const MANY: (usize, usize) = (0, usize::MAX);
/// At least one word.
pub const SOME: (usize, usize) = (1, usize::MAX);

impl Keyword {
    pub const fn new(
        name: &'static str,
        doc: &'static str,
        sections: Sections,
        usage: &'static str,
        arity: (usize, usize),
        set: Set,
    ) -> Self {
        let missing = match set {
            Set::Int(..) | Set::Lenient(_) | Set::Atoi(..) | Set::Atol(..) => {
                "'{}' expects an integer argument."
            }
            Set::Time(..) => "'{}' expects <time> as argument.",
            Set::Size(..) => "'{}' expects a size argument.",
            _ => "'{}' expects an argument.",
        };
        let (malformed, range) = match set {
            Set::Time(Unit::S, _) => (
                TIME,
                "timer overflow in argument '{v}' to '{}' (maximum value is 2147483647 s or ~68 years).",
            ),
            Set::Time(..) => (
                TIME,
                "timer overflow in argument '{v}' to '{}' (maximum value is 2147483647 ms or ~24.8 days)",
            ),
            Set::Size(..) => ("unexpected '{rest}' after size passed to '{}'", ""),
            Set::OnOff(_) => ("", "'{}' expects 'on' or 'off'."),
            _ => ("cannot parse '{}' value '{v}', an integer is expected.", ""),
        };
        let no = matches!(set, Set::Switch(_));
        // HAProxy reads most proxy keywords by hand, and few others.
        let listed = sections.0 & Sections::PROXY.0 == 0;
        let spec = KeywordSpec {
            name,
            doc,
            sections,
            meant_for: sections,
            usage,
            arity,
            no,
            http: false,
            listed,
            successor: None,
            support: Support::Full,
        };
        Self {
            spec,
            set,
            missing,
            range,
            malformed,
            again: Again::Taken,
            experimental: false,
            null: false,
            tight: false,
            named_defaults_only: false,
            early: false,
            hidden: false,
            side_hint: "",
            wrong_side: WrongSide::Warned,
        }
    }

    /// Accepted and checked, not executed yet.
    pub const fn parsed(mut self) -> Self {
        self.spec.support = Support::Parsed;
        self
    }

    /// `no` is understood.
    pub const fn with_no(mut self) -> Self {
        self.spec.no = true;
        self
    }

    /// HAProxy had it once: the row refuses it.
    pub const fn removed(mut self) -> Self {
        self.spec.support = Support::Removed;
        self
    }

    /// Another keyword takes its place, with the same arguments.
    pub const fn replaced_by(mut self, successor: &'static str) -> Self {
        self.spec.successor = Some(successor);
        self
    }

    /// Only has a meaning in `mode http`.
    pub const fn http(mut self) -> Self {
        self.spec.http = true;
        self
    }

    /// It only has a meaning in some of its sections: in the others its function says so.
    pub const fn meant_for(mut self, sections: Sections) -> Self {
        self.spec.meant_for = sections;
        self
    }

    /// `-dK` names it, although it stands in a proxy section.
    pub const fn listed(mut self) -> Self {
        self.spec.listed = true;
        self
    }

    /// `-dK` leaves it out: HAProxy reads it by hand.
    pub const fn unlisted(mut self) -> Self {
        self.spec.listed = false;
        self
    }

    pub const fn missing(self, missing: &'static str) -> Self {
        Self { missing, ..self }
    }

    pub const fn range(self, range: &'static str) -> Self {
        Self { range, ..self }
    }

    pub const fn malformed(self, malformed: &'static str) -> Self {
        Self { malformed, ..self }
    }

    pub const fn again(self, again: Again) -> Self {
        Self { again, ..self }
    }

    pub const fn experimental(self) -> Self {
        Self { experimental: true, ..self }
    }

    pub const fn null(self) -> Self {
        Self { null: true, ..self }
    }

    pub const fn tight(self) -> Self {
        Self { tight: true, ..self }
    }

    pub const fn named_defaults_only(self) -> Self {
        Self { named_defaults_only: true, ..self }
    }

    pub const fn early(self) -> Self {
        Self { early: true, ..self }
    }

    pub const fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    pub const fn side_hint(self, side_hint: &'static str) -> Self {
        Self { side_hint, ..self }
    }

    /// HAProxy takes the line in every proxy section.
    pub const fn own_side(self) -> Self {
        Self { wrong_side: WrongSide::Own, ..self }
    }

    /// HAProxy leaves the line where it has not the right side.
    pub const fn skipped(self) -> Self {
        Self { wrong_side: WrongSide::Skipped, ..self }
    }

    fn place(&self) -> Place {
        if self.tight { Place::ParsingTight } else { Place::Parsing }
    }

    /// Refuses the line in these words, see [`numbers::fill`].
    pub fn refuse(&self, c: &mut Context<'_>, line: &Line<'_>, template: &str, at: usize) {
        let (code, span) = match line.arg(0) {
            Some(word) => ("bad-value", word.span),
            None => ("missing-argument", line.span),
        };
        let text = numbers::fill(template, line, at);
        c.push(diag::Diagnostic::error(code, span, text).at(self.place()));
        if self.null {
            c.alert(code, span, "(null)");
        }
    }

    fn first_word(&self) -> &'static str {
        self.spec.name.split(' ').next().unwrap_or_default()
    }

    /// How many words the name has.
    fn depth(&self) -> usize {
        1 + self.spec.name.bytes().filter(|byte| *byte == b' ').count()
    }

    fn matches(&self, words: &[Word]) -> bool {
        let mut rest = self.spec.name.as_bytes();
        for word in words {
            match rest.strip_prefix(word.text.as_slice()) {
                Some([]) => return true,
                Some([b' ', more @ ..]) => rest = more,
                _ => return false,
            }
        }
        false
    }
}

/// All rows by the first word of their names: a line is looked up among the few that can be it.
/// The longest names come first, and of the same name the last row.
static BY_FIRST_WORD: LazyLock<HashMap<&'static [u8], Vec<&'static Keyword>>> = LazyLock::new(|| {
    let mut index = HashMap::<_, Vec<_>>::new();
    for row in crate::keywords::all() {
        index.entry(row.first_word().as_bytes()).or_default().push(row);
    }
    for rows in index.values_mut() {
        rows.reverse();
        rows.sort_by_key(|row| std::cmp::Reverse(row.depth()));
    }
    index
});

/// The row with the most words of its name at the start of `words`.
pub fn find(words: &[Word], in_section: impl Fn(Sections) -> bool) -> Option<&'static Keyword> {
    let rows = BY_FIRST_WORD.get(words.first()?.text.as_slice())?.iter().copied();
    rows.filter(|row| in_section(row.spec.sections)).find(|row| row.matches(words))
}

/// Runs the row on the line, after everything that is the same for all rows.
pub fn apply(c: &mut Context<'_>, row: &'static Keyword, words: &[Word], modifier: Modifier) {
    let (name, args) = words.split_at(row.depth());
    let span = words.iter().fold(words[0].span, |span, word| span.to(word.span));
    let line = Line { name, args, modifier, span };
    let before = c.diags.len();
    check(c, row, &line);
    if row.null && c.is_aborted() {
        c.abort("bad-value", line.span, "(null)");
    }
    for told in c.diags.get_mut(before..).unwrap_or_default() {
        told.keyword_manual = Some(row.spec.manual());
        if let (Some(successor), "removed" | "deprecated") = (row.spec.successor, told.code) {
            let span = name[0].span.to(name[name.len() - 1].span);
            told.fix = Some(Fix { span, replacement: successor.to_owned() });
        }
    }
    if row.early {
        let told = c.diags.split_off(before);
        c.early.extend(told);
    }
}

fn check(c: &mut Context<'_>, row: &'static Keyword, line: &Line<'_>) {
    if row.experimental && !c.experimental() {
        let text = format!(
            "'{}' directive is experimental, must be allowed via a global 'expose-experimental-directives'",
            row.spec.name
        );
        return c.alert("experimental", line.span, text);
    }
    if !is_allowed_here(c, row, line) || !is_counted(c, row, line) {
        return;
    }
    if c.section == Some(Section::Global) {
        match line.modifier {
            Modifier::None => c.seen.keywords.insert(row.spec.name),
            _ => c.seen.keywords.remove(row.spec.name),
        };
    }
    if row.spec.support == Support::Parsed {
        c.warn_parsed(row.spec.name, line.span);
    }
    set(c, row, line);
}

fn set(c: &mut Context<'_>, row: &'static Keyword, line: &Line<'_>) {
    let word = || line.arg(0).map(|word| word.text.clone()).unwrap_or_default();
    match row.set {
        Set::Nothing => given(c, row),
        Set::Flag(set) => set(c),
        Set::Switch(set) => {
            let on = line.modifier == Modifier::None;
            if row.spec.http {
                c.px.http_only.note(row.spec.name, on);
            }
            set(c, on);
        }
        Set::Word(set) => {
            given(c, row);
            set(c, word());
        }
        Set::Text(set) => set(c, crate::line::join_bytes(line.args)),
        Set::Line(set) => set(c, line),
        Set::OnOff(set) => match word().as_slice() {
            b"on" => set(c, true),
            b"off" => set(c, false),
            _ => row.refuse(c, line, row.range, 0),
        },
        Set::Choice(words, set) => match words.iter().position(|known| known.as_bytes() == word()) {
            Some(index) => set(c, index),
            None => row.refuse(c, line, row.range, 0),
        },
        Set::Int(min, max, set) => {
            // HAProxy keeps a value that it refuses, and 0 is as good as none.
            if numbers::lenient(&word()) != 0 {
                given(c, row);
            }
            if let Some(value) = numbers::int(c, line, row, min, max) {
                set(c, value);
            }
        }
        Set::Lenient(set) => set(c, numbers::lenient(&word())),
        Set::Atoi(min, max, set) => {
            number(c, row, line, i64::from(numbers::wrapped(&word())), (min, max), set)
        }
        Set::Atol(min, max, set) => number(c, row, line, numbers::lenient(&word()), (min, max), set),
        Set::Time(unit, set) => match numbers::time(c, line, unit) {
            Ok(value) => set(c, value),
            Err(TimeError::Over) => row.refuse(c, line, row.range, 0),
            Err(TimeError::Unexpected(at)) => row.refuse(c, line, row.malformed, at),
        },
        Set::Size(min, max, set) => match base::size::parse_u32(&word()).map(u64::from) {
            Ok(size) if size < min || size > max => row.refuse(c, line, row.range, 0),
            Ok(size) => {
                if size > 0 {
                    given(c, row);
                }
                set(c, size);
            }
            Err(error) => row.refuse(c, line, row.malformed, error.offset),
        },
    }
}

fn number(
    c: &mut Context<'_>,
    row: &'static Keyword,
    line: &Line<'_>,
    value: i64,
    (min, max): (i64, i64),
    set: fn(&mut Context<'_>, i64),
) {
    if value != 0 {
        given(c, row);
    }
    match (min..=max).contains(&value) {
        true => set(c, value),
        false => row.refuse(c, line, row.range, 0),
    }
}

/// Notes a value of a keyword that takes one.
fn given(c: &mut Context<'_>, row: &'static Keyword) {
    if !matches!(row.again, Again::Taken) {
        c.process.given.insert(row.spec.name);
    }
}

/// Whether the keyword has no value yet; tells when it has.
fn is_first(c: &mut Context<'_>, row: &'static Keyword, line: &Line<'_>) -> bool {
    let (text, effect) = match row.again {
        Again::Taken => return true,
        _ if !c.process.given.contains(row.spec.name) => return true,
        Again::Alert(text) | Again::Warning(text) => (text, diag::Effect::None),
        Again::Refused(text) => (text, diag::Effect::Fatal),
    };
    let text = numbers::fill(text, line, 0);
    let told = match row.again {
        Again::Warning(_) => diag::Diagnostic::warning("already-specified", line.span, text),
        _ => diag::Diagnostic::error("already-specified", line.span, text),
    };
    c.push(told.with_effect(effect).at(row.place()));
    false
}

/// Tells when the line may not stand here, and whether HAProxy reads it nevertheless.
fn is_allowed_here(c: &mut Context<'_>, row: &'static Keyword, line: &Line<'_>) -> bool {
    let Some(section) = c.section else { return true };
    if section == Section::Defaults && row.named_defaults_only && c.px.proxy.name.is_empty() {
        let text = format!("'{}' not allowed in anonymous 'defaults' section.", line.name[0].lossy());
        c.alert("not-in-defaults", line.span, text);
        return false;
    }
    if row.wrong_side == WrongSide::Own || row.spec.sections.contains(section) {
        return true;
    }
    if section == Section::Defaults {
        let text = if row.spec.name == "stick-table" { "is not supported" } else { "not allowed" };
        let text = format!("'{}' {text} in 'defaults' section.", line.name[0].lossy());
        let place = if row.tight { Place::ParsingTight } else { Place::Parsing };
        c.push(diag::Diagnostic::error("not-in-defaults", line.span, text).at(place));
        return false;
    }
    if row.wrong_side == WrongSide::Skipped && !is_counted(c, row, line) {
        return false;
    }
    warn_side(c, line, row.side_hint);
    if line.name[0].is("option") {
        crate::keywords::proxy::unknown_option(c, line);
    }
    row.wrong_side == WrongSide::Warned
}

/// Warns that the proxy has not the side that the line's keyword belongs to.
pub fn warn_side(c: &mut Context<'_>, line: &Line<'_>, hint: &str) {
    let side = if c.px.kind == Kind::Backend { "frontend" } else { "backend" };
    let is_option = line.name[0].is("option");
    let keyword = line.name.get(usize::from(is_option)).unwrap_or(&line.name[0]).lossy().into_owned();
    let text = format!("'{keyword}' ignored because {} has no {side} capability.{hint}", c.px.title());
    c.warn("wrong-side", line.span, text);
}

fn is_counted(c: &mut Context<'_>, row: &'static Keyword, line: &Line<'_>) -> bool {
    let (least, most) = row.spec.arity;
    if let Some(extra) = line.args.get(most) {
        let text = format!("'{}' cannot handle unexpected argument '{}'.", join(line.name), extra.lossy());
        c.alert("extra-argument", extra.span, text);
        return false;
    }
    if !is_first(c, row, line) {
        return false;
    }
    if line.args.len() < least {
        row.refuse(c, line, row.missing, 0);
        return false;
    }
    true
}

/// Whether a row belongs to any proxy section, when the line stands in one.
pub fn is_for(section: Section, sections: Sections) -> bool {
    let is_proxy = Kind::of(section).is_some();
    sections.contains(section) || (is_proxy && sections.0 & Sections::PROXY.0 != 0)
}

/// The keyword of a section that is most like a word. Of those that are equally far from it, HAProxy
/// suggests the first one it knows.
pub fn nearest(section: Section, word: &[u8]) -> Option<&'static str> {
    let rows = || crate::keywords::all().filter(|row| !row.hidden && is_for(section, row.spec.sections));
    let listed = rows().filter(|row| row.spec.listed).map(Keyword::first_word);
    match section {
        Section::Global => {
            let first = hint::GLOBAL_LISTED.iter().copied();
            hint::best(word, first.chain(listed).chain(hint::GLOBAL_BY_HAND.iter().copied()))
        }
        section if Kind::of(section).is_some() => {
            let first = hint::PROXY_LISTED.iter().copied();
            hint::best(word, first.chain(listed).chain(hint::PROXY_BY_HAND.iter().copied()))
        }
        _ => hint::best(word, rows().map(Keyword::first_word)),
    }
}
