//! Rules: an action of the registry, its arguments and its condition.

use diag::Span;
use ir::expr::{ActionValue, Cond, Rule};
use ir::id::{ActionId, ServiceId};
use ir::spec::{ActionArg, ActionOption, ActionSpec, RuleSet};
use syntax::Word;

use crate::action_checks;
use crate::context::Context;
use crate::draft::Usage;
use crate::fail::{Checked, Fail};
use crate::line::{place, starts_condition};
use crate::logformat::{self, Use};
use crate::places::Place;

/// What a rule line says before its condition.
pub struct Action {
    pub id: ActionId,
    pub spec: &'static ActionSpec,
    pub args: Vec<ActionValue>,
    pub options: Vec<(usize, Vec<ActionValue>)>,
    /// How many words it took, its name included.
    pub taken: usize,
}

impl Action {
    pub fn into_rule(self, cond: Option<Cond>, span: Span) -> Rule {
        Rule { action: self.id, args: self.args, options: self.options, cond, place: place(span) }
    }
}

/// The action that the first word names.
pub fn find(c: &Context<'_>, set: RuleSet, word: &Word) -> Option<(ActionId, &'static ActionSpec)> {
    let (call, _) = syntax::sample::parse_call(word);
    c.registry.action(&call.name, set).or_else(|| c.registry.action(&word.text, set))
}

/// Reads an action with its arguments; `words` begins with its name.
pub fn check(
    c: &mut Context<'_>,
    set: RuleSet,
    id: ActionId,
    spec: &'static ActionSpec,
    words: &[Word],
) -> Checked<Action> {
    c.within(Usage::Rule(set), |c| read(c, set, id, spec, words, false))
}

/// The same for a `redirect` line: its places are plain text, not log-formats.
pub fn check_plain(
    c: &mut Context<'_>,
    set: RuleSet,
    id: ActionId,
    spec: &'static ActionSpec,
    words: &[Word],
) -> Checked<Action> {
    c.within(Usage::Rule(set), |c| read(c, set, id, spec, words, true))
}

fn read(
    c: &mut Context<'_>,
    set: RuleSet,
    id: ActionId,
    spec: &'static ActionSpec,
    words: &[Word],
    plain: bool,
) -> Checked<Action> {
    let Some(name) = words.first() else {
        return Err(Fail::new("missing-action", Span::default(), "missing action"));
    };
    if spec.support == ir::spec::Support::Parsed {
        c.warn_parsed(spec.name, name.span);
    }
    let mut reader = Values { set, spec, words, at: 1, plain };
    let mut args = Vec::new();
    if let Some(kind) = spec.paren {
        args.push(in_parentheses(c, &reader, kind, name)?);
    }
    for kind in spec.args {
        if reader.ends() {
            return Err(Fail::new("missing-argument", name.span, missing_arguments(spec)));
        }
        args.push(reader.value(c, *kind, None)?);
    }
    if spec.paren == Some(ActionArg::Var) {
        args.extend(variable_conditions(spec, name)?);
    }
    let mut options = Vec::new();
    while let Some((index, option)) = reader.option() {
        reader.at += 1;
        let mut values = Vec::with_capacity(option.args.len());
        for kind in option.args {
            if reader.ends_line() {
                let message = missing_option_value(spec, option.keyword);
                return Err(Fail::new("missing-argument", name.span, message));
            }
            values.push(reader.value(c, *kind, Some(option))?);
        }
        options.push((index, values));
    }
    let mut action = Action { id, spec, args, options, taken: reader.at };
    action_checks::finish(c, &mut action, words, set)?;
    Ok(action)
}

/// The words of an action, and how far they were read.
struct Values<'a> {
    set: RuleSet,
    spec: &'static ActionSpec,
    words: &'a [Word],
    at: usize,
    /// Log-formats are taken as text, but for `set-cookie-fmt`.
    plain: bool,
}

impl Values<'_> {
    fn ends_line(&self) -> bool {
        self.at >= self.words.len()
    }

    fn ends(&self) -> bool {
        self.words.get(self.at).is_none_or(starts_condition)
    }

    fn option(&self) -> Option<(usize, &'static ActionOption)> {
        let word = self.words.get(self.at)?;
        self.spec.options.iter().enumerate().find(|(_, option)| word.is(option.keyword))
    }

    fn place(&self, c: &Context<'_>) -> Place {
        Place::of_rules(self.set, c.px.kind.is_frontend(), c.px.kind.is_backend())
    }

    fn value(
        &mut self,
        c: &mut Context<'_>,
        kind: ActionArg,
        option: Option<&ActionOption>,
    ) -> Checked<ActionValue> {
        let word = &self.words[self.at];
        let place = self.place(c);
        let kind = match kind {
            ActionArg::Fmt
                if self.plain && option.is_none_or(|option| option.keyword != "set-cookie-fmt") =>
            {
                ActionArg::Str
            }
            kind => kind,
        };
        let is_expr = match kind {
            ActionArg::Expr => true,
            // No fetch begins with a digit.
            ActionArg::IntOrExpr(..) | ActionArg::TimeOrExpr => {
                !word.text.first().is_some_and(u8::is_ascii_digit)
            }
            _ => false,
        };
        if is_expr {
            let (expr, taken) = crate::expr::words(c, &self.words[self.at..])?;
            require(c, &expr, place, word.span)?;
            self.at += taken;
            return Ok(ActionValue::Expr(expr));
        }
        self.at += 1;
        literal(c, kind, word, place, option)
    }
}

