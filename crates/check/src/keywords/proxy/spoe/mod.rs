//! `filter spoe`: the file it names, with its agent, its groups and its messages (SPOE.txt). The
//! file is read line by line like a configuration; its messages are told with its own places.

mod agent;
mod message;

use diag::Place as MessagePlace;
use ir::Bytes;
use ir::spec::RuleSet;
use syntax::Word;

use super::filter::Args;
use crate::context::Context;
use crate::draft::FilterKind;
use crate::fail::Checked;
use crate::line::Line;
use crate::places::Place;
use message::Message;

/// What the file says of one engine.
#[derive(Default)]
struct Engine {
    /// The file's name.
    file: String,
    agent: Option<Agent>,
    messages: Vec<Message>,
    groups: Vec<Group>,
}

#[derive(Default)]
struct Agent {
    name: Bytes,
    line: u32,
    backend: Option<Bytes>,
    messages: Vec<Bytes>,
    groups: Vec<Bytes>,
    has_processing: bool,
    has_prefix: bool,
}

struct Group {
    name: Bytes,
    line: u32,
    messages: Vec<Bytes>,
}

/// The sections of the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Agent,
    Group,
    Message,
}

/// `filter spoe [engine <name>] config <file>`
pub fn filter(c: &mut Context<'_>, args: &mut Args<'_>, line: &Line<'_>) -> Checked<FilterKind> {
    let (mut file, mut scope) = (None, None);
    while let Some(word) = args.word() {
        let missing = |name: &str, option: &str| format!("'{name}' : '{option}' option without value");
        match word.lossy().as_ref() {
            "config" => file = Some(args.value(missing)?),
            "engine" => scope = Some(args.value(missing)?),
            other => return args.fail(format!("unknown keyword '{other}'")),
        }
    }
    let Some(file) = file else { return args.fail("'spoe' : missing config file") };
    let shown = file.lossy();
    let text = match c.read_file(&file.text) {
        Ok(text) => text,
        Err(error) => {
            let text = format!("stat() failed for configuration file {shown} : {error}");
            c.alert_bare("no-file", file.span, text);
            c.forgets_sections = true;
            return args.fail("error encountered while processing 'spoe'");
        }
    };
    let before = c.diags.len();
    let engine = read(c, line, &shown, &text, scope);
    // HAProxy has forgotten the section's name then.
    c.section_name = "(null)".to_owned();
    if c.diags[before..].iter().any(diag::Diagnostic::is_fatal) {
        return args.fail(format!("Error(s) found in configuration file {shown}"));
    }
    let Some(agent) = &engine.agent else {
        return args.fail(format!("No SPOE agent found in file {shown}"));
    };
    let at = format!("{shown}:{}", agent.line);
    let name = String::from_utf8_lossy(&agent.name).into_owned();
    let Some(backend) = agent.backend.clone() else {
        return args.fail(format!("No backend declared for SPOE agent '{name}' declared at {at}"));
    };
    if !agent.has_processing {
        let text = format!(
            "Proxy '{}': missing 'processing' timeout for SPOE agent '{name}' declare at {at}.\n   \
             | While not properly invalid, you will certainly encounter various problems\n   \
             | with such a configuration. To fix this, please ensure it is set to a non-zero value.",
            c.px.name()
        );
        c.warn_bare("no-timeouts", line.span, text);
    }
    if !agent.has_prefix && !agent.name.iter().all(is_prefix_byte) {
        let text = format!(
            "Invalid variable prefix '{name}' for SPOE agent '{name}' declared at {at}. Use 'option var-prefix' to \
             set it. Only [a-zA-Z0-9_.] chars are supported.\n"
        );
        return args.fail(text);
    }
    if agent.messages.is_empty() && agent.groups.is_empty() {
        let text = format!(
            "Proxy '{}': No message/group used by SPOE agent '{name}' declared at {at}.",
            c.px.name()
        );
        c.warn_bare("unused", line.span, text);
    } else {
        resolve(c, args, &engine, agent, &shown)?;
    }
    let id = scope.map_or_else(|| agent.name.clone(), |word| word.text.clone());
    Ok(FilterKind::Spoe { name: id, groups: agent.groups.clone(), backend, agent: name, at })
}

fn is_prefix_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')
}

