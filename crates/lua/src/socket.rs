//! The Socket class of `core.tcp()`: a client connection in the manner of LuaSocket.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mlua::{Lua, MultiValue, Result, Table, UserData, Value};
use net::io::Io;
use net::tls::Ask;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use crate::shim::{Answer, Args, Functions, Results, Shims};
use crate::vm::{Env, Vm};
use crate::{convert, task};

/// The time that an operation may take until a script says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes that one `receive` may collect: a peer that never ends must not fill the memory.
const MAX_RECEIVE: usize = 64 << 20;

/// What can be connected to.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// An open connection.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    /// Received and not asked for yet.
    pending: Vec<u8>,
    local: Option<String>,
    peer: Option<String>,
}

impl Connection {
    fn new(ends: &[Option<SocketAddr>; 2], stream: Io) -> Self {
        let [local, peer] = ends.map(|address| address.map(|address| address.to_string()));
        Self { stream: Box::new(stream), pending: Vec::new(), local, peer }
    }

    /// The bytes alone.
    pub fn into_stream(self) -> Box<dyn Stream> {
        self.stream
    }
}

struct Inner {
    /// Taken out while an operation waits for it.
    connection: Option<Connection>,
    timeout: Duration,
}

/// The host's part of a Socket object.
#[derive(Clone)]
pub(crate) struct Socket(Arc<Mutex<Inner>>);

impl UserData for Socket {}

impl Socket {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection for one operation, with its time limit; `None`: closed or not connected.
    fn take(&self) -> Option<(Connection, Duration)> {
        let mut inner = self.lock();
        Some((inner.connection.take()?, inner.timeout))
    }

    fn give(&self, connection: Connection) {
        self.lock().connection = Some(connection);
    }
}

/// Adds `core.tcp`.
pub(crate) fn install(lua: &Lua, shims: &Shims, core: &Functions<'_>) -> Result<()> {
    let class = class(lua, shims)?;
    core.add("tcp", Results::One, move |lua, _| {
        let object = lua.create_table_with_capacity(1, 0)?;
        let socket = Socket(Arc::new(Mutex::new(Inner { connection: None, timeout: DEFAULT_TIMEOUT })));
        object.raw_set(0, lua.create_userdata(socket)?)?;
        object.set_metatable(Some(class.clone()))?;
        Ok(object)
    })
}

fn class(lua: &Lua, shims: &Shims) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    functions.add("settimeout", Results::One, |lua, args| {
        let seconds = match args.get(1) {
            Value::Number(seconds) => *seconds,
            _ => args.integer(lua, 1)? as f64,
        };
        if !(0.0..=2_147_483.0).contains(&seconds) {
            return Err("settimeout: value out of range".into());
        }
        args.this::<Socket>()?.lock().timeout = Duration::from_secs_f64(seconds);
        Ok(1)
    })?;
    functions.add("setoption", Results::None, |_, args| args.this::<Socket>().map(|_| ()))?;
    functions.add("close", Results::None, |_, args| {
        args.this::<Socket>()?.lock().connection = None;
        Ok(())
    })?;
    for (name, side) in [
        ("getpeername", (|connection| connection.peer.clone()) as fn(&Connection) -> Option<String>),
        ("getsockname", |connection| connection.local.clone()),
    ] {
        functions.add(name, Results::One, move |_, args| {
            Ok(args.this::<Socket>()?.lock().connection.as_ref().and_then(side))
        })?;
    }
    functions.add_async("connect", Results::Many, |lua, args| {
        let prepared = prepare_connect(&lua, &args);
        async move {
            let (socket, target) = prepared?;
            connected(&lua, &socket, connect(target)).await
        }
    })?;
    functions.add_async("connect_ssl", Results::Many, |lua, args| {
        let prepared = match args.len() {
            2 => prepare_connect(&lua, &args),
            _ => Err("'connect_ssl' needs 2 arguments".into()),
        };
        async move {
            let (socket, target) = prepared?;
            let vm = Vm::of(&lua).ok_or("connect: internal error")?;
            connected(&lua, &socket, connect_ssl(&vm.env, target)).await
        }
    })?;
    functions.add_async("send", Results::Many, |lua, args| {
        let prepared = prepare_send(&lua, &args);
        async move { send(&lua, prepared?).await }
    })?;
    functions.add_async("receive", Results::Many, |lua, args| {
        let prepared = prepare_receive(&lua, &args);
        async move {
            let (socket, pattern, prefix) = prepared?;
            receive(&lua, &socket, pattern, prefix).await
        }
    })?;
    functions.into_class("Socket")
}

