//! Fetches of sticky counters (manual, sections 7.3.3 and 11.1): of a counter that the stream or
//! its session tracks, or of the entry of the client's address.

use ir::spec::ArgType;
use ir::types::SampleType::{Any, Bool, Sint};
use state::live::tables::{Row, Table, key};
use state::sample::{Arg, Cursor, Fetched};
use state::{Missing, Stream, Value};

use super::at;
use crate::readings::*;
use crate::row::Fetch;

const TABLE: &[ArgType] = &[ArgType::Table];
const NUMBER: &[ArgType] = &[ArgType::Sint, ArgType::Table];
const INDEX_NUMBER: &[ArgType] = &[ArgType::Sint, ArgType::Sint, ArgType::Table];

/// The counter's number stands in the arguments.
const ARGUMENT: usize = usize::MAX;

/// A reading of a counter whose number is in the name.
const fn fixed<const COUNTER: usize, const READING: usize>(name: &'static str) -> Fetch {
    let reading = &READINGS[READING];
    let row = Fetch::new(name, Sint, source(READING), reading.doc, counter::<COUNTER, READING>);
    if reading.indexed { row.args(1, NUMBER) } else { row.args(0, TABLE) }
}

/// A reading of a counter whose number is an argument.
const fn chosen<const READING: usize>(name: &'static str) -> Fetch {
    let reading = &READINGS[READING];
    let row = Fetch::new(name, Sint, source(READING), reading.doc, counter::<ARGUMENT, READING>);
    if reading.indexed { row.args(2, INDEX_NUMBER) } else { row.args(1, NUMBER) }
}

/// A reading of the entry of the client's address.
const fn of_src<const READING: usize>(name: &'static str) -> Fetch {
    let reading = &READINGS[READING];
    let row = Fetch::new(name, Sint, at::CLIENT, reading.doc, client::<READING>);
    if reading.indexed { row.args(2, NUMBER) } else { row.args(1, TABLE) }
}

/// HAProxy says that kilobytes come from the client's side.
const fn source(reading: usize) -> ir::sources::Sources {
    if reading == KBYTES_IN || reading == KBYTES_OUT { at::CLIENT } else { at::INTERNAL }
}

