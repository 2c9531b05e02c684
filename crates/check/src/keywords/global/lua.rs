//! Lua: files are run while the configuration is read, so that later lines know their names.

use base::time::Unit;
use ir::config::LuaLoad;
use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{Keyword, ONE, SOME, Set};
use crate::line::Line;

const HERE: Sections = Sections::GLOBAL;

fn load(c: &mut Context<'_>, line: &Line<'_>) {
    let Some((file, args)) = line.args.split_first() else { return };
    let per_thread = line.name[0].is("lua-load-per-thread");
    let args: Vec<_> = args.iter().map(|word| word.text.clone()).collect();
    if !c.lua_bool_conversion {
        c.lua_bool_conversion = true;
        let text = "hlua: please set \"tune.lua.bool-sample-conversion\" tunable to either \"normal\" or \
                    \"pre-3.1-bug\" explicitly to avoid ambiguities. This must be set before any \"lua-load\" or \
                    \"lua-load-per-thread\" directive. Defaulting to \"pre-3.1-bug\".";
        c.warn_bare("lua-ambiguous", line.span, text);
    }
    let path = c.path(&file.text);
    match c.loader.lua_load(&path, &args, per_thread) {
        Ok(names) => c.registry.add_lua(names),
        Err(message) => return c.alert("lua-error", file.span, message),
    }
    c.global().lua_loads.push(LuaLoad { file: path, args, per_thread });
}

fn prepend_path(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(path) = line.arg(0) else { return };
    let kind = line.arg(1).map_or_else(|| b"path".to_vec(), |word| word.text.clone());
    if kind != b"path" && kind != b"cpath" {
        let text = "'lua-prepend-path' expects <path-type> 'path' or 'cpath'";
        return c.alert("bad-kind", line.span, text);
    }
    c.loader.lua_prepend_path(&path.text, &kind);
    c.global().lua_paths.push((path.text.clone(), kind));
}

fn log_stderr(c: &mut Context<'_>, line: &Line<'_>) {
    let value = match line.lossy(0).as_str() {
        "on" => Some(true),
        "off" => Some(false),
        "auto" => None,
        other => {
            let text = format!("'tune.lua.log.stderr' expects 'on', 'auto', or 'off' but got '{other}'.");
            return c.alert("bad-switch", line.span, text);
        }
    };
    c.global().lua.log_stderr = value;
}

fn bool_conversion(c: &mut Context<'_>, line: &Line<'_>) {
    let value = line.lossy(0);
    if !matches!(value.as_str(), "normal" | "pre-3.1-bug") {
        let text = format!(
            "'tune.lua.bool-sample-conversion' expects either 'normal' or 'pre-3.1-bug' but got '{value}'."
        );
        return c.alert("bad-switch", line.span, text);
    }
    // Scripts get booleans as numbers, whatever is asked for.
    if value == "normal" {
        c.warn_parsed("tune.lua.bool-sample-conversion normal", line.span);
    }
    c.lua_bool_conversion = true;
}

fn clamp(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "lua-load",
        "Loads a Lua file into the shared state.",
        HERE,
        "<file> [<arg1> ...]",
        SOME,
        Set::Line(load),
    )
    .missing("'{}' expects a file name as parameter."),
    Keyword::new(
        "lua-load-per-thread",
        "Loads a Lua file into a state per thread.",
        HERE,
        "<file> [<arg1> ...]",
        SOME,
        Set::Line(load),
    )
    .missing("'{}' expects a file as parameter."),
    Keyword::new(
        "lua-prepend-path",
        "Where Lua looks for modules first.",
        HERE,
        "<string> [<type>]",
        (1, 2),
        Set::Line(prepend_path),
    )
    .missing("'{}' expects to receive a <path> as argument"),
    Keyword::new(
        "tune.lua.forced-yield",
        "Instructions between two forced yields.",
        HERE,
        "<number>",
        ONE,
        Set::Int(0, 4_294_967_295, |c, n| c.global().lua.forced_yield = clamp(n)),
    ),
    Keyword::new(
        "tune.lua.maxmem",
        "Memory for Lua, in MB.",
        HERE,
        "<number>",
        ONE,
        Set::Int(0, 1 << 24, |c, mb| c.global().lua.maxmem = u64::from(clamp(mb)) << 20),
    ),
    Keyword::new(
        "tune.lua.session-timeout",
        "How long a session may run Lua.",
        HERE,
        "<timeout>",
        ONE,
        Set::Time(Unit::Ms, |c, ms| c.global().lua.session_timeout = ms),
    ),
    Keyword::new(
        "tune.lua.burst-timeout",
        "How long Lua may run without a yield.",
        HERE,
        "<timeout>",
        ONE,
        Set::Time(Unit::Ms, |c, ms| c.global().lua.burst_timeout = ms),
    ),
    Keyword::new(
        "tune.lua.service-timeout",
        "How long a service may run Lua.",
        HERE,
        "<timeout>",
        ONE,
        Set::Time(Unit::Ms, |c, ms| c.global().lua.service_timeout = ms),
    ),
    Keyword::new(
        "tune.lua.task-timeout",
        "How long a task may run Lua.",
        HERE,
        "<timeout>",
        ONE,
        Set::Time(Unit::Ms, |c, ms| c.global().lua.task_timeout = ms),
    ),
    Keyword::new(
        "tune.lua.log.loggers",
        "Sends Lua's messages to the loggers.",
        HERE,
        "{ on | off }",
        ONE,
        Set::OnOff(|c, on| c.global().lua.log_loggers = on),
    ),
    Keyword::new(
        "tune.lua.log.stderr",
        "Sends Lua's messages to standard error.",
        HERE,
        "{ on | auto | off }",
        ONE,
        Set::Line(log_stderr),
    ),
    Keyword::new(
        "tune.lua.bool-sample-conversion",
        "How Lua sees booleans.",
        HERE,
        "{ normal | pre-3.1-bug }",
        ONE,
        Set::Line(bool_conversion),
    ),
    Keyword::new(
        "tune.lua.openlibs",
        "Which standard libraries Lua gets.",
        HERE,
        "[all | none | <lib>,...]",
        ONE,
        Set::Nothing,
    )
    .parsed(),
];
