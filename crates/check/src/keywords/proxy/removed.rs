//! Keywords that HAProxy no longer has, with its advice.

use super::DFLB;
use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

const PATH: &str =
    "Use 'http-request replace-path', 'http-request replace-uri' or 'http-request replace-header' instead.";

/// The keywords removed in 2.1 with what to use instead.
const IN_2_1: [(&str, &str); 22] = [
    ("cliexp", PATH),
    ("reqrep", PATH),
    ("reqdel", "Use 'http-request del-header' instead."),
    ("reqdeny", "Use 'http-request deny' instead."),
    ("reqallow", "Use 'http-request allow' instead."),
    ("reqtarpit", "Use 'http-request tarpit' instead."),
    ("reqirep", "Use 'http-request replace-header' instead."),
    ("reqidel", "Use 'http-request del-header' instead."),
    ("reqideny", "Use 'http-request deny' instead."),
    ("reqipass", ""),
    ("reqiallow", "Use 'http-request allow' instead."),
    ("reqitarpit", "Use 'http-request tarpit' instead."),
    ("reqadd", "Use 'http-request add-header' instead."),
    ("srvexp", "Use 'http-response replace-header' instead."),
    ("rsprep", "Use 'http-response replace-header' instead."),
    ("rspdel", "Use 'http-response del-header' ."),
    ("rspdeny", "Use 'http-response deny' instead."),
    ("rspirep", "Use 'http-response replace-header' instead."),
    ("rspidel", "Use 'http-response del-header' instead."),
    ("rspideny", "Use 'http-response deny' instead."),
    ("rspadd", "Use 'http-response add-header' instead."),
    ("block", "Use 'http-request deny' which uses the exact same syntax."),
];

fn in_2_1(c: &mut Context<'_>, line: &Line<'_>) {
    let keyword = line.keyword();
    let advice = IN_2_1.iter().find(|(known, _)| *known == keyword).map_or("", |(_, advice)| advice);
    // Two messages of HAProxy miss a word.
    let what = if keyword == "reqdeny" { "" } else { "directive is " };
    let text = format!("The '{keyword}' {what}not supported anymore since HAProxy 2.1. {advice}");
    c.alert("removed", line.span, text.trim_end());
}

fn reqpass(c: &mut Context<'_>, line: &Line<'_>) {
    c.alert("removed", line.span, "The 'reqpass' not supported anymore since HAProxy 2.1.");
}

/// What HAProxy says about the names that timeouts had before `timeout …`.
pub fn old_timeout_advice(keyword: &str) -> Option<String> {
    let new = match keyword {
        "clitimeout" => "timeout client",
        "srvtimeout" => "timeout server",
        "contimeout" => "timeout connect",
        _ => return None,
    };
    Some(format!("the '{keyword}' directive is not supported anymore since HAProxy 2.1. Use '{new}'."))
}

fn old_timeout(c: &mut Context<'_>, line: &Line<'_>) {
    if let Some(text) = old_timeout_advice(&line.keyword()) {
        c.alert("removed", line.span, text);
    }
}

fn redispatch(c: &mut Context<'_>, line: &Line<'_>) {
    let text = format!(
        "keyword '{}' directive is not supported anymore since HAProxy 2.1. Use 'option redispatch'.",
        line.keyword()
    );
    c.alert("removed", line.span, text);
}

fn dispatch(c: &mut Context<'_>, line: &Line<'_>) {
    let text = format!(
        "support for 'dispatch' was removed in version 3.5. The modern way to do the same is to create a server \
         with the same address, and possibly to assign any extra server a weight of zero if any:\n\
         \x20   server dispatch {}",
        line.lossy(0)
    );
    c.alert_tight("removed", line.span, text);
}

fn transparent(c: &mut Context<'_>, line: &Line<'_>) {
    let text = "support for 'transparent' was removed in version 3.5. The modern way to do the same is to create \
                a server with address 0.0.0.0.";
    c.alert_tight("removed", line.span, text);
}

