//! The process: identity, privileges, life.

use ir::Bytes;
use ir::spec::Sections;

use crate::context::{Context, PathMode};
use crate::keyword::{Keyword, MANY, NONE, ONE, OPTIONAL, SOME, Set};
use crate::line::Line;

const HERE: Sections = Sections::GLOBAL;

fn user(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else { return };
    if c.global().uid.is_some() {
        return told_twice(c, line, "user/uid already specified. Continuing.");
    }
    match c.loader.user_id(&word.text) {
        Some(id) => c.global().uid = Some(id),
        None => {
            let text = format!("cannot find user id for '{}' (0:Success)", word.lossy());
            c.alert("unknown-user", word.span, text);
        }
    }
}

fn group(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else { return };
    if c.global().gid.is_some() {
        return told_twice(c, line, "gid/group was already specified. Continuing.");
    }
    match c.loader.group_id(&word.text) {
        Some(id) => c.global().gid = Some(id),
        None => {
            let text = format!("cannot find group id for '{}' (0:Success)", word.lossy());
            c.alert("unknown-group", word.span, text);
        }
    }
}

fn uid(c: &mut Context<'_>, line: &Line<'_>) {
    if c.global().uid.is_some() {
        return told_twice(c, line, "user/uid already specified. Continuing.");
    }
    c.global().uid = number(c, line, "uid", "user");
}

fn gid(c: &mut Context<'_>, line: &Line<'_>) {
    if c.global().gid.is_some() {
        return told_twice(c, line, "group/gid already specified. Continuing.");
    }
    c.global().gid = number(c, line, "gid", "group");
}

fn number(c: &mut Context<'_>, line: &Line<'_>, keyword: &str, other: &str) -> Option<u32> {
    let word = line.arg(0)?;
    let id = base::bytes::parse_u64(&word.text).and_then(|id| u32::try_from(id).ok());
    if id.is_none() {
        let text = format!(
            " {keyword}: string '{}' is not a number.\n   | You might want to use the '{other}' parameter \
             to use a system {other} name.",
            word.lossy()
        );
        c.warn("bad-number", word.span, text);
    }
    id
}

/// HAProxy tells, keeps the first value and goes on.
pub fn told_twice(c: &mut Context<'_>, line: &Line<'_>, text: &str) {
    let told = diag::Diagnostic::error("already-specified", line.span, text);
    c.push(told.with_effect(diag::Effect::None));
}

fn chroot(c: &mut Context<'_>, path: Bytes) {
    c.global().chroot = Some(path);
}

fn node(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else { return };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if !word.text.iter().all(is_name) {
        let text = "'node' requires valid node name - non-empty string with digits(0-9), letters(A-Z, a-z), \
                    dot(.), hyphen(-) or underscode(_).";
        c.alert_tight("bad-name", word.span, text);
        return;
    }
    c.global().node = Some(word.text.clone());
}

fn default_path(c: &mut Context<'_>, line: &Line<'_>) {
    let mode = line.lossy(0);
    match mode.as_str() {
        "current" => c.path_mode = PathMode::Current,
        "config" => c.path_mode = PathMode::Config,
        "parent" => c.path_mode = PathMode::Parent,
        "origin" if line.arg(1).is_some() => {
            c.path_mode = PathMode::Origin;
            c.base_path = line.arg(1).map(|word| word.text.clone()).unwrap_or_default();
        }
        "origin" => c.alert(
            "missing-argument",
            line.span,
            "'default-path origin' expects a directory as an argument.",
        ),
        _ => {
            let text = format!(
                "unsupported default-path mode '{mode}' for 'default-path', supported modes include 'current', \
                 'config', 'parent', and 'origin'."
            );
            c.alert("bad-mode", line.span, text);
        }
    }
    let file = c.sources.name(line.span.file).to_owned();
    c.follow(&file);
}

fn expose_experimental(c: &mut Context<'_>) {
    c.experimental = true;
}

fn expose_deprecated(c: &mut Context<'_>) {
    c.deprecated = true;
}

