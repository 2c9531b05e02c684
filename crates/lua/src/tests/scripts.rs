//! Loading scripts: what they register, and their init functions and tasks.

use std::time::Duration;

use crate::testing::{limits, load, runtime, try_load};

/// A script that does not load: the error, with `FILE` for the path.
fn refused(source: &str, expected: &str) {
    let (registered, script) = try_load(source, &limits());
    assert_eq!(registered.unwrap_err(), expected.replace("FILE", &script.path), "{source}");
}

#[test]
fn scripts_that_do_not_load() {
    refused("local x = = 3", "error in Lua file 'FILE': FILE:1: unexpected symbol near '='");
    refused("error('at load')", "Lua runtime error: FILE:1: at load");
    refused("error({})", "Lua runtime error: (null)");
    refused(
        "core.register_action('x', {'bad'}, function() end)",
        "Lua runtime error: FILE:1: Lua action environment 'bad' is unknown. 'tcp-req', 'tcp-res', 'http-req', \
         'http-res' or 'http-after-res' are expected.",
    );
    refused(
        "core.register_service('x', 'bad', function() end)",
        "Lua runtime error: FILE:1: Lua service environment 'bad' is unknown. 'tcp' or 'http' are expected.",
    );
    refused(
        "core.register_service('x', 'http', 5)",
        "Lua runtime error: FILE:1: bad argument #3 to 'register_service' (function expected, got number)",
    );
    refused(
        "core.register_service('y', 'http')",
        "Lua runtime error: FILE:1: 'register_service' needs 3 arguments",
    );
    refused(
        "core.register_task(5)",
        "Lua runtime error: FILE:1: bad argument #1 to 'register_task' (function expected, got number)",
    );
    refused(
        "core.register_action('x', {'http-req'}, function() end, 'z')",
        "Lua runtime error: FILE:1: bad argument #4 to 'register_action' (number expected, got string)",
    );
    refused(
        "core.register_cli('x', 'u', function() end)",
        "Lua runtime error: FILE:1: bad argument #1 to 'register_cli' (1st argument must be a table)",
    );
    let (_, script) = try_load("", &limits());
    let missing = script.host.load(b"/nonexistent/x.lua", &[], false);
    let expected =
        "error in Lua file '/nonexistent/x.lua': cannot open /nonexistent/x.lua: No such file or directory";
    assert_eq!(missing.unwrap_err(), expected);
}

#[test]
fn registering() {
    let (registered, script) = try_load(
        "#!/usr/bin/lua
         assert(... == 'one')
         core.sleep(5)
         core.register_service('s', 'tcp', function() end)
         core.register_service('s', 'http', function() end)
         core.register_action('a', {'http-req', 'tcp-req'}, function() end, 2)
         core.register_fetches('f', function() end)
         core.register_converters('c', function() end)
         core.register_cli({'show', 'it'}, 'usage', function() end)
         core.register_init(function() core.Info('init') end)
         core.register_task(function() end)
         core.register_service('s', 'http', function() end)",
        &limits(),
    );
    let registered = registered.unwrap();
    assert_eq!(registered.services.len(), 3);
    let action = &registered.actions[0];
    assert_eq!((action.name.as_str(), action.sets, action.args, action.id), ("a", 0b11000, 2, 0));
    assert_eq!(
        (registered.fetches.as_slice(), registered.converters.as_slice()),
        (&["f".to_owned()][..], &["c".to_owned()][..])
    );
    assert_eq!((registered.inits, registered.tasks, registered.commands.len()), (1, 1, 1));
    let twice = "WARNING Trying to register service 'lua.s' more than once. This will become a hard error in version 2.5.";
    assert_eq!(registered.not_executed, ["core.register_cli"]);
    assert_eq!(script.sink.take(), [twice]);
    script.start(&state::testing::stream("GET / HTTP/1.1")).unwrap();
    assert_eq!(script.sink.take(), ["info: init"]);
}

#[test]
fn names_that_do_nothing_yet() {
    let (registered, script) = try_load(
        "assert(filter.ERROR == -1)
         assert(core.get_patref and act.wake_time and CertCache.set and ACME.challenge_ready)
         core.register_filter('f', {}, function(class) return class end)
         core.use_native_mailers_config()
         assert(core.event_sub({'SERVER_UP'}, function() end).unsub)
         local ok, expression = Regex.new('^a', true)
         assert(ok and expression.match)
         assert(select('#', Regex.new('(', false)) == 2)",
        &limits(),
    );
    let registered = registered.unwrap();
    assert_eq!(registered.filters, ["f"]);
    let mut told = registered.not_executed;
    told.dedup();
    assert_eq!(
        told,
        ["core.register_filter", "core.use_native_mailers_config", "core.event_sub", "Regex.new"]
    );
    assert!(script.sink.take().is_empty());
    refused(
        "core.get_patref('a')",
        "Lua runtime error: FILE:1: 'core.get_patref' is accepted but not executed yet by hxproxy",
    );
    refused(
        "core.event_sub({'NOTHING'}, function() end)",
        "Lua runtime error: FILE:1: bad argument #1 to 'event_sub' ('NOTHING' event type is unknown)",
    );
}