/// A value of one word.
fn literal(
    c: &mut Context<'_>,
    kind: ActionArg,
    word: &Word,
    place: Place,
    option: Option<&ActionOption>,
) -> Checked<ActionValue> {
    let fail = |code, message: String| Err(Fail::new(code, word.span, message));
    Ok(match kind {
        ActionArg::Str | ActionArg::Expr => ActionValue::Str(word.text.clone()),
        ActionArg::Fmt => ActionValue::Fmt(logformat::check(c, word, Use::Value, place)?),
        ActionArg::Int(min, max) | ActionArg::IntOrExpr(min, max) => {
            let bounds = || int_message(word, min, max, option);
            ActionValue::Int(crate::numbers::bounded(word, min, max, bounds)?)
        }
        ActionArg::Time | ActionArg::TimeOrExpr => {
            match crate::numbers::parse_time(c, word, base::time::Unit::Ms) {
                Ok(value) => ActionValue::Time(i64::try_from(value).unwrap_or(i64::MAX)),
                Err(base::time::TimeError::Over) => {
                    return fail(
                        "bad-time",
                        "time overflow (maximum value is 2147483647 ms or ~24.8 days)".into(),
                    );
                }
                Err(base::time::TimeError::Unexpected(at)) => {
                    let found = crate::numbers::character(&word.text, at);
                    return fail("bad-time", format!("unexpected character '{found}'"));
                }
            }
        }
        ActionArg::Size => match base::size::parse_u32(&word.text) {
            Ok(size) => ActionValue::Int(size.into()),
            Err(error) => {
                let found = crate::numbers::character(&word.text, error.offset);
                return fail("bad-size", format!("unexpected character '{found}'"));
            }
        },
        ActionArg::Regex => {
            if let Err(message) = c.loader.check_regex(&word.text, false) {
                return fail("bad-regex", message);
            }
            ActionValue::Regex { source: word.text.clone(), ignore_case: false }
        }
        ActionArg::Service => ActionValue::Service(service(c, word)?),
        ActionArg::File | ActionArg::FmtFile => match c.read_file(&word.text) {
            Ok(text) if kind == ActionArg::FmtFile => {
                let format = Word { text, span: word.span, verbatim: None };
                ActionValue::Fmt(logformat::check(c, &format, Use::Value, place)?)
            }
            Ok(content) => ActionValue::File(content),
            Err(_) => return fail("no-file", format!("error opening file '{}'", word.lossy())),
        },
        ActionArg::Var => ActionValue::Var(crate::variables::check(c, &word.text, word.span)?),
    })
}

fn int_message(word: &Word, min: i64, max: i64, option: Option<&ActionOption>) -> String {
    match option.map(|option| option.keyword) {
        Some("deny_status" | "status") => {
            format!("Unexpected status code '{}'", crate::numbers::lenient(&word.text))
        }
        Some("code") => format!(
            "'code': unsupported HTTP code '{}' (must be one of 301, 302, 303, 307 or 308)",
            word.lossy()
        ),
        Some(keyword) => {
            format!("'{keyword}' expects an integer between {min} and {max}, got '{}'", word.lossy())
        }
        None if (min, max) == (100, 999) => {
            format!("expects an integer status code between {min} and {max}")
        }
        None => format!("expects an integer between {min} and {max}, got '{}'", word.lossy()),
    }
}

/// The conditions behind the name of a variable: `set-var(txn.x,ifnotexists)`.
fn variable_conditions(spec: &ActionSpec, name: &Word) -> Checked<Vec<ActionValue>> {
    const KNOWN: [&[u8]; 8] =
        [b"ifexists", b"ifnotexists", b"ifempty", b"ifnotempty", b"ifset", b"ifnotset", b"ifgt", b"iflt"];
    let (call, _) = syntax::sample::parse_call(name);
    let conditions = call.args.get(1..).unwrap_or_default();
    if spec.name == "unset-var" && !conditions.is_empty() {
        let message = "unset-var does not expect parameters after the variable name. Only \"set-var\" and \
                       \"set-var-fmt\" manage conditions";
        return Err(Fail::new("bad-condition", name.span, message));
    }
    if let Some(bad) = conditions.iter().find(|arg| !KNOWN.contains(&arg.text.as_slice())) {
        let message = format!("unknown condition \"{}\"", String::from_utf8_lossy(&bad.text));
        return Err(Fail::new("bad-condition", bad.span, message));
    }
    Ok(conditions.iter().map(|arg| ActionValue::Str(arg.text.clone())).collect())
}

