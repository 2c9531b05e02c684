//! Walks the registry: each row that is only accepted (`support: Parsed`) prints its one warning,
//! once, when a valid line uses it.
//!
//! A valid line is guessed from what the row says about its arguments. Where no guess is valid,
//! the line stands in [`EXAMPLES`], by the kind and the name of the row.

mod support;

use check::{NOT_EXECUTED, Registry};
use diag::Diagnostic;
use ir::spec::{ActionArg, ActionSpec, ArgList, ArgType, RuleSet, Section, Support};
use ir::types::SampleType;

/// Kind, name, and what stands in the row's place: for a keyword the line, for an option of `bind` or
/// `server` the words behind the address, for an action the words behind the rule set, for a fetch or
/// a converter the expression. What other sections must say first follows an
/// empty line.
const EXAMPLES: &[(&str, &str, &str)] = &[
    ("global", "stats", "stats calculate-max-counters on"),
    ("listen", "stats", "stats enable"),
    ("listen", "stick", "stick on src table t"),
    ("bind", "expose-fd", "expose-fd listeners"),
    ("bind", "level", "level admin"),
    ("global", "h1-case-adjust-file", "h1-case-adjust-file /cases"),
    (
        "acme",
        "map",
        "map virt@m\nfrontend m\n  bind 127.0.0.1:7\n  http-request deny if { path,map(virt@m) -m found }",
    ),
    ("healthcheck", "tcp-check", "type tcp-check\n  tcp-check connect"),
    ("healthcheck", "http-check", "type httpchk\n  http-check connect"),
    ("server", "resolvers", "resolvers r\n\nresolvers r\n  nameserver n 127.0.0.1:53"),
    ("server", "healthcheck", "healthcheck h\n\nhealthcheck h\n  type tcp-check"),
    ("server", "agent-check", "agent-check agent-port 1"),
    ("server", "check-ssl", "check-ssl verify none"),
    ("server", "hash-key", "hash-key id"),
    ("server", "on-error", "on-error mark-down"),
    ("server", "proxy-v2-options", "proxy-v2-options ssl"),
    ("server", "resolve-opts", "resolve-opts allow-dup-ip"),
    ("server", "track", "track w/w\nbackend w\n  server w 127.0.0.1:6 check"),
    ("server", "ws", "ws h1"),
    ("server", "on-marked-down", "on-marked-down shutdown-sessions"),
    ("server", "on-marked-up", "on-marked-up shutdown-backup-sessions"),
    ("action", "set-timeout", "set-timeout server 10s"),
    ("action", "do-resolve", "do-resolve(txn.v,r) str(a)\n\nresolvers r\n  nameserver n 127.0.0.1:53"),
    ("action", "sc-add-gpc", "sc-add-gpc(0,0) 1"),
    ("action", "sc-inc-gpc", "sc-inc-gpc(0,0)"),
    ("action", "sc-inc-gpc0", "sc-inc-gpc0(0)"),
    ("action", "sc-inc-gpc1", "sc-inc-gpc1(0)"),
    ("action", "switch-mode", "switch-mode http"),
    ("action", "sc-set-gpt", "sc-set-gpt(0,0) 1"),
    ("action", "sc-set-gpt0", "sc-set-gpt0(0) 1"),
    ("fetch", "fc_pp_tlv", "fc_pp_tlv(0xe0)"),
    ("converter", "aes_cbc_dec", "str(a),aes_cbc_dec(128,txn.n,txn.k)"),
    ("converter", "aes_cbc_enc", "str(a),aes_cbc_enc(128,txn.n,txn.k)"),
    ("converter", "aes_gcm_dec", "str(a),aes_gcm_dec(128,txn.n,txn.k,txn.t)"),
    ("converter", "aes_gcm_enc", "str(a),aes_gcm_enc(128,txn.n,txn.k,txn.t)"),
    ("converter", "hmac", "str(a),hmac(sha256,txn.k)"),
    ("converter", "jwt_decrypt_cert", "str(a),jwt_decrypt_cert(txn.k)"),
    ("converter", "jwt_decrypt_jwk", "str(a),jwt_decrypt_jwk(txn.k)"),
    ("converter", "jwt_decrypt_secret", "str(a),jwt_decrypt_secret(txn.k)"),
    ("converter", "jwt_verify", "str(a),jwt_verify(txn.a,txn.k)"),
    ("converter", "jwt_verify_cert", "str(a),jwt_verify_cert(txn.a,txn.k)"),
    ("global", "setcap", "setcap cap_net_raw"),
    ("global", "cpu-map", "cpu-map all 0"),
    ("global", "cpu-affinity", "cpu-affinity auto"),
    ("global", "cpu-set", "cpu-set reset"),
    ("global", "tune.streams-elasticity", "tune.streams-elasticity 100"),
    ("global", "tune.ssl.ocsp-update.maxdelay", "tune.ssl.ocsp-update.maxdelay 7200"),
    ("global", "ocsp-update.maxdelay", "ocsp-update.maxdelay 7200"),
    ("filter", "bwlim-in", "bwlim-in x default-limit 1m default-period 1s"),
    ("filter", "bwlim-out", "bwlim-out x default-limit 1m default-period 1s"),
    ("filter", "cache", "cache c\n\ncache c\n  total-max-size 4"),
    ("filter", "fcgi-app", "fcgi-app a\n  server v 127.0.0.1:9 proto fcgi\n\nfcgi-app a\n  docroot /file"),
    ("listen", "http-check", "http-check send-state"),
    ("listen", "tcp-check", "tcp-check connect"),
    (
        "listen",
        "use-fcgi-app",
        "mode http\n  use-fcgi-app a\n  server v 127.0.0.1:9 proto fcgi\n\nfcgi-app a\n  docroot /file\n  index a",
    ),
    ("peers", "table", "table t type ip size 1k store gpc0"),
    ("action", "cache-store", "cache-store c\n\ncache c\n  total-max-size 4"),
    ("action", "cache-use", "cache-use c\n\ncache c\n  total-max-size 4"),
    (
        "action",
        "set-bandwidth-limit",
        "set-bandwidth-limit x\n  filter bwlim-in x default-limit 1m default-period 1s",
    ),
    ("listen", "hash-type", "hash-type consistent"),
    ("listen", "compression", "compression algo gzip"),
    (
        "listen",
        "option external-check",
        "option external-check\n  external-check command /file\n\nglobal\n  external-check",
    ),
    ("listen", "quic-initial", "quic-initial accept"),
    ("peers", "log", "log 127.0.0.1 local0"),
    ("fcgi-app", "log-stderr", "log-stderr 127.0.0.1 local0"),
    ("fcgi-app", "acl", "acl a src 127.0.0.1"),
    ("fcgi-app", "path-info", "path-info x"),
    ("resolvers", "hold", "hold nx 10s"),
    ("resolvers", "timeout", "timeout retry 10s"),
    ("healthcheck", "type", "type httpchk"),
    ("acme", "challenge", "challenge http-01"),
    ("acme", "challenge-ready", "challenge-ready none"),
    ("acme", "curves", "curves P-256"),
    ("acme", "eab-key-id", "eab-key-id /file\n  eab-mac-key /base64"),
    ("acme", "eab-mac-key", "eab-mac-key /base64\n  eab-key-id /file"),
    ("acme", "eab-mac-alg", "eab-mac-alg HS512"),
];

