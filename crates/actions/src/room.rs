//! What rewriting has room for. HAProxy keeps a message in one buffer of `tune.bufsize`, the part
//! of its body that came included; a change that does not fit fails, and then `strict-mode` says
//! whether the message is refused.

use proto::message::Head;
use state::Stream;
use state::plan::Outcome;
use state::termination::{Cause, State};

/// What any message takes of a buffer, and what each field adds to its text.
const MESSAGE: usize = 85;
const FIELD: usize = 8;

/// What a head takes of the buffer.
fn size(head: &Head) -> usize {
    let fields = head.fields().map(|(name, value)| FIELD + name.len() + value.len());
    MESSAGE + head.method().len() + head.target().len() + fields.sum::<usize>()
}

/// Whether an answer of our own, `stream.res` with `stream.reply`, fits into a buffer.
pub(crate) fn holds_answer(stream: &Stream) -> bool {
    size(&stream.res) + stream.reply.len() <= stream.plan.config.global.tune.bufsize
}

/// What a body may take of the buffer behind a head: what rewriting may use up is left free.
pub fn of_body(stream: &Stream, head: &Head) -> usize {
    let tune = &stream.plan.config.global.tune;
    tune.bufsize.saturating_sub(tune.maxrewrite).saturating_sub(size(head))
}

/// What `waiting` bytes of a body behind a head take of the buffer.
pub fn held(stream: &Stream, head: &Head, waiting: usize) -> usize {
    if waiting == 0 { 0 } else { waiting.min(of_body(stream, head)) }
}

/// Whether the message at hand can grow by `more` bytes.
pub(crate) fn has_room(stream: &Stream, more: usize) -> bool {
    let (head, held) = match stream.in_response() {
        true => (&stream.res, stream.held.response),
        false => (&stream.req, stream.held.request),
    };
    let left = stream.plan.config.global.tune.bufsize.saturating_sub(held + more);
    // What was appended so far is never less than what is there, and costs nothing to look at.
    head.bytes().len() + MESSAGE + FIELD * head.field_count() <= left || size(head) <= left
}

/// Whether the message at hand has room for one more field.
pub(crate) fn has_field_room(stream: &Stream, name: &[u8], value: &[u8]) -> bool {
    has_room(stream, FIELD + name.len() + value.len())
}

/// A change that did not fit, or could not be made.
pub(crate) fn failed(stream: &mut Stream) -> Outcome {
    if stream.soft_rewrites {
        return Outcome::Continue;
    }
    let state = if stream.in_response() { State::Headers } else { State::Request };
    stream.termination.set(Cause::Proxy, state);
    Outcome::Failed
}

/// Appends a field to the message at hand.
pub(crate) fn add(stream: &mut Stream, name: &[u8], value: &[u8]) -> Outcome {
    let added =
        try_add(stream, name, value) && (stream.in_response() || follow_host(&mut stream.req, name, value));
    if added { Outcome::Continue } else { failed(stream) }
}

/// A field that a request was given: its new host is also that of its target, where that has one.
/// `false`: it could not be.
pub(crate) fn follow_host(req: &mut Head, name: &[u8], value: &[u8]) -> bool {
    !name.eq_ignore_ascii_case(b"host") || req.set_authority(value)
}

/// Appends an element to the list that a field of the request is; `false`: it does not fit.
pub fn try_append(stream: &mut Stream, index: usize, element: &[u8]) -> bool {
    let fits = has_room(stream, element.len() + 1);
    if fits {
        stream.req.append_element(index, element);
    }
    fits
}

/// Appends a field; `false`: it does not fit.
pub fn try_add(stream: &mut Stream, name: &[u8], value: &[u8]) -> bool {
    let fits = has_field_room(stream, name, value);
    if fits {
        stream.head_mut().add(name, value);
    }
    fits
}

#[cfg(test)]
mod tests {
    use crate::testing::run_stream;
    use state::plan::Outcome;
    use state::testing;

    #[test]
    fn rewriting_ends_with_the_buffer() {
        let check = |bufsize: usize, rules: &str, expected: Outcome| {
            let mut config = testing::config();
            config.global.tune.bufsize = bufsize;
            let (stream, outcome) = run_stream(config, "GET / HTTP/1.1\nhost: a", rules);
            assert_eq!(outcome, expected, "{bufsize} {rules}");
            (stream.req.field_count(), stream.termination.letters())
        };
        // 85 + 3 + 1 for the line, 13 for the host, 12 for the new field.
        let add = "add-header x-a 1";
        assert_eq!(check(114, add, Outcome::Continue), (2, *b"----"));
        assert_eq!(check(113, add, Outcome::Failed), (1, *b"PR--"));
        assert_eq!(check(113, &format!("strict-mode off\n{add}"), Outcome::Continue), (1, *b"----"));
        let both = format!("strict-mode off\nstrict-mode on\n{add}");
        assert_eq!(check(113, &both, Outcome::Failed), (1, *b"PR--"));
        assert_eq!(check(103, "set-uri /a", Outcome::Continue), (1, *b"----"));
        assert_eq!(check(102, "set-uri /a", Outcome::Failed), (1, *b"PR--"));
        assert_eq!(check(102, "set-header host bc", Outcome::Failed), (0, *b"PR--"));
        assert_eq!(check(102, "replace-header host a bc", Outcome::Failed), (1, *b"PR--"));
    }
}
