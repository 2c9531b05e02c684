//! Readings of counters and of the entry of an address.

use ir::id::TableId;
use ir::spec::RuleSet;
use state::testing;

use super::*;

/// A stream whose client `tracked` is tracked by counter 1.
fn stream(tracked: &[u8]) -> Stream {
    let mut stream = testing::stream("GET / HTTP/1.1");
    stream.phase = RuleSet::HttpRequest;
    let entry = stream.table(TableId(0)).track(tracked, stream.now).expect("room");
    stream.track(1, entry);
    stream
}

fn value<'a>(stream: &'a Stream, name: &str, args: &'a [Arg]) -> Fetched<'a> {
    let row = ROWS.iter().find(|row| row.spec.name == name).expect(name);
    (row.run)(stream, args, &mut Cursor::default())
}

#[test]
fn of_counters() {
    let stream = stream(b"key");
    let check = |name: &str, args: &[Arg], expected: Fetched<'_>| {
        assert_eq!(value(&stream, name, args), expected, "{name}{args:?}");
    };
    let one = || Arg::Sint(1);
    let zero = || Arg::Sint(0);
    check("sc1_http_req_cnt", &[], Ok(Value::Sint(1)));
    check("sc_http_req_rate", &[one()], Ok(Value::Sint(1)));
    check("sc0_http_req_cnt", &[], Err(Missing::Absent));
    check("sc_http_req_cnt", &[Arg::Sint(-1)], Err(Missing::Absent));
    check("sc1_tracked", &[], Ok(Value::Bool(true)));
    check("sc_tracked", &[zero()], Ok(Value::Bool(false)));
    check("sc1_trackers", &[], Ok(Value::Sint(1)));
    check("sc1_key", &[], Ok(Value::Str(b"key")));
    check("sc0_key", &[], Err(Missing::Absent));
    check("sc1_inc_gpc0", &[], Ok(Value::Sint(1)));
    check("sc_inc_gpc", &[zero(), one()], Ok(Value::Sint(1)));
    check("sc_inc_gpc", &[one(), one()], Ok(Value::Sint(1)));
    check("sc_get_gpc", &[Arg::Sint(2), one()], Err(Missing::Absent));
    check("sc1_clr_gpc0", &[], Ok(Value::Sint(1)));
    check("sc1_get_gpc0", &[Arg::Table(TableId(0))], Ok(Value::Sint(0)));
    check("sc1_gpc0_rate", &[], Ok(Value::Sint(1)));
    check("table_cnt", &[Arg::Table(TableId(0))], Ok(Value::Sint(1)));
    check("table_avl", &[Arg::Table(TableId(0))], Ok(Value::Sint(9)));
}

#[test]
fn of_the_client() {
    let stream = testing::stream("");
    let check = |name: &str, args: &[Arg], expected: Fetched<'_>| {
        assert_eq!(value(&stream, name, args), expected, "{name}{args:?}");
    };
    let table = || Arg::Table(TableId(0));
    check("src_conn_cnt", &[table()], Ok(Value::Sint(0)));
    check("table_cnt", &[table()], Ok(Value::Sint(0)));
    check("src_updt_conn_cnt", &[table()], Ok(Value::Sint(1)));
    check("src_conn_cnt", &[table()], Ok(Value::Sint(1)));
    check("src_inc_gpc", &[Arg::Sint(1), table()], Ok(Value::Sint(1)));
    check("src_get_gpc1", &[table()], Ok(Value::Sint(0)));
    check("src_get_gpc", &[Arg::Sint(1), table()], Ok(Value::Sint(1)));
    check("table_cnt", &[table()], Ok(Value::Sint(1)));
    let entry = |row: &mut state::live::tables::Row<'_>| row.trackers;
    assert_eq!(stream.table(TableId(0)).find(b"192.0.2.1", stream.now, entry), Some(0));
}
