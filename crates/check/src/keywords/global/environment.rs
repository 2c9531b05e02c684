//! Variables: of the environment, and of the process.

use ir::Bytes;
use ir::config::SetVar;
use ir::expr::{ActionValue, Expr, VarScope};
use ir::spec::Sections;
use syntax::Word;

use crate::action::variables::CONDITIONS;
use crate::context::Context;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, SOME, Set};
use crate::line::Line;
use crate::logformat::{self, Use};
use crate::places::Place;

const HERE: Sections = Sections::GLOBAL;

fn assign(c: &mut Context<'_>, name: &[u8], value: Option<&[u8]>) {
    c.loader.set_variable(name, value);
    let entry = (Bytes::from(name), value.map(Bytes::from));
    c.global().environment.push(entry);
}

fn setenv(c: &mut Context<'_>, line: &Line<'_>) {
    let keyword = line.keyword();
    let (Some(name), Some(value)) = (line.arg(0), line.arg(1)) else {
        let text = match line.arg(0) {
            Some(name) => {
                format!("'{keyword}' expects environment variable value for '{}'.\n.", name.lossy())
            }
            None => format!("'{keyword}' expects environment variable name.\n."),
        };
        return c.alert("missing-argument", line.span, text);
    };
    // `presetenv` leaves a variable that is there.
    if keyword == "setenv" || c.variable(&name.text).is_none() {
        assign(c, &name.text, Some(&value.text));
    }
}

fn unsetenv(c: &mut Context<'_>, line: &Line<'_>) {
    for word in line.args {
        assign(c, &word.text, None);
    }
}

fn resetenv(c: &mut Context<'_>, line: &Line<'_>) {
    for name in c.loader.variable_names() {
        if !line.args.iter().any(|word| word.text == name) {
            assign(c, &name, None);
        }
    }
}

fn set_var(c: &mut Context<'_>, line: &Line<'_>) {
    let is_format = line.name[0].is("set-var-fmt");
    let (Some(name), Some(value)) = (line.arg(0), line.arg(1)) else {
        let what = if is_format { "format string" } else { "sample expression" };
        let text = format!(
            "'{}' requires a process-wide variable name ('proc.<name>') and a {what}.",
            line.keyword()
        );
        return c.alert("missing-argument", line.span, text);
    };
    match checked(c, line, name, value, is_format) {
        Ok(entry) => c.global().set_vars.push(entry),
        Err(fail) => c.alert(fail.code, fail.span, fail.message),
    }
}

fn checked(
    c: &mut Context<'_>,
    line: &Line<'_>,
    name: &Word,
    value: &Word,
    is_format: bool,
) -> Checked<SetVar> {
    let mut parts = name.text.split(|byte| *byte == b',');
    let variable = parts.next().unwrap_or_default();
    let conditions: Vec<Bytes> = parts.take_while(|part| !part.is_empty()).map(Bytes::from).collect();
    if let Some(bad) = conditions.iter().find(|part| !CONDITIONS.contains(&part.as_slice())) {
        let text = format!("unknown condition \"{}\"", String::from_utf8_lossy(bad));
        return Err(Fail::new("bad-variable", name.span, text));
    }
    let var = crate::variables::check(c, variable, name.span)?;
    let value = match is_format {
        true => ActionValue::Fmt(logformat::check(c, value, Use::Value, Place::CFG_PARSER)?),
        false => ActionValue::Expr(expression(c, line, name, value)?),
    };
    if var.scope != VarScope::Proc {
        let text = format!(
            "'{}': cannot set variable '{}', only scope 'proc' is permitted in the global section.",
            line.keyword(),
            name.lossy()
        );
        return Err(Fail::new("bad-scope", name.span, text));
    }
    Ok(SetVar { var, value, conditions })
}

fn expression(c: &mut Context<'_>, line: &Line<'_>, name: &Word, value: &Word) -> Checked<Expr> {
    let (expr, _) = crate::expr::words(c, &line.args[1..])?;
    let spec = c.registry.fetches().get(expr.fetch.index());
    if let Some(spec) = spec.filter(|spec| !Place::CFG_PARSER.allows(spec.contexts)) {
        let text = format!(
            "fetch method 'set-var({})' extracts information from '{}', none of which is available here",
            name.lossy(),
            spec.uses.names()
        );
        return Err(Fail::new("unavailable-fetch", value.span, text));
    }
    Ok(expr)
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "setenv",
        "Sets an environment variable.",
        HERE,
        "<name> <value>",
        (0, 2),
        Set::Line(setenv),
    )
    .early(),
    Keyword::new(
        "presetenv",
        "Sets an environment variable that is not set.",
        HERE,
        "<name> <value>",
        (0, 2),
        Set::Line(setenv),
    )
    .early(),
    Keyword::new("unsetenv", "Removes environment variables.", HERE, "<name>...", SOME, Set::Line(unsetenv))
        .early()
        .missing("'{}' expects at least one variable name.\n"),
    Keyword::new(
        "resetenv",
        "Removes all environment variables but these.",
        HERE,
        "[<name>...]",
        MANY,
        Set::Line(resetenv),
    )
    .early(),
    Keyword::new(
        "set-var",
        "Sets a variable of the process from an expression.",
        HERE,
        "<var-name> <expr>",
        MANY,
        Set::Line(set_var),
    ),
    Keyword::new(
        "set-var-fmt",
        "Sets a variable of the process from a log-format.",
        HERE,
        "<var-name> <fmt>",
        MANY,
        Set::Line(set_var),
    ),
];
