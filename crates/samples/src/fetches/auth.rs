//! HTTP authentication against user lists (manual, section 7.3.6 and chapter 3, `userlist`).

use ir::config::{User, Userlist};
use ir::spec::ArgType;
use ir::types::SampleType::{Bool, Str};
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Stream, Value};

use super::{at, request};
use crate::converters::base64;
use crate::crypt;
use crate::row::{Example, Fetch};

const BASIC: &str = "GET / HTTP/1.1\nauthorization: Basic  dXNlcjpwYTpzcw==\n";
const BEARER: &str = "GET / HTTP/1.1\nauthorization: bearer tok.en\nx-auth: Bearer other\n";
const BAD: &str = "GET / HTTP/1.1\nauthorization: Basic !!!\n";

pub const ROWS: &[Fetch] = &[
    Fetch::new("http_auth", Bool, at::REQUEST, "Whether user and password are in a user list", http_auth)
        .args(1, &[ArgType::Userlist])
        .examples(&[Example::new(BASIC, &["users"], "0"), Example::none(BAD, &["users"])]),
    Fetch::new("http_auth_bearer", Str, at::REQUEST, "The token of a Bearer authorization", bearer)
        .args(0, &[ArgType::Str])
        .examples(&[
            Example::new(BEARER, &[], "tok.en"),
            Example::new(BEARER, &["X-Auth"], "other"),
            Example::none(BASIC, &[]),
        ]),
    Fetch::new(
        "http_auth_group",
        Str,
        at::REQUEST,
        "The user if the password is right; as an ACL, the groups",
        group,
    )
    .args(1, &[ArgType::Userlist])
    .examples(&[Example::none(BASIC, &["users"])]),
    Fetch::new("http_auth_pass", Str, at::REQUEST, "The password of a Basic authorization", pass)
        .examples(&[Example::new(BASIC, &[], "pa:ss"), Example::none(BAD, &[])]),
    Fetch::new("http_auth_type", Str, at::REQUEST, "The scheme of the authorization: Basic or Bearer", kind)
        .examples(&[Example::new(BASIC, &[], "Basic"), Example::new(BEARER, &[], "Bearer")]),
    Fetch::new("http_auth_user", Str, at::REQUEST, "The user of a Basic authorization", user)
        .examples(&[Example::new(BASIC, &[], "user")]),
];

/// Scheme and what follows it in the value of a header.
fn split(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr::memchr(b' ', value).filter(|at| *at > 0)?;
    Some((&value[..space], value[space..].trim_ascii_start()))
}

fn authorization(stream: &Stream) -> Result<(&[u8], &[u8]), Missing> {
    let value = request(stream)?.get(b"authorization").ok_or(Missing::Absent)?;
    split(value).ok_or(Missing::Absent)
}

/// User and password of a Basic authorization (RFC 7617).
fn basic(stream: &Stream) -> Result<(&[u8], &[u8]), Missing> {
    let (scheme, data) = authorization(stream)?;
    if !scheme.eq_ignore_ascii_case(b"Basic") {
        return Err(Missing::Absent);
    }
    let text = base64::decode(data, &stream.arena).ok_or(Missing::Absent)?;
    let colon = memchr::memchr(b':', text).ok_or(Missing::Absent)?;
    Ok((&text[..colon], &text[colon + 1..]))
}

fn user<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    basic(stream).map(|(user, _)| Value::Str(user))
}

fn pass<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    basic(stream).map(|(_, pass)| Value::Str(pass))
}

fn kind<'a>(stream: &'a Stream, _: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let (scheme, _) = authorization(stream)?;
    if scheme.eq_ignore_ascii_case(b"Bearer") {
        return Ok(Value::Str(b"Bearer"));
    }
    basic(stream).map(|_| Value::Str(b"Basic"))
}

fn bearer<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let (scheme, token) = match args.first() {
        Some(Arg::Str(name)) => {
            let mut fields = request(stream)?.fields();
            let field = fields.find(|(have, _)| have.eq_ignore_ascii_case(name));
            field.and_then(|(_, value)| split(value)).ok_or(Missing::Absent)?
        }
        _ => authorization(stream)?,
    };
    if scheme.eq_ignore_ascii_case(b"Bearer") { Ok(Value::Str(token)) } else { Err(Missing::Absent) }
}

/// The user whose name and password the request has.
fn known_user<'a>(stream: &'a Stream, args: &[Arg]) -> Result<&'a User, Missing> {
    let Some(Arg::Userlist(list)) = args.first() else { return Err(Missing::Absent) };
    let list: &Userlist = stream.plan.config.userlists.get(list.index()).ok_or(Missing::Absent)?;
    let (name, pass) = basic(stream)?;
    let user = list.users.iter().find(|user| user.name == name).ok_or(Missing::Absent)?;
    let right = if user.insecure { user.secret == pass } else { crypt::verify(pass, &user.secret) };
    if right { Ok(user) } else { Err(Missing::Absent) }
}

/// Without a Basic authorization there is no answer, not even a negative one.
fn http_auth<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    basic(stream)?;
    Ok(Value::Bool(known_user(stream, args).is_ok()))
}

fn group<'a>(stream: &'a Stream, args: &'a [Arg], cursor: &mut Cursor) -> Fetched<'a> {
    let user = known_user(stream, args)?;
    if !cursor.iterate {
        return Ok(Value::Str(&user.name));
    }
    let group = user.groups.get(cursor.at);
    cursor.at += 1;
    cursor.more = group.is_some();
    group.map(|group| Value::Str(group)).ok_or(Missing::Absent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_groups() {
        let check = |input: &str, expected: Result<bool, Missing>| {
            let mut config = state::testing::config();
            config.userlists[0].users.push(User {
                name: b"user".to_vec(),
                secret: b"pa:ss".to_vec(),
                insecure: true,
                groups: vec![b"g1".to_vec(), b"g2".to_vec()],
            });
            let stream = state::testing::stream_of(config, &Default::default(), input);
            let args = [Arg::Userlist(ir::id::UserlistId(0))];
            assert_eq!(
                http_auth(&stream, &args, &mut Cursor::default()),
                expected.map(Value::Bool),
                "{input}"
            );
            let mut cursor = Cursor { iterate: true, ..Cursor::default() };
            let first = group(&stream, &args, &mut cursor);
            assert_eq!(
                first,
                if expected == Ok(true) { Ok(Value::Str(b"g1")) } else { Err(Missing::Absent) }
            );
        };
        check(BASIC, Ok(true));
        check("GET / HTTP/1.1\nauthorization: Basic dXNlcjp3cm9uZw==\n", Ok(false));
        check("GET / HTTP/1.1\n", Err(Missing::Absent));
    }
}
