//! The text around a log message: priority, date, host, tag (RFC 3164, RFC 5424, and the short
//! forms of the manual's section 4.2, `log`, `format`).

mod frames;
mod parse;

use base::bytes::{write_dec, write_padded};

pub use frames::{Broken, next as next_frame};
use parse::{LONG_TIME, SHORT_TIME};
pub use parse::{Received, parse};

/// A local point in time, taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    pub micros: u32,
    /// Seconds east of UTC.
    pub offset: i32,
}

/// How a message is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RFC 3164 without the host.
    Local,
    Rfc3164,
    Rfc5424,
    /// Facility and level in angle brackets.
    Priority,
    /// The level in angle brackets.
    Short,
    /// The level in angle brackets, and the date.
    Timed,
    /// The date.
    Iso,
    /// Nothing.
    Raw,
}

/// What stands in front of a message. What is empty is left out, or shown as the form asks for.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    pub facility: u32,
    pub level: u32,
    /// Now.
    pub moment: Moment,
    /// The time of a received message, as it was written; empty: now.
    pub time: &'a [u8],
    /// Empty: `localhost`, or `-` in RFC 5424.
    pub host: &'a [u8],
    pub tag: &'a [u8],
    pub pid: &'a [u8],
    pub message_id: &'a [u8],
    /// Structured data of RFC 5424; empty: `-`.
    pub data: &'a [u8],
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The name of a month, 1 to 12.
pub fn month_name(month: u32) -> &'static str {
    MONTHS.get((month as usize).wrapping_sub(1)).copied().unwrap_or("???")
}

/// The number of the month that a short time begins with.
fn month_number(time: &[u8]) -> Option<u32> {
    let name = time.get(..3)?;
    (1..).zip(MONTHS).find(|(_, month)| month.as_bytes() == name).map(|(number, _)| number)
}

/// The form in which a message is forwarded where nobody says: that in which it came.
pub fn form_of(received: &Received<'_>) -> Form {
    if !received.host.is_empty() {
        let is_long = received.time == b"-" || received.time.len() >= LONG_TIME;
        return if is_long { Form::Rfc5424 } else { Form::Rfc3164 };
    }
    match (received.tag, received.priority) {
        ([_, ..], _) => Form::Local,
        (_, Some(_)) => Form::Priority,
        _ => Form::Raw,
    }
}

/// Appends everything that stands in front of the message.
pub fn write_header(form: Form, header: &Header<'_>, out: &mut Vec<u8>) {
    let priority = header.facility * 8 + header.level;
    match form {
        Form::Raw => {}
        Form::Short => write_priority(header.level, out),
        Form::Priority => write_priority(priority, out),
        Form::Iso => write_long_time(header, out),
        Form::Timed => {
            write_priority(header.level, out);
            write_long_time(header, out);
        }
        Form::Local | Form::Rfc3164 => {
            write_priority(priority, out);
            write_short_time(header, out);
            if form == Form::Rfc3164 {
                write_word(header.host, b"localhost", out);
            }
            write_tag(header, out);
        }
        Form::Rfc5424 => {
            write_priority(priority, out);
            out.extend_from_slice(b"1 ");
            match header.time {
                b"-" => out.extend_from_slice(b"- "),
                _ => write_long_time(header, out),
            }
            for word in [header.host, header.tag, header.pid, header.message_id, header.data] {
                write_word(word, b"-", out);
            }
        }
    }
}

fn write_priority(number: u32, out: &mut Vec<u8>) {
    out.push(b'<');
    write_dec(out, number.into());
    out.push(b'>');
}

/// Numbers of two digits, with `between` in between.
fn write_pairs(numbers: &[u32], between: u8, out: &mut Vec<u8>) {
    for (at, number) in numbers.iter().enumerate() {
        if at > 0 {
            out.push(between);
        }
        write_padded(out, (*number).into(), 2, b'0');
    }
}

/// The word or what stands in for it, and a space.
fn write_word(word: &[u8], instead: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(if word.is_empty() { instead } else { word });
    out.push(b' ');
}

/// `tag[pid]: `
fn write_tag(header: &Header<'_>, out: &mut Vec<u8>) {
    if header.tag.is_empty() {
        return;
    }
    out.extend_from_slice(header.tag);
    if !header.pid.is_empty() {
        out.push(b'[');
        out.extend_from_slice(header.pid);
        out.push(b']');
    }
    out.extend_from_slice(b": ");
}

/// `2026-11-23T10:11:12.123456+01:00 `
fn write_long_time(header: &Header<'_>, out: &mut Vec<u8>) {
    let Moment { year, month, day, hour, minute, second, micros, offset } = header.moment;
    match (header.time.len(), month_number(header.time)) {
        (LONG_TIME.., _) => write_word(header.time, b"", out),
        (SHORT_TIME, Some(sent)) => {
            // Of last year, where that month is yet to come. Its zone is not known.
            let year = if sent > month { year - 1 } else { year };
            write_padded(out, year.unsigned_abs().into(), 4, b'0');
            out.push(b'-');
            write_padded(out, sent.into(), 2, b'0');
            let tens = if header.time[4] == b' ' { b'0' } else { header.time[4] };
            out.extend_from_slice(&[b'-', tens, header.time[5], b'T']);
            out.extend_from_slice(&header.time[7..]);
            out.extend_from_slice(b"-00:00 ");
        }
        _ => {
            write_padded(out, year.unsigned_abs().into(), 4, b'0');
            out.push(b'-');
            write_pairs(&[month, day], b'-', out);
            out.push(b'T');
            write_pairs(&[hour, minute, second], b':', out);
            out.push(b'.');
            write_padded(out, micros.into(), 6, b'0');
            out.push(if offset < 0 { b'-' } else { b'+' });
            let offset = offset.unsigned_abs() / 60;
            write_pairs(&[offset / 60, offset % 60], b':', out);
            out.push(b' ');
        }
    }
}

