//! Arguments as the rows' tables say them: positional ones, then options.

use ir::config::Mode;
use ir::expr::{ActionValue, Expr};
use ir::id::ServiceId;
use ir::spec::{ActionArg, ActionOption, ActionSpec, OptionTaken, RuleSet};
use syntax::Word;

use super::{Given, answers};
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::line::starts_condition;
use crate::loader::PathKind;
use crate::logformat::{self, Use};
use crate::places::Place;

/// The words of an action, and how far they were read.
pub struct Values<'a> {
    pub set: RuleSet,
    pub spec: &'static ActionSpec,
    pub words: &'a [Word],
    pub at: usize,
    /// Log-formats are taken as text, but for `set-cookie-fmt`.
    pub plain: bool,
    /// It is a step of a check.
    pub in_check: bool,
}

impl<'a> Values<'a> {
    /// The words of a rule, which begin with the action's name.
    pub fn new(set: RuleSet, spec: &'static ActionSpec, words: &'a [Word]) -> Self {
        Self { set, spec, words, at: 1, plain: false, in_check: false }
    }

    pub fn name(&self) -> &'a Word {
        &self.words[0]
    }

    pub fn word(&self) -> Option<&'a Word> {
        self.words.get(self.at)
    }

    /// The word at hand for a message; empty behind the last one.
    pub fn lossy(&self) -> String {
        self.word().map_or_else(String::new, |word| word.lossy().into_owned())
    }

    /// The next word, when it is this one, is taken.
    pub fn takes(&mut self, keyword: &str) -> bool {
        let found = self.word().is_some_and(|word| word.is(keyword));
        self.at += usize::from(found);
        found
    }

    pub fn fail<T>(&self, code: &'static str, message: impl Into<String>) -> Checked<T> {
        let word = self.word().unwrap_or(self.name());
        Err(Fail::new(code, word.span, message))
    }

    /// The arguments and options of the row's table.
    pub fn usual(&mut self, c: &mut Context<'_>) -> Checked<Given> {
        let mut args = Vec::new();
        if self.spec.paren.is_some() {
            args.push(self.parentheses());
        }
        self.count()?;
        for kind in self.spec.args {
            args.push(self.value(c, *kind, None)?);
        }
        Ok((args, self.options(c)?))
    }

    /// What stands in the parentheses of the name.
    fn parentheses(&self) -> ActionValue {
        let inside = self.name().text.get(self.spec.name.len() + 1..).unwrap_or_default();
        ActionValue::Str(inside.strip_suffix(b")").unwrap_or(inside).to_vec())
    }

    /// Whether the positional arguments are there, and for some actions nothing else.
    fn count(&self) -> Checked<()> {
        let needed = self.spec.args.len();
        let given = self.words.len() - self.at;
        let is_exact = matches!(
            self.spec.name,
            "set-method"
                | "set-path"
                | "set-pathq"
                | "set-query"
                | "set-uri"
                | "replace-path"
                | "replace-pathq"
                | "replace-uri"
                | "send-spoe-group"
        );
        let behind = self.words.get(self.at + needed);
        if given < needed || (is_exact && behind.is_some_and(|word| !starts_condition(word))) {
            return Err(Fail::new("missing-argument", self.name().span, self.missing_arguments()));
        }
        Ok(())
    }

    pub fn options(&mut self, c: &mut Context<'_>) -> Checked<Vec<(usize, Vec<ActionValue>)>> {
        let mut options = Vec::new();
        while let Some((index, option)) = self.option(&options) {
            self.at += 1;
            let mut values = Vec::with_capacity(option.args.len());
            for kind in option.args {
                if self.word().is_none() {
                    let message = missing_option_value(self.spec, option.keyword);
                    return self.fail("missing-argument", message);
                }
                // The reply's own fields are not set by what is written here: it is not looked at.
                let ignored = matches!(&values[..], [ActionValue::Str(name)] if answers::is_own_field(name));
                let kind = if ignored { ActionArg::Str } else { *kind };
                values.push(self.value(c, kind, Some(option))?);
            }
            options.push((index, values));
        }
        Ok(options)
    }

    /// The option that stands next; `before` are those in front of it.
    fn option(&self, before: &[(usize, Vec<ActionValue>)]) -> Option<(usize, &'static ActionOption)> {
        let word = self.word()?;
        let next = self.words.get(self.at + 1);
        if self.spec.name == "set-status" && next.is_none_or(starts_condition) {
            return None;
        }
        let found = self.spec.options.iter().enumerate().find(|(_, option)| word.is(option.keyword));
        found.filter(|(index, option)| match option.taken {
            OptionTaken::Always => true,
            OptionTaken::Once => before.iter().all(|(given, _)| given != index),
            OptionTaken::First => before.is_empty(),
        })
    }

    /// Where the action's expressions are evaluated; `None` where HAProxy does not look.
    fn place(&self, c: &Context<'_>) -> Option<Place> {
        let (front, back) = (c.px.kind.is_frontend(), c.px.kind.is_backend());
        let usual = Place::of_rules(self.set, front, back);
        match self.spec.name {
            _ if self.in_check => Some(Place::BE_CHK_RUL),
            // An error may come wherever a stream is.
            _ if self.name().is("http-error") => Some(Place::ANY),
            "pause" | "set-timeout" | "set-bandwidth-limit" | "attach-srv" => None,
            "set-src"
            | "set-src-port"
            | "set-dst"
            | "set-dst-port"
            | "set-priority-class"
            | "set-priority-offset"
            | "do-resolve"
            | "set-retries"
            | "set-fc-mark"
            | "set-fc-tos"
            | "set-bc-mark"
            | "set-bc-tos"
            | "set-mark"
            | "set-tos" => Some(Place::of_rules(RuleSet::HttpRequest, front, back)),
            "capture" if self.set == RuleSet::HttpRequest => Some(Place::FE_HRQ_HDR),
            "capture" if self.set != RuleSet::TcpContent => Some(Place::FE_HRS_HDR),
            "sc-set-gpt" | "sc-set-gpt0" | "sc-add-gpc" => Some(Place::of_one_side(self.set)),
            _ => Some(usual),
        }
    }

    /// An expression that may go on over several words.
    pub fn expr(&mut self, c: &mut Context<'_>) -> Checked<Expr> {
        let rest = self.words.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            return self.fail("missing-fetch", "missing fetch method");
        }
        let (expr, taken) = crate::expr::words(c, rest)?;
        self.at += taken;
        if let Some(place) = self.place(c) {
            self.require(c, &expr, place)?;
        }
        Ok(expr)
    }

    fn require(&self, c: &Context<'_>, expr: &Expr, place: Place) -> Checked<()> {
        let shown = match self.spec.name {
            "set-var" | "set-fc-mark" | "set-fc-tos" | "set-bc-mark" | "set-bc-tos" | "set-mark"
            | "set-tos" => self.name().lossy(),
            "set-priority-class" | "set-priority-offset" => match self.set {
                RuleSet::TcpContent => "tcp-request".into(),
                _ => self.name().lossy(),
            },
            _ => self.words[self.at - 1].lossy(),
        };
        crate::expr::require_any(c, expr, place, &shown, self.words[self.at - 1].span)
    }

    pub fn value(
        &mut self,
        c: &mut Context<'_>,
        kind: ActionArg,
        option: Option<&ActionOption>,
    ) -> Checked<ActionValue> {
        let kind = match kind {
            ActionArg::Fmt
                if self.plain && option.is_none_or(|option| option.keyword != "set-cookie-fmt") =>
            {
                ActionArg::Str
            }
            kind => kind,
        };
        match kind {
            ActionArg::Expr => return self.expr(c).map(ActionValue::Expr),
            ActionArg::IntOrExpr(min, max) => return self.number_or_expr(c, min, max),
            _ => {}
        }
        let word = &self.words[self.at];
        let place = self.place(c).unwrap_or(Place::of_rules(self.set, true, true));
        self.at += 1;
        literal(c, kind, word, place, option, self.set, self.spec)
    }

    /// A whole number, with C's prefixes of other bases, or an expression.
    fn number_or_expr(&mut self, c: &mut Context<'_>, min: i64, max: i64) -> Checked<ActionValue> {
        let any_base = !matches!(self.spec.name, "sc-set-gpt" | "sc-set-gpt0" | "sc-add-gpc");
        let text = self.word().map_or(b"".as_slice(), |word| &word.text);
        match crate::numbers::strtol(text, any_base) {
            (number, []) => {
                if !(min..=max).contains(&number) {
                    let message = format!("expects an expression or an integer between 1 and {max}");
                    return self.fail("bad-number", message);
                }
                self.at += usize::from(self.word().is_some());
                Ok(ActionValue::Int(number))
            }
            _ => self.expr(c).map(ActionValue::Expr),
        }
    }

    /// `expect-proxy layer4` and its like.
    pub fn layer4(&mut self, c: &Context<'_>) -> Checked<Given> {
        if !self.takes("layer4") {
            let text = format!(
                "'{} {}' only supports 'layer4' in {} (got '{}')",
                keyword_of(self.set),
                self.spec.name,
                c.px.title(),
                self.lossy()
            );
            return self.fail("bad-argument", text);
        }
        Ok((vec![ActionValue::Str(b"layer4".to_vec())], Vec::new()))
    }

    /// What HAProxy says when positional arguments are missing.
    fn missing_arguments(&self) -> String {
        let is_http =
            matches!(self.set, RuleSet::HttpRequest | RuleSet::HttpResponse | RuleSet::HttpAfterResponse);
        let spec = self.spec;
        match spec.name {
            "use-service" if is_http => "'use-service' expects a service name.".into(),
            "use-service" => "'tcp-request' expects a service name.".into(),
            "set-method" | "set-path" | "set-pathq" | "set-query" | "set-uri" => {
                "expects exactly 1 argument <format>".into()
            }
            "replace-path" | "replace-pathq" | "replace-uri" => {
                "expects exactly 2 arguments <match-regex> and <replace-format>".into()
            }
            "set-status" => "expects 1 argument: <status>; or 3 arguments: <status> reason <fmt>".into(),
            "del-header" | "del-headers-bin" => "expects at least 1 argument".into(),
            "set-headers-bin" | "add-headers-bin" => {
                "expects exactly one argument or three arguments <headers> prefix <pfx>".into()
            }
            "send-spoe-group" => "expects 2 arguments: <engine-id> <group-id>".into(),
            "set-log-level" => "expects exactly 1 argument (log level name or 'silent')".into(),
            "set-nice" => "expects exactly 1 argument (integer value)".into(),
            "set-retries" => {
                "expects exactly 1 argument (an expression or an integer between 1 and 100)".into()
            }
            "set-fc-mark" | "set-fc-tos" | "set-bc-mark" | "set-bc-tos" | "set-mark" | "set-tos" => {
                "expects an argument".into()
            }
            "cache-use" | "cache-store" => "expects a cache name".into(),
            "normalize-uri" => "missing argument <normalizer>".into(),
            "switch-mode" => "'tcp-request switch-mode' expects a mode as argument.".into(),
            "set-src"
            | "set-src-port"
            | "set-dst"
            | "set-dst-port"
            | "set-priority-class"
            | "set-priority-offset" => "missing fetch method".into(),
            name if name.starts_with("lua.") => format!("expect {} arguments", spec.args.len()),
            _ => format!("expects exactly {} arguments", spec.args.len()),
        }
    }
}