fn in_parentheses(
    c: &mut Context<'_>,
    reader: &Values<'_>,
    kind: ActionArg,
    name: &Word,
) -> Checked<ActionValue> {
    let (call, _) = syntax::sample::parse_call(name);
    let Some(arg) = call.args.first().filter(|arg| !arg.text.is_empty()) else {
        let message = match reader.spec.name {
            "set-var" | "set-var-fmt" | "unset-var" => format!(
                "invalid or incomplete action '{}'. Expects 'set-var(<var-name>)', \
                 'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'",
                name.lossy()
            ),
            other => format!("'{other}' expects an argument in parentheses"),
        };
        return Err(Fail::new("missing-argument", name.span, message));
    };
    let word = Word { text: arg.text.clone(), span: arg.span, verbatim: None };
    let place = reader.place(c);
    literal(c, kind, &word, place, None)
}

fn require(c: &Context<'_>, expr: &ir::expr::Expr, place: Place, span: Span) -> Checked<()> {
    let Some(spec) = c.registry.fetches().get(expr.fetch.index()) else { return Ok(()) };
    if place.allows(spec.contexts) {
        return Ok(());
    }
    let message = format!(
        "fetch method '{}' extracts information from '{}', none of which is available here",
        String::from_utf8_lossy(&expr.text),
        spec.uses.names()
    );
    Err(Fail::new("unavailable-fetch", span, message))
}

fn service(c: &mut Context<'_>, word: &Word) -> Checked<ServiceId> {
    if !c.registry.has_service(&word.text) {
        return Err(Fail::new(
            "unknown-service",
            word.span,
            format!("'{}' unknown service name.", word.lossy()),
        ));
    }
    let known = c.config.services.iter().position(|name| *name == word.text);
    let index = known.unwrap_or_else(|| {
        c.config.services.push(word.text.clone());
        c.config.services.len() - 1
    });
    Ok(ServiceId(u32::try_from(index).unwrap_or(u32::MAX)))
}

/// What HAProxy says when positional arguments are missing.
fn missing_arguments(spec: &ActionSpec) -> String {
    match spec.name {
        "use-service" => "'use-service' expects a service name.".into(),
        "set-var" => "missing fetch method".into(),
        "set-method" | "set-path" | "set-pathq" | "set-query" | "set-uri" => {
            "expects exactly 1 argument <format>".into()
        }
        "replace-path" | "replace-pathq" | "replace-uri" => {
            "expects exactly 2 arguments <match-regex> and <replace-format>".into()
        }
        "set-status" => "expects 1 argument: <status>; or 3 arguments: <status> reason <fmt>".into(),
        "del-header" => "expects at least 1 argument".into(),
        "wait-for-body" => "expects time <time> [ at-least <bytes> ]".into(),
        _ => format!("expects exactly {} arguments", spec.args.len()),
    }
}

fn missing_option_value(spec: &ActionSpec, keyword: &str) -> String {
    match (spec.name, keyword) {
        ("auth", "realm") => "missing realm value.\n".into(),
        ("del-header", "-m") => "-m flag expects exactly 1 argument".into(),
        ("redirect" | "wait-for-body", _) => format!("missing argument for '{keyword}'"),
        (_, "hdr") => "'hdr' expects <name> and <value> as arguments".into(),
        (_, "status" | "deny_status") => format!("'{keyword}' expects <status_code> as argument"),
        (_, "string" | "lf-string") => format!("'{keyword}' expects <str> as argument"),
        (_, "file" | "lf-file" | "errorfile") => format!("'{keyword}' expects <file> as argument"),
        (_, "content-type") => "'content-type' expects <ctype> as argument".into(),
        (_, "errorfiles") => "'errorfiles' expects <name> as argument".into(),
        _ => format!("'{keyword}' expects an argument"),
    }
}

/// The condition at the end of a line; the error names what stands there instead.
pub enum Tail {
    None,
    Cond(Cond),
    /// Neither `if` nor `unless`.
    Unexpected(Word),
}

/// Reads what follows an action.
pub fn tail(c: &mut Context<'_>, words: &[Word]) -> Checked<Tail> {
    match words.first() {
        None => Ok(Tail::None),
        Some(word) if starts_condition(word) => crate::cond::check(c, words).map(Tail::Cond),
        Some(word) => Ok(Tail::Unexpected(word.clone())),
    }
}

/// The actions of a set as messages list them: `'allow', 'set-var(*)'`.
pub fn listed(c: &Context<'_>, set: RuleSet) -> String {
    let names = c.registry.actions_in(set).map(|spec| match spec.paren {
        Some(_) => format!("'{}(*)'", spec.name),
        None => format!("'{}'", spec.name),
    });
    names.collect::<Vec<_>>().join(", ")
}
