//! Lua: files are run while the configuration is read, so that later lines know their names.

use base::time::Unit;
use ir::config::LuaLoad;
use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, OPTIONAL, SOME, Set};
use crate::line::Line;
use crate::numbers;

use super::tune::EITHER;

const HERE: Sections = Sections::GLOBAL;

fn load(c: &mut Context<'_>, line: &Line<'_>) {
    let Some((file, args)) = line.args.split_first() else { return };
    c.process.lua_loaded = true;
    c.process.lua_started = true;
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
        Ok(names) => {
            for map in &names.maps {
                if let Err(message) = crate::patterns::lua_map(c, map) {
                    return c.alert("lua-error", file.span, message);
                }
            }
            for name in &names.not_executed {
                c.warn_parsed(name, line.span);
            }
            c.registry.add_lua(names);
        }
        Err(message) => return c.alert("lua-error", file.span, message),
    }
    c.global().lua_loads.push(LuaLoad { file: path, args, per_thread });
}

fn prepend_path(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(path) = line.arg(0) else { return };
    c.process.lua_started = true;
    let kind = line.arg(1).map_or_else(|| b"path".to_vec(), |word| word.text.clone());
    if kind != b"path" && kind != b"cpath" {
        let text = "'lua-prepend-path' expects <type> to either be 'path' or 'cpath'";
        return c.alert("bad-kind", line.span, text);
    }
    c.loader.lua_prepend_path(&path.text, &kind);
    c.global().lua_paths.push((path.text.clone(), kind));
}

fn bool_conversion(c: &mut Context<'_>, line: &Line<'_>) {
    let value = line.lossy(0);
    if !matches!(value.as_str(), "normal" | "pre-3.1-bug") {
        let text = "'{}' expects either 'normal' or 'pre-3.1-bug' but got '{v}'.";
        return c.alert("bad-switch", line.span, numbers::fill(text, line, 0));
    }
    if c.process.lua_loaded {
        let text = "ignored as some Lua was loaded already. \"tune.lua.bool-sample-conversion\" must be set before \
                    any \"lua-load\" or \"lua-load-per-thread\" directive for it to be considered.\n";
        return c.warn("misplaced", line.span, text);
    }
    // Scripts get booleans as numbers, whatever is asked for.
    if value == "normal" {
        c.warn_parsed("tune.lua.bool-sample-conversion normal", line.span);
    }
    c.lua_bool_conversion = true;
}

/// `all`, `none`, or `io,os,string`
fn openlibs(c: &mut Context<'_>, line: &Line<'_>) {
    const KNOWN: [&str; 8] = ["table", "io", "os", "string", "math", "utf8", "package", "debug"];
    let keyword = line.keyword();
    let list = line.lossy(0);
    let names: Vec<_> = list.split(',').filter(|name| !name.is_empty()).collect();
    let unknown = names.iter().find(|name| !matches!(**name, "all" | "none") && !KNOWN.contains(*name));
    let all = names.contains(&"all") || KNOWN.iter().all(|name| names.contains(name));
    let text = match unknown {
        _ if list.is_empty() => format!(
            "'{keyword}' expects 'all', 'none', or a comma-separated list of libraries: {}",
            KNOWN.join(",")
        ),
        _ if c.process.lua_loaded => {
            format!("'{keyword}' must be set before any \"lua-load\" or \"lua-load-per-thread\" directive.")
        }
        Some(name) => {
            format!("'{keyword}': unknown library '{name}', expected one of: all,none,{}", KNOWN.join(","))
        }
        None if names.contains(&"none") && names.iter().any(|name| *name != "none") => {
            format!("'{keyword}': 'none' cannot be combined with other libraries.")
        }
        None if !all && c.process.lua_started => format!(
            "'{keyword}' must appear before any 'lua-load', 'lua-load-per-thread' or 'lua-prepend-path' directive"
        ),
        None => {
            let is_left_out = |name: &&str| !all && !names.contains(name);
            let left_out: Vec<_> = KNOWN.into_iter().filter(is_left_out).collect();
            return c.loader.lua_leave_out(&left_out);
        }
    };
    c.alert("bad-value", line.span, text);
}

fn clamp(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// How long Lua may run; HAProxy does not count the words.
const fn time(name: &'static str, doc: &'static str, set: fn(&mut Context<'_>, u64)) -> Keyword {
    Keyword::new(name, doc, HERE, "<timeout>", MANY, Set::Time(Unit::Ms, set))
        .malformed("{}: invalid timeout")
        .range("timer overflow in argument <{v}> to <{}> (maximum value is 2147483647 ms or ~24.8 days)")
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
        MANY,
        Set::Int(i64::MIN, i64::MAX, |c, n| c.global().lua.forced_yield = clamp(n)),
    )
    .malformed("{}: invalid number"),
    Keyword::new(
        "tune.lua.maxmem",
        "Memory for Lua, in MB.",
        HERE,
        "<number>",
        SOME,
        Set::Int(i64::MIN, i64::MAX, |c, mb| c.global().lua.maxmem = u64::from(clamp(mb)) << 20),
    )
    .missing("'{}' expects an integer argument (Lua memory size in MB).")
    .malformed("{}: invalid number {v} (error at '{c}')"),
    time("tune.lua.session-timeout", "How long a session may run Lua.", |c, ms| {
        c.global().lua.session_timeout = ms
    }),
    time("tune.lua.burst-timeout", "How long Lua may run without a yield.", |c, ms| {
        c.global().lua.burst_timeout = ms
    }),
    time("tune.lua.service-timeout", "How long a service may run Lua.", |c, ms| {
        c.global().lua.service_timeout = ms
    }),
    time("tune.lua.task-timeout", "How long a task may run Lua.", |c, ms| c.global().lua.task_timeout = ms),
    Keyword::new(
        "tune.lua.log.loggers",
        "Sends Lua's messages to the loggers.",
        HERE,
        "{ on | off }",
        OPTIONAL,
        Set::OnOff(|c, on| c.global().lua.log_loggers = on),
    )
    .range(EITHER),
    Keyword::new(
        "tune.lua.log.stderr",
        "Sends Lua's messages to standard error.",
        HERE,
        "{ on | auto | off }",
        OPTIONAL,
        Set::Choice(&["on", "off", "auto"], |c, choice| {
            c.global().lua.log_stderr = [Some(true), Some(false), None][choice];
        }),
    )
    .range("'{}' expects either 'on', 'auto', or 'off' but got '{v}'."),
    Keyword::new(
        "tune.lua.bool-sample-conversion",
        "How Lua sees booleans.",
        HERE,
        "{ normal | pre-3.1-bug }",
        OPTIONAL,
        Set::Line(bool_conversion),
    ),
    Keyword::new(
        "tune.lua.openlibs",
        "Which standard libraries Lua gets.",
        HERE,
        "[all | none | <lib>,...]",
        OPTIONAL,
        Set::Line(openlibs),
    ),
];
