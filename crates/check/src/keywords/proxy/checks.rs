//! How servers are checked, and who hears of it: the `option …-check` lines, `external-check`,
//! `email-alert`. The steps of checks (`tcp-check`, `http-check`) stand elsewhere.

use ir::config::Level;

use super::options::{is_negated, option_name};
use super::{DFLB, DLB};
use crate::context::Context;
use crate::draft::Step;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, Set, warn_side};
use crate::line::Line;
use crate::logformat::Use;
use crate::places::Place;

/// An `option` that chooses how servers are checked.
struct Check {
    name: &'static str,
    /// How many words may follow.
    most: usize,
    read: fn(&mut Context<'_>, &Line<'_>) -> Checked<()>,
}

const CHECKS: [Check; 10] = [
    Check { name: "httpchk", most: 4, read: httpchk },
    plain("ssl-hello-chk", 0),
    plain("smtpchk", 2),
    Check { name: "pgsql-check", most: 2, read: pgsql },
    plain("redis-check", 0),
    Check { name: "mysql-check", most: 3, read: mysql },
    plain("ldap-check", 0),
    plain("spop-check", 0),
    plain("tcp-check", 0),
    plain("external-check", 0),
];

const fn plain(name: &'static str, most: usize) -> Check {
    Check { name, most, read: |_, _| Ok(()) }
}

fn check(c: &mut Context<'_>, line: &Line<'_>) {
    let name = option_name(line);
    let Some(check) = CHECKS.iter().find(|check| check.name == name) else { return };
    if is_negated(c, line) {
        return;
    }
    let external = name == "external-check";
    if !c.px.kind.takes_backend() && !external {
        warn_side(c, line, "");
    }
    let told = match line.too_many(0, check.most) {
        Some(fail) => Err(fail),
        None => (check.read)(c, line),
    };
    match told {
        Ok(()) => {
            c.px.checks.external = external;
            choose(c, check);
        }
        // HAProxy stops reading there.
        Err(fail) if name == "mysql-check" && fail.code != "extra-argument" => {
            c.abort(fail.code, fail.span, fail.message);
        }
        Err(fail) => c.fail(fail),
    }
}

/// Reads what follows the name of a kind of check, on an `option` line or in a `healthcheck`
/// section; none when there is no such kind.
pub fn read(c: &mut Context<'_>, name: &str, line: &Line<'_>) -> Option<Checked<()>> {
    let check = CHECKS.iter().find(|check| check.name == name && name != "external-check")?;
    choose(c, check);
    Some((check.read)(c, line))
}

/// Notes which check runs, and so which steps do.
fn choose(c: &mut Context<'_>, check: &Check) {
    c.px.checks.method = check.name;
    c.px.steps.unused_tcp &= check.name != "tcp-check";
    c.px.steps.unused_http &= check.name != "httpchk";
    c.px.steps.implicit_send = check.name == "httpchk" && !c.px.steps.http.contains(&Step::Send);
}

fn httpchk(c: &mut Context<'_>, line: &Line<'_>) -> Checked<()> {
    // Headers and a body once followed the version in its word.
    if let Some(version) = line.arg(2).filter(|word| word.text.windows(2).any(|pair| pair == b"\r\n")) {
        let text = "'option httpchk' : hiding headers or body at the end of the version string is unsupported.\
                    Use 'http-check send' directive instead..";
        return Err(Fail::new("removed", version.span, text));
    }
    let Some(host) = line.arg(3) else { return Ok(()) };
    let format = crate::logformat::check(c, host, Use::Value, Place::BE_CHK_RUL);
    format.map(|_| ()).map_err(|fail| fail.wrap(|why| format!("'option httpchk' : {why}.")))
}

fn pgsql(_: &mut Context<'_>, line: &Line<'_>) -> Checked<()> {
    let text = match line.args {
        [] | [_] => "'option pgsql-check' expects 'user <username>' as argument.",
        [word, ..] if word.is("user") => return Ok(()),
        _ => "'option pgsql-check' only supports optional values: 'user'.",
    };
    Err(Fail::new("bad-argument", line.span, text))
}

