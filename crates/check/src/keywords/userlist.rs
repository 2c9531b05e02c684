//! `userlist` sections.

use ir::config::User;
use ir::spec::{Section, Sections};

use crate::context::Context;
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

const HERE: Sections = Sections::one(Section::Userlist);

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
    for pair in line.args[1..].chunks(2) {
        match pair {
            [option, users] if option.is("users") => {
                let users = users.text.split(|byte| *byte == b',').map(<[u8]>::to_vec).collect();
                c.group_users.push((name.text.clone(), users));
            }
            _ => return c.alert_tight("unknown-keyword", line.span, "'group' only supports 'users' option."),
        }
    }
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
    for pair in line.args[1..].chunks(2) {
        match pair {
            [option, secret] if option.is("password") || option.is("insecure-password") => {
                user.secret = secret.text.clone();
                user.insecure = option.is("insecure-password");
            }
            [option, groups] if option.is("groups") => {
                user.groups.extend(groups.text.split(|byte| *byte == b',').map(<[u8]>::to_vec));
            }
            _ => {
                let text = "'user' only supports 'password', 'insecure-password' and 'groups' options.";
                return c.alert_tight("unknown-keyword", line.span, text);
            }
        }
    }
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
