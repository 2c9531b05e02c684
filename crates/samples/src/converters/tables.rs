//! Converters that look a key up in a stick table (manual, sections 7.3.1 and 11.1).

use ir::spec::ArgType;
use ir::types::SampleType::{Any, Bool, Sint};
use state::live::tables::{Row, Table};
use state::sample::Arg;
use state::{Stream, Value};

use super::int_arg;
use crate::readings::*;
use crate::row::{Converter, Example};

const TABLE: &[ArgType] = &[ArgType::Table];
const DEFAULT: &[ArgType] = &[ArgType::Table, ArgType::Sint];

/// A key without an entry.
const NEW: &[Example] = &[Example::new("new", &["web"], "0")];
const NEW_INDEXED: &[Example] = &[Example::new("new", &["0", "web"], "0")];
/// A key whose entry is made.
const MADE: &[Example] = &[Example::new("made", &["web"], "1")];
const MADE_INDEXED: &[Example] = &[Example::new("made", &["0", "web"], "1")];

const fn reading<const READING: usize>(name: &'static str) -> Converter {
    let reading = &READINGS[READING];
    let row = Converter::new(name, Any, Sint, reading.doc, read::<READING>);
    if reading.indexed {
        row.args(2, &[ArgType::Sint, ArgType::Table]).examples(if matches!(READING, INC_GPC) {
            MADE_INDEXED
        } else {
            NEW_INDEXED
        })
    } else {
        row.args(1, TABLE).examples(if matches!(READING, INC_GPC0 | INC_GPC1) { MADE } else { NEW })
    }
}

pub const ROWS: &[Converter] = &[
    Converter::new("in_table", Any, Bool, "Whether a stick table has an entry for the key", in_table)
        .args(1, TABLE)
        .examples(NEW),
    Converter::new("table_expire", Any, Sint, "Milliseconds until the key's entry expires", expire)
        .args(1, DEFAULT)
        .examples(&[Example::none("new", &["web"]), Example::new("new", &["web", "7"], "7")]),
    Converter::new("table_idle", Any, Sint, "Milliseconds since the key's entry was touched", idle)
        .args(1, DEFAULT)
        .examples(&[Example::none("new", &["web"]), Example::new("new", &["web", "7"], "7")]),
    reading::<BYTES_IN_RATE>("table_bytes_in_rate"),
    reading::<BYTES_OUT_RATE>("table_bytes_out_rate"),
    reading::<CLR_GPC>("table_clr_gpc"),
    reading::<CLR_GPC0>("table_clr_gpc0"),
    reading::<CLR_GPC1>("table_clr_gpc1"),
    reading::<CONN_CNT>("table_conn_cnt"),
    reading::<CONN_CUR>("table_conn_cur"),
    reading::<CONN_RATE>("table_conn_rate"),
    reading::<GET_GPC>("table_gpc"),
    reading::<GET_GPC0>("table_gpc0"),
    reading::<GET_GPC1>("table_gpc1"),
    reading::<GET_GPT>("table_gpt"),
    reading::<GET_GPT0>("table_gpt0"),
    reading::<GLITCH_CNT>("table_glitch_cnt"),
    reading::<GLITCH_RATE>("table_glitch_rate"),
    reading::<GPC0_RATE>("table_gpc0_rate"),
    reading::<GPC1_RATE>("table_gpc1_rate"),
    reading::<GPC_RATE>("table_gpc_rate"),
    reading::<HTTP_ERR_CNT>("table_http_err_cnt"),
    reading::<HTTP_ERR_RATE>("table_http_err_rate"),
    reading::<HTTP_FAIL_CNT>("table_http_fail_cnt"),
    reading::<HTTP_FAIL_RATE>("table_http_fail_rate"),
    reading::<HTTP_REQ_CNT>("table_http_req_cnt"),
    reading::<HTTP_REQ_RATE>("table_http_req_rate"),
    reading::<INC_GPC>("table_inc_gpc"),
    reading::<INC_GPC0>("table_inc_gpc0"),
    reading::<INC_GPC1>("table_inc_gpc1"),
    reading::<KBYTES_IN>("table_kbytes_in"),
    reading::<KBYTES_OUT>("table_kbytes_out"),
    reading::<SESS_CNT>("table_sess_cnt"),
    reading::<SESS_RATE>("table_sess_rate"),
    reading::<SERVER_ID>("table_server_id"),
    Converter::new("table_trackers", Any, Sint, "How many streams and sessions count in the entry", trackers)
        .args(1, TABLE)
        .examples(NEW),
];

/// What `f` makes of the entry of a key. The outer `None`: there is no such entry.
fn find<R>(stream: &Stream, table: &Table, value: Value<'_>, f: impl FnOnce(&mut Row<'_>) -> R) -> Option<R> {
    table.find(stream.table_key(table, value)?, stream.now, f)
}

/// A key without an entry has only zeros; what changes an entry makes one.
fn read<'a, const READING: usize>(
    stream: &'a Stream,
    args: &'a [Arg],
    value: Value<'a>,
) -> Option<Value<'a>> {
    let reading = &READINGS[READING];
    let index = if reading.indexed { u32::try_from(int_arg(args, 0)?).ok()? } else { 0 };
    let table = table(stream, args)?;
    let run = |row: &mut Row<'_>| (reading.run)(row, index);
    let found = if reading.changes {
        stream.table_key(table, value).and_then(|key| table.find_or_make(key, stream.now, run))
    } else {
        find(stream, table, value, run)
    };
    Some(Value::Sint(found.unwrap_or(Some(0))? as i64))
}

/// The look-up itself counts, as it does in HAProxy.
fn trackers<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let table = table(stream, args)?;
    let number = find(stream, table, value, |row| i64::from(row.trackers) + 1);
    Some(Value::Sint(number.unwrap_or(0)))
}

fn in_table<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let table = table(stream, args)?;
    Some(Value::Bool(find(stream, table, value, |_| ()).is_some()))
}

fn expire<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    time(stream, args, value, |row| row.remaining)
}

fn idle<'a>(stream: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    time(stream, args, value, |row| row.idle)
}

/// A time of the entry, or the default of the second argument.
fn time<'a>(
    stream: &'a Stream,
    args: &'a [Arg],
    value: Value<'a>,
    of: fn(&Row<'_>) -> u64,
) -> Option<Value<'a>> {
    let found = find(stream, table(stream, args)?, value, |row| of(row));
    let time = found.and_then(|time| i64::try_from(time).ok()).or_else(|| int_arg(args, 1))?;
    Some(Value::Sint(time))
}

#[cfg(test)]
mod tests;