/// Keeps the connection that comes in time, and says whether there is one.
async fn connected(
    lua: &Lua,
    socket: &Socket,
    connecting: impl Future<Output = io::Result<Connection>>,
) -> Answer<MultiValue> {
    let timeout = socket.lock().timeout;
    match tokio::time::timeout(timeout, connecting).await {
        Ok(Ok(connection)) => {
            socket.give(connection);
            1.into_lua_multi_in(lua)
        }
        _ => (Value::Nil, "Can't connect").into_lua_multi_in(lua),
    }
}

/// Makes results of a tuple, with the error of a host function.
trait IntoResults: mlua::IntoLuaMulti {
    fn into_lua_multi_in(self, lua: &Lua) -> Answer<MultiValue>
    where
        Self: Sized,
    {
        Ok(self.into_lua_multi(lua)?)
    }
}

impl<T: mlua::IntoLuaMulti> IntoResults for T {}

/// Where a script wants to connect to.
pub(crate) enum Target {
    Tcp(String, u16),
    Unix(std::os::unix::net::SocketAddr),
}

fn prepare_connect(lua: &Lua, args: &Args) -> Answer<(Socket, Target)> {
    task::runtime()?;
    let socket = args.this::<Socket>()?.clone();
    let (text, port) = (args.string(lua, 1)?.as_bytes().to_vec(), args.optional_integer(lua, 2)?);
    let port =
        port.map(|port| u16::try_from(port).map_err(|_| args.bad(2, "port out of range"))).transpose()?;
    let target = target(&text, port).ok_or_else(|| {
        format!("connect: cannot parse destination address '{}'", String::from_utf8_lossy(&text))
    })?;
    Ok((socket, target))
}

/// The target that HAProxy's address form `text` stands for.
pub(crate) fn target(text: &[u8], port: Option<u16>) -> Option<Target> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::SocketAddr;
    let path = |bytes: &[u8]| SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(bytes)).ok();
    if let Some(name) = text.strip_prefix(b"abns@") {
        return SocketAddr::from_abstract_name(name).ok().map(Target::Unix);
    }
    if let Some(name) = text.strip_prefix(b"unix@") {
        return path(name).map(Target::Unix);
    }
    if text.first() == Some(&b'/') {
        return path(text).map(Target::Unix);
    }
    let text = [b"ipv4@", b"ipv6@"].iter().find_map(|prefix| text.strip_prefix(*prefix)).unwrap_or(text);
    let text = std::str::from_utf8(text).ok()?;
    let (host, port) = match port {
        Some(port) => (text, port),
        None => {
            let (host, port) = text.rsplit_once(':')?;
            (host, port.parse().ok()?)
        }
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    (!host.is_empty() && port > 0).then(|| Target::Tcp(host.to_owned(), port))
}

pub(crate) async fn connect(target: Target) -> io::Result<Connection> {
    let socket = open(target).await?;
    Ok(Connection::new(&ends(&socket), Io::Plain(socket)))
}

/// The same, with TLS on top: as a `server` line with `ssl verify none`.
async fn connect_ssl(env: &Env, target: Target) -> io::Result<Connection> {
    let context = env.tls().ok_or_else(|| io::Error::other("no TLS"))?;
    let socket = open(target).await?;
    let ends = ends(&socket);
    let failed = |failed: net::tls::Failed| io::Error::other(failed.error.to_string());
    let tls = context.connect(socket, Ask::default()).await.map_err(failed)?;
    Ok(Connection::new(&ends, Io::Tls(tls)))
}

async fn open(target: Target) -> io::Result<net::io::Socket> {
    match target {
        Target::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), port)).await?;
            stream.set_nodelay(true)?;
            Ok(net::io::Socket::tcp(stream))
        }
        Target::Unix(address) => {
            // Connecting to a UNIX socket does not wait, unless its queue is full.
            let stream = std::os::unix::net::UnixStream::connect_addr(&address)?;
            stream.set_nonblocking(true)?;
            Ok(net::io::Socket::unix(UnixStream::from_std(stream)?))
        }
    }
}

/// Our address and the other side's; none of UNIX sockets.
fn ends(socket: &net::io::Socket) -> [Option<SocketAddr>; 2] {
    [socket.local_addr(), socket.peer_addr()]
}

/// A `send`: the socket, the bytes, and how many stand before them in the script's string.
struct Sending {
    socket: Socket,
    bytes: Vec<u8>,
    before: usize,
}

