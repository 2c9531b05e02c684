//! Addresses and errors as HAProxy 3.5 takes and words them.

use super::*;

fn variable(name: &[u8]) -> Option<Vec<u8>> {
    (name == b"PORT").then(|| b"8080".to_vec())
}

fn check(rules: &Rules<'_>, text: &str, endpoint: Endpoint, transport: Transport) {
    let got = parse(text.as_bytes(), rules, &variable);
    let mptcp = text.starts_with("mptcp");
    assert_eq!(got, Ok(Address { endpoint, transport, mptcp }), "{text}");
}

fn check_error(rules: &Rules<'_>, text: &str, expected: &str) {
    match parse(text.as_bytes(), rules, &variable) {
        Ok(address) => panic!("{text} gave {address:?}"),
        Err(error) => assert_eq!(error.to_string(), expected, "{text}"),
    }
}

fn ip(host: &str, port: Port) -> Endpoint {
    Endpoint::Ip { host: Host::Ip(host.parse().expect(host)), port }
}

fn name(name: &str, family: Option<Family>, port: Port) -> Endpoint {
    Endpoint::Ip { host: Host::Name { name: name.into(), family }, port }
}

#[test]
fn listening() {
    let check = |text, endpoint| check(&Rules::BIND, text, endpoint, Transport::Stream);
    check("*:80", ip("0.0.0.0", Port::One(80)));
    check(":80", ip("0.0.0.0", Port::One(80)));
    check("ipv6@:80", ip("::", Port::One(80)));
    check(":::80", ip("::", Port::One(80)));
    check("::1:80", ip("::1", Port::One(80)));
    check("[::1]:80", ip("::1", Port::One(80)));
    check("ipv4@*:80", ip("0.0.0.0", Port::One(80)));
    check("ip@127.0.0.1:80", ip("127.0.0.1", Port::One(80)));
    check("tcp4@127.0.0.1:80", ip("127.0.0.1", Port::One(80)));
    check("tcp6@[::1]:80", ip("::1", Port::One(80)));
    check("mptcp@:80", ip("0.0.0.0", Port::One(80)));
    check("mptcp6@:80", ip("::", Port::One(80)));
    check("stream+:80", ip("0.0.0.0", Port::One(80)));
    check(":1000-1010", ip("0.0.0.0", Port::Range(1000, 1010)));
    check(":80-80", ip("0.0.0.0", Port::Range(80, 80)));
    check(":$PORT", ip("0.0.0.0", Port::One(8080)));
    check("localhost:80", name("localhost", None, Port::One(80)));
    check("ipv6@1.2.3.4:80", name("1.2.3.4", Some(Family::V6), Port::One(80)));
    check("/run/x.sock", Endpoint::Unix(b"/run/x.sock".to_vec()));
    check("unix@x.sock", Endpoint::Unix(b"x.sock".to_vec()));
    check("uxst@/x", Endpoint::Unix(b"/x".to_vec()));
    check("fd@3", Endpoint::Fd(3));
    check("sockpair@4", Endpoint::SocketPair(4));
    let abstract_name = |zero_terminated| Endpoint::Abstract { name: b"foo".to_vec(), zero_terminated };
    check("abns@foo", abstract_name(false));
    check("abnsz@foo", abstract_name(true));
}

#[test]
fn transports() {
    let any = ip("0.0.0.0", Port::One(53));
    check(&Rules::BIND, "quic4@:53", any.clone(), Transport::Quic);
    check(&Rules::BIND, "quic+:53", any.clone(), Transport::Quic);
    check(&Rules::DGRAM_BIND, ":53", any.clone(), Transport::Datagram);
    check(&Rules::DGRAM_BIND, "udp@:53", any.clone(), Transport::Datagram);
    check(&Rules::NAMESERVER, ":53", any.clone(), Transport::Datagram);
    check(&Rules::NAMESERVER, "tcp@:53", any.clone(), Transport::Stream);
    check(&Rules::SERVER, ":53", any.clone(), Transport::Stream);
    check(&Rules::SERVER, "udp4@:53", any, Transport::Datagram);
    check(&Rules::SERVER, "dgram+unix@/x", Endpoint::Unix(b"/x".to_vec()), Transport::Datagram);
}

#[test]
fn connecting() {
    let check = |text, endpoint| check(&Rules::SERVER, text, endpoint, Transport::Stream);
    check("1.2.3.4", ip("1.2.3.4", Port::None));
    check("1.2.3.4:", ip("1.2.3.4", Port::None));
    check("1.2.3.4:0", ip("1.2.3.4", Port::One(0)));
    check("1.2.3.4:+10", ip("1.2.3.4", Port::Offset(10)));
    check("1.2.3.4:-10", ip("1.2.3.4", Port::Offset(-10)));
    check(":+", ip("0.0.0.0", Port::Offset(0)));
    check("[::1]", ip("::1", Port::None));
    check("app.example:80", name("app.example", None, Port::One(80)));
}

