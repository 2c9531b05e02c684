//! An index of a list of patterns: its elements in the form in which one way to compare finds
//! them. What elements have in common with others stands in the list.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use base::net::Network;
use base::pattern::{self, Range};
use bumpalo::Bump;
use ir::expr::MatchMethod;
use ir::types::SampleType;

use super::elements::Elements;
use super::form::{Delimiters, Form, TextKeys};
use super::hash::Hash;
use super::parts::Parts;
use super::trie::{Common, Keys, Tail, Trie};
use crate::plan::Regex;
use crate::sample::{Value, v6_to_v4};

/// Addresses of the hosts that patterns may name.
pub type Hosts = Arc<HashMap<Vec<u8>, IpAddr>>;

/// How patterns are read and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub method: MatchMethod,
    pub ignore_case: bool,
    /// Numbers are versions: `3.1`.
    pub dotted: bool,
    /// Names of hosts are no addresses.
    pub no_dns: bool,
}

impl Kind {
    /// Without what makes no difference for the method.
    pub fn new(method: MatchMethod, ignore_case: bool, dotted: bool, no_dns: bool) -> Self {
        use MatchMethod::*;
        Self {
            method,
            ignore_case: ignore_case && matches!(method, Str | Beg | End | Sub | Dir | Dom | Reg),
            dotted: dotted && matches!(method, Int | Len),
            no_dns: no_dns && method == Ip,
        }
    }
}

/// Which of the elements that match is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// That of HAProxy: the longest network or prefix, else the first one.
    Best,
    /// Any: whether there is one.
    Any,
}

/// See the module. A copy shares its memory with the original.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub kind: Kind,
    hosts: Hosts,
    table: Table,
}

#[derive(Clone, Debug)]
enum Table {
    /// The method has no patterns, or finds them as the list itself does, by the whole key.
    None,
    Hashed(Hash),
    Words(Hash, Delimiters, usize),
    Trie(Trie, Form),
    Parts(Parts),
    Numbers(Numbers),
    Networks(Networks),
    Regexes(Arc<Vec<(u32, Arc<Regex>)>>),
}

#[derive(Clone, Debug, Default)]
struct Numbers {
    /// Those that are one number.
    exact: Hash,
    ranges: Arc<Vec<(u32, Range)>>,
}

#[derive(Clone, Debug, Default)]
struct Networks {
    v4: Trie,
    v6: Trie,
    /// IPv4 networks whose mask has holes: slot, address, mask.
    odd: Arc<Vec<(u32, Ipv4Addr, Ipv4Addr)>>,
}

/// A key that was read.
pub(super) enum Parsed {
    /// It is compared as it is.
    Text,
    Bytes(Vec<u8>),
    Range(Range),
    Network(Network),
    Regex(Arc<Regex>),
}

/// The best element so far.
struct Best {
    want: Want,
    found: Option<(u64, u32)>,
}

impl Best {
    fn new(want: Want) -> Self {
        Self { want, found: None }
    }

    /// Takes a slot if it came before the others; `false` where no other one is wanted.
    fn offer(&mut self, slot: u32, elements: &Elements) -> bool {
        if self.want == Want::Any {
            self.found = Some((0, slot));
            return false;
        }
        if let Some(order) = elements.get(slot).map(|element| element.order)
            && self.found.is_none_or(|(best, _)| order < best)
        {
            self.found = Some((order, slot));
        }
        true
    }

    fn slot(self) -> Option<u32> {
        self.found.map(|(_, slot)| slot)
    }
}

impl Index {
    pub fn new(kind: Kind, hosts: Hosts) -> Self {
        use MatchMethod::*;
        let form = Form { ignore_case: kind.ignore_case, reversed: kind.method == End };
        let table = match kind.method {
            Found | Bool => Table::None,
            Str if !kind.ignore_case => Table::None,
            Str | Bin => Table::Hashed(Hash::default()),
            Dir | Dom => Table::Words(Hash::default(), Delimiters::of(kind.method), 0),
            Beg | End => Table::Trie(Trie::default(), form),
            Sub => Table::Parts(Parts::new(kind.ignore_case)),
            Int | Len => Table::Numbers(Numbers::default()),
            Ip => Table::Networks(Networks::default()),
            Reg => Table::Regexes(Arc::default()),
        };
        Self { kind, hosts, table }
    }

    /// The same index of an empty list.
    pub fn emptied(&self) -> Self {
        Self::new(self.kind, Arc::clone(&self.hosts))
    }

