//! The patterns of ACLs and maps.

use ir::spec::CommandSpec;

use super::row;

pub const ROWS: &[CommandSpec] = &[
    row("add acl", "[@<ver>] <acl> <pattern>", "Adds a pattern to an ACL."),
    row("add map", "[@<ver>] <map> { <key> <value> | <payload> }", "Adds entries to a map."),
    row("clear acl", "[@<ver>] <acl>", "Removes all patterns of an ACL."),
    row("clear map", "[@<ver>] <map>", "Removes all entries of a map."),
    row("commit acl", "@<ver> <acl>", "Makes a prepared version of an ACL the current one."),
    row("commit map", "@<ver> <map>", "Makes a prepared version of a map the current one."),
    row("del acl", "<acl> [<key> | #<ref>]", "Removes a pattern of an ACL."),
    row("del map", "<map> [<key> | #<ref>]", "Removes an entry of a map."),
    row("get acl", "<acl> <value>", "Shows which pattern of an ACL matches."),
    row("get map", "<map> <value>", "Shows which entry of a map matches."),
    row("prepare acl", "<acl>", "Begins a new version of an ACL."),
    row("prepare map", "<map>", "Begins a new version of a map."),
    row("set map", "<map> [<key> | #<ref>] <value>", "Changes an entry of a map."),
    row("show acl", "[[@<ver>] <acl>]", "Lists the ACLs, or the patterns of one."),
    row("show map", "[[@<ver>] <map>]", "Lists the maps, or the entries of one."),
];
