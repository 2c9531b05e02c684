//! The headers of `defaults`, `frontend`, `listen` and `backend`, in the order in which HAProxy
//! looks at their words.

use diag::{Diagnostic, Effect, Place, Span};

use super::{of, refuse_name};
use crate::context::Context;
use crate::draft::Kind;
use crate::inherit;
use crate::line::Line;

/// A header whose first problems were told.
struct Header<'l> {
    kind: Kind,
    span: Span,
    /// Empty for `defaults` without one.
    name: &'l [u8],
    /// The name behind `from`, which may be missing.
    base: Option<&'l [u8]>,
}

impl Header<'_> {
    fn shown(&self) -> String {
        format!("{} '{}'", self.kind.type_name(), String::from_utf8_lossy(self.name))
    }
}

/// Opens a proxy section; false when reading cannot go on.
pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    let Some(kind) = of(&line.name[0].text).and_then(Kind::of) else { return false };
    let before = c.diags.len();
    if kind != Kind::Defaults && !is_shaped(c, kind, line) {
        return !c.is_aborted();
    }
    let header = read(kind, line);
    if !is_free(c, &header, line) {
        return false;
    }
    let base = match header.base {
        Some(base) => match named_defaults(c, &header, base) {
            Some(index) => Some(index),
            None => return false,
        },
        None if kind == Kind::Defaults => None,
        None => c.last_defaults,
    };
    note_use(c, base, header.base.is_some(), line.span);
    // HAProxy forgets here that there were errors.
    for told in c.diags[before..].iter_mut().filter(|told| told.effect == Effect::Fatal) {
        told.effect = Effect::None;
    }
    if let Some(index) = base
        && !may_inherit(c, index, kind, line)
    {
        return false;
    }
    c.px = match base.and_then(|index| c.defaults.get(index)) {
        Some(defaults) => inherit::from_defaults(defaults, kind),
        None => inherit::fresh(kind),
    };
    c.px.proxy.name = header.name.to_vec();
    c.px.proxy.place = crate::line::place(line.span);
    c.px.header = line.span;
    c.part.no_proxy = false;
    c.px.replaced = match kind {
        Kind::Defaults => c.seen.defaults.get(header.name).map(|index| c.defaults[*index].header),
        _ => None,
    };
    true
}

/// Whether a proxy of that kind may take these defaults over.
fn may_inherit(c: &mut Context<'_>, index: usize, kind: Kind, line: &Line<'_>) -> bool {
    let Some(why) = inherit::refusal(&mut c.defaults[index], kind) else { return true };
    let place = format!(" (defaults section at {})", c.at(c.defaults[index].header));
    // One of the messages lacks the place.
    let place = if why.starts_with("a listen section") { "" } else { &place };
    c.abort_tight("bad-defaults", line.span, format!("{why}{place}."));
    false
}

/// Whether the words of a proxy other than defaults are a name and at most `from` with another.
fn is_shaped(c: &mut Context<'_>, kind: Kind, line: &Line<'_>) -> bool {
    let Some(name) = line.arg(0) else {
        c.abort("missing-name", line.span, format!("'{}' expects an <id> argument", line.keyword()));
        return false;
    };
    refuse_name(c, line, name, Place::Parsing, Effect::Fatal);
    let shares = c.seen.proxies.get(&name.text).map(|index| &c.drafts[*index]).filter(|other| {
        (other.kind.is_frontend() && kind.is_frontend()) || (other.kind.is_backend() && kind.is_backend())
    });
    let same = match shares {
        Some(other) => Some((other.kind.type_name(), c.at(other.header))),
        None if kind.is_frontend() => log_forward(c, &name.text).map(|at| ("frontend", at)),
        None => None,
    };
    if let Some((what, at)) = same {
        tell_same(c, kind, line, what, &at, "");
    }
    let has_address = line.arg(1).is_some_and(|word| line.args.len() < 3 || !word.is("from"));
    if has_address || c.has_extra(line, 3, Effect::Fatal) {
        if kind.is_frontend() {
            let text = "please use the 'bind' keyword for listening addresses.";
            c.alert("address-in-header", line.args[1].span, text);
        }
        c.part.no_proxy = true;
        return false;
    }
    true
}

fn read<'l>(kind: Kind, line: &Line<'l>) -> Header<'l> {
    let text = |at: usize| line.arg(at).map(|word| word.text.as_slice());
    // `defaults from other` has no name.
    let unnamed = kind == Kind::Defaults && text(0) == Some(b"from") && line.args.len() == 2;
    let (name, from) = if unnamed { (None, 0) } else { (text(0), 1) };
    let base = (text(from) == Some(b"from")).then(|| text(from + 1).unwrap_or_default());
    Header { kind, span: line.span, name: name.unwrap_or_default(), base }
}

