//! The process: identity, privileges, life.

use base::time::{TimeError, Unit};
use diag::{Diagnostic, Place};
use ir::Bytes;
use ir::config::CloseSpread;
use ir::spec::Sections;
use syntax::Modifier;

use crate::context::{Context, PathMode};
use crate::keyword::{ALREADY, Again, Keyword, MANY, NONE, ONE, OPTIONAL, SOME, Set};
use crate::line::Line;
use crate::loader::PathKind;
use crate::numbers;

use super::tune::INTEGER;

const HERE: Sections = Sections::GLOBAL;

const USER_TWICE: &str = "user/uid already specified. Continuing.";

fn user(c: &mut Context<'_>, line: &Line<'_>) {
    if c.global().uid.is_some() {
        return told_twice(c, line, USER_TWICE);
    }
    let name = line.arg(0).map_or(b"".as_slice(), |word| &word.text);
    c.global().uid = c.loader.user_id(name);
    if c.global().uid.is_none() {
        let text = format!("cannot find user id for '{}' (0:Success)", line.lossy(0));
        c.alert("unknown-user", line.span, text);
    }
}

fn group(c: &mut Context<'_>, line: &Line<'_>) {
    if c.global().gid.is_some() {
        return told_twice(c, line, "gid/group was already specified. Continuing.");
    }
    let name = line.arg(0).map_or(b"".as_slice(), |word| &word.text);
    c.global().gid = c.loader.group_id(name);
    if c.global().gid.is_none() {
        let text = format!("cannot find group id for '{}' (0:Success)", line.lossy(0));
        c.alert("unknown-group", line.span, text);
    }
}

fn uid(c: &mut Context<'_>, line: &Line<'_>) {
    if c.global().uid.is_some() {
        return told_twice(c, line, USER_TWICE);
    }
    c.global().uid = number(c, line, "user");
}

fn gid(c: &mut Context<'_>, line: &Line<'_>) {
    if c.global().gid.is_some() {
        return told_twice(c, line, "group/gid already specified. Continuing.");
    }
    c.global().gid = number(c, line, "group");
}

/// The number of the line; `other` is the keyword that takes a name.
fn number(c: &mut Context<'_>, line: &Line<'_>, other: &str) -> Option<u32> {
    let Some(word) = line.arg(0) else {
        c.alert("missing-argument", line.span, numbers::fill(INTEGER, line, 0));
        return None;
    };
    let id = base::bytes::parse_i64(&word.text).and_then(|id| i32::try_from(id).ok());
    if id.is_none() {
        let text = format!(
            " {}: string '{}' is not a number.\n   | You might want to use the '{other}' parameter \
             to use a system {other} name.",
            line.keyword(),
            word.lossy()
        );
        c.warn("bad-number", word.span, text);
    }
    id.and_then(|id| u32::try_from(id).ok())
}

/// HAProxy tells, keeps the first value and goes on.
pub fn told_twice(c: &mut Context<'_>, line: &Line<'_>, text: &str) {
    let told = diag::Diagnostic::error("already-specified", line.span, text);
    c.push(told.with_effect(diag::Effect::None));
}

fn chroot(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(path) = line.arg(0) else { return };
    let why = match c.loader.path_kind(&path.text) {
        Ok(PathKind::Directory) => None,
        Ok(PathKind::File) => Some(format!("'{}' is not a directory.", path.lossy())),
        Err(why) => Some(format!("'{}': {why}.", path.lossy())),
    };
    if let Some(why) = why {
        let told = Diagnostic::remark("no-file", path.span, format!("'chroot': {why}"));
        c.push(told.at(Place::ParsingTight));
    }
    c.global().chroot = Some(path.text.clone());
    c.process.given.insert("chroot");
}

fn node(c: &mut Context<'_>, line: &Line<'_>) {
    let name = line.arg(0).map(|word| word.text.clone()).unwrap_or_default();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if name.is_empty() || !name.iter().all(is_name) {
        let text = "'node' requires valid node name - non-empty string with digits(0-9), letters(A-Z, a-z), \
                    dot(.), hyphen(-) or underscode(_).";
        return c.alert_tight("bad-name", line.span, text);
    }
    c.global().node = Some(name);
}

fn close_spread_time(c: &mut Context<'_>, line: &Line<'_>) {
    if line.arg(0).is_some_and(|word| word.is("infinite")) {
        c.global().close_spread_time = CloseSpread::Never;
        return;
    }
    match numbers::time(c, line, Unit::Ms) {
        Ok(0) => c.global().close_spread_time = CloseSpread::AtOnce,
        Ok(ms) => c.global().close_spread_time = CloseSpread::Within(ms),
        Err(TimeError::Over) => {
            let text =
                "timer overflow in argument '{v}' to '{}' (maximum value is 2147483647 ms or ~24.8 days)";
            c.alert("bad-time", line.span, numbers::fill(text, line, 0));
        }
        Err(TimeError::Unexpected(at)) => {
            let text = "unexpected character '{c}' in argument to <{}>.\n";
            c.alert("bad-time", line.span, numbers::fill(text, line, at));
        }
    }
}

