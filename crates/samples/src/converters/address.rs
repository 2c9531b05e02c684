//! Addresses and masks.

use ir::spec::ArgType;
use ir::types::SampleType::Addr;
use state::sample::{Arg, v6_to_v4};
use state::{Stream, Value};

use crate::row::{Converter, Example};

pub const ROWS: &[Converter] = &[Converter::new("ipmask", Addr, Addr, "The network of an address", ipmask)
    .args(1, &[ArgType::Mask4, ArgType::Mask6])
    .examples(&[
        Example::new("10.1.2.3", &["16"], "10.1.0.0"),
        Example::new("2001:db8:1:2::3", &["16", "48"], "2001:db8:1::"),
        Example::new("2001:db8:1:2::3", &["16", "ffff::ffff"], "2001::3"),
        Example::new("10.1.2.3", &["255.0.255.0"], "10.0.2.0"),
        Example::new("::ffff:10.1.2.3", &["16", "48"], "10.1.0.0"),
        Example::none("2001:db8:1:2::3", &["16"]),
    ])];

/// An address of version 6 that stands for one of version 4 counts as such.
fn ipmask<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    let value = match value {
        Value::Ipv6(address) => v6_to_v4(address).map_or(value, Value::Ipv4),
        value => value,
    };
    match (value, args.first(), args.get(1)) {
        (Value::Ipv4(address), Some(Arg::Mask4(mask)), _) => Some(Value::Ipv4(address & mask)),
        (Value::Ipv6(address), _, Some(Arg::Mask6(mask))) => Some(Value::Ipv6(address & mask)),
        _ => None,
    }
}
