//! Persistence over whole streams. The expectations were seen with HAProxy 3.5.

use ir::config::{Config, Cookie, CookieMode};

use super::*;
use crate::live::ServerState;
use crate::testing;

/// Servers `a`, `b` and `c` of cookies `sa`, `sb` and none; `b` is down.
fn config(words: &str) -> Config {
    let mut config = testing::config();
    let has = |word: &str| words.split(' ').any(|have| have == word);
    let number = |word: &str| if has(word) { 100 } else { 0 };
    let mode = match () {
        () if has("insert") => CookieMode::Insert,
        () if has("rewrite") => CookieMode::Rewrite,
        () if has("prefix") => CookieMode::Prefix,
        () => CookieMode::Passive,
    };
    let proxy = &mut config.proxies[0];
    proxy.cookie = Some(Box::new(Cookie {
        name: b"S".to_vec(),
        mode,
        indirect: has("indirect"),
        nocache: has("nocache"),
        postonly: has("postonly"),
        preserve: has("preserve"),
        httponly: has("httponly"),
        secure: has("secure"),
        domains: if has("domain") { vec![b".a.b".to_vec(), b".c.d".to_vec()] } else { Vec::new() },
        attributes: if has("attr") { vec![b"SameSite=Lax".to_vec()] } else { Vec::new() },
        maxidle: number("maxidle"),
        maxlife: number("maxlife"),
        ..Cookie::default()
    }));
    proxy.options.persist = has("persist");
    proxy.servers = ["a", "b", "c"].map(|name| testing::server(name, 1)).into();
    proxy.servers[0].cookie = Some(b"sa".to_vec());
    proxy.servers[1].cookie = Some(b"sb".to_vec());
    config
}

fn fields(head: &proto::message::Head, name: &[u8]) -> String {
    let all: Vec<_> = head.get_all(name).map(|value| String::from_utf8_lossy(value)).collect();
    all.join(" | ")
}

/// Gives the cookies that the server sees, the server that is named and the letter.
#[track_caller]
fn check_request(words: &str, cookies: &str, expected: &str) {
    let lines: String = cookies.split(" | ").map(|line| format!("cookie: {line}\n")).collect();
    let input = format!("GET / HTTP/1.1\n{lines}");
    let mut stream = testing::stream_of(config(words), &Default::default(), &input);
    stream.plan.live.proxies[0].servers[1].set_state(ServerState::Down);
    begin(&mut stream);
    on_request(&mut stream);
    let server = stream.persist.server.map_or('-', |id| char::from(b'a' + id.0 as u8));
    let letter = char::from(stream.termination.cookie_in);
    assert_eq!(
        format!("{} / {server} {letter}", fields(&stream.req, b"cookie")),
        expected,
        "{words}: {cookies}"
    );
}

#[test]
fn requests() {
    check_request("insert", "x=1; S=sa; y=2", "x=1; S=sa; y=2 / a V");
    check_request("insert indirect", "x=1; S=sa; y=2", "x=1; y=2 / a V");
    check_request("insert indirect", "S=sa", " / a V");
    check_request("insert indirect", "S=sa ;x=1", "x=1 / a V");
    check_request("insert indirect", "x=1 ; S=sa", "x=1  / a V");
    check_request("insert indirect", "x=1;S=sa;y=2;S=sb;z", "x=1; y=2; z / a V");
    check_request("insert indirect", "S=sa; $Path=/; x=1", "x=1 / a V");
    check_request("insert", ";S=sa", ";S=sa / a V");
    check_request("insert indirect", ";S=sa; x=1", "x=1 / a V");
    check_request("insert indirect", ",x=1;S=sa", ",x=1 / a V");
    check_request("insert indirect", "S=no | x=1", "x=1 / - I");
    check_request("insert", "S=no; S=sa | S=no", "S=no; S=sa | S=no / a V");
    check_request("insert", "S=sb", "S=sb / - D");
    check_request("insert persist", "S=sb", "S=sb / b D");
    check_request("insert", "S=", "S= / - I");
    check_request("insert", "T=sa", "T=sa / - N");
    check_request("", "S=sa", "S=sa / a -");
    check_request("rewrite", "S=sa", "S=sa / a V");
    check_request("prefix", "S=sa~own; x=1", "S=own; x=1 / a V");
    check_request("prefix", "S=sa", "S=sa / a V");
    // The time is 2024-04-26 07:39:58, `ZitaT` in four seconds each.
    check_request("insert maxidle", "S=sa|ZitaH", "S=sa|ZitaH / a V");
    check_request("insert maxidle", "S=sa|ZitZh", "S=sa|ZitZh / - E");
    check_request("insert maxlife", "S=sa|ZitaH|ZitZh", "S=sa|ZitaH|ZitZh / - O");
    check_request("insert", "S=sa|AAAAA", "S=sa|AAAAA / a V");
}

