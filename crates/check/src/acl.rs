//! ACLs: an expression, how it is compared, and with what.

use diag::Span;
use ir::Bytes;
use ir::expr::{Acl, AclTest, Expr, MatchMethod};
use ir::id::AclId;
use ir::types::SampleType;
use syntax::{AclExpr, AclFlag, Word};

use crate::args::{self, Owner};
use crate::context::Context;
use crate::draft::Usage;
use crate::fail::{Checked, Fail};

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
    let (expr, alias_method, keyword) = subject(c, criterion)?;
    let mut test = Test {
        method: alias_method.or_else(|| default_method(expr.out)),
        forced: false,
        loaded: false,
        ignore_case: false,
        files: Vec::new(),
    };
    if test.method.is_some() && expr.out != SampleType::Bool && words.len() == 1 {
        warn_without_patterns(c, criterion);
    }
    for flag in &acl.flags {
        test.flag(c, flag, &expr, &keyword, criterion.span)?;
    }
    if let Some(error) = acl.error.clone() {
        return Err(error.into());
    }
    let method = test.method.ok_or_else(|| must_specify(&keyword, criterion.span))?;
    if let Some(original) = alias_method
        && original != method
        && !matches!(original, MatchMethod::Str | MatchMethod::Int | MatchMethod::Bin)
    {
        let message = format!(
            "original matching method '{keyword}' was overwritten and will not be applied as expected."
        );
        c.warn("overwritten-method", criterion.span, message);
    }
    let patterns = patterns(c, &acl, method, test.ignore_case)?;
    Ok(AclTest { expr, method, ignore_case: test.ignore_case, patterns, files: test.files })
}

/// The expression, the matching method that its keyword brings, and the keyword.
fn subject(c: &mut Context<'_>, criterion: &Word) -> Checked<(Expr, Option<MatchMethod>, String)> {
    let in_acl = |fail: Fail| fail.wrap(|text| format!("{text} in ACL expression '{}'", criterion.lossy()));
    let parsed = syntax::sample::parse_word(criterion).map_err(|error| in_acl(error.into()))?;
    let name = String::from_utf8_lossy(&parsed.fetch.name).into_owned();
    let Some(alias) = c.registry.alias(&parsed.fetch.name) else {
        return Ok((crate::expr::check(c, &parsed).map_err(in_acl)?, None, name));
    };
    let in_keyword = |fail: Fail| fail.wrap(|text| format!("ACL keyword '{name}' : {text}"));
    let fetch = alias.expr.split([' ', '(', ',']).next().unwrap_or(alias.expr);
    let Some((id, spec)) = c.registry.fetch(fetch.as_bytes()) else {
        let message = format!("unknown fetch method '{name}' in ACL expression '{}'", criterion.lossy());
        return Err(Fail::new("unknown-fetch", criterion.span, message));
    };
    if spec.support == ir::spec::Support::Parsed {
        c.warn_parsed(alias.name, criterion.span);
    }
    let owner = Owner { fetch: spec.name, converter: None };
    let args = args::check(c, &parsed.fetch, spec.args, owner)
        .map_err(|error| in_keyword(Fail::new("bad-argument", criterion.span, error.message)))?;
    let start =
        Expr { fetch: id, args, converters: Vec::new(), out: spec.out, text: crate::expr::text(&parsed) };
    let expr = crate::expr::chain(c, &parsed, owner, start).map_err(in_keyword)?;
    // With a converter, the type of its result decides how it is compared.
    let method = expr.converters.is_empty().then_some(alias.method);
    Ok((expr, method, name))
}

/// How a sample is compared when nothing says so.
fn default_method(out: SampleType) -> Option<MatchMethod> {
    match out {
        SampleType::Bool => Some(MatchMethod::Bool),
        SampleType::Sint => Some(MatchMethod::Int),
        SampleType::Addr | SampleType::Ipv4 | SampleType::Ipv6 => Some(MatchMethod::Ip),
        SampleType::Str => Some(MatchMethod::Str),
        SampleType::Meth => Some(MatchMethod::Str),
        SampleType::Any | SampleType::Same | SampleType::Bin => None,
    }
}

/// What the flags decide.
struct Test {
    method: Option<MatchMethod>,
    forced: bool,
    loaded: bool,
    ignore_case: bool,
    files: Vec<Bytes>,
}