pub const ROWS: &[Fetch] = &[
    fixed::<0, BYTES_IN_RATE>("sc0_bytes_in_rate"),
    fixed::<0, BYTES_OUT_RATE>("sc0_bytes_out_rate"),
    fixed::<0, CLR_GPC0>("sc0_clr_gpc0"),
    fixed::<0, CLR_GPC1>("sc0_clr_gpc1"),
    fixed::<0, CONN_CNT>("sc0_conn_cnt"),
    fixed::<0, CONN_CUR>("sc0_conn_cur"),
    fixed::<0, CONN_RATE>("sc0_conn_rate"),
    fixed::<0, GET_GPC0>("sc0_get_gpc0"),
    fixed::<0, GET_GPC1>("sc0_get_gpc1"),
    fixed::<0, GET_GPT0>("sc0_get_gpt0"),
    fixed::<0, GLITCH_CNT>("sc0_glitch_cnt"),
    fixed::<0, GLITCH_RATE>("sc0_glitch_rate"),
    fixed::<0, GPC0_RATE>("sc0_gpc0_rate"),
    fixed::<0, GPC1_RATE>("sc0_gpc1_rate"),
    fixed::<0, HTTP_ERR_CNT>("sc0_http_err_cnt"),
    fixed::<0, HTTP_ERR_RATE>("sc0_http_err_rate"),
    fixed::<0, HTTP_FAIL_CNT>("sc0_http_fail_cnt"),
    fixed::<0, HTTP_FAIL_RATE>("sc0_http_fail_rate"),
    fixed::<0, HTTP_REQ_CNT>("sc0_http_req_cnt"),
    fixed::<0, HTTP_REQ_RATE>("sc0_http_req_rate"),
    fixed::<0, INC_GPC0>("sc0_inc_gpc0"),
    fixed::<0, INC_GPC1>("sc0_inc_gpc1"),
    fixed::<0, KBYTES_IN>("sc0_kbytes_in"),
    fixed::<0, KBYTES_OUT>("sc0_kbytes_out"),
    fixed::<0, SESS_CNT>("sc0_sess_cnt"),
    fixed::<0, SESS_RATE>("sc0_sess_rate"),
    fixed::<0, TRACKERS>("sc0_trackers"),
    Fetch::new("sc0_key", Any, at::INTERNAL, KEY, counter_key::<0>),
    Fetch::new("sc0_tracked", Bool, at::INTERNAL, TRACKED, tracked::<0>).args(0, TABLE),
    fixed::<1, BYTES_IN_RATE>("sc1_bytes_in_rate"),
    fixed::<1, BYTES_OUT_RATE>("sc1_bytes_out_rate"),
    fixed::<1, CLR_GPC0>("sc1_clr_gpc0"),
    fixed::<1, CLR_GPC1>("sc1_clr_gpc1"),
    fixed::<1, CONN_CNT>("sc1_conn_cnt"),
    fixed::<1, CONN_CUR>("sc1_conn_cur"),
    fixed::<1, CONN_RATE>("sc1_conn_rate"),
    fixed::<1, GET_GPC0>("sc1_get_gpc0"),
    fixed::<1, GET_GPC1>("sc1_get_gpc1"),
    fixed::<1, GET_GPT0>("sc1_get_gpt0"),
    fixed::<1, GLITCH_CNT>("sc1_glitch_cnt"),
    fixed::<1, GLITCH_RATE>("sc1_glitch_rate"),
    fixed::<1, GPC0_RATE>("sc1_gpc0_rate"),
    fixed::<1, GPC1_RATE>("sc1_gpc1_rate"),
    fixed::<1, HTTP_ERR_CNT>("sc1_http_err_cnt"),
    fixed::<1, HTTP_ERR_RATE>("sc1_http_err_rate"),
    fixed::<1, HTTP_FAIL_CNT>("sc1_http_fail_cnt"),
    fixed::<1, HTTP_FAIL_RATE>("sc1_http_fail_rate"),
    fixed::<1, HTTP_REQ_CNT>("sc1_http_req_cnt"),
    fixed::<1, HTTP_REQ_RATE>("sc1_http_req_rate"),
    fixed::<1, INC_GPC0>("sc1_inc_gpc0"),
    fixed::<1, INC_GPC1>("sc1_inc_gpc1"),
    fixed::<1, KBYTES_IN>("sc1_kbytes_in"),
    fixed::<1, KBYTES_OUT>("sc1_kbytes_out"),
    fixed::<1, SESS_CNT>("sc1_sess_cnt"),
    fixed::<1, SESS_RATE>("sc1_sess_rate"),
    fixed::<1, CLR_GPC>("sc1_clr_gpc"),
    fixed::<1, TRACKERS>("sc1_trackers"),
    Fetch::new("sc1_key", Any, at::INTERNAL, KEY, counter_key::<1>),
    Fetch::new("sc1_tracked", Bool, at::INTERNAL, TRACKED, tracked::<1>).args(0, TABLE),
    fixed::<2, BYTES_IN_RATE>("sc2_bytes_in_rate"),
    fixed::<2, BYTES_OUT_RATE>("sc2_bytes_out_rate"),
    fixed::<2, CLR_GPC0>("sc2_clr_gpc0"),
    fixed::<2, CLR_GPC1>("sc2_clr_gpc1"),
    fixed::<2, CONN_CNT>("sc2_conn_cnt"),
    fixed::<2, CONN_CUR>("sc2_conn_cur"),
    fixed::<2, CONN_RATE>("sc2_conn_rate"),
    fixed::<2, GET_GPC0>("sc2_get_gpc0"),
    fixed::<2, GET_GPC1>("sc2_get_gpc1"),
    fixed::<2, GET_GPT0>("sc2_get_gpt0"),
    fixed::<2, GLITCH_CNT>("sc2_glitch_cnt"),
    fixed::<2, GLITCH_RATE>("sc2_glitch_rate"),
    fixed::<2, GPC0_RATE>("sc2_gpc0_rate"),
    fixed::<2, GPC1_RATE>("sc2_gpc1_rate"),
    fixed::<2, HTTP_ERR_CNT>("sc2_http_err_cnt"),
    fixed::<2, HTTP_ERR_RATE>("sc2_http_err_rate"),
    fixed::<2, HTTP_FAIL_CNT>("sc2_http_fail_cnt"),
    fixed::<2, HTTP_FAIL_RATE>("sc2_http_fail_rate"),
    fixed::<2, HTTP_REQ_CNT>("sc2_http_req_cnt"),
    fixed::<2, HTTP_REQ_RATE>("sc2_http_req_rate"),
    fixed::<2, INC_GPC0>("sc2_inc_gpc0"),
    fixed::<2, INC_GPC1>("sc2_inc_gpc1"),
    fixed::<2, KBYTES_IN>("sc2_kbytes_in"),
    fixed::<2, KBYTES_OUT>("sc2_kbytes_out"),
    fixed::<2, SESS_CNT>("sc2_sess_cnt"),
    fixed::<2, SESS_RATE>("sc2_sess_rate"),
    fixed::<2, TRACKERS>("sc2_trackers"),
    Fetch::new("sc2_key", Any, at::INTERNAL, KEY, counter_key::<2>),
    Fetch::new("sc2_tracked", Bool, at::INTERNAL, TRACKED, tracked::<2>).args(0, TABLE),
    chosen::<BYTES_IN_RATE>("sc_bytes_in_rate"),
    chosen::<BYTES_OUT_RATE>("sc_bytes_out_rate"),
    chosen::<CLR_GPC>("sc_clr_gpc"),
    chosen::<CLR_GPC0>("sc_clr_gpc0"),
    chosen::<CLR_GPC1>("sc_clr_gpc1"),
    chosen::<CONN_CNT>("sc_conn_cnt"),
    chosen::<CONN_CUR>("sc_conn_cur"),
    chosen::<CONN_RATE>("sc_conn_rate"),
    chosen::<GET_GPC>("sc_get_gpc"),
    chosen::<GET_GPC0>("sc_get_gpc0"),
    chosen::<GET_GPC1>("sc_get_gpc1"),
    chosen::<GET_GPT>("sc_get_gpt"),
    chosen::<GET_GPT0>("sc_get_gpt0"),
    chosen::<GLITCH_CNT>("sc_glitch_cnt"),
    chosen::<GLITCH_RATE>("sc_glitch_rate"),
    chosen::<GPC0_RATE>("sc_gpc0_rate"),
    chosen::<GPC1_RATE>("sc_gpc1_rate"),
    chosen::<GPC_RATE>("sc_gpc_rate"),
    chosen::<HTTP_ERR_CNT>("sc_http_err_cnt"),
    chosen::<HTTP_ERR_RATE>("sc_http_err_rate"),
    chosen::<HTTP_FAIL_CNT>("sc_http_fail_cnt"),
    chosen::<HTTP_FAIL_RATE>("sc_http_fail_rate"),
    chosen::<HTTP_REQ_CNT>("sc_http_req_cnt"),
    chosen::<HTTP_REQ_RATE>("sc_http_req_rate"),
    chosen::<INC_GPC>("sc_inc_gpc"),
    chosen::<INC_GPC0>("sc_inc_gpc0"),
    chosen::<INC_GPC1>("sc_inc_gpc1"),
    chosen::<KBYTES_IN>("sc_kbytes_in"),
    chosen::<KBYTES_OUT>("sc_kbytes_out"),
    chosen::<SESS_CNT>("sc_sess_cnt"),
    chosen::<SESS_RATE>("sc_sess_rate"),
    chosen::<TRACKERS>("sc_trackers"),
    Fetch::new("sc_key", Any, at::INTERNAL, KEY, counter_key::<ARGUMENT>).args(1, &[ArgType::Sint]),
    Fetch::new("sc_tracked", Bool, at::INTERNAL, TRACKED, tracked::<ARGUMENT>).args(1, NUMBER),
    of_src::<BYTES_IN_RATE>("src_bytes_in_rate"),
    of_src::<BYTES_OUT_RATE>("src_bytes_out_rate"),
    of_src::<CLR_GPC>("src_clr_gpc"),
    of_src::<CLR_GPC0>("src_clr_gpc0"),
    of_src::<CLR_GPC1>("src_clr_gpc1"),
    of_src::<CONN_CNT>("src_conn_cnt"),
    of_src::<CONN_CUR>("src_conn_cur"),
    of_src::<CONN_RATE>("src_conn_rate"),
    of_src::<GET_GPC>("src_get_gpc"),
    of_src::<GET_GPC0>("src_get_gpc0"),
    of_src::<GET_GPC1>("src_get_gpc1"),
    of_src::<GET_GPT>("src_get_gpt"),
    of_src::<GET_GPT0>("src_get_gpt0"),
    of_src::<GLITCH_CNT>("src_glitch_cnt"),
    of_src::<GLITCH_RATE>("src_glitch_rate"),
    of_src::<GPC0_RATE>("src_gpc0_rate"),
    of_src::<GPC1_RATE>("src_gpc1_rate"),
    of_src::<GPC_RATE>("src_gpc_rate"),
    of_src::<HTTP_ERR_CNT>("src_http_err_cnt"),
    of_src::<HTTP_ERR_RATE>("src_http_err_rate"),
    of_src::<HTTP_FAIL_CNT>("src_http_fail_cnt"),
    of_src::<HTTP_FAIL_RATE>("src_http_fail_rate"),
    of_src::<HTTP_REQ_CNT>("src_http_req_cnt"),
    of_src::<HTTP_REQ_RATE>("src_http_req_rate"),
    of_src::<INC_GPC>("src_inc_gpc"),
    of_src::<INC_GPC0>("src_inc_gpc0"),
    of_src::<INC_GPC1>("src_inc_gpc1"),
    of_src::<KBYTES_IN>("src_kbytes_in"),
    of_src::<KBYTES_OUT>("src_kbytes_out"),
    of_src::<SESS_CNT>("src_sess_cnt"),
    of_src::<SESS_RATE>("src_sess_rate"),
    of_src::<UPDT_CONN_CNT>("src_updt_conn_cnt"),
    Fetch::new("table_avl", Sint, at::INTERNAL, "How many entries a stick table still has room for", room)
        .args(1, TABLE),
    Fetch::new("table_cnt", Sint, at::INTERNAL, "How many entries a stick table has", used).args(1, TABLE),
];

