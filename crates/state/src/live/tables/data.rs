//! What a stick table stores with each key (manual, section 11.1): which kinds there are, where
//! they stand in an entry, and how events change them.

use base::freq::Rate;
use ir::config::StoredData;

/// A kind of data. The order is HAProxy's, which the CLI and the peers protocol use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DataType {
    ServerId,
    Gpt0,
    Gpc0,
    Gpc0Rate,
    ConnCnt,
    ConnRate,
    ConnCur,
    SessCnt,
    SessRate,
    HttpReqCnt,
    HttpReqRate,
    HttpErrCnt,
    HttpErrRate,
    BytesInCnt,
    BytesInRate,
    BytesOutCnt,
    BytesOutRate,
    Gpc1,
    Gpc1Rate,
    ServerKey,
    HttpFailCnt,
    HttpFailRate,
    Gpt,
    Gpc,
    GpcRate,
    GlitchCnt,
    GlitchRate,
}

use DataType::*;

impl DataType {
    /// All kinds by their names, in order.
    pub const ALL: [(&'static str, Self); 27] = [
        ("server_id", ServerId),
        ("gpt0", Gpt0),
        ("gpc0", Gpc0),
        ("gpc0_rate", Gpc0Rate),
        ("conn_cnt", ConnCnt),
        ("conn_rate", ConnRate),
        ("conn_cur", ConnCur),
        ("sess_cnt", SessCnt),
        ("sess_rate", SessRate),
        ("http_req_cnt", HttpReqCnt),
        ("http_req_rate", HttpReqRate),
        ("http_err_cnt", HttpErrCnt),
        ("http_err_rate", HttpErrRate),
        ("bytes_in_cnt", BytesInCnt),
        ("bytes_in_rate", BytesInRate),
        ("bytes_out_cnt", BytesOutCnt),
        ("bytes_out_rate", BytesOutRate),
        ("gpc1", Gpc1),
        ("gpc1_rate", Gpc1Rate),
        ("server_key", ServerKey),
        ("http_fail_cnt", HttpFailCnt),
        ("http_fail_rate", HttpFailRate),
        ("gpt", Gpt),
        ("gpc", Gpc),
        ("gpc_rate", GpcRate),
        ("glitch_cnt", GlitchCnt),
        ("glitch_rate", GlitchRate),
    ];

    /// The element of an array that stands for a single counter which is not stored itself.
    const fn in_array(self) -> Option<(Self, u32)> {
        match self {
            Gpt0 => Some((Gpt, 0)),
            Gpc0 => Some((Gpc, 0)),
            Gpc1 => Some((Gpc, 1)),
            Gpc0Rate => Some((GpcRate, 0)),
            Gpc1Rate => Some((GpcRate, 1)),
            _ => None,
        }
    }
}

/// The place of a kind in an entry.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The first element among the entry's numbers or rates.
    at: u32,
    count: u32,
    /// Milliseconds of a rate; 0: a plain number.
    period: u32,
}

/// Where each kind stands in the entries of a table.
#[derive(Debug)]
pub struct Layout {
    places: [Option<Place>; DataType::ALL.len()],
    pub(super) numbers: usize,
    pub(super) rates: usize,
    /// Byte rates count so many bytes as one (`brates-factor`).
    factor: u64,
}

impl Layout {
    pub fn new(stored: &[StoredData], factor: u32) -> Self {
        let mut layout =
            Self { places: [None; DataType::ALL.len()], numbers: 0, rates: 0, factor: factor.max(1).into() };
        for data in stored {
            let Some(kind) = DataType::ALL.iter().position(|(name, _)| *name == data.name) else { continue };
            let all = if data.period == 0 { &mut layout.numbers } else { &mut layout.rates };
            let place = Place {
                at: u32::try_from(*all).unwrap_or(u32::MAX),
                count: data.count,
                period: u32::try_from(data.period).unwrap_or(u32::MAX),
            };
            *all += data.count as usize;
            layout.places[kind] = Some(place);
        }
        layout
    }

    /// Whether the table stores this kind itself.
    pub fn stores(&self, kind: DataType) -> bool {
        self.places[kind as usize].is_some()
    }

    /// The place of element `index` of a kind: its position, and its period where it is a rate.
    fn find(&self, kind: DataType, index: u32) -> Option<(usize, u32)> {
        let place = self.places[kind as usize]?;
        (index < place.count).then(|| ((place.at + index) as usize, place.period))
    }
}

/// The data of one entry, lent while its shard is locked.
pub struct Row<'a> {
    pub(super) layout: &'a Layout,
    pub(super) numbers: &'a mut [u64],
    pub(super) rates: &'a mut [Rate],
    /// Monotonic milliseconds.
    pub(super) now: u64,
    /// Something was changed, so that the entry lives on.
    pub(super) touched: bool,
    /// How many streams and sessions track the entry.
    pub trackers: u32,
    /// Milliseconds until the entry expires and since it was last touched.
    pub remaining: u64,
    pub idle: u64,
}

