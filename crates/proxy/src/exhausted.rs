//! What is logged where the process ran out of something: descriptors, memory, addresses to connect
//! from. The messages are HAProxy's.

use std::io;

use ir::config::Level;
use ir::id::ProxyId;
use net::connect::Failure;
use state::link::ConnError;

use crate::worker::Worker;
use state::plan::LogOwner;

/// A connection to a server of `id` could not be made; `foreign`: it was to come from another
/// machine's address.
pub fn tell_connect(worker: &Worker, id: ProxyId, failure: &Failure, foreign: bool) {
    let Failure::Resource(error) = failure else { return };
    let name = String::from_utf8_lossy(&worker.plan.settings(id).name);
    let most = net::descriptor_limit();
    let tproxy = if foreign { "tproxy " } else { "" };
    let (level, text) = match error {
        ConnError::CannotBind | ConnError::PortRange => (
            Level::Emerg,
            format!("Cannot bind to {tproxy}source address before connect() for backend {name}."),
        ),
        ConnError::NoFreePorts => {
            (Level::Err, format!("Connect() failed for backend {name}: no free ports."))
        }
        ConnError::AddressInUse => {
            (Level::Err, format!("Connect() failed for backend {name}: local address already in use."))
        }
        other => match limit(*other) {
            Some((what, advice)) => {
                (Level::Emerg, format!("Proxy {name} reached {what} limit (maxsock={most}). {advice}"))
            }
            None => return,
        },
    };
    worker.logs.send(LogOwner::Proxy(id), level, text.as_bytes());
}

/// A connection of a client could not be accepted.
pub fn tell_accept(worker: &Worker, id: ProxyId, error: &io::Error) {
    let error = net::connect::failure(error);
    let Some((what, advice)) = limit(error) else { return };
    let name = String::from_utf8_lossy(&worker.plan.settings(id).name);
    let (title, number) = match error {
        ConnError::ProcessFiles => ("maxsock", net::descriptor_limit()),
        _ => ("actconn", worker.plan.live.connections.get().into()),
    };
    let text = format!("Proxy {name} reached {what} limit ({title}={number}). {advice}");
    worker.logs.send(LogOwner::Proxy(id), Level::Emerg, text.as_bytes());
}

/// Which limit was reached, and what to do.
fn limit(error: ConnError) -> Option<(&'static str, &'static str)> {
    const SYSTEM: &str = "Please check system tunables.";
    Some(match error {
        ConnError::ProcessFiles => ("process FD", "Please check 'ulimit-n' and restart."),
        ConnError::SystemFiles => ("system FD", SYSTEM),
        ConnError::SystemMemory => ("system memory", SYSTEM),
        _ => return None,
    })
}
