//! What lines store: each case is a piece of a configuration and what must be found in the
//! checked one.

mod support;

use ir::config::{
    Config, Level, LogFraming, LogPreset, LogTransport, Mode, Proxy, Redispatch, ServerTarget, SwitchTarget,
    TlsVersion, retry,
};
use ir::expr::{ActionValue, Address, Arg, MatchMethod};
use ir::id::{AclId, ProxyId, ServerId, TableId};
use ir::spec::RuleSet;
use support::World;

const PEM: &str = "-----BEGIN CERTIFICATE-----\nx\n-----BEGIN PRIVATE KEY-----\nx\n";
const CERT: &str = "-----BEGIN CERTIFICATE-----\nx\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nx\n";

/// Everything a usable proxy needs.
const DEFAULTS: &str = "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n";

#[track_caller]
fn load_in(mut world: World, text: &str) -> Config {
    let (outcome, sources) = support::run(&mut world, text);
    assert!(outcome.is_usable(), "{text}\n{}", support::told(&outcome, &sources));
    outcome.config
}

#[track_caller]
fn load(text: &str) -> Config {
    load_in(World::default(), text)
}

/// The last proxy of the text below [`DEFAULTS`].
#[track_caller]
fn proxy(text: &str) -> Proxy {
    load(&format!("{DEFAULTS}{text}\n")).proxies.pop().expect("proxy")
}

#[test]
fn global_numbers_and_names() {
    let world = World::with(&[("/x.lua", "service hello")]);
    let config = load_in(
        world,
        "global\n daemon\n maxconn 8192\n user haproxy\n group haproxy\n tune.bufsize 32k\n tune.ssl.lifetime 5m\n\
         \x20nbthread 2\n spread-checks 5\n max-spread-checks 200\n hard-stop-after 30s\n lua-load /x.lua a b\n\
         \x20tune.lua.burst-timeout 2s\n no strict-limits\n pidfile /run/x\n",
    );
    let global = config.global;
    assert!(global.daemon && !global.strict_limits);
    assert_eq!((global.maxconn, global.uid, global.gid), (Some(8192), Some(106), Some(113)));
    assert_eq!((global.tune.bufsize, global.tune.ssl_lifetime), (32768, 300_000));
    assert_eq!((global.nbthread, global.spread_checks, global.max_spread_checks), (Some(2), 5, 200));
    assert_eq!(global.hard_stop_after, Some(30_000));
    assert_eq!(global.lua.burst_timeout, 2000);
    assert_eq!(global.lua_loads[0].args, [b"a".to_vec(), b"b".to_vec()]);
    assert_eq!(global.pidfile.as_deref(), Some(b"/run/x".as_slice()));
}

#[test]
fn environment_holds_for_the_next_line() {
    let config = load("global\n setenv A 7\n presetenv A 8\n maxconn \"$A\"\n unsetenv A\n");
    assert_eq!(config.global.maxconn, Some(7));
    assert_eq!(config.global.environment, [(b"A".to_vec(), Some(b"7".to_vec())), (b"A".to_vec(), None)]);
}

#[test]
fn log_targets() {
    let config = load(
        "global\n log 127.0.0.1 local0 info notice\n log /dev/log local1\n log stdout format raw daemon\n\
         \x20log 10.0.0.1:1514 len 4096 sample 1,3-4:5 user\n",
    );
    let [udp, unix, stdout, sampled] = config.global.log.as_slice() else { panic!("four targets") };
    assert_eq!(udp.transport, LogTransport::Datagram(Address::Ip([127, 0, 0, 1].into(), 514)));
    assert_eq!((udp.max_level, udp.min_level, udp.facility.0), (Level::Info, Level::Notice, 16));
    assert_eq!(unix.transport, LogTransport::Datagram(Address::Unix(b"/dev/log".to_vec())));
    assert_eq!((&stdout.transport, stdout.framing), (&LogTransport::Stdout, LogFraming::Raw));
    assert_eq!((sampled.len, sampled.sample.clone()), (4096, Some((vec![(1, 1), (3, 4)], 5))));
}

