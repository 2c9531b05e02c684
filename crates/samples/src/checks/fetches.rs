//! Values of fetches' arguments.

use ir::checks::ArgFacts;
use ir::expr::Arg;

use super::{Checked, lossy, number, require, text, unit};

/// How many values of a header are kept from its end.
const HEADER_HISTORY: i64 = 10;

/// `acl`: all names are known; a `!` in front of one negates it.
pub fn acls(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    for index in 0..args.len() {
        let name = text(args, index);
        let name = name.strip_prefix(b"!").unwrap_or(name);
        require(facts.has_acl(name), || format!("ACL '{}' not found", lossy(name)))?;
        args[index] = Arg::Acl(text(args, index).to_vec());
    }
    Ok(())
}

pub fn accept_date_unit(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    unit(args, 0)
}

pub fn date_unit(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    unit(args, 1)
}

/// `us` or `ms`
pub fn rtt_unit(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let unit = text(args, 0);
    require(matches!(unit, b"us" | b"ms"), || format!("expects 'us' or 'ms', got '{}'", lossy(unit)))
}

pub fn tcp_counter(facts: &mut dyn ArgFacts, _: &mut [Arg]) -> Checked {
    facts.warn("no argument supported for 'fc_*' sample expressions returning counters.");
    Ok(())
}

pub fn capture_id(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    require(number(args, 0) >= 0, || "capture identifier must be >= 0".into())
}

pub fn header_occurrence(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    require(number(args, 1) >= -HEADER_HISTORY, || format!("header occurrence must be >= -{HEADER_HISTORY}"))
}

pub fn query(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    require(matches!(text(args, 0), b"" | b"with_qm"), || "supported options are: 'with_qm'".into())
}

/// A block of a message: a position, or a name.
pub fn message_block(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    match text(args, 0) {
        b"" => Err("a block position is expected (> 0) or a special block name (head, tail, first)".into()),
        b"head" | b"tail" | b"first" => Ok(()),
        position => {
            require(position.iter().all(u8::is_ascii_digit), || "invalid block position".into())?;
            let wraps = position
                .iter()
                .fold(0u32, |value, digit| value.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')));
            require(i32::try_from(wraps).is_ok(), || "block position must not be negative".into())
        }
    }
}

pub fn distcc_token(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    require(text(args, 0).len() == 4, || "token name must be exactly 4 characters".into())
}

/// `payload_lv`: where the length stands, its size, and where the payload stands.
pub fn payload_lv(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let (start, size) = (number(args, 0), number(args, 1));
    require(start >= 0, || "payload offset1 must be positive".into())?;
    require(size != 0, || "payload length must be > 0".into())?;
    let offset = text(args, 2);
    if offset.is_empty() {
        return Ok(());
    }
    let offset =
        base::bytes::parse_i64_capped(offset).ok_or_else(|| "payload offset2 is not a number".to_owned())?;
    let end = start.wrapping_add(size).wrapping_add(offset);
    require(end >= 0, || "payload offset2 too negative".into())
}

pub fn uuid_version(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let version = number(args, 0);
    require(matches!(version, 4 | 7), || format!("Unsupported UUID version: '{version}'"))
}

pub fn constant_bool(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let is_one =
        ["true", "1", "false", "0"].iter().any(|word| text(args, 0).eq_ignore_ascii_case(word.as_bytes()));
    require(is_one, || "Expects 'true', 'false', '0' or '1'".into())
}

pub fn constant_bin(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let digits = text(args, 0);
    // HAProxy gives no reason here.
    require(!digits.is_empty(), || "(null)".into())?;
    base::pattern::binary(digits).map(drop)
}

pub fn constant_method(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    require(text(args, 0).iter().all(is_token), || "expects valid method.".into())
}

/// How a certificate's name is written.
pub fn name_format(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    require(matches!(text(args, 2), b"" | b"rfc2253"), || {
        "only rfc2253 or a blank value are currently supported as the format argument.".into()
    })
}

/// A type of the PROXY protocol's extensions: a name or a number.
pub fn proxy_extension(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    const NAMES: [(&str, i64); 12] = [
        ("ALPN", 0x01),
        ("AUTHORITY", 0x02),
        ("CRC32C", 0x03),
        ("NOOP", 0x04),
        ("UNIQUE_ID", 0x05),
        ("SSL", 0x20),
        ("SSL_VERSION", 0x21),
        ("SSL_CN", 0x22),
        ("SSL_CIPHER", 0x23),
        ("SSL_SIG_ALG", 0x24),
        ("SSL_KEY_ALG", 0x25),
        ("NETNS", 0x30),
    ];
    let name = text(args, 0);
    let known = NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
    let kind = match known {
        Some((_, kind)) => *kind,
        None => {
            let (value, end) = base::bytes::leading_c_number(name);
            require(end == name.len(), || format!("Could not convert type '{}'", lossy(name)))?;
            require((0..=255).contains(&value), || format!("Invalid TLV Type '{}'", lossy(name)))?;
            value
        }
    };
    args[0] = Arg::Sint(kind);
    Ok(())
}

/// `dump_all_vars`: a scope or nothing.
pub fn variable_scope(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let scope = text(args, 0);
    require(matches!(scope, b"" | b"sess" | b"txn" | b"req" | b"res" | b"proc" | b"check"), || {
        format!("invalid scope '{}', must be one of: sess, txn, req, res, proc", lossy(scope))
    })
}