#[test]
fn options() {
    let rules = Rules { unix_prefix: b"/run/", experimental: true, ..Rules::BIND };
    check(&rules, "unix@x", Endpoint::Unix(b"/run/x".to_vec()), Transport::Stream);
    let reverse = Endpoint::ReverseHttp(b"b/s".to_vec());
    check(&rules, "rhttp@b/s", reverse, Transport::Stream);
    let rules = Rules { names: false, ..Rules::CONNECT };
    check_error(&rules, "host:80", "invalid address: 'host' in 'host:80'");
    let rules = Rules { port: false, ..Rules::CONNECT };
    check_error(&rules, "1.2.3.4:80", "port specification not permitted here in '1.2.3.4:80'");
}

#[test]
fn bind_errors() {
    let check = |text, expected| check_error(&Rules::BIND, text, expected);
    check(":70000", "invalid port '70000'");
    check(":0", "invalid port '0'");
    check(":99999999999999999999", "invalid port '99999999999999999999'");
    check("127.0.0.1", "missing port specification in '127.0.0.1'");
    check("[::1]", "missing port specification in '[::1]'");
    check(":", "missing port specification in ':'");
    check(":${NOPE_PORT}", "missing port specification in ':${NOPE_PORT}'");
    check("$NOPE", "'$NOPE' resolves to an empty address (environment variable missing?)");
    check(":8x", "invalid character 'x' in port number '8x' in ':8x'");
    check(":80-x", "invalid character 'x' in port number 'x' in ':80-x'");
    check(":80-", "invalid port ''");
    check(":1010-1000", "invalid port range '1010-1000'");
    check(":+1", "port offset not permitted here in ':+1'");
    check("fd@x", "file descriptor 'x' is not a valid integer in 'fd@x'");
    check("fd@", "file descriptor '' is not a valid integer in 'fd@'");
    check("fd@-1", "file descriptor '-1' is not a valid integer in 'fd@-1'");
    check("sockpair@x", "file descriptor 'x' is not a valid integer in 'sockpair@x'");
    check("udp@:80", "dgram-type address not acceptable in 'udp@:80'");
    check("dgram+ipv4@:80", "dgram-type address not acceptable in 'dgram+ipv4@:80'");
    check(
        "rhttp@b/s",
        "Address 'rhttp@b/s' is experimental, must be allowed via a global \
         'expose-experimental-directives'",
    );
    let path = format!("/{}", "a".repeat(97));
    check(&path, &format!("socket path '{path}' too long (max 97)"));
}

#[test]
fn other_errors() {
    let check = |text, expected| check_error(&Rules::SERVER, text, expected);
    check("1.2.3.4:80-90", "port range not permitted here in '1.2.3.4:80-90'");
    check("fd@3", "a file descriptor is not acceptable here in 'fd@3'");
    check(":-x", "invalid character 'x' in port number 'x' in ':-x'");
    check_error(&Rules::DGRAM_BIND, "tcp@:80", "stream-type address not acceptable in 'tcp@:80'");
    check_error(&Rules::DGRAM_BIND, "quic4@:80", "stream-type address not acceptable in 'quic4@:80'");
}

#[test]
fn log_targets() {
    let check = |text: &str, expected| {
        assert_eq!(parse_log_target(text.as_bytes(), &variable), Ok(expected), "{text}");
    };
    let at =
        |endpoint| LogTarget::Address(Address { endpoint, transport: Transport::Datagram, mptcp: false });
    check("ring@r", LogTarget::Ring(b"r".to_vec()));
    check("backend@b", LogTarget::Backend(b"b".to_vec()));
    check("stdout", at(Endpoint::Fd(1)));
    check("stderr", at(Endpoint::Fd(2)));
    check("/dev/log", at(Endpoint::Unix(b"/dev/log".to_vec())));
    check("127.0.0.1", at(ip("127.0.0.1", Port::None)));
    check("local0", at(name("local0", None, Port::None)));
}

/// Bytes of any kind end in a value or an error.
#[test]
fn garbage() {
    for text in
        [&b"\xff:\xfe"[..], b"]", b"[", b":[", b"[]:1", b"@", b"+", b"unix@", b"fd@\xff", b":1\0", b"[:]:1"]
    {
        let _ = parse(text, &Rules::BIND, &variable);
        let _ = parse(text, &Rules::SERVER, &variable);
    }
}
