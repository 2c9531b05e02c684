//! Times such as `10s` (manual, 2.5). Left out: the messages, whose words differ from keyword
//! to keyword.

/// The unit of a number without one, and of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Us,
    Ms,
    S,
    Min,
    Hour,
    Day,
}

impl Unit {
    fn micros(self) -> u64 {
        match self {
            Unit::Us => 1,
            Unit::Ms => 1_000,
            Unit::S => 1_000_000,
            Unit::Min => 60_000_000,
            Unit::Hour => 3_600_000_000,
            Unit::Day => 86_400_000_000,
        }
    }
}

/// A time that was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// In the unit the caller asked for, rounded up; at most `i32::MAX`.
    pub value: u32,
    /// The first byte after the unit. HAProxy 3.5 takes the time and warns about the rest, see
    /// [`extra_message`].
    pub extra: Option<u8>,
}

/// Why a text is no time. HAProxy also has messages for an underflow; they are never seen,
/// since it rounds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The byte at this offset is no digit and no unit; the offset may be the text's end.
    Unexpected(usize),
    /// More than `i32::MAX` units, about 24.8 days in milliseconds.
    Over,
}

/// The first byte behind the unit of a time, be it out of range.
pub fn extra(text: &[u8]) -> Option<u8> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let unit = match &text[digits..] {
        [b'u' | b'm', b's', ..] => 2,
        [b's' | b'm' | b'h' | b'd', ..] => 1,
        _ => return None,
    };
    text.get(digits + unit).copied()
}

/// HAProxy's warning about [`Time::extra`].
pub fn extra_message(extra: u8, text: &[u8]) -> String {
    format!(
        "unexpected character '{}' after the timer value '{}', only (us=microseconds,\
         ms=milliseconds,s=seconds,m=minutes,h=hours,d=days) are supported. This will be \
         reported as an error in next versions.",
        char::from(extra),
        String::from_utf8_lossy(text),
    )
}

/// Reads digits with an optional `us`, `ms`, `s`, `m`, `h` or `d`.
pub fn parse(text: &[u8], unit: Unit) -> Result<Time, TimeError> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return Err(TimeError::Unexpected(0));
    }
    let (given, unit_len) = match &text[digits..] {
        [] => (unit, 0),
        [b'u', b's', ..] => (Unit::Us, 2),
        [b'm', b's', ..] => (Unit::Ms, 2),
        [b's', ..] => (Unit::S, 1),
        [b'm', ..] => (Unit::Min, 1),
        [b'h', ..] => (Unit::Hour, 1),
        [b'd', ..] => (Unit::Day, 1),
        _ => return Err(TimeError::Unexpected(digits)),
    };
    let number = crate::bytes::parse_u64(&text[..digits]).ok_or(TimeError::Over)?;
    let micros = u128::from(number) * u128::from(given.micros());
    let value = micros.div_ceil(u128::from(unit.micros()));
    match u32::try_from(value) {
        Ok(value) if value <= i32::MAX as u32 => {
            Ok(Time { value, extra: text.get(digits + unit_len).copied() })
        }
        _ => Err(TimeError::Over),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(u32, Option<u8>), TimeError>) {
        let got = parse(text.as_bytes(), Unit::Ms).map(|time| (time.value, time.extra));
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn in_milliseconds() {
        check("0", Ok((0, None)));
        check("10", Ok((10, None)));
        check("0us", Ok((0, None)));
        check("1us", Ok((1, None)));
        check("1000us", Ok((1, None)));
        check("1001us", Ok((2, None)));
        check("7ms", Ok((7, None)));
        check("5s", Ok((5_000, None)));
        check("10m", Ok((600_000, None)));
        check("1h", Ok((3_600_000, None)));
        check("24d", Ok((2_073_600_000, None)));
        check("2147483647", Ok((2_147_483_647, None)));
        check("10sx", Ok((10_000, Some(b'x'))));
        check("1h5", Ok((3_600_000, Some(b'5'))));
        check("10msfoo", Ok((10, Some(b'f'))));
    }

    #[test]
    fn behind_the_unit() {
        for (text, expected) in [
            ("5", None),
            ("5s", None),
            ("5sx", Some(b'x')),
            ("99999999999mms", Some(b'm')),
            ("5usy", Some(b'y')),
        ] {
            assert_eq!(extra(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn refused() {
        check("", Err(TimeError::Unexpected(0)));
        check("-5", Err(TimeError::Unexpected(0)));
        check("10x", Err(TimeError::Unexpected(2)));
        check("10u", Err(TimeError::Unexpected(2)));
        check("5S", Err(TimeError::Unexpected(1)));
        check("1.5s", Err(TimeError::Unexpected(1)));
        check("2147483648", Err(TimeError::Over));
        check("25d", Err(TimeError::Over));
        check("99999999d", Err(TimeError::Over));
        check("18446744073709551615", Err(TimeError::Over));
        check("99999999999999999999999", Err(TimeError::Over));
    }

    #[test]
    fn in_other_units() {
        assert_eq!(parse(b"1500", Unit::S).map(|t| t.value), Ok(1500));
        assert_eq!(parse(b"1500ms", Unit::S).map(|t| t.value), Ok(2));
        assert_eq!(parse(b"2d", Unit::S).map(|t| t.value), Ok(172_800));
        assert_eq!(parse(b"3s", Unit::Us).map(|t| t.value), Ok(3_000_000));
        assert_eq!(parse(b"90m", Unit::Hour).map(|t| t.value), Ok(2));
    }
}
