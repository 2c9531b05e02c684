//! The kernel's numbers about a TCP connection, asked for where a sample shows them (manual,
//! section 7.3.3). They are rows as those of the `samples` crate.

use std::os::fd::RawFd;

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Sint};
use samples::fetches::at;
use samples::{Fetch, checks};
use state::link::TcpInfo;
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Needs, Stream, Value};

use crate::sys;

pub const ROWS: &[Fetch] = &[
    time("bc_rtt", "The round-trip time to the server, in milliseconds or `us`", bc_rtt)
        .needs(Needs::SERVER_TCP_INFO),
    time("bc_rttvar", "The round-trip time's variance to the server, in milliseconds or `us`", bc_rttvar)
        .needs(Needs::SERVER_TCP_INFO),
    counter("fc_fackets", "The client connection's fack counter", fc_fackets),
    counter("fc_lost", "The client connection's lost segments", fc_lost),
    counter("fc_reordering", "The client connection's reordering counter", fc_reordering),
    counter("fc_retrans", "The client connection's retransmits", fc_retrans),
    time("fc_rtt", "The round-trip time to the client, in milliseconds or `us`", fc_rtt),
    time("fc_rttvar", "The round-trip time's variance to the client, in milliseconds or `us`", fc_rttvar),
    counter("fc_sacked", "The client connection's sacked segments", fc_sacked),
    Fetch::new("fc_saved_syn", Bin, at::CLIENT, "The client's SYN packet, with `tcp-ss`", fc_saved_syn),
    counter("fc_unacked", "The client connection's unacknowledged segments", fc_unacked),
];

/// The function of a row.
type Run = state::sample::FetchFn;

/// A row of a time.
const fn time(name: &'static str, doc: &'static str, run: Run) -> Fetch {
    Fetch::new(name, Sint, at::CLIENT, doc, run).args(0, &[ArgType::Str]).check(checks::rtt_unit)
}

/// A row of a counter. Its argument has no meaning.
const fn counter(name: &'static str, doc: &'static str, run: Run) -> Fetch {
    Fetch::new(name, Sint, at::CLIENT, doc, run).args(0, &[ArgType::Str]).check(checks::tcp_counter)
}

/// Asks the kernel. `None`: it is not TCP.
pub fn read(fd: RawFd) -> Option<TcpInfo> {
    const ROOM: usize = 104;
    let mut bytes = [0; ROOM];
    let len = sys::get_bytes(fd, libc::IPPROTO_TCP, libc::TCP_INFO, &mut bytes).ok()?;
    let number = |at: usize| {
        let field = bytes[..len.min(ROOM)].get(at..at + 4)?;
        Some(u32::from_ne_bytes(field.try_into().ok()?))
    };
    // The places in `struct tcp_info` (tcp(7)), which only grows.
    Some(TcpInfo {
        unacked: number(24)?,
        sacked: number(28)?,
        lost: number(32)?,
        retransmits: number(36)?,
        fackets: number(40)?,
        rtt: number(68)?,
        rtt_variance: number(72)?,
        reordering: number(88)?,
    })
}

fn client(stream: &Stream) -> Result<TcpInfo, Missing> {
    stream.session.socket.and_then(read).ok_or(Missing::Absent)
}

fn server(stream: &Stream) -> Result<TcpInfo, Missing> {
    let link = stream.server_link.as_ref().ok_or(Missing::Absent)?;
    link.socket.and_then(read).or(link.last_info).ok_or(Missing::Absent)
}

fn number<'a>(number: u32) -> Fetched<'a> {
    Ok(Value::Sint(i64::from(number)))
}

/// Microseconds, or rounded milliseconds unless the first argument says otherwise.
fn in_unit<'a>(micros: u32, args: &[Arg]) -> Fetched<'a> {
    match args.first() {
        Some(Arg::Str(unit)) if **unit == *b"us" => number(micros),
        _ => number(micros.saturating_add(500) / 1000),
    }
}

fn bc_rtt<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    in_unit(server(stream)?.rtt, args)
}

fn bc_rttvar<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    in_unit(server(stream)?.rtt_variance, args)
}

fn fc_rtt<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    in_unit(client(stream)?.rtt, args)
}

fn fc_rttvar<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    in_unit(client(stream)?.rtt_variance, args)
}

fn fc_fackets<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    number(client(stream)?.fackets)
}

fn fc_lost<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    number(client(stream)?.lost)
}

fn fc_reordering<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    number(client(stream)?.reordering)
}

fn fc_retrans<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    number(client(stream)?.retransmits)
}

fn fc_sacked<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    number(client(stream)?.sacked)
}

fn fc_unacked<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    number(client(stream)?.unacked)
}

/// The kernel gives the packet away with the first answer.
fn fc_saved_syn<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    const ROOM: usize = 1024;
    let fd = stream.session.socket.ok_or(Missing::Absent)?;
    let mut packet = [0; ROOM];
    let len = sys::get_bytes(fd, libc::IPPROTO_TCP, libc::TCP_SAVED_SYN, &mut packet);
    let packet = packet.get(..len.map_err(|_| Missing::Absent)?).ok_or(Missing::Absent)?;
    Ok(Value::Bin(stream.arena.alloc_slice_copy(packet)))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use samples::testing;

    use super::*;

    #[test]
    fn rows_are_sound() {
        testing::check_fetches(ROWS.iter());
        testing::run_fetches(ROWS.iter());
    }

    #[test]
    fn tcp_has_numbers_and_others_have_none() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listener");
        let client = std::net::TcpStream::connect(listener.local_addr().expect("address")).expect("client");
        let info = read(client.as_raw_fd()).expect("numbers");
        assert!(info.reordering > 0 && info.lost == 0, "{info:?}");
        let (one, _other) = std::os::unix::net::UnixStream::pair().expect("pair");
        assert_eq!(read(one.as_raw_fd()), None);
    }
}
