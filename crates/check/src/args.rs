//! Arguments of fetches and converters: counted, typed, and named things noted for later.

use diag::Span;
use ir::checks::ArgFacts;
use ir::expr::{Arg, Var};
use ir::spec::{ArgList, ArgType, ConverterSpec, FetchSpec};
use syntax::{ArgsEnd, Call};

use crate::context::Context;
use crate::draft::Unresolved;

/// Why the arguments of a call are wrong.
pub enum ArgsError {
    /// Their number or types; with the number HAProxy gives the argument.
    Types { message: String, position: usize },
    /// Their values.
    Values(String),
}

impl ArgsError {
    /// The message within those of a fetch: `named` introduces wrong types, `values` wrong values.
    pub fn told(self, types: &str, values: &str) -> String {
        match self {
            Self::Types { message, .. } => format!("{types} : {message}"),
            Self::Values(message) => format!("{values}{message}"),
        }
    }
}

/// Whose arguments they are, for the messages about names that do not resolve.
#[derive(Clone, Copy)]
pub struct Owner {
    pub fetch: &'static str,
    pub converter: Option<&'static str>,
}

/// Checks the arguments of a fetch that is called `name` here.
pub fn of_fetch(
    c: &mut Context<'_>,
    call: &Call,
    spec: &FetchSpec,
    name: &'static str,
) -> Result<Vec<Arg>, ArgsError> {
    let owner = Owner { fetch: name, converter: None };
    let (mut args, any) = read(c, call, spec.args, owner)?;
    if let Some(check) = spec.check.filter(|_| any) {
        check(&mut Facts { c, span: call.span }, &mut args).map_err(ArgsError::Values)?;
    }
    variables(c, call, spec.args, &mut args)?;
    Ok(args)
}

/// Checks the arguments of a converter.
pub fn of_converter(
    c: &mut Context<'_>,
    call: &Call,
    spec: &ConverterSpec,
    owner: Owner,
) -> Result<Vec<Arg>, ArgsError> {
    let (mut args, _) = read(c, call, spec.args, owner)?;
    if let Some(check) = spec.check {
        check(&mut Facts { c, span: call.span }, &mut args).map_err(ArgsError::Values)?;
    }
    if let Some(method) = spec.map {
        crate::patterns::map(c, &args, method, spec.out, call.span).map_err(ArgsError::Values)?;
    }
    variables(c, call, spec.args, &mut args)?;
    Ok(args)
}

/// Turns the names of variables into variables where the row's own check did not.
fn variables(c: &mut Context<'_>, call: &Call, list: ArgList, args: &mut [Arg]) -> Result<(), ArgsError> {
    for (arg, kind) in args.iter_mut().zip(list.types) {
        if let (Arg::Str(name), ArgType::Var) = (&*arg, kind) {
            let var = crate::variables::check(c, name, call.span);
            *arg = Arg::Var(var.map_err(|fail| ArgsError::Values(fail.message))?);
        }
    }
    Ok(())
}

/// Reads arguments by their types; tells too whether there may be any at all.
fn read(
    c: &mut Context<'_>,
    call: &Call,
    list: ArgList,
    owner: Owner,
) -> Result<(Vec<Arg>, bool), ArgsError> {
    let mut args = Vec::new();
    // How many arguments of the source were taken: an empty one at the end gives no value.
    let mut taken = 0;
    let left_out = call.end == ArgsEnd::None && list.required == 0;
    let mut any = !list.types.is_empty() && !left_out;
    let types = if any { list.types } else { &[] };
    for (index, kind) in types.iter().enumerate() {
        let given = call.args.get(index);
        if given.is_none() && index > 0 {
            break;
        }
        taken = index + 1;
        if let ArgsEnd::Backslash(offset) = call.end
            && taken == call.args.len()
        {
            return Err(unquoted(given, &call.source, offset, *kind, index));
        }
        let text = given.map_or(b"".as_slice(), |arg| &arg.text);
        if text.is_empty() && needs_text(*kind) {
            any = index > 0;
            if index >= list.required {
                break;
            }
            let message = format!("expected type '{}' at position {taken}, but got nothing", kind.name());
            return Err(ArgsError::Types { message, position: index });
        }
        args.push(value(*kind, text, index)?);
    }
    if args.len() < list.required {
        let kind = list.types.get(args.len()).map_or("string", |kind| kind.name());
        let message =
            format!("missing arguments (got {}/{}), type '{kind}' expected", args.len(), list.required);
        return Err(ArgsError::Types { message, position: args.len() });
    }
    closed(call, taken, args.len())?;
    note_names(c, call, list, &args, owner);
    Ok((args, any))
}

/// Whether everything between the parentheses was taken.
fn closed(call: &Call, taken: usize, count: usize) -> Result<(), ArgsError> {
    let is_one_empty = taken == 0 && call.args.len() == 1 && call.args[0].text.is_empty();
    let rest = match call.args.get(taken) {
        Some(extra) if !is_one_empty => {
            let rest = call.source.get(extra.offset..).unwrap_or_default();
            format!(" before '{}'", String::from_utf8_lossy(rest))
        }
        _ if call.end == ArgsEnd::Open => String::new(),
        _ => return Ok(()),
    };
    // The empty argument in front of a missing parenthesis is not counted.
    let position = if count > 1 { count - 1 } else { count };
    Err(ArgsError::Types { message: format!("expected ')'{rest}"), position })
}

