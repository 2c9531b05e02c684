//! JSON values on their way out (RFC 8259).

use std::fmt::Write;

/// A value. Objects keep the order in which their members were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    pub fn text(text: impl Into<String>) -> Json {
        Json::Text(text.into())
    }

    pub fn list(items: impl IntoIterator<Item = Json>) -> Json {
        Json::List(items.into_iter().collect())
    }

    pub fn object(members: impl IntoIterator<Item = (&'static str, Json)>) -> Json {
        Json::Object(members.into_iter().collect())
    }

    /// Adds a member to an object when there is a value for it.
    pub fn with(mut self, name: &'static str, value: Option<Json>) -> Json {
        if let (Json::Object(members), Some(value)) = (&mut self, value) {
            members.push((name, value));
        }
        self
    }

    /// The document, two blanks a level, with its final line end.
    pub fn document(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out.push('\n');
        out
    }

    fn write(&self, out: &mut String, level: usize) {
        match self {
            Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            // Writing to a String cannot fail, hence the ignored results.
            Json::Number(value) => {
                let _ = write!(out, "{value}");
            }
            Json::Text(text) => string(out, text),
            Json::List(items) => {
                let items = items.iter().map(|item| ("", item));
                write_all(out, level, ['[', ']'], items);
            }
            Json::Object(members) => {
                let members = members.iter().map(|(name, value)| (*name, value));
                write_all(out, level, ['{', '}'], members);
            }
        }
    }
}

/// What stands between two brackets; names are empty in a list.
fn write_all<'a>(
    out: &mut String,
    level: usize,
    brackets: [char; 2],
    items: impl Iterator<Item = (&'static str, &'a Json)>,
) {
    out.push(brackets[0]);
    let mut empty = true;
    for (name, value) in items {
        out.push_str(if empty { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(level + 1));
        if !name.is_empty() {
            string(out, name);
            out.push_str(": ");
        }
        value.write(out, level + 1);
        empty = false;
    }
    if !empty {
        out.push('\n');
        out.push_str(&"  ".repeat(level));
    }
    out.push(brackets[1]);
}

/// A string with its quotes.
fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Json, expected: &str) {
        assert_eq!(value.document(), format!("{expected}\n"));
    }

    #[test]
    fn forms() {
        check(Json::list([]), "[]");
        check(Json::object([]), "{}");
        check(Json::text("a\"b\\c\n\u{1}é\t\r"), "\"a\\\"b\\\\c\\n\\u0001é\\t\\r\"");
        check(
            Json::object([("a", Json::list([Json::Number(-1), Json::Bool(true)]))])
                .with("b", None)
                .with("c", Some(Json::Bool(false))),
            "{\n  \"a\": [\n    -1,\n    true\n  ],\n  \"c\": false\n}",
        );
    }
}