const KEY: &str = "The key that the counter counts for";
const TRACKED: &str = "Whether the counter is in use";

/// What the arguments of a reading say.
struct Asked {
    index: u32,
    counter: usize,
    table: Option<&'static Table>,
}

impl Asked {
    /// Takes the arguments apart: the index of an array, the counter's number, the table.
    fn new(stream: &Stream, args: &[Arg], indexed: bool, counter: usize) -> Option<Self> {
        let mut numbers = args.iter().filter_map(|arg| match arg {
            Arg::Sint(number) => Some(*number),
            _ => None,
        });
        let index = if indexed { u32::try_from(numbers.next()?).ok()? } else { 0 };
        let counter = if counter == ARGUMENT { usize::try_from(numbers.next()?).ok()? } else { counter };
        Some(Self { index, counter, table: table(stream, args) })
    }
}

fn number(value: Option<u64>) -> Fetched<'static> {
    // A number of bytes has 64 bits.
    value.map(|value| Value::Sint(value as i64)).ok_or(Missing::Absent)
}

/// The entry's value. Where a table is named, the same key is looked for there; a table with
/// other keys is as good as no counter.
fn counter<'a, const COUNTER: usize, const READING: usize>(
    stream: &'a Stream,
    args: &'a [Arg],
    _: &mut Cursor,
) -> Fetched<'a> {
    let reading = &READINGS[READING];
    let asked = Asked::new(stream, args, reading.indexed, COUNTER).ok_or(Missing::Absent)?;
    let found = stream.counter(asked.counter, |entry| match asked.table {
        None => entry.with(stream.now, |row| (reading.run)(row, asked.index)),
        Some(table) if table.key_type() != entry.table.key_type() => None,
        Some(table) => {
            let key = entry.key(|key| stream.arena.alloc_slice_copy(key));
            table.find(key, stream.now, |row| (reading.run)(row, asked.index)).unwrap_or(Some(0))
        }
    });
    number(found.flatten())
}