fn unquoted(
    given: Option<&syntax::Arg>,
    source: &[u8],
    offset: usize,
    kind: ArgType,
    index: usize,
) -> ArgsError {
    let text = given.map_or(b"".as_slice(), |arg| &arg.text);
    let message = format!(
        "failed to parse '{}' after '{}' as type '{}' at position {}",
        String::from_utf8_lossy(source.get(offset..).unwrap_or_default()),
        String::from_utf8_lossy(text),
        kind.name(),
        index + 1
    );
    ArgsError::Types { message, position: index }
}

/// Types of which an empty argument is none.
fn needs_text(kind: ArgType) -> bool {
    use ArgType::*;
    matches!(kind, Sint | Ipv4 | Mask4 | Ipv6 | Mask6 | Time | Size | PbField)
}

fn value(kind: ArgType, text: &[u8], index: usize) -> Result<Arg, ArgsError> {
    let parsed = std::str::from_utf8(text).ok();
    let arg = match kind {
        ArgType::Sint => base::bytes::parse_i64_capped(text).map(Arg::Sint),
        ArgType::Ipv4 => parsed.and_then(|text| text.parse().ok()).map(Arg::Ipv4),
        ArgType::Ipv6 => parsed.and_then(|text| text.parse().ok()).map(Arg::Ipv6),
        ArgType::Mask4 => base::net::parse_mask4(text).map(Arg::Mask4),
        ArgType::Mask6 => base::net::parse_mask6(text).map(Arg::Mask6),
        ArgType::Time => {
            let time = base::time::parse(text, base::time::Unit::Ms).ok();
            time.map(|time| Arg::Time(i64::from(time.value)))
        }
        ArgType::Size => base::size::parse_u32(text).ok().map(|size| Arg::Size(i64::from(size))),
        ArgType::Regex => Some(Arg::Regex(text.to_vec(), false)),
        ArgType::Map => Some(Arg::Map(text.to_vec())),
        ArgType::PbField => is_field_path(text).then(|| Arg::Str(text.to_vec())),
        // Names stand for what they name until the end of the configuration.
        ArgType::Str
        | ArgType::Var
        | ArgType::Frontend
        | ArgType::Backend
        | ArgType::Table
        | ArgType::Server
        | ArgType::Userlist => Some(Arg::Str(text.to_vec())),
    };
    arg.ok_or_else(|| ArgsError::Types {
        message: format!(
            "failed to parse '{}' as type '{}' at position {}",
            String::from_utf8_lossy(text),
            kind.name(),
            index + 1
        ),
        position: index,
    })
}

/// Numbers with dots between them.
fn is_field_path(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') && text.last() != Some(&b'.')
}

/// Notes what only the end of the configuration can resolve.
fn note_names(c: &mut Context<'_>, call: &Call, list: ArgList, args: &[Arg], owner: Owner) {
    for (index, (kind, arg)) in list.types.iter().zip(args).enumerate() {
        let name = match (kind, arg) {
            (ArgType::Regex, Arg::Regex(source, _)) => source.clone(),
            (
                ArgType::Frontend | ArgType::Backend | ArgType::Table | ArgType::Server | ArgType::Userlist,
                Arg::Str(name),
            ) => name.clone(),
            _ => continue,
        };
        c.px.unresolved.push(Unresolved {
            kind: *kind,
            name,
            span: call.args.get(index).map_or(call.span, |arg| arg.span),
            position: index + 1,
            owner: owner.fetch,
            converter: owner.converter,
            usage: c.usage,
        });
    }
}

/// What checks of values ask.
struct Facts<'a, 'c> {
    c: &'a mut Context<'c>,
    span: Span,
}

impl ArgFacts for Facts<'_, '_> {
    fn variable(&mut self, name: &[u8]) -> Result<Var, String> {
        crate::variables::check(self.c, name, self.span).map_err(|fail| fail.message)
    }

    fn has_acl(&mut self, name: &[u8]) -> bool {
        crate::cond::find(self.c, name, self.span).is_ok()
    }

    fn has_digest(&self, name: &[u8]) -> bool {
        self.c.loader.has_digest(name)
    }

    fn keep_public_key(&mut self, path: &[u8]) -> bool {
        crate::certs::keep_public_key(self.c, path)
    }

    fn let_tokens_use(&mut self, certificate: &[u8]) {
        crate::certs::let_tokens_use(self.c, certificate);
    }

    fn may_tokens_use(&self, certificate: &[u8]) -> Option<bool> {
        let known = self.c.certificates.contains_key(certificate);
        known.then(|| self.c.may_tokens_use(certificate))
    }

    fn is_web_key(&self, json: &[u8]) -> bool {
        self.c.loader.is_web_key(json)
    }

    fn not_executed(&mut self, what: &'static str) {
        self.c.warn_parsed(what, self.span);
    }

    fn warn(&mut self, text: &str) {
        self.c.warn_bare("bad-argument", self.span, text);
    }
}
