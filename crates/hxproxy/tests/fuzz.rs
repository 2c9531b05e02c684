//! Random configurations: no panic, and no part that takes quadratic time.
//!
//! The same functions are targets of cargo-fuzz (`crates/*/fuzz`), which needs a nightly toolchain;
//! these run on a stable one, with lines made of the registry's rows, and the same ones in every run.
//! `FUZZ_SECONDS=300` goes on for that long, from another seed each time.

mod support;
#[path = "../../syntax/fuzz/src/lib.rs"]
mod syntax_fuzz;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use check::Registry;

/// Rounds of a run without `FUZZ_SECONDS`.
const ROUNDS: u64 = 400;
/// Nanoseconds below which the clock says nothing.
const SHORT: u64 = 4_000_000;
/// Lines of the shorter file when times are compared; the longer one has four times as many.
const LINES: usize = 1500;

#[test]
fn random_configurations() {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let first = if end.is_some() { clock << 20 } else { 0 };
    let words = Words::new();
    let mut registry = support::registry();
    for round in first.. {
        if end.map_or(round >= ROUNDS, |end| Instant::now() >= end) {
            return;
        }
        let text = words.configuration(&mut Random::new(round));
        // A panic shows what it was about; the text is made again from the round.
        let shown = Shown(round, &text);
        syntax_fuzz::lexer(&text);
        syntax_fuzz::parser(&text);
        support::told(&mut registry, &text);
        std::mem::forget(shown);
    }
}

#[test]
fn random_formats() {
    let words = Words::new();
    let mut registry = support::registry();
    let mut written = 0;
    for round in 0..4 * ROUNDS {
        let random = &mut Random::new(round);
        let format = words.format(random);
        let text = format!(
            "listen l\n mode http\n bind :1\n capture request header a len 9\n unique-id-format '{format}'\n \
             log 127.0.0.1 local0\n log-format '{format}'\n http-request set-header a '{format}'\n"
        );
        let shown = Shown(round, text.as_bytes());
        syntax_fuzz::logformat(format.as_bytes());
        syntax_fuzz::expression(format.trim_matches(['%', '[', ']', ' ']).as_bytes());
        let outcome = support::check(&mut registry, text.as_bytes());
        if outcome.is_usable() {
            written += usize::from(write(outcome.config));
        }
        std::mem::forget(shown);
    }
    assert!(written > 100, "only {written} formats could be written");
}

/// Writes the formats of the only proxy for a stream. `false`: there is no plan.
fn write(config: ir::config::Config) -> bool {
    let mut functions = state::plan::Functions::default();
    let (fetches, converters) = (net::tls::samples::fetches(), net::tls::samples::converters());
    samples::fill(
        &mut functions,
        samples::fetches::rows().chain(fetches),
        samples::converters::rows().chain(converters),
    );
    actions::fill(&mut functions);
    let input = "GET /a?b=\"c\x01 HTTP/1.1\nhost: h\na: x\n---\nHTTP/1.1 200 OK\n";
    if state::plan::Plan::build(config.clone(), &functions, 1).is_err() {
        return false;
    }
    let mut stream = state::testing::stream_of(config, &functions, input);
    let (plan, mut line) = (stream.frontend_plan(), Vec::new());
    plan.log_format.write(&stream, &mut line);
    for format in [&plan.unique_id_format, &plan.error_log_format].into_iter().flatten() {
        format.write(&stream, &mut line);
    }
    stream.phase = ir::spec::RuleSet::HttpRequest;
    let _ = actions::run(&mut stream, ir::id::ProxyId(0), ir::spec::RuleSet::HttpRequest, &mut 0);
    true
}

/// Prints a text when a panic unwinds over it.
struct Shown<'a>(u64, &'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        println!("round {}:\n{}", self.0, String::from_utf8_lossy(self.1));
    }
}

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or(0)
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

const SECTIONS: &[&str] = &[
    "global",
    "defaults",
    "defaults d",
    "frontend f",
    "backend b",
    "listen l",
    "listen m from d",
    "peers p",
    "resolvers r",
    "userlist u",
    "mailers m",
    "cache c",
    "ring g",
    "log-forward w",
    "log-profile q",
    "http-errors e",
    "fcgi-app a",
    "crt-store s",
    "traces",
    "acme x",
    "healthcheck h",
    "program z",
    "frontend",
];