/// The messages and groups that the agent names.
fn resolve(c: &mut Context<'_>, args: &Args<'_>, engine: &Engine, agent: &Agent, file: &str) -> Checked<()> {
    let lossy = String::from_utf8_lossy;
    let (name, at) = (lossy(&agent.name), format!("{file}:{}", agent.line));
    for wanted in &agent.messages {
        let Some(message) = engine.messages.iter().find(|message| message.name == *wanted) else {
            return args.fail(format!(
                "SPOE agent '{name}' try to use undefined SPOE message '{}' at {at}",
                lossy(wanted)
            ));
        };
        message::check(c, args, message, file)?;
    }
    let mut owners: Vec<(&[u8], &Group)> = Vec::new();
    for wanted in &agent.groups {
        let Some(group) = engine.groups.iter().find(|group| group.name == *wanted) else {
            return args.fail(format!(
                "SPOE agent '{name}' try to use undefined SPOE group '{}' at {at}",
                lossy(wanted)
            ));
        };
        for message in &group.messages {
            if !engine.messages.iter().any(|known| known.name == *message) {
                return args.fail(format!(
                    "SPOE group '{}' try to use undefined SPOE message '{}' at {at}",
                    lossy(wanted),
                    lossy(message)
                ));
            }
            if let Some((_, owner)) = owners.iter().find(|(known, _)| *known == message.as_slice()) {
                return args.fail(format!(
                    "SPOE message '{}' already belongs to the SPOE group '{}' declare at {file}:{}",
                    lossy(message),
                    lossy(&owner.name),
                    owner.line
                ));
            }
            owners.push((message, group));
        }
    }
    Ok(())
}

/// Reads the sections of the engine out of the file.
fn read(c: &mut Context<'_>, line: &Line<'_>, file: &str, text: &[u8], scope: Option<&Word>) -> Engine {
    let scopes = scopes(text);
    let mut engine = Engine { file: file.to_owned(), ..Engine::default() };
    let (mut section, mut ended) = (None, false);
    // ACLs of messages are their own.
    let acl_names = std::mem::take(&mut c.px.acl_names);
    let mut reader = syntax::Reader::new(line.span.file, file, text);
    loop {
        let (before, before_early) = (c.diags.len(), c.early.len());
        let next = c.read_line(&mut reader);
        let told = c.early.split_off(before_early);
        c.diags.extend(told);
        if let Some(next) = next.as_ref().filter(|next| !next.refused) {
            let number = usize::try_from(next.span.line).unwrap_or(usize::MAX);
            let current = scopes.get(number.saturating_sub(1)).cloned().flatten();
            let wanted = scope.map(|word| word.text.as_slice());
            ended = !section_line(c, &mut engine, &mut section, next, current == wanted);
        }
        place_in_file(c, before, file, line);
        if ended || next.is_none() {
            break;
        }
    }
    c.px.acl_names = acl_names;
    engine
}

/// The scope of each line: a line `[name]` opens one.
fn scopes(text: &[u8]) -> Vec<Option<&[u8]>> {
    let mut scope = None;
    let mut all = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        if let Some(rest) = line.trim_ascii_start().strip_prefix(b"[") {
            let end = rest.iter().position(|byte| *byte == b']').unwrap_or(rest.len());
            scope = Some(&rest[..end]).filter(|name| !name.is_empty());
        }
        all.push(scope);
    }
    all
}

/// What was told names the file in its text; the span is the filter's.
fn place_in_file(c: &mut Context<'_>, before: usize, file: &str, line: &Line<'_>) {
    for told in &mut c.diags[before..] {
        let Some(span) = told.span.replace(line.span) else { continue };
        let separator = match told.place {
            MessagePlace::Parsing => " : ",
            MessagePlace::ParsingTight => ": ",
            _ => continue,
        };
        told.message = format!("parsing [{file}:{}]{separator}{}", span.line, told.message);
        told.place = MessagePlace::Nowhere;
    }
}

/// Reads a line; false when HAProxy reads no further.
fn section_line(
    c: &mut Context<'_>,
    engine: &mut Engine,
    section: &mut Option<Section>,
    line: &syntax::Line,
    is_ours: bool,
) -> bool {
    let (modifier, words) = line.modifier();
    let Some((first, args)) = words.split_first() else { return true };
    let opened = match first.lossy().as_ref() {
        "spoe-agent" => Some(Section::Agent),
        "spoe-group" => Some(Section::Group),
        "spoe-message" => Some(Section::Message),
        _ => None,
    };
    *section = opened.or(*section);
    let Some(current) = *section else {
        let text = format!("unknown keyword '{}' out of section.", first.lossy());
        c.alert_tight("no-section", first.span, text);
        return true;
    };
    if !is_ours {
        return true;
    }
    let line = Line { name: std::slice::from_ref(first), args, modifier, span: line.span };
    match (opened, current) {
        (Some(kind), _) => return open(c, engine, &line, kind),
        (None, Section::Agent) => agent::line(c, engine, &line),
        (None, Section::Group) => group_line(c, engine, &line),
        (None, Section::Message) => message::line(c, engine, &line),
    }
    true
}

