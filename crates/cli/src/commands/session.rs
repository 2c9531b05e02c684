//! The connection to the API itself: its prompt, its rights, its modes.

use ir::spec::CommandSpec;

use super::{both, master, row};

pub const ROWS: &[CommandSpec] = &[
    both("echo", "<text>", "Says the text again."),
    both("experimental-mode", "[on|off]", "Allows commands whose form may still change."),
    both("expert-mode", "[on|off]", "Allows commands that can do harm."),
    both("help", "[<command>]", "Lists the commands, or those that begin like this."),
    master("mcli-debug-mode", "[on|off]", "Opens the workers' debugging commands to the master's users."),
    both("operator", "", "Gives up the rights above level operator."),
    both("prompt", "[help | n | i | p | timed]*", "Keeps the connection open for more commands."),
    both("quit", "", "Closes the connection."),
    row("set anon global-key", "<key>", "Sets the key that hides names for all connections."),
    row("set anon off", "", "Shows names as they are on this connection."),
    row("set anon on", "[<key>]", "Hides names and addresses on this connection."),
    row("set severity-output", "[none | number | string]", "Says how messages carry their severity."),
    row("set timeout", "cli <delay>", "Sets how long this connection may be silent."),
    row("show anon", "", "Tells whether names are hidden, and with which key."),
    both("show cli level", "", "Tells the rights of this connection."),
    both("show cli sockets", "", "Lists the sockets of the API."),
    both("user", "", "Gives up the rights above level user."),
    row("wait", "{ -h | <delay> } [<condition> [<args>...]]", "Waits for a while or for a condition."),
    master("@!<pid>", "<command>", "Sends commands to the worker of that pid."),
    master("@<relative pid>", "<command>", "Sends commands to the worker of that number."),
    master("@master", "<command>", "Sends commands to the master."),
];
