//! `mailers` sections.

use base::addr::Rules;
use ir::config::{Mailer, Mailers};
use ir::expr::Address;
use ir::spec::{Section, Sections};

use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::{address, numbers, section};

const HERE: Sections = Sections::one(Section::Mailers);
const DEFAULT_TIMEOUT: u64 = 10_000;

pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(name) = section::name(c, line) else { return false };
    if section::refuse_name(c, line, name, diag::Place::Parsing, diag::Effect::Abort) {
        return false;
    }
    for place in section::declare(c, Section::Mailers, &name.text, line).into_iter().rev() {
        section::same_name(c, line, "mailers section", "another mailers section", place);
    }
    c.warn_parsed("mailers", line.span);
    let name = name.text.clone();
    let (mailers, place) = (Vec::new(), line.place());
    c.config.mailers.push(Mailers { name, mailers, timeout: DEFAULT_TIMEOUT, place });
    true
}

fn mailer(c: &mut Context<'_>, line: &Line<'_>) {
    let (Some(name), Some(target)) = (line.arg(0), line.arg(1)) else {
        let text = "'mailer' expects <name> and <addr>[:<port>] as arguments.";
        return c.alert("missing-argument", line.span, text);
    };
    if let Some(bad) = section::bad_character(&name.text) {
        let text = format!("character '{bad}' is not permitted in server name '{}'.", name.lossy());
        return c.alert("bad-name", name.span, text);
    }
    match address::resolved(c, &target.text, target, &Rules::CONNECT_PORT) {
        Ok(addresses) => {
            let Some(address) = addresses.into_iter().next() else { return };
            if !matches!(address, Address::Ip(..)) {
                let text = format!("'mailer {}' : TCP not supported for this address family.", name.lossy());
                return c.alert("address-in-header", target.span, text);
            }
            let Some(section) = c.config.mailers.last_mut() else { return };
            section.mailers.push(Mailer { name: name.text.clone(), address });
        }
        Err(fail) => c.alert(fail.code, fail.span, format!("'mailer {}' : {}", name.lossy(), fail.message)),
    }
}

fn timeout(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(what) = line.arg(0) else {
        let text = "'timeout' expects 'mail' and <time> as arguments.";
        return c.alert("missing-argument", line.span, text);
    };
    if !what.is("mail") {
        let text = format!("'timeout' expects 'mail' and <time> as arguments got '{}'.", what.lossy());
        return c.alert("unknown-timeout", what.span, text);
    }
    let Some(time) = line.arg(1) else {
        return c.alert("missing-argument", line.span, "'timeout mail' expects <time> as argument.");
    };
    let value = numbers::section_time(c, time, &time.lossy(), "timeout mail");
    if let (Some(value), Some(section)) = (value, c.config.mailers.last_mut()) {
        section.timeout = value;
    }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new("mailer", "A mail server.", HERE, "<name> <address>:<port>", MANY, Set::Line(mailer))
        .parsed(),
    Keyword::new(
        "timeout",
        "How long a mail server may take.",
        HERE,
        "mail <time>",
        MANY,
        Set::Line(timeout),
    )
    .parsed(),
];
