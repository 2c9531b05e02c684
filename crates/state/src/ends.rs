//! Where a connection comes from and goes, on three levels: the connection's own addresses, those
//! of its session (a PROXY header, `tcp-request session` rules), those of a stream (rules on
//! contents and requests). Each level hides the one before.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ir::spec::RuleSet;

use crate::session::Session;
use crate::stream::Stream;

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Ip(SocketAddr),
    /// A UNIX socket: its path, empty for an unnamed one.
    Unix(Box<[u8]>),
}

impl Endpoint {
    /// Changes the address; a port stays, whatever the families.
    pub fn set_ip(&mut self, ip: IpAddr) {
        let port = match self {
            Self::Ip(old) => old.port(),
            Self::Unix(_) => 0,
        };
        *self = Self::Ip(SocketAddr::new(ip, port));
    }

    /// Changes the port; what has none becomes an unspecified IPv4 address.
    pub fn set_port(&mut self, port: u16) {
        match self {
            Self::Ip(address) => address.set_port(port),
            Self::Unix(_) => *self = Self::Ip(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port)),
        }
    }
}

/// Both ends of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    pub src: Endpoint,
    pub dst: Endpoint,
}

/// Which end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Src,
    Dst,
}

impl Ends {
    fn get(&self, end: End) -> Endpoint {
        match end {
            End::Src => self.src.clone(),
            End::Dst => self.dst.clone(),
        }
    }

    fn get_mut(&mut self, end: End) -> &mut Endpoint {
        match end {
            End::Src => &mut self.src,
            End::Dst => &mut self.dst,
        }
    }
}

impl Session {
    /// An end of the connection itself.
    pub fn connection_end(&self, end: End) -> Endpoint {
        self.connection.borrow().get(end)
    }

    /// An end as the session knows it.
    pub fn end(&self, end: End) -> Endpoint {
        self.ends.borrow().as_ref().map_or_else(|| self.connection_end(end), |ends| ends.get(end))
    }
}

impl Stream {
    /// An end as the stream knows it.
    pub fn end(&self, end: End) -> Endpoint {
        self.ends.as_ref().map_or_else(|| self.session.end(end), |ends| ends.get(end))
    }

    /// Changes an end on the level that the rules at hand belong to.
    pub fn change_end(&mut self, end: End, change: impl FnOnce(&mut Endpoint)) {
        let session = &self.session;
        match self.phase {
            RuleSet::TcpConnection => change(session.connection.borrow_mut().get_mut(end)),
            RuleSet::TcpSession => {
                let mut ends = session.ends.borrow_mut();
                change(ends.get_or_insert_with(|| session.connection.borrow().clone()).get_mut(end));
            }
            _ => {
                let known = || Box::new(Ends { src: session.end(End::Src), dst: session.end(End::Dst) });
                change(self.ends.get_or_insert_with(known).get_mut(end));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn each_level_hides_the_one_before() {
        let mut stream = testing::stream("");
        let ip = |text: &str| Endpoint::Ip(text.parse().expect("address"));
        let set = |stream: &mut Stream, set, to: &str| {
            stream.phase = set;
            stream.change_end(End::Src, |end| end.set_ip(to.parse().expect("address")));
        };
        let seen = |stream: &Stream| {
            (stream.session.connection_end(End::Src), stream.session.end(End::Src), stream.end(End::Src))
        };
        let first = ip("192.0.2.1:1234");
        assert_eq!(seen(&stream), (first.clone(), first.clone(), first));
        set(&mut stream, RuleSet::TcpConnection, "10.0.0.1");
        let first = ip("10.0.0.1:1234");
        assert_eq!(seen(&stream), (first.clone(), first.clone(), first.clone()));
        set(&mut stream, RuleSet::TcpSession, "10.0.0.2");
        let second = ip("10.0.0.2:1234");
        assert_eq!(seen(&stream), (first.clone(), second.clone(), second.clone()));
        set(&mut stream, RuleSet::HttpRequest, "::1");
        assert_eq!(seen(&stream), (first, second, ip("[::1]:1234")));
        assert_eq!(stream.end(End::Dst), ip("198.51.100.1:80"));
    }

    #[test]
    fn ports() {
        let check = |mut end: Endpoint, expected: &str| {
            end.set_port(7);
            assert_eq!(end, Endpoint::Ip(expected.parse().expect("address")));
        };
        check(Endpoint::Ip("[::1]:1".parse().expect("address")), "[::1]:7");
        check(Endpoint::Unix(Box::default()), "0.0.0.0:7");
    }
}