#[test]
fn proxies_inherit_from_the_last_defaults_or_from_the_named_ones() {
    let config = load(
        "defaults one\n mode http\n retries 7\n option redispatch\n timeout client 1s\n http-request deny if { path /x }\n\
         defaults\n mode tcp\n timeout client 2s\n\
         frontend a\n bind :1\nfrontend b from one\n bind :2\n http-request allow\n",
    );
    let [a, b] = config.proxies.as_slice() else { panic!("two proxies") };
    assert_eq!((a.mode, a.retries, a.timeouts.client), (Mode::Tcp, 3, Some(2000)));
    assert_eq!((b.mode, b.retries, b.timeouts.client), (Mode::Http, 7, Some(1000)));
    assert_eq!(b.redispatch, Redispatch(-1));
    assert_eq!((a.id, b.id), (2, 3));
    // The rules of the defaults come first, with their own ACLs.
    let rules = &b.rules[RuleSet::HttpRequest as usize];
    assert_eq!(rules.len(), 2);
    assert!(rules[0].cond.is_some() && rules[1].cond.is_none());
    assert_eq!(b.acls.len(), 1);
}

#[test]
fn options_and_their_negation() {
    let text = "backend b\n server a 127.0.0.1:1\n option allbackups\n no option allbackups\n option http-server-close\n\
                \x20option httpclose\n option forwardfor header X-Client except 10.0.0.0/8 if-none\n retry-on 503 conn-failure";
    let proxy = proxy(text);
    assert!(!proxy.options.allbackups && proxy.options.httpclose && !proxy.options.http_server_close);
    let forwardfor = proxy.forwardfor.expect("forwardfor");
    assert_eq!((forwardfor.header, forwardfor.if_none), (b"x-client".to_vec(), true));
    assert_eq!(forwardfor.except, base::net::Network::parse(b"10.0.0.0/8"));
    assert_eq!(proxy.retry_on, retry::CONN_FAILURE | 1 << 15);
}

#[test]
fn addresses_of_a_bind_line() {
    let proxy = proxy(
        "frontend f\n bind :1000-1002,127.0.0.1:80 name x maxconn 5\n bind /run/s mode 600\n bind abns@a",
    );
    let addresses: Vec<&Address> = proxy.binds.iter().map(|bind| &bind.address).collect();
    let any = |port| Address::Ip([0, 0, 0, 0].into(), port);
    assert_eq!(addresses[..3], [&any(1000), &any(1001), &any(1002)]);
    assert_eq!(addresses[3], &Address::Ip([127, 0, 0, 1].into(), 80));
    assert_eq!(
        addresses[4..],
        [&Address::Unix(b"/run/s".to_vec()), &Address::Abstract(b"a".to_vec(), false)]
    );
    assert!(proxy.binds[..4].iter().all(|bind| bind.maxconn == 5 && bind.name.as_deref() == Some(b"x")));
    assert_eq!(proxy.binds[4].unix_mode, Some(0o600));
}

#[test]
fn certificates() {
    let world = World::with(&[
        ("/base/a.pem", PEM),
        ("/base/split.crt", CERT),
        ("/base/split.crt.key", KEY),
        ("/dir/2.pem", PEM),
        ("/dir/1.pem", PEM),
        ("/dir/1.pem.key", KEY),
        (
            "/list",
            "# comment\na.pem [alpn h2 ssl-min-ver TLSv1.3] *.Example.com !www.example.com\n\n/dir/1.pem\n",
        ),
    ]);
    let text = format!(
        "global\n crt-base /base\n ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets\n{DEFAULTS}frontend f\n\
         \x20bind :1 ssl crt a.pem crt split.crt crt /dir alpn h2,http/1.1\n bind :2 ssl crt-list /list\n"
    );
    let proxy = load_in(world, &text).proxies.remove(0);
    let tls = proxy.binds[0].tls.as_ref().expect("tls");
    let paths: Vec<&[u8]> = tls.certs.iter().map(|cert| cert.source.path.as_slice()).collect();
    assert_eq!(paths, [b"/base/a.pem".as_slice(), b"/base/split.crt", b"/dir/1.pem", b"/dir/2.pem"]);
    assert!(tls.certs[1].source.pem.ends_with(KEY.as_bytes()));
    assert_eq!(tls.alpn, Some(vec![b"h2".to_vec(), b"http/1.1".to_vec()]));
    assert_eq!((tls.versions.min, tls.no_tls_tickets), (Some(TlsVersion::Tls12), true));
    let listed = &proxy.binds[1].tls.as_ref().expect("tls").certs;
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].versions.and_then(|versions| versions.min), Some(TlsVersion::Tls13));
    let names: Vec<(&[u8], bool)> =
        listed[0].sni.iter().map(|sni| (sni.name.as_slice(), sni.negated)).collect();
    assert_eq!(names, [(b"*.example.com".as_slice(), false), (b"www.example.com", true)]);
}

