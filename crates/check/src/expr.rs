//! Sample expressions: the fetch is known, its arguments are right, and each converter can take
//! what comes before it.

use ir::expr::{Arg, Expr};
use ir::id::ConverterId;
use ir::types::SampleType;
use syntax::{Call, SampleExpr, Word};

use crate::args::{self, ArgsError, Owner};
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::places::Place;

/// Checks an expression whose fetch is named by itself.
pub fn check(c: &mut Context<'_>, expr: &SampleExpr) -> Checked<Expr> {
    let name = String::from_utf8_lossy(&expr.fetch.name).into_owned();
    if expr.fetch.name.is_empty() {
        return Err(expr
            .error
            .clone()
            .map_or_else(|| Fail::new("missing-fetch", expr.span, "missing fetch method"), Fail::from));
    }
    let Some((id, spec)) = c.registry.fetch(&expr.fetch.name) else {
        let message = format!("unknown fetch method '{name}'");
        return Err(Fail::new("unknown-fetch", expr.fetch.span, message));
    };
    if spec.support == ir::spec::Support::Parsed {
        c.warn_parsed(spec.name, expr.fetch.span);
    }
    let owner = Owner { fetch: spec.name, converter: None };
    let mut args = args::of_fetch(c, &expr.fetch, spec, spec.name).map_err(|error| {
        let (types, values) =
            (format!("fetch method '{name}'"), format!("invalid args in fetch method '{name}' : "));
        Fail::new("bad-argument", expr.fetch.span, error.told(&types, &values))
    })?;
    args.extend(lua_name(spec.name));
    chain(c, expr, owner, Expr { fetch: id, args, converters: Vec::new(), out: spec.out, text: text(expr) })
}

/// All rows that Lua registered share one function: it finds the name in its last argument.
fn lua_name(row: &str) -> Option<Arg> {
    row.strip_prefix("lua.").map(|name| Arg::Str(name.as_bytes().to_vec()))
}

/// Checks the converters behind `start`, which is the expression with its fetch alone.
pub fn chain(c: &mut Context<'_>, expr: &SampleExpr, owner: Owner, start: Expr) -> Checked<Expr> {
    let mut done = start;
    for call in &expr.converters {
        let (id, args, out) = converter(c, call, owner, done.out)?;
        done.converters.push((id, args));
        done.out = out;
    }
    match &expr.error {
        Some(error) => Err(error.clone().into()),
        None => Ok(done),
    }
}

fn converter(
    c: &mut Context<'_>,
    call: &Call,
    owner: Owner,
    from: SampleType,
) -> Checked<(ConverterId, Vec<Arg>, SampleType)> {
    let name = String::from_utf8_lossy(&call.name).into_owned();
    let fail = |code, message: String| Fail::new(code, call.span, message);
    let Some((id, spec)) = c.registry.converter(&call.name) else {
        return Err(fail("unknown-converter", format!("unknown converter '{name}'")));
    };
    if !from.casts_to(spec.input) {
        return Err(fail("bad-converter", format!("converter '{name}' cannot be applied")));
    }
    if spec.support == ir::spec::Support::Parsed {
        c.warn_parsed(spec.name, call.span);
    }
    let owner = Owner { converter: Some(spec.name), ..owner };
    let mut args = args::of_converter(c, call, spec, owner).map_err(|error| {
        let message = match error {
            ArgsError::Types { message, position } => {
                format!("invalid arg {} in converter '{name}' : {message}", position + 1)
            }
            ArgsError::Values(message) => format!("invalid args in converter '{name}' : {message}"),
        };
        fail("bad-argument", message)
    })?;
    args.extend(lua_name(spec.name));
    let out = if spec.out == SampleType::Same { from } else { spec.out };
    Ok((id, args, out))
}

/// An expression of one word.
pub fn word(c: &mut Context<'_>, word: &Word) -> Checked<Expr> {
    let expr = syntax::sample::parse_word(word)?;
    check(c, &expr)
}

/// An expression that may go on in the next words; gives the number of words it took.
pub fn words(c: &mut Context<'_>, words: &[Word]) -> Checked<(Expr, usize)> {
    let (expr, taken) = {
        let registry = &*c.registry;
        syntax::sample::parse_words(words, &|name| registry.converter(name).is_some())?
    };
    Ok((check(c, &expr)?, taken))
}

/// The expression as it was written.
pub fn text(expr: &SampleExpr) -> Vec<u8> {
    expr.fetch.source.get(expr.start..expr.end).unwrap_or_default().to_vec()
}

/// Fails when the expression's fetch has no value at the place.
pub fn require(c: &Context<'_>, expr: &Expr, place: Place, span: diag::Span) -> Checked<()> {
    let Some(spec) = c.registry.fetches().get(expr.fetch.index()) else { return Ok(()) };
    if place.allows(spec.contexts) {
        return Ok(());
    }
    let message = format!(
        "sample fetch <{}> may not be reliably used here because it needs '{}' which is not available here",
        spec.name,
        spec.uses.names()
    );
    Err(Fail::new("unavailable-fetch", span, message))
}

/// The same, in the words of the lines that name the fetch as it was `shown` to them.
pub fn require_any(c: &Context<'_>, expr: &Expr, place: Place, shown: &str, span: diag::Span) -> Checked<()> {
    let Some(spec) = c.registry.fetches().get(expr.fetch.index()) else { return Ok(()) };
    if place.allows(spec.contexts) {
        return Ok(());
    }
    let message = format!(
        "fetch method '{shown}' extracts information from '{}', none of which is available here",
        spec.uses.names()
    );
    Err(Fail::new("unavailable-fetch", span, message))
}