fn appsession(c: &mut Context<'_>, line: &Line<'_>) {
    c.alert("removed", line.span, "'appsession' is not supported anymore since HAProxy 1.6.");
}

fn bind_process(c: &mut Context<'_>, line: &Line<'_>) {
    c.alert_tight("removed", line.span, "'bind-process' is not supported anymore.");
}

fn grace(c: &mut Context<'_>, line: &Line<'_>) {
    let text = "the 'grace' keyword is not supported any more since HAProxy version 2.5.";
    c.alert_tight("removed", line.span, text);
}

fn usesrc(c: &mut Context<'_>, line: &Line<'_>) {
    c.alert("bad-place", line.span, "'usesrc' only allowed after a 'source' statement.");
}

const fn row(name: &'static str, set: fn(&mut Context<'_>, &Line<'_>)) -> Keyword {
    Keyword::new(name, "Removed.", DFLB, "", MANY, Set::Line(set)).removed().hidden()
}

/// HAProxy still suggests these for mistyped words.
const fn suggested(name: &'static str, set: fn(&mut Context<'_>, &Line<'_>)) -> Keyword {
    Keyword::new(name, "Removed.", DFLB, "", MANY, Set::Line(set)).removed()
}

fn option(c: &mut Context<'_>, line: &Line<'_>) {
    let name = super::options::option_name(line);
    let text = match name.as_str() {
        "forceclose" => {
            "is not supported any more since HAProxy 2.0, please just remove it, or use 'option httpclose' if \
             absolutely needed."
        }
        "http-tunnel" => {
            "is not supported any more since HAProxy 2.1, please just remove it, it shouldn't be needed."
        }
        "transparent" => {
            let text = "support for option 'transparent' was removed in version 3.5.";
            return c.alert_tight("removed", line.span, text);
        }
        _ => {
            "is not supported any more since HAProxy 2.5. This option stopped working in HAProxy 1.9 and usually \
             had nasty side effects. It can be more reliably implemented with combinations of \
             'http-request set-dst' and 'http-request set-uri', and even 'http-request do-resolve' if DNS \
             resolution is desired."
        }
    };
    c.alert_tight("removed", line.span, format!("option '{name}' {text}"));
}

pub const OPTIONS: &[Keyword] = &[
    suggested("option transparent", option).listed(),
    row("option forceclose", option).replaced_by("option httpclose"),
    row("option http-tunnel", option),
    row("option http_proxy", option),
];

pub const ROWS: &[Keyword] = &[
    row("cliexp", in_2_1),
    row("reqrep", in_2_1),
    row("reqdel", in_2_1),
    row("reqdeny", in_2_1),
    row("reqallow", in_2_1),
    row("reqtarpit", in_2_1),
    row("reqirep", in_2_1),
    row("reqidel", in_2_1),
    row("reqideny", in_2_1),
    row("reqipass", in_2_1),
    row("reqiallow", in_2_1),
    row("reqitarpit", in_2_1),
    row("reqadd", in_2_1),
    row("srvexp", in_2_1),
    row("rsprep", in_2_1),
    row("rspdel", in_2_1),
    row("rspdeny", in_2_1),
    row("rspirep", in_2_1),
    row("rspidel", in_2_1),
    row("rspideny", in_2_1),
    row("rspadd", in_2_1),
    suggested("block", in_2_1).replaced_by("http-request deny"),
    row("reqpass", reqpass),
    suggested("clitimeout", old_timeout).replaced_by("timeout client").listed(),
    suggested("srvtimeout", old_timeout).replaced_by("timeout server").listed(),
    suggested("contimeout", old_timeout).replaced_by("timeout connect").listed(),
    row("redispatch", redispatch).replaced_by("option redispatch"),
    row("redisp", redispatch).replaced_by("option redispatch"),
    suggested("dispatch", dispatch),
    suggested("transparent", transparent),
    suggested("appsession", appsession),
    row("bind-process", bind_process),
    row("grace", grace),
    suggested("usesrc", usesrc),
];
