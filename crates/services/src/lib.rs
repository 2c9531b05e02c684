//! What runs beside the streams: [`rings`] by now. Health checks, peers, resolvers, the statistics
//! page, Prometheus, cache, compression, SPOE and mailers are not here yet, only the rows of filters
//! and services: the checker accepts their keywords and says that they are not executed.

pub mod rings;

use ir::spec::{FilterSpec, ServiceSpec, Support};

const fn filter(name: &'static str, family: &'static str, doc: &'static str) -> FilterSpec {
    FilterSpec { name, family, doc, support: Support::Parsed }
}

/// What `filter` may name.
pub const FILTERS: &[FilterSpec] = &[
    filter("bwlim-in", "BWLIM", "Limits how fast data comes in."),
    filter("bwlim-out", "BWLIM", "Limits how fast data goes out."),
    filter("cache", "CACHE", "Stores responses and answers from them."),
    filter("comp-req", "COMP", "Compresses requests."),
    filter("comp-res", "COMP", "Compresses responses."),
    filter("compression", "COMP", "Compresses requests and responses."),
    filter("fcgi-app", "FCGI", "Speaks FastCGI to the servers."),
    filter("spoe", "SPOE", "Asks agents about streams."),
    FilterSpec {
        name: "trace",
        family: "TRACE",
        doc: "Tells what other filters would see.",
        support: Support::Full,
    },
];

/// What `use-service` may name, beside what Lua files register.
pub const SERVICES: &[ServiceSpec] = &[ServiceSpec {
    name: "prometheus-exporter",
    doc: "Serves the counters as Prometheus reads them.",
    support: Support::Parsed,
}];
