//! Look-ups through the converters.

use ir::id::TableId;
use state::live::tables::DataType;
use state::testing;

use super::*;

fn check(stream: &Stream, name: &str, args: &[Arg], key: Value<'_>, expected: Option<Value<'_>>) {
    let row = ROWS.iter().find(|row| row.spec.name == name).expect(name);
    assert_eq!((row.run)(stream, args, key), expected, "{name} {key:?}");
}

#[test]
fn look_ups() {
    let mut stream = testing::stream("");
    let args = [Arg::Table(TableId(0))];
    let key = Value::Ipv4([192, 0, 2, 1].into());
    let table = stream.table(TableId(0));
    let set = |row: &mut Row<'_>| row.set(DataType::BytesInCnt, 0, 4096);
    table.find_or_make(b"192.0.2.1", stream.now, set);
    check(&stream, "in_table", &args, key, Some(Value::Bool(true)));
    check(&stream, "in_table", &args, Value::Str(b"other"), Some(Value::Bool(false)));
    check(&stream, "table_trackers", &args, key, Some(Value::Sint(1)));
    check(&stream, "table_kbytes_in", &args, key, Some(Value::Sint(4)));
    check(&stream, "table_inc_gpc0", &args, key, Some(Value::Sint(1)));
    check(&stream, "table_inc_gpc0", &args, Value::Str(b"other"), Some(Value::Sint(1)));
    check(&stream, "in_table", &args, Value::Str(b"other"), Some(Value::Bool(true)));
    stream.now += 1000;
    check(&stream, "table_expire", &args, key, Some(Value::Sint(59_000)));
    check(&stream, "table_idle", &args, key, Some(Value::Sint(1000)));
    stream.now += 59_000;
    check(&stream, "in_table", &args, key, Some(Value::Bool(false)));
}