/// `Nov 23 10:11:12 `
fn write_short_time(header: &Header<'_>, out: &mut Vec<u8>) {
    let Moment { month, day, hour, minute, second, .. } = header.moment;
    let time = header.time;
    let digit = |at: usize| time.get(at).map_or(0, |byte| u32::from(byte.wrapping_sub(b'0')));
    let sent = digit(5).wrapping_mul(10).wrapping_add(digit(6));
    if time.len() == SHORT_TIME {
        write_word(time, b"", out);
    } else if time.len() >= LONG_TIME && sent <= 12 {
        out.extend_from_slice(month_name(sent.max(1)).as_bytes());
        out.extend_from_slice(&[b' ', if time[8] == b'0' { b' ' } else { time[8] }, time[9], b' ']);
        out.extend_from_slice(&time[11..19]);
        out.push(b' ');
    } else {
        out.extend_from_slice(month_name(month).as_bytes());
        out.push(b' ');
        write_padded(out, day.into(), 2, b' ');
        out.push(b' ');
        write_pairs(&[hour, minute, second], b':', out);
        out.push(b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: Form, host: &str, expected: &str) {
        check_data(form, host, b"", expected);
    }

    fn check_data(form: Form, host: &str, data: &[u8], expected: &str) {
        let moment = Moment {
            year: 2026,
            month: 11,
            day: 3,
            hour: 9,
            minute: 8,
            second: 7,
            micros: 1234,
            offset: -5400,
        };
        let header = Header {
            facility: 16,
            level: 6,
            moment,
            time: b"",
            host: host.as_bytes(),
            tag: b"haproxy",
            pid: b"42",
            message_id: b"",
            data,
        };
        let mut out = Vec::new();
        write_header(form, &header, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    /// As HAProxy 3.5 forwards it.
    fn check_received(form: Option<Form>, input: &str, expected: &str) {
        let received = parse(input.as_bytes());
        let form = form.unwrap_or_else(|| form_of(&received));
        let (facility, level) = received.priority.unwrap_or_default();
        let Received { time, host, tag, pid, message_id, data, text, .. } = received;
        let moment = Moment { year: 2026, month: 2, day: 1, ..Moment::default() };
        let header = Header { facility, level, moment, time, host, tag, pid, message_id, data };
        let mut out = Vec::new();
        write_header(form, &header, &mut out);
        out.extend_from_slice(text);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn forwarded_messages() {
        let bsd = "<134>Nov  3 09:08:07 h tag[42]: text";
        let ietf = "<134>1 2026-11-03T09:08:07.001+01:00 h tag 42 id [a] text";
        check_received(None, bsd, bsd);
        check_received(None, ietf, ietf);
        check_received(None, "<134>text", "<134>text");
        check_received(None, "text", "text");
        check_received(Some(Form::Rfc3164), ietf, bsd);
        check_received(Some(Form::Rfc5424), bsd, "<134>1 2025-11-03T09:08:07-00:00 h tag 42 - - text");
        check_received(Some(Form::Local), ietf, "<134>Nov  3 09:08:07 tag[42]: text");
        check_received(Some(Form::Timed), ietf, "<6>2026-11-03T09:08:07.001+01:00 text");
        check_received(Some(Form::Rfc5424), "<134>1 - - - - - - x", "<134>1 - - - - - - x");
        check_received(Some(Form::Rfc3164), "<134>x", "<134>Feb  1 00:00:00 localhost x");
    }

    #[test]
    fn forms() {
        check(Form::Local, "h", "<134>Nov  3 09:08:07 haproxy[42]: ");
        check(Form::Rfc3164, "h", "<134>Nov  3 09:08:07 h haproxy[42]: ");
        check(Form::Rfc3164, "", "<134>Nov  3 09:08:07 localhost haproxy[42]: ");
        check(Form::Rfc5424, "", "<134>1 2026-11-03T09:08:07.001234-01:30 - haproxy 42 - - ");
        let data = b"[id@1 a=\"b\"]";
        let ietf = "<134>1 2026-11-03T09:08:07.001234-01:30 h haproxy 42 - [id@1 a=\"b\"] ";
        check_data(Form::Rfc5424, "h", data, ietf);
        check_data(Form::Rfc3164, "h", data, "<134>Nov  3 09:08:07 h haproxy[42]: ");
        check(Form::Priority, "h", "<134>");
        check(Form::Short, "h", "<6>");
        check(Form::Timed, "h", "<6>2026-11-03T09:08:07.001234-01:30 ");
        check(Form::Iso, "h", "2026-11-03T09:08:07.001234-01:30 ");
        check(Form::Raw, "h", "");
    }
}
