//! What the process does inside: for its developers.

use ir::spec::CommandSpec;

use super::{expert, row};

pub const ROWS: &[CommandSpec] = &[
    row(
        "debug counters",
        "[reset | show | on | off | all | bug | chk | cnt | glt | ?]*",
        "Counts events in the code.",
    ),
    expert("debug dev abort", "", "Lets a check fail for good."),
    expert("debug dev bug", "", "Lets an assertion fail."),
    expert("debug dev check", "", "Lets a check fail."),
    expert("debug dev close", "<fd> [hard]", "Closes a descriptor."),
    expert("debug dev deadlock", "<threads>", "Lets threads wait for each other."),
    expert("debug dev delay", "[<ms>]", "Sleeps."),
    expert("debug dev exit", "[<code>]", "Ends the process."),
    expert("debug dev fd", "", "Shows descriptors that nobody knows."),
    row("debug dev hash", "<text>", "Hashes a text as names are hidden."),
    expert("debug dev hex", "<address> [<length>]", "Shows memory."),
    expert("debug dev log", "<text>", "Logs a text everywhere."),
    expert("debug dev loop", "[<ms>]", "Works without a pause."),
    expert("debug dev panic", "", "Panics."),
    expert("debug dev sched", "<kind> <count>", "Makes work for the scheduler."),
    expert("debug dev stream", "[<field>=<value>]*", "Changes a stream."),
    expert("debug dev sym", "<address>", "Names the function at an address."),
    expert("debug dev task", "<pointer> [wake | expire | kill]", "Shows or changes a task."),
    expert("debug dev tkill", "[<thread>] [<signal>]", "Sends a signal to a thread."),
    expert("debug dev warn", "", "Warns about itself."),
    expert("debug dev write", "[<size>]", "Writes that many bytes."),
    row(
        "set profiling",
        "{ memory | tasks } { auto | on | off | lock | no-lock | memory | no-memory }",
        "Measures functions.",
    ),
    row("show activity", "[-1 | 0 | <thread>]", "Shows the counters of the threads."),
    row("show dev", "", "Shows what a report about a crash needs."),
    row("show events", "[<sink>] [-w] [-n] [-0]", "Shows the events of a ring."),
    row("show fd", "[-!plcfbs]* [[<tgid>]/[<fd>] | <fd>]", "Shows the descriptors."),
    row("show libs", "", "Lists the libraries in use."),
    row(
        "show pools",
        "[byname | bysize | byusage] [detailed] [match <prefix>] [<count>]",
        "Shows the pools of memory.",
    ),
    row(
        "show profiling",
        "[all | status | tasks | memory] [byaddr | bytime | byctx | aggr | <lines>]*",
        "Shows what was measured.",
    ),
    row("show tasks", "", "Lists the tasks that wait to run."),
    row("show threads", "", "Shows what the threads do."),
    row("show trace", "[<source>]", "Lists the sources of traces."),
    row("trace", "[0 | <source> [<args>...]]", "Follows what happens in a part of the program."),
];