fn client<'a, const READING: usize>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let reading = &READINGS[READING];
    let asked = Asked::new(stream, args, reading.indexed, 0).ok_or(Missing::Absent)?;
    let table = asked.table.ok_or(Missing::Absent)?;
    let src = super::connection::source(stream)?;
    let Some(key) = stream.table_key(table, src) else { return number(Some(0)) };
    let read = |row: &mut Row<'_>| (reading.run)(row, asked.index);
    let found = if reading.changes {
        table.find_or_make(key, stream.now, read)
    } else {
        table.find(key, stream.now, read)
    };
    // What cannot be counted is absent; an entry that is not there has only zeros.
    number(found.unwrap_or((READING != UPDT_CONN_CNT).then_some(0)))
}

/// The number of the counter: of the name, or the first argument.
fn counter_number(args: &[Arg], counter: usize) -> Option<usize> {
    match args.first() {
        _ if counter != ARGUMENT => Some(counter),
        Some(Arg::Sint(number)) => usize::try_from(*number).ok(),
        _ => None,
    }
}

fn counter_key<'a, const COUNTER: usize>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let counter = counter_number(args, COUNTER).ok_or(Missing::Absent)?;
    let value = stream
        .counter(counter, |entry| entry.key(|key| key::value(key, entry.table.key_type().0, &stream.arena)));
    value.flatten().ok_or(Missing::Absent)
}

fn tracked<'a, const COUNTER: usize>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    let counter = counter_number(args, COUNTER).ok_or(Missing::Absent)?;
    let fits = |entry: &state::live::tables::Tracked| {
        table(stream, args).is_none_or(|table| table.key_type() == entry.table.key_type())
    };
    Ok(Value::Bool(stream.counter(counter, fits).unwrap_or(false)))
}

fn used<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    number(table(stream, args).map(|table| table.used(stream.now).into()))
}

fn room<'a>(stream: &'a Stream, args: &'a [Arg], _: &mut Cursor) -> Fetched<'a> {
    number(table(stream, args).map(|table| table.size().saturating_sub(table.used(stream.now)).into()))
}

#[cfg(test)]
mod tests;
