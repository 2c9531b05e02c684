//! Arguments of fetches and converters: counted, typed, and named things noted for later.

use diag::Span;
use ir::Bytes;
use ir::expr::Arg;
use ir::spec::{ArgList, ArgType};
use syntax::{ArgsEnd, Call};

use crate::context::Context;
use crate::draft::Unresolved;

/// Why a list of arguments is wrong: the message, and the number HAProxy gives the argument.
pub struct ArgsError {
    pub message: String,
    pub position: usize,
}

/// Whose arguments they are, for the messages about names that do not resolve.
#[derive(Clone, Copy)]
pub struct Owner {
    pub fetch: &'static str,
    pub converter: Option<&'static str>,
}

/// The name messages give a type.
pub fn type_name(kind: ArgType) -> &'static str {
    match kind {
        ArgType::Sint => "integer",
        ArgType::Str => "string",
        ArgType::Ipv4 => "IPv4 address",
        ArgType::Mask4 => "IPv4 mask",
        ArgType::Ipv6 => "IPv6 address",
        ArgType::Mask6 => "IPv6 mask",
        ArgType::Time => "delay",
        ArgType::Size => "size",
        ArgType::Frontend => "frontend",
        ArgType::Backend => "backend",
        ArgType::Table => "table",
        ArgType::Server => "server",
        ArgType::Userlist => "user list",
        ArgType::Map => "map",
        ArgType::Regex => "regex",
        ArgType::Var => "variable",
        ArgType::PbField => "Protocol buffers field number",
    }
}

/// Checks the arguments of a call.
pub fn check(c: &mut Context<'_>, call: &Call, list: ArgList, owner: Owner) -> Result<Vec<Arg>, ArgsError> {
    let mut args = Vec::new();
    let empty = call.end == ArgsEnd::None;
    let mut taken = 0;
    let may_be_left_out = empty && list.required == 0;
    if !list.types.is_empty() && !may_be_left_out {
        for (index, kind) in list.types.iter().enumerate() {
            let given = call.args.get(index);
            if given.is_none() && index > 0 {
                break;
            }
            if let ArgsEnd::Backslash(offset) = call.end
                && index + 1 == call.args.len()
            {
                return Err(unquoted(given, &call.source, offset, *kind, index));
            }
            let text = given.map_or(b"".as_slice(), |arg| &arg.text);
            let span = given.map_or(call.span, |arg| arg.span);
            if text.is_empty() && needs_text(*kind) {
                if index >= list.required {
                    break;
                }
                let message = format!(
                    "expected type '{}' at position {}, but got nothing",
                    type_name(*kind),
                    index + 1
                );
                return Err(ArgsError { message, position: index });
            }
            args.push(value(c, *kind, text, span, index, owner)?);
            taken = index + 1;
        }
    }
    if taken < list.required {
        let kind = list.types.get(taken).copied().unwrap_or(ArgType::Str);
        let message =
            format!("missing arguments (got {taken}/{}), type '{}' expected", list.required, type_name(kind));
        return Err(ArgsError { message, position: taken });
    }
    closed(call, taken)?;
    Ok(args)
}

/// Whether everything between the parentheses was taken.
fn closed(call: &Call, taken: usize) -> Result<(), ArgsError> {
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
    let position = if taken > 1 { taken - 1 } else { taken };
    Err(ArgsError { message: format!("expected ')'{rest}"), position })
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
        type_name(kind),
        index + 1
    );
    ArgsError { message, position: index }
}

/// Types of which an empty argument is none.
fn needs_text(kind: ArgType) -> bool {
    use ArgType::*;
    matches!(kind, Sint | Ipv4 | Mask4 | Ipv6 | Mask6 | Time | Size | PbField)
}

fn value(
    c: &mut Context<'_>,
    kind: ArgType,
    text: &[u8],
    span: Span,
    index: usize,
    owner: Owner,
) -> Result<Arg, ArgsError> {
    let position = index;
    let refuse = || ArgsError {
        message: format!(
            "failed to parse '{}' as type '{}' at position {}",
            String::from_utf8_lossy(text),
            type_name(kind),
            index + 1
        ),
        position,
    };
    let parsed = std::str::from_utf8(text).ok();
    let arg = match kind {
        ArgType::Sint => base::bytes::parse_i64(text).map(Arg::Sint),
        ArgType::Ipv4 => parsed.and_then(|text| text.parse().ok()).map(Arg::Ipv4),
        ArgType::Ipv6 => parsed.and_then(|text| text.parse().ok()).map(Arg::Ipv6),
        ArgType::Mask4 => base::net::parse_mask4(text).map(Arg::Mask4),
        ArgType::Mask6 => base::net::parse_mask6(text).map(|mask| Arg::Mask6(prefix_of(mask))),
        ArgType::Time => {
            let time = base::time::parse(text, base::time::Unit::Ms).ok();
            time.map(|time| Arg::Time(i64::from(time.value)))
        }
        ArgType::Size => base::size::parse_u32(text).ok().map(|size| Arg::Size(i64::from(size))),
        ArgType::Regex => Some(Arg::Regex(text.to_vec(), false)),
        ArgType::Map => Some(Arg::Map(text.to_vec())),
        ArgType::Str | ArgType::PbField => Some(Arg::Str(text.to_vec())),
        ArgType::Var => {
            let var = crate::variables::check(c, text, span);
            Some(Arg::Var(var.map_err(|fail| ArgsError { message: fail.message, position })?))
        }
        ArgType::Frontend | ArgType::Backend | ArgType::Table | ArgType::Server | ArgType::Userlist => {
            c.px.unresolved.push(Unresolved {
                kind,
                name: text.to_vec(),
                span,
                position: index + 1,
                owner: owner.fetch,
                converter: owner.converter,
                usage: c.usage,
            });
            Some(pending(text))
        }
    };
    arg.ok_or_else(refuse)
}

/// What stands for a named thing until the end of the configuration: its name. An empty name is
/// the proxy at hand.
fn pending(name: &[u8]) -> Arg {
    Arg::Str(Bytes::from(name))
}

fn prefix_of(mask: std::net::Ipv6Addr) -> u8 {
    u8::try_from(mask.to_bits().leading_ones()).unwrap_or(128)
}