fn prepare_send(lua: &Lua, args: &Args) -> Answer<Sending> {
    if !(1..=3).contains(&args.len()) {
        return Err("'send' needs between 2 and 4 arguments".into());
    }
    let socket = args.this::<Socket>()?.clone();
    let text = args.string(lua, 1)?;
    let bytes = text.as_bytes();
    // As `string.sub`: from 1, negative from the end.
    let len = bytes.len() as i64;
    let place = |at: i64| if at < 0 { len + at + 1 } else { at };
    let first = place(args.optional_integer(lua, 2)?.unwrap_or(1)).max(1);
    let last = place(args.optional_integer(lua, 3)?.unwrap_or(-1)).min(len);
    let before = (first - 1).min(len) as usize;
    let bytes = if first > last { Vec::new() } else { bytes[before..last as usize].to_vec() };
    Ok(Sending { socket, bytes, before })
}

async fn send(lua: &Lua, sending: Sending) -> Answer<MultiValue> {
    let Sending { socket, bytes, before } = sending;
    let Some((mut connection, timeout)) = socket.take() else {
        return (Value::Nil, "closed", before).into_lua_multi_in(lua);
    };
    let mut sent = 0;
    let work = async {
        while sent < bytes.len() {
            match connection.stream.write(&bytes[sent..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => sent += count,
            }
        }
        io::Result::Ok(())
    };
    let result = tokio::time::timeout(timeout, work).await;
    match result {
        Ok(Ok(())) => {
            socket.give(connection);
            (before + sent).into_lua_multi_in(lua)
        }
        Ok(Err(_)) => (Value::Nil, "closed", before + sent).into_lua_multi_in(lua),
        Err(_) => {
            socket.give(connection);
            (Value::Nil, "timeout", before + sent).into_lua_multi_in(lua)
        }
    }
}

/// What `receive` waits for.
#[derive(Clone, Copy)]
enum Pattern {
    /// `*l`
    Line,
    /// `*a`
    All,
    Count(usize),
}

fn prepare_receive(lua: &Lua, args: &Args) -> Answer<(Socket, Pattern, Vec<u8>)> {
    if args.len() > 2 {
        return Err("The 'receive' function requires between 1 and 3 arguments.".into());
    }
    let socket = args.this::<Socket>()?.clone();
    let pattern = match args.get(1) {
        Value::Nil => Pattern::Line,
        Value::String(text) => match &*text.as_bytes() {
            b"*a" => Pattern::All,
            b"*l" => Pattern::Line,
            _ => return Err(args.bad(1, "Unsupported pattern.")),
        },
        _ => match usize::try_from(args.integer(lua, 1)?) {
            Ok(count) => Pattern::Count(count),
            Err(_) => return Err(args.bad(1, "Unsupported size.")),
        },
    };
    let prefix = args.optional_string(lua, 2)?.map_or(Vec::new(), |text| text.as_bytes().to_vec());
    Ok((socket, pattern, prefix))
}

async fn receive(lua: &Lua, socket: &Socket, pattern: Pattern, prefix: Vec<u8>) -> Answer<MultiValue> {
    let Some((mut connection, timeout)) = socket.take() else {
        return (Value::Nil, "closed").into_lua_multi_in(lua);
    };
    let result = tokio::time::timeout(timeout, fill(&mut connection, pattern)).await;
    let (taken, error) = match result {
        Ok(Ok(Some(count))) => (count, None),
        Ok(Ok(None)) if matches!(pattern, Pattern::All) && !connection.pending.is_empty() => {
            (connection.pending.len(), None)
        }
        Ok(_) => (connection.pending.len(), Some("closed")),
        Err(_) => (connection.pending.len(), Some("timeout")),
    };
    let mut bytes: Vec<u8> = connection.pending.drain(..taken).collect();
    if matches!(pattern, Pattern::Line) && error.is_none() {
        bytes.retain(|byte| !matches!(byte, b'\r' | b'\n'));
    }
    if error != Some("closed") {
        socket.give(connection);
    }
    let text = convert::string(lua, &[prefix, bytes].concat())?;
    match error {
        None => text.into_lua_multi_in(lua),
        Some(error) => (Value::Nil, error, text).into_lua_multi_in(lua),
    }
}

/// Reads until the pattern is there and gives its length; `None`: the peer closed before.
async fn fill(connection: &mut Connection, pattern: Pattern) -> io::Result<Option<usize>> {
    let mut searched = 0;
    loop {
        let pending = &connection.pending;
        let found = match pattern {
            Pattern::All => None,
            Pattern::Count(count) => (pending.len() >= count).then_some(count),
            Pattern::Line => {
                let end = pending[searched..].iter().position(|byte| *byte == b'\n');
                end.map(|end| searched + end + 1)
            }
        };
        if found.is_some() {
            return Ok(found);
        }
        searched = pending.len();
        if searched > MAX_RECEIVE {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        if connection.stream.read_buf(&mut connection.pending).await? == 0 {
            return Ok(None);
        }
    }
}