impl Row<'_> {
    /// The value of element `index` of a kind: a number, or the events of the last period.
    /// A single counter is also found in its array. `None`: not stored.
    pub fn get(&self, kind: DataType, index: u32) -> Option<u64> {
        match self.layout.find(kind, index) {
            Some((at, 0)) => self.numbers.get(at).copied(),
            Some((at, period)) => {
                let rate = u64::from(self.rates.get(at)?.read(self.now, period));
                let is_bytes = matches!(kind, BytesInRate | BytesOutRate);
                Some(if is_bytes { rate * self.layout.factor } else { rate })
            }
            None => {
                let (array, index) = kind.in_array()?;
                self.get(array, index)
            }
        }
    }

    /// Counts `count` events; gives the new number, or that of the current period of a rate.
    pub fn add(&mut self, kind: DataType, index: u32, count: u64) -> Option<u64> {
        let Some((at, period)) = self.layout.find(kind, index) else {
            let (array, index) = kind.in_array()?;
            return self.add(array, index, count);
        };
        self.touched = true;
        if period == 0 {
            let number = self.numbers.get_mut(at)?;
            *number = if matches!(kind, BytesInCnt | BytesOutCnt) {
                number.wrapping_add(count)
            } else {
                u64::from((*number as u32).wrapping_add(count as u32))
            };
            return Some(*number);
        }
        let count = match kind {
            BytesInRate | BytesOutRate => count.div_ceil(self.layout.factor),
            _ => count,
        };
        let rate = self.rates.get_mut(at)?;
        Some(rate.add(self.now, period, u32::try_from(count).unwrap_or(u32::MAX)).into())
    }

    /// Sets a number; gives the old one. Rates cannot be set.
    pub fn set(&mut self, kind: DataType, index: u32, value: u64) -> Option<u64> {
        let Some((at, period)) = self.layout.find(kind, index) else {
            let (array, index) = kind.in_array()?;
            return self.set(array, index, value);
        };
        let number = self.numbers.get_mut(at).filter(|_| period == 0)?;
        self.touched = true;
        Some(std::mem::replace(number, value))
    }

    /// Keeps the entry alive without a change.
    pub fn touch(&mut self) {
        self.touched = true;
    }

    /// Takes one from a number that is above zero, as `conn_cur`.
    pub fn leave(&mut self, kind: DataType) {
        if let Some((at, 0)) = self.layout.find(kind, 0)
            && let Some(number) = self.numbers.get_mut(at)
        {
            *number = number.saturating_sub(1);
            self.touched = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn stored(name: &'static str, count: u32, period: u64) -> StoredData {
        StoredData { name, count, period }
    }

    /// What `change` makes of a new entry that stores these.
    fn check<R: PartialEq + std::fmt::Debug>(
        data: &[StoredData],
        change: impl FnOnce(&mut Row<'_>) -> R,
        expected: R,
    ) {
        let layout = Layout::new(data, 4);
        let mut numbers = vec![0; layout.numbers];
        let mut rates = vec![Rate::default(); layout.rates];
        let mut row = Row {
            layout: &layout,
            numbers: &mut numbers,
            rates: &mut rates,
            now: 100_000,
            touched: false,
            trackers: 0,
            remaining: 0,
            idle: 0,
        };
        assert_eq!(change(&mut row), expected, "{data:?}");
    }

    #[test]
    fn numbers() {
        let data = [stored("gpc", 2, 0), stored("conn_cur", 1, 0), stored("bytes_in_cnt", 1, 0)];
        check(
            &data,
            |row| (row.add(Gpc, 1, 3), row.get(Gpc1, 0), row.get(Gpc0, 0)),
            (Some(3), Some(3), Some(0)),
        );
        check(&data, |row| row.get(Gpc, 2), None);
        check(&data, |row| row.add(Gpt0, 0, 1), None);
        check(&data, |row| (row.set(Gpc0, 0, 7), row.set(Gpc0, 0, 8)), (Some(0), Some(7)));
        check(&data, |row| (row.leave(ConnCur), row.get(ConnCur, 0)).1, Some(0));
        check(&data, |row| (row.set(ConnCur, 0, u32::MAX.into()), row.add(ConnCur, 0, 1)).1, Some(0));
        check(&data, |row| row.add(BytesInCnt, 0, 1 << 40), Some(1 << 40));
    }

    #[test]
    fn rates() {
        let data = [stored("gpc0_rate", 1, 10_000), stored("bytes_out_rate", 1, 10_000)];
        check(&data, |row| (row.add(Gpc0Rate, 0, 2), row.get(Gpc0Rate, 0)), (Some(2), Some(2)));
        check(&data, |row| (row.add(BytesOutRate, 0, 5), row.get(BytesOutRate, 0)), (Some(2), Some(8)));
        check(&data, |row| row.set(Gpc0Rate, 0, 2), None);
    }
}
