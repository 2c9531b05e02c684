//! What the worker does for a stream with things of other crates: actions written in Lua, and
//! TLS towards a server.

use ir::id::{ProxyId, ServerId};
use lua::LuaAction;
use net::io::Io;
use net::tls::{Ask, Failed};
use state::plan::{Args, Outcome};
use state::stream::Stream;

use crate::worker::Worker;

impl Worker {
    /// Runs a Lua action to its end. Its number stands behind the words of its rule.
    pub async fn lua_action(&self, stream: &mut Stream, args: &Args, action: u32) -> Outcome {
        let Some(host) = &self.lua else { return Outcome::Continue };
        let words = args.values.split_last().map(|(_, words)| words).unwrap_or_default();
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.bytes().to_vec()).collect();
        let Some(mut running) = LuaAction::start(host, action, &words, stream) else {
            return Outcome::Continue;
        };
        match std::future::poll_fn(|cx| running.poll(cx, stream)).await {
            // `act.YIELD` asks to be called again when there is more data: none comes here.
            Outcome::NotYet => Outcome::Continue,
            outcome => outcome,
        }
    }

    /// Adds TLS to a new server connection where its line asks for it.
    pub async fn secure(
        &self,
        stream: &Stream,
        backend: ProxyId,
        server: ServerId,
        io: Io,
        alpn: Option<&[u8]>,
    ) -> Result<Io, Failed> {
        let (context, socket) = match (self.tls_server(backend, server), io) {
            (Some(context), Io::Plain(socket)) => (context, socket),
            (_, io) => return Ok(io),
        };
        let expr = &self.plan.proxy(backend).server_sni[server.index()];
        let sni = match expr.as_ref().map(|expr| expr.eval(stream)) {
            Some(Ok(state::Value::Str(name) | state::Value::Bin(name))) => Some(name),
            _ => None,
        };
        let number = self.server_number(backend, server);
        let session = self.tls_session(number);
        let connected = context.connect(socket, Ask { sni, session: session.as_ref(), alpn }).await;
        if connected.is_err() {
            self.set_tls_session(number, None);
        }
        connected.map(Io::Tls)
    }
}
