//! Logs of the process, and what proxies with `log global` take over.

use ir::spec::Sections;

use crate::context::Context;
use crate::keyword::{ALREADY, Again, Keyword, MANY, ONE, Set};
use crate::line::Line;

const HERE: Sections = Sections::GLOBAL;

fn log(c: &mut Context<'_>, line: &Line<'_>) {
    if line.is_no() {
        if line.args.is_empty() {
            c.global().log.clear();
        } else {
            c.alert("extra-argument", line.span, "log : 'no log' does not expect arguments");
        }
        return;
    }
    if line.args.len() == 1 && line.args[0].is("global") {
        let text = "log : 'global' is not supported for a global syslog server";
        return c.alert("bad-log", line.span, text);
    }
    match crate::keywords::proxy::log::target(c, line, "") {
        Ok(target) => c.global().log.push(target),
        Err(fail) => c.alert(fail.code, fail.span, format!("log : {}", fail.message)),
    }
}

/// Without a name it is the machine's, which the process knows when it starts.
fn log_send_hostname(c: &mut Context<'_>, line: &Line<'_>) {
    let name = line.arg(0).map(|name| name.text.clone());
    c.global().log_send_hostname = Some(name.unwrap_or_default());
}

pub const ROWS: &[Keyword] = &[
    Keyword::new("log", "Where the process logs.", HERE, "<target> [len <length>] [format <format>] [sample <ranges>:<size>] [profile <name>] <facility> [max level [min level]]", MANY, Set::Line(log)).unlisted().with_no(),
    Keyword::new("log-tag", "The program's name in log lines.", HERE, "<string>", ONE, Set::Word(|c, tag| c.global().log_tag = Some(tag))).unlisted()
        .missing("'{}' expects a tag for use in syslog."),
    Keyword::new("log-send-hostname", "The machine's name in log lines.", HERE, "[<string>]", MANY, Set::Line(log_send_hostname)).unlisted()
        .again(Again::Alert(ALREADY)),
];