/// `on`, `off` or `libs`; `no` in front of it is `off`, whatever follows.
fn dumpable(c: &mut Context<'_>, line: &Line<'_>) {
    if line.modifier == Modifier::No {
        c.global().dumpable = false;
        return;
    }
    match line.lossy(0).as_str() {
        "" | "on" => c.global().dumpable = true,
        "off" => c.global().dumpable = false,
        "libs" => {
            c.global().dumpable = true;
            c.warn_parsed("set-dumpable libs", line.span);
        }
        _ => {
            let text = "'{}' only supports 'on' and 'off' as an argument, found '{v}'.";
            c.alert("bad-value", line.span, numbers::fill(text, line, 0));
        }
    }
}

/// `cap_net_raw,cap_net_admin`
fn capabilities(c: &mut Context<'_>, line: &Line<'_>) {
    /// With their numbers (capabilities(7)).
    const KNOWN: [(&str, u32); 4] =
        [("cap_net_raw", 13), ("cap_net_admin", 12), ("cap_net_bind_service", 10), ("cap_sys_admin", 21)];
    let list = line.lossy(0);
    let number = |name: &str| KNOWN.iter().find(|(known, _)| *known == name).map(|(_, number)| 1 << number);
    let bits = list.split_terminator(',').try_fold(0, |bits, name| Some(bits | number(name)?));
    if let Some(bits) = bits.filter(|bits| *bits != 0) {
        c.global().capabilities |= bits;
        return;
    }
    // HAProxy cuts its list while it reads it.
    let first = list.split(',').next().unwrap_or_default();
    let what = match first {
        "" => "missing capability name(s)".to_owned(),
        first => format!("unsupported capability '{first}'"),
    };
    let text = format!(
        "'{}' : {what}.  Supported ones are: cap_net_raw, cap_net_admin, cap_net_bind_service and \
         cap_sys_admin.",
        line.keyword()
    );
    c.alert("bad-value", line.span, text);
}

fn anonkey(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else {
        let text = format!("a key is expected after '{}'.", line.keyword());
        return c.alert_tight("missing-argument", line.span, text);
    };
    if c.process.given.contains("anonkey") {
        return;
    }
    match u32::try_from(numbers::lenient(&word.text)) {
        Ok(0) => {}
        Ok(_) => {
            c.process.given.insert("anonkey");
        }
        Err(_) => {
            let text = "'{}' value must be within range 0-4294967295 (was '{v}').";
            c.alert_tight("out-of-range", word.span, numbers::fill(text, line, 0));
        }
    }
}

fn default_path(c: &mut Context<'_>, line: &Line<'_>) {
    let mode = line.lossy(0);
    match mode.as_str() {
        "current" => c.path_mode = PathMode::Current,
        "config" => c.path_mode = PathMode::Config,
        "parent" => c.path_mode = PathMode::Parent,
        "origin" if line.arg(1).is_some() => {
            let origin = line.arg(1).map_or(b"".as_slice(), |word| &word.text);
            if let Err(error) = c.loader.path_kind(origin) {
                let text = format!(
                    "couldn't set 'default-path' to origin '{}': Impossible to get back to directory '{}': {error}.",
                    String::from_utf8_lossy(origin),
                    String::from_utf8_lossy(&c.loader.current_dir())
                );
                return c.alert("no-directory", line.span, text);
            }
            c.path_mode = PathMode::Origin;
            c.base_path = line.arg(1).map(|word| word.text.clone()).unwrap_or_default();
        }
        "origin" => c.alert(
            "missing-argument",
            line.span,
            "'default-path origin' expects a directory as an argument.",
        ),
        _ => {
            let what = if mode.is_empty() { "missing" } else { "unsupported" };
            let text = format!(
                "{what} default-path mode '{mode}' for 'default-path', supported modes include 'current', \
                 'config', 'parent', and 'origin'."
            );
            c.alert("bad-mode", line.span, text);
        }
    }
    let file = c.sources.name(line.span.file).to_owned();
    c.follow(&file);
}

fn expose_experimental(c: &mut Context<'_>) {
    c.exposes_experimental = true;
}

fn expose_deprecated(c: &mut Context<'_>) {
    c.deprecated = true;
}

