//! Dates of HTTP headers as numbers (RFC 9110, section 5.6.7).

use ir::types::SampleType::{Sint, Str};
use state::sample::Arg;
use state::{Stream, Value};

use super::text_of;
use crate::row::{Converter, Example};

pub const ROWS: &[Converter] = &[Converter::new(
    "date",
    Str,
    Sint,
    "Seconds since 1970 of a date in one of the three forms that HTTP has",
    date,
)
.examples(&[
    Example::new("Sun, 06 Nov 1994 08:49:37 GMT", &[], "784111777"),
    Example::new("Sunday, 06-Nov-94 08:49:37 GMT", &[], "784111777"),
    Example::new("Sunday, 06-Nov-1994 08:49:37 GMT", &[], "784111777"),
    Example::new("Sun Nov  6 08:49:37 1994", &[], "784111777"),
    Example::new("Thu, 29 Feb 2024 00:00:00 GMT", &[], "1709164800"),
    Example::none("Sun, 06 nov 1994 08:49:37 GMT", &[]),
    Example::none("", &[]),
])];

const DAYS: [&[u8]; 7] =
    [b"Monday", b"Tuesday", b"Wednesday", b"Thursday", b"Friday", b"Saturday", b"Sunday"];
const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Two-digit years up to this one are of the century that began in 2000.
const PIVOT: i64 = 60;

/// A day and a time; the day and the time may be larger than there are.
struct Moment {
    year: i64,
    /// From 0.
    month: usize,
    day: i64,
    /// Of the day.
    seconds: i64,
}

/// What is still to be read of a date.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn skip(&mut self, word: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(word)?;
        Some(())
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        let add = |number: i64, digit: &u8| number * 10 + i64::from(digit - b'0');
        digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, add))
    }

    fn day_name(&mut self, length: usize) -> Option<()> {
        let length = |name: &[u8]| length.min(name.len());
        let name = DAYS.iter().find(|name| self.0.starts_with(&name[..length(name)]))?;
        self.0 = &self.0[length(name)..];
        Some(())
    }

    fn month(&mut self) -> Option<usize> {
        let month = MONTHS.iter().position(|name| self.0.starts_with(name))?;
        self.0 = &self.0[3..];
        Some(month)
    }

    /// `08:49:37`
    fn time(&mut self) -> Option<i64> {
        let hours = self.digits(2)?;
        self.skip(b":")?;
        let minutes = self.digits(2)?;
        self.skip(b":")?;
        Some(hours * 3600 + minutes * 60 + self.digits(2)?)
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    fn imf(&mut self) -> Option<Moment> {
        self.day_name(3)?;
        self.skip(b", ")?;
        let day = self.digits(2)?;
        self.skip(b" ")?;
        let month = self.month()?;
        self.skip(b" ")?;
        let year = self.digits(4)?;
        self.skip(b" ")?;
        let seconds = self.time()?;
        self.skip(b" GMT")?;
        Some(Moment { year, month, day, seconds })
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`, also with four digits for the year.
    fn rfc850(&mut self) -> Option<Moment> {
        self.day_name(usize::MAX)?;
        self.skip(b", ")?;
        let day = self.digits(2)?;
        self.skip(b"-")?;
        let month = self.month()?;
        self.skip(b"-")?;
        let start = self.digits(2)?;
        let year = match self.skip(b" ") {
            Some(()) if start <= PIVOT => 2000 + start,
            Some(()) => 1900 + start,
            None => {
                let year = start * 100 + self.digits(2)?;
                self.skip(b" ")?;
                year
            }
        };
        let seconds = self.time()?;
        self.skip(b" GMT")?;
        Some(Moment { year, month, day, seconds })
    }

    /// `Sun Nov  6 08:49:37 1994`
    fn asctime(&mut self) -> Option<Moment> {
        self.day_name(3)?;
        self.skip(b" ")?;
        let month = self.month()?;
        self.skip(b" ")?;
        let day = if self.skip(b" ").is_some() { self.digits(1) } else { self.digits(2) }?;
        self.skip(b" ")?;
        let seconds = self.time()?;
        self.skip(b" ")?;
        Some(Moment { year: self.digits(4)?, month, day, seconds })
    }
}

/// Seconds since 1970.
fn epoch(moment: &Moment) -> i64 {
    const BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    // Leap days from the first year of the calendar to the end of a year.
    let leap_days = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let Moment { year, month, day, seconds } = *moment;
    // The leap day of the year itself counts from March on.
    let leap_year = if month > 1 { year } else { year - 1 };
    let days = 365 * (year - 1970) + leap_days(leap_year) - leap_days(1969) + BEFORE_MONTH[month] + day - 1;
    days * 86_400 + seconds
}

fn date<'a>(_: &'a Stream, _: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let text = text_of(value)?;
    let moment = Reader(text).imf().or_else(|| Reader(text).rfc850()).or_else(|| Reader(text).asctime())?;
    Some(Value::Sint(epoch(&moment)))
}
