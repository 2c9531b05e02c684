//! Numbers of JSON as HAProxy reads and writes them.

use std::fmt::Write;

use base::bytes;
use state::sample::text::Short;

/// Digits of which a written number has at most.
const DIGITS: usize = 6;

/// The number at the start of a text, and its length: 0 where there is none, and where a number ends in
/// something else than a digit or an exponent.
pub fn read(text: &[u8]) -> (f64, usize) {
    let (sign, mut at) = match text.first() {
        Some(b'-') => (-1.0, 1),
        Some(b'+') => (1.0, 1),
        _ => (1.0, 0),
    };
    let start = at;
    let mut value = 0.0;
    for digit in digits(&text[at..]) {
        value = value * 10.0 + f64::from(digit);
        at += 1;
    }
    if at == start && text.get(at) != Some(&b'.') {
        return (0.0, 0);
    }
    value *= sign;
    if text.get(at) == Some(&b'.') {
        at += 1;
        let (mut fraction, mut weight) = (0.0, 0.1);
        for digit in digits(&text[at..]) {
            fraction += weight * f64::from(digit);
            weight /= 10.0;
            at += 1;
        }
        value += fraction * sign;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let (exponent, len) = exponent(&text[at + 1..]);
        (scale(value, exponent), at + 1 + len)
    } else if text[at - 1].is_ascii_digit() {
        (value, at)
    } else {
        (value, 0)
    }
}

fn digits(text: &[u8]) -> impl Iterator<Item = u8> {
    text.iter().take_while(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0')
}

/// The number behind the letter, which may be missing, and its length.
fn exponent(text: &[u8]) -> (i32, usize) {
    let negative = text.first() == Some(&b'-');
    let signs = usize::from(negative);
    let signs = signs + usize::from(text.get(signs) == Some(&b'+'));
    let (value, len) = digits(&text[signs..]).fold((0i32, signs), |(value, len), digit| {
        (value.saturating_mul(10).saturating_add(i32::from(digit)), len + 1)
    });
    (if negative { -value } else { value }, len)
}

/// By repeated squares, whose errors are part of the result.
fn scale(value: f64, exponent: i32) -> f64 {
    let (mut factor, mut square) = (1.0, 10.0);
    let mut left = exponent.unsigned_abs();
    while left > 0 {
        if left & 1 == 1 {
            factor *= square;
        }
        square *= square;
        left >>= 1;
    }
    match exponent {
        1.. => value * factor,
        0 => value,
        _ => value / factor,
    }
}

/// As C's `%g` writes it.
pub fn write(value: f64, out: &mut Short) -> std::fmt::Result {
    if value.is_nan() {
        // The sign that the processor gives to a number which is none.
        return out.write_str("-nan");
    }
    if value.is_infinite() {
        return out.write_str(if value < 0.0 { "-inf" } else { "inf" });
    }
    let mut digits = Short::default();
    write!(digits, "{:.*e}", DIGITS - 1, value.abs())?;
    let text = std::str::from_utf8(digits.as_bytes()).unwrap_or_default();
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent = bytes::parse_i64(exponent.as_bytes()).unwrap_or(0);
    if value.is_sign_negative() {
        out.write_str("-")?;
    }
    match usize::try_from(exponent) {
        Ok(whole) if whole < DIGITS => {
            let mut fixed = Short::default();
            write!(fixed, "{:.*}", DIGITS - 1 - whole, value.abs())?;
            out.write_str(trim(std::str::from_utf8(fixed.as_bytes()).unwrap_or_default()))
        }
        Err(_) if exponent >= -4 => {
            let zeros = &"000"[..(-1 - exponent) as usize];
            let digits = trim(mantissa).split('.');
            write!(out, "0.{zeros}")?;
            digits.into_iter().try_for_each(|part| out.write_str(part))
        }
        _ => {
            let sign = if exponent < 0 { '-' } else { '+' };
            write!(out, "{}e{sign}{:02}", trim(mantissa), exponent.unsigned_abs())
        }
    }
}

/// Without the zeros behind the point, nor the point itself where nothing follows it.
fn trim(number: &str) -> &str {
    match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => number,
    }
}