/// The name behind a section's keyword. HAProxy reads no further without one.
fn name<'l>(c: &mut Context<'_>, line: &Line<'l>) -> Option<&'l Word> {
    let keyword = line.keyword();
    let Some(name) = line.arg(0) else {
        c.alert("missing-name", line.span, format!("missing name for {keyword} section."));
        return None;
    };
    if let Some(extra) = line.arg(1) {
        let text = format!("'{keyword}' cannot handle unexpected argument '{}'.", extra.lossy());
        c.alert("extra-argument", extra.span, text);
        return None;
    }
    if let Some(bad) = crate::section::bad_character(&name.text) {
        let text = format!("character '{bad}' is not permitted in '{keyword}' name '{}'.", name.lossy());
        c.alert("bad-name", name.span, text);
        return None;
    }
    Some(name)
}

/// Opens a section; false when HAProxy reads no further.
fn open(c: &mut Context<'_>, engine: &mut Engine, line: &Line<'_>, kind: Section) -> bool {
    let Some(name) = name(c, line) else { return false };
    let number = line.span.line;
    let same = match kind {
        Section::Agent => None,
        Section::Group => engine.groups.iter().find(|group| group.name == name.text).map(|group| group.line),
        Section::Message => {
            engine.messages.iter().find(|message| message.name == name.text).map(|message| message.line)
        }
    };
    if let Some(other) = same {
        let text = format!(
            "{} section '{}' has the same name as another one declared at {}.",
            line.keyword(),
            name.lossy(),
            format_args!("{}:{other}", engine.file)
        );
        c.alert_tight("same-name", name.span, text);
        return true;
    }
    match kind {
        Section::Agent if engine.agent.is_some() => {
            c.alert("same-name", line.span, "another spoe-agent section previously defined.");
            return false;
        }
        Section::Agent => {
            engine.agent = Some(Agent { name: name.text.clone(), line: number, ..Agent::default() });
        }
        Section::Group => {
            engine.groups.push(Group { name: name.text.clone(), line: number, messages: Vec::new() });
        }
        Section::Message => {
            c.px.acl_names.clear();
            engine.messages.push(Message::new(name.text.clone(), number));
        }
    }
    true
}

fn group_line(c: &mut Context<'_>, engine: &mut Engine, line: &Line<'_>) {
    let Some(group) = engine.groups.last_mut() else { return };
    if !line.name[0].is("messages") {
        let text = format!("unknown keyword '{}' in spoe-group section.", line.keyword());
        return c.alert("unknown-keyword", line.span, text);
    }
    add_names(c, &mut group.messages, line, "spoe-message");
}

/// Adds names to a list in which each may stand once.
fn add_names(c: &mut Context<'_>, list: &mut Vec<Bytes>, line: &Line<'_>, what: &str) {
    for word in line.args {
        if list.contains(&word.text) {
            let text = format!("{what} '{}' already used.", word.lossy());
            return c.alert_tight("same-name", word.span, text);
        }
        list.push(word.text.clone());
    }
}

/// Where the events of messages happen, in a proxy with the given sides.
fn place_of(event: &str, front: bool, back: bool) -> Place {
    match event {
        "on-client-session" => Place::FE_CON_ACC,
        "on-server-session" => Place::BE_SRV_CON,
        "on-frontend-tcp-request" => Place::of_rules(RuleSet::TcpContent, true, false),
        "on-frontend-http-request" => Place::of_rules(RuleSet::HttpRequest, true, false),
        // A proxy of both sides has its requests on the side of clients.
        "on-backend-tcp-request" => Place::of_rules(RuleSet::TcpContent, front, back && !front),
        "on-backend-http-request" => Place::of_rules(RuleSet::HttpRequest, front, back && !front),
        "on-tcp-response" => Place::of_rules(RuleSet::TcpResponse, front, back),
        _ => Place::of_rules(RuleSet::HttpResponse, front, back),
    }
}
