//! Actions on the client's socket. They are rows as those of the `actions` crate, here because they
//! call the system.

use std::os::fd::BorrowedFd;

use actions::Action;
use actions::row::{number, sets};
use ir::spec::{ActionArg, ActionOption};
use state::Stream;
use state::ends::Endpoint;
use state::plan::{Args, Outcome};

use crate::marks::Marks;
use crate::sys;

const MARKING: u16 = sets::TCP | sets::REQUEST | sets::RESPONSE;
/// Any number, or an expression.
const NUMBER: &[ActionArg] = &[ActionArg::IntOrExpr(i64::MIN, i64::MAX)];
const DROP: &[ActionOption] = &[ActionOption::new("rst-ttl", &[ActionArg::Int(1, 255)])];

pub const ROWS: &[Action] = &[
    Action::new("set-fc-mark", MARKING, NUMBER, "Sets the mark of packets to the client", set_mark),
    Action::new("set-fc-tos", MARKING, NUMBER, "Sets the TOS field of packets to the client", set_tos),
    Action::new("set-mark", MARKING, NUMBER, "Sets the mark of packets to the client (deprecated)", set_mark),
    Action::new(
        "set-tos",
        MARKING,
        NUMBER,
        "Sets the TOS field of packets to the client (deprecated)",
        set_tos,
    ),
    Action::new(
        "silent-drop",
        sets::TCP | sets::REQUEST | sets::RESPONSE,
        &[],
        "Forgets the connection without telling the client",
        silent_drop,
    )
    .options(DROP),
];

fn set_mark(stream: &mut Stream, args: &Args) -> Outcome {
    mark(stream, Marks { mark: number(stream, args, 0).map(|mark| mark as u32), tos: None })
}

fn set_tos(stream: &mut Stream, args: &Args) -> Outcome {
    mark(stream, Marks { mark: None, tos: number(stream, args, 0).map(|tos| tos as i32) })
}

fn mark(stream: &mut Stream, marks: Marks) -> Outcome {
    let peer = match &stream.session.connection.borrow().src {
        Endpoint::Ip(peer) => Some(*peer),
        Endpoint::Unix(_) => None,
    };
    with_socket(stream, |socket| marks.set(socket, peer));
    Outcome::Continue
}

/// The client must neither see an end nor send what would be answered by one: its packets are
/// acknowledged, then the socket is made mute, or its last packet is given so short a life that only
/// the machines on its way see it.
fn silent_drop(stream: &mut Stream, args: &Args) -> Outcome {
    const TCP_REPAIR: i32 = 19;
    let ttl = args.option_int(0).map(|ttl| ttl as i32);
    let is_v6 = matches!(&stream.session.connection.borrow().src, Endpoint::Ip(peer) if peer.is_ipv6());
    with_socket(stream, |socket| {
        // Each may be refused, as for a UNIX socket; what remains is a reset.
        sys::drain(socket);
        let _ = sys::set_int(socket, libc::IPPROTO_TCP, libc::TCP_QUICKACK, 1);
        let _ = socket2::SockRef::from(&socket).set_linger(Some(std::time::Duration::ZERO));
        let is_mute = ttl.is_none() && sys::set_int(socket, libc::IPPROTO_TCP, TCP_REPAIR, 1).is_ok();
        if !is_mute {
            let (level, option) = match is_v6 {
                true => (libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS),
                false => (libc::IPPROTO_IP, libc::IP_TTL),
            };
            let _ = sys::set_int(socket, level, option, ttl.unwrap_or(1));
        }
    });
    stream.session.is_dropped.set(true);
    Outcome::Drop
}

/// Runs `f` on the client's socket, where there is one.
fn with_socket(stream: &Stream, f: impl FnOnce(BorrowedFd<'_>)) {
    if let Some(socket) = stream.session.socket {
        f(sys::borrow(socket));
    }
}
