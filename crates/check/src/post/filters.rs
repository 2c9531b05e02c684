//! What filters name, and their order.

use diag::Diagnostic;
use ir::config::Mode;

use super::names::Names;
use crate::context::Context;
use crate::draft::{Draft, Filter, FilterKind};
use crate::keywords::stick::{self, Found};

pub fn check(c: &mut Context<'_>, drafts: &[Draft], draft: &Draft) {
    let mut told = Vec::new();
    told.extend(compression(draft));
    for (index, filter) in draft.filters.iter().enumerate() {
        told.extend(match &filter.kind {
            FilterKind::Cache { name, implicit } => cache(c, draft, index, name, *implicit),
            FilterKind::Bandwidth { .. } => bandwidth(c, draft, filter),
            FilterKind::Spoe { .. } => spoe(drafts, draft, index, filter),
            _ => None,
        });
    }
    for text in told {
        c.push(Diagnostic::post_error("bad-filter", text).pointing(draft.header));
    }
}

/// The backends of SPOE agents speak SPOP from here on, those in `mode tcp`, too.
pub fn lead(names: &Names, drafts: &mut [Draft], index: usize) {
    for at in 0..drafts[index].filters.len() {
        let FilterKind::Spoe { backend, .. } = &drafts[index].filters[at].kind else { continue };
        let found = names.backend(drafts, backend).filter(|found| drafts[*found].proxy.mode == Mode::Tcp);
        if let Some(found) = found {
            drafts[found].proxy.mode = Mode::Spop;
        }
    }
}

fn is_compression(filter: &Filter) -> bool {
    matches!(filter.kind, FilterKind::Compression(_))
}

/// `compression` lines make a filter of their own where no line does.
fn compression(draft: &Draft) -> Option<String> {
    let explicit = draft.filters.iter().position(is_compression);
    if !draft.has_compression && explicit.is_none() {
        return None;
    }
    let start = format!("config: {}:", draft.title());
    let is_cache = |filter: &Filter| matches!(filter.kind, FilterKind::Cache { .. });
    match explicit {
        Some(at) if draft.filters[at..].iter().any(is_cache) => {
            Some(format!("{start} unable to enable the compression filter before any cache filter."))
        }
        Some(_) => None,
        None => {
            let needs_order =
                |filter: &Filter| !matches!(filter.kind, FilterKind::Cache { .. } | FilterKind::Fcgi(_));
            draft
                .filters
                .iter()
                .any(needs_order)
                .then(|| format!("{start} require an explicit filter declaration to use HTTP compression"))
        }
    }
}

fn cache(c: &Context<'_>, draft: &Draft, index: usize, name: &[u8], implicit: bool) -> Option<String> {
    let start = format!("config: {}:", draft.title());
    let shown = String::from_utf8_lossy(name);
    if !c.config.caches.iter().any(|cache| cache.name == name) {
        return Some(format!("{start} unable to find the cache '{shown}' referenced by the filter 'cache'."));
    }
    let others = draft.filters.iter().enumerate().filter(|(at, _)| *at != index);
    let (mut compressed, mut told) = (false, None);
    for (at, other) in others {
        if at > index && compressed && told.is_none() {
            break;
        }
        match &other.kind {
            FilterKind::Compression(_) if at < index => compressed = true,
            FilterKind::Compression(_) | FilterKind::Fcgi(_) | FilterKind::Cache { .. } => {}
            _ if implicit => {
                told = Some(format!(
                    "{start} require an explicit filter declaration to use the cache '{shown}'."
                ));
                break;
            }
            _ => {}
        }
    }
    let before = format!("{start} unable to enable the compression filter before the cache '{shown}'.");
    told.or(compressed.then_some(before))
}