impl Test {
    fn flag(
        &mut self,
        c: &mut Context<'_>,
        flag: &AclFlag,
        expr: &Expr,
        keyword: &str,
        span: Span,
    ) -> Checked<()> {
        match flag {
            AclFlag::IgnoreCase => self.ignore_case = true,
            AclFlag::NoDns | AclFlag::Map => {}
            AclFlag::Id(word) => {
                let valid = word.as_ref().is_some_and(|word| base::bytes::parse_i64(&word.text).is_some());
                if !valid {
                    return Err(Fail::new("bad-number", span, "the argument of -u must be an integer"));
                }
            }
            AclFlag::File(word) => {
                if self.method.is_none() {
                    return Err(must_specify(keyword, span));
                }
                self.files.push(file(c, word.as_ref(), span)?);
                self.loaded = true;
            }
            AclFlag::Method(word) => self.force(word.as_ref(), expr, keyword, span)?,
        }
        Ok(())
    }

    fn force(&mut self, word: Option<&Word>, expr: &Expr, keyword: &str, span: Span) -> Checked<()> {
        let fail = |message: String| Err(Fail::new("bad-method", span, message));
        if self.loaded {
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
        if *method != MatchMethod::Found && !expr.out.casts_to(*compares) {
            return fail(format!("matching method '{name}' cannot be used with fetch keyword '{keyword}'"));
        }
        self.method = Some(*method);
        self.forced = true;
        Ok(())
    }
}

fn must_specify(keyword: &str, span: Span) -> Fail {
    let message = format!(
        "matching method must be specified first (using '-m') when using a sample fetch of this type ('{keyword}')"
    );
    Fail::new("missing-method", span, message)
}

fn file(c: &mut Context<'_>, word: Option<&Word>, span: Span) -> Checked<Bytes> {
    let path = word.map_or_else(Bytes::new, |word| word.text.clone());
    // Files of the runtime API's own stand in memory only.
    let is_virtual = path.starts_with(b"virt@") || path.starts_with(b"opt@");
    let real = path.strip_prefix(b"file@").unwrap_or(&path);
    if !is_virtual && c.read_file(real).is_err() {
        let message = format!("failed to open pattern file <{}>", String::from_utf8_lossy(real));
        return Err(Fail::new("no-file", span, message));
    }
    Ok(path)
}

fn patterns(c: &Context<'_>, acl: &AclExpr, method: MatchMethod, ignore_case: bool) -> Checked<Vec<Bytes>> {
    let mut done = Vec::with_capacity(acl.patterns.len());
    let mut operator: Option<&Word> = None;
    for word in &acl.patterns {
        let fail = |message: String| Err(Fail::new("bad-pattern", word.span, message));
        match method {
            MatchMethod::Int | MatchMethod::Len => {
                if is_operator(&word.text) {
                    operator = Some(word);
                    continue;
                }
                if !is_range(&word.text) {
                    return fail(format!("'{}' is not a number", word.lossy()));
                }
                done.push(ranged(operator, &word.text));
                continue;
            }
            MatchMethod::Ip if base::net::Network::parse(&word.text).is_none() && !is_resolved(c, word) => {
                return fail(format!("'{}' is not a valid IPv4 or IPv6 address", word.lossy()));
            }
            MatchMethod::Reg => {
                if let Err(message) = c.loader.check_regex(&word.text, ignore_case) {
                    return fail(message);
                }
            }
            _ => {}
        }
        done.push(word.text.clone());
    }
    Ok(done)
}

/// Names are resolved while the configuration is read (manual, 7.1.5).
fn is_resolved(c: &Context<'_>, word: &Word) -> bool {
    let is_name = word.text.iter().any(u8::is_ascii_alphabetic) && !word.text.contains(&b'/');
    is_name && c.loader.resolve_host(&word.text).is_some()
}

fn is_operator(text: &[u8]) -> bool {
    matches!(text, b"eq" | b"le" | b"lt" | b"ge" | b"gt")
}

/// `10`, `10:20`, `:20`, `10:`, and versions as `3.1`.
fn is_range(text: &[u8]) -> bool {
    let is_bound =
        |bound: &[u8]| bound.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'+'));
    let mut bounds = text.split(|byte| *byte == b':');
    let has_digit = text.iter().any(u8::is_ascii_digit);
    has_digit && bounds.clone().count() <= 2 && bounds.all(is_bound)
}

/// An operator holds for all numbers behind it: `ge 10` is `10:`.
fn ranged(operator: Option<&Word>, text: &[u8]) -> Bytes {
    let shifted =
        |by: i64| base::bytes::parse_i64(text).map_or_else(|| text.to_vec(), |n| (n + by).to_string().into());
    match operator.map(|word| word.text.as_slice()) {
        Some(b"le") => [b":", text].concat(),
        Some(b"lt") => [b":".to_vec(), shifted(-1)].concat(),
        Some(b"ge") => [text, b":"].concat(),
        Some(b"gt") => [shifted(1), b":".to_vec()].concat(),
        _ => text.to_vec(),
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
