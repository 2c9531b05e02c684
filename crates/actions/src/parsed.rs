//! Actions that are accepted and checked, and do nothing yet: using one prints a warning.

use ir::spec::ActionArg::Str;
use ir::spec::ActionOption;

use crate::row::{Action, sets};

/// The sets of a whole stream that stand before its response is on its way.
const STREAM: u16 = sets::CONTENT | sets::TCP_RESPONSE | sets::REQUEST | sets::RESPONSE;

const BANDWIDTH: &[ActionOption] = &[ActionOption::new("limit", &[Str]), ActionOption::new("period", &[Str])];
const NO_HINTS: &[ActionOption] = &[ActionOption::new("no-early-hints", &[])];

pub const ROWS: &[Action] = &[
    Action::parsed("cache-store", sets::RESPONSE, &[Str], "Stores the response in a cache"),
    Action::parsed("cache-use", sets::REQUEST, &[Str], "Answers from a cache").options(NO_HINTS),
    Action::parsed("dgram-drop", sets::QUIC, &[], "Drops the datagram").last(),
    Action::parsed("send-retry", sets::QUIC, &[], "Sends a QUIC Retry"),
    Action::parsed("send-spoe-group", STREAM, &[Str, Str], "Sends messages to an SPOE agent"),
    Action::parsed("set-bandwidth-limit", STREAM, &[Str], "Sets a limit of a bandwidth filter")
        .options(BANDWIDTH),
];