/// Values, and pieces that parsers stumble over.
const VALUES: &[&str] = &[
    "1",
    "0",
    "-1",
    "65536",
    "99999999999999999999",
    "10s",
    "5m",
    "1k",
    "16m",
    "on",
    "off",
    "none",
    "if",
    "unless",
    "{",
    "}",
    "or",
    "!",
    "a",
    "b/s",
    "f",
    "/file",
    "127.0.0.1:80",
    ":80-90",
    "::1",
    "*:443",
    "unix@/s",
    "fd@3",
    "\"a b\"",
    "'x'",
    "\"$LIST\"",
    "\"${LIST[*]}\"",
    "\"${NO-1}\"",
    "\"$NO\"",
    "\\ ",
    "\\x41",
    "%[src]",
    "%[",
    "%ci",
    "%{+Q}o",
    "%%",
    "-i",
    "-m",
    "-f",
    "--",
    "src,map(/file)",
    "hdr(host),lower",
    "str(\"a,b\")",
    "int(1),add(2)",
    "txn.v",
    "^(.*)$",
    "(",
    ")",
    ",",
    "[",
    "]",
    "=",
    "@1",
    "\u{e9}",
    "\"",
    "'",
    "#",
    "#\\",
    ",,",
    "a=b",
    "+",
    "*",
    "global",
    "stderr",
    "len",
    "format",
    "server",
    "type",
    "string",
    "size",
    "expire",
    "store",
    "gpc0,http_req_rate(1s)",
];

/// What lines are made of.
struct Words {
    keywords: Vec<&'static str>,
    others: Vec<String>,
    examples: Vec<String>,
    /// Names of log aliases.
    aliases: Vec<&'static str>,
}

impl Words {
    fn new() -> Self {
        let registry = support::registry();
        let names =
            |names: &mut dyn Iterator<Item = &'static str>| names.map(str::to_owned).collect::<Vec<_>>();
        let mut others = names(&mut check::bind_keywords().map(|row| row.name));
        others.extend(names(&mut check::server_keywords().map(|row| row.name)));
        others.extend(names(&mut registry.actions().iter().map(|row| row.name)));
        others.extend(names(&mut registry.fetches().iter().map(|row| row.name)));
        others.extend(names(&mut registry.converters().iter().map(|row| row.name)));
        others.extend(names(&mut registry.aliases().iter().map(|row| row.name)));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        let files = fs::read_dir(folder).expect("the examples").flatten();
        let examples = files.filter_map(|file| fs::read_to_string(file.path()).ok()).collect();
        let aliases = registry.log_aliases().iter().map(|row| row.name).collect();
        Self { aliases, keywords: check::keywords().map(|row| row.spec.name).collect(), others, examples }
    }

    fn configuration(&self, random: &mut Random) -> Vec<u8> {
        let mut text = match random.below(3) {
            0 => self.examples[random.below(self.examples.len())].clone(),
            _ => String::new(),
        };
        for _ in 0..random.below(12) {
            text.push_str(random.pick(SECTIONS));
            text.push('\n');
            for _ in 0..random.below(10) {
                self.line(&mut text, random);
            }
        }
        let mut bytes = text.into_bytes();
        for _ in 0..random.below(4) {
            damage(&mut bytes, random);
        }
        bytes
    }

    fn line(&self, text: &mut String, random: &mut Random) {
        const STARTS: &[&str] = &["  ", "\t", "  no ", "  default ", "", ".if ", ".elif ", "  .notice "];
        text.push_str(if random.one_in(8) { random.pick(STARTS) } else { "  " });
        text.push_str(self.keywords[random.below(self.keywords.len())]);
        for _ in 0..random.below(7) {
            text.push(' ');
            self.word(text, random);
        }
        text.push_str(if random.one_in(40) { "\r\n" } else { "\n" });
    }

