//! What expressions read of an entry of a stick table (manual, section 11.1): one list for the
//! fetches `sc_…`, `sc0_…`, `src_…` and the converters `table_…`.

use state::Stream;
use state::live::tables::{DataType, Row, Table};
use state::sample::Arg;

use DataType::*;

/// A value of an entry, read or changed.
pub struct Reading {
    pub doc: &'static str,
    /// `None`: the table does not store it. The number is the index in an array.
    pub run: fn(&mut Row<'_>, u32) -> Option<u64>,
    /// The first argument is an index.
    pub indexed: bool,
    /// It changes the entry, which is made where there is none.
    pub changes: bool,
}

const fn plain(doc: &'static str, run: fn(&mut Row<'_>, u32) -> Option<u64>) -> Reading {
    Reading { doc, run, indexed: false, changes: false }
}

const fn indexed(doc: &'static str, run: fn(&mut Row<'_>, u32) -> Option<u64>) -> Reading {
    Reading { indexed: true, ..plain(doc, run) }
}

const fn changing(reading: Reading) -> Reading {
    Reading { changes: true, ..reading }
}

/// The table that the arguments name.
pub fn table(stream: &Stream, args: &[Arg]) -> Option<&'static Table> {
    args.iter().find_map(|arg| match arg {
        Arg::Table(id) => Some(stream.table(*id)),
        _ => None,
    })
}

/// Counts in a counter and its rate: the counter's number, else the rate's, else zero.
fn increase(row: &mut Row<'_>, data: DataType, rate: DataType, index: u32) -> Option<u64> {
    let events = row.add(rate, index, 1);
    row.add(data, index, 1).or(events).or(Some(0))
}

pub const BYTES_IN_RATE: usize = 0;
pub const BYTES_OUT_RATE: usize = 1;
pub const CLR_GPC: usize = 2;
pub const CLR_GPC0: usize = 3;
pub const CLR_GPC1: usize = 4;
pub const CONN_CNT: usize = 5;
pub const CONN_CUR: usize = 6;
pub const CONN_RATE: usize = 7;
pub const GET_GPC: usize = 8;
pub const GET_GPC0: usize = 9;
pub const GET_GPC1: usize = 10;
pub const GET_GPT: usize = 11;
pub const GET_GPT0: usize = 12;
pub const GLITCH_CNT: usize = 13;
pub const GLITCH_RATE: usize = 14;
pub const GPC0_RATE: usize = 15;
pub const GPC1_RATE: usize = 16;
pub const GPC_RATE: usize = 17;
pub const HTTP_ERR_CNT: usize = 18;
pub const HTTP_ERR_RATE: usize = 19;
pub const HTTP_FAIL_CNT: usize = 20;
pub const HTTP_FAIL_RATE: usize = 21;
pub const HTTP_REQ_CNT: usize = 22;
pub const HTTP_REQ_RATE: usize = 23;
pub const INC_GPC: usize = 24;
pub const INC_GPC0: usize = 25;
pub const INC_GPC1: usize = 26;
pub const KBYTES_IN: usize = 27;
pub const KBYTES_OUT: usize = 28;
pub const SESS_CNT: usize = 29;
pub const SESS_RATE: usize = 30;
pub const SERVER_ID: usize = 31;
pub const TRACKERS: usize = 32;
pub const UPDT_CONN_CNT: usize = 33;

/// By the numbers above.
pub const READINGS: &[Reading] = &[
    plain("Bytes from clients over the last period", |row, _| row.get(BytesInRate, 0)),
    plain("Bytes to clients over the last period", |row, _| row.get(BytesOutRate, 0)),
    changing(indexed("Clears a general purpose counter; gives what it was", |row, index| {
        row.set(Gpc, index, 0)
    })),
    changing(plain("Clears the first general purpose counter; gives what it was", |row, _| {
        row.set(Gpc0, 0, 0)
    })),
    changing(plain("Clears the second general purpose counter; gives what it was", |row, _| {
        row.set(Gpc1, 0, 0)
    })),
    plain("Connections that were counted", |row, _| row.get(ConnCnt, 0)),
    plain("Connections that are open", |row, _| row.get(ConnCur, 0)),
    plain("Connections over the last period", |row, _| row.get(ConnRate, 0)),
    indexed("A general purpose counter", |row, index| row.get(Gpc, index)),
    plain("The first general purpose counter", |row, _| row.get(Gpc0, 0)),
    plain("The second general purpose counter", |row, _| row.get(Gpc1, 0)),
    indexed("A general purpose tag", |row, index| row.get(Gpt, index)),
    plain("The first general purpose tag", |row, _| row.get(Gpt0, 0)),
    plain("Protocol glitches", |row, _| row.get(GlitchCnt, 0)),
    plain("Protocol glitches over the last period", |row, _| row.get(GlitchRate, 0)),
    plain("Increments of the first general purpose counter over the last period", |row, _| {
        row.get(Gpc0Rate, 0)
    }),
    plain("Increments of the second general purpose counter over the last period", |row, _| {
        row.get(Gpc1Rate, 0)
    }),
    indexed("Increments of a general purpose counter over the last period", |row, index| {
        row.get(GpcRate, index)
    }),
    plain("Requests that were the client's errors", |row, _| row.get(HttpErrCnt, 0)),
    plain("Requests that were the client's errors over the last period", |row, _| row.get(HttpErrRate, 0)),
    plain("Responses that were the server's failures", |row, _| row.get(HttpFailCnt, 0)),
    plain("Responses that were the server's failures over the last period", |row, _| {
        row.get(HttpFailRate, 0)
    }),
    plain("HTTP requests", |row, _| row.get(HttpReqCnt, 0)),
    plain("HTTP requests over the last period", |row, _| row.get(HttpReqRate, 0)),
    changing(indexed("Increments a general purpose counter; gives what it is then", |row, index| {
        increase(row, Gpc, GpcRate, index)
    })),
    changing(plain("Increments the first general purpose counter; gives what it is then", |row, _| {
        increase(row, Gpc0, Gpc0Rate, 0)
    })),
    changing(plain("Increments the second general purpose counter; gives what it is then", |row, _| {
        increase(row, Gpc1, Gpc1Rate, 0)
    })),
    plain("Kilobytes from clients", |row, _| row.get(BytesInCnt, 0).map(|bytes| bytes >> 10)),
    plain("Kilobytes to clients", |row, _| row.get(BytesOutCnt, 0).map(|bytes| bytes >> 10)),
    plain("Sessions that passed their rules", |row, _| row.get(SessCnt, 0)),
    plain("Sessions that passed their rules over the last period", |row, _| row.get(SessRate, 0)),
    plain("The number of the server that the key sticks to", |row, _| row.get(ServerId, 0)),
    plain("How many streams and sessions count in the entry now", |row, _| Some(row.trackers.into())),
    changing(plain("Counts a connection; gives their number", |row, _| row.add(ConnCnt, 0, 1))),
];
