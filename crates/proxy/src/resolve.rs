//! `do-resolve`: a name that a request gives becomes an address in a variable. The system's own
//! resolver answers, on a thread where it may block, until `resolvers` sections are executed.

use std::net::IpAddr;
use std::task::Poll;

use net::clock::now_ms;
use net::timer::Timer;
use state::plan::{ActionValue, Args};
use state::{Stream, Value};

use crate::deadline::Deadline;

/// The longest name that DNS knows.
const LONGEST: usize = 253;

/// Resolves and sets the variable; where that fails or takes too long it stays as it is.
pub async fn run(stream: &mut Stream, timer: &mut Timer, args: &Args) {
    let [ActionValue::Var(var), ActionValue::Expr(expr), ActionValue::Int(prefers_v4), resolvers] =
        args.values.as_slice()
    else {
        return;
    };
    let Ok(value) = expr.eval(stream) else { return };
    let Ok(name) = std::str::from_utf8(value.to_text(&stream.arena)) else { return };
    if name.is_empty() || name.len() > LONGEST {
        return;
    }
    let name = name.to_owned();
    Deadline::after(now_ms(), Some(limit(stream, resolvers.bytes()))).set(timer);
    let mut lookup = Box::pin(tokio::net::lookup_host((name, 0)));
    let found = std::future::poll_fn(|cx| match lookup.as_mut().poll(cx) {
        Poll::Ready(found) => Poll::Ready(found.ok()),
        Poll::Pending => timer.poll_expired(cx).map(|()| None),
    })
    .await;
    let addresses: Vec<IpAddr> = found.into_iter().flatten().map(|address| address.ip()).collect();
    let preferred = addresses.iter().find(|address| address.is_ipv4() == (*prefers_v4 != 0));
    let value = match preferred.or(addresses.first()) {
        Some(IpAddr::V4(address)) => Value::Ipv4(*address),
        Some(IpAddr::V6(address)) => Value::Ipv6(*address),
        None => return,
    };
    stream.set_variable_if(*var, value, Default::default());
}

/// How long the section's servers would be asked, in milliseconds.
fn limit(stream: &Stream, resolvers: &[u8]) -> u64 {
    const DEFAULT: u64 = 3000;
    let section = stream.plan.config.resolvers.iter().find(|section| section.name == resolvers);
    section.map_or(DEFAULT, |section| {
        section.timeout_retry.saturating_mul(u64::try_from(section.resolve_retries).unwrap_or(1).max(1))
    })
}