    /// Reads a key.
    ///
    /// # Errors
    /// HAProxy's words for what is wrong.
    pub fn parse(&self, key: &[u8]) -> Result<Parsed, String> {
        Ok(match self.kind.method {
            MatchMethod::Int | MatchMethod::Len => Parsed::Range(Range::parse(key, self.kind.dotted)?),
            MatchMethod::Ip => Parsed::Network(self.network(key).ok_or_else(|| {
                format!("'{}' is not a valid IPv4 or IPv6 address", String::from_utf8_lossy(key))
            })?),
            MatchMethod::Bin => Parsed::Bytes(pattern::binary(key)?),
            MatchMethod::Reg => {
                Parsed::Regex(Arc::new(Regex::new(key, self.kind.ignore_case).map_err(|error| error.0)?))
            }
            _ => Parsed::Text,
        })
    }

    fn network(&self, key: &[u8]) -> Option<Network> {
        pattern::network(key, |host| if self.kind.no_dns { None } else { self.hosts.get(host).copied() })
    }

    /// Adds an element that is in the list already.
    pub fn insert(&mut self, slot: u32, key: &[u8], parsed: Parsed, elements: &Elements) {
        let form = Form { ignore_case: self.kind.ignore_case, reversed: false };
        match (&mut self.table, parsed) {
            (Table::Hashed(hash), Parsed::Bytes(bytes)) => hash.insert(hash.of(&bytes), slot),
            (Table::Hashed(hash), _) => hash.insert(hash.of(&form.of_key(key)), slot),
            (Table::Words(hash, delimiters, most), _) => {
                let word = delimiters.trim(key);
                if !word.is_empty() {
                    *most = delimiters.count(word).max(*most);
                    hash.insert(hash.of(&form.of_key(word)), slot);
                }
            }
            (Table::Trie(trie, form), _) => {
                trie.insert(&form.of_key(key), Tail::default(), slot, &TextKeys { elements, form: *form });
            }
            (Table::Parts(parts), _) => parts.insert(slot, key),
            (Table::Numbers(numbers), Parsed::Range(range)) => match range.min == range.max {
                true => numbers.exact.insert(numbers.exact.of(&range.min.to_ne_bytes()), slot),
                false => Arc::make_mut(&mut numbers.ranges).push((slot, range)),
            },
            (Table::Networks(_), Parsed::Network(network)) => self.insert_network(slot, network, elements),
            (Table::Regexes(regexes), Parsed::Regex(regex)) => Arc::make_mut(regexes).push((slot, regex)),
            _ => {}
        }
    }

    fn insert_network(&mut self, slot: u32, network: Network, elements: &Elements) {
        let Table::Networks(mut networks) = std::mem::replace(&mut self.table, Table::None) else { return };
        let keys = NetworkKeys { elements, index: self };
        match (network, NetworkKey::of(network)) {
            (Network::V4 { .. }, Some(key)) => networks.v4.insert(key.bytes(), key.tail(), slot, &keys),
            (Network::V6 { .. }, Some(key)) => networks.v6.insert(key.bytes(), key.tail(), slot, &keys),
            (Network::V4 { address, mask }, None) => {
                Arc::make_mut(&mut networks.odd).push((slot, address, mask));
            }
            (Network::V6 { .. }, None) => {}
        }
        self.table = Table::Networks(networks);
    }

    /// Removes an element that is still in the list.
    pub fn remove(&mut self, slot: u32, key: &[u8]) {
        let form = Form { ignore_case: self.kind.ignore_case, reversed: false };
        let parsed = match self.table {
            Table::Hashed(_) | Table::Numbers(_) | Table::Networks(_) => self.parse(key),
            _ => Ok(Parsed::Text),
        };
        match (&mut self.table, parsed) {
            (Table::Hashed(hash), Ok(Parsed::Bytes(bytes))) => hash.remove(hash.of(&bytes), slot),
            (Table::Hashed(hash), _) => hash.remove(hash.of(&form.of_key(key)), slot),
            (Table::Words(hash, delimiters, _), _) => {
                hash.remove(hash.of(&form.of_key(delimiters.trim(key))), slot);
            }
            (Table::Trie(trie, form), _) => trie.remove(&form.of_key(key), slot),
            (Table::Parts(parts), _) => parts.remove(slot),
            (Table::Numbers(numbers), Ok(Parsed::Range(range))) => match range.min == range.max {
                true => numbers.exact.remove(numbers.exact.of(&range.min.to_ne_bytes()), slot),
                false => Arc::make_mut(&mut numbers.ranges).retain(|(have, _)| *have != slot),
            },
            (Table::Networks(networks), Ok(Parsed::Network(network))) => {
                match (network, NetworkKey::of(network)) {
                    (Network::V4 { .. }, Some(key)) => networks.v4.remove(key.bytes(), slot),
                    (Network::V6 { .. }, Some(key)) => networks.v6.remove(key.bytes(), slot),
                    _ => Arc::make_mut(&mut networks.odd).retain(|(have, ..)| *have != slot),
                }
            }
            (Table::Regexes(regexes), _) => Arc::make_mut(regexes).retain(|(have, _)| *have != slot),
            _ => {}
        }
    }

