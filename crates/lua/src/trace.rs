//! Errors of scripts in HAProxy's words: `[state-id 0] runtime error: <message> from <frames>`.

use mlua::debug::Debug;
use mlua::{Error, Function, Lua, Result, Value};

use crate::run::NO_MEMORY;
use crate::shim;

/// Stack levels that are looked at: a runaway recursion must not make a message without end.
const MAX_LEVELS: usize = 64;

/// The message handler for functions that run later: the error with its stack.
pub(crate) fn describe(lua: &Lua, state_id: usize) -> Result<Function> {
    lua.create_function(move |lua, error: Value| {
        let frames = frames(lua);
        Ok(match message(lua, &error) {
            Some(text) if text.ends_with(NO_MEMORY) => NO_MEMORY.into(),
            Some(text) => format!("[state-id {state_id}] runtime error: {text} from {frames}"),
            None => format!("[state-id {state_id}] unknown runtime error from {frames}"),
        })
    })
}

/// The message handler for `core.register_init` functions.
pub(crate) fn describe_init(lua: &Lua) -> Result<Function> {
    lua.create_function(|lua, error: Value| {
        let frames = frames(lua);
        Ok(match message(lua, &error) {
            Some(text) => format!("Lua init: runtime error: '{text}' from {frames}"),
            None => format!("Lua init: unknown runtime error from {frames}"),
        })
    })
}

/// The message handler for the body of a script: the error alone.
pub(crate) fn describe_body(lua: &Lua) -> Result<Function> {
    lua.create_function(|lua, error: Value| Ok(message(lua, &error).unwrap_or_else(|| "(null)".into())))
}

/// The text of an error value, if it is one that has a text.
fn message(lua: &Lua, error: &Value) -> Option<String> {
    match error {
        Value::Error(error) => Some(innermost(error)),
        Value::String(text) => Some(text.to_string_lossy()),
        Value::Integer(_) | Value::Number(_) => {
            lua.coerce_string(error.clone()).ok().flatten().map(|text| text.to_string_lossy())
        }
        _ => None,
    }
}

/// An error of the host without the layers that mlua puts around it.
fn innermost(error: &Error) -> String {
    match error {
        Error::CallbackError { cause, .. } => innermost(cause),
        Error::RuntimeError(text) => text.clone(),
        other => other.to_string(),
    }
}

/// One frame of the stack.
enum Frame {
    Shown(String),
    /// A wrapper of a host function: it stands for that function and hides what is above it.
    Wrapper(Option<String>),
    /// What runs the script's function, through `xpcall`.
    Bottom,
    Hidden,
}

/// The stack as HAProxy prints it, from the innermost frame outwards.
fn frames(lua: &Lua) -> String {
    let mut shown: Vec<String> = Vec::new();
    // Level 0 is the handler itself.
    for level in 1..MAX_LEVELS {
        match lua.inspect_stack(level, frame) {
            Some(Frame::Shown(text)) => shown.push(text),
            Some(Frame::Wrapper(text)) => shown = text.into_iter().collect(),
            Some(Frame::Hidden) => {}
            Some(Frame::Bottom) => {
                // That was `xpcall`.
                shown.pop();
                break;
            }
            None => break,
        }
    }
    shown.join(", ")
}

fn frame(debug: &Debug) -> Frame {
    let (source, names) = (debug.source(), debug.names());
    let short = source.short_src.as_deref().unwrap_or("?");
    let name = names.name_what.zip(names.name.as_deref()).filter(|(what, _)| !what.is_empty());
    if short == shim::BOTTOM {
        return Frame::Bottom;
    }
    if short == shim::CHUNK {
        return Frame::Wrapper(name.map(|(what, name)| format!("[C]: in {what} '{name}'")));
    }
    if source.what == "C" && name.is_none() {
        return Frame::Hidden;
    }
    let place = match debug.current_line() {
        Some(line) => format!("{short}:{line}: "),
        None => format!("{short}: "),
    };
    let what = match name {
        Some((what, name)) => format!("in {what} '{name}'"),
        None if source.what == "main" => "in main chunk".into(),
        None => format!("in function line {}", source.line_defined.unwrap_or(0)),
    };
    Frame::Shown(format!("{place}{what}{}", if debug.is_tail_call() { " ..." } else { "" }))
}