/// Rows that no line can use here: they need what this world has not.
const NOT_HERE: &[(&str, &str)] = &[
    ("ssl-provider", "a provider of the TLS library"),
    ("tune.ssl.certificate-compression", "a newer TLS library"),
    ("send-spoe-group", "an SPOE configuration"),
    ("spoe", "an SPOE configuration"),
];

/// What an argument of a keyword may be, when its usage tells too little.
const GUESSES: [&str; 22] = [
    "",
    "on",
    "1",
    "10",
    "10s",
    "64k",
    "x",
    "/file",
    "127.0.0.1",
    "127.0.0.1:80",
    "x 1",
    "x y",
    "x 10s",
    "x /file",
    "x 127.0.0.1:80",
    "str(a)",
    "ipv4",
    "none",
    "all",
    "x str(a)",
    "x y z",
    "x 127.0.0.1:80 1",
];

const HEAD: &str = "global\n  expose-experimental-directives\n  expose-deprecated-directives\n";
const DEFAULTS: &str = "  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\n";
const REST: &str = "userlist u\n  user a insecure-password a\n\
                    backend t\n  stick-table type ip size 1k store gpc0,gpt0\n\
                    frontend f\n  bind 127.0.0.1:1\n  default_backend b\n\
                    backend b\n  server s 127.0.0.1:2\n";

