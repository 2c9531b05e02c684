//! ACLs: an expression, how it is compared, and with what.

use diag::{Diagnostic, Span};
use ir::Bytes;
use ir::config::PatternList;
use ir::expr::{Acl, AclTest, Expr, MatchMethod, PatternFile};
use ir::id::AclId;
use ir::spec::AclAlias;
use ir::types::SampleType;
use syntax::{AclExpr, AclFlag, Word};

use crate::args::{self, Owner};
use crate::context::Context;
use crate::draft::Usage;
use crate::fail::{Checked, Fail};
use crate::patterns::Reading;

/// The matching methods by name, with the type each compares.
const METHODS: [(&str, MatchMethod, SampleType); 13] = [
    ("found", MatchMethod::Found, SampleType::Any),
    ("bool", MatchMethod::Bool, SampleType::Sint),
    ("int", MatchMethod::Int, SampleType::Sint),
    ("ip", MatchMethod::Ip, SampleType::Addr),
    ("bin", MatchMethod::Bin, SampleType::Bin),
    ("len", MatchMethod::Len, SampleType::Str),
    ("str", MatchMethod::Str, SampleType::Str),
    ("beg", MatchMethod::Beg, SampleType::Str),
    ("sub", MatchMethod::Sub, SampleType::Str),
    ("dir", MatchMethod::Dir, SampleType::Str),
    ("dom", MatchMethod::Dom, SampleType::Str),
    ("end", MatchMethod::End, SampleType::Str),
    ("reg", MatchMethod::Reg, SampleType::Str),
];

/// Adds a test to the named ACL of the section; several lines of one name are ORed.
pub fn add(c: &mut Context<'_>, name: &[u8], words: &[Word], span: Span) -> Checked<AclId> {
    let test = c.within(Usage::Acl, |c| check(c, words, span))?;
    warn_parenthesis(c, name, words);
    if let Some(id) = c.px.acl_names.get(name).copied()
        && let Some(acl) = c.px.proxy.acls.get_mut(id.index())
    {
        acl.tests.push(test);
        return Ok(id);
    }
    let id = push(c, Acl { name: name.to_vec(), tests: vec![test] });
    c.px.acl_names.insert(name.to_vec(), id);
    Ok(id)
}

/// Adds an ACL without a name.
pub fn add_anonymous(c: &mut Context<'_>, words: &[Word], span: Span) -> Checked<AclId> {
    let test = c.within(Usage::Acl, |c| check(c, words, span))?;
    warn_parenthesis(c, b"", words);
    Ok(push(c, Acl { name: Bytes::new(), tests: vec![test] }))
}

fn push(c: &mut Context<'_>, acl: Acl) -> AclId {
    let id = AclId(u32::try_from(c.px.proxy.acls.len()).unwrap_or(u32::MAX));
    c.px.proxy.acls.push(acl);
    id
}

fn check(c: &mut Context<'_>, words: &[Word], span: Span) -> Checked<AclTest> {
    let Ok(acl) = syntax::acl::parse(words) else {
        return Err(Fail::new("missing-fetch", span, "missing fetch method in ACL expression ''"));
    };
    let criterion = &acl.criterion;
    let subject = subject(c, words)?;
    let method = subject.method().or_else(|| default_method(subject.expr.out));
    if method.is_some() && subject.expr.out != SampleType::Bool && words.len() == 1 {
        warn_without_patterns(c, criterion);
    }
    let mut test = Test {
        method,
        forced: false,
        is_map: false,
        ignore_case: false,
        no_dns: false,
        id: None,
        files: Vec::new(),
        subject,
        span: criterion.span,
    };
    for flag in &acl.flags {
        test.flag(c, flag)?;
    }
    if let Some(error) = acl.error.clone() {
        return Err(error.into());
    }
    let method = test.method.ok_or_else(|| test.must_specify())?;
    if test.subject.alias.is_some_and(|alias| is_overwritten(alias, method, test.forced)) {
        let message = format!(
            "original matching method '{}' was overwritten and will not be applied as expected.",
            test.subject.alias.map_or("", |alias| alias.name)
        );
        c.warn("overwritten-method", criterion.span, message);
    }
    let reading = test.reading(method);
    let patterns = patterns(c, &acl, reading)?;
    let display = format!("acl '{}' file '{}' line {}", test.subject.keyword(), c.file(span), span.line);
    let list = PatternList {
        patterns,
        id: test.id,
        is_acl: true,
        display: display.into_bytes(),
        ..PatternList::default()
    };
    Ok(AclTest {
        expr: test.subject.expr,
        method,
        ignore_case: test.ignore_case,
        no_dns: test.no_dns,
        dotted: reading.dotted,
        list: crate::patterns::add(c, list),
        files: test.files,
    })
}

