//! `ring` sections. A header that is wrong leaves no ring: each line then says that it has none.

use diag::Diagnostic;
use ir::config::{LogFraming, Ring, Timeouts};
use ir::spec::{Section, Sections};

use super::proxy::log;
use super::server;
use crate::context::Context;
use crate::draft::Kind;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;
use crate::loader::RingFault;
use crate::post::addresses;
use crate::{inherit, numbers, section};

const HERE: Sections = Sections::one(Section::Ring);
/// Rings that are there before any section.
pub const BUILT_IN: [&str; 4] = ["stdout", "stderr", "buf0", "dpapi"];
const DEFAULT_SIZE: u64 = 16384;
/// The top bit of a size is a lock.
const TOO_LARGE: u64 = 1 << 63;
/// What the memory of a ring begins with.
const HEAD: u64 = 192;
/// No machine has that much memory for a ring.
const TOO_MUCH: u64 = 1 << 36;
const PAGE: u64 = 4096;

pub fn open(c: &mut Context<'_>, line: &Line<'_>) -> bool {
    c.part.ring = None;
    let Some(name) = line.arg(0) else {
        c.alert("missing-name", line.span, "missing ring name.");
        return true;
    };
    if let Some(bad) = section::bad_character(&name.text) {
        let text = format!("invalid ring name '{}' (character '{bad}' is not permitted).", name.lossy());
        c.alert("bad-name", name.span, text);
        return true;
    }
    let is_known = BUILT_IN.iter().any(|known| name.is(known));
    if is_known || !section::declare(c, Section::Ring, &name.text, line).is_empty() {
        c.alert("same-name", name.span, format!("sink named '{}' already exists.", name.lossy()));
        return true;
    }
    c.px = inherit::fresh(Kind::Backend);
    c.px.proxy.name = name.text.clone();
    c.part.ring = Some(Ring {
        name: name.text.clone(),
        description: name.text.clone(),
        format: LogFraming::Raw,
        maxlen: 0,
        size: DEFAULT_SIZE,
        backing_file: None,
        servers: Vec::new(),
        timeouts: Timeouts::default(),
    });
    true
}

/// Takes the ring with its servers.
pub fn close(c: &mut Context<'_>) {
    let Some(mut ring) = c.part.ring.take() else { return };
    let payload = max_payload(ring.size);
    if ring.maxlen > payload {
        let text = format!(
            "ring '{}' event max length '{}' exceeds max payload size, forced to '{payload}'.",
            String::from_utf8_lossy(&ring.name),
            ring.maxlen
        );
        c.push(Diagnostic::post_warning("long-events", text));
        ring.maxlen = payload;
    }
    ring.servers = c.px.proxy.servers.clone();
    ring.timeouts = c.px.proxy.timeouts;
    let draft = std::mem::take(&mut c.px);
    c.rings.push(draft);
    c.config.rings.push(ring);
}

/// The largest event of a ring: its length stands in front of it, and a byte on each side.
pub fn max_payload(size: u64) -> u64 {
    let usable = usable(size);
    let length = match usable {
        0..240 => 1,
        240..2288 => 2,
        2288..264_432 => 3,
        264_432..33_818_864 => 4,
        _ => 5,
    };
    usable.saturating_sub(length + 2)
}

fn usable(size: u64) -> u64 {
    size.saturating_sub(HEAD)
}

/// Tells what a line cannot do when there is no ring.
fn needs_ring(c: &mut Context<'_>, line: &Line<'_>, text: &str) -> bool {
    if c.part.ring.is_none() {
        c.alert("no-ring", line.span, text.replace("{}", &line.lossy(0)));
    }
    c.part.ring.is_some()
}

fn size(c: &mut Context<'_>, line: &Line<'_>) {
    if !needs_ring(c, line, "'size' directive not usable with this type of sink.") {
        return;
    }
    let word = line.lossy(0);
    let Some(size) = base::size::parse_u64(word.as_bytes()).ok().filter(|size| *size > 0) else {
        return c.alert("bad-size", line.span, format!("invalid size '{word}' for new sink buffer."));
    };
    if size > TOO_LARGE {
        let text = format!(
            "too large size '{size}' for new sink buffer, the limit on this platform is {TOO_LARGE} bytes."
        );
        return c.alert("out-of-range", line.span, text);
    }
    let Some(ring) = c.part.ring.as_mut() else { return };
    if ring.backing_file.is_some() {
        let text = "cannot resize an already mapped file, please specify 'size' before 'backing-file'.";
        return c.alert("late-size", line.span, text);
    }
    if size >= TOO_MUCH {
        let (old, name) = (usable(ring.size), String::from_utf8_lossy(&ring.name));
        let text = format!("fail to set sink buffer size '{old}' for ring '{name}'.");
        return c.alert("out-of-range", line.span, text);
    }
    // A size that has no room for anything is not taken.
    if usable(size) > 0 {
        ring.size = size;
    }
}

