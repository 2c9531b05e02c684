//! The process as a whole: its variables, limits, counters and reloads.

use ir::spec::{CommandMode, CommandSpec};

use super::{both, expert, master, row};

pub const ROWS: &[CommandSpec] = &[
    row("_getsocks", "", "Hands the listening sockets to the process that asks."),
    master("_loadstatus", "", "Tells how the last reload went."),
    master("_send_status", "", "Says that a worker is ready."),
    row("clear counters", "[all | server <backend>/<server> [force]]", "Sets counters back to zero."),
    row("dump stats-file", "", "Writes the counters in the form that `stats-file` reads."),
    row("get var", "<name>", "Shows a variable of the process."),
    master("hard-reload", "", "Reloads, and ends the old workers at once."),
    expert("httpclient", "[--htx] <method> <URI>", "Sends a request, and shows the response."),
    master("reload", "", "Reads the configuration again, and starts a new worker."),
    row("set maxconn global", "<maxconn>", "Sets how many connections the process takes."),
    row(
        "set rate-limit",
        "{ connections | http-compression | sessions | ssl-sessions } global <value>",
        "Sets a limit per second of the process.",
    ),
    CommandSpec {
        mode: CommandMode::Experimental,
        ..row(
            "set var",
            "<name> { <expression> | expr <expression> | fmt <format> }",
            "Sets a variable of the process.",
        )
    },
    both("show env", "[<name>]", "Shows the environment."),
    row("show info", "[typed | json] [desc] [float]", "Shows the state and the counters of the process."),
    master("show proc", "[debug]", "Lists the master and its workers."),
    row("show schema json", "", "Shows the schema of the JSON forms."),
    both("show startup-logs", "", "Shows what was told at the start."),
    both("show version", "", "Shows the version."),
];
