//! Fetches of stick table counters: accepted, without a value until stick tables run.

use ir::spec::ArgType;
use ir::types::SampleType::{Any, Bool, Sint};

use super::at;
use crate::row::Fetch;

const TABLE: &[ArgType] = &[ArgType::Table];

pub const ROWS: &[Fetch] = &[
    Fetch::parsed("sc0_bytes_in_rate", Sint, at::INTERNAL, "A stick table counter: `sc0_bytes_in_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc0_bytes_out_rate", Sint, at::INTERNAL, "A stick table counter: `sc0_bytes_out_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc0_clr_gpc0", Sint, at::INTERNAL, "A stick table counter: `sc0_clr_gpc0`").args(0, TABLE),
    Fetch::parsed("sc0_clr_gpc1", Sint, at::INTERNAL, "A stick table counter: `sc0_clr_gpc1`").args(0, TABLE),
    Fetch::parsed("sc0_conn_cnt", Sint, at::INTERNAL, "A stick table counter: `sc0_conn_cnt`").args(0, TABLE),
    Fetch::parsed("sc0_conn_cur", Sint, at::INTERNAL, "A stick table counter: `sc0_conn_cur`").args(0, TABLE),
    Fetch::parsed("sc0_conn_rate", Sint, at::INTERNAL, "A stick table counter: `sc0_conn_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc0_get_gpc0", Sint, at::INTERNAL, "A stick table counter: `sc0_get_gpc0`").args(0, TABLE),
    Fetch::parsed("sc0_get_gpc1", Sint, at::INTERNAL, "A stick table counter: `sc0_get_gpc1`").args(0, TABLE),
    Fetch::parsed("sc0_get_gpt0", Sint, at::INTERNAL, "A stick table counter: `sc0_get_gpt0`").args(0, TABLE),
    Fetch::parsed("sc0_glitch_cnt", Sint, at::INTERNAL, "A stick table counter: `sc0_glitch_cnt`")
        .args(0, TABLE),
    Fetch::parsed("sc0_glitch_rate", Sint, at::INTERNAL, "A stick table counter: `sc0_glitch_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc0_gpc0_rate", Sint, at::INTERNAL, "A stick table counter: `sc0_gpc0_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc0_gpc1_rate", Sint, at::INTERNAL, "A stick table counter: `sc0_gpc1_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc0_http_err_cnt", Sint, at::INTERNAL, "A stick table counter: `sc0_http_err_cnt`")
        .args(0, TABLE),
    Fetch::parsed("sc0_http_err_rate", Sint, at::INTERNAL, "A stick table counter: `sc0_http_err_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc0_http_fail_cnt", Sint, at::INTERNAL, "A stick table counter: `sc0_http_fail_cnt`")
        .args(0, TABLE),
    Fetch::parsed("sc0_http_fail_rate", Sint, at::INTERNAL, "A stick table counter: `sc0_http_fail_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc0_http_req_cnt", Sint, at::INTERNAL, "A stick table counter: `sc0_http_req_cnt`")
        .args(0, TABLE),
    Fetch::parsed("sc0_http_req_rate", Sint, at::INTERNAL, "A stick table counter: `sc0_http_req_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc0_inc_gpc0", Sint, at::INTERNAL, "A stick table counter: `sc0_inc_gpc0`").args(0, TABLE),
    Fetch::parsed("sc0_inc_gpc1", Sint, at::INTERNAL, "A stick table counter: `sc0_inc_gpc1`").args(0, TABLE),
    Fetch::parsed("sc0_kbytes_in", Sint, at::CLIENT, "A stick table counter: `sc0_kbytes_in`").args(0, TABLE),
    Fetch::parsed("sc0_kbytes_out", Sint, at::CLIENT, "A stick table counter: `sc0_kbytes_out`")
        .args(0, TABLE),
    Fetch::parsed("sc0_key", Any, at::INTERNAL, "A stick table counter: `sc0_key`"),
    Fetch::parsed("sc0_sess_cnt", Sint, at::INTERNAL, "A stick table counter: `sc0_sess_cnt`").args(0, TABLE),
    Fetch::parsed("sc0_sess_rate", Sint, at::INTERNAL, "A stick table counter: `sc0_sess_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc0_tracked", Bool, at::INTERNAL, "A stick table counter: `sc0_tracked`").args(0, TABLE),
    Fetch::parsed("sc0_trackers", Sint, at::INTERNAL, "A stick table counter: `sc0_trackers`").args(0, TABLE),
    Fetch::parsed("sc1_bytes_in_rate", Sint, at::INTERNAL, "A stick table counter: `sc1_bytes_in_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc1_bytes_out_rate", Sint, at::INTERNAL, "A stick table counter: `sc1_bytes_out_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc1_clr_gpc", Sint, at::INTERNAL, "A stick table counter: `sc1_clr_gpc`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc1_clr_gpc0", Sint, at::INTERNAL, "A stick table counter: `sc1_clr_gpc0`").args(0, TABLE),
    Fetch::parsed("sc1_clr_gpc1", Sint, at::INTERNAL, "A stick table counter: `sc1_clr_gpc1`").args(0, TABLE),
    Fetch::parsed("sc1_conn_cnt", Sint, at::INTERNAL, "A stick table counter: `sc1_conn_cnt`").args(0, TABLE),
    Fetch::parsed("sc1_conn_cur", Sint, at::INTERNAL, "A stick table counter: `sc1_conn_cur`").args(0, TABLE),
    Fetch::parsed("sc1_conn_rate", Sint, at::INTERNAL, "A stick table counter: `sc1_conn_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc1_get_gpc0", Sint, at::INTERNAL, "A stick table counter: `sc1_get_gpc0`").args(0, TABLE),
    Fetch::parsed("sc1_get_gpc1", Sint, at::INTERNAL, "A stick table counter: `sc1_get_gpc1`").args(0, TABLE),
    Fetch::parsed("sc1_get_gpt0", Sint, at::INTERNAL, "A stick table counter: `sc1_get_gpt0`").args(0, TABLE),
    Fetch::parsed("sc1_glitch_cnt", Sint, at::INTERNAL, "A stick table counter: `sc1_glitch_cnt`")
        .args(0, TABLE),
    Fetch::parsed("sc1_glitch_rate", Sint, at::INTERNAL, "A stick table counter: `sc1_glitch_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc1_gpc0_rate", Sint, at::INTERNAL, "A stick table counter: `sc1_gpc0_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc1_gpc1_rate", Sint, at::INTERNAL, "A stick table counter: `sc1_gpc1_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc1_http_err_cnt", Sint, at::INTERNAL, "A stick table counter: `sc1_http_err_cnt`")
        .args(0, TABLE),
    Fetch::parsed("sc1_http_err_rate", Sint, at::INTERNAL, "A stick table counter: `sc1_http_err_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc1_http_fail_cnt", Sint, at::INTERNAL, "A stick table counter: `sc1_http_fail_cnt`")
        .args(0, TABLE),
    Fetch::parsed("sc1_http_fail_rate", Sint, at::INTERNAL, "A stick table counter: `sc1_http_fail_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc1_http_req_cnt", Sint, at::INTERNAL, "A stick table counter: `sc1_http_req_cnt`")
        .args(0, TABLE),
    Fetch::parsed("sc1_http_req_rate", Sint, at::INTERNAL, "A stick table counter: `sc1_http_req_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc1_inc_gpc0", Sint, at::INTERNAL, "A stick table counter: `sc1_inc_gpc0`").args(0, TABLE),
    Fetch::parsed("sc1_inc_gpc1", Sint, at::INTERNAL, "A stick table counter: `sc1_inc_gpc1`").args(0, TABLE),
    Fetch::parsed("sc1_kbytes_in", Sint, at::CLIENT, "A stick table counter: `sc1_kbytes_in`").args(0, TABLE),
    Fetch::parsed("sc1_kbytes_out", Sint, at::CLIENT, "A stick table counter: `sc1_kbytes_out`")
        .args(0, TABLE),
    Fetch::parsed("sc1_key", Any, at::INTERNAL, "A stick table counter: `sc1_key`"),
    Fetch::parsed("sc1_sess_cnt", Sint, at::INTERNAL, "A stick table counter: `sc1_sess_cnt`").args(0, TABLE),
    Fetch::parsed("sc1_sess_rate", Sint, at::INTERNAL, "A stick table counter: `sc1_sess_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc1_tracked", Bool, at::INTERNAL, "A stick table counter: `sc1_tracked`").args(0, TABLE),
    Fetch::parsed("sc1_trackers", Sint, at::INTERNAL, "A stick table counter: `sc1_trackers`").args(0, TABLE),
    Fetch::parsed("sc2_bytes_in_rate", Sint, at::INTERNAL, "A stick table counter: `sc2_bytes_in_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc2_bytes_out_rate", Sint, at::INTERNAL, "A stick table counter: `sc2_bytes_out_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc2_clr_gpc0", Sint, at::INTERNAL, "A stick table counter: `sc2_clr_gpc0`").args(0, TABLE),
    Fetch::parsed("sc2_clr_gpc1", Sint, at::INTERNAL, "A stick table counter: `sc2_clr_gpc1`").args(0, TABLE),
    Fetch::parsed("sc2_conn_cnt", Sint, at::INTERNAL, "A stick table counter: `sc2_conn_cnt`").args(0, TABLE),
    Fetch::parsed("sc2_conn_cur", Sint, at::INTERNAL, "A stick table counter: `sc2_conn_cur`").args(0, TABLE),
    Fetch::parsed("sc2_conn_rate", Sint, at::INTERNAL, "A stick table counter: `sc2_conn_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc2_get_gpc0", Sint, at::INTERNAL, "A stick table counter: `sc2_get_gpc0`").args(0, TABLE),
    Fetch::parsed("sc2_get_gpc1", Sint, at::INTERNAL, "A stick table counter: `sc2_get_gpc1`").args(0, TABLE),
    Fetch::parsed("sc2_get_gpt0", Sint, at::INTERNAL, "A stick table counter: `sc2_get_gpt0`").args(0, TABLE),
    Fetch::parsed("sc2_glitch_cnt", Sint, at::INTERNAL, "A stick table counter: `sc2_glitch_cnt`")
        .args(0, TABLE),
    Fetch::parsed("sc2_glitch_rate", Sint, at::INTERNAL, "A stick table counter: `sc2_glitch_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc2_gpc0_rate", Sint, at::INTERNAL, "A stick table counter: `sc2_gpc0_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc2_gpc1_rate", Sint, at::INTERNAL, "A stick table counter: `sc2_gpc1_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc2_http_err_cnt", Sint, at::INTERNAL, "A stick table counter: `sc2_http_err_cnt`")
        .args(0, TABLE),
    Fetch::parsed("sc2_http_err_rate", Sint, at::INTERNAL, "A stick table counter: `sc2_http_err_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc2_http_fail_cnt", Sint, at::INTERNAL, "A stick table counter: `sc2_http_fail_cnt`")
        .args(0, TABLE),
    Fetch::parsed("sc2_http_fail_rate", Sint, at::INTERNAL, "A stick table counter: `sc2_http_fail_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc2_http_req_cnt", Sint, at::INTERNAL, "A stick table counter: `sc2_http_req_cnt`")
        .args(0, TABLE),
    Fetch::parsed("sc2_http_req_rate", Sint, at::INTERNAL, "A stick table counter: `sc2_http_req_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc2_inc_gpc0", Sint, at::INTERNAL, "A stick table counter: `sc2_inc_gpc0`").args(0, TABLE),
    Fetch::parsed("sc2_inc_gpc1", Sint, at::INTERNAL, "A stick table counter: `sc2_inc_gpc1`").args(0, TABLE),
    Fetch::parsed("sc2_kbytes_in", Sint, at::CLIENT, "A stick table counter: `sc2_kbytes_in`").args(0, TABLE),
    Fetch::parsed("sc2_kbytes_out", Sint, at::CLIENT, "A stick table counter: `sc2_kbytes_out`")
        .args(0, TABLE),
    Fetch::parsed("sc2_key", Any, at::INTERNAL, "A stick table counter: `sc2_key`"),
    Fetch::parsed("sc2_sess_cnt", Sint, at::INTERNAL, "A stick table counter: `sc2_sess_cnt`").args(0, TABLE),
    Fetch::parsed("sc2_sess_rate", Sint, at::INTERNAL, "A stick table counter: `sc2_sess_rate`")
        .args(0, TABLE),
    Fetch::parsed("sc2_tracked", Bool, at::INTERNAL, "A stick table counter: `sc2_tracked`").args(0, TABLE),
    Fetch::parsed("sc2_trackers", Sint, at::INTERNAL, "A stick table counter: `sc2_trackers`").args(0, TABLE),
    Fetch::parsed("sc_bytes_in_rate", Sint, at::INTERNAL, "A stick table counter: `sc_bytes_in_rate`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_bytes_out_rate", Sint, at::INTERNAL, "A stick table counter: `sc_bytes_out_rate`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_clr_gpc", Sint, at::INTERNAL, "A stick table counter: `sc_clr_gpc`")
        .args(2, &[ArgType::Sint, ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_clr_gpc0", Sint, at::INTERNAL, "A stick table counter: `sc_clr_gpc0`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_clr_gpc1", Sint, at::INTERNAL, "A stick table counter: `sc_clr_gpc1`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_conn_cnt", Sint, at::INTERNAL, "A stick table counter: `sc_conn_cnt`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_conn_cur", Sint, at::INTERNAL, "A stick table counter: `sc_conn_cur`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_conn_rate", Sint, at::INTERNAL, "A stick table counter: `sc_conn_rate`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_get_gpc", Sint, at::INTERNAL, "A stick table counter: `sc_get_gpc`")
        .args(2, &[ArgType::Sint, ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_get_gpc0", Sint, at::INTERNAL, "A stick table counter: `sc_get_gpc0`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_get_gpc1", Sint, at::INTERNAL, "A stick table counter: `sc_get_gpc1`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_get_gpt", Sint, at::INTERNAL, "A stick table counter: `sc_get_gpt`")
        .args(2, &[ArgType::Sint, ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_get_gpt0", Sint, at::INTERNAL, "A stick table counter: `sc_get_gpt0`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_glitch_cnt", Sint, at::INTERNAL, "A stick table counter: `sc_glitch_cnt`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_glitch_rate", Sint, at::INTERNAL, "A stick table counter: `sc_glitch_rate`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_gpc0_rate", Sint, at::INTERNAL, "A stick table counter: `sc_gpc0_rate`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_gpc1_rate", Sint, at::INTERNAL, "A stick table counter: `sc_gpc1_rate`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_gpc_rate", Sint, at::INTERNAL, "A stick table counter: `sc_gpc_rate`")
        .args(2, &[ArgType::Sint, ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_http_err_cnt", Sint, at::INTERNAL, "A stick table counter: `sc_http_err_cnt`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_http_err_rate", Sint, at::INTERNAL, "A stick table counter: `sc_http_err_rate`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_http_fail_cnt", Sint, at::INTERNAL, "A stick table counter: `sc_http_fail_cnt`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_http_fail_rate", Sint, at::INTERNAL, "A stick table counter: `sc_http_fail_rate`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_http_req_cnt", Sint, at::INTERNAL, "A stick table counter: `sc_http_req_cnt`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_http_req_rate", Sint, at::INTERNAL, "A stick table counter: `sc_http_req_rate`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_inc_gpc", Sint, at::INTERNAL, "A stick table counter: `sc_inc_gpc`")
        .args(2, &[ArgType::Sint, ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_inc_gpc0", Sint, at::INTERNAL, "A stick table counter: `sc_inc_gpc0`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_inc_gpc1", Sint, at::INTERNAL, "A stick table counter: `sc_inc_gpc1`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_kbytes_in", Sint, at::CLIENT, "A stick table counter: `sc_kbytes_in`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_kbytes_out", Sint, at::CLIENT, "A stick table counter: `sc_kbytes_out`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_key", Any, at::INTERNAL, "A stick table counter: `sc_key`").args(1, &[ArgType::Sint]),
    Fetch::parsed("sc_sess_cnt", Sint, at::INTERNAL, "A stick table counter: `sc_sess_cnt`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_sess_rate", Sint, at::INTERNAL, "A stick table counter: `sc_sess_rate`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_tracked", Bool, at::INTERNAL, "A stick table counter: `sc_tracked`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("sc_trackers", Sint, at::INTERNAL, "A stick table counter: `sc_trackers`")
        .args(1, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("src_bytes_in_rate", Sint, at::CLIENT, "A stick table counter: `src_bytes_in_rate`")
        .args(1, TABLE),
    Fetch::parsed("src_bytes_out_rate", Sint, at::CLIENT, "A stick table counter: `src_bytes_out_rate`")
        .args(1, TABLE),
    Fetch::parsed("src_clr_gpc", Sint, at::CLIENT, "A stick table counter: `src_clr_gpc`")
        .args(2, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("src_clr_gpc0", Sint, at::CLIENT, "A stick table counter: `src_clr_gpc0`").args(1, TABLE),
    Fetch::parsed("src_clr_gpc1", Sint, at::CLIENT, "A stick table counter: `src_clr_gpc1`").args(1, TABLE),
    Fetch::parsed("src_conn_cnt", Sint, at::CLIENT, "A stick table counter: `src_conn_cnt`").args(1, TABLE),
    Fetch::parsed("src_conn_cur", Sint, at::CLIENT, "A stick table counter: `src_conn_cur`").args(1, TABLE),
    Fetch::parsed("src_conn_rate", Sint, at::CLIENT, "A stick table counter: `src_conn_rate`").args(1, TABLE),
    Fetch::parsed("src_get_gpc", Sint, at::CLIENT, "A stick table counter: `src_get_gpc`")
        .args(2, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("src_get_gpc0", Sint, at::CLIENT, "A stick table counter: `src_get_gpc0`").args(1, TABLE),
    Fetch::parsed("src_get_gpc1", Sint, at::CLIENT, "A stick table counter: `src_get_gpc1`").args(1, TABLE),
    Fetch::parsed("src_get_gpt", Sint, at::CLIENT, "A stick table counter: `src_get_gpt`")
        .args(2, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("src_get_gpt0", Sint, at::CLIENT, "A stick table counter: `src_get_gpt0`").args(1, TABLE),
    Fetch::parsed("src_glitch_cnt", Sint, at::CLIENT, "A stick table counter: `src_glitch_cnt`")
        .args(1, TABLE),
    Fetch::parsed("src_glitch_rate", Sint, at::CLIENT, "A stick table counter: `src_glitch_rate`")
        .args(1, TABLE),
    Fetch::parsed("src_gpc0_rate", Sint, at::CLIENT, "A stick table counter: `src_gpc0_rate`").args(1, TABLE),
    Fetch::parsed("src_gpc1_rate", Sint, at::CLIENT, "A stick table counter: `src_gpc1_rate`").args(1, TABLE),
    Fetch::parsed("src_gpc_rate", Sint, at::CLIENT, "A stick table counter: `src_gpc_rate`")
        .args(2, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("src_http_err_cnt", Sint, at::CLIENT, "A stick table counter: `src_http_err_cnt`")
        .args(1, TABLE),
    Fetch::parsed("src_http_err_rate", Sint, at::CLIENT, "A stick table counter: `src_http_err_rate`")
        .args(1, TABLE),
    Fetch::parsed("src_http_fail_cnt", Sint, at::CLIENT, "A stick table counter: `src_http_fail_cnt`")
        .args(1, TABLE),
    Fetch::parsed("src_http_fail_rate", Sint, at::CLIENT, "A stick table counter: `src_http_fail_rate`")
        .args(1, TABLE),
    Fetch::parsed("src_http_req_cnt", Sint, at::CLIENT, "A stick table counter: `src_http_req_cnt`")
        .args(1, TABLE),
    Fetch::parsed("src_http_req_rate", Sint, at::CLIENT, "A stick table counter: `src_http_req_rate`")
        .args(1, TABLE),
    Fetch::parsed("src_inc_gpc", Sint, at::CLIENT, "A stick table counter: `src_inc_gpc`")
        .args(2, &[ArgType::Sint, ArgType::Table]),
    Fetch::parsed("src_inc_gpc0", Sint, at::CLIENT, "A stick table counter: `src_inc_gpc0`").args(1, TABLE),
    Fetch::parsed("src_inc_gpc1", Sint, at::CLIENT, "A stick table counter: `src_inc_gpc1`").args(1, TABLE),
    Fetch::parsed("src_kbytes_in", Sint, at::CLIENT, "A stick table counter: `src_kbytes_in`").args(1, TABLE),
    Fetch::parsed("src_kbytes_out", Sint, at::CLIENT, "A stick table counter: `src_kbytes_out`")
        .args(1, TABLE),
    Fetch::parsed("src_sess_cnt", Sint, at::CLIENT, "A stick table counter: `src_sess_cnt`").args(1, TABLE),
    Fetch::parsed("src_sess_rate", Sint, at::CLIENT, "A stick table counter: `src_sess_rate`").args(1, TABLE),
    Fetch::parsed("src_updt_conn_cnt", Sint, at::CLIENT, "A stick table counter: `src_updt_conn_cnt`")
        .args(1, TABLE),
];