    /// To be called when elements were added.
    pub fn settle(&mut self, elements: &Elements) {
        if let Table::Parts(parts) = &mut self.table {
            parts.settle(elements);
        }
    }

    /// Finds by text, number or address; `by_key` finds whole keys.
    pub fn find<'a>(
        &self,
        elements: &Elements,
        by_key: &Hash,
        value: Value<'a>,
        want: Want,
        arena: &'a Bump,
    ) -> Option<u32> {
        match &self.table {
            Table::Numbers(numbers) => {
                let number = match self.kind.method {
                    MatchMethod::Len => value.to_text(arena).len() as i64,
                    _ => match value.cast(SampleType::Sint, arena)? {
                        Value::Sint(number) => number,
                        _ => return None,
                    },
                };
                self.find_number(numbers, number, elements, want)
            }
            Table::Networks(networks) => match value.cast(SampleType::Addr, arena)? {
                Value::Ipv4(address) => self.find_network(networks, address.into(), elements, want),
                Value::Ipv6(address) => self.find_network(networks, address.into(), elements, want),
                _ => None,
            },
            Table::Hashed(hash) if self.kind.method == MatchMethod::Bin => {
                let Value::Bin(bytes) = value.cast(SampleType::Bin, arena)? else { return None };
                hash.find(bytes, |slot| is_binary(elements.key(slot), bytes))
            }
            _ => self.find_text(elements, by_key, value.to_text(arena), want, arena),
        }
    }

    fn find_text<'a>(
        &self,
        elements: &Elements,
        by_key: &Hash,
        text: &'a [u8],
        want: Want,
        arena: &'a Bump,
    ) -> Option<u32> {
        let ignore_case = self.kind.ignore_case;
        let form = Form { ignore_case, reversed: false };
        match &self.table {
            Table::None if self.kind.method == MatchMethod::Str => {
                let text = c_string(text);
                by_key.find(text, |slot| elements.key(slot) == text)
            }
            Table::Hashed(hash) => {
                let text = form.of_text(text, arena);
                hash.find(text, |slot| elements.key(slot).eq_ignore_ascii_case(text))
            }
            Table::Words(hash, delimiters, most) => {
                let mut best = Best::new(want);
                let is = |key: &[u8], part: &[u8]| {
                    let word = delimiters.trim(key);
                    if ignore_case { word.eq_ignore_ascii_case(part) } else { word == part }
                };
                delimiters.parts(form.of_text(text, arena), *most, |part| {
                    let found = hash.find(part, |slot| is(elements.key(slot), part));
                    found.is_none_or(|slot| best.offer(slot, elements))
                });
                best.slot()
            }
            Table::Trie(trie, form) => {
                let text = if self.kind.method == MatchMethod::Beg { c_string(text) } else { text };
                let keys = TextKeys { elements, form: *form };
                let text = form.of_text(text, arena);
                // HAProxy has a tree of the prefixes whose case counts, and lists of the others.
                match self.kind.method == MatchMethod::Beg && !ignore_case {
                    true => longest(trie, text, &keys, want),
                    false => {
                        let mut best = Best::new(want);
                        trie.walk(text, &keys, |slot, _| best.offer(slot, elements));
                        best.slot()
                    }
                }
            }
            Table::Parts(parts) => {
                let mut best = Best::new(want);
                parts.walk(form.of_text(text, arena), elements, |slot| best.offer(slot, elements));
                best.slot()
            }
            Table::Regexes(_) => self.regex(text).map(|(slot, _)| slot),
            _ => None,
        }
    }

    /// The first regular expression that matches, and its slot.
    pub fn regex(&self, text: &[u8]) -> Option<(u32, &Regex)> {
        let Table::Regexes(regexes) = &self.table else { return None };
        let (slot, regex) = regexes.iter().find(|(_, regex)| regex.is_match(text))?;
        Some((*slot, regex))
    }

    fn find_number(&self, numbers: &Numbers, number: i64, elements: &Elements, want: Want) -> Option<u32> {
        let dotted = self.kind.dotted;
        let is = |slot| Range::parse(elements.key(slot), dotted).is_ok_and(|range| range.min == number);
        let mut best = Best::new(want);
        if let Some(slot) = numbers.exact.find(&number.to_ne_bytes(), is) {
            best.offer(slot, elements);
        }
        if let Some((slot, _)) = numbers.ranges.iter().find(|(_, range)| range.contains(number)) {
            best.offer(*slot, elements);
        }
        best.slot()
    }

    /// The longest network that holds `address`. An address is also looked for in the other
    /// family where it has a form there.
    fn find_network(
        &self,
        networks: &Networks,
        address: IpAddr,
        elements: &Elements,
        want: Want,
    ) -> Option<u32> {
        let keys = NetworkKeys { elements, index: self };
        let v4 = |address: Ipv4Addr| longest(&networks.v4, &address.octets(), &keys, want);
        let odd = |address: Ipv4Addr| {
            let inside =
                |have: &Ipv4Addr, mask: &Ipv4Addr| (have.to_bits() ^ address.to_bits()) & mask.to_bits() == 0;
            let found = networks.odd.iter().find(|(_, have, mask)| inside(have, mask));
            found.map(|(slot, ..)| *slot)
        };
        match address {
            IpAddr::V4(address) => v4(address)
                .or_else(|| longest(&networks.v6, &address.to_ipv6_mapped().octets(), &keys, want))
                .or_else(|| odd(address)),
            IpAddr::V6(address) => longest(&networks.v6, &address.octets(), &keys, want).or_else(|| {
                let address = v6_to_v4(address)?;
                v4(address).or_else(|| odd(address))
            }),
        }
    }
}

