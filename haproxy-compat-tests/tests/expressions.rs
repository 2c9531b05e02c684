//! Sample expressions, conditions and formats give the answers that HAProxy 3.5 gives, on hxproxy and, as far as
//! it knows them, on the HAProxy of the distribution.

use haproxy_compat_tests::script;

#[test]
fn answers_are_those_of_the_table() {
    script(900, "expressions/compare.py", &["--also", "/usr/sbin/haproxy"]);
}
