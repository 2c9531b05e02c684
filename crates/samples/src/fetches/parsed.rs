//! Fetches that are accepted but give no value yet.

use ir::spec::{ArgType, Contexts};
use ir::types::SampleType::{Bool, Sint, Str};

use super::at;
use crate::row::Fetch;

pub const ROWS: &[Fetch] = &[
    Fetch::parsed("bs.debug_str", Str, at::SERVER_CONN, "A state of the multiplexer's stream")
        .args(0, &[ArgType::Sint]),
    Fetch::parsed("cpu_ns_avg", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("cpu_ns_tot", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("cpu_usage_grp", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("cpu_usage_proc", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("cpu_usage_thr", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("fcgi.docroot", Str, at::REQUEST, "`fcgi.docroot`, see the manual"),
    Fetch::parsed("fcgi.index", Str, at::REQUEST, "`fcgi.index`, see the manual"),
    Fetch::parsed("fs.debug_str", Str, at::SESSION, "A state of the multiplexer's stream")
        .args(0, &[ArgType::Sint]),
    Fetch::parsed("lat_ns_avg", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("lat_ns_tot", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("res.cache_hit", Bool, at::RESPONSE_KEPT, "What the cache or the compression did")
        .valid_in(Contexts::new("..........YYYYYYYYYY..")),
    Fetch::parsed("res.cache_name", Str, at::RESPONSE_KEPT, "What the cache or the compression did")
        .valid_in(Contexts::new("..........YYYYYYYYYY..")),
    Fetch::parsed("res.comp", Bool, at::RESPONSE_KEPT, "What the cache or the compression did"),
    Fetch::parsed("res.comp_algo", Str, at::RESPONSE_KEPT, "What the cache or the compression did"),
    Fetch::parsed("spoe.engine-id", Str, at::INTERNAL, "`spoe.engine-id`, see the manual"),
    Fetch::parsed("term_events", Str, at::INTERNAL, "`term_events`, see the manual"),
];
