//! What can be traced: HAProxy's sources with their events, and what each locks on and shows.

/// A source of traces.
pub struct Source {
    pub name: &'static str,
    pub title: &'static str,
    events: &'static str,
    /// What a trace may be locked on, besides a thread.
    pub locks: &'static [&'static str],
    /// The source's own things to lock on, with what they are.
    pub own_locks: &'static [(&'static str, &'static str)],
    /// What the verbosities above `quiet` show, in the order of [`VERBOSITIES`]; a source without
    /// any has one that is named `default`.
    pub details: &'static [&'static str],
}

impl Source {
    pub fn events(&self) -> impl Iterator<Item = &'static str> {
        self.events.split(' ')
    }
}

/// The names of [`Source::details`].
pub const VERBOSITIES: [&str; 5] = ["clean", "minimal", "simple", "advanced", "complete"];

const CONNECTION: &[&str] =
    &["backend", "connection", "frontend", "listener", "nothing", "server", "session"];
const STREAM: &[&str] = &["backend", "frontend", "listener", "nothing", "server", "session", "stream"];
const SESSION: &[&str] = &["frontend", "listener", "nothing", "session"];

const CLEAN: &str = "only user-friendly stuff, generally suitable for level \"user\"";
const DUMP: &str = "add full data dump when available";
const HANDSHAKE_DETAILS: &[&str] = &[
    CLEAN,
    "report only conn, no real decoding",
    "add error messages",
    "add handshake-related details",
    DUMP,
];
const H1_DETAILS: &[&str] = &[
    CLEAN,
    "report only h1c/h1s state and flags, no real decoding",
    "add request/response status line or htx info when available",
    "add header fields or frame decoding when available",
    DUMP,
];
const STREAM_DETAILS: &[&str] = &[
    CLEAN,
    "report info on streams and connectors",
    "add info on request and response channels",
    "add info on channel's buffer for data and developer levels only",
    "add info on channel's buffer",
];