    /// A log-format; most are right.
    fn format(&self, random: &mut Random) -> String {
        const ITEMS: &[&str] =
            &["%", "%", "%{+Q}", "%{+X,-M}", "%{+json}", "%{+cbor}", "%{+E", "%(a)", "%(a:sint)"];
        const SAMPLES: &[&str] = &[
            "src",
            "str(a)",
            "int(-7)",
            "bool(true)",
            "var(txn.a)",
            "method",
            "capture.req.hdr(0)",
            "rand",
            "ipv6(::1)",
        ];
        const CONVERTERS: &[&str] =
            &["", "", ",lower", ",add(1)", ",hex", ",b64dec", ",set-var(txn.a)", ",bytes(0,2)", ",json"];
        const GLOBAL: &[&str] = &["", "", "%{+Q}o", "%{+json}o", "%{+cbor,+bin}o", "%{+bin}o", "%{+E,+X}o "];
        let mut text = random.pick(GLOBAL).to_owned();
        for _ in 0..random.below(6) {
            text.push_str(random.pick(ITEMS));
            match random.below(8) {
                0 => text.push_str(random.pick(VALUES)),
                1..4 => text.push_str(self.aliases[random.below(self.aliases.len())]),
                _ => {
                    text.push('[');
                    text.push_str(random.pick(SAMPLES));
                    text.push_str(random.pick(CONVERTERS));
                    text.push(']');
                }
            }
            text.push_str(random.pick(&["", " ", "  ", "|", "x"]));
        }
        text.replace(['\'', '\n'], "")
    }

    fn word(&self, text: &mut String, random: &mut Random) {
        match random.below(4) {
            0 => text.push_str(&self.others[random.below(self.others.len())]),
            1 => {
                text.push_str(&self.others[random.below(self.others.len())]);
                text.push('(');
                text.push_str(random.pick(VALUES));
                text.push_str(random.pick(&[")", "),", "", "))"]));
                if random.one_in(2) {
                    text.push_str(&self.others[random.below(self.others.len())]);
                }
            }
            _ => text.push_str(random.pick(VALUES)),
        }
    }
}

/// Cuts, repeats or puts in a piece.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = (at + random.below(40)).min(bytes.len());
    match random.below(6) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let copy = bytes[at..end].to_vec();
            let to = random.below(bytes.len() + 1);
            drop(bytes.splice(to..to, copy));
        }
        3 => bytes.insert(at, u8::try_from(random.below(256)).unwrap_or(0)),
        _ => drop(bytes.splice(at..at, random.pick(VALUES).bytes())),
    }
}

/// What is repeated with a number in the place of `#`, behind lines that stand there once.
const REPEATED: &[(&str, &str)] = &[
    ("", "backend b#\n  server s 127.0.0.1:#\n"),
    ("", "defaults d#\n  mode http\nbackend b# from d#\n"),
    ("", "backend b#\n  id #\n"),
    ("", "frontend f#\n  bind 127.0.0.1:1\n  default_backend b#\nbackend b#\n"),
    ("", "userlist u#\n  user a password b\n"),
    ("", "peers p#\n  peer a# 127.0.0.1:1\n"),
    ("", "resolvers r#\n  nameserver n 127.0.0.1:1\n"),
    ("", "ring r#\n  size 64k\n"),
    ("", "cache c#\n  total-max-size 4\n"),
    ("", "mailers m#\n  mailer m 127.0.0.1:1\n"),
    ("", "http-errors e#\n"),
    ("", "backend t#\n  stick-table type ip size 1k store gpc0\n  http-request track-sc0 src table t#\n"),
    ("", "global\n  setenv V# x\n"),
    ("", ".if defined(V#)\n.endif\n"),
    ("", ".notice x#\n"),
    ("", "unknown#\n"),
    ("userlist u\n", "user u# password x groups g#\n"),
    ("userlist u\n", "group g# users u#\nuser u# password x\n"),
    ("peers p\n", "peer p# 127.0.0.1:1\n"),
    ("resolvers r\n", "nameserver n# 127.0.0.1:1\n"),
    ("mailers m\n", "mailer m# 127.0.0.1:1\n"),
    ("backend b\n", "server s# 127.0.0.1:1 check\n"),
    ("backend b\n", "server s# 127.0.0.1:1\n  use-server s# if { src 127.0.0.1 }\n"),
    ("backend b\n", "server s# 127.0.0.1:1 cookie c# track b/s#\n"),
    ("backend b\n", "server s# 127.0.0.1:1\n  acl a srv_is_up(b/s#)\n"),
    ("backend b\n", "server same 127.0.0.1:1\n"),
    ("listen l\n", "bind 127.0.0.1:1 name n#\n"),
    ("listen l\n", "acl a# path /#\n  http-request deny if a#\n"),
    ("listen l\n", "acl a path /#\n"),
    ("listen l\n", "acl a# path /\n  http-request set-var(txn.v) acl(a#)\n"),
    ("listen l\n  mode http\n", "http-request set-var(txn.v#) str(#)\n"),
    ("listen l\n  mode http\n", "http-request set-header x# %[src,lower]\n"),
    ("listen l\n", "capture request header h# len 10\n"),
    ("listen l\n", "errorfile 503 /file\n"),
    ("listen l\n", "timeout client 10\n"),
    ("listen l\n", "log 127.0.0.1:# local0\n"),
    ("listen l\n", "option httplog\n"),
    ("listen l\n", "stats auth u#:p\n"),
    ("listen l\n", "filter trace name n#\n"),
    ("listen l\n", "tcp-request content accept if { src 127.0.0.# }\n"),
    ("listen l\n  mode http\n", "use_backend b# if { path /# }\nbackend b#\nlisten l#\n"),
];

