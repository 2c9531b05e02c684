//! What evaluating costs the allocator in steady state: nothing. Values borrow from the request, or
//! stand in the stream's arena, whose memory is used again.
#![allow(unsafe_code)]

#[path = "support/evaluate.rs"]
mod evaluate;
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use ir::id::ProxyId;
use ir::spec::RuleSet;

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps the rules of the same function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of ten runs, behind three that warm up.
fn allocations(mut run: impl FnMut()) -> u64 {
    (0..3).for_each(|_| run());
    let before = COUNT.get();
    (0..10).for_each(|_| run());
    COUNT.get() - before
}

fn check(expression: &str, expected: &str) {
    let mut stream = evaluate::of_expression(expression);
    let format = evaluate::format(&stream);
    let mut out = Vec::new();
    let count = allocations(|| evaluate::write(format, &mut stream, &mut out));
    assert_eq!(String::from_utf8_lossy(&out), expected, "{expression}");
    assert_eq!(count, 0, "{expression} allocates");
}

#[test]
fn the_count_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![0u8; 9]))), 10);
}

#[test]
fn parts_of_the_request() {
    check("req.hdr(host)", "www.example.com:8443");
    check("hdr(x-forwarded-for)", "198.51.100.3");
    check("hdr(x-forwarded-for,1)", "192.0.2.7");
    check("req.fhdr(accept-language)", "en-GB,en;q=0.5");
    check("hdr_cnt(x-forwarded-for)", "2");
    check("hdr_val(x-number)", "4711");
    check("hdr_ip(x-forwarded-for)", "198.51.100.3");
    check("hdr(none)", "");
    check("path", "/a/b/index.html");
    check("pathq", "/a/b/index.html?q=search&page=2&lang=en");
    check("url", "/a/b/index.html?q=search&page=2&lang=en");
    check("query", "q=search&page=2&lang=en");
    check("base", "www.example.com:8443/a/b/index.html");
    check("url_param(page)", "2");
    check("method", "GET");
    check("req.ver", "1.1");
    check("req.cook(SESSION)", "0123456789abcdef");
    check("cook_cnt(lang)", "1");
    check("src", "192.0.2.1");
    check("src_port", "1234");
    check("dst", "198.51.100.1");
    check("dst_port", "80");
    check("ssl_fc", "1");
    check("ssl_fc_sni", "www.example.com");
    check("ssl_fc_protocol", "TLSv1.3");
    check("str(text)", "text");
    check("int(5)", "5");
    check("fe_name", "f");
}

#[test]
fn converters() {
    check("req.hdr(host),field(1,:)", "www.example.com");
    check("path,word(2,/)", "b");
    check("path,bytes(1,3)", "a/b");
    check("req.hdr(host),lower", "www.example.com:8443");
    check("req.hdr(host),host_only", "www.example.com");
    check("req.hdr(host),length", "20");
    check("path,url_dec", "/a/b/index.html");
    check("src,ipmask(24)", "192.0.2.0");
    check("hdr_val(x-number),add(1),mod(10)", "2");
    check("path,concat(-x)", "/a/b/index.html-x");
    check("path,hex", "2F612F622F696E6465782E68746D6C");
    check("path,base64", "L2EvYi9pbmRleC5odG1s");
    check("hdr_val(x-number),bool", "1");
}

#[test]
fn log_lines() {
    for lines in [
        " option httplog",
        " option httpslog",
        " option httplog clf",
        " log-format \"%{+json}o %(client)ci %(request)r %(status)ST %(path)HP %(when)tr %(hdr)[capture.req.hdr(0)]\"",
    ] {
        let mut stream = evaluate::stream(&format!(
            "{lines}\n capture request header User-Agent len 64\n capture cookie SESSION len 30"
        ));
        stream.request_captures.get_mut().keep(0, b"Mozilla/5.0");
        let format = &stream.frontend_plan().log_format;
        let mut out = Vec::new();
        let count = allocations(|| evaluate::write(format, &mut stream, &mut out));
        assert!(out.len() > 100, "{lines}: {}", String::from_utf8_lossy(&out));
        assert_eq!(count, 0, "{lines} allocates");
    }
}

/// A whole line on its way: framed for each target, by a profile for one of them, and given to the kernel
/// or to a ring.
#[test]
fn sent_log_lines() {
    let mut stream = evaluate::stream(
        " option httplog\n log-format-sd \"[a@1 b=%B]\"\n log 127.0.0.1:9 format rfc5424 local0\n \
         log 127.0.0.1:9 profile p local0\n log ring@r local0\n\nlog-profile p\n on any format \"%ci %HM\"\n\n\
         ring r\n size 2048",
    );
    let (logs, plan) = (proxy::log::Sender::new(stream.plan), stream.frontend_plan());
    let count = allocations(|| {
        stream.with_scratch(|stream, text| {
            plan.log_format.write(stream, text);
            let message = proxy::log::Message {
                level: ir::config::Level::Info,
                text,
                data: b"[a@1]",
                stream: Some(stream),
                profile: None,
                received: None,
            };
            assert!(logs.send_message(state::plan::LogOwner::Proxy(ProxyId(0)), &message));
        });
    });
    assert_eq!(count, 0, "sending allocates");
}

#[test]
fn setting_variables() {
    let mut stream = evaluate::stream(
        " http-request set-var(txn.path) path\n http-request set-var(req.host) req.hdr(host),lower\n \
         http-request set-var-fmt(txn.both) %[var(txn.path)]-%[var(req.host)]\n \
         http-request set-var(txn.number) int(3)\n http-request unset-var(txn.path)",
    );
    let count = allocations(|| {
        let _ = actions::run(&mut stream, ProxyId(0), RuleSet::HttpRequest, &mut 0);
        stream.end_vars();
        stream.arena.reset();
    });
    assert_eq!(count, 0, "set-var allocates");
}
