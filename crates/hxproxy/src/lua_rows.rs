//! The functions of the rows that Lua files register. A row's function is a plain pointer, so all
//! rows of a kind share one, and find out which row they are by their last argument: the checker
//! puts the name of a fetch or converter there, [`number_actions`] the number of an action.
//!
//! Left out: running an action, which may wait; the runtime does that for [`Outcome::Lua`].

use std::sync::{Arc, OnceLock};

use ir::config::Config;
use ir::expr::ActionValue as Checked;
use ir::types::SampleType;
use lua::Host;
use state::plan::{ActionValue, Args, Converter, Fetch, Outcome};
use state::sample::{Arg, Cursor, OwnedValue};
use state::{Fetched, Missing, Needs, Stream, Value};

use crate::registry;

/// The one host of the process. Functions of rows have no other way to it.
static HOST: OnceLock<Arc<Host>> = OnceLock::new();

/// From here on the rows can be evaluated.
pub fn use_host(host: &Arc<Host>) {
    // A process reads one configuration, so it has one host.
    let _ = HOST.set(host.clone());
}

/// A fetch that a script registered.
pub const FETCH: Fetch = Fetch { run: fetch, of_stream: false, needs: Needs::NONE };

fn fetch<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let value = row(args).and_then(|(host, name, args)| host.fetch(name, stream, args));
    value.map(|value| keep(stream, &value)).ok_or(Missing::Absent)
}

/// A converter that a script registered.
pub const CONVERTER: Converter =
    Converter { run: convert, input: SampleType::Str, map: None, out: SampleType::Str, prepare: None };

fn convert<'a>(stream: &'a Stream, args: &'a [Arg], input: Value<'a>) -> Option<Value<'a>> {
    let (host, name, args) = row(args)?;
    host.convert(name, stream, input, args).map(|value| keep(stream, &value))
}

/// An action that a script registered: the runtime runs it.
pub fn action(_: &mut Stream, args: &Args) -> Outcome {
    match args.values.last() {
        Some(ActionValue::Int(number)) => u32::try_from(*number).map_or(Outcome::Continue, Outcome::Lua),
        _ => Outcome::Continue,
    }
}

/// Puts the host's number of each Lua action behind the words of its rule.
pub fn number_actions(config: &mut Config, registry: &check::Registry, registered: &[lua::Action]) {
    let rules = config.proxies.iter_mut().flat_map(|proxy| proxy.rules.iter_mut().flatten());
    for rule in rules.filter(|rule| registry::is_lua_action(rule.action)) {
        let Some(spec) = registry.actions().get(rule.action.index()) else { continue };
        let is_it = |action: &&lua::Action| {
            spec.name.strip_prefix("lua.") == Some(action.name.as_str()) && spec.sets == action.sets
        };
        let number = registered.iter().find(is_it).map(|action| Checked::Int(action.id.into()));
        rule.args.extend(number);
    }
}

/// The host, the row's name, and the arguments as they were written.
fn row(args: &[Arg]) -> Option<(&'static Arc<Host>, &[u8], &[Arg])> {
    let (last, written) = args.split_last()?;
    let Arg::Str(name) = last else { return None };
    Some((HOST.get()?, name, written))
}

/// Moves a value into the stream's arena.
fn keep<'a>(stream: &'a Stream, value: &OwnedValue) -> Value<'a> {
    let copy = |bytes: &[u8]| -> &'a [u8] { stream.arena.alloc_slice_copy(bytes) };
    match value.as_value() {
        Value::Str(bytes) => Value::Str(copy(bytes)),
        Value::Bin(bytes) => Value::Bin(copy(bytes)),
        Value::Meth(bytes) => Value::Meth(copy(bytes)),
        Value::Bool(x) => Value::Bool(x),
        Value::Sint(x) => Value::Sint(x),
        Value::Ipv4(x) => Value::Ipv4(x),
        Value::Ipv6(x) => Value::Ipv6(x),
    }
}
