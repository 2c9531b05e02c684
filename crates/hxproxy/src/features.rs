//! The feature list of `-vv` and of `feature()` in conditions: HAProxy's names, each with
//! what is true for this program. A name is on only when it works.

/// Name and whether it is there, in the order of `-vv`.
pub const FEATURES: &[(&str, bool)] = &[
    ("51DEGREES", false),
    ("ACCEPT4", true),
    ("ACME", false),
    ("BACKTRACE", false),
    ("CLOSEFROM", false),
    ("CPU_AFFINITY", true),
    ("CRYPT_H", false),
    ("DEVICEATLAS", false),
    ("DL", false),
    ("ECH", false),
    ("ENGINE", false),
    ("EPOLL", true),
    ("EVPORTS", false),
    ("FCGI", false),
    ("GETADDRINFO", true),
    ("H2", true),
    ("HAVE_TCP_MD5SIG", true),
    ("KQUEUE", false),
    ("KTLS", false),
    ("LIBATOMIC", false),
    ("LIBCRYPT", true),
    ("LINUX_CAP", true),
    ("LINUX_SPLICE", true),
    ("LINUX_TPROXY", true),
    ("LUA", true),
    ("MATH", false),
    ("MEMORY_PROFILING", false),
    ("NETFILTER", true),
    ("NS", true),
    ("OBSOLETE_LINKER", false),
    ("OPENSSL", true),
    ("OPENSSL_AWSLC", false),
    ("OPENSSL_WOLFSSL", false),
    ("PCRE", false),
    ("PCRE2", true),
    ("PCRE2_JIT", true),
    ("PCRE_JIT", false),
    ("POLL", false),
    ("PRCTL", true),
    ("PROCCTL", false),
    ("PROMEX", false),
    ("PTHREAD_EMULATION", false),
    ("QUIC", false),
    ("QUIC_OPENSSL_COMPAT", false),
    ("RT", false),
    ("SHM_OPEN", false),
    ("SLZ", false),
    ("SPOE", false),
    ("SSL", true),
    ("STATIC_PCRE", false),
    ("STATIC_PCRE2", false),
    ("TFO", true),
    ("THREAD", true),
    ("THREAD_DUMP", false),
    ("TPROXY", true),
    ("TRACE", false),
    ("WURFL", false),
    ("ZLIB", false),
];

/// What `-vv` does not list.
const UNLISTED: &str = "HAVE_WORKING_TCP_MD5SIG";

/// Whether `name` is there; false for names that no version of HAProxy knows.
pub fn has(name: &[u8]) -> bool {
    FEATURES.iter().any(|(known, on)| *on && known.as_bytes() == name) || name == UNLISTED.as_bytes()
}

/// The list as `-vv` prints it: `-51DEGREES +ACCEPT4 …`.
pub fn list() -> String {
    let signed = FEATURES.iter().map(|(name, on)| format!("{}{name}", if *on { '+' } else { '-' }));
    signed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: bool) {
        assert_eq!(has(name.as_bytes()), expected, "{name}");
    }

    #[test]
    fn names() {
        check("OPENSSL", true);
        check("LUA", true);
        check("QUIC", false);
        check("openssl", false);
        check("", false);
        check("BOGUS", false);
    }

    #[test]
    fn sorted_and_signed() {
        assert!(FEATURES.is_sorted());
        let list = list();
        assert!(list.starts_with("-51DEGREES +ACCEPT4 "), "{list}");
        assert_eq!(list.split(' ').count(), FEATURES.len());
    }
}