fn mysql(_: &mut Context<'_>, line: &Line<'_>) -> Checked<()> {
    let fail = |text: String| Err(Fail::new("bad-argument", line.span, text));
    match line.args {
        [word, ..] if !word.is("user") => fail(format!(
            "'option mysql-check' only supports optional values: 'user' (got '{}').",
            word.lossy()
        )),
        [_] => fail("'option mysql-check user' expects <username> as argument.".to_owned()),
        [_, _, version, ..] if !["post-41", "pre-41", "post-80"].iter().any(|known| version.is(known)) => {
            fail(format!(
                "keyword 'user' only supports 'post-41', 'pre-41' and 'post-80' (got '{}').",
                version.lossy()
            ))
        }
        _ => Ok(()),
    }
}

fn external(c: &mut Context<'_>, line: &Line<'_>) {
    let what = line.lossy(0);
    let told = match what.as_str() {
        "" => Err(Fail::new("missing-argument", line.span, "missing argument after 'external-check'.\n")),
        "command" | "path" => match (line.too_many(0, 2), line.arg(1)) {
            (Some(fail), _) => Err(fail),
            (None, None) => {
                Err(Fail::new("missing-argument", line.span, format!("missing argument after '{what}'.")))
            }
            (None, Some(word)) => Ok(word.text.clone()),
        },
        other => {
            let text = format!("'external-check' only supports 'command' and 'path'. but got '{other}'.");
            Err(Fail::new("unknown-keyword", line.span, text))
        }
    };
    match told {
        Ok(command) if what == "command" => c.px.checks.command = Some(command),
        Ok(_) => c.px.checks.has_path = true,
        Err(fail) => c.fail(fail),
    }
}

fn email_alert(c: &mut Context<'_>, line: &Line<'_>) {
    let what = line.lossy(0);
    let value = line.arg(1).map(|word| word.text.clone()).unwrap_or_default();
    match what.as_str() {
        "" => c.alert("missing-argument", line.span, "missing argument after 'email-alert'."),
        "from" => c.px.mail.get_or_insert_default().has_from = true,
        "to" => c.px.mail.get_or_insert_default().has_to = true,
        "mailers" => c.px.mail.get_or_insert_default().mailers = Some(value),
        "level" if !Level::NAMES.iter().any(|name| name.as_bytes() == value) => {
            // HAProxy has the two words the wrong way round.
            let text = format!("unknown log level 'level' after '{}'", line.lossy(1));
            c.alert("unknown-level", line.span, text);
        }
        "level" | "myhostname" => drop(c.px.mail.get_or_insert_default()),
        other => {
            let text = format!("email-alert: unknown argument '{other}'.");
            c.alert("unknown-keyword", line.span, text);
        }
    }
}

const fn row(name: &'static str, doc: &'static str, usage: &'static str) -> Keyword {
    Keyword::new(name, doc, DLB, usage, MANY, Set::Line(check)).own_side().parsed()
}

pub const ROWS: &[Keyword] = &[
    row("option httpchk", "Checks servers by HTTP.", "[<method>] [<uri>] [<version>] [<host>]"),
    row("option ssl-hello-chk", "Checks servers by an SSLv3 hello.", ""),
    row("option smtpchk", "Checks servers by SMTP.", "[<hello> <domain>]"),
    row("option pgsql-check", "Checks PostgreSQL servers.", "user <username>"),
    row("option redis-check", "Checks Redis servers.", ""),
    row("option mysql-check", "Checks MySQL servers.", "[user <username> [post-41 | pre-41 | post-80]]"),
    row("option ldap-check", "Checks LDAP servers.", ""),
    row("option spop-check", "Checks SPOP agents.", ""),
    row("option tcp-check", "Checks servers by tcp-check rules.", ""),
    row("option external-check", "Checks servers by a program.", ""),
    Keyword::new(
        "external-check",
        "The program of external checks.",
        DLB,
        "{ command | path } <value>",
        MANY,
        Set::Line(external),
    )
    .own_side()
    .listed()
    .parsed(),
    Keyword::new(
        "email-alert",
        "Mails about servers.",
        DFLB,
        "{ from | level | mailers | myhostname | to } <value>",
        MANY,
        Set::Line(email_alert),
    )
    .parsed(),
];