/// Where a log-forward section of that name stands.
fn log_forward(c: &Context<'_>, name: &[u8]) -> Option<String> {
    let places = c.seen.sections.get(&(ir::spec::Section::LogForward, name.to_vec()))?;
    places.first().map(|place| c.at_place(*place))
}

fn tell_same(c: &mut Context<'_>, kind: Kind, line: &Line<'_>, what: &str, at: &str, end: &str) {
    let name = line.lossy(0);
    let text = format!(
        "Parsing [{}]: {} '{name}' has the same name as {what} '{name}' declared at {at}.{end}",
        c.at(line.span),
        kind.type_name()
    );
    c.alert_bare("same-name", line.span, text);
}

/// Tells about other sections of that name; false when reading cannot go on.
fn is_free(c: &mut Context<'_>, header: &Header<'_>, line: &Line<'_>) -> bool {
    const END: &str = " This is no longer supported as of 3.3. Please rename one or the other.";
    let Some(name) = line.arg(0).map(|word| word.text.as_slice()) else { return true };
    let (kind, log_forward) = (header.kind, log_forward(c, name));
    if let Some(at) = &log_forward {
        tell_same(c, kind, line, "log forward section", at, "");
    }
    let defaults = c.seen.defaults.get(name).map(|index| &c.defaults[*index]);
    if let Some(other) = defaults.filter(|other| kind == Kind::Defaults && other.explicit_use) {
        let text = format!(
            "Parsing [{}]: {} '{}' has the same name as another defaults section declared at {} which was \
             explicitly referenced hence cannot be replaced. Please remove or rename one of the offending defaults \
             section.",
            c.at(line.span),
            kind.type_name(),
            line.lossy(0),
            c.at(other.header)
        );
        let told = Diagnostic::error("same-name", line.span, text).at(Place::Nowhere);
        c.push(told.with_effect(Effect::Abort));
        return false;
    }
    let proxy = c.seen.proxies.get(name).map(|index| &c.drafts[*index]);
    let other = proxy.or(defaults.filter(|_| kind != Kind::Defaults));
    let other = other.map(|other| (other.kind.type_name(), c.at(other.header)));
    let Some((what, at)) = other.or(log_forward.map(|at| ("frontend", at))) else { return true };
    tell_same(c, kind, line, what, &at, END);
    if let Some(told) = c.diags.last_mut() {
        told.effect = Effect::Abort;
    }
    false
}

/// The defaults that a header names.
fn named_defaults(c: &mut Context<'_>, header: &Header<'_>, base: &[u8]) -> Option<usize> {
    let (shown, owner) = (String::from_utf8_lossy(base), header.shown());
    let Some(index) = c.seen.defaults.get(base).copied() else {
        c.abort(
            "unknown-defaults",
            header.span,
            format!("defaults section '{shown}' not found for {owner}."),
        );
        return None;
    };
    let (found, replaced) = (c.at(c.defaults[index].header), c.defaults[index].replaced);
    if let Some(replaced) = replaced {
        let text = format!(
            "ambiguous defaults section name '{shown}' referenced by {owner} exists at least at {found} and {}.",
            c.at(replaced)
        );
        c.alert("ambiguous-defaults", header.span, text);
    }
    if let Some(bad) = super::bad_character(base) {
        let text = format!(
            "character '{bad}' is not permitted in defaults section name '{shown}' when designated by its name \
             (section found at {found})."
        );
        c.alert("bad-name", header.span, text);
    }
    Some(index)
}

/// Warns when defaults are taken both by name and as the last ones.
fn note_use(c: &mut Context<'_>, base: Option<usize>, explicit: bool, span: Span) {
    let Some(defaults) = base.and_then(|index| c.defaults.get_mut(index)) else { return };
    defaults.explicit_use |= explicit;
    defaults.implicit_use |= !explicit;
    if !(defaults.explicit_use && defaults.implicit_use) {
        return;
    }
    let (name, header) = (defaults.name(), defaults.header);
    let text = format!(
        "defaults section '{name}' (declared at {}) is explicitly referenced by another proxy and implicitly \
         used here. To avoid any ambiguity don't mix both usage. Add a last defaults section not explicitly \
         used or always use explicit references.",
        c.at(header)
    );
    c.warn("ambiguous-defaults", span, text);
}
