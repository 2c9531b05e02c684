//! The lists of patterns of a configuration, in the order in which HAProxy numbers them, and what
//! it tells about each.

mod support;

#[test]
fn order_and_display() {
    let text = "\
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend f
  bind 127.0.0.1:1
  acl one path,map_str(/empty) -m str x
  acl two path -u 3 -f file@/cases y
  acl two path -i -f /cases
  http-request set-header a %[path,map_beg(opt@/empty2)] if { path /x } two
  http-request set-map(virt@m) %[path] b if { path,map(virt@m) -m found } METH_GET
  use_backend %[path,map(virt@late)] if { path_beg /q } HTTP
  use_backend b if { path -M -f /empty }
backend b
  http-request deny if METH_GET
  server s 127.0.0.1:1
";
    let outcome = support::check(&mut support::registry(), text.as_bytes());
    let lists: Vec<String> = outcome
        .config
        .pattern_lists
        .iter()
        .map(|list| {
            let flags = [(list.is_acl, "acl"), (list.is_map, "map"), (list.is_late, "late")];
            let flags: Vec<_> = flags.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
            format!("{} {:?}: {}", flags.join(" "), list.id, String::from_utf8_lossy(&list.display))
        })
        .collect();
    let expected = [
        "acl map None: pattern loaded from file '/empty' used by map at file 't.cfg' line 8, \
         by map at file 't.cfg' line 14",
        "acl None: acl 'path' file 't.cfg' line 8",
        "acl None: pattern loaded from file 'file@/cases' used by acl at file 't.cfg' line 9, \
         by acl at file 't.cfg' line 10",
        "acl Some(3): acl 'path' file 't.cfg' line 9",
        "acl None: acl 'path' file 't.cfg' line 10",
        "map None: pattern loaded from file 'opt@/empty2' used by map at file 't.cfg' line 11",
        "acl None: acl 'path' file 't.cfg' line 11",
        "map None: pattern loaded from file 'virt@m' used by map at file 't.cfg' line 12",
        "acl None: acl 'path' file 't.cfg' line 12",
        "acl None: acl 'method' file 't.cfg' line 12",
        "acl None: acl 'path_beg' file 't.cfg' line 13",
        "acl None: acl 'req.proto_http' file 't.cfg' line 13",
        "acl None: acl 'path' file 't.cfg' line 14",
        "acl None: acl 'method' file 't.cfg' line 16",
        "map late None: pattern loaded from file 'virt@late' used by map at file 't.cfg' line 13",
    ];
    assert_eq!(lists, expected);
}
