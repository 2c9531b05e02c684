//! Fields of the protocols that converters take apart.

use ir::checks::ArgFacts;
use ir::expr::Arg;

use super::{Checked, lossy, require, text};

/// A type of the protocol buffers' language.
pub fn protobuf_type(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    const TYPES: [&str; 14] = [
        "int32", "uint32", "sint32", "int64", "uint64", "sint64", "bool", "enum", "fixed32", "sfixed32",
        "float", "fixed64", "sfixed64", "double",
    ];
    let name = text(args, 1);
    require(args.len() < 2 || TYPES.iter().any(|known| known.as_bytes() == name), || {
        format!("Wrong protocol buffer type '{}'", lossy(name))
    })
}

/// A tag of the FIX protocol: a number or one of a few names.
pub fn fix_tag(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    const NAMES: [&str; 6] =
        ["MsgType", "CheckSum", "BodyLength", "TargetCompID", "BeginString", "SenderCompID"];
    let tag = text(args, 0);
    let is_number = tag.iter().all(u8::is_ascii_digit) && tag.iter().any(|digit| *digit != b'0');
    require(is_number || NAMES.iter().any(|name| tag.eq_ignore_ascii_case(name.as_bytes())), || {
        format!("Unknown FIX tag name '{}'", lossy(tag))
    })
}

/// MQTT's packets in the order of their numbers, from 1, with the fields that each may have.
const PACKETS: [(&str, &str); 15] = [
    (
        "CONNECT",
        "protocol_name protocol_version flags keepalive 17 33 39 34 25 23 38 21 22 client_identifier 24 1 2 3 8 9 \
         will_topic will_payload username password",
    ),
    ("CONNACK", "flags protocol_version reason_code 17 33 36 37 39 18 34 31 40 41 42 19 26 28 38 21 22"),
    ("PUBLISH", "1 2 3 8 9 11 35 38"),
    ("PUBACK", "reason_code 31 38"),
    ("PUBREC", "reason_code 31 38"),
    ("PUBREL", "reason_code 31 38"),
    ("PUBCOMP", "reason_code 31 38"),
    ("SUBSCRIBE", "11 38"),
    ("SUBACK", "31 38"),
    ("UNSUBSCRIBE", "38"),
    ("UNSUBACK", "31 38"),
    ("PINGREQ", ""),
    ("PINGRESP", ""),
    ("DISCONNECT", "reason_code 17 28 31 38"),
    ("AUTH", "21 22 31 38"),
];

pub fn mqtt_field(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let (packet, field) = (text(args, 0), text(args, 1));
    let number = base::bytes::parse_u64(packet).and_then(|number| usize::try_from(number).ok());
    let by_number = number.and_then(|number| PACKETS.get(number.checked_sub(1)?));
    let by_name = || PACKETS.iter().find(|(name, _)| packet.eq_ignore_ascii_case(name.as_bytes()));
    let Some((_, fields)) = by_number.or_else(by_name) else {
        return Err(format!("Unknown MQTT type '{}'", lossy(packet)));
    };
    let has_field = fields.split_ascii_whitespace().any(|known| field.eq_ignore_ascii_case(known.as_bytes()));
    require(has_field, || {
        format!("Unknown MQTT field name '{}' for packet type '{}'", lossy(field), lossy(packet))
    })
}
