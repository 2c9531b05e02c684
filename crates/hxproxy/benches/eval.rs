//! The cost of evaluating the fetches and converters that configurations use most:
//! `cargo bench -p hxproxy --bench eval`. Each figure has the writing of the value's text in it.
//! That nothing allocates is a test (`tests/allocations.rs`).

#[path = "../tests/support/evaluate.rs"]
mod evaluate;
#[path = "../tests/support/mod.rs"]
mod support;

use criterion::Criterion;

/// By how often they are used.
const EXPRESSIONS: &[&str] = &[
    "src",
    "path",
    "ssl_fc",
    "var(txn.v)",
    "req.hdr(host)",
    "hdr(x-forwarded-for)",
    "dst_port",
    "req.hdr(host),lower",
    "str(text)",
    "base",
    "method",
    "int(5)",
    "capture.req.hdr(0)",
    "ssl_fc_sni",
    "capture.req.uri",
    "uuid()",
    "src,ipmask(24)",
    "path,regsub(^/a/,/)",
    "path,url_dec",
    "path,word(2,/)",
    "dst",
    "src_port",
    "url_param(page)",
    "ssl_fc_alpn",
    "str(yes),bool",
    "path,concat(-,txn.v)",
    "req.hdr(host),field(1,:)",
    "date",
    "req.fhdr(accept)",
    "hdr_cnt(x-forwarded-for)",
    "url",
    "query",
    "req.hdr(host),host_only",
    "req.cook(SESSION)",
];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut out = Vec::new();
    for expression in EXPRESSIONS {
        let mut stream = evaluate::of_expression(expression);
        let format = evaluate::format(&stream);
        criterion.bench_function(expression, |bencher| {
            bencher.iter(|| evaluate::write(format, &mut stream, &mut out));
        });
    }
    for (name, line) in [("httplog", " option httplog"), ("httpslog", " option httpslog")] {
        let mut stream = evaluate::stream(line);
        let format = &stream.frontend_plan().log_format;
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| evaluate::write(format, &mut stream, &mut out));
        });
    }
    criterion.final_summary();
}
