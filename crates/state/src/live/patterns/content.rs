//! The content of one version of a list of patterns: its elements, and the indexes over them. A
//! copy shares its memory with the original; a change copies little.

use std::net::IpAddr;

use bumpalo::Bump;
use ir::types::SampleType;

use super::Refusal;
use super::elements::{Element, Elements};
use super::hash::Hash;
use super::index::{Hosts, Index, Kind, Want};
use crate::plan::Regex;
use crate::sample::Value;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Content {
    elements: Elements,
    /// By the whole key.
    by_key: Hash,
    indexes: Vec<Index>,
    /// How maps read values, besides as text.
    values: Values,
}

#[derive(Clone, Copy, Debug, Default)]
struct Values {
    numbers: bool,
    addresses: bool,
}

impl Content {
    /// Nothing, with the same indexes.
    pub(super) fn emptied(&self) -> Self {
        Self {
            indexes: self.indexes.iter().map(Index::emptied).collect(),
            values: self.values,
            ..Self::default()
        }
    }

    /// Adds an index over what is there and gives its number; that of the one that is there
    /// already, where there is one.
    pub(crate) fn add_index(&mut self, kind: Kind, hosts: Hosts) -> Result<usize, (String, u32)> {
        if let Some(at) = self.indexes.iter().position(|index| index.kind == kind) {
            return Ok(at);
        }
        let mut index = Index::new(kind, hosts);
        for element in self.elements.in_order().iter().filter_map(|slot| self.elements.get(*slot)) {
            let parsed = index.parse(element.key).map_err(|error| (error, element.line))?;
            index.insert(element.id.slot(), element.key, parsed, &self.elements);
        }
        index.settle(&self.elements);
        self.indexes.reserve_exact(1);
        self.indexes.push(index);
        Ok(self.indexes.len() - 1)
    }

    /// Values must be of this type, too.
    pub(crate) fn add_value_type(&mut self, kind: SampleType) -> Result<(), (String, u32)> {
        match kind {
            SampleType::Sint if !self.values.numbers => self.values.numbers = true,
            SampleType::Addr if !self.values.addresses => self.values.addresses = true,
            _ => return Ok(()),
        }
        let refused = |element: Element<'_>| {
            let error = self.check_value(element.value?).err()?;
            Some((error.to_string(), element.line))
        };
        self.elements.iter().find_map(refused).map_or(Ok(()), Err)
    }

    /// Adds an element to a list that has no index yet.
    pub(crate) fn push(&mut self, key: &[u8], value: Option<&[u8]>, line: u32) -> Result<(), Refusal> {
        let slot = self.elements.add(key, value, line).ok_or(Refusal::Full)?;
        self.by_key.insert(self.by_key.of(key), slot);
        Ok(())
    }

    /// Adds an element to the list and to all indexes.
    pub(super) fn add(&mut self, key: &[u8], value: Option<&[u8]>, line: u32) -> Result<(), Refusal> {
        if let Some(value) = value {
            self.check_value(value)?;
        }
        let parsed = self.indexes.iter().map(|index| index.parse(key)).collect::<Result<Vec<_>, _>>();
        let parsed = parsed.map_err(Refusal::Pattern)?;
        let slot = self.elements.add(key, value, line).ok_or(Refusal::Full)?;
        self.by_key.insert(self.by_key.of(key), slot);
        for (index, parsed) in self.indexes.iter_mut().zip(parsed) {
            index.insert(slot, key, parsed, &self.elements);
            index.settle(&self.elements);
        }
        Ok(())
    }

    /// Gives back the memory that was reserved while the list was filled.
    pub(crate) fn shrink(&mut self) {
        self.elements.shrink();
    }

    /// Whether there are elements with this key, and all have this value.
    pub(super) fn has(&self, key: &[u8], value: &[u8]) -> bool {
        let elements = |slot: u32| self.elements.get(slot).filter(|element| element.key == key);
        self.by_key.find(key, |slot| elements(slot).is_some()).is_some()
            && self.by_key.find(key, |slot| elements(slot).is_some_and(|e| e.value != Some(value))).is_none()
    }

    pub(super) fn check_value(&self, value: &[u8]) -> Result<(), Refusal> {
        let is_address = || std::str::from_utf8(value).is_ok_and(|text| text.parse::<IpAddr>().is_ok());
        let is_refused = self.values.numbers && base::bytes::parse_i64_capped(value).is_none()
            || self.values.addresses && !is_address();
        if is_refused { Err(Refusal::Value(value.to_vec())) } else { Ok(()) }
    }

    /// Gives an element another value, which was checked.
    pub(super) fn set(&mut self, slot: u32, value: &[u8]) {
        self.elements.set(slot, value);
    }

    pub(super) fn remove(&mut self, slot: u32) {
        let key = self.elements.key(slot).to_vec();
        self.by_key.remove(self.by_key.of(&key), slot);
        for index in &mut self.indexes {
            index.remove(slot, &key);
        }
        self.elements.remove(slot);
    }

    /// The slot of the first element with this key.
    pub(super) fn slot(&self, key: &[u8]) -> Option<u32> {
        self.by_key.find(key, |slot| self.elements.key(slot) == key)
    }

    /// The slots of all elements with this key.
    pub(super) fn slots(&self, key: &[u8]) -> Vec<u32> {
        let mut slots = Vec::new();
        self.by_key.find(key, |slot| {
            if self.elements.key(slot) == key {
                slots.push(slot);
            }
            false
        });
        slots
    }

    pub(super) fn elements(&self) -> &Elements {
        &self.elements
    }

    pub fn len(&self) -> usize {
        self.elements.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All elements in the order in which they came.
    pub fn in_order(&self) -> impl Iterator<Item = Element<'_>> {
        self.elements.in_order().into_iter().filter_map(|slot| self.elements.get(slot))
    }

    /// The ways in which the elements are found, by their numbers.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.indexes.iter().map(|index| index.kind)
    }

    /// The element that `value` matches by one of the indexes.
    pub fn find<'a>(
        &self,
        index: usize,
        value: Value<'a>,
        want: Want,
        arena: &'a Bump,
    ) -> Option<Element<'_>> {
        let index = self.indexes.get(index)?;
        self.elements.get(index.find(&self.elements, &self.by_key, value, want, arena)?)
    }

    /// The element whose regular expression matches, and that expression.
    pub fn find_regex(&self, index: usize, text: &[u8]) -> Option<(Element<'_>, &Regex)> {
        let (slot, regex) = self.indexes.get(index)?.regex(text)?;
        Some((self.elements.get(slot)?, regex))
    }
}