/// The words in front of a rule of the set.
pub fn keyword_of(set: RuleSet) -> &'static str {
    match set {
        RuleSet::QuicInitial => "quic-initial",
        RuleSet::TcpConnection => "tcp-request connection",
        RuleSet::TcpSession => "tcp-request session",
        RuleSet::TcpContent => "tcp-request content",
        RuleSet::TcpResponse => "tcp-response content",
        RuleSet::HttpRequest => "http-request",
        RuleSet::HttpResponse => "http-response",
        RuleSet::HttpAfterResponse => "http-after-response",
    }
}

/// A value of one word.
fn literal(
    c: &mut Context<'_>,
    kind: ActionArg,
    word: &Word,
    place: Place,
    option: Option<&ActionOption>,
    set: RuleSet,
    spec: &ActionSpec,
) -> Checked<ActionValue> {
    let fail = |code, message: String| Err(Fail::new(code, word.span, message));
    Ok(match kind {
        ActionArg::Str | ActionArg::Expr | ActionArg::IntOrExpr(..) | ActionArg::TimeOrExpr => {
            ActionValue::Str(word.text.clone())
        }
        ActionArg::Fmt => {
            let used = format_use(spec, option);
            let checked = logformat::check(c, word, used, place);
            match option.filter(|option| option.keyword == "set-cookie-fmt") {
                // HAProxy reads it with what it adds to the cookie.
                Some(_) if checked.is_err() => {
                    let text = [word.text.as_slice(), b"; path=/;"].concat();
                    let whole = Word { text, span: word.span, verbatim: None };
                    ActionValue::Fmt(logformat::check(c, &whole, used, place)?)
                }
                _ => ActionValue::Fmt(checked?),
            }
        }
        ActionArg::Int(min, max) => {
            let bounds = || int_message(word, min, max, option);
            match option.map(|option| option.keyword) {
                // What stands behind the digits does not count.
                Some("deny_status" | "status" | "code") => {
                    let code = i64::from(crate::numbers::wrapped(&word.text));
                    let code = Some(code).filter(|code| (min..=max).contains(code));
                    ActionValue::Int(code.ok_or_else(|| Fail::new("bad-number", word.span, bounds()))?)
                }
                _ => ActionValue::Int(crate::numbers::bounded(word, min, max, bounds)?),
            }
        }
        ActionArg::Time => match crate::numbers::parse_time(c, word, base::time::Unit::Ms) {
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
        },
        ActionArg::Size => match base::size::parse_u32(&word.text) {
            Ok(size) => ActionValue::Int(size.into()),
            Err(error) => {
                let found = crate::numbers::character(&word.text, error.offset);
                return fail("bad-size", format!("unexpected character '{found}'"));
            }
        },
        ActionArg::Regex => {
            if let Err(message) = c.loader.check_regex(&word.text, false) {
                let is_header = matches!(spec.name, "replace-header" | "replace-value");
                let lead = if is_header { "" } else { "failed to parse the regex : " };
                return fail("bad-regex", format!("{lead}{message}"));
            }
            ActionValue::Regex { source: word.text.clone(), ignore_case: false }
        }
        ActionArg::Service => ActionValue::Service(service(c, word, set)?),
        ActionArg::File if option.is_some_and(|option| option.keyword == "errorfile") => {
            match crate::errorpage::page(c, word) {
                Ok(page) => ActionValue::File(page),
                Err(message) => return fail("bad-error", message),
            }
        }
        ActionArg::File | ActionArg::FmtFile => match c.read_file(&word.text) {
            Ok(text) if kind == ActionArg::FmtFile => {
                let format = Word { text, span: word.span, verbatim: None };
                ActionValue::Fmt(logformat::check(c, &format, Use::Value, place)?)
            }
            Ok(content) => ActionValue::File(content),
            Err(_) => {
                let what = match c.path_kind(&word.text) {
                    Ok(PathKind::Directory) => "reading",
                    _ => "opening",
                };
                return fail("no-file", format!("error {what} file '{}'", word.lossy()));
            }
        },
        ActionArg::Var => ActionValue::Var(crate::variables::check(c, &word.text, word.span)?),
    })
}

