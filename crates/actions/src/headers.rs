//! Actions on header fields, of the request or the response that the phase is about.

use ir::spec::{ActionArg, ActionOption};
use state::Stream;
use state::plan::{ActionValue, Args, Outcome};

use crate::row::{Action, sets};

const METHOD: &[ActionOption] = &[ActionOption::new("-m", &[ActionArg::Str])];

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
        stream.head_mut().add(args.str(0), value);
    });
    Outcome::Continue
}

fn set_header(stream: &mut Stream, args: &Args) -> Outcome {
    stream.with_scratch(|stream, value| {
        args.write(1, stream, value);
        stream.head_mut().set(args.str(0), value);
    });
    Outcome::Continue
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

fn starts(name: &[u8], wanted: &[u8]) -> bool {
    name.get(..wanted.len()).is_some_and(|part| part.eq_ignore_ascii_case(wanted))
}

fn ends(name: &[u8], wanted: &[u8]) -> bool {
    name.len().checked_sub(wanted.len()).is_some_and(|at| name[at..].eq_ignore_ascii_case(wanted))
}

fn contains(name: &[u8], wanted: &[u8]) -> bool {
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
            if !text.is_empty() && regex.expand_match(text, template, out) {
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
    stream.with_scratch(|stream, buffer| {
        args.write(2, stream, buffer);
        // The template stands first, the new value behind it.
        let template_len = buffer.len();
        let head = stream.head_mut();
        for index in 0..head.len() {
            let (name, value) = head.field(index);
            if !name.eq_ignore_ascii_case(wanted) {
                continue;
            }
            let mut out = buffer.split_off(template_len);
            let found = edit(value, regex, buffer, &mut out);
            if found {
                head.replace_value(index, &out);
            }
        }
    });
    Outcome::Continue
}
