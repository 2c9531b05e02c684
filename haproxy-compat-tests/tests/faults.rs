//! Bad input, dead servers and stalled clients: every row of `faults/faults.tsv` that a script can
//! replay gives the reaction the table names, but for the differences `faults/known.tsv` explains.

use haproxy_compat_tests::script;

#[test]
fn reactions_are_those_of_the_table() {
    script(900, "faults/replay.py", &[]);
}
