//! Listening sockets of every kind, opened for real on loopback and in temporary folders.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener as StdListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use ir::expr::Place;

use super::*;
use crate::connect::Target;

/// A bind line with an address and nothing else.
pub(crate) fn bind(address: Address) -> Bind {
    Bind {
        address,
        reverse: None,
        name: None,
        id: None,
        maxconn: 0,
        backlog: None,
        accept_proxy: false,
        netscaler_magic: None,
        congestion: None,
        md5_secret: None,
        namespace: None,
        threads: Vec::new(),
        shards: ir::config::Shards::default(),
        defer_accept: false,
        tcp_fast_open: false,
        transparent: false,
        interface: None,
        mss: None,
        save_syn: 0,
        tcp_ut: None,
        idle_ping: None,
        v4v6: false,
        v6only: false,
        proto: None,
        unix_mode: None,
        unix_uid: None,
        unix_gid: None,
        tls: None,
        place: Place::default(),
    }
}

pub(crate) fn open_with(bind: &Bind, sockets: usize, inherited: &mut Inherited) -> Result<Opened, BindError> {
    let tune = Tune::default();
    let wanted = Wanted {
        proxy: ProxyId(3),
        bind: BindId(1),
        backlog: 64,
        sockets,
        tune: &tune,
        reuse_port: true,
        nolinger: false,
        delays_ack: false,
        namespaces: &Namespaces::default(),
    };
    open(bind, wanted, inherited)
}

fn open_plain(bind: &Bind, sockets: usize) -> Result<Opened, BindError> {
    open_with(bind, sockets, &mut Inherited::default())
}

/// A port that nobody uses at the moment.
pub(crate) fn free_address() -> SocketAddr {
    StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub(crate) fn ip(address: SocketAddr) -> Address {
    Address::Ip(address.ip(), address.port())
}

/// A directory that is removed at the end.
pub(crate) struct TempDir(pub PathBuf);

impl TempDir {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("net-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn socket(&self, name: &str) -> Vec<u8> {
        self.0.join(name).as_os_str().as_encoded_bytes().to_vec()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn one_socket_a_worker_with_nodelay_inherited() {
    let address = free_address();
    let opened = open_plain(&bind(ip(address)), 3).unwrap();
    assert_eq!((opened.listeners.len(), opened.warnings.len()), (3, 0));
    for listener in &opened.listeners {
        assert_eq!((listener.proxy, listener.bind, listener.kind), (ProxyId(3), BindId(1), Kind::Tcp));
        assert_eq!(SockRef::from(&listener.fd).local_addr().unwrap().as_socket(), Some(address));
    }
    let _clients: Vec<_> = (0..30).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut accepted = 0;
    for listener in &opened.listeners {
        while let Ok((socket, _)) = SockRef::from(&listener.fd).accept() {
            assert!(socket.tcp_nodelay().unwrap());
            accepted += 1;
        }
    }
    assert_eq!(accepted, 30);
}

#[test]
fn options_of_the_line() {
    let mut line = bind(ip(free_address()));
    line.tcp_ut = Some(1500);
    line.mss = Some(900);
    line.defer_accept = true;
    line.tcp_fast_open = true;
    let opened = open_plain(&line, 2).unwrap();
    assert_eq!(opened.warnings, Vec::<String>::new());
    for listener in &opened.listeners {
        let socket = SockRef::from(&listener.fd);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(std::time::Duration::from_millis(1500)));
        assert_eq!(socket.tcp_mss().unwrap(), 900);
    }
    line.interface = Some(b"nope0".to_vec());
    let Address::Ip(_, port) = line.address else { unreachable!() };
    drop(opened);
    let expected = format!(
        "protocol tcpv4: cannot bind receiver to device 'nope0' (No such device) for [127.0.0.1:{port}]"
    );
    assert_eq!(open_plain(&line, 2).unwrap().warnings, [expected]);
}

#[test]
fn failures_in_haproxys_words() {
    #[track_caller]
    fn check(address: Address, in_use: bool, expected: &str) {
        let error = open_plain(&bind(address), 2).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.in_use), (expected, in_use));
    }
    let taken = StdListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let expected = format!("protocol tcpv4: cannot bind socket (Address already in use) for [{address}]");
    check(ip(address), true, &expected);
    check(
        Address::Ip("192.0.2.1".parse().unwrap(), 28432),
        false,
        "protocol tcpv4: cannot bind socket (Cannot assign requested address) for [192.0.2.1:28432]",
    );
    check(
        Address::Ip("2001:db8::1".parse().unwrap(), 28432),
        false,
        "protocol tcpv6: cannot bind socket (Cannot assign requested address) for [2001:db8::1:28432]",
    );
    check(
        Address::Unix(b"/nope/dir/x.sock".to_vec()),
        false,
        "protocol unix_stream: cannot bind UNIX socket (No such file or directory) [/nope/dir/x.sock]",
    );
    let long = format!("/tmp/{}", "x".repeat(100));
    let expected = format!("protocol unix_stream: name too long for UNIX socket (limit usually 97) [{long}]");
    check(Address::Unix(long.into_bytes()), false, &expected);
}

