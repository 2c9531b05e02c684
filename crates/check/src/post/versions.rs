//! Which TLS versions are left of `ssl-min-ver`, `ssl-max-ver`, `force-*` and `no-*`.

use ir::config::{TlsVersion, TlsVersions};

/// What is wrong with a choice of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// `no-*` beside bounds does nothing.
    Ignored,
    /// Only an upper bound was given, and it is below the usual lower one.
    Ambiguous(TlsVersion, TlsVersion),
    /// A version in the middle is left out.
    Hole(TlsVersion),
    /// Nothing is left.
    None,
}

/// The library speaks these.
const SPOKEN: [TlsVersion; 4] = [TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12, TlsVersion::Tls13];

/// Makes bounds of a choice; `lowest` is where it begins when nothing else is said.
pub fn settle(versions: &mut TlsVersions, lowest: Option<TlsVersion>) -> Vec<Versions> {
    let mut told = Vec::new();
    let given = *versions;
    if given == TlsVersions::default() {
        return told;
    }
    let has_bounds = given.min.is_some() || given.max.is_some();
    let off = if has_bounds { 0 } else { given.off };
    if has_bounds && given.off != 0 {
        told.push(Versions::Ignored);
    }
    let min = match (given.min, given.max, lowest) {
        (Some(min), ..) => Some(min),
        (None, Some(max), Some(lowest)) if max < lowest => {
            told.push(Versions::Ambiguous(lowest, max));
            Some(max)
        }
        (None, _, lowest) => lowest,
    };
    let is_on = |version: &TlsVersion| {
        off & version.bit() == 0
            && min.is_none_or(|min| *version >= min)
            && given.max.is_none_or(|max| *version <= max)
    };
    let (mut first, mut last, mut hole) = (None, None, None);
    for version in &SPOKEN {
        match (is_on(version), first) {
            (true, None) => (first, last) = (Some(*version), Some(*version)),
            (true, Some(_)) => {
                told.extend(hole.take().map(Versions::Hole));
                last = Some(*version);
            }
            (false, Some(_)) => hole = Some(*version),
            (false, None) => {}
        }
    }
    if first.is_none() {
        told.push(Versions::None);
    }
    // A bound that nobody gave stays open.
    let min = first.filter(|first| given.min.is_some() || Some(*first) != lowest.or(Some(TlsVersion::Tls10)));
    let max = last.filter(|last| given.max.is_some() || *last != TlsVersion::Tls13);
    *versions = TlsVersions { min, max, off: 0 };
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::config::TlsVersion::{Sslv3, Tls10, Tls11, Tls12, Tls13};

    fn check(
        given: TlsVersions,
        lowest: Option<TlsVersion>,
        bounds: (Option<TlsVersion>, Option<TlsVersion>),
        told: &[Versions],
    ) {
        let mut versions = given;
        assert_eq!(settle(&mut versions, lowest), told, "{given:?}");
        assert_eq!((versions.min, versions.max, versions.off), (bounds.0, bounds.1, 0), "{given:?}");
    }

    fn off(versions: &[TlsVersion]) -> TlsVersions {
        TlsVersions {
            off: versions.iter().fold(0, |bits, version| bits | version.bit()),
            ..TlsVersions::default()
        }
    }

    #[test]
    fn choices() {
        let none = TlsVersions::default();
        check(none, Some(Tls12), (None, None), &[]);
        check(TlsVersions { min: Some(Tls11), ..none }, None, (Some(Tls11), None), &[]);
        check(
            TlsVersions { max: Some(Tls11), ..none },
            Some(Tls12),
            (Some(Tls11), Some(Tls11)),
            &[Versions::Ambiguous(Tls12, Tls11)],
        );
        check(off(&[Sslv3, Tls10]), None, (Some(Tls11), None), &[]);
        check(off(&[Tls13]), Some(Tls12), (None, Some(Tls12)), &[]);
        check(off(&[Tls11]), None, (None, None), &[Versions::Hole(Tls11)]);
        check(off(&[Tls12, Tls13]), Some(Tls12), (None, None), &[Versions::None]);
        check(
            TlsVersions { min: Some(Tls12), max: None, off: Sslv3.bit() },
            None,
            (Some(Tls12), None),
            &[Versions::Ignored],
        );
        check(
            TlsVersions { min: Some(Sslv3), max: Some(Sslv3), off: 0 },
            None,
            (None, None),
            &[Versions::None],
        );
    }
}