/// A time; HAProxy does not count the words.
const fn time(name: &'static str, doc: &'static str, set: fn(&mut Context<'_>, u64)) -> Keyword {
    Keyword::new(name, doc, HERE, "<time>", SOME, Set::Time(Unit::Ms, set))
        .missing("'{}' expects <time> as argument.\n")
        .malformed("unexpected character '{c}' in argument to <{}>.\n")
}

/// A file or a directory, once.
const fn path(
    name: &'static str,
    doc: &'static str,
    usage: &'static str,
    set: fn(&mut Context<'_>, Bytes),
) -> Keyword {
    Keyword::new(name, doc, HERE, usage, SOME, Set::Word(set))
        .again(Again::Alert(ALREADY))
        .missing("'{}' expect one argument: a file path.")
        .parsed()
}

const NICE: &str = "'{}' only supports values between -20 and 19 inclusive (was given {v})";

const fn priority(name: &'static str, doc: &'static str, set: fn(&mut Context<'_>, i64)) -> Keyword {
    Keyword::new(name, doc, HERE, "<number>", OPTIONAL, Set::Int(-20, 19, set)).malformed(NICE).range(NICE)
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
    .again(Again::Warning(ALREADY))
    .missing("'{}' expects a file name as an argument."),
    Keyword::new("chroot", "The root directory after start.", HERE, "<jail dir>", ONE, Set::Line(chroot))
        .again(Again::Warning("'{}' is already specified. Continuing.\n"))
        .missing("'{}' expects a directory as an argument.\n"),
    Keyword::new("user", "The user to run as.", HERE, "<user name>", OPTIONAL, Set::Line(user)).unlisted(),
    Keyword::new("group", "The group to run as.", HERE, "<group name>", OPTIONAL, Set::Line(group))
        .unlisted(),
    Keyword::new("uid", "The number of the user to run as.", HERE, "<number>", OPTIONAL, Set::Line(uid))
        .unlisted(),
    Keyword::new("gid", "The number of the group to run as.", HERE, "<number>", OPTIONAL, Set::Line(gid))
        .unlisted(),
    Keyword::new("node", "The name of this node in statistics.", HERE, "<name>", OPTIONAL, Set::Line(node))
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
    time("hard-stop-after", "How long a soft stop may take.", |c, ms| c.global().hard_stop_after = Some(ms)),
    time("grace", "How long listeners stay after the signal to stop.", |c, ms| c.global().grace = Some(ms)),
    Keyword::new(
        "close-spread-time",
        "Over which time idle connections are closed while stopping.",
        HERE,
        "<time>",
        SOME,
        Set::Line(close_spread_time),
    )
    .missing("'{}' expects <time> as argument.\n")
    .parsed(),
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
    )
    .early(),
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
        Set::Line(dumpable),
    )
    .unlisted()
    .with_no(),
    priority("tune.renice.runtime", "The priority of the process.", |c, n| {
        c.global().nice = i32::try_from(n).ok()
    }),
    priority("tune.renice.startup", "The priority while starting.", |c, n| {
        let nice = i32::try_from(n).unwrap_or(0);
        if let Err(reason) = c.loader.set_priority(nice) {
            let text = format!("couldn't set the startup nice value to {nice}: {reason}");
            c.push(Diagnostic::post_warning("bad-value", text));
        }
        // As in HAProxy, it stays where nothing else is said of the time behind.
        c.global().nice.get_or_insert(nice);
    }),
    Keyword::new(
        "setcap",
        "Capabilities kept after dropping privileges.",
        HERE,
        "<name>[,<name>...]",
        MANY,
        Set::Line(capabilities),
    ),
    Keyword::new("localpeer", "The name of this process among peers.", HERE, "<name>", ONE, Set::Nothing)
        .missing("'{}' expects a name as an argument.\n")
        .early()
        .parsed(),
    Keyword::new("cluster-secret", "A secret that nodes share.", HERE, "<secret>", ONE, Set::Nothing)
        .unlisted()
        .again(Again::Alert(ALREADY))
        .missing("expects an ASCII string argument.")
        .parsed(),
    Keyword::new(
        "external-check",
        "Allows external checks.",
        HERE,
        "[preserve-env]",
        OPTIONAL,
        Set::Choice(&["", "preserve-env"], |_, _| {}),
    )
    .unlisted()
    .range("'{}' only supports 'preserve-env' as an argument, found '{v}'.")
    .parsed(),
    path("server-state-base", "The directory of server state files.", "<directory>", |c, base| {
        c.process.server_state_base = base
    })
    .unlisted()
    .missing("'{}' expects one argument: a directory path."),
    path("server-state-file", "The file of all servers' states.", "<file>", |c, file| {
        c.process.server_state_file = file
    })
    .unlisted(),
    path("stats-file", "The file of counters to start from.", "<file>", |c, file| {
        c.process.stats_file = file
    })
    .unlisted(),
    path("shm-stats-file", "The shared file of counters.", "<file>", |_, _| {})
        .again(Again::Refused("'{}' already specified.\n"))
        .missing("'{}' expect one argument: a file path.\n"),
    path("shm-stats-file-max-objects", "The size of the shared file of counters.", "<number>", |_, _| {})
        .again(Again::Refused("'{}' already specified.\n"))
        .missing("'{}' expect one argument: max objects number.\n"),
    Keyword::new("anonkey", "The key that hides names on the CLI.", HERE, "<key>", MANY, Set::Line(anonkey))
        .unlisted()
        .hidden()
        .parsed(),
    Keyword::new("quick-exit", "Stops without cleaning up.", HERE, "", NONE, Set::Nothing)
        .unlisted()
        .hidden(),
];
