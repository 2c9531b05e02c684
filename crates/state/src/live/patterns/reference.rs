//! A list of patterns that ACLs and maps share, in its versions. Readers take the published
//! version without waiting for anybody; writers exclude each other, change a copy that shares
//! its memory with the published one, and publish it.

use std::sync::{Arc, Mutex, MutexGuard};

use arc_swap::{ArcSwap, Guard};
use bumpalo::Bump;

use super::content::Content;
use super::elements::{Element, ElementId};
use super::index::Want;
use super::{Added, Refusal};
use crate::sample::Value;

/// What is fixed about a list.
#[derive(Debug)]
pub struct Identity {
    /// Unique in the process: the runtime API calls it `#id`.
    pub id: i64,
    /// The path of its file, or its name; empty for the patterns on the line of an ACL.
    pub path: Box<[u8]>,
    /// Where it is used, in HAProxy's words.
    pub display: Box<[u8]>,
    pub is_acl: bool,
    pub is_map: bool,
    /// Its file has a value behind each key.
    pub has_values: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Reference {
    pub identity: Identity,
    published: ArcSwap<Content>,
    writer: Mutex<Writer>,
}

#[derive(Debug, Default)]
struct Writer {
    /// The version that is published.
    current: u32,
    /// The last version that was promised.
    next: u32,
    /// The versions that are not published, where something stands in them.
    others: Vec<(u32, Content)>,
    /// Contents that readers still look at: freeing a large one takes long, and is not left to
    /// them.
    retired: Vec<Arc<Content>>,
}

impl Reference {
    /// An empty list.
    pub fn new(identity: Identity) -> Self {
        Self { identity, published: ArcSwap::default(), writer: Mutex::default() }
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Fills the list while the configuration is made runnable, when nobody reads it: nothing is
    /// copied.
    pub(crate) fn load<R>(&self, change: impl FnOnce(&mut Content) -> R) -> R {
        let _writer = self.writer();
        let mut content = self.published.swap(Arc::default());
        let result = change(Arc::make_mut(&mut content));
        self.published.store(content);
        result
    }

    /// Lets readers see another content.
    fn publish(&self, writer: &mut Writer, content: Content) {
        writer.retired.push(self.published.swap(Arc::new(content)));
        writer.retired.retain(|content| Arc::strong_count(content) > 1);
    }

    /// The current version. It is to be let go soon: what was deleted since then is freed later.
    pub fn read(&self) -> Guard<Arc<Content>> {
        self.published.load()
    }

    /// The current version and the last one that was promised.
    pub fn versions(&self) -> (u32, u32) {
        let writer = self.writer();
        (writer.current, writer.next)
    }

    /// How many entries all versions have in all indexes together.
    pub fn entries(&self) -> usize {
        let writer = self.writer();
        let others: usize = writer.others.iter().map(|(_, content)| content.len()).sum();
        let content = self.read();
        (content.len() + others) * content.kinds().count()
    }

    /// A version as it is now, to be listed while others change it; the current one by default.
    /// `None` where nothing stands in it.
    pub fn version(&self, version: Option<u32>) -> Option<Content> {
        let writer = self.writer();
        let content = match version.filter(|version| *version != writer.current) {
            None => Content::clone(&self.read()),
            Some(version) => writer.others.iter().find(|(have, _)| *have == version)?.1.clone(),
        };
        (!content.is_empty()).then_some(content)
    }

    /// Changes the current version, or another one.
    fn change<R>(&self, version: Option<u32>, change: impl FnOnce(&mut Content) -> R) -> R {
        let mut writer = self.writer();
        if let Some(version) = version.filter(|version| *version != writer.current) {
            let empty = self.read().emptied();
            let at = writer.others.iter().position(|(have, _)| *have == version).unwrap_or_else(|| {
                writer.others.push((version, empty));
                writer.others.len() - 1
            });
            return change(&mut writer.others[at].1);
        }
        let mut content = Content::clone(&self.read());
        let result = change(&mut content);
        self.publish(&mut writer, content);
        result
    }

    /// Adds an element behind the others, also where its key is there already.
    ///
    /// # Errors
    /// Where the key or the value cannot be read, or the version was not promised.
    pub fn add(&self, version: Option<u32>, key: &[u8], value: Option<&[u8]>) -> Result<(), Refusal> {
        if let Some(version) = version {
            let next = self.writer().next;
            if version.wrapping_sub(next) as i32 > 0 {
                return Err(Refusal::Future);
            }
        }
        self.change(version, |content| content.add(key, value, 0))
    }

    /// Adds a key without a value, unless it is there (`add-acl`).
    ///
    /// # Errors
    /// Where the key cannot be read.
    pub fn add_new(&self, key: &[u8]) -> Result<Added, Refusal> {
        if self.read().slot(key).is_some() {
            return Ok(Added::Known);
        }
        self.change(None, |content| match content.slot(key) {
            Some(_) => Ok(Added::Known),
            None => content.add(key, None, 0).map(|()| Added::New),
        })
    }

    /// Gives all elements with this key another value.
    ///
    /// # Errors
    /// Where there is none, or the value cannot be read.
    pub fn set(&self, key: &[u8], value: &[u8]) -> Result<(), Refusal> {
        self.change(None, |content| set(content, key, value))
    }

    /// Gives all elements with this key another value, or adds one (`set-map`).
    ///
    /// # Errors
    /// Where the key or the value cannot be read.
    pub fn set_or_add(&self, key: &[u8], value: &[u8]) -> Result<(), Refusal> {
        if self.read().has(key, value) {
            return Ok(());
        }
        self.change(None, |content| match content.slot(key) {
            Some(_) => set(content, key, value),
            None => content.add(key, Some(value), 0),
        })
    }

    /// Gives one element of any version another value.
    ///
    /// # Errors
    /// Where it is not there, or the value cannot be read.
    pub fn set_by_id(&self, id: ElementId, value: &[u8]) -> Result<(), Refusal> {
        let version = self.version_of(id).ok_or(Refusal::NoElement)?;
        self.change(Some(version), |content| {
            content.check_value(value)?;
            let slot = content.elements().by_id(id).map(|element| element.id.slot());
            content.set(slot.ok_or(Refusal::NoElement)?, value);
            Ok(())
        })
    }

    /// Removes the first element with this key.
    ///
    /// # Errors
    /// Where there is none.
    pub fn remove(&self, key: &[u8]) -> Result<(), Refusal> {
        if self.read().slot(key).is_none() {
            return Err(Refusal::NoKey);
        }
        self.change(None, |content| {
            content.remove(content.slot(key).ok_or(Refusal::NoKey)?);
            Ok(())
        })
    }

    /// Removes one element of any version.
    ///
    /// # Errors
    /// Where it is not there.
    pub fn remove_by_id(&self, id: ElementId) -> Result<(), Refusal> {
        let version = self.version_of(id).ok_or(Refusal::NoKey)?;
        self.change(Some(version), |content| {
            let slot = content.elements().by_id(id).map(|element| element.id.slot());
            content.remove(slot.ok_or(Refusal::NoKey)?);
            Ok(())
        })
    }

    fn version_of(&self, id: ElementId) -> Option<u32> {
        let writer = self.writer();
        let has = |content: &Content| content.elements().by_id(id).is_some();
        if has(&self.read()) {
            return Some(writer.current);
        }
        writer.others.iter().find(|(_, content)| has(content)).map(|(version, _)| *version)
    }

    /// Promises a new version, which is empty.
    pub fn prepare(&self) -> u32 {
        let mut writer = self.writer();
        writer.next = writer.next.wrapping_add(1);
        writer.next
    }

    /// Makes a promised version the current one; those before it are forgotten.
    ///
    /// # Errors
    /// Where the version is not one of those promised since the current one.
    pub fn commit(&self, version: u32) -> Result<(), Refusal> {
        let mut writer = self.writer();
        let ahead = version.wrapping_sub(writer.current);
        if ahead == 0 || ahead > writer.next.wrapping_sub(writer.current) {
            return Err(Refusal::Range);
        }
        let is = |(have, _): &mut (u32, Content)| *have == version;
        let content = writer.others.extract_if(.., is).next().map(|(_, content)| content);
        let content = content.unwrap_or_else(|| self.read().emptied());
        writer.others.retain(|(have, _)| have.wrapping_sub(version) as i32 > 0);
        writer.current = version;
        self.publish(&mut writer, content);
        Ok(())
    }

    /// Removes all elements of the current version, or of another one.
    pub fn clear(&self, version: Option<u32>) {
        let mut writer = self.writer();
        match version.filter(|version| *version != writer.current) {
            Some(version) => writer.others.retain(|(have, _)| *have != version),
            None => {
                let empty = self.read().emptied();
                self.publish(&mut writer, empty);
            }
        }
    }

    /// The element that a text matches by an index, copied into `arena`: its key and its value.
    pub fn find<'a>(&self, index: usize, value: Value<'a>, arena: &'a Bump) -> Option<Found<'a>> {
        let content = self.read();
        content.find(index, value, Want::Best, arena).map(|element| Found::of(element, arena))
    }
}

/// A copy of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    pub key: &'a [u8],
    pub value: Option<&'a [u8]>,
}

impl<'a> Found<'a> {
    fn of(element: Element<'_>, arena: &'a Bump) -> Self {
        let copy = |text: &[u8]| &*arena.alloc_slice_copy(text);
        Self { key: copy(element.key), value: element.value.map(copy) }
    }
}

fn set(content: &mut Content, key: &[u8], value: &[u8]) -> Result<(), Refusal> {
    let slots = content.slots(key);
    if slots.is_empty() {
        return Err(Refusal::NoEntry);
    }
    content.check_value(value)?;
    slots.into_iter().for_each(|slot| content.set(slot, value));
    Ok(())
}
