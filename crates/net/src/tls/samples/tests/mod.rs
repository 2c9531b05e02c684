//! The rows of this folder: their examples, and tokens that are made here.

mod jwe;
mod jws;

use ir::config::{Config, Tokens};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use samples::testing;
use state::plan::Functions;
use state::sample::Arg;
use state::{Stream, Value};

use super::{converters, fetches, load_keys};

#[test]
fn examples() {
    testing::run_fetches(fetches());
    testing::run_converters(converters(), &functions());
}

#[test]
fn rows_are_sound() {
    testing::check_fetches(fetches());
    testing::check_converters(converters());
}

fn functions() -> Functions {
    Functions { token_keys: Some(load_keys), ..Functions::default() }
}

/// A stream of a configuration that has these keys for tokens.
fn stream(tokens: Tokens) -> Stream {
    let config = Config { tokens, ..state::testing::config() };
    state::testing::stream_of(config, &functions(), "GET / HTTP/1.1")
}

/// What a converter gives for a token, with the texts as arguments.
fn convert<'a>(stream: &'a Stream, name: &str, args: &'a mut [Arg], token: &'a [u8]) -> Option<Value<'a>> {
    let row = converters().find(|row| row.spec.name == name).expect("row");
    if let Some(prepare) = row.prepare {
        prepare(&stream.plan.config, args).expect("arguments");
    }
    (row.run)(stream, args, Value::Bin(token))
}

fn text(text: &[u8]) -> Arg {
    Arg::Str(text.into())
}

fn rsa_key() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).expect("key")).expect("key")
}

fn ec_key(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).expect("curve");
    PKey::from_ec_key(EcKey::generate(&group).expect("key")).expect("key")
}

/// In base64 for tokens.
fn base64(bytes: &[u8]) -> String {
    let text = openssl::base64::encode_block(bytes);
    text.trim_end_matches('=').replace('+', "-").replace('/', "_")
}

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    /// A token with a few bytes changed, doubled or left out.
    fn spoil(&mut self, token: &[u8]) -> Vec<u8> {
        let mut bytes = token.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            let some = b".=A_e\0\xff{"[self.below(8)];
            match self.below(4) {
                0 => bytes[at] = some,
                1 => bytes.insert(at, some),
                2 => bytes.truncate(at.max(1)),
                _ => drop(bytes.splice(at..at, token[..at.min(token.len())].iter().copied())),
            }
        }
        bytes
    }
}