#[test]
fn parsed_rows_say_so_once() {
    let mut walk = Walk { registry: support::registry(), complaints: Vec::new() };
    walk.keywords();
    walk.options();
    walk.actions();
    walk.fetches();
    walk.converters();
    walk.log_aliases();
    walk.filters();
    let complaints = walk.complaints;
    assert!(complaints.is_empty(), "{} rows:\n{}", complaints.len(), complaints.join("\n"));
}

struct Walk {
    registry: Registry,
    complaints: Vec<String>,
}

impl Walk {
    /// Tries the row's configurations until one is valid and warns once: about `name`, or about `kind`,
    /// the keyword of its line, where that is not executed as a whole.
    fn row(&mut self, kind: &str, name: &str, texts: impl IntoIterator<Item = String>) {
        let kinds = if RuleSet::ALL.map(words_of).contains(&kind) { "action" } else { kind };
        let warning = |name: &str| format!("'{name}' is accepted but not executed yet by hxproxy.");
        let (own, line) = (warning(name), warning(kind));
        let mut refused = String::new();
        let mut silent = String::new();
        for text in texts {
            let outcome = support::check(&mut self.registry, text.as_bytes());
            let count = |warning: &str| {
                let is_it = |told: &&Diagnostic| told.code == NOT_EXECUTED && told.message == warning;
                outcome.diagnostics().filter(is_it).count()
            };
            let warned = count(&own).max(count(&line));
            match outcome.diagnostics().find(|told| told.is_fatal()) {
                Some(told) => refused = told.message.clone(),
                None if warned == 1 => return,
                None => silent = format!("{warned} warnings for:\n{text}"),
            }
        }
        if silent.is_empty() && NOT_HERE.iter().any(|(row, _)| *row == name) {
            return;
        }
        self.complaints.push(match silent.is_empty() {
            false => format!(
                "{kind} '{name}': expected \"{own}\" once, but there are {silent}Last refusal: {refused}"
            ),
            true => format!(
                "{kind} '{name}': no valid line was guessed (last refusal: {refused}). \
                 Add (\"{kinds}\", \"{name}\", \"<a valid use>\") to EXAMPLES in this test."
            ),
        });
    }

    fn keywords(&mut self) {
        for row in check::keywords().filter(|row| row.spec.support == Support::Parsed) {
            let sections = SECTIONS.iter().filter(|(_, section)| row.spec.sections.contains(*section));
            let sections: Vec<_> = sections.collect();
            let kind = sections.first().map_or("", |(name, _)| name);
            let lines = match example(kind, row.spec.name) {
                Some(line) => vec![line.to_owned()],
                None => {
                    let usage = [from_usage(row.spec.usage, true), from_usage(row.spec.usage, false)];
                    let arguments = usage.into_iter().chain(GUESSES.map(str::to_owned));
                    arguments.map(|arguments| format!("{} {arguments}", row.spec.name)).collect()
                }
            };
            let texts =
                sections.iter().flat_map(|(name, _)| lines.iter().flat_map(|line| section(name, line)));
            self.row(kind, row.spec.name, texts.collect::<Vec<_>>());
        }
    }