#[test]
fn maps() {
    let path = std::env::temp_dir().join(format!("hxproxy-{}.map", std::process::id()));
    std::fs::write(&path, "/a x\n/ab y\n").unwrap();
    let source = format!(
        "assert(Map._reg == 12 and Map.str == 6 and tostring(Map) ~= nil)
         local m = Map.new('{}', Map._beg)
         assert(m:lookup('/abc') == 'y' and m:lookup('/b') == nil and m:slookup('/b') == '')
         assert(Map.new('opt@/nonexistent/x', Map.int):lookup(5) == nil)",
        path.display()
    );
    let (registered, script) = try_load(&source, &limits());
    std::fs::remove_file(&path).unwrap();
    let maps = registered.unwrap().maps;
    let methods: Vec<_> = maps.iter().map(|map| (map.method, map.line)).collect();
    assert_eq!(methods, [(ir::expr::MatchMethod::Beg, 2), (ir::expr::MatchMethod::Int, 4)]);
    assert_eq!(maps[0].script, script.path);
    assert_eq!(maps[1].name, b"opt@/nonexistent/x");
    let at_line = "Lua runtime error: FILE:1: ";
    let check = |source: &str, error: &str| refused(source, &format!("{at_line}{error}"));
    check("Map.new('/nonexistent/x')", "'new': failed to open pattern file </nonexistent/x>.");
    check("Map.new('virt@x', Map.bin)", "'new' doesn't support this match mode.");
    check("Map.new('virt@x', 99)", "'new' needs a valid match method.");
    check("Map.new()", "'new' needs at least 1 argument.");
    check("core.set_map('a', 'b', 'c')", "'set_map': unknown map file 'a'");
    check("core.del_map('a', 'b')", "'del_map': unknown acl file 'a'");
    check("core.add_acl('a')", "'add_acl' needs 2 arguments");
}

#[test]
fn inits_that_fail() {
    let script = load("core.register_init(function() error('init err') end)");
    let expected = format!(
        "Lua init: runtime error: '{0}:1: init err' from [C]: in global 'error', {0}:1: in function line 1",
        script.path,
    );
    assert_eq!(script.start(&state::testing::stream("GET / HTTP/1.1")), Err(expected));
}

#[test]
fn tasks() {
    let script = load(
        "core.register_task(function(text)
           core.Info(text) core.msleep(5)
           core.register_task(function() core.Info('inner') error('task err') end)
         end, 'outer')
         core.register_task(function() while true do end end)",
    );
    runtime().block_on(async {
        script.host.spawn_tasks(1);
        tokio::task::yield_now().await;
        assert!(script.sink.take().is_empty());
        script.host.spawn_tasks(0);
        for _ in 0..250 {
            if script.sink.len() == 4 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let failed = format!(
        "ALERT Lua task: [state-id 0] runtime error: {0}:3: task err from [C]: in global 'error', {0}:3: in \
         function line 3.",
        script.path,
    );
    let mut lines = script.sink.take();
    lines.sort();
    let mut expected = ["info: outer", "info: inner", &failed, "ALERT Lua task: execution timeout."];
    expected.sort();
    assert_eq!(lines, expected);
}

#[test]
fn a_state_for_each_thread() {
    use std::io::Write;
    let (_, script) = try_load("", &limits());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(
        b"local count = 0
          core.register_service('x', 'http', function(applet)
            count = count + 1 applet:start_response() applet:send(core.thread .. ':' .. count)
          end)",
    )
    .unwrap();
    let path = file.path().to_str().unwrap();
    script.host.load(path.as_bytes(), &[], true).unwrap();
    let mut stream = state::testing::stream("GET / HTTP/1.1");
    script.host.start(stream.plan, 2).unwrap();
    assert_eq!(script.serve_stream("x", &mut stream, b"").body, b"1:1");
    assert_eq!(script.serve_stream("x", &mut stream, b"").body, b"1:2");
    std::rc::Rc::get_mut(&mut stream.session).unwrap().thread = 1;
    assert_eq!(script.serve_stream("x", &mut stream, b"").body, b"2:1");
}

#[test]
fn libraries_that_are_left_out() {
    const NAMES: [&str; 8] = ["table", "io", "os", "string", "math", "utf8", "package", "debug"];
    let check = |left_out: &[&'static str], calls: bool| {
        let (_, script) = try_load("", &limits());
        script.host.leave_out(left_out);
        let mut lines = String::new();
        for name in NAMES {
            let kind = if left_out.contains(&name) { "nil" } else { "table" };
            lines += &format!("assert(type({name}) == '{kind}', '{name}')\n");
        }
        let require = if left_out.contains(&"package") { "nil" } else { "function" };
        lines += &format!("assert(type(require) == '{require}')\nassert(type(coroutine) == 'table')\n");
        lines += &format!("assert(pcall(function() return ('x'):upper() end) == {calls})\n");
        lines += "core.register_service('s', 'http', function(applet) applet:send('x') end)";
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines).unwrap();
        let path = file.path().to_str().unwrap().as_bytes();
        for per_thread in [false, true] {
            script.host.load(path, &[], per_thread).unwrap();
        }
    };
    check(&[], true);
    check(&["io", "os", "package", "debug"], true);
    check(&NAMES, false);
}