fn stats(c: &mut Context<'_>, line: &Line<'_>) {
    match line.lossy(0).as_str() {
        "socket" if line.args.len() > 1 => {
            let words = line.args[1..].iter().map(|word| word.text.clone()).collect();
            c.global().stats_sockets.push(words);
        }
        "socket" => {
            let text = "'stats socket' in global section expects an address or a path to a UNIX socket";
            c.alert("missing-argument", line.span, text);
        }
        "timeout" => stats_timeout(c, line),
        "maxconn" => {
            if line.arg(1).is_none_or(|word| crate::numbers::lenient(&word.text) <= 0) {
                c.alert("bad-number", line.span, "'stats maxconn' expects a positive value");
            }
        }
        "calculate-max-counters" => {}
        "bind-process" => c.alert("removed", line.span, "'stats bind-process' is not supported anymore."),
        other => {
            let text = format!(
                "'stats' only supports 'socket', 'maxconn', 'bind-process', 'calculate-max-counters'  and \
                 'timeout' (got '{other}')"
            );
            c.alert("unknown-keyword", line.span, text);
        }
    }
}

fn stats_timeout(c: &mut Context<'_>, line: &Line<'_>) {
    let text = line.arg(1).map_or(b"".as_slice(), |word| &word.text);
    match base::time::parse(text, base::time::Unit::Ms) {
        Ok(time) if time.value > 0 => c.global().stats_timeout = u64::from(time.value),
        Ok(_) => c.alert("bad-time", line.span, "'stats timeout' expects a positive value"),
        Err(base::time::TimeError::Over) => {
            let limit = crate::numbers::limit(base::time::Unit::Ms);
            let text = format!("timer overflow in argument '{}' to 'stats timeout' {limit}", line.lossy(1));
            c.alert("bad-time", line.span, text);
        }
        Err(base::time::TimeError::Unexpected(at)) => {
            let found = crate::numbers::character(text, at);
            c.alert("bad-time", line.span, format!("'stats timeout' : unexpected character '{found}'"));
        }
    }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "daemon",
        "Runs in the background.",
        HERE,
        "",
        NONE,
        Set::Flag(|c| c.global().daemon = true),
    )
    .early(),
    Keyword::new(
        "quiet",
        "Prints nothing while starting.",
        HERE,
        "",
        NONE,
        Set::Flag(|c| c.global().quiet = true),
    )
    .early(),
    Keyword::new(
        "zero-warning",
        "Refuses to start with a warning.",
        HERE,
        "",
        NONE,
        Set::Flag(|c| c.global().zero_warning = true),
    )
    .early(),
    Keyword::new(
        "pidfile",
        "Where the process ids are written.",
        HERE,
        "<pidfile>",
        ONE,
        Set::Word(|c, path| c.global().pidfile = Some(path)),
    )
    .early()
    .missing("'{}' expects a file name as an argument."),
    Keyword::new("chroot", "The root directory after start.", HERE, "<jail dir>", ONE, Set::Word(chroot))
        .missing("'{}' expects a directory as an argument.\n"),
    Keyword::new("user", "The user to run as.", HERE, "<user name>", ONE, Set::Line(user)).unlisted(),
    Keyword::new("group", "The group to run as.", HERE, "<group name>", ONE, Set::Line(group)).unlisted(),
    Keyword::new("uid", "The number of the user to run as.", HERE, "<number>", ONE, Set::Line(uid))
        .unlisted()
        .missing("'{}' expects an integer argument."),
    Keyword::new("gid", "The number of the group to run as.", HERE, "<number>", ONE, Set::Line(gid))
        .unlisted()
        .missing("'{}' expects an integer argument."),
    Keyword::new("node", "The name of this node in statistics.", HERE, "<name>", ONE, Set::Line(node))
        .unlisted(),
    Keyword::new(
        "description",
        "A text for statistics.",
        HERE,
        "<text>",
        SOME,
        Set::Text(|c, text| c.global().description = Some(text)),
    )
    .unlisted()
    .missing("'{}' expects a string argument.")
    .tight(),
    Keyword::new(
        "hard-stop-after",
        "How long a soft stop may take.",
        HERE,
        "<time>",
        ONE,
        Set::Time(base::time::Unit::Ms, |c, ms| c.global().hard_stop_after = Some(ms)),
    ),
    Keyword::new(
        "grace",
        "How long listeners stay after the signal to stop.",
        HERE,
        "<time>",
        ONE,
        Set::Time(base::time::Unit::Ms, |c, ms| c.global().grace = Some(ms)),
    ),
    Keyword::new(
        "close-spread-time",
        "Over which time idle connections are closed while stopping.",
        HERE,
        "<time>",
        ONE,
        Set::Time(base::time::Unit::Ms, |c, ms| c.global().close_spread_time = Some(ms)),
    ),
    Keyword::new(
        "default-path",
        "What relative paths are relative to.",
        HERE,
        "{ current | config | parent | origin <path> }",
        MANY,
        Set::Line(default_path),
    ),
    Keyword::new(
        "expose-experimental-directives",
        "Allows experimental keywords.",
        HERE,
        "",
        NONE,
        Set::Flag(expose_experimental),
    ),
    Keyword::new(
        "expose-deprecated-directives",
        "Allows deprecated keywords without a warning.",
        HERE,
        "",
        NONE,
        Set::Flag(expose_deprecated),
    ),
    Keyword::new(
        "insecure-fork-wanted",
        "Allows the process to fork at run time.",
        HERE,
        "",
        NONE,
        Set::Nothing,
    )
    .unlisted()
    .with_no(),
    Keyword::new("insecure-setuid-wanted", "Allows setuid programs to be run.", HERE, "", NONE, Set::Nothing)
        .unlisted(),
    Keyword::new(
        "set-dumpable",
        "Allows core dumps after dropping privileges.",
        HERE,
        "[ on | off | libs ]",
        OPTIONAL,
        Set::Nothing,
    )
    .unlisted()
    .parsed()
    .with_no(),
    Keyword::new(
        "setcap",
        "Capabilities kept after dropping privileges.",
        HERE,
        "<name>[,<name>...]",
        ONE,
        Set::Nothing,
    )
    .parsed(),
    Keyword::new("localpeer", "The name of this process among peers.", HERE, "<name>", ONE, Set::Nothing)
        .early()
        .parsed(),
    Keyword::new("cluster-secret", "A secret that nodes share.", HERE, "<secret>", ONE, Set::Nothing)
        .unlisted()
        .parsed(),
    Keyword::new(
        "mworker-max-reloads",
        "How many reloads an old worker survives.",
        HERE,
        "<number>",
        ONE,
        Set::Nothing,
    )
    .early()
    .parsed(),
    Keyword::new("external-check", "Allows external checks.", HERE, "[preserve-env]", OPTIONAL, Set::Nothing)
        .unlisted()
        .parsed(),
    Keyword::new(
        "server-state-base",
        "The directory of server state files.",
        HERE,
        "<directory>",
        ONE,
        Set::Nothing,
    )
    .unlisted()
    .parsed(),
    Keyword::new("server-state-file", "The file of all servers' states.", HERE, "<file>", ONE, Set::Nothing)
        .unlisted()
        .parsed(),
    Keyword::new("stats-file", "The file of counters to start from.", HERE, "<file>", ONE, Set::Nothing)
        .unlisted()
        .parsed(),
    Keyword::new("shm-stats-file", "The shared file of counters.", HERE, "<file>", ONE, Set::Nothing)
        .parsed(),
    Keyword::new(
        "shm-stats-file-max-objects",
        "The size of the shared file of counters.",
        HERE,
        "<number>",
        ONE,
        Set::Nothing,
    )
    .parsed(),
    Keyword::new(
        "stats",
        "The runtime API's sockets.",
        HERE,
        "{ socket | timeout | maxconn | bind-process } …",
        SOME,
        Set::Line(stats),
    )
    .parsed(),
    Keyword::new("anonkey", "The key that hides names on the CLI.", HERE, "<key>", ONE, Set::Nothing)
        .unlisted()
        .parsed(),
    Keyword::new(
        "force-cfg-parser-pause",
        "Waits between lines, for tests.",
        HERE,
        "<time>",
        ONE,
        Set::Nothing,
    )
    .parsed(),
    Keyword::new("stress-level", "Makes rare paths common, for tests.", HERE, "<level>", ONE, Set::Nothing)
        .parsed(),
];
