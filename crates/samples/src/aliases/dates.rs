//! Dates as log lines show them. The input is microseconds since 1970.

use crate::localtime::Date;

/// `26/Apr/2024:09:39:58.774`, local.
pub fn exact(micros: u64, out: &mut Vec<u8>) {
    Date::local(seconds(micros)).write_log(out);
    out.push(b'.');
    three_digits(micros / 1000 % 1000, out);
}

/// `26/Apr/2024:07:39:58 +0000`
pub fn gmt(micros: u64, out: &mut Vec<u8>) {
    Date::utc(seconds(micros)).write_log(out);
    out.extend_from_slice(b" +0000");
}

/// `26/Apr/2024:09:39:58 +0200`
pub fn local(micros: u64, out: &mut Vec<u8>) {
    let date = Date::local(seconds(micros));
    date.write_log(out);
    out.push(b' ');
    date.write_offset(out);
}

pub fn three_digits(number: u64, out: &mut Vec<u8>) {
    for divisor in [100, 10, 1] {
        out.push(b'0' + (number / divisor % 10) as u8);
    }
}

fn seconds(micros: u64) -> i64 {
    (micros / 1_000_000) as i64
}
