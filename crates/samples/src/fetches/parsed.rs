//! Fetches that are accepted but give no value yet.

use ir::spec::{ArgType, Contexts};
use ir::types::SampleType::{Bin, Bool, Sint, Str};

use super::at;
use crate::checks;
use crate::row::Fetch;

pub const ROWS: &[Fetch] = &[
    Fetch::parsed("bc_be_queue", Sint, at::SERVER_ADDRESS, "A fact about the connection"),
    Fetch::parsed("bc_err", Sint, at::SERVER_ADDRESS, "A fact about the connection"),
    Fetch::parsed("bc_err_name", Str, at::SERVER_ADDRESS, "A fact about the connection"),
    Fetch::parsed("bc_err_str", Str, at::SERVER_ADDRESS, "A fact about the connection"),
    Fetch::parsed("bc_glitches", Sint, at::SERVER_ADDRESS, "A fact about the connection"),
    Fetch::parsed("bc_http_major", Sint, at::SERVER_ADDRESS, "A fact about the connection"),
    Fetch::parsed("bc_nb_streams", Sint, at::SERVER_CONN, "A fact about the connection"),
    Fetch::parsed("bc_reused", Bool, at::SERVER_ADDRESS, "A fact about the connection"),
    Fetch::parsed("bc_rtt", Sint, at::CLIENT, "A fact about the connection")
        .args(0, &[ArgType::Str])
        .check(checks::rtt_unit),
    Fetch::parsed("bc_rttvar", Sint, at::CLIENT, "A fact about the connection")
        .args(0, &[ArgType::Str])
        .check(checks::rtt_unit),
    Fetch::parsed("bc_settings_streams_limit", Sint, at::SERVER_CONN, "A fact about the connection"),
    Fetch::parsed("bc_srv_queue", Sint, at::SERVER_ADDRESS, "A fact about the connection"),
    Fetch::parsed("be_sess_rate", Sint, at::INTERNAL, "`be_sess_rate`, see the manual")
        .args(1, &[ArgType::Backend]),
    Fetch::parsed("bs.aborted", Sint, at::SERVER_CONN, "A state of the multiplexer's stream"),
    Fetch::parsed("bs.debug_str", Str, at::SERVER_CONN, "A state of the multiplexer's stream")
        .args(0, &[ArgType::Sint]),
    Fetch::parsed("bs.id", Sint, at::SERVER_CONN, "A state of the multiplexer's stream"),
    Fetch::parsed("bs.rst_code", Sint, at::SERVER_CONN, "A state of the multiplexer's stream"),
    Fetch::parsed("cpu_calls", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("cpu_ns_avg", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("cpu_ns_tot", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("cpu_usage_grp", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("cpu_usage_proc", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("cpu_usage_thr", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("cur_client_timeout", Sint, at::FRONTEND, "A timeout or limit of the stream as it is now"),
    Fetch::parsed("cur_connect_timeout", Sint, at::BACKEND, "A timeout or limit of the stream as it is now"),
    Fetch::parsed("cur_max_retries", Sint, at::BACKEND, "A timeout or limit of the stream as it is now"),
    Fetch::parsed("cur_queue_timeout", Sint, at::BACKEND, "A timeout or limit of the stream as it is now"),
    Fetch::parsed("cur_server_timeout", Sint, at::BACKEND, "A timeout or limit of the stream as it is now"),
    Fetch::parsed("cur_tarpit_timeout", Sint, at::PROXY, "A timeout or limit of the stream as it is now"),
    Fetch::parsed("cur_tunnel_timeout", Sint, at::BACKEND, "A timeout or limit of the stream as it is now"),
    Fetch::parsed("distcc_body", Bin, at::BUFFER, "`distcc_body`, see the manual")
        .args(1, &[ArgType::Str, ArgType::Sint])
        .check(checks::distcc_token),
    Fetch::parsed("distcc_param", Sint, at::BUFFER, "`distcc_param`, see the manual")
        .args(1, &[ArgType::Str, ArgType::Sint])
        .check(checks::distcc_token),
    Fetch::parsed("dump_all_vars", Str, at::ALWAYS, "`dump_all_vars`, see the manual")
        .args(0, &[ArgType::Str, ArgType::Str, ArgType::Str])
        .check(checks::variable_scope),
    Fetch::parsed("fc_err", Sint, at::CLIENT, "A fact about the connection"),
    Fetch::parsed("fc_err_name", Str, at::CLIENT, "A fact about the connection"),
    Fetch::parsed("fc_err_str", Str, at::CLIENT, "A fact about the connection"),
    Fetch::parsed("fc_fackets", Sint, at::CLIENT, "A fact about the connection")
        .args(0, &[ArgType::Str])
        .check(checks::tcp_counter),
    Fetch::parsed("fc_glitches", Sint, at::CLIENT, "A fact about the connection"),
    Fetch::parsed("fc_lost", Sint, at::CLIENT, "A fact about the connection")
        .args(0, &[ArgType::Str])
        .check(checks::tcp_counter),
    Fetch::parsed("fc_nb_streams", Sint, at::CLIENT, "A fact about the connection"),
    Fetch::parsed("fc_pp_authority", Str, at::CLIENT, "What the PROXY protocol header said"),
    Fetch::parsed("fc_pp_tlv", Str, at::SESSION, "What the PROXY protocol header said")
        .args(1, &[ArgType::Str])
        .check(checks::proxy_extension),
    Fetch::parsed("fc_pp_unique_id", Str, at::CLIENT, "What the PROXY protocol header said"),
    Fetch::parsed("fc_rcvd_proxy", Bool, at::CLIENT, "What the PROXY protocol header said"),
    Fetch::parsed("fc_reordering", Sint, at::CLIENT, "A fact about the connection")
        .args(0, &[ArgType::Str])
        .check(checks::tcp_counter),
    Fetch::parsed("fc_retrans", Sint, at::CLIENT, "A fact about the connection")
        .args(0, &[ArgType::Str])
        .check(checks::tcp_counter),
    Fetch::parsed("fc_rtt", Sint, at::CLIENT, "A fact about the connection")
        .args(0, &[ArgType::Str])
        .check(checks::rtt_unit),
    Fetch::parsed("fc_rttvar", Sint, at::CLIENT, "A fact about the connection")
        .args(0, &[ArgType::Str])
        .check(checks::rtt_unit),
    Fetch::parsed("fc_sacked", Sint, at::CLIENT, "A fact about the connection")
        .args(0, &[ArgType::Str])
        .check(checks::tcp_counter),
    Fetch::parsed("fc_saved_syn", Bin, at::CLIENT, "A fact about the connection"),
    Fetch::parsed("fc_settings_streams_limit", Sint, at::SESSION, "A fact about the connection"),
    Fetch::parsed("fc_unacked", Sint, at::CLIENT, "A fact about the connection")
        .args(0, &[ArgType::Str])
        .check(checks::tcp_counter),
    Fetch::parsed("fcgi.docroot", Str, at::REQUEST, "`fcgi.docroot`, see the manual"),
    Fetch::parsed("fcgi.index", Str, at::REQUEST, "`fcgi.index`, see the manual"),
    Fetch::parsed("fe_req_rate", Sint, at::INTERNAL, "`fe_req_rate`, see the manual")
        .args(1, &[ArgType::Frontend]),
    Fetch::parsed("fe_sess_rate", Sint, at::INTERNAL, "`fe_sess_rate`, see the manual")
        .args(1, &[ArgType::Frontend]),
    Fetch::parsed("fs.aborted", Sint, at::SESSION, "A state of the multiplexer's stream"),
    Fetch::parsed("fs.debug_str", Str, at::SESSION, "A state of the multiplexer's stream")
        .args(0, &[ArgType::Sint]),
    Fetch::parsed("fs.id", Str, at::SESSION, "A state of the multiplexer's stream"),
    Fetch::parsed("fs.rst_code", Sint, at::SESSION, "A state of the multiplexer's stream"),
    Fetch::parsed("internal.htx.data", Sint, at::MESSAGE, "An inner state of HAProxy, for debugging"),
    Fetch::parsed("internal.htx.free", Sint, at::MESSAGE, "An inner state of HAProxy, for debugging"),
    Fetch::parsed("internal.htx.free_data", Sint, at::MESSAGE, "An inner state of HAProxy, for debugging"),
    Fetch::parsed("internal.htx.has_eom", Bool, at::MESSAGE, "An inner state of HAProxy, for debugging"),
    Fetch::parsed("internal.htx.nbblks", Sint, at::MESSAGE, "An inner state of HAProxy, for debugging"),
    Fetch::parsed("internal.htx.size", Sint, at::MESSAGE, "An inner state of HAProxy, for debugging"),
    Fetch::parsed("internal.htx.used", Sint, at::MESSAGE, "An inner state of HAProxy, for debugging"),
    Fetch::parsed("internal.htx_blk.data", Bin, at::MESSAGE, "An inner state of HAProxy, for debugging")
        .args(1, &[ArgType::Str])
        .check(checks::message_block),
    Fetch::parsed("internal.htx_blk.hdrname", Str, at::MESSAGE, "An inner state of HAProxy, for debugging")
        .args(1, &[ArgType::Str])
        .check(checks::message_block),
    Fetch::parsed("internal.htx_blk.hdrval", Str, at::MESSAGE, "An inner state of HAProxy, for debugging")
        .args(1, &[ArgType::Str])
        .check(checks::message_block),
    Fetch::parsed("internal.htx_blk.size", Sint, at::MESSAGE, "An inner state of HAProxy, for debugging")
        .args(1, &[ArgType::Str])
        .check(checks::message_block),
    Fetch::parsed(
        "internal.htx_blk.start_line",
        Str,
        at::MESSAGE,
        "An inner state of HAProxy, for debugging",
    )
    .args(1, &[ArgType::Str])
    .check(checks::message_block),
    Fetch::parsed("internal.htx_blk.type", Str, at::MESSAGE, "An inner state of HAProxy, for debugging")
        .args(1, &[ArgType::Str])
        .check(checks::message_block),
    Fetch::parsed("internal.strm.is_htx", Bool, at::INTERNAL, "An inner state of HAProxy, for debugging"),
    Fetch::parsed("last_entity", Str, at::INTERNAL, "`last_entity`, see the manual"),
    Fetch::parsed("last_rule_file", Str, at::INTERNAL, "`last_rule_file`, see the manual"),
    Fetch::parsed("last_rule_line", Sint, at::INTERNAL, "`last_rule_line`, see the manual"),
    Fetch::parsed("lat_ns_avg", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("lat_ns_tot", Sint, at::INTERNAL, "Time that the stream or the process spent"),
    Fetch::parsed("prio_class", Sint, at::INTERNAL, "`prio_class`, see the manual"),
    Fetch::parsed("prio_offset", Sint, at::INTERNAL, "`prio_offset`, see the manual"),
    Fetch::parsed("req.bytes_in", Sint, at::REQUEST_END, "`req.bytes_in`, see the manual"),
    Fetch::parsed("req.bytes_out", Sint, at::REQUEST_END, "`req.bytes_out`, see the manual"),
    Fetch::parsed("res.bytes_in", Sint, at::RESPONSE_END, "`res.bytes_in`, see the manual"),
    Fetch::parsed("res.bytes_out", Sint, at::RESPONSE_END, "`res.bytes_out`, see the manual"),
    Fetch::parsed("res.cache_hit", Bool, at::RESPONSE_KEPT, "What the cache or the compression did")
        .valid_in(Contexts::new("..........YYYYYYYYYY..")),
    Fetch::parsed("res.cache_name", Str, at::RESPONSE_KEPT, "What the cache or the compression did")
        .valid_in(Contexts::new("..........YYYYYYYYYY..")),
    Fetch::parsed("res.comp", Bool, at::RESPONSE_KEPT, "What the cache or the compression did"),
    Fetch::parsed("res.comp_algo", Str, at::RESPONSE_KEPT, "What the cache or the compression did"),
    Fetch::parsed("spoe.engine-id", Str, at::INTERNAL, "`spoe.engine-id`, see the manual"),
    Fetch::parsed("srv_sess_rate", Sint, at::INTERNAL, "`srv_sess_rate`, see the manual")
        .args(1, &[ArgType::Server]),
    Fetch::parsed("term_events", Str, at::INTERNAL, "`term_events`, see the manual"),
    Fetch::parsed("waiting_entity", Str, at::INTERNAL, "`waiting_entity`, see the manual"),
];