fn backing_file(c: &mut Context<'_>, line: &Line<'_>) {
    if !needs_ring(c, line, "'backing-file' only usable with existing rings.") {
        return;
    }
    let path = line.arg(0).map(|word| word.text.clone()).unwrap_or_default();
    let Some(ring) = c.part.ring.as_ref() else { return };
    let name = String::from_utf8_lossy(&ring.name).into_owned();
    let shown = String::from_utf8_lossy(&path).into_owned();
    if let Some(old) = &ring.backing_file {
        let old = String::from_utf8_lossy(old);
        let text = format!("'backing-file' already specified for ring '{name}' (was '{old}').");
        return c.alert("same-keyword", line.span, text);
    }
    // Pages of memory; what was the usable part is the whole of the file.
    let size = usable(ring.size).next_multiple_of(PAGE);
    let full = c.path(&path);
    if let Err(fault) = c.loader.open_ring(&full, size) {
        let text = match fault {
            RingFault::Open(error) => {
                format!("cannot open backing-file '{shown}' for ring '{name}': {error}.")
            }
            RingFault::Resize(error) => {
                format!("could not adjust size of backing-file for ring '{name}': {error}.")
            }
        };
        return c.alert("no-file", line.span, text);
    }
    if let Some(ring) = c.part.ring.as_mut() {
        (ring.backing_file, ring.size) = (Some(path), size);
    }
}

fn ring_server(c: &mut Context<'_>, line: &Line<'_>) {
    if !needs_ring(c, line, "unable to create server '{}'.") {
        return;
    }
    let before = c.px.servers.len();
    server::line(c, line);
    if let Some(more) = c.px.servers.get(before).cloned() {
        addresses::fits(c, "syslog", &more, &mut server::Told::new(line.span));
    }
}

fn timeout(c: &mut Context<'_>, line: &Line<'_>) {
    if !needs_ring(c, line, "unable to set timeout '{}'.") {
        return;
    }
    // Anything but these two is taken without a word.
    let Some(what) = line.arg(0).filter(|word| word.is("connect") || word.is("server")) else { return };
    let keyword = format!("timeout {}", what.lossy());
    let Some(time) = line.arg(1) else {
        return c.alert("missing-argument", line.span, format!("'{keyword}' expects <time> as argument."));
    };
    let value = numbers::section_time(c, time, &time.lossy(), &keyword);
    let timeouts = &mut c.px.proxy.timeouts;
    match what.is("connect") {
        true => timeouts.connect = value,
        false => timeouts.server = value,
    }
}

fn format(c: &mut Context<'_>, line: &Line<'_>) {
    if !needs_ring(c, line, "unable to set format '{}'.") {
        return;
    }
    let framing = line.arg(0).and_then(log::framing);
    match (framing, c.part.ring.as_mut()) {
        (Some(framing), Some(ring)) => ring.format = framing,
        _ => c.alert("unknown-format", line.span, format!("unknown format '{}'.", line.lossy(0))),
    }
}

fn maxlen(c: &mut Context<'_>, line: &Line<'_>) {
    if !needs_ring(c, line, "unable to set event max length '{}'.") {
        return;
    }
    // As in HAProxy, the low half of the number counts, and a negative one is a huge one.
    let value = line.arg(0).map_or(0, |word| crate::numbers::lenient(&word.text));
    let value = value.rem_euclid(1 << 32).unsigned_abs();
    match c.part.ring.as_mut().filter(|_| value > 0) {
        Some(ring) => ring.maxlen = value,
        None => {
            c.alert("bad-size", line.span, format!("invalid size '{}' for new sink buffer.", line.lossy(0)));
        }
    }
}

fn description(c: &mut Context<'_>, line: &Line<'_>) {
    if !needs_ring(c, line, "unable to set description '{}'.") {
        return;
    }
    match (line.arg(0), c.part.ring.as_mut()) {
        (Some(word), Some(ring)) => ring.description.clone_from(&word.text),
        _ => c.alert("missing-argument", line.span, "missing ring description text."),
    }
}

const fn row(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    set: fn(&mut Context<'_>, &Line<'_>),
) -> Keyword {
    Keyword::new(name, doc, HERE, usage, MANY, Set::Line(set))
}

pub const ROWS: &[Keyword] = &[
    row("backing-file", "<path>", "The file that shows the ring.", backing_file),
    row("description", "<text>", "A text shown with the ring.", description),
    row("format", "<format>", "How events are framed.", format),
    row("maxlen", "<length>", "The size of the largest event.", maxlen),
    row("server", "<name> <address> [param*]", "Where events are sent.", ring_server),
    row("size", "<size>", "The size of the ring.", size),
    row("timeout", "connect|server <time>", "How long a server may take.", timeout),
];