/// Formats are parts of HTTP messages, but for bodies, variables and the entries of maps and ACLs.
fn format_use(spec: &ActionSpec, option: Option<&ActionOption>) -> Use {
    let is_value = match option {
        Some(option) => option.keyword == "lf-string",
        None => matches!(spec.name, "set-var-fmt" | "set-map" | "del-map" | "add-acl" | "del-acl"),
    };
    if is_value { Use::Value } else { Use::Header }
}

fn int_message(word: &Word, min: i64, max: i64, option: Option<&ActionOption>) -> String {
    match option.map(|option| option.keyword) {
        Some("deny_status" | "status") => {
            format!("Unexpected status code '{}'", crate::numbers::wrapped(&word.text))
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

fn service(c: &mut Context<'_>, word: &Word, set: RuleSet) -> Checked<ServiceId> {
    let is_tcp = set == RuleSet::TcpContent;
    let Some(serves_tcp) = c.registry.serves_tcp(&word.text) else {
        return Err(Fail::new(
            "unknown-service",
            word.span,
            format!("'{}' unknown service name.", if is_tcp { "content".into() } else { word.lossy() }),
        ));
    };
    if is_tcp && word.is("prometheus-exporter") {
        let text = "Prometheus exporter service only available on 'http-request' rulesets";
        return Err(Fail::new("wrong-service", word.span, text));
    }
    if serves_tcp && c.px.proxy.mode == Mode::Http {
        let text = "Lua TCP services cannot be used on HTTP proxies";
        return Err(Fail::new("wrong-service", word.span, text));
    }
    if is_tcp && !serves_tcp {
        let text = "HTTP applets are forbidden from 'tcp-request' rulesets";
        return Err(Fail::new("wrong-service", word.span, text));
    }
    let known = c.config.services.iter().position(|name| *name == word.text);
    let index = known.unwrap_or_else(|| {
        c.config.services.push(word.text.clone());
        c.config.services.len() - 1
    });
    Ok(ServiceId(u32::try_from(index).unwrap_or(u32::MAX)))
}

fn missing_option_value(spec: &ActionSpec, keyword: &str) -> String {
    match (spec.name, keyword) {
        ("auth", "realm") => "missing realm value.\n".into(),
        ("del-header", "-m") => "-m flag expects exactly 1 argument".into(),
        ("set-headers-bin" | "add-headers-bin", _) => {
            "expects 1 argument: <headers>; or 3 arguments: <headers> prefix <pfx>".into()
        }
        ("del-headers-bin", _) => "-m flag expects exactly 1 argument".into(),
        ("do-log", _) => "action 'do-log': 'profile' expects argument.".into(),
        ("attach-srv", _) => "missing name value".into(),
        ("switch-mode", _) => "'tcp-request switch-mode': 'proto' expects a protocol as argument.".into(),
        ("redirect" | "wait-for-body", _) => format!("missing argument for '{keyword}'"),
        (_, "hdr") => "'hdr' expects <name> and <value> as arguments".into(),
        (_, "status" | "deny_status") => "'status' expects <status_code> as argument".into(),
        (_, "string") => "'string' expects <str> as argument".into(),
        (_, "lf-string" | "errorfile") => format!("'{keyword}' expects <fmt> as argument"),
        (_, "file" | "lf-file") => format!("'{keyword}' expects <file> as argument"),
        (_, "content-type") => "'content-type' expects <ctype> as argument".into(),
        (_, "errorfiles") => "'errorfiles' expects <name> as argument".into(),
        _ => format!("'{keyword}' expects an argument"),
    }
}
