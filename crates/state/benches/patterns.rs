//! Loading, searching and changing lists of a million patterns: `cargo bench -p state`.

use std::fmt::Write;
use std::hint::black_box;

use bumpalo::Bump;
use criterion::{BatchSize, Criterion, SamplingMode, criterion_group, criterion_main};
use ir::expr::MatchMethod;
use state::Value;
use state::plan::Map;

const LINES: u32 = 1_000_000;

/// A number that looks random and is not.
fn mixed(number: u32) -> u32 {
    number.wrapping_mul(0x9e37_79b1).rotate_left(13).wrapping_mul(0x85eb_ca6b)
}

fn host(number: u32) -> String {
    format!("h{}.site{}.example{}.com", mixed(number), number % 1000, number % 7)
}

fn path(number: u32) -> String {
    format!("/shop/{}/item/{number}", mixed(number) % 5000)
}

fn network(number: u32) -> String {
    let [a, b, c, d] = mixed(number).to_be_bytes();
    match number % 3 {
        0 => format!("{a}.{b}.{c}.{d}"),
        1 => format!("{a}.{b}.{c}.0/24"),
        _ => format!("2001:db8:{:x}:{:x}::/64", mixed(number) >> 16, number & 0xffff),
    }
}

fn address(number: u32) -> String {
    let key = network(number);
    match key.split_once("::/") {
        Some((prefix, _)) => format!("{prefix}::7"),
        None => {
            key.trim_end_matches("0/24").to_owned()
                + if key.ends_with('4') && key.contains('/') { "9" } else { "" }
        }
    }
}

fn text(key: impl Fn(u32) -> String) -> String {
    let mut text = String::new();
    for number in 0..LINES {
        let _ = writeln!(text, "{} backend{}", key(number), number % 100);
    }
    text
}

/// How keys of a list and texts that match them are made.
type Make = fn(u32) -> String;

const CASES: [(&str, MatchMethod, Make, Make); 5] = [
    ("str", MatchMethod::Str, host, host),
    ("beg", MatchMethod::Beg, path, |number| path(number) + "/view?page=2"),
    ("end", MatchMethod::End, host, |number| format!("www.{}", host(number))),
    ("dom", MatchMethod::Dom, host, |number| format!("www.{}:8080", host(number))),
    ("ip", MatchMethod::Ip, network, address),
];

fn lists(c: &mut Criterion) {
    for (name, method, key, wanted) in CASES {
        let source = text(key);
        let mut group = c.benchmark_group(name);
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        group.bench_function("load", |b| {
            b.iter_batched(|| (), |()| Map::parse(source.as_bytes(), method), BatchSize::PerIteration);
        });
        let Ok(map) = Map::parse(source.as_bytes(), method) else { continue };
        let texts: Vec<String> = (0..10_000).map(|number| wanted(mixed(number) % LINES)).collect();
        let mut arena = Bump::new();
        let mut at = 0;
        group.bench_function("match", |b| {
            b.iter(|| {
                at = (at + 1) % texts.len();
                arena.reset();
                black_box(map.find(Value::Str(texts[at].as_bytes()), &arena).is_some())
            });
        });
        group.bench_function("miss", |b| {
            b.iter(|| {
                at = (at + 1) % texts.len();
                arena.reset();
                let text = texts[at].as_bytes();
                black_box(map.find(Value::Str(&text[..text.len() / 2]), &arena).is_some())
            });
        });
        group.bench_function("set", |b| {
            b.iter(|| {
                at = (at + 1) % texts.len();
                map.reference().set(key(at as u32 * 97).as_bytes(), texts[at].as_bytes())
            });
        });
        group.bench_function("add and remove", |b| {
            b.iter(|| {
                at += 1;
                let new = key(LINES + at as u32);
                let _ = map.reference().add(None, new.as_bytes(), Some(b"x"));
                map.reference().remove(new.as_bytes())
            });
        });
        group.finish();
    }
}

criterion_group!(benches, lists);
criterion_main!(benches);
