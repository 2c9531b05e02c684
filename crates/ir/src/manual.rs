//! Which section of HAProxy's configuration manual describes a keyword.

use crate::spec::{Section, Sections};

/// Keywords of `global` about performance, beside `tune.…`.
const PERFORMANCE: [&str; 25] = [
    "busy-polling",
    "max-spread-checks",
    "maxcompcpuusage",
    "maxcomprate",
    "maxconn",
    "maxconnrate",
    "maxpipes",
    "maxsessrate",
    "maxsslconn",
    "maxsslrate",
    "maxzlibmem",
    "no-memory-trimming",
    "noepoll",
    "noevports",
    "nogetaddrinfo",
    "nokqueue",
    "noktls",
    "nopoll",
    "noreuseport",
    "nosplice",
    "profiling.memory",
    "profiling.tasks",
    "spread-checks",
    "ssl-engine",
    "ssl-mode-async",
];

/// Keywords of `global` about debugging.
const DEBUGGING: [&str; 5] =
    ["anonkey", "force-cfg-parser-pause", "quiet", "warn-blocked-traffic-after", "zero-warning"];

/// The first words of proxies' lines whose details stand outside section 4.2.
const PROXY: [(&str, &str); 14] = [
    ("acl", "7.1"),
    ("bind", "5.1"),
    ("default-server", "5.2"),
    ("filter", "9"),
    ("http-after-response", "4.4"),
    ("http-request", "4.4"),
    ("http-response", "4.4"),
    ("log-format", "8.2.6"),
    ("quic-initial", "4.4"),
    ("server", "5.2"),
    ("server-template", "5.2"),
    ("stick-table", "11.1"),
    ("tcp-request", "4.4"),
    ("tcp-response", "4.4"),
];

/// Sections of the configuration other than `global` and the proxies.
const OTHERS: [(Section, &str); 15] = [
    (Section::Peers, "11.2"),
    (Section::Resolvers, "5.3.2"),
    (Section::Userlist, "12.2"),
    (Section::Mailers, "12.3"),
    (Section::Cache, "6.2.1"),
    (Section::Ring, "12.5"),
    (Section::LogForward, "12.6"),
    (Section::LogProfile, "8.3.5"),
    (Section::HttpErrors, "12.4"),
    (Section::FcgiApp, "10.1.1"),
    (Section::CrtStore, "12.7"),
    (Section::Traces, "12.1"),
    (Section::Acme, "12.8"),
    (Section::Healthcheck, "12.9"),
    (Section::Program, "2.1"),
];

/// The section about a keyword of these sections of the configuration.
pub fn section(name: &str, sections: Sections) -> &'static str {
    if sections.meets(Sections::PROXY) {
        let first = name.split(' ').next();
        return PROXY.iter().find(|(known, _)| Some(*known) == first).map_or("4.2", |(_, number)| number);
    }
    if sections.contains(Section::Global) {
        return global(name);
    }
    OTHERS.iter().find(|(other, _)| sections.contains(*other)).map_or("4.2", |(_, number)| number)
}

fn global(name: &str) -> &'static str {
    if name.starts_with("httpclient.") {
        return "3.4";
    }
    let is_tuning = name.starts_with("tune.") && !name.starts_with("tune.ssl.ocsp-update.");
    match name {
        _ if is_tuning || PERFORMANCE.contains(&name) => "3.2",
        _ if DEBUGGING.contains(&name) => "3.3",
        _ => "3.1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, sections: Sections, expected: &str) {
        assert_eq!(section(name, sections), expected, "{name}");
    }

    #[test]
    fn numbers() {
        check("timeout client", Sections::PROXY, "4.2");
        check("http-request", Sections::one(Section::Frontend), "4.4");
        check("chroot", Sections::GLOBAL, "3.1");
        check("maxconn", Sections::GLOBAL, "3.2");
        check("tune.bufsize", Sections::GLOBAL, "3.2");
        check("quiet", Sections::GLOBAL, "3.3");
        check("httpclient.retries", Sections::GLOBAL, "3.4");
        check("peer", Sections::one(Section::Peers), "11.2");
    }
}
