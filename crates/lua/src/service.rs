//! Services: coroutines that answer a stream like a server made of two bounded queues.

use std::sync::Arc;
use std::task::{Context, Poll};

use ir::id::ProxyId;
use mlua::{MultiValue, Table};
use proto::message::Head;
use state::Stream;

use crate::applet_http::{self, Response};
use crate::applet_tcp;
use crate::current;
use crate::host::Host;
use crate::pipe::Pipe;
use crate::register::Mode;
use crate::run::{Failure, Run};
use crate::vm::Vm;

/// Why a service gave no whole answer. The host has already logged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceError {
    /// No service of that name and mode is registered.
    Unknown,
    Failed(Failure),
    /// The function ended without `start_response`.
    NoResponse,
    /// The function sent more or less than its `content-length` said. What fits was sent.
    WrongLength,
}

/// What both kinds of services are made of.
struct Service {
    run: Run,
    vm: Arc<Vm>,
    /// `http` or `tcp`
    kind: &'static str,
    name: String,
    /// The bytes towards the function, and from it.
    input: Pipe,
    output: Pipe,
}

impl Service {
    fn start(
        host: &Host,
        name: &[u8],
        mode: Mode,
        stream: &Stream,
        applet: impl FnOnce(&Vm, &Pipe, &Pipe) -> mlua::Result<Table>,
    ) -> Result<Self, ServiceError> {
        let name = name.strip_prefix(b"lua.").unwrap_or(name);
        let (vm, function) = host.service(name, mode, stream.session.thread).ok_or(ServiceError::Unknown)?;
        let kind = if mode == Mode::Http { "http" } else { "tcp" };
        let name = String::from_utf8_lossy(name).into_owned();
        let bufsize = stream.plan.config.global.tune.bufsize;
        let (input, output) = (Pipe::new(bufsize), Pipe::new(bufsize));
        let run = applet(&vm, &input, &output)
            .map_err(|error| Failure::Raised(error.to_string()))
            .and_then(|applet| Run::new(&vm, &function, applet, host.env.limits().service_timeout, true));
        match run {
            Ok(run) => Ok(Self { run, vm, kind, name, input, output }),
            Err(failure) => Err(fail(&vm, kind, &name, proxy(stream), failure)),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, stream: &mut Stream) -> Poll<Result<MultiValue, ServiceError>> {
        let proxy = proxy(stream);
        let polled = current::enter(stream, || self.run.poll(cx));
        polled.map_err(|failure| {
            // What was sent before may still go out; nothing waits for more.
            self.output.push_eof();
            fail(&self.vm, self.kind, &self.name, proxy, failure)
        })
    }
}

impl Drop for Service {
    /// The stream may go first: what still holds the queues must not wait.
    fn drop(&mut self) {
        self.input.push_eof();
        self.output.close();
    }
}

/// The proxy whose log targets get a service's messages.
fn proxy(stream: &Stream) -> ProxyId {
    stream.backend.unwrap_or(stream.session.frontend)
}

fn fail(vm: &Vm, kind: &str, name: &str, proxy: ProxyId, failure: Failure) -> ServiceError {
    vm.env.logger.failure(Some(proxy), &format!("Lua applet {kind} '<lua.{name}>': {failure}."));
    ServiceError::Failed(failure)
}

/// A running HTTP service. The request's head and facts are read from the current stream.
pub struct HttpService {
    service: Service,
    answer: Response,
}

impl HttpService {
    /// Makes the coroutine of the service `name` (with or without `lua.`) for `stream`. It runs
    /// at the first [`HttpService::poll`].
    pub fn start(host: &Arc<Host>, name: &[u8], stream: &mut Stream) -> Result<Self, ServiceError> {
        let answer = Response::new(stream);
        let service = Service::start(host, name, Mode::Http, stream, |vm, input, output| {
            applet_http::object(vm, stream, &answer, input, output)
        })?;
        Ok(Self { service, answer })
    }

    /// Runs the coroutine with `stream` as the current one until it must wait. Before that,
    /// [`HttpService::take_head`] and the response's bytes are to be taken. An error before a head
    /// was there is answered with 500; after it, the connection is closed.
    pub fn poll(&mut self, cx: &mut Context<'_>, stream: &mut Stream) -> Poll<Result<(), ServiceError>> {
        self.service.poll(cx, stream).map(|result| {
            result?;
            let ended = self.answer.end();
            self.service.output.push_eof();
            ended
        })
    }

    /// The request's body towards the service: push, then `push_eof`.
    pub fn request(&self) -> &Pipe {
        &self.service.input
    }

    /// The response's body from the service; finished once the function ended.
    pub fn response(&self) -> &Pipe {
        &self.service.output
    }

    /// The response's head once `start_response` ran: moves it into `head` with its framing and
    /// says `true`, one time.
    pub fn take_head(&mut self, head: &mut Head) -> bool {
        self.answer.take_head(head)
    }
}

/// A running TCP service.
pub struct TcpService {
    service: Service,
}

impl TcpService {
    /// As [`HttpService::start`].
    pub fn start(host: &Arc<Host>, name: &[u8], stream: &mut Stream) -> Result<Self, ServiceError> {
        let service = Service::start(host, name, Mode::Tcp, stream, |vm, input, output| {
            applet_tcp::object(vm, stream, input, output)
        })?;
        Ok(Self { service })
    }

    /// Runs the coroutine with `stream` as the current one until it must wait. Ready: everything
    /// was written to the output, which is finished.
    pub fn poll(&mut self, cx: &mut Context<'_>, stream: &mut Stream) -> Poll<Result<(), ServiceError>> {
        self.service.poll(cx, stream).map(|result| {
            self.service.output.push_eof();
            result.map(|_| ())
        })
    }

    /// Bytes from the client.
    pub fn input(&self) -> &Pipe {
        &self.service.input
    }

    /// Bytes to the client.
    pub fn output(&self) -> &Pipe {
        &self.service.output
    }
}
