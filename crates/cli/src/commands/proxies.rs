//! Frontends and backends, their sessions, and what they have in common.

use ir::spec::CommandSpec;

use super::row;

pub const ROWS: &[CommandSpec] = &[
    row(
        "add backend",
        "<name> from <defaults> [mode <mode>] [guid <guid>]",
        "Adds a backend that starts from a named defaults section.",
    ),
    row("del backend", "<name>", "Removes a backend that nothing uses."),
    row("disable dynamic-cookie backend", "<backend>", "Stops to make up cookies for servers."),
    row("disable frontend", "<frontend>", "Stops to take connections."),
    row("enable dynamic-cookie backend", "<backend>", "Makes up cookies for servers again."),
    row("enable frontend", "<frontend>", "Takes connections again."),
    row("publish backend", "<backend>", "Lets rules choose the backend again."),
    row("set dynamic-cookie-key backend", "<backend> <value>", "Sets the secret of the servers' cookies."),
    row("set maxconn frontend", "<frontend> <value>", "Sets how many connections a frontend takes."),
    row("show backend", "", "Lists the backends."),
    row("show cache", "", "Lists what the caches hold."),
    row("show defaults", "", "Lists the defaults sections."),
    row("show errors", "[<iid> | <proxy>] [request | response]", "Shows the last malformed messages."),
    row("show peers", "[dict | -] [<peers section>]", "Shows the peers and how far they are."),
    row("show resolvers", "[<resolvers section>]", "Shows the counters of the name servers."),
    row("show sess", "[<id> | all | help] [<options>*]", "Lists the streams, or shows one."),
    row(
        "show stat",
        "[domain <resolvers|proxy>] [{ <iid> | <proxy> } <type> <sid>] [typed | json] [desc] [up | no-maint]",
        "Shows the counters of frontends, backends and servers.",
    ),
    row("shutdown frontend", "<frontend>", "Closes a frontend for good."),
    row("shutdown session", "<id>", "Ends one stream."),
    row("unpublish backend", "<backend>", "Keeps rules from choosing the backend."),
];
