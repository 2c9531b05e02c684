//! Runs scripts against streams in memory, for the tests of this crate.

use std::future::poll_fn;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use ir::config::{Level, LuaLimits};
use ir::id::ProxyId;
use proto::message::{Framing, Head};
use state::Stream;

use crate::{Catalog, Host, HttpService, LogSink, ServiceError, TcpService};

/// Keeps all messages.
#[derive(Default)]
pub(crate) struct Sink {
    lines: Mutex<Vec<String>>,
}

impl Sink {
    fn push(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    /// The messages so far, which are forgotten.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

impl LogSink for Sink {
    fn log(&self, proxy: Option<ProxyId>, level: Level, text: &[u8]) {
        if level != Level::Err {
            let proxy = proxy.map_or(String::new(), |id| format!(" {}", id.0));
            self.push(format!("{}{proxy}: {}", Level::NAMES[level as usize], String::from_utf8_lossy(text)));
        }
    }

    fn has_targets(&self, _: Option<ProxyId>) -> bool {
        true
    }

    fn alert(&self, text: &str) {
        self.push(format!("ALERT {text}"));
    }

    fn warning(&self, text: &str) {
        self.push(format!("WARNING {text}"));
    }

    fn may_use_stderr(&self) -> bool {
        false
    }

    fn is_debugging(&self) -> bool {
        false
    }
}

fn catalog() -> Catalog {
    Catalog {
        fetches: samples::fetches::rows().map(|row| (row.spec, row.run)).collect(),
        converters: samples::converters::rows().map(|row| (row.spec, row.run, row.prepare)).collect(),
    }
}

/// A script that is loaded.
pub(crate) struct Script {
    pub host: Arc<Host>,
    pub sink: Arc<Sink>,
    /// The name that errors show.
    pub path: String,
    _file: tempfile::NamedTempFile,
}

/// Loads a script with short limits, or gives the error.
pub(crate) fn try_load(source: &str, limits: &LuaLimits) -> (Result<crate::Registered, String>, Script) {
    let sink = Arc::new(Sink::default());
    let host = Host::new(limits, catalog(), Arc::clone(&sink) as Arc<dyn LogSink>).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(source.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let registered = host.load(path.as_bytes(), &[b"one".to_vec()], false);
    (registered, Script { host, sink, path, _file: file })
}

/// Limits that make a test short.
pub(crate) fn limits() -> LuaLimits {
    LuaLimits { service_timeout: 60, task_timeout: 60, burst_timeout: 40, ..LuaLimits::default() }
}

pub(crate) fn load(source: &str) -> Script {
    let (registered, script) = try_load(source, &limits());
    registered.unwrap();
    script
}

/// What a service answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// `200 OK|name: value|…` and the framing; empty where there was no head.
    pub head: String,
    pub framing: Option<Framing>,
    pub body: Vec<u8>,
    pub result: Result<(), ServiceError>,
    /// How often the stream was polled.
    pub polls: usize,
    /// The greatest number of bytes that waited in the response's queue.
    pub most: usize,
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

impl Script {
    /// Starts the host for the plan of this stream.
    pub fn start(&self, stream: &Stream) -> Result<(), String> {
        self.host.start(stream.plan, 1)
    }

    /// Runs an HTTP service for a request with a body.
    pub fn serve(&self, name: &str, request: &str, body: &[u8]) -> Answer {
        let mut stream = state::testing::stream(request);
        if !body.is_empty() {
            stream.req.framing = Framing::Length(body.len() as u64);
        }
        self.serve_stream(name, &mut stream, body)
    }

    pub fn serve_stream(&self, name: &str, stream: &mut Stream, mut body: &[u8]) -> Answer {
        let mut answer = Answer {
            head: String::new(),
            framing: None,
            body: Vec::new(),
            result: Ok(()),
            polls: 0,
            most: 0,
        };
        let mut service = match HttpService::start(&self.host, name.as_bytes(), stream) {
            Ok(service) => service,
            Err(error) => return Answer { result: Err(error), ..answer },
        };
        let mut head = Head::default();
        let exchange = poll_fn(|cx| {
            answer.polls += 1;
            loop {
                body = &body[service.request().push(body)..];
                if body.is_empty() {
                    service.request().push_eof();
                }
                let polled = service.poll(cx, stream);
                if service.take_head(&mut head) {
                    let fields = head.fields().map(|(name, value)| {
                        format!("|{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(value))
                    });
                    let reason = String::from_utf8_lossy(head.reason());
                    answer.head = format!("{} {reason}{}", head.status(), fields.collect::<String>());
                    answer.framing = Some(head.framing);
                }
                answer.most = answer.most.max(service.response().len());
                let moved = service.response().pop(&mut answer.body, usize::MAX);
                match polled {
                    Poll::Ready(result) => return Poll::Ready(result),
                    Poll::Pending if moved == 0 && (body.is_empty() || service.request().is_full()) => {
                        service.request().wait_room(cx);
                        return Poll::Pending;
                    }
                    Poll::Pending => {}
                }
            }
        });
        answer.result = runtime().block_on(async {
            let limit = Duration::from_secs(5);
            tokio::time::timeout(limit, exchange).await.unwrap_or_else(|_| panic!("{name} hangs"))
        });
        answer
    }

    /// Runs a TCP service over the whole input.
    pub fn serve_tcp(&self, name: &str, input: &[u8]) -> (Vec<u8>, Result<(), ServiceError>) {
        let mut stream = state::testing::stream("GET / HTTP/1.1");
        let mut service = TcpService::start(&self.host, name.as_bytes(), &mut stream).unwrap();
        assert_eq!(service.input().push(input), input.len());
        service.input().push_eof();
        let mut output = Vec::new();
        let result = runtime().block_on(poll_fn(|cx| {
            let polled = service.poll(cx, &mut stream);
            service.output().pop(&mut output, usize::MAX);
            polled
        }));
        (output, result)
    }
}

impl Script {
    /// Runs the action with this number over a stream.
    pub fn act(&self, id: u32, args: &[&str], stream: &mut Stream) -> state::plan::Outcome {
        let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        let mut action = crate::LuaAction::start(&self.host, id, &args, stream).unwrap();
        runtime().block_on(poll_fn(|cx| action.poll(cx, stream)))
    }
}