/// All sources, in HAProxy's order.
pub const SOURCES: &[Source] = &[
    Source {
        name: "h2",
        title: "HTTP/2 multiplexer",
        events: "h2c_new h2c_recv h2c_send h2c_fctl h2c_blk h2c_wake h2c_end h2c_err rx_fhdr rx_frame \
                 rx_eoi rx_preface rx_data rx_hdr rx_prio rx_rst rx_settings rx_push rx_ping rx_goaway \
                 rx_wu rx_cont tx_frame tx_eoi tx_preface tx_data tx_hdr tx_prio tx_rst tx_settings \
                 tx_push tx_ping tx_goaway tx_wu tx_cont h2s_new h2s_recv h2s_send h2s_fctl h2s_blk \
                 h2s_wake h2s_end h2s_err strm_new strm_recv strm_send strm_full strm_wake strm_shut \
                 strm_end strm_err proto_err",
        locks: CONNECTION,
        own_locks: &[("h2s", "H2 stream")],
        details: &[
            CLEAN,
            "report only h2c/h2s state and flags, no real decoding",
            "add request/response status line or frame info when available",
            "add header fields or frame decoding when available",
            DUMP,
        ],
    },
    Source {
        name: "fcgi",
        title: "FastCGI multiplexer",
        events: "fconn_new fconn_recv fconn_send fconn_blk fconn_wake fconn_end fconn_err rx_fhdr \
                 rx_record rx_eoi rx_get_values rx_stdout rx_stderr rx_end_req tx_record tx_eoi \
                 tx_begin_request tx_get_values tx_params tx_stding tx_abort rsp_data rsp_eom rsp_headers \
                 rsp_body rsp_trailerus fstrm_new fstrm_blk fstrm_end fstrm_err strm_new strm_recv \
                 strm_send strm_full strm_wake strm_shut strm_end strm_err",
        locks: CONNECTION,
        own_locks: &[("fstrm", "FCGI stream")],
        details: &[
            CLEAN,
            "report only fconn/fstrm state and flags, no real decoding",
            "add request/response status line or htx info when available",
            "add header fields or record decoding when available",
            DUMP,
        ],
    },
    Source {
        name: "spop",
        title: "SPOP multiplexer",
        events: "spop_conn_new spop_conn_recv spop_conn_send spop_conn_blk spop_conn_wake spop_conn_end \
                 spop_conn_err rx_fhdr rx_frame rx_eoi rx_hello rx_ack rx_disconnect tx_frame tx_eoi \
                 tx_hello tx_notify tx_disconnect spop_strm_new spop_strm_blk spop_strm_end spop_strm_err \
                 strm_new strm_recv strm_send strm_full strm_wake strm_shut strm_end strm_err",
        locks: CONNECTION,
        own_locks: &[("spop_strm", "SPOP stream")],
        details: &[
            CLEAN,
            "report only spop_conn/spop_strm state and flags, no real decoding",
            "add request/response status line or htx info when available",
            "add header fields or record decoding when available",
            DUMP,
        ],
    },
    Source {
        name: "acme",
        title: "ACME",
        events: "acme_sched acme_new acme_task",
        locks: &["nothing"],
        own_locks: &[("acme_ctx", "ACME context")],
        details: HANDSHAKE_DETAILS,
    },
    Source {
        name: "ssl",
        title: "SSL xprt",
        events: "sslc_new sslc_close sslc_end sslc_err sslc_send sslc_send_early sslc_recv \
                 sslc_recv_early sslc_io_cb sslc_hndshk sslc_vfy_cb sslc_stapling sslc_switchctx_cb \
                 sslc_choose_sni_ctx sslc_sigalg_ext sslc_ciphers_ext sslc_curves_ext",
        locks: CONNECTION,
        own_locks: &[],
        details: HANDSHAKE_DETAILS,
    },
    Source {
        name: "h1",
        title: "HTTP/1 multiplexer",
        events: "h1c_new h1c_recv h1c_send h1c_blk h1c_wake h1c_end h1c_err rx_data rx_eoi rx_headers \
                 rx_body rx_trailerus tx_data tx_eoi tx_headers tx_body tx_trailerus h1s_new h1s_blk \
                 h1s_end h1s_err strm_new strm_recv strm_send strm_wake strm_shut strm_end strm_err",
        locks: CONNECTION,
        own_locks: &[("h1s", "H1 stream")],
        details: H1_DETAILS,
    },
    Source {
        name: "stream",
        title: "Applicative stream",
        events: "strm_new strm_free strm_err strm_ana strm_proc sc_state http_ana http_err tcp_ana \
                 tcp_err flt_ana flt_err",
        locks: STREAM,
        own_locks: &[],
        details: STREAM_DETAILS,
    },
    Source {
        name: "peers",
        title: "Peers protocol",
        events: "sess_new sess_end sess_err sess_shut sess_wakeup sess_resync sess_io rx_msg rx_blocked \
                 rx_error tx_msg tx_blocked tx_error proto_error proto_hello proto_success proto_update \
                 proto_ack proto_switch proto_def proto_ctrl",
        locks: &["nothing", "applet"],
        own_locks: &[("peer", "Peer"), ("peers", "Peers")],
        details: &[
            CLEAN,
            "report only peer state and flags, no real decoding",
            "add simple info about messages when available",
            "add more info about messages when available",
            DUMP,
        ],
    },
    Source {
        name: "check",
        title: "Health-check",
        events: "task_wake hchck_start hchck_wake hchck_run hchck_end hchck_succ hchck_err tcp_check_eval \
                 tcp_check_err tcp_check_conn tcp_check_send tcp_check_expect tcp_check_action rx_data \
                 rx_blk rx_err tx_data tx_blk tx_err",
        locks: &["check", "nothing"],
        own_locks: &[],
        details: STREAM_DETAILS,
    },
    Source {
        name: "applet",
        title: "Applet endpoint",
        events: "app_new app_free app_release app_proc app_err app_start app_receive app_send app_blk \
                 app_wake",
        locks: &["nothing", "applet"],
        own_locks: &[],
        details: STREAM_DETAILS,
    },
    Source {
        name: "pt",
        title: "Passthrough multiplexer",
        events: "pt_conn_new pt_conn_wake pt_conn_end pt_conn_err strm_new strm_shut strm_end strm_err \
                 pt_rx_data pt_tx_data",
        locks: CONNECTION,
        own_locks: &[],
        details: H1_DETAILS,
    },
    Source {
        name: "session",
        title: "client session management",
        events: "sess_new sess_end sess_err",
        locks: SESSION,
        own_locks: &[],
        details: &[],
    },
    Source {
        name: "haterm",
        title: "haterm",
        events: "hstrm_new process_hstrm hstrm_send hstrm_recv hstrm_io_cb hstrm_resp hstrm_add_data",
        locks: &["nothing"],
        own_locks: &[("haterm", "haterm server")],
        details: &[CLEAN],
    },
];