fn bandwidth(c: &Context<'_>, draft: &Draft, filter: &Filter) -> Option<String> {
    let FilterKind::Bandwidth { name, table: Some((table, key)), is_input } = &filter.kind else {
        return None;
    };
    let lossy = String::from_utf8_lossy;
    let (shown, name) = (lossy(table.as_ref().unwrap_or(&draft.proxy.name)), lossy(name));
    let start = format!("Proxy {} :", draft.name());
    let found = stick::find(c, draft, table.as_deref(), *key);
    if matches!(found, Found::Missing) {
        return Some(format!("{start} unable to find table '{shown}' referenced by bwlim filter '{name}'"));
    }
    let wanted = if *is_input { "bytes_in_rate" } else { "bytes_out_rate" };
    if !stick::stores(c, draft, table.as_deref(), wanted) {
        return Some(format!(
            "{start} stick-table '{shown}' uses a data type incompatible with bwlim filter '{name}'. It must be \
             '{wanted}'"
        ));
    }
    matches!(found, Found::WrongType).then(|| {
        format!("{start} stick-table '{shown}' uses a key type incompatible with bwlim filter '{name}'")
    })
}

fn spoe(drafts: &[Draft], draft: &Draft, index: usize, filter: &Filter) -> Option<String> {
    let FilterKind::Spoe { name, backend, agent, at, .. } = &filter.kind else { return None };
    let start = format!("Proxy {} :", draft.name());
    let is_same = |(other, filter): (usize, &Filter)| {
        other != index && matches!(&filter.kind, FilterKind::Spoe { name: other, .. } if other == name)
    };
    if draft.filters.iter().enumerate().any(is_same) {
        let name = String::from_utf8_lossy(name);
        return Some(format!("{start} duplicated name for SPOE engine '{name}'."));
    }
    let target = drafts.iter().find(|draft| draft.kind.is_backend() && draft.proxy.name == *backend);
    let shown = String::from_utf8_lossy(backend);
    match target.map(|target| target.proxy.mode) {
        None => {
            Some(format!("{start} unknown backend '{shown}' used by SPOE agent '{agent}' declared at {at}."))
        }
        Some(Mode::Tcp | Mode::Spop) => None,
        Some(_) => Some(format!(
            "{start} backend '{shown}' used by SPOE agent '{agent}' declared at {at} must use SPOP mode."
        )),
    }
}

/// The name of the filters that run so far.
const TRACE: &[u8] = b"trace";

/// Names in `filter-sequence` are those of filters. The first filter of a name is meant.
pub fn sequences(c: &mut Context<'_>, draft: &mut Draft) {
    let first = draft.proxy.filters.first().map(|_| 0);
    for (way, names) in &draft.filter_sequences {
        let sequence = draft.proxy.filter_sequences[usize::from(way == "response")].get_or_insert_default();
        if sequence.is_empty() && names.iter().any(|name| name == TRACE) {
            sequence.extend(first);
        }
    }
    if let Some(text) = unknown_in_sequence(draft) {
        c.push(Diagnostic::post_error("bad-filter", text).pointing(draft.header));
    }
}

fn unknown_in_sequence(draft: &Draft) -> Option<String> {
    let known = |wanted: &[u8]| {
        draft.filters.iter().any(|filter| match &filter.kind {
            FilterKind::Cache { .. } => wanted == b"cache",
            FilterKind::Compression("compression") => wanted == b"comp-req" || wanted == b"comp-res",
            FilterKind::Compression(name) => wanted == name.as_bytes(),
            FilterKind::Fcgi(_) => wanted == b"fcgi-app",
            FilterKind::Bandwidth { is_input: true, .. } => wanted == b"bwlim-in",
            FilterKind::Bandwidth { is_input: false, .. } => wanted == b"bwlim-out",
            FilterKind::Spoe { .. } => wanted == b"spoe",
            FilterKind::Lua(name) => wanted == name.as_bytes(),
            FilterKind::Trace => wanted == TRACE,
        })
    };
    draft.filter_sequences.iter().find_map(|(way, names)| {
        let unknown = names.iter().find(|name| !known(name))?;
        Some(format!(
            "{}: error while postparsing {way} filter-sequence '{1}' : invalid filter name: '{1}' is not defined \
             on the proxy",
            draft.name(),
            String::from_utf8_lossy(unknown)
        ))
    })
}
