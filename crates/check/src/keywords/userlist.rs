//! `userlist` sections.

use diag::Span;
use ir::Bytes;
use ir::config::User;
use ir::spec::{Section, Sections};
use syntax::Word;

use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

const HERE: Sections = Sections::one(Section::Userlist);

/// The value of an option: none is as good as an empty one.
fn value(pair: &[Word]) -> &[u8] {
    pair.get(1).map_or(b"", |word| &word.text)
}

/// Names with commas between.
fn names(list: &[u8]) -> impl Iterator<Item = Bytes> {
    list.split(|byte| *byte == b',').filter(|name| !name.is_empty()).map(<[u8]>::to_vec)
}

fn group(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(name) = line.arg(0) else {
        return c.alert_tight("missing-name", line.span, "'group' expects <name> as arguments.");
    };
    if let Some(bad) = crate::section::bad_character(&name.text) {
        let text = format!("character '{bad}' is not permitted in 'group' name '{}'.", name.lossy());
        return c.alert_tight("bad-name", name.span, text);
    }
    if c.userlist.groups.contains(&name.text) {
        let text = format!(
            "ignoring duplicated group '{}' in userlist '{}'.",
            name.lossy(),
            String::from_utf8_lossy(&c.userlist.name)
        );
        return c.warn_tight("same-name", name.span, text);
    }
    let mut users = None;
    for pair in line.args[1..].chunks(2) {
        if !pair[0].is("users") {
            return c.alert_tight("unknown-keyword", line.span, "'group' only supports 'users' option.");
        }
        if users.is_some() {
            let text = format!("'users' option already defined in 'group' name '{}'.", name.lossy());
            return c.alert_tight("already-specified", pair[0].span, text);
        }
        users = Some(names(value(pair)));
    }
    c.group_users.extend(users.map(|users| (name.text.clone(), users.collect())));
    c.userlist.groups.push(name.text.clone());
}

fn user(c: &mut Context<'_>, line: &Line<'_>) {
    let Some(name) = line.arg(0) else {
        return c.alert_tight("missing-name", line.span, "'user' expects <name> as arguments.");
    };
    if c.seen.users.contains_key(&name.text) {
        let text = format!(
            "ignoring duplicated user '{}' in userlist '{}'.",
            name.lossy(),
            String::from_utf8_lossy(&c.userlist.name)
        );
        return c.warn_tight("same-name", name.span, text);
    }
    c.seen.users.insert(name.text.clone(), c.userlist.users.len());
    c.userlist.users.push(User { name: name.text.clone(), ..User::default() });
    let Some(user) = c.userlist.users.last_mut() else { return };
    let mut slow = None;
    for pair in line.args[1..].chunks(2) {
        match pair[0].text.as_slice() {
            b"password" => {
                user.secret = value(pair).to_vec();
                let cost = c.loader.password_cost(&user.secret);
                slow = (cost >= SLOW).then_some((pair[0].span, cost));
            }
            b"insecure-password" => {
                user.secret = value(pair).to_vec();
                user.insecure = true;
            }
            b"groups" => user.groups = names(value(pair)).collect(),
            _ => {
                let text = "'user' only supports 'password', 'insecure-password' and 'groups' options.";
                return c.alert_tight("unknown-keyword", line.span, text);
            }
        }
    }
    if let Some((span, cost)) = slow {
        warn_slow(c, span, cost);
    }
}

/// From how many milliseconds on a comparison is slow.
const SLOW: u64 = 10;

fn warn_slow(c: &mut Context<'_>, span: Span, cost: u64) {
    let text = format!(
        "the hash algorithm used for this password takes {cost} milliseconds to verify, which can have \
         devastating performance and stability impacts. Please hash this password using a lighter algorithm (one \
         that is compatible with web usage)."
    );
    c.warn_tight("slow-password", span, text);
}

pub const ROWS: &[Keyword] = &[
    Keyword::new(
        "group",
        "A group with its users.",
        HERE,
        "<groupname> [users <user>,<user>,(...)]",
        MANY,
        Set::Line(group),
    ),
    Keyword::new(
        "user",
        "A user.",
        HERE,
        "<username> [password|insecure-password <password>] [groups <group>,<group>,(...)]",
        MANY,
        Set::Line(user),
    ),
];