/// What is compared.
struct Subject {
    expr: Expr,
    fetch: &'static str,
    alias: Option<&'static AclAlias>,
}

impl Subject {
    /// The name that messages give it.
    fn keyword(&self) -> &str {
        match self.alias {
            Some(alias) if self.expr.converters.is_empty() => alias.name,
            _ => self.fetch,
        }
    }

    /// The method of the alias; with a converter, the type of its result decides.
    fn method(&self) -> Option<MatchMethod> {
        self.alias.filter(|_| self.expr.converters.is_empty()).map(|alias| alias.method)
    }
}

/// Whether a method other than the one in the alias's name is used.
fn is_overwritten(alias: &AclAlias, method: MatchMethod, forced: bool) -> bool {
    match (alias.name, alias.method) {
        // They compare in their own way.
        ("method" | "http_auth_group", _) => forced,
        (_, MatchMethod::Str | MatchMethod::Int | MatchMethod::Bin) => false,
        (_, original) => original != method,
    }
}

fn subject(c: &mut Context<'_>, words: &[Word]) -> Checked<Subject> {
    let criterion = &words[0];
    let in_acl = |fail: Fail| fail.wrap(|text| format!("{text} in ACL expression '{}'", criterion.lossy()));
    let parsed = syntax::sample::parse_word(criterion).map_err(|error| in_acl(error.into()))?;
    let Some(alias) = c.registry.alias(&parsed.fetch.name) else {
        // Words that are converters belong to the expression, and are patterns too.
        let (expr, _) = crate::expr::words(c, words).map_err(in_acl)?;
        let fetch = c.registry.fetches().get(expr.fetch.index()).map_or("", |spec| spec.name);
        return Ok(Subject { expr, fetch, alias: None });
    };
    let name = alias.name;
    let fail = |message: String| Fail::new("bad-argument", criterion.span, message);
    let fetch = alias.expr.split([' ', '(', ',']).next().unwrap_or(alias.expr);
    let Some((id, spec)) = c.registry.fetch(fetch.as_bytes()) else {
        return Err(fail(format!("unknown fetch method '{name}' in ACL expression '{}'", criterion.lossy())));
    };
    if spec.support == ir::spec::Support::Parsed {
        c.warn_parsed(name, criterion.span);
    }
    let args = args::of_fetch(c, &parsed.fetch, spec, name).map_err(|error| {
        fail(error.told(&format!("ACL keyword '{name}'"), &format!("in argument to '{name}', ")))
    })?;
    let start =
        Expr { fetch: id, args, converters: Vec::new(), out: spec.out, text: crate::expr::text(&parsed) };
    let owner = Owner { fetch: spec.name, converter: None };
    let expr = crate::expr::chain(c, &parsed, owner, start)
        .map_err(|fail| fail.wrap(|text| format!("ACL keyword '{name}' : {text}")))?;
    Ok(Subject { expr, fetch: spec.name, alias: Some(alias) })
}

/// How a sample is compared when nothing says so.
fn default_method(out: SampleType) -> Option<MatchMethod> {
    match out {
        SampleType::Bool => Some(MatchMethod::Bool),
        SampleType::Sint => Some(MatchMethod::Int),
        SampleType::Addr | SampleType::Ipv4 | SampleType::Ipv6 => Some(MatchMethod::Ip),
        SampleType::Str => Some(MatchMethod::Str),
        SampleType::Meth | SampleType::Any | SampleType::Same | SampleType::Bin => None,
    }
}

/// What the flags decide.
struct Test {
    subject: Subject,
    span: Span,
    method: Option<MatchMethod>,
    forced: bool,
    is_map: bool,
    ignore_case: bool,
    no_dns: bool,
    /// `-u`
    id: Option<i64>,
    files: Vec<PatternFile>,
}