    fn options(&mut self) {
        let bind = check::bind_keywords().map(|row| ("bind", row.name, row.args, row.support));
        let server = check::server_keywords().map(|row| ("server", row.name, row.args, row.support));
        let rows = bind.chain(server).filter(|(.., support)| *support == Support::Parsed);
        for (kind, name, values, _) in rows.collect::<Vec<_>>() {
            let words = |guess: &str| guess.split_whitespace().count() == values;
            let lines = match example(kind, name) {
                Some(line) => vec![line.to_owned()],
                None => GUESSES
                    .iter()
                    .filter(|guess| words(guess))
                    .map(|guess| format!("{name} {guess}"))
                    .collect(),
            };
            let texts = lines.iter().flat_map(|line| match kind {
                "bind" if line.starts_with("bind ") => section("listen", line),
                "bind" => section("listen", &format!("bind 127.0.0.1:4 {line}")),
                _ => section("listen", &format!("server v 127.0.0.1:5 {line}")),
            });
            self.row(kind, name, texts.collect::<Vec<_>>());
        }
    }

    fn actions(&mut self) {
        let rows: Vec<_> = self.registry.actions().to_vec();
        for row in rows.into_iter().filter(|row| row.support == Support::Parsed) {
            for set in RuleSet::ALL.into_iter().filter(|set| row.sets & set.bit() != 0) {
                let kind = words_of(set);
                let uses =
                    example("action", row.name).map_or_else(|| uses(row), |line| vec![line.to_owned()]);
                let texts = uses.iter().flat_map(|words| section("listen", &format!("{kind} {words}")));
                self.row(kind, row.name, texts.collect::<Vec<_>>());
            }
        }
    }

    fn fetches(&mut self) {
        let rows: Vec<_> = self.registry.fetches().to_vec();
        for row in rows.into_iter().filter(|row| row.support == Support::Parsed) {
            let calls = match example("fetch", row.name) {
                Some(call) => vec![call.to_owned()],
                None => calls(row.name, row.args),
            };
            let texts = calls.iter().flat_map(|call| places(call)).flat_map(|line| section("listen", &line));
            self.row("fetch", row.name, texts.collect::<Vec<_>>());
        }
    }

    fn filters(&mut self) {
        for row in services::FILTERS.iter().filter(|row| row.support == Support::Parsed) {
            let line = format!("filter {}", example("filter", row.name).unwrap_or(row.name));
            self.row("filter", row.name, section("listen", &line));
        }
    }

    fn log_aliases(&mut self) {
        let rows: Vec<_> = self.registry.log_aliases().to_vec();
        for row in rows.into_iter().filter(|row| row.support == Support::Parsed) {
            self.row("log alias", row.name, section("listen", &format!("log-format %{}", row.name)));
        }
    }

    fn converters(&mut self) {
        let rows: Vec<_> = self.registry.converters().to_vec();
        for row in rows.into_iter().filter(|row| row.support == Support::Parsed) {
            let start = match row.input {
                SampleType::Sint | SampleType::Bool => "int(1)",
                SampleType::Addr | SampleType::Ipv4 | SampleType::Ipv6 => "src",
                _ => "str(a)",
            };
            let calls = match example("converter", row.name) {
                Some(call) => vec![call.to_owned()],
                None => calls(row.name, row.args).iter().map(|call| format!("{start},{call}")).collect(),
            };
            let texts = calls.iter().flat_map(|call| places(call)).flat_map(|line| section("listen", &line));
            self.row("converter", row.name, texts.collect::<Vec<_>>());
        }
    }
}

fn example(kind: &str, name: &str) -> Option<&'static str> {
    let found = EXAMPLES.iter().find(|(known, row, _)| *known == kind && *row == name);
    found.map(|(.., text)| *text)
}

