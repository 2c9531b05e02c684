//! Expressions and formats of a configuration, ready to be evaluated for one request.

use ir::spec::RuleSet;
use state::Stream;
use state::plan::{Format, Functions};
use state::tls::TlsFacts;

/// A usual request of a browser, and its response.
pub const EXCHANGE: &str = "GET /a/b/index.html?q=search&page=2&lang=en HTTP/1.1\n\
    host: www.example.com:8443\n\
    user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\n\
    accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\n\
    accept-language: en-GB,en;q=0.5\n\
    x-forwarded-for: 192.0.2.7, 198.51.100.3\n\
    x-number: 4711\n\
    cookie: theme=dark; SESSION=0123456789abcdef; lang=en\n\
    ---\n\
    HTTP/1.1 200 OK\ncontent-type: text/html\n";

/// A stream of a `frontend` with these lines, over TLS.
///
/// # Panics
/// Where the lines are wrong.
pub fn stream(lines: &str) -> Stream {
    let text = format!("frontend f\n mode http\n bind :1\n log 127.0.0.1 local0\n{lines}\n");
    let outcome = super::support::check(&mut super::support::registry(), text.as_bytes());
    assert!(outcome.is_usable(), "{lines}: {:?}", outcome.diagnostics().collect::<Vec<_>>());
    let mut functions = Functions::default();
    let (fetches, converters) = (net::tls::samples::fetches(), net::tls::samples::converters());
    samples::fill(
        &mut functions,
        samples::fetches::rows().chain(fetches),
        samples::converters::rows().chain(converters),
    );
    actions::fill(&mut functions);
    let mut stream = state::testing::stream_of(outcome.config, &functions, EXCHANGE);
    stream.phase = RuleSet::HttpRequest;
    if let Some(session) = std::rc::Rc::get_mut(&mut stream.session) {
        let sni = Some((*b"www.example.com").into());
        let names = TlsFacts {
            done: true,
            version: "TLSv1.3",
            cipher: "TLS_AES_128_GCM_SHA256",
            ..TlsFacts::default()
        };
        session.tls = Some(std::sync::Arc::new(TlsFacts { sni, ..names }));
    }
    stream
}

/// A stream that can evaluate the expression, as [`format`] gives it.
pub fn of_expression(expression: &str) -> Stream {
    stream(&format!(" unique-id-format %[{expression}]"))
}

/// The format of [`of_expression`].
pub fn format(stream: &Stream) -> &'static Format {
    stream.frontend_plan().unique_id_format.as_ref().expect("a format")
}

/// Appends what the format gives, and takes back what evaluating used.
pub fn write(format: &Format, stream: &mut Stream, out: &mut Vec<u8>) {
    out.clear();
    format.write(stream, out);
    stream.arena.reset();
}
