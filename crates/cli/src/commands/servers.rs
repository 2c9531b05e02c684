//! Servers: their states, weights, addresses and checks.

use ir::spec::CommandSpec;

use super::row;

pub const ROWS: &[CommandSpec] = &[
    row("add server", "{ help | <backend>/<server> [args]* }", "Adds a server to a backend."),
    row("del server", "<backend>/<server>", "Removes a server in maintenance."),
    row("disable agent", "<backend>/<server>", "Stops the agent checks of a server."),
    row("disable health", "<backend>/<server>", "Stops the health checks of a server."),
    row("disable server", "<backend>/<server>", "Puts a server into maintenance."),
    row("enable agent", "<backend>/<server>", "Starts the agent checks of a server again."),
    row("enable health", "<backend>/<server>", "Starts the health checks of a server again."),
    row("enable server", "<backend>/<server>", "Takes a server out of maintenance."),
    row("get weight", "<backend>/<server>", "Shows the weight of a server, now and at first."),
    row("set maxconn server", "<backend>/<server> <value>", "Sets how many connections a server gets."),
    row(
        "set server",
        "<backend>/<server> { addr | agent | agent-addr | agent-port | agent-send | check-addr | check-port | \
         fqdn | health | name | ssl | state | weight } <value>",
        "Changes a server.",
    ),
    row("set weight", "<backend>/<server> <weight>[%]", "Sets the weight of a server."),
    row("show default-server", "[<backend>]", "Shows what servers start from."),
    row("show servers conn", "[<backend>]", "Shows the connections to servers, idle ones too."),
    row("show servers state", "[<backend>]", "Shows the states as `load-server-state-from-file` reads them."),
    row("shutdown sessions server", "<backend>/<server>", "Ends all streams of a server."),
];