/// The sections as a file writes them, a proxy's first.
const SECTIONS: [(&str, Section); 19] = [
    ("global", Section::Global),
    ("listen", Section::Listen),
    ("frontend", Section::Frontend),
    ("backend", Section::Backend),
    ("defaults", Section::Defaults),
    ("peers", Section::Peers),
    ("resolvers", Section::Resolvers),
    ("userlist", Section::Userlist),
    ("mailers", Section::Mailers),
    ("cache", Section::Cache),
    ("ring", Section::Ring),
    ("log-forward", Section::LogForward),
    ("log-profile", Section::LogProfile),
    ("http-errors", Section::HttpErrors),
    ("fcgi-app", Section::FcgiApp),
    ("crt-store", Section::CrtStore),
    ("traces", Section::Traces),
    ("acme", Section::Acme),
    ("healthcheck", Section::Healthcheck),
];

/// Configurations with the line in such a section: proxies in both modes.
fn section(name: &str, line: &str) -> Vec<String> {
    let (line, needed) = line.split_once("\n\n").unwrap_or((line, ""));
    let in_mode = |mode: &str| {
        let defaults = format!("defaults\n  mode {mode}\n{DEFAULTS}");
        match name {
            "global" => format!("{HEAD}  {line}\n{needed}\n{defaults}{REST}"),
            "defaults" => format!("{HEAD}{needed}\ndefaults own\n  mode {mode}\n{DEFAULTS}  {line}\n{REST}"),
            "listen" => format!(
                "{HEAD}{needed}\n{defaults}listen l\n  bind 127.0.0.1:3\n  server s1 127.0.0.1:2\n  {line}\n{REST}"
            ),
            "frontend" => format!(
                "{HEAD}{needed}\n{defaults}frontend l\n  bind 127.0.0.1:3\n  default_backend b\n  {line}\n{REST}"
            ),
            "backend" => {
                format!("{HEAD}{needed}\n{defaults}backend l\n  server s1 127.0.0.1:2\n  {line}\n{REST}")
            }
            "traces" => format!("{HEAD}{needed}\ntraces\n  {line}\n{defaults}{REST}"),
            // Some sections are only taken with these lines; others follow the one at hand.
            "cache" => format!("{HEAD}cache l\n  total-max-size 4\n  {line}\n{defaults}{REST}"),
            "fcgi-app" => format!("{HEAD}fcgi-app l\n  docroot /folder\n  {line}\n{defaults}{REST}"),
            "acme" => format!("{HEAD}acme l\n  directory x\n  {line}\n{needed}\n{defaults}{REST}"),
            other => format!("{HEAD}{needed}\n{other} l\n  {line}\n{defaults}{REST}"),
        }
    };
    vec![in_mode("http"), in_mode("tcp")]
}

/// Arguments as a usage text asks for them: of alternatives the first or the last.
fn from_usage(usage: &str, first: bool) -> String {
    let mut words = Vec::new();
    let mut depth = 0;
    for word in
        usage.replace('[', " [ ").replace(']', " ] ").replace(['{', '}', '(', ')'], " ").split_whitespace()
    {
        match word {
            "[" => depth += 1,
            "]" => depth -= 1,
            _ if depth > 0 => {}
            "|" if first => break,
            "|" => drop(words.pop()),
            word => {
                let mut choices = word.split('|');
                let choice = if first { choices.next() } else { choices.next_back() };
                words.push(value(choice.unwrap_or_default().trim_end_matches("...")));
            }
        }
    }
    words.join(" ")
}

/// A value for a placeholder of a usage text.
fn value(placeholder: &str) -> String {
    let Some(name) = placeholder.strip_prefix('<') else { return placeholder.to_owned() };
    let known = [
        ("time", "10s"),
        ("delay", "10s"),
        ("timeout", "10s"),
        ("num", "1"),
        ("nb", "1"),
        ("count", "1"),
        ("size", "64k"),
        ("addr", "127.0.0.1:80"),
        ("file", "/file"),
        ("path", "/file"),
        ("dir", "/folder/"),
        ("expr", "str(a)"),
        ("sample", "str(a)"),
        ("status", "503"),
        ("code", "503"),
        ("port", "80"),
    ];
    known.iter().find(|(part, _)| name.contains(part)).map_or("x", |(_, value)| value).to_owned()
}

