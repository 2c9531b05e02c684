//! Addresses and masks.

use std::net::{Ipv4Addr, Ipv6Addr};

use ir::spec::ArgType;
use ir::types::SampleType::Addr;
use state::sample::Arg;
use state::{Stream, Value};

use crate::row::{Converter, Example};

pub const ROWS: &[Converter] = &[Converter::new("ipmask", Addr, Addr, "The network of an address", ipmask)
    .args(1, &[ArgType::Mask4, ArgType::Mask6])
    .examples(&[
        Example::new("10.1.2.3", &["16"], "10.1.0.0"),
        Example::new("2001:db8:1:2::3", &["16", "48"], "2001:db8:1::"),
        Example::none("2001:db8:1:2::3", &["16"]),
    ])];

fn ipmask<'a>(_: &'a Stream, args: &'a [Arg], value: Value<'a>) -> Option<Value<'a>> {
    match (value, args.first(), args.get(1)) {
        (Value::Ipv4(address), Some(Arg::Mask4(mask)), _) => {
            Some(Value::Ipv4(Ipv4Addr::from_bits(address.to_bits() & mask.to_bits())))
        }
        (Value::Ipv6(address), _, Some(Arg::Mask6(prefix))) => {
            let mask = base::net::mask6(*prefix).to_bits();
            Some(Value::Ipv6(Ipv6Addr::from_bits(address.to_bits() & mask)))
        }
        _ => None,
    }
}
