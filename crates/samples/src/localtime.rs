//! Dates in the local time zone and by `strftime`: the C library knows the zone. The text of
//! the last second is kept for each thread, since a log line is written for every request.
#![allow(unsafe_code)]

use std::cell::Cell;

use bumpalo::Bump;

use crate::room::join;

/// A broken-down date.
#[derive(Clone, Copy)]
pub struct Date(libc::tm);

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Date {
    /// The local date of seconds since the epoch.
    pub fn local(seconds: i64) -> Self {
        thread_local! {
            static LAST: Cell<Option<(i64, Date)>> = const { Cell::new(None) };
        }
        if let Some((have, date)) = LAST.get()
            && have == seconds
        {
            return date;
        }
        let mut tm = empty();
        // SAFETY: both pointers are to live values of the right types; the function writes
        // only through the second and keeps neither.
        unsafe { libc::localtime_r(&seconds, &mut tm) };
        LAST.set(Some((seconds, Self(tm))));
        Self(tm)
    }

    /// The UTC date of seconds since the epoch.
    pub fn utc(seconds: i64) -> Self {
        let mut tm = empty();
        // SAFETY: as above.
        unsafe { libc::gmtime_r(&seconds, &mut tm) };
        Self(tm)
    }

    /// `26/Apr/2024:09:39:58`
    pub fn write_log(&self, out: &mut Vec<u8>) {
        two(self.0.tm_mday, out);
        out.push(b'/');
        let month = usize::try_from(self.0.tm_mon).unwrap_or(0);
        out.extend_from_slice(MONTHS[month % 12].as_bytes());
        out.push(b'/');
        base::bytes::write_dec_i64(out, i64::from(self.0.tm_year) + 1900);
        for number in [self.0.tm_hour, self.0.tm_min, self.0.tm_sec] {
            out.push(b':');
            two(number, out);
        }
    }

    /// The distance to UTC: `+0200`
    pub fn write_offset(&self, out: &mut Vec<u8>) {
        let minutes = self.0.tm_gmtoff / 60;
        out.push(if minutes < 0 { b'-' } else { b'+' });
        two((minutes.abs() / 60) as i32, out);
        two((minutes.abs() % 60) as i32, out);
    }

    /// By a format of strftime(3), in `arena`; nothing where that is longer than 16 kB.
    pub fn format<'a>(&self, format: &[u8], arena: &'a Bump) -> &'a [u8] {
        if format.contains(&0) {
            return b"";
        }
        let ended = join(arena, &[format, b"\0"]);
        for room in [128, 16_384] {
            let text = arena.alloc_slice_fill_copy(room, 0u8);
            // SAFETY: the room's length is given, the format ends with a zero byte, and the
            // date was filled by the C library.
            let len =
                unsafe { libc::strftime(text.as_mut_ptr().cast(), room, ended.as_ptr().cast(), &self.0) };
            if len > 0 {
                return &text[..len];
            }
        }
        b""
    }
}

fn two(number: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]);
}

fn empty() -> libc::tm {
    // SAFETY: a `tm` is numbers and a pointer to text that may be null.
    unsafe { std::mem::zeroed() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let mut out = Vec::new();
        let date = Date::utc(1_714_117_198);
        date.write_log(&mut out);
        out.push(b' ');
        date.write_offset(&mut out);
        out.push(b' ');
        let arena = Bump::new();
        out.extend_from_slice(date.format(b"%Y-%m-%dT%H:%M:%SZ", &arena));
        assert_eq!(out, b"26/Apr/2024:07:39:58 +0000 2024-04-26T07:39:58Z");
        let long = [b'%', b'Y'].repeat(100);
        assert_eq!(date.format(&long, &arena).len(), 400);
        assert_eq!(date.format(&long.repeat(100), &arena).len(), 0);
    }
}