/// The call with the arguments that must be there, and with all.
fn calls(name: &str, args: ArgList) -> Vec<String> {
    let call = |count: usize| {
        let values: Vec<&str> = args.types.iter().take(count).map(|kind| argument(*kind)).collect();
        if values.is_empty() { name.to_owned() } else { format!("{name}({})", values.join(",")) }
    };
    vec![call(args.required), call(args.types.len())]
}

fn argument(kind: ArgType) -> &'static str {
    match kind {
        ArgType::Sint | ArgType::PbField => "1",
        ArgType::Str | ArgType::Regex => "a",
        ArgType::Ipv4 => "127.0.0.1",
        ArgType::Mask4 => "24",
        ArgType::Ipv6 => "::1",
        ArgType::Mask6 => "64",
        ArgType::Time => "10s",
        ArgType::Size => "1k",
        ArgType::Frontend => "f",
        ArgType::Backend => "b",
        ArgType::Table => "t",
        ArgType::Server => "b/s",
        ArgType::Userlist => "u",
        ArgType::Map => "/empty",
        ArgType::Var => "txn.v",
    }
}

/// Lines that use an expression, one of each place where samples are fetched.
fn places(expr: &str) -> Vec<String> {
    let rules = RuleSet::ALL.into_iter().map(|set| format!("{} set-var(sess.v) {expr}", words_of(set)));
    let others =
        [format!("log-format %[{expr}]"), format!("acl a {expr} -m found"), format!("balance hash {expr}")];
    rules.chain(others).collect()
}

fn words_of(set: RuleSet) -> &'static str {
    match set {
        RuleSet::QuicInitial => "quic-initial",
        RuleSet::TcpConnection => "tcp-request connection",
        RuleSet::TcpSession => "tcp-request session",
        RuleSet::TcpContent => "tcp-request content",
        RuleSet::HttpRequest => "http-request",
        RuleSet::TcpResponse => "tcp-response content",
        RuleSet::HttpResponse => "http-response",
        RuleSet::HttpAfterResponse => "http-after-response",
    }
}

/// The action as its row says it is written: alone, with each of its options, and with all.
fn uses(row: &ActionSpec) -> Vec<String> {
    let paren = row.paren.map_or(String::new(), |kind| format!("({})", word(kind)));
    let args: Vec<String> = row.args.iter().map(|kind| word(*kind)).collect();
    let start = format!("{}{paren} {}", row.name, args.join(" "));
    let options: Vec<String> = row
        .options
        .iter()
        .map(|option| {
            let values: Vec<String> = option.args.iter().map(|kind| word(*kind)).collect();
            format!("{} {}", option.keyword, values.join(" "))
        })
        .collect();
    let mut uses = vec![start.clone(), format!("{start} {}", options.join(" "))];
    uses.extend(options.iter().map(|option| format!("{start} {option}")));
    uses.extend(GUESSES.iter().map(|guess| format!("{}{paren} {guess}", row.name)));
    uses
}

fn word(kind: ActionArg) -> String {
    match kind {
        ActionArg::Str | ActionArg::Fmt | ActionArg::Regex => "x".into(),
        ActionArg::Expr => "str(a)".into(),
        ActionArg::Int(min, _) | ActionArg::IntOrExpr(min, _) => min.to_string(),
        ActionArg::Time | ActionArg::TimeOrExpr => "10s".into(),
        ActionArg::Size => "1k".into(),
        ActionArg::Service => "prometheus-exporter".into(),
        ActionArg::File | ActionArg::FmtFile => "/file".into(),
        ActionArg::Var => "txn.v".into(),
    }
}
