//! What never became a request.

use std::rc::Rc;

use ir::config::H2Errors;
use net::clock::now_ms;
use proto::h2::Faults;
use state::session::Session;
use state::termination::{Cause, State};
use state::track::Event;

use crate::log;
use crate::worker::Worker;

/// Logs it as HAProxy does, as `<BADREQ>`, and counts it.
pub fn log(worker: &Rc<Worker>, session: &Rc<Session>, mut faults: Faults) {
    let (connections, streams) = match worker.plan.config.global.tune.h2_clients.log_errors {
        H2Errors::None => (0, 0),
        H2Errors::Connections => (faults.connection, 0),
        H2Errors::Streams => (faults.connection, faults.stream),
    };
    for number in 0..(connections + streams).max(faults.requests).max(faults.errors) {
        let mut stream = worker.stream(session);
        stream.timing.start = session.accepted;
        stream.timing.end = Some(now_ms());
        stream.termination.set(Cause::Proxy, State::Request);
        for (left, event) in [(&mut faults.requests, Event::Request), (&mut faults.errors, Event::Error)] {
            if *left > 0 {
                *left -= 1;
                stream.count(event);
            }
        }
        if number < connections + streams {
            log::session(worker, &mut stream);
        }
        worker.recycle(stream);
    }
}