#[test]
fn a_unix_path_is_replaced_without_a_gap() {
    let dir = TempDir::new("unix");
    let path = dir.socket("front.sock");
    let mut line = bind(Address::Unix(path.clone()));
    line.unix_mode = Some(0o660);
    let old = open_plain(&line, 2).unwrap();
    let meta = std::fs::metadata(dir.0.join("front.sock")).unwrap();
    assert_eq!(meta.permissions().mode() & 0o777, 0o660);
    let before = UnixStream::connect(dir.0.join("front.sock")).unwrap();
    let new = open_plain(&line, 1).unwrap();
    assert_ne!(std::fs::metadata(dir.0.join("front.sock")).unwrap().ino(), meta.ino());
    let _after = UnixStream::connect(dir.0.join("front.sock")).unwrap();
    for (opened, expected) in [(&old, 1), (&new, 1)] {
        let socket = SockRef::from(&opened.listeners[0].fd);
        let mut accepted = 0;
        while socket.accept().is_ok() {
            accepted += 1;
        }
        assert_eq!(accepted, expected);
    }
    drop(before);
    let left: Vec<_> = std::fs::read_dir(&dir.0).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["front.sock"], "no temporary names stay");
}

#[test]
fn a_failed_replacement_keeps_the_old_socket() {
    let dir = TempDir::new("unix-keep");
    let path = dir.socket("front.sock");
    let _old = open_plain(&bind(Address::Unix(path.clone())), 1).unwrap();
    let mut line = bind(Address::Unix(path));
    // The temporary name cannot be bound where a directory has it.
    let name = format!("front.sock.{}.tmp", std::process::id());
    std::fs::create_dir_all(dir.0.join(&name).join("x")).unwrap();
    line.unix_mode = Some(0o600);
    assert!(open_plain(&line, 1).is_err());
    UnixStream::connect(dir.0.join("front.sock")).unwrap();
}

#[test]
fn abstract_names_and_inherited_descriptors() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for terminated in [false, true] {
        let name = format!("net-test-{}-{terminated}", std::process::id()).into_bytes();
        let address = Address::Abstract(name, terminated);
        let opened = open_plain(&bind(address.clone()), 2).unwrap();
        let error = open_plain(&bind(address.clone()), 1).unwrap_err();
        assert!(error.in_use && error.message.contains("cannot bind UNIX socket (already in use)"));
        let Some(Target::Unix(path)) = Target::new(&address) else { panic!("a UNIX socket") };
        runtime.block_on(tokio::net::UnixStream::connect(path)).unwrap();
        assert_eq!(opened.listeners[0].kind, Kind::Shared);
    }
    let existing = StdListener::bind("127.0.0.1:0").unwrap();
    let fd = std::os::fd::AsRawFd::as_raw_fd(&existing);
    let opened = open_plain(&bind(Address::Fd(fd)), 2).unwrap();
    let mut client = TcpStream::connect(existing.local_addr().unwrap()).unwrap();
    let (socket, _) = SockRef::from(&opened.listeners[1].fd).accept().unwrap();
    client.write_all(b"x").unwrap();
    assert_eq!((&socket).read(&mut [0; 4]).unwrap(), 1);
    assert!(open_plain(&bind(Address::Fd(9999)), 1).unwrap_err().message.contains("[fd 9999]"));
}
