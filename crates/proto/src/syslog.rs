//! The text around a log message: priority, date, host, tag (RFC 3164, RFC 5424, and the short
//! forms of the manual's section 4.2, `log`, `format`).

use base::bytes::{write_dec, write_padded};

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

/// What stands in front of a message.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    pub facility: u8,
    pub level: u8,
    pub moment: Moment,
    /// Empty: `localhost`, or `-` in RFC 5424.
    pub host: &'a [u8],
    pub tag: &'a [u8],
    pub pid: u32,
    /// Structured data of RFC 5424; empty: `-`.
    pub data: &'a [u8],
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The name of a month, 1 to 12.
pub fn month_name(month: u32) -> &'static str {
    MONTHS.get((month as usize).wrapping_sub(1)).copied().unwrap_or("???")
}

/// Appends everything that stands in front of the message.
pub fn write_header(form: Form, header: &Header<'_>, out: &mut Vec<u8>) {
    let priority = u32::from(header.facility) * 8 + u32::from(header.level);
    match form {
        Form::Raw => {}
        Form::Short => write_level(header.level.into(), out),
        Form::Priority => write_level(priority, out),
        Form::Iso => write_iso(&header.moment, out),
        Form::Timed => {
            write_level(header.level.into(), out);
            write_iso(&header.moment, out);
        }
        Form::Local | Form::Rfc3164 => write_bsd(form, priority, header, out),
        Form::Rfc5424 => write_ietf(priority, header, out),
    }
}

fn write_level(number: u32, out: &mut Vec<u8>) {
    out.push(b'<');
    write_dec(out, number.into());
    out.push(b'>');
}

fn write_iso(moment: &Moment, out: &mut Vec<u8>) {
    write_timestamp(moment, out);
    out.push(b' ');
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

/// `2026-11-23T10:11:12.123456+01:00`
fn write_timestamp(moment: &Moment, out: &mut Vec<u8>) {
    let Moment { year, month, day, hour, minute, second, micros, offset } = *moment;
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
}

fn write_bsd(form: Form, priority: u32, header: &Header<'_>, out: &mut Vec<u8>) {
    let Moment { month, day, hour, minute, second, .. } = header.moment;
    write_level(priority, out);
    out.extend_from_slice(month_name(month).as_bytes());
    out.push(b' ');
    write_padded(out, day.into(), 2, b' ');
    out.push(b' ');
    write_pairs(&[hour, minute, second], b':', out);
    out.push(b' ');
    if form == Form::Rfc3164 {
        out.extend_from_slice(if header.host.is_empty() { b"localhost" } else { header.host });
        out.push(b' ');
    }
    out.extend_from_slice(header.tag);
    out.push(b'[');
    write_dec(out, header.pid.into());
    out.extend_from_slice(b"]: ");
}

fn write_ietf(priority: u32, header: &Header<'_>, out: &mut Vec<u8>) {
    write_level(priority, out);
    out.extend_from_slice(b"1 ");
    write_timestamp(&header.moment, out);
    out.push(b' ');
    out.extend_from_slice(if header.host.is_empty() { b"-" } else { header.host });
    out.push(b' ');
    out.extend_from_slice(header.tag);
    out.push(b' ');
    write_dec(out, header.pid.into());
    out.extend_from_slice(b" - ");
    out.extend_from_slice(if header.data.is_empty() { b"-" } else { header.data });
    out.push(b' ');
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
        let header =
            Header { facility: 16, level: 6, moment, host: host.as_bytes(), tag: b"haproxy", pid: 42, data };
        let mut out = Vec::new();
        write_header(form, &header, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected);
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