/// Gives the cookies that the client sees, and the letter. `server` served a request with `cookies`.
#[track_caller]
fn check_response(words: &str, cookies: &str, server: u32, response: &str, expected: &str) {
    let input = format!("GET / HTTP/1.1\ncookie: {cookies}\n---\nHTTP/1.1 200 OK\n{response}");
    let mut stream = testing::stream_of(config(words), &Default::default(), &input);
    begin(&mut stream);
    on_request(&mut stream);
    stream.server = Some(ServerId(server));
    on_response(&mut stream);
    let letter = char::from(stream.termination.cookie_out);
    let private = stream.res.get(b"cache-control").map_or("", |_| " private");
    assert_eq!(
        format!("{} / {letter}{private}", fields(&stream.res, b"set-cookie")),
        expected,
        "{words}: {response}"
    );
}

#[test]
fn responses() {
    check_response("insert", "x=1", 0, "", "S=sa; path=/ / I");
    check_response("insert", "S=sa", 0, "", " / N");
    check_response("insert indirect nocache", "x=1", 0, "etag: x", "S=sa; path=/ / I private");
    check_response("insert nocache", "x=1", 0, "", "S=sa; path=/ / I");
    check_response("insert postonly", "x=1", 0, "", " / N");
    check_response("insert", "x=1", 2, "", "S=; Expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/ / I");
    check_response(
        "insert domain httponly secure attr",
        "x=1",
        0,
        "",
        "S=sa; path=/; domain=.a.b; domain=.c.d; HttpOnly; Secure; SameSite=Lax / I",
    );
    check_response("insert", "x=1", 0, "set-cookie: S=own", "S=sa; path=/ / I");
    check_response("insert", "S=sa", 0, "set-cookie: S=own", " / D");
    check_response("insert preserve", "x=1", 0, "set-cookie: S=own", "S=own / P");
    check_response("rewrite", "x=1", 0, "set-cookie: S=own; path=/x", "S=sa; path=/x / R");
    check_response("rewrite", "x=1", 0, "set-cookie: T=own", "T=own / N");
    check_response("prefix", "x=1", 0, "set-cookie: S=own; path=/x", "S=sa~own; path=/x / R");
    check_response("", "x=1", 0, "set-cookie: S=own", "S=own / -");
    check_response("insert maxidle", "x=1", 0, "", "S=sa|ZitaU; path=/ / I");
    check_response("insert maxlife", "S=sa|ZitaD|ZitaH", 0, "", "S=sa|ZitaU|ZitaH; path=/ / U");
    check_response("insert maxlife maxidle", "S=sa|ZitaD|ZitaH", 0, "", "S=sa|ZitaU|ZitaH; path=/ / U");
}

#[test]
fn dynamic_cookies() {
    let mut config = config("insert");
    let proxy = &mut config.proxies[0];
    proxy.dynamic_cookie_key = Some(b"secret".to_vec());
    proxy.cookie.as_mut().expect("cookie").dynamic = true;
    proxy.servers[2].address = Some(ir::expr::Address::Ip("127.0.0.1".parse().expect("ip"), 80));
    let cookies: Vec<_> =
        cookies_of(proxy).into_iter().map(|cookie| String::from_utf8(cookie.expect("one").into())).collect();
    assert_eq!(cookies, ["sa", "sb", "83fb1331509c7322"].map(|cookie| Ok(cookie.to_owned())));
}

#[test]
fn cookies_that_caches_would_keep() {
    let check = |request: &str, response: &str, cookie_words: &str, expected: bool| {
        let input = format!("{request} / HTTP/1.1\n---\nHTTP/1.1 {response}");
        let mut config = config(cookie_words);
        config.proxies[0].options.checkcache = true;
        let mut stream = testing::stream_of(config, &Default::default(), &input);
        begin(&mut stream);
        on_request(&mut stream);
        stream.server = Some(ServerId(0));
        assert_eq!(on_response(&mut stream), expected, "{request} {response}");
    };
    let set = "200 OK\nset-cookie: a=b\n";
    check("GET", &format!("{set}etag: x"), "", true);
    check("GET", "200 OK\netag: x", "", false);
    // One's own cookie is no leak.
    check("GET", "200 OK\netag: x", "insert", false);
    check("GET", &format!("{set}etag: x"), "insert nocache", false);
    check("GET", set, "", false);
    check("POST", &format!("{set}etag: x"), "", false);
    check("POST", &format!("{set}etag: x\ncache-control: public"), "", true);
    check("GET", "302 Found\nset-cookie: a=b\netag: x", "", false);
    check("GET", "302 Found\nset-cookie: a=b\netag: x\ncache-control: public", "", true);
    check("GET", &format!("{set}pragma: no-cache\netag: x"), "", false);
    check("GET", &format!("{set}cache-control: max-age=0, s-maxage=5"), "", true);
    check("GET", &format!("{set}cache-control: max-age=0\netag: x"), "", false);
    check("GET", &format!("{set}cache-control: private, public\netag: x"), "", true);
    check("GET", &format!("{set}cache-control: no-cache=\"set-cookie\"\netag: x"), "", false);
    check("GET", &format!("{set}cache-control: max-age=5, no-store=x"), "", false);
}