#[test]
fn stores_take_the_folders_of_global() {
    let world = World::with(&[("/crts/a.crt", CERT), ("/keys/a.key", KEY)]);
    let text = format!(
        "global\n crt-base /crts\n key-base /keys\ncrt-store\n load crt a.crt key a.key\n{DEFAULTS}frontend f\n\
         \x20bind :1 ssl crt a.crt\n"
    );
    let proxy = load_in(world, &text).proxies.remove(0);
    let certs = &proxy.binds[0].tls.as_ref().expect("tls").certs;
    assert!(certs[0].source.pem.ends_with(KEY.as_bytes()));
}

#[test]
fn servers() {
    let text = "backend b\n default-server weight 7 maxconn 20\n server a localhost:8080 backup\n server b 127.0.0.1:+5 weight 0 \
                send-proxy\n server-template w 2 127.0.0.1:9\n server s 127.0.0.1:443 ssl verify none sni req.hdr(host)";
    let proxy = proxy(text);
    let names: Vec<&[u8]> = proxy.servers.iter().map(|server| server.name.as_slice()).collect();
    assert_eq!(names, [b"a".as_slice(), b"b", b"w1", b"w2", b"s"]);
    let [a, b, w1, _, s] = proxy.servers.as_slice() else { panic!("five servers") };
    assert_eq!(a.address, Some(Address::Ip([127, 0, 0, 1].into(), 8080)));
    assert_eq!((a.weight, a.maxconn, a.backup, a.id), (7, 20, true, 1));
    let sent = (b.send_proxy.is_on(), b.send_proxy.v2);
    assert_eq!((b.weight, b.port_offset, sent, b.id), (0, Some(5), (true, false), 2));
    assert_eq!((w1.weight, w1.tls.is_none()), (7, true));
    assert!(s.tls.as_ref().is_some_and(|tls| tls.sni.is_some()));
}

/// The words are those of HAProxy 3.5.
#[test]
fn services_stand_where_they_can_serve() {
    let check = |mode: &str, rule: &str, expected: Option<&str>| {
        let mut world = World::with(&[("/x.lua", "service web\nservice tcp raw")]);
        let text =
            format!("global\n lua-load /x.lua\n{DEFAULTS}frontend f\n mode {mode}\n bind :1\n {rule}\n");
        let (outcome, sources) = support::run(&mut world, &text);
        let told = support::told(&outcome, &sources);
        assert!(told.contains(expected.unwrap_or_default()), "{mode}, {rule}: {told}");
        assert_eq!(outcome.is_usable(), expected.is_none(), "{mode}, {rule}: {told}");
    };
    let raw_in_http = Some("Lua TCP services cannot be used on HTTP proxies");
    let web_in_tcp = Some("HTTP applets are forbidden from 'tcp-request' rulesets");
    check("http", "tcp-request content use-service lua.raw", raw_in_http);
    check("http", "http-request use-service lua.raw", raw_in_http);
    check("http", "tcp-request content use-service lua.web", web_in_tcp);
    check("tcp", "tcp-request content use-service lua.web", web_in_tcp);
    check("tcp", "tcp-request content use-service lua.raw", None);
    check("http", "http-request use-service lua.web", None);
}

#[test]
fn rules_and_their_order() {
    let world = World::with(&[("/x.lua", "service acme")]);
    let text = format!(
        "global\n lua-load /x.lua\n{DEFAULTS}frontend f\n bind :1\n acl challenge path_beg /.well-known/\n\
         \x20redirect scheme https if METH_GET !challenge\n http-request use-service lua.acme if METH_GET challenge\n\
         \x20http-request set-var(txn.x) path,lower if {{ src 10.0.0.0/8 }} || {{ path -i -m beg /X }}\n\
         \x20http-response set-header X-V %{{+Q}}[var(txn.x)]-%ci\n"
    );
    let config = load_in(world, &text);
    let proxy = &config.proxies[0];
    assert_eq!(config.services, [b"lua.acme".to_vec()]);
    assert_eq!(config.variables, [b"x".to_vec()]);
    let requests = &proxy.rules[RuleSet::HttpRequest as usize];
    // `redirect` runs last, wherever it stands.
    assert!(matches!(requests[0].args[0], ActionValue::Service(_)));
    assert!(matches!(requests[1].args[..], [ActionValue::Var(_), ActionValue::Expr(_)]));
    assert!(!requests[2].options.is_empty());
    let cond = requests[2].cond.as_ref().expect("condition");
    assert_eq!(cond.any[0].iter().map(|term| term.negated).collect::<Vec<_>>(), [false, true]);
    assert_eq!(cond.any[0][1].acl, AclId(0));
    let either = requests[1].cond.as_ref().expect("condition");
    let tests: Vec<_> = either.any.iter().map(|terms| &proxy.acls[terms[0].acl.index()].tests[0]).collect();
    assert_eq!((tests[0].method, tests[0].ignore_case), (MatchMethod::Ip, false));
    assert_eq!((tests[1].method, tests[1].ignore_case), (MatchMethod::Beg, true));
    let ActionValue::Fmt(format) = &proxy.rules[RuleSet::HttpResponse as usize][0].args[1] else {
        panic!("format")
    };
    assert_eq!(format.nodes.len(), 3);
}

