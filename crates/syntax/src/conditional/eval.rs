//! Terms to a value.

use std::cmp::Ordering;

use super::{Any, Predicate, Term, TermKind, version};
use crate::Facts;

/// Left to right, and only as far as needed.
pub(super) fn any(any: &Any, facts: &dyn Facts) -> Result<bool, String> {
    for all in &any.0 {
        if conjunction(all, facts)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn conjunction(all: &[Term], facts: &dyn Facts) -> Result<bool, String> {
    for term in all {
        let value = match &term.kind {
            TermKind::Constant(value) => *value,
            TermKind::Group(group) => any(group, facts)?,
            TermKind::Predicate(predicate, args) => ask(*predicate, args, facts)?,
        };
        if value == term.negated {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The parser gives each predicate the arguments it takes.
fn ask(predicate: Predicate, args: &[Vec<u8>], facts: &dyn Facts) -> Result<bool, String> {
    let first = args.first().map_or(&b""[..], Vec::as_slice);
    let second = args.get(1).map_or(&b""[..], Vec::as_slice);
    let invalid = |name: &str| {
        let argument = String::from_utf8_lossy(first);
        format!("invalid argument to conditional expression predicate '{name}': '{argument}'")
    };
    let openssl = |name| {
        let wanted = version::openssl_number(first).ok_or_else(|| invalid(name))?;
        Ok::<_, String>(wanted.cmp(&facts.openssl_version().ok_or_else(|| invalid(name))?))
    };
    let awslc = |name| {
        let wanted = base::bytes::parse_i64(first).ok_or_else(|| invalid(name))?;
        let present = facts.awslc_api().ok_or_else(|| invalid(name))?;
        Ok::<_, String>(wanted.cmp(&i64::from(present)))
    };
    Ok(match predicate {
        Predicate::AwslcApiAtLeast => awslc("awslc_api_atleast")? != Ordering::Greater,
        Predicate::AwslcApiBefore => awslc("awslc_api_before")? == Ordering::Greater,
        Predicate::Defined => facts.variable(first).is_some(),
        Predicate::Enabled => facts.enabled(first),
        Predicate::Feature => facts.feature(first),
        Predicate::FipsMode => facts.fips_mode(),
        Predicate::OpensslVersionAtLeast => openssl("openssl_version_atleast")? != Ordering::Greater,
        Predicate::OpensslVersionBefore => openssl("openssl_version_before")? == Ordering::Greater,
        Predicate::SslLibraryStartsWith => facts.ssl_library().as_bytes().starts_with(first),
        Predicate::StrEq => first == second,
        Predicate::StrNeq => first != second,
        Predicate::StrStr => base::bytes::find(first, second).is_some(),
        Predicate::VersionAtLeast => !version::is_newer(first, facts.version()),
        Predicate::VersionBefore => version::is_newer(first, facts.version()),
    })
}