impl Test {
    fn reading(&self, method: MatchMethod) -> Reading {
        let is_version = self.subject.alias.is_some_and(|alias| alias.name.ends_with("ssl_ver"));
        let dotted = is_version && !self.forced && self.subject.expr.converters.is_empty();
        Reading { method, dotted, ignore_case: self.ignore_case, no_dns: self.no_dns }
    }

    fn flag(&mut self, c: &mut Context<'_>, flag: &AclFlag) -> Checked<()> {
        let fail = |message: String| Err(Fail::new("acl-flag", self.span, message));
        match flag {
            AclFlag::IgnoreCase => self.ignore_case = true,
            AclFlag::NoDns => self.no_dns = true,
            AclFlag::Map => self.is_map = true,
            AclFlag::Id(word) => {
                let id = word.as_ref().map_or(b"".as_slice(), |word| &word.text);
                let Some(id) = base::bytes::parse_i64_capped(id) else {
                    return fail("the argument of -u must be an integer".into());
                };
                if !c.pattern_ids.insert(id) {
                    return fail("the id is already used".into());
                }
                self.id = Some(id);
            }
            AclFlag::File(word) => {
                let method = self.method.ok_or_else(|| self.must_specify())?;
                let name = word.as_ref().map_or_else(Bytes::new, |word| word.text.clone());
                let found = crate::patterns::file(c, &name, self.reading(method), self.is_map, self.span);
                let list = found.map_err(|message| Fail::new("bad-pattern", self.span, message))?;
                let (ignore_case, no_dns) = (self.ignore_case, self.no_dns);
                self.files.push(PatternFile { list, ignore_case, no_dns });
            }
            AclFlag::Method(word) => self.force(word.as_ref())?,
        }
        Ok(())
    }

    fn force(&mut self, word: Option<&Word>) -> Checked<()> {
        let fail = |message: String| Err(Fail::new("bad-method", self.span, message));
        if !self.files.is_empty() {
            return fail(
                "'-m' must only be specified before patterns and files in parsing ACL expression".into(),
            );
        }
        if self.forced {
            return fail(
                "only one explicit matching method can be defined with '-m' parameter. \
                 if migrating from an old version, just keep the last one"
                    .into(),
            );
        }
        let name = word.map_or_else(String::new, |word| word.lossy().into_owned());
        let Some((_, method, compares)) = METHODS.iter().find(|(known, ..)| *known == name) else {
            return fail(format!("unknown matching method '{name}' when parsing ACL expression"));
        };
        if *method != MatchMethod::Found && !self.subject.expr.out.casts_to(*compares) {
            return fail(format!(
                "matching method '{name}' cannot be used with fetch keyword '{}'",
                self.subject.keyword()
            ));
        }
        self.method = Some(*method);
        self.forced = true;
        Ok(())
    }

    fn must_specify(&self) -> Fail {
        let message = format!(
            "matching method must be specified first (using '-m') when using a sample fetch of this type ('{}')",
            self.subject.keyword()
        );
        Fail::new("missing-method", self.span, message)
    }
}

fn patterns(c: &mut Context<'_>, acl: &AclExpr, reading: Reading) -> Checked<Vec<Bytes>> {
    let mut done = Vec::with_capacity(acl.patterns.len());
    let mut operator = Operator::Equal;
    for word in &acl.patterns {
        let fail = |message: String| Fail::new("bad-pattern", word.span, message);
        let mut pattern = word.text.clone();
        if matches!(reading.method, MatchMethod::Int | MatchMethod::Len) {
            if let Some(found) = Operator::of(&word.text) {
                operator = found;
                continue;
            }
            pattern = operator.apply(&word.text, reading.dotted).map_err(fail)?;
        }
        crate::patterns::check(c, reading, &pattern).map_err(fail)?;
        doubt(c, word, &pattern);
        done.push(pattern);
    }
    Ok(done)
}

