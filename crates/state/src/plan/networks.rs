//! Sets of IP networks: one hash table for each prefix length, longest first, so that a list
//! of a million networks costs a few look-ups.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use base::net::{Network, mask4, mask6};

use crate::sample::v6_to_v4;

/// See the module. The numbers are the indexes of the patterns.
#[derive(Debug, Default)]
pub(super) struct Networks {
    v4: Vec<(u8, HashMap<u32, usize>)>,
    v6: Vec<(u8, HashMap<u128, usize>)>,
    /// IPv4 networks whose mask has holes.
    odd: Vec<(Ipv4Addr, Ipv4Addr, usize)>,
}

impl Networks {
    pub fn new(networks: &[Network]) -> Self {
        let mut set = Self::default();
        for (index, network) in networks.iter().enumerate() {
            match *network {
                Network::V4 { address, mask }
                    if mask.to_bits().leading_ones() == mask.to_bits().count_ones() =>
                {
                    let prefix = mask.to_bits().leading_ones() as u8;
                    insert(&mut set.v4, prefix, address.to_bits() & mask.to_bits(), index);
                }
                Network::V4 { address, mask } => set.odd.push((address, mask, index)),
                Network::V6 { address, prefix } => {
                    insert(&mut set.v6, prefix, address.to_bits() & mask6(prefix).to_bits(), index);
                }
            }
        }
        set.v4.sort_by_key(|(prefix, _)| u8::MAX - prefix);
        set.v6.sort_by_key(|(prefix, _)| u8::MAX - prefix);
        set
    }

    /// The longest network that holds `address`. An address is also looked for in the other
    /// family where it has a form there.
    pub fn find(&self, address: IpAddr) -> Option<usize> {
        match address {
            IpAddr::V4(v4) => self
                .find_v4(v4)
                .or_else(|| self.find_v6(v4.to_ipv6_mapped().to_bits()))
                .or_else(|| self.find_odd(v4)),
            IpAddr::V6(v6) => self.find_v6(v6.to_bits()).or_else(|| {
                let v4 = v6_to_v4(v6)?;
                self.find_v4(v4).or_else(|| self.find_odd(v4))
            }),
        }
    }

    fn find_v4(&self, address: Ipv4Addr) -> Option<usize> {
        let masked = |prefix: u8| address.to_bits() & mask4(prefix).to_bits();
        self.v4.iter().find_map(|(prefix, table)| table.get(&masked(*prefix)).copied())
    }

    fn find_v6(&self, address: u128) -> Option<usize> {
        let masked = |prefix: u8| address & mask6(prefix).to_bits();
        self.v6.iter().find_map(|(prefix, table)| table.get(&masked(*prefix)).copied())
    }

    fn find_odd(&self, address: Ipv4Addr) -> Option<usize> {
        let inside =
            |have: &Ipv4Addr, mask: &Ipv4Addr| (have.to_bits() ^ address.to_bits()) & mask.to_bits() == 0;
        self.odd.iter().find(|(have, mask, _)| inside(have, mask)).map(|(.., index)| *index)
    }
}

/// The first pattern of a network counts.
fn insert<K: std::hash::Hash + Eq>(
    tables: &mut Vec<(u8, HashMap<K, usize>)>,
    prefix: u8,
    key: K,
    index: usize,
) {
    let at = tables.iter().position(|(have, _)| *have == prefix).unwrap_or_else(|| {
        tables.push((prefix, HashMap::new()));
        tables.len() - 1
    });
    tables[at].1.entry(key).or_insert(index);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(patterns: &[&str], address: &str, expected: Option<usize>) {
        let networks: Vec<_> =
            patterns.iter().map(|text| Network::parse(text.as_bytes()).expect(text)).collect();
        let set = Networks::new(&networks);
        assert_eq!(set.find(address.parse().expect(address)), expected, "{address} in {patterns:?}");
    }

    #[test]
    fn look_ups() {
        check(&["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3"], "10.1.9.9", Some(1));
        check(&["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3"], "10.1.2.3", Some(2));
        check(&["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3"], "11.0.0.0", None);
        check(&["10.0.0.5/255.0.0.255"], "10.7.7.5", Some(0));
        check(&["10.0.0.5/255.0.0.255"], "10.7.7.6", None);
        check(&["2001:db8::/32"], "2001:db8:1::", Some(0));
        check(&["0.0.0.0/0"], "2001:db8:1::", None);
        check(&["::ffff:10.0.0.0/104"], "10.2.3.4", Some(0));
        check(&["10.0.0.0/8"], "::ffff:10.1.1.1", Some(0));
        check(&["1.1.1.1", "1.1.1.1"], "1.1.1.1", Some(0));
    }
}
