//! Actions that change where a connection comes from or goes (manual, `set-src`).

use std::net::IpAddr;

use ir::spec::ActionArg::Expr;
use ir::types::SampleType;
use state::ends::End;
use state::plan::{ActionValue, Args, Outcome};
use state::{Stream, Value};

use crate::row::{Action, sets};

/// The sets in which the client's addresses may be changed.
const SETS: u16 = sets::TCP_REQUEST | sets::REQUEST;

pub const ROWS: &[Action] = &[
    Action::new("set-dst", SETS, &[Expr], "Replaces the destination address", |stream, args| {
        set_ip(stream, args, End::Dst)
    }),
    Action::new("set-dst-port", SETS, &[Expr], "Replaces the destination port", |stream, args| {
        set_port(stream, args, End::Dst)
    }),
    Action::new("set-src", SETS, &[Expr], "Replaces the source address", |stream, args| {
        set_ip(stream, args, End::Src)
    }),
    Action::new("set-src-port", SETS, &[Expr], "Replaces the source port", |stream, args| {
        set_port(stream, args, End::Src)
    }),
];

/// What the expression gives, as a type.
fn value<'a>(stream: &'a Stream, args: &'a Args, kind: SampleType) -> Option<Value<'a>> {
    match args.values.first() {
        Some(ActionValue::Expr(expr)) => expr.eval(stream).ok()?.cast(kind, &stream.arena),
        _ => None,
    }
}

fn set_ip(stream: &mut Stream, args: &Args, end: End) -> Outcome {
    let ip: Option<IpAddr> = match value(stream, args, SampleType::Addr) {
        Some(Value::Ipv4(ip)) => Some(ip.into()),
        Some(Value::Ipv6(ip)) => Some(ip.into()),
        _ => None,
    };
    if let Some(ip) = ip {
        stream.change_end(end, |known| known.set_ip(ip));
    }
    Outcome::Continue
}

/// Of a larger number the lower 16 bits count.
fn set_port(stream: &mut Stream, args: &Args, end: End) -> Outcome {
    if let Some(Value::Sint(port)) = value(stream, args, SampleType::Sint) {
        stream.change_end(end, |known| known.set_port(port as u16));
    }
    Outcome::Continue
}