/// The first slot of the longest key.
fn longest(trie: &Trie, text: &[u8], keys: &impl Keys, want: Want) -> Option<u32> {
    let mut found: Option<(usize, u32)> = None;
    trie.walk(text, keys, |slot, bits| {
        if found.is_none_or(|(longest, _)| bits > longest) {
            found = Some((bits, slot));
        }
        want == Want::Best
    });
    found.map(|(_, slot)| slot)
}

/// HAProxy's trees take a zero byte for the end of the text.
fn c_string(text: &[u8]) -> &[u8] {
    &text[..memchr::memchr(0, text).unwrap_or(text.len())]
}

/// Whether a key in hexadecimal digits stands for these bytes.
fn is_binary(key: &[u8], bytes: &[u8]) -> bool {
    key.len() == bytes.len() * 2
        && key.chunks_exact(2).zip(bytes).all(|(pair, byte)| {
            let digit = |at: usize| base::bytes::hex_digit(pair[at]);
            digit(0).zip(digit(1)).is_some_and(|(high, low)| high << 4 | low == *byte)
        })
}

/// A network as a key of a trie.
struct NetworkKey {
    octets: [u8; 16],
    bits: u8,
}

impl NetworkKey {
    /// `None` for a mask with holes.
    fn of(network: Network) -> Option<Self> {
        let mut octets = [0; 16];
        match network {
            Network::V4 { address, mask } => {
                let mask = mask.to_bits();
                octets[..4].copy_from_slice(&address.octets());
                let bits = mask.leading_ones();
                (bits == mask.count_ones()).then_some(Self { octets, bits: bits as u8 })
            }
            Network::V6 { address, prefix } => Some(Self { octets: address.octets(), bits: prefix }),
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.octets[..usize::from(self.bits / 8)]
    }

    fn tail(&self) -> Tail {
        let byte = self.octets.get(usize::from(self.bits / 8)).copied().unwrap_or_default();
        Tail { bits: self.bits % 8, byte }
    }
}

/// The keys of elements that are networks.
struct NetworkKeys<'a> {
    elements: &'a Elements,
    index: &'a Index,
}

impl Keys for NetworkKeys<'_> {
    fn compare(&self, slot: u32, text: &[u8]) -> Common {
        let network = self.index.network(self.elements.key(slot));
        let Some(key) = network.and_then(NetworkKey::of) else { return Common::default() };
        let bytes = key.bytes().iter().zip(text).take_while(|(a, b)| a == b).count();
        let next = key.bytes().get(bytes).copied().unwrap_or_default();
        Common { bytes, len: key.bytes().len(), next, tail: key.tail() }
    }
}