/// Remarks on a pattern that looks like something else.
fn doubt(c: &mut Context<'_>, word: &Word, pattern: &[u8]) {
    let name = pattern.split(|byte| !syntax::sample::is_name_byte(*byte)).next().unwrap_or_default();
    let looks = match pattern {
        b"&&" | b"and" | b"||" | b"or" => {
            "looks like a failed attempt at using an operator inside a pattern list"
        }
        b"#" | b"//" => "looks like a failed attempt at commenting an end of line",
        _ if c.registry.alias(name).is_some() => "suspiciously looks like a known acl keyword",
        _ if c.registry.fetch(name).is_some() => "suspiciously looks like a known sample fetch keyword",
        _ => return,
    };
    let text = format!("pattern '{}' {looks}", String::from_utf8_lossy(pattern));
    c.push(Diagnostic::remark("bad-pattern", word.span, text));
}

/// An operator holds for all numbers behind it.
#[derive(Clone, Copy)]
enum Operator {
    Equal,
    AtMost,
    Below,
    AtLeast,
    Above,
    /// `ne`, which changes nothing.
    Other,
}

impl Operator {
    fn of(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"eq" => Self::Equal,
            b"le" => Self::AtMost,
            b"lt" => Self::Below,
            b"ge" => Self::AtLeast,
            b"gt" => Self::Above,
            b"ne" => Self::Other,
            _ => return None,
        })
    }

    /// The range that a number behind the operator stands for: `ge 10` is `10:`.
    fn apply(self, text: &[u8], dotted: bool) -> Result<Bytes, String> {
        if matches!(self, Self::Equal) || text.iter().any(|byte| matches!(byte, b':' | b'-')) {
            return Ok(text.to_vec());
        }
        let refuse = |what: &str| format!("'{}' {what}", String::from_utf8_lossy(text));
        let read = |text: &[u8]| {
            let number = base::pattern::number(text);
            number.ok_or_else(|| refuse("is neither a number nor a supported operator"))
        };
        let mut parts = text.splitn(2, |byte| *byte == b'.');
        let major = parts.next().unwrap_or_default();
        let value = match (dotted, parts.next()) {
            (false, _) => read(major)?,
            (true, minor) => {
                let minor = minor.map_or(Ok(0), read)?;
                if minor >= 65536 {
                    return Err(refuse("contains too large a minor value"));
                }
                let major = read(major)?;
                if major >= 65536 {
                    return Err(refuse("contains too large a major value"));
                }
                (major << 16) | (minor & 0xffff)
            }
        };
        let shown = |value: i64| match dotted {
            true => format!("{}.{}", value >> 16, value & 0xffff),
            false => value.to_string(),
        };
        Ok(match self {
            Self::Equal | Self::Other => text.to_vec(),
            Self::AtMost => format!(":{}", shown(value)).into(),
            Self::Below => format!(":{}", shown(value.wrapping_sub(1))).into(),
            Self::AtLeast => format!("{}:", shown(value)).into(),
            Self::Above => format!("{}:", shown(value.wrapping_add(1))).into(),
        })
    }
}

fn warn_without_patterns(c: &mut Context<'_>, criterion: &Word) {
    let message = format!(
        "parsing acl keyword '{}' :\n\
         \x20 no pattern to match against were provided, so this ACL will never match.\n\
         \x20 If this is what you intended, please add '--' to get rid of this warning.\n\
         \x20 If you intended to match only for existence, please use '-m found'.\n\
         \x20 If you wanted to force an int to match as a bool, please use '-m bool'.\n",
        criterion.lossy()
    );
    c.warn_bare("no-pattern", criterion.span, message);
}

/// An opening parenthesis behind a space is almost always a mistake.
fn warn_parenthesis(c: &mut Context<'_>, name: &[u8], words: &[Word]) {
    let [criterion, pattern, ..] = words else { return };
    if criterion.text.contains(&b'(') || !pattern.text.starts_with(b"(") {
        return;
    }
    let message = format!(
        "parsing acl '{}' :\n\
         \x20 matching '{}' for pattern '{}' is likely a mistake and probably\n\
         \x20 not what you want. Maybe you need to remove the extraneous space before '('.\n\
         \x20 If you are really sure this is not an error, please insert '--' between the\n\
         \x20 match and the pattern to make this warning message disappear.\n",
        String::from_utf8_lossy(name),
        criterion.lossy(),
        pattern.lossy()
    );
    c.warn_bare("acl-parenthesis", pattern.span, message);
}
