//! Expiry, size, and threads that share a table.

use ir::config::StickTable;

use super::*;
use crate::testing;

fn settings(size: u32, expire: u64) -> StickTable {
    StickTable { size, expire, ..testing::table() }
}

fn table(size: u32, expire: u64) -> &'static Table {
    Box::leak(Box::new(Table::new(&settings(size, expire))))
}

fn increase(table: &Table, key: &str, now: u64) -> Option<u64> {
    table.find_or_make(key.as_bytes(), now, |row| row.add(DataType::Gpc0, 0, 1)).flatten()
}

fn value(table: &Table, key: &str, now: u64) -> Option<u64> {
    table.find(key.as_bytes(), now, |row| row.get(DataType::Gpc0, 0)).flatten()
}

#[test]
fn entries_expire() {
    let table = table(10, 100);
    assert_eq!((increase(table, "a", 0), increase(table, "a", 50)), (Some(1), Some(2)));
    assert_eq!(increase(table, "b", 60), Some(1));
    assert_eq!((value(table, "a", 149), value(table, "a", 150)), (Some(2), None));
    assert_eq!((table.used(159), table.used(160)), (1, 0));
    assert_eq!(increase(table, "a", 200), Some(1));
}

#[test]
fn what_is_tracked_stays() {
    let table = table(10, 100);
    let tracked = table.track(b"a", 0).expect("room");
    tracked.with(0, |row| row.add(DataType::Gpc0, 0, 5));
    assert_eq!((value(table, "a", 1000), table.used(1000)), (Some(5), 1));
    assert_eq!(tracked.key(<[u8]>::to_vec), b"a");
    let second = table.track(b"a", 1000).expect("room");
    assert_eq!(second.with(1000, |row| row.trackers), 2);
    drop(tracked);
    drop(second);
    assert_eq!((value(table, "a", 1099), value(table, "a", 1100)), (Some(5), None));
}

#[test]
fn a_full_table_drops_its_oldest() {
    let table = table(3, 0);
    for key in ["a", "b", "c"] {
        increase(table, key, 0);
    }
    increase(table, "a", 1);
    let tracked = table.track(b"b", 1).expect("room");
    increase(table, "d", 2);
    assert_eq!(["a", "b", "c", "d"].map(|key| value(table, key, 2)), [Some(2), Some(1), None, Some(1)]);
    increase(table, "e", 3);
    assert_eq!((value(table, "a", 3), table.used(3)), (None, 3));
    drop(tracked);
    let full = Table::new(&StickTable { nopurge: true, ..settings(1, 0) });
    assert_eq!((increase(&full, "a", 0), increase(&full, "b", 0), full.used(0)), (Some(1), None, 1));
}

#[test]
fn a_table_whose_entries_are_all_tracked_takes_no_more() {
    let table = table(1, 0);
    let _tracked = table.track(b"a", 0).expect("room");
    assert!(table.track(b"b", 0).is_none());
    assert_eq!((increase(table, "b", 0), table.used(0)), (None, 1));
}

#[test]
fn threads_share_it() {
    let table = table(100_000, 0);
    assert!(table.shards.len() > 1);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..2000 {
                    increase(table, &format!("key{}", number % 500), number);
                }
            });
        }
    });
    assert_eq!((value(table, "key7", 0), table.used(0)), (Some(16), 500));
    let mut sum = 0;
    table.each(0, |_, row| sum += row.get(DataType::Gpc0, 0).unwrap_or(0));
    assert_eq!(sum, 8000);
}