#[test]
fn names_become_ids() {
    let text = format!(
        "{DEFAULTS}frontend f\n bind :1\n use_backend b if {{ nbsrv(b) gt 0 }}\n use_backend %[req.hdr(x)]\n default_backend c\n\
         backend b\n server s 127.0.0.1:1\n stick-table type ip size 1k\n use-server s if {{ srv_is_up(s) }}\n\
         backend c\n server t 127.0.0.1:1\n acl x table_cnt(b) gt 1\n acl y srv_is_up(b/s)\n"
    );
    let config = load(&text);
    let [f, b, c] = config.proxies.as_slice() else { panic!("three proxies") };
    assert_eq!(f.default_backend, Some(ProxyId(2)));
    assert!(matches!(f.switches[0].target, SwitchTarget::Backend(ProxyId(1))));
    assert!(matches!(f.switches[1].target, SwitchTarget::Dynamic(_)));
    assert_eq!(f.acls[0].tests[0].expr.args, [Arg::Proxy(ProxyId(1))]);
    let list = &config.pattern_lists[f.acls[0].tests[0].list.index()];
    assert_eq!((&list.patterns, list.is_acl), (&vec![b"1:".to_vec()], true));
    assert!(matches!(b.use_servers[0].0, ServerTarget::Server(ServerId(0))));
    assert_eq!(b.acls[0].tests[0].expr.args, [Arg::Server(ProxyId(1), ServerId(0))]);
    assert_eq!(c.acls[0].tests[0].expr.args, [Arg::Table(TableId(0))]);
    assert_eq!(c.acls[1].tests[0].expr.args, [Arg::Server(ProxyId(1), ServerId(0))]);
}

#[test]
fn log_formats_and_captures() {
    let text = "frontend f\n bind :1\n log stdout local0\n capture request header Host len 32\n log-format \"%ci  %[src] %{+Q}r\"";
    let proxy = proxy(text);
    assert_eq!(proxy.log_preset, LogPreset::Custom);
    // Runs of spaces are one.
    assert_eq!(proxy.log_format.nodes.len(), 5);
    assert_eq!(
        (proxy.request_captures[0].name.as_slice(), proxy.request_captures[0].len),
        (b"host".as_slice(), 32)
    );
}

#[test]
fn paths_follow_default_path() {
    let world = World::with(&[("/etc/x/500.http", "HTTP/1.0 500 x\r\n\r\n")]);
    let text = format!(
        "global\n default-path origin /etc/x\n{DEFAULTS}frontend f\n bind :1\n errorfile 500 500.http\n"
    );
    let proxy = load_in(world, &text).proxies.remove(0);
    assert_eq!((proxy.errors[0].status, proxy.errors[0].response.len()), (500, 18));
}

#[test]
fn users() {
    let config = load(
        "userlist u\n group admin users ann\n group dev\n user ann insecure-password x groups dev\n user bob password $5$y\n",
    );
    let list = &config.userlists[0];
    assert_eq!(list.groups, [b"admin".to_vec(), b"dev".to_vec()]);
    assert_eq!(list.users[0].groups, [b"dev".to_vec(), b"admin".to_vec()]);
    assert_eq!((list.users[0].insecure, list.users[1].insecure), (true, false));
}

#[test]
fn what_is_not_executed_is_told_once() {
    let text = format!(
        "{DEFAULTS}backend b\n stats enable\n server a 127.0.0.1:1 check\n server b 127.0.0.1:2 check\n"
    );
    let (outcome, _) = support::run(&mut World::default(), &text);
    let told: Vec<&str> = outcome
        .reading
        .iter()
        .filter(|diagnostic| diagnostic.code == check::NOT_EXECUTED)
        .map(|diagnostic| diagnostic.message.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "'stats' is accepted but not executed yet by hxproxy.",
            "'check' is accepted but not executed yet by hxproxy."
        ]
    );
    assert_eq!(outcome.warnings(), 0);
}
