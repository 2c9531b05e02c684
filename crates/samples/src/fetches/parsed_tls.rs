//! TLS fetches that are accepted but give no value yet.

use ir::spec::ArgType;
use ir::types::SampleType::{Bin, Bool, Sint, Str};

use super::at;
use crate::checks;
use crate::row::Fetch;

pub const ROWS: &[Fetch] = &[
    Fetch::parsed("req.ssl_cipherlist", Bin, at::HELLO, "`req.ssl_cipherlist`, see the manual"),
    Fetch::parsed("req.ssl_keyshare_groups", Bin, at::HELLO, "`req.ssl_keyshare_groups`, see the manual"),
    Fetch::parsed("req.ssl_sigalgs", Bin, at::HELLO, "`req.ssl_sigalgs`, see the manual"),
    Fetch::parsed("req.ssl_st_ext", Sint, at::REQUEST_BUFFER, "`req.ssl_st_ext`, see the manual"),
    Fetch::parsed("req.ssl_supported_groups", Bin, at::HELLO, "`req.ssl_supported_groups`, see the manual"),
    Fetch::parsed("ssl_bc", Bool, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_alg_keysize", Sint, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_alpn", Str, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_cipher", Str, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed(
        "ssl_bc_client_early_traffic_secret",
        Str,
        at::SESSION,
        "A fact about TLS towards the server",
    ),
    Fetch::parsed(
        "ssl_bc_client_handshake_traffic_secret",
        Str,
        at::SESSION,
        "A fact about TLS towards the server",
    ),
    Fetch::parsed("ssl_bc_client_random", Bin, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_client_traffic_secret_0", Str, at::SESSION, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_curve", Str, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_early_exporter_secret", Str, at::SESSION, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_err", Sint, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_err_str", Str, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_exporter_secret", Str, at::SESSION, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_is_resumed", Bool, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_npn", Str, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_protocol", Str, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed(
        "ssl_bc_server_handshake_traffic_secret",
        Str,
        at::SESSION,
        "A fact about TLS towards the server",
    ),
    Fetch::parsed("ssl_bc_server_random", Bin, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_server_traffic_secret_0", Str, at::SESSION, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_session_id", Bin, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_session_key", Bin, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_sni", Str, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_unique_id", Bin, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_bc_use_keysize", Sint, at::SERVER_CONN, "A fact about TLS towards the server"),
    Fetch::parsed("ssl_c_ca_err", Sint, at::SESSION, "A part of the client certificate"),
    Fetch::parsed("ssl_c_ca_err_depth", Sint, at::SESSION, "A part of the client certificate"),
    Fetch::parsed("ssl_c_chain_der", Bin, at::SESSION, "A part of the client certificate"),
    Fetch::parsed("ssl_c_err", Sint, at::SESSION, "A part of the client certificate"),
    Fetch::parsed("ssl_c_i_dn", Str, at::SESSION, "A part of the client certificate")
        .args(0, &[ArgType::Str, ArgType::Sint, ArgType::Str])
        .check(checks::name_format),
    Fetch::parsed("ssl_c_key_alg", Str, at::SESSION, "A part of the client certificate"),
    Fetch::parsed("ssl_c_notafter", Str, at::SESSION, "A part of the client certificate"),
    Fetch::parsed("ssl_c_notbefore", Str, at::SESSION, "A part of the client certificate"),
    Fetch::parsed("ssl_c_policies", Str, at::SESSION, "A part of the client certificate")
        .args(0, &[ArgType::Str]),
    Fetch::parsed("ssl_c_r_dn", Str, at::SESSION, "A part of the client certificate")
        .args(0, &[ArgType::Str, ArgType::Sint, ArgType::Str])
        .check(checks::name_format),
    Fetch::parsed("ssl_c_s_dn", Str, at::SESSION, "A part of the client certificate")
        .args(0, &[ArgType::Str, ArgType::Sint, ArgType::Str])
        .check(checks::name_format),
    Fetch::parsed("ssl_c_san", Str, at::SESSION, "A part of the client certificate"),
    Fetch::parsed("ssl_c_serial", Bin, at::SESSION, "A part of the client certificate"),
    Fetch::parsed("ssl_c_sha1", Bin, at::SESSION, "A part of the client certificate"),
    Fetch::parsed("ssl_c_sig_alg", Str, at::SESSION, "A part of the client certificate"),
    Fetch::parsed("ssl_c_version", Sint, at::SESSION, "A part of the client certificate"),
    Fetch::parsed("ssl_f_der", Bin, at::SESSION, "A part of the certificate shown to the client"),
    Fetch::parsed("ssl_f_i_dn", Str, at::SESSION, "A part of the certificate shown to the client")
        .args(0, &[ArgType::Str, ArgType::Sint, ArgType::Str])
        .check(checks::name_format),
    Fetch::parsed("ssl_f_key_alg", Str, at::SESSION, "A part of the certificate shown to the client"),
    Fetch::parsed("ssl_f_notafter", Str, at::SESSION, "A part of the certificate shown to the client"),
    Fetch::parsed("ssl_f_notbefore", Str, at::SESSION, "A part of the certificate shown to the client"),
    Fetch::parsed("ssl_f_s_dn", Str, at::SESSION, "A part of the certificate shown to the client")
        .args(0, &[ArgType::Str, ArgType::Sint, ArgType::Str])
        .check(checks::name_format),
    Fetch::parsed("ssl_f_serial", Bin, at::SESSION, "A part of the certificate shown to the client"),
    Fetch::parsed("ssl_f_sha1", Bin, at::SESSION, "A part of the certificate shown to the client"),
    Fetch::parsed("ssl_f_sig_alg", Str, at::SESSION, "A part of the certificate shown to the client"),
    Fetch::parsed("ssl_f_version", Sint, at::SESSION, "A part of the certificate shown to the client"),
    Fetch::parsed("ssl_fc_alg_keysize", Sint, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_cipherlist_bin", Str, at::SESSION, "A fact about TLS towards the client")
        .args(0, &[ArgType::Sint]),
    Fetch::parsed("ssl_fc_cipherlist_hex", Bin, at::SESSION, "A fact about TLS towards the client")
        .args(0, &[ArgType::Sint]),
    Fetch::parsed("ssl_fc_cipherlist_str", Str, at::SESSION, "A fact about TLS towards the client")
        .args(0, &[ArgType::Sint]),
    Fetch::parsed("ssl_fc_cipherlist_xxh", Sint, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed(
        "ssl_fc_client_early_traffic_secret",
        Str,
        at::SESSION,
        "A fact about TLS towards the client",
    ),
    Fetch::parsed(
        "ssl_fc_client_handshake_traffic_secret",
        Str,
        at::SESSION,
        "A fact about TLS towards the client",
    ),
    Fetch::parsed("ssl_fc_client_random", Bin, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_client_traffic_secret_0", Str, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_crtname", Str, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_curve", Str, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_early_exporter_secret", Str, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_early_rcvd", Bool, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_ecformats_bin", Str, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_eclist_bin", Str, at::SESSION, "A fact about TLS towards the client")
        .args(0, &[ArgType::Sint]),
    Fetch::parsed("ssl_fc_err", Sint, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_err_str", Str, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_exporter_secret", Str, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_extlist_bin", Str, at::SESSION, "A fact about TLS towards the client")
        .args(0, &[ArgType::Sint]),
    Fetch::parsed("ssl_fc_has_early", Bool, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_npn", Str, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_protocol_hello_id", Sint, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed(
        "ssl_fc_server_handshake_traffic_secret",
        Str,
        at::SESSION,
        "A fact about TLS towards the client",
    ),
    Fetch::parsed("ssl_fc_server_random", Bin, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_server_traffic_secret_0", Str, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_session_id", Bin, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_session_key", Bin, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_sigalgs_bin", Bin, at::SESSION, "A fact about TLS towards the client")
        .args(0, &[ArgType::Sint]),
    Fetch::parsed("ssl_fc_supported_versions_bin", Bin, at::SESSION, "A fact about TLS towards the client")
        .args(0, &[ArgType::Sint]),
    Fetch::parsed("ssl_fc_unique_id", Bin, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_fc_use_keysize", Sint, at::SESSION, "A fact about TLS towards the client"),
    Fetch::parsed("ssl_s_chain_der", Bin, at::SESSION, "A part of the server's certificate"),
    Fetch::parsed("ssl_s_der", Bin, at::SESSION, "A part of the server's certificate"),
    Fetch::parsed("ssl_s_i_dn", Str, at::SESSION, "A part of the server's certificate")
        .args(0, &[ArgType::Str, ArgType::Sint, ArgType::Str])
        .check(checks::name_format),
    Fetch::parsed("ssl_s_key_alg", Str, at::SESSION, "A part of the server's certificate"),
    Fetch::parsed("ssl_s_notafter", Str, at::SESSION, "A part of the server's certificate"),
    Fetch::parsed("ssl_s_notbefore", Str, at::SESSION, "A part of the server's certificate"),
    Fetch::parsed("ssl_s_s_dn", Str, at::SESSION, "A part of the server's certificate")
        .args(0, &[ArgType::Str, ArgType::Sint, ArgType::Str])
        .check(checks::name_format),
    Fetch::parsed("ssl_s_serial", Bin, at::SESSION, "A part of the server's certificate"),
    Fetch::parsed("ssl_s_sha1", Bin, at::SESSION, "A part of the server's certificate"),
    Fetch::parsed("ssl_s_sig_alg", Str, at::SESSION, "A part of the server's certificate"),
    Fetch::parsed("ssl_s_version", Sint, at::SESSION, "A part of the server's certificate"),
];
