//! The table of server names, and the choice of a certificate by HAProxy's rules (manual,
//! `crt-list`): for each key type the first certificate with the exact name, else the first
//! with a wildcard for it that no negative filter of the same line takes back; then ECDSA before
//! RSA as far as the client can; last the default certificates. Pure.

use std::collections::HashMap;

use super::hello::Signatures;

/// What signs with a certificate's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    Ecdsa,
    Rsa,
    Other,
}

/// See the module. Certificates are numbers in the order of the configuration.
#[derive(Debug, Default)]
pub struct Names {
    keys: Vec<KeyType>,
    exact: HashMap<Box<[u8]>, Vec<usize>>,
    /// By what follows the asterisk: `.example.com`.
    wildcards: HashMap<Box<[u8]>, Vec<usize>>,
    /// Negative filters: (certificate, name).
    excluded: Vec<(usize, Box<[u8]>)>,
    defaults: Vec<usize>,
}

impl Names {
    /// Adds the next certificate, with its names or filters in lower case: `a.b`, `*.b`, `*` for
    /// a default, and for a filter with `!` the second part true. The very first certificate is a
    /// default as well. Names are tried in the order in which their certificates came.
    pub fn add<'a>(&mut self, key: KeyType, names: impl IntoIterator<Item = (&'a [u8], bool)>) {
        let certificate = self.keys.len();
        self.keys.push(key);
        for (name, negated) in names {
            match name {
                // HAProxy ignores the mark before a wildcard.
                b"*" => self.defaults.push(certificate),
                [b'*', suffix @ ..] => self.wildcards.entry(suffix.into()).or_default().push(certificate),
                _ if negated => self.excluded.push((certificate, name.into())),
                _ => self.exact.entry(name.into()).or_default().push(certificate),
            }
        }
        if certificate == 0 && !self.defaults.contains(&0) {
            self.defaults.push(0);
        }
    }

    /// The certificate for a name in lower case (`None`: the client sent none); with `strict` no
    /// default takes its place.
    pub fn choose(&self, name: Option<&[u8]>, client: Signatures, strict: bool) -> Option<usize> {
        let named = name.and_then(|name| self.pick(self.candidates(name), client));
        match named {
            None if !strict => self.pick(self.defaults.iter().copied(), client),
            named => named,
        }
    }

    /// The certificates for a name: the exact ones, then the wildcard ones.
    fn candidates<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = usize> {
        let exact = self.exact.get(name).into_iter().flatten().copied();
        let suffix = name.iter().position(|&b| b == b'.').map(|dot| &name[dot..]);
        let wild = suffix.and_then(|suffix| self.wildcards.get(suffix)).into_iter().flatten().copied();
        let excluded =
            move |certificate: &usize| self.excluded.iter().any(|(c, n)| c == certificate && **n == *name);
        exact.chain(wild.filter(move |certificate| !excluded(certificate)))
    }

    /// The best of some certificates for a client: the first one of the best key type.
    fn pick(&self, candidates: impl Iterator<Item = usize>, client: Signatures) -> Option<usize> {
        let (mut ecdsa, mut rsa, mut other) = (None, None, None);
        for certificate in candidates {
            let first = match self.keys[certificate] {
                KeyType::Ecdsa => &mut ecdsa,
                KeyType::Rsa => &mut rsa,
                KeyType::Other => &mut other,
            };
            first.get_or_insert(certificate);
        }
        let usable = ecdsa.filter(|_| client.ecdsa).or(rsa.filter(|_| client.rsa));
        usable.or(other).or(ecdsa).or(rsa)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Signatures = Signatures { ecdsa: true, rsa: true };
    const RSA: Signatures = Signatures { ecdsa: false, rsa: true };

    fn table(certificates: &[(KeyType, &[&str])]) -> Names {
        let mut names = Names::default();
        for (key, filters) in certificates {
            names.add(
                *key,
                filters.iter().map(|filter| match filter.strip_prefix('!') {
                    Some(name) => (name.as_bytes(), true),
                    None => (filter.as_bytes(), false),
                }),
            );
        }
        names
    }

    #[track_caller]
    fn check(names: &Names, name: &str, client: Signatures, relaxed: usize, strict: Option<usize>) {
        let name = (!name.is_empty()).then_some(name.as_bytes());
        assert_eq!(names.choose(name, client, false), Some(relaxed), "{name:?}");
        assert_eq!(names.choose(name, client, true), strict, "{name:?} strict");
    }

    #[test]
    fn exact_then_wildcard_then_default() {
        let names = table(&[
            (KeyType::Rsa, &["default.example"]),
            (KeyType::Rsa, &["*.example.com", "!secret.example.com"]),
            (KeyType::Rsa, &["www.example.com", "example.com"]),
            (KeyType::Rsa, &["www.example.com"]),
        ]);
        check(&names, "default.example", BOTH, 0, Some(0));
        check(&names, "www.example.com", BOTH, 2, Some(2));
        check(&names, "example.com", BOTH, 2, Some(2));
        check(&names, "other.example.com", BOTH, 1, Some(1));
        check(&names, "secret.example.com", BOTH, 0, None);
        check(&names, "a.b.example.com", BOTH, 0, None);
        check(&names, "unknown.org", BOTH, 0, None);
        check(&names, "localhost", BOTH, 0, None);
        check(&names, "", BOTH, 0, None);
    }

    #[test]
    fn key_types_of_one_name() {
        let names = table(&[
            (KeyType::Rsa, &["a.example"]),
            (KeyType::Ecdsa, &["*.example"]),
            (KeyType::Ecdsa, &["only.ec"]),
        ]);
        check(&names, "a.example", BOTH, 1, Some(1));
        check(&names, "a.example", RSA, 0, Some(0));
        check(&names, "b.example", RSA, 1, Some(1));
        check(&names, "only.ec", RSA, 2, Some(2));
    }

    #[test]
    fn several_defaults() {
        let names = table(&[
            (KeyType::Rsa, &["*", "a.example"]),
            (KeyType::Ecdsa, &["*"]),
            (KeyType::Ecdsa, &["b.example"]),
        ]);
        check(&names, "x.example", BOTH, 1, None);
        check(&names, "", RSA, 0, None);
        check(&names, "b.example", RSA, 2, Some(2));
    }

    #[test]
    fn no_certificate() {
        assert_eq!(Names::default().choose(Some(b"a"), BOTH, false), None);
    }
}
