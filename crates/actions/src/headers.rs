//! Actions on header fields, of the request or the response that the phase is about.

use ir::spec::{ActionArg, ActionOption};
use state::Stream;
use state::plan::{ActionValue, Args, Outcome};

use crate::room;
use crate::row::{Action, sets};

const METHOD: &[ActionOption] = &[ActionOption::once("-m", &[ActionArg::Str])];

pub const ROWS: &[Action] = &[
    Action::new(
        "add-header",
        sets::HTTP,
        &[ActionArg::Str, ActionArg::Fmt],
        "Appends a header field",
        add_header,
    ),
    Action::new(
        "set-header",
        sets::HTTP,
        &[ActionArg::Str, ActionArg::Fmt],
        "Replaces all header fields of a name by one",
        set_header,
    ),
    Action::new("del-header", sets::HTTP, &[ActionArg::Str], "Removes header fields by name", del_header)
        .options(METHOD),
    Action::new(
        "replace-header",
        sets::HTTP,
        &[ActionArg::Str, ActionArg::Regex, ActionArg::Fmt],
        "Replaces values of a header that match, as whole lines",
        replace_header,
    ),
    Action::new(
        "replace-value",
        sets::HTTP,
        &[ActionArg::Str, ActionArg::Regex, ActionArg::Fmt],
        "Replaces elements of a header's comma-separated values that match",
        replace_value,
    ),
];

fn add_header(stream: &mut Stream, args: &Args) -> Outcome {
    stream.with_scratch(|stream, value| {
        args.write(1, stream, value);
        room::add(stream, args.str(0), value)
    })
}

fn set_header(stream: &mut Stream, args: &Args) -> Outcome {
    stream.with_scratch(|stream, value| {
        args.write(1, stream, value);
        stream.head_mut().remove(args.str(0));
        room::add(stream, args.str(0), value)
    })
}

fn del_header(stream: &mut Stream, args: &Args) -> Outcome {
    let wanted = args.str(0);
    let head = stream.head_mut();
    // The checker makes a regex of the name where the method is `reg`.
    if let Some(ActionValue::Regex(regex)) = args.values.first() {
        head.retain(|name, _| !regex.is_match(name));
        return Outcome::Continue;
    }
    match args.option(0).and_then(|values| values.first()).map(ActionValue::bytes) {
        Some(b"beg") => head.retain(|name, _| !starts(name, wanted)),
        Some(b"end") => head.retain(|name, _| !ends(name, wanted)),
        Some(b"sub") => head.retain(|name, _| !contains(name, wanted)),
        _ => head.remove(wanted),
    }
    Outcome::Continue
}

pub(crate) fn starts(name: &[u8], wanted: &[u8]) -> bool {
    name.get(..wanted.len()).is_some_and(|part| part.eq_ignore_ascii_case(wanted))
}

pub(crate) fn ends(name: &[u8], wanted: &[u8]) -> bool {
    name.len().checked_sub(wanted.len()).is_some_and(|at| name[at..].eq_ignore_ascii_case(wanted))
}

pub(crate) fn contains(name: &[u8], wanted: &[u8]) -> bool {
    wanted.is_empty() || name.windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(wanted))
}

fn replace_header(stream: &mut Stream, args: &Args) -> Outcome {
    replace(stream, args, |value, regex, template, out| regex.expand_match(value, template, out))
}

/// An element that is replaced loses the white space around it.
fn replace_value(stream: &mut Stream, args: &Args) -> Outcome {
    replace(stream, args, |value, regex, template, out| {
        let mut found = false;
        for (index, element) in value.split(|byte| *byte == b',').enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let text = element.trim_ascii();
            if regex.expand_match(text, template, out) {
                found = true;
            } else {
                out.extend_from_slice(element);
            }
        }
        found
    })
}

