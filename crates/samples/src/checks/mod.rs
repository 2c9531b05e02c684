//! Checks of the values that a row's arguments may have, beyond their types. The messages are
//! HAProxy's.

mod converters;
mod crypto;
mod fetches;
mod protocols;

pub use converters::*;
pub use crypto::*;
pub use fetches::*;
pub use protocols::*;

use ir::expr::Arg;

type Checked = Result<(), String>;

/// The text of an argument; empty where it was left out.
fn text(args: &[Arg], index: usize) -> &[u8] {
    match args.get(index) {
        Some(Arg::Str(text)) => text,
        _ => b"",
    }
}

/// The number of an argument; 0 where it was left out.
fn number(args: &[Arg], index: usize) -> i64 {
    match args.get(index) {
        Some(Arg::Sint(number)) => *number,
        _ => 0,
    }
}

fn lossy(text: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(text)
}

fn require(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// A time's unit at `index`, when it is given.
fn unit(args: &[Arg], index: usize) -> Checked {
    match args.get(index) {
        Some(Arg::Str(unit)) if !matches!(unit.as_slice(), b"s" | b"ms" | b"us") => {
            Err(format!("expects 's', 'ms' or 'us', got '{}'", lossy(unit)))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use ir::checks::{ArgFacts, ArgsCheck};
    use ir::expr::{Var, VarScope};
    use ir::id::VarId;

    use super::*;

    /// Variables begin with `txn.`, the ACL is `known`, the digest `sha256`.
    struct World;

    impl ArgFacts for World {
        fn variable(&mut self, name: &[u8]) -> Result<Var, String> {
            require(name.starts_with(b"txn."), || "no variable".into())?;
            Ok(Var { scope: VarScope::Txn, id: VarId(0) })
        }

        fn has_acl(&mut self, name: &[u8]) -> bool {
            name == b"known"
        }

        fn has_digest(&self, name: &[u8]) -> bool {
            name == b"sha256"
        }

        fn keep_public_key(&mut self, _: &[u8]) -> bool {
            false
        }

        fn let_tokens_use(&mut self, _: &[u8]) {}

        fn may_tokens_use(&self, _: &[u8]) -> Option<bool> {
            None
        }

        fn is_web_key(&self, _: &[u8]) -> bool {
            true
        }

        fn not_executed(&mut self, _: &'static str) {}

        fn warn(&mut self, _: &str) {}
    }

    /// Digits make a number; the expected error is empty where there is none.
    fn check(row: ArgsCheck, args: &[&str], expected: &str) {
        let arg = |text: &&str| match text.parse() {
            Ok(number) => Arg::Sint(number),
            Err(_) => Arg::Str(text.as_bytes().to_vec()),
        };
        let mut values: Vec<Arg> = args.iter().map(arg).collect();
        let error = row(&mut World, &mut values).err().unwrap_or_default();
        assert_eq!(error, expected, "{args:?}");
    }

    #[test]
    fn of_fetches() {
        check(acls, &["!known", "known"], "");
        check(acls, &["other"], "ACL 'other' not found");
        check(capture_id, &["-1"], "capture identifier must be >= 0");
        check(header_occurrence, &["host", "-11"], "header occurrence must be >= -10");
        check(message_block, &["head"], "");
        check(message_block, &["x"], "invalid block position");
        check(payload_lv, &["0", "2", "+1x"], "payload offset2 is not a number");
        check(payload_lv, &["0", "0"], "payload length must be > 0");
        check(constant_bool, &["TRUE"], "");
        check(constant_bin, &["abc"], "an even number of hex digit is expected");
        check(proxy_extension, &["unique_id"], "");
        check(proxy_extension, &["0x1ff"], "Invalid TLV Type '0x1ff'");
        check(variable_scope, &["x"], "invalid scope 'x', must be one of: sess, txn, req, res, proc");
    }

    #[test]
    fn of_converters() {
        check(bytes, &["txn.a"], "");
        check(bytes, &["x"], "expects an integer or a variable name");
        check(split, &["0", "x"], "Unexpected value 0 for index");
        check(control_characters, &["0xff"], "");
        check(
            control_characters,
            &["0x3ffffffff"],
            "unsupported excess bits 0x200000000 in argument value 0x3ffffffff",
        );
        check(add_item, &["x"], "one of the optional arguments has to be nonempty");
        check(set_variable, &["txn.a", "ifset"], "");
        check(set_variable, &["txn.a", "maybe"], "unknown condition \"maybe\"");
        check(condition, &["!normal"], "");
        check(condition, &["acl", "other"], "ACL 'other' not found");
        check(param_delimiter, &["name", "0x26"], "");
        check(mqtt_field, &["connect", "will_topic"], "");
        check(mqtt_field, &["PINGREQ", "flags"], "Unknown MQTT field name 'flags' for packet type 'PINGREQ'");
        check(fix_tag, &["msgtype"], "");
    }

    #[test]
    fn of_keys() {
        const BASE64: &str = "argument needs to be base64 encoded, and can either be a string or a variable";
        check(hmac, &["sha256", "a2V5"], "");
        check(hmac, &["sha256", "key"], &format!("failed to parse key : {BASE64}"));
        check(digest, &["rot13"], "algorithm must be a valid OpenSSL message digest name.");
        check(aes_cbc, &["64", "", ""], "key size must be 128, 192 or 256 (bits).");
        check(aes_gcm_encrypt, &["128", "a2V5", "a2V5", "txn.tag"], "");
        check(jwt_verify, &["HS256", "secret"], "");
        check(jwt_verify, &["XS256", "secret"], "unknown JWT algorithm: XS256");
        check(jwk, &["{\"kty\": \"oct\"}"], "Missing 'k' field in JWK");
    }
}
