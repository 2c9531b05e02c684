//! What the worker does for a stream with things of other crates: actions written in Lua, and
//! TLS towards a server.

use std::io;

use ir::id::{ProxyId, ServerId};
use net::io::Io;
use net::timer::Timer;
use state::plan::Outcome;
use state::stream::Stream;

use crate::worker::Worker;

impl Worker {
    /// Runs a Lua action to its end.
    pub async fn lua_action(&self, _stream: &mut Stream, _timer: &mut Timer, _action: u32) -> Outcome {
        Outcome::Continue
    }

    /// Adds TLS to a new server connection where its line asks for it.
    pub async fn secure(
        &self,
        stream: &Stream,
        backend: ProxyId,
        server: ServerId,
        io: Io,
    ) -> io::Result<Io> {
        let (Some(context), Io::Plain(_)) = (self.tls_server(backend, server), &io) else { return Ok(io) };
        let Io::Plain(socket) = io else { return Err(io::ErrorKind::InvalidInput.into()) };
        let expr = &self.plan.proxy(backend).server_sni[server.index()];
        let sni = match expr.as_ref().map(|expr| expr.eval(stream)) {
            Some(Ok(state::Value::Str(name) | state::Value::Bin(name))) => Some(name),
            _ => None,
        };
        let tls = context.connect(socket, sni, None).await;
        tls.map(Io::Tls).map_err(|error| io::Error::other(error.to_string()))
    }
}
