//! What a proxy is: mode, identity, whether it starts.

use ir::config::Mode;

use super::{DFLB, FLB, LB};
use crate::context::Context;
use crate::draft::Kind;
use crate::keyword::{Keyword, MANY, NONE, ONE, Set};
use crate::line::{Line, join_bytes};

fn mode(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else { return };
    let mode = match word.lossy().as_ref() {
        "tcp" => Mode::Tcp,
        "http" => Mode::Http,
        "log" => Mode::Log,
        "spop" => Mode::Spop,
        "haterm" => Mode::Haterm,
        "health" => {
            let text =
                "'mode health' doesn't exist anymore. Please use 'http-request return status 200' instead.";
            return c.alert("removed", word.span, text);
        }
        other => return c.alert("bad-mode", word.span, format!("unknown proxy mode '{other}'.")),
    };
    let kind = c.px.kind;
    let defaults = kind == crate::draft::Kind::Defaults;
    if mode == Mode::Haterm && !kind.is_frontend() && !defaults {
        let text = "mode haterm is only applicable on proxies with frontend capability.";
        return c.alert("bad-mode", word.span, text);
    }
    if matches!(mode, Mode::Log | Mode::Spop) && !kind.is_backend() && !defaults {
        let name = if mode == Mode::Log { "syslog" } else { "spop" };
        let text = format!("mode {name} is only applicable on proxies with backend capability.");
        return c.alert("bad-mode", word.span, text);
    }
    if matches!(mode, Mode::Spop | Mode::Haterm) {
        c.warn_parsed("mode spop and haterm", word.span);
    }
    c.px.proxy.mode = mode;
}

fn id(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(word) = line.arg(0) else { return };
    let value = crate::numbers::wrapped(&word.text);
    let Some(value) = u32::try_from(value).ok().filter(|id| *id > 0) else {
        return c.alert_tight("out-of-range", word.span, "custom id has to be > 0.");
    };
    let is_own = c.px.has_id && c.px.proxy.id == value;
    let other = c.seen.ids.get(&value).map(|index| &c.drafts[*index]);
    if let Some(other) = other.or(is_own.then_some(&c.px)) {
        let text = format!(
            "{} {} reuses same custom id as {} {} (declared at {}).",
            c.px.kind.type_name(),
            c.px.name(),
            other.kind.type_name(),
            other.name(),
            c.at(other.header)
        );
        return c.alert_tight("same-id", word.span, text);
    }
    c.px.proxy.id = value;
    c.px.has_id = true;
}

fn description(c: &mut Context<'_>, line: &Line<'_>) {
    if line.args.is_empty() {
        let text = "'description' expects a string argument.";
        return c.abort_tight("missing-argument", line.span, text);
    }
    c.px.proxy.description = Some(join_bytes(line.args));
}

fn guid(c: &mut Context<'_>, line: &Line<'_>) {
    if c.px.kind == Kind::Defaults {
        return c.alert("not-in-defaults", line.span, "'guid' not allowed in 'defaults' section.");
    }
    let Some(word) = line.arg(0) else {
        return c.alert("missing-argument", line.span, "'guid' : expects an argument");
    };
    let owner = format!("{} {}", c.px.kind.type_name(), c.px.name());
    if let Err(why) = c.seen.guid(&word.text, owner) {
        c.alert("bad-guid", word.span, format!("'guid': {why}"));
    }
}

fn be_unpublished(c: &mut Context<'_>, line: &Line<'_>) {
    if c.px.kind == Kind::Defaults {
        return c.alert("not-in-defaults", line.span, "'be-unpublished' not allowed in 'defaults' section.");
    }
    if super::only_in_backends(c, line, ".") {
        c.px.proxy.unpublished = true;
    }
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "mode",
        "What the proxy understands of the traffic.",
        DFLB,
        "{ tcp|http|log|spop|haterm }",
        ONE,
        Set::Line(mode),
    )
    .missing("unknown proxy mode ''."),
    Keyword::new("id", "The number of the proxy in statistics.", FLB, "<value>", ONE, Set::Line(id))
        .missing("'{}' expects an integer argument.")
        .tight(),
    Keyword::new("description", "A text for statistics.", FLB, "<text>", MANY, Set::Line(description))
        .tight(),
    Keyword::new("guid", "A name that stays the same over reloads.", FLB, "<string>", MANY, Set::Line(guid))
        .own_side()
        .listed()
        .parsed(),
    Keyword::new(
        "be-unpublished",
        "No rule may choose the backend.",
        LB,
        "",
        MANY,
        Set::Line(be_unpublished),
    )
    .own_side()
    .listed(),
    Keyword::new(
        "disabled",
        "Does not start the proxy.",
        DFLB,
        "",
        NONE,
        Set::Flag(|c| c.px.proxy.disabled = true),
    ),
    Keyword::new("enabled", "Starts the proxy.", DFLB, "", NONE, Set::Flag(|c| c.px.proxy.disabled = false)),
];
