//! Rules in their runnable form, and what an action may answer.

use ir::expr::Var;
use ir::id::{LogProfileId, ServiceId, TableId};

use super::{Cond, Expr, Format, Regex};
use crate::session::Mux;
use crate::stream::Stream;

/// An action: changes the stream and says how to go on.
pub type ActionFn = fn(&mut Stream, &Args) -> Outcome;

/// A rule: its action runs where the condition holds.
#[derive(Debug)]
pub struct Rule {
    pub cond: Option<Cond>,
    pub run: ActionFn,
    pub args: Args,
    pub place: ir::expr::Place,
}

/// How a stream goes on after an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The next rule.
    Continue,
    /// No more rules of this list (`allow`, `accept`).
    Stop,
    /// Refuse: the error page of this status; in a response phase the page replaces the
    /// response.
    Deny(u16),
    /// What was to be done cannot be: the page of status 500 is the answer.
    Failed,
    /// Send `stream.res` with the body `stream.reply`, and no server.
    Reply,
    /// The same as `Deny` after this many milliseconds. Status 0: the answer stands in
    /// `stream.res` and `stream.reply` already.
    Tarpit(u16, u64),
    /// Hand the request to a service.
    Service(ServiceId),
    /// Wait this many milliseconds, then go on with the next rule (`pause`).
    Pause(u64),
    /// Wait until the message's body is buffered, at most for the first number of milliseconds, or
    /// until the second number of bytes of it is there (0: all), and run the same rule again.
    WaitForBody(u64, usize),
    /// Send `stream.res`, an interim response, then the next rule (`early-hint`).
    Hint,
    /// Go on as HTTP, with the protocol that is named or any (`switch-mode`).
    SwitchMode(Option<Mux>),
    /// The connection is a server's from now on (`attach-srv`): the runtime looks at the rule.
    Attach,
    /// The rule's data has not come yet: run the same rule again when it has.
    NotYet,
    /// Close without an answer (`reject`, `tcp-request … reject`).
    Reject,
    /// Drop without telling the client (`silent-drop`).
    Drop,
    /// Close the server side (`tcp-response content close`).
    Close,
    /// Resolve the name that the rule's expression gives into its variable, then the next rule
    /// (`do-resolve`).
    Resolve,
    /// Log now, with the formats of a profile where one is named, then the next rule (`do-log`).
    Log(Option<LogProfileId>),
    /// An action written in Lua: the runtime runs the function of this name.
    Lua(u32),
}

/// The checked arguments of a rule.
#[derive(Debug, Default)]
pub struct Args {
    /// The parenthesised one first, then the positional ones.
    pub values: Vec<ActionValue>,
    /// `(index into the spec's options, values)`, as written.
    pub options: Vec<(usize, Vec<ActionValue>)>,
}

#[derive(Debug)]
pub enum ActionValue {
    Str(Box<[u8]>),
    Fmt(Format),
    Expr(Expr),
    Int(i64),
    /// Milliseconds.
    Time(i64),
    Regex(Regex),
    Service(ServiceId),
    /// The content of a file.
    File(Box<[u8]>),
    Var(Var),
    Table(TableId),
}

impl ActionValue {
    /// The bytes of a literal or of a file; empty for anything else, which the checker excludes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Str(bytes) | Self::File(bytes) => bytes,
            _ => b"",
        }
    }
}

impl Args {
    /// The literal at `index`, or nothing.
    pub fn str(&self, index: usize) -> &[u8] {
        self.values.get(index).map_or(b"", ActionValue::bytes)
    }

    /// Writes the log-format at `index`; a literal is written as it is.
    pub fn write(&self, index: usize, stream: &Stream, out: &mut Vec<u8>) {
        match self.values.get(index) {
            Some(ActionValue::Fmt(format)) => format.write(stream, out),
            Some(value) => out.extend_from_slice(value.bytes()),
            None => {}
        }
    }

    /// The values of the last option with this index in the spec.
    pub fn option(&self, index: usize) -> Option<&[ActionValue]> {
        self.options.iter().rfind(|(have, _)| *have == index).map(|(_, values)| values.as_slice())
    }

    /// The number of the last option with this index, if it was given.
    pub fn option_int(&self, index: usize) -> Option<i64> {
        match self.option(index)?.first()? {
            ActionValue::Int(number) | ActionValue::Time(number) => Some(*number),
            _ => None,
        }
    }
}