/// Gives each value of the named header to `edit`, which writes the new one or says `false`.
fn replace(
    stream: &mut Stream,
    args: &Args,
    edit: impl Fn(&[u8], &state::plan::Regex, &[u8], &mut Vec<u8>) -> bool,
) -> Outcome {
    let Some(ActionValue::Regex(regex)) = args.values.get(1) else { return Outcome::Continue };
    let wanted = args.str(0);
    let in_response = stream.in_response();
    stream.with_scratch(|stream, text| {
        args.write(2, stream, text);
        let mut fits = true;
        let template = stream.arena.alloc_slice_copy(text);
        for index in 0..stream.head().field_count() {
            let (name, value) = stream.head().field(index);
            if !name.eq_ignore_ascii_case(wanted) {
                continue;
            }
            text.clear();
            let old = value.len();
            if !edit(value.trim_ascii(), regex, template, text) {
                continue;
            }
            fits = room::has_room(stream, text.len().saturating_sub(old));
            if !fits {
                break;
            }
            let head = if in_response { &mut stream.res } else { &mut stream.req };
            head.replace_value(index, text);
            fits = in_response || room::follow_host(head, wanted, text);
            if !fits {
                break;
            }
        }
        if fits { Outcome::Continue } else { room::failed(stream) }
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    const REQUEST: &str = "GET / HTTP/1.1\nX-A: 1\nX-B: a, bc,  bd ,e\nX-a: 2\nx-ab: 3";

    /// The fields of the request after the rule.
    fn check(rule: &str, expected: &[&str]) {
        let all = run(REQUEST, rule);
        assert_eq!(all.lines().skip(2).collect::<Vec<_>>(), expected, "{rule}");
        assert!(all.starts_with("Continue\nGET /\n"), "{all}");
    }

    #[test]
    fn adding_and_removing() {
        check("add-header X-A 3", &["x-a: 1", "x-b: a, bc,  bd ,e", "x-a: 2", "x-ab: 3", "x-a: 3"]);
        check("set-header X-A %[req.hdr(x-a)]-new", &["x-b: a, bc,  bd ,e", "x-ab: 3", "x-a: 2-new"]);
        check("del-header X-A", &["x-b: a, bc,  bd ,e", "x-ab: 3"]);
        check("del-header x-a -m str", &["x-b: a, bc,  bd ,e", "x-ab: 3"]);
        check("del-header X-a -m beg", &["x-b: a, bc,  bd ,e"]);
        check("del-header B -m end", &["x-a: 1", "x-a: 2"]);
        check("del-header -A -m sub", &["x-b: a, bc,  bd ,e"]);
        check("del-header none", &["x-a: 1", "x-b: a, bc,  bd ,e", "x-a: 2", "x-ab: 3"]);
    }

    #[test]
    fn replacing() {
        check(r"replace-header x-a (.) <\1>", &["x-a: <1>", "x-b: a, bc,  bd ,e", "x-a: <2>", "x-ab: 3"]);
        check(r"replace-header x-b ^a,.(.*) \1", &["x-a: 1", "x-b: bc,  bd ,e", "x-a: 2", "x-ab: 3"]);
        check(r"replace-header x-b ^b \0", &["x-a: 1", "x-b: a, bc,  bd ,e", "x-a: 2", "x-ab: 3"]);
        check(r"replace-value x-b ^b(.) <\1>", &["x-a: 1", "x-b: a,<c>,<d>,e", "x-a: 2", "x-ab: 3"]);
        check(r"replace-value X-A 2 %[method]", &["x-a: 1", "x-b: a, bc,  bd ,e", "x-a: GET", "x-ab: 3"]);
    }

    #[test]
    fn empty_elements() {
        let replaced = run("GET / HTTP/1.1\nx-a:\nx-a: a, ,b,", "replace-value x-a ^$ E");
        assert_eq!(replaced, "Continue\nGET /\nx-a: E\nx-a: a,E,b,E\n");
    }

    #[test]
    fn white_space_is_written_and_not_read() {
        let rules = "add-header x-a %[req.hdr(none)]\tb\t\nset-header x-b <%[req.fhdr(x-a)]>";
        assert_eq!(run("GET / HTTP/1.1", rules), "Continue\nGET /\nx-a: \tb\t\nx-b: <b>\n");
        assert!(run("GET / HTTP/1.1", &format!("{rules}\nreplace-header x-a ^b$ c")).contains("x-a: c\n"));
    }

    #[test]
    fn the_response_in_its_phase() {
        let response = "GET / HTTP/1.1\nx-a: 1\n---\nHTTP/1.1 200 OK\nserver: s\n";
        assert_eq!(
            run(response, "set-header x-a %[res.hdr(server)]"),
            "Continue\n200 OK\nserver: s\nx-a: s\n"
        );
    }
}