/// One line whose word grows: its start, what is repeated in it, its end.
const GROWING: &[(&str, &str, &str)] = &[
    ("listen l\n  log-format \"", "%[src] ", "\"\n"),
    ("listen l\n  log-format \"", "%ci ", "\"\n"),
    ("listen l\n  acl a str(x)", ",lower", " x\n"),
    ("listen l\n  acl a src ", "1,", "\n"),
    ("listen l\n  acl a str(", "a,", ")\n"),
    ("listen l\n  bind ", "127.0.0.1:1,", "127.0.0.1:2\n"),
    ("listen l\n  balance hash ", "(", "\n"),
    (".if ", "(", "1\n"),
    (".if 0", "||0", "\n"),
    (".if ", "!", "1\n"),
    ("global\n  description \"", "$LIST", "\"\n"),
    ("global\n  description \"", "${LIST[*]}x", "\"\n"),
    ("global\n  description ", "\\", "\n"),
    ("global\n  description \"", "'", "\n"),
    ("userlist u\n  user a password b groups ", "g,", "g\n"),
    ("userlist u\n  group g users ", "u,", "u\n"),
    ("global\n  unknown", "x", "\n"),
    ("global\n  ssl-default-bind-ciphers ", "A:", "A\n"),
];

#[test]
fn time_grows_with_the_size() {
    let mut registry = support::registry();
    let repeated = |(start, lines): &(&str, &str), count: usize| {
        let mut text = format!("{start}  ");
        for number in 1..=count {
            text.push_str(&lines.replace('#', &number.to_string()));
        }
        text
    };
    let growing = |(start, piece, end): &(&str, &str, &str), count: usize| {
        format!("{start}{}{end}", piece.repeat(count * 8))
    };
    let mut complaints = Vec::new();
    for case in REPEATED {
        complaints.extend(complaint(&mut registry, case.1, |count| repeated(case, count)));
    }
    for case in GROWING {
        complaints.extend(complaint(&mut registry, case.0, |count| growing(case, count)));
    }
    assert!(complaints.is_empty(), "more than linear:\n{}", complaints.join("\n"));
}

/// Four times the size must not take eleven times as long: quadratic parts take sixteen times. A
/// disturbed measurement gets other chances.
fn complaint(registry: &mut Registry, what: &str, text: impl Fn(usize) -> String) -> Option<String> {
    let (short, long) = (text(LINES), text(4 * LINES));
    let mut last = String::new();
    for _ in 0..4 {
        let (few, many) = (cost(registry, &short), cost(registry, &long));
        if many < 11 * few.max(SHORT) {
            return None;
        }
        last =
            format!("{what:?}: {} ms, and {} ms for four times as much", few / 1_000_000, many / 1_000_000);
    }
    Some(last)
}

/// Nanoseconds that this thread ran.
fn cost(registry: &mut Registry, text: &str) -> u64 {
    let ran = || {
        let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        stat.split(' ').next().and_then(|ran| ran.parse::<u64>().ok()).unwrap_or(0)
    };
    let before = ran();
    support::told(registry, text.as_bytes());
    ran() - before
}
