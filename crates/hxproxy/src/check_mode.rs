//! `-c`: the verdict once the configuration was read, checked and planned without an error.

use ir::config::Config;

use crate::console::Console;

/// The configuration would not start, as it has no listener.
const NO_LISTENER: u8 = 2;

/// Prints the verdict and gives the exit status.
///
/// HAProxy says that the file is valid only with `-V`; this program says it unless it is quiet.
pub fn verdict(console: &Console, config: &Config) -> u8 {
    if console.warnings() > 0 {
        console.say("Warnings were found.");
    }
    let listens = config.proxies.iter().any(|proxy| !proxy.disabled && !proxy.binds.is_empty());
    if listens {
        console.say("Configuration file is valid");
        return 0;
    }
    console.say("Configuration file has no error but will not start (no listener) => exit(2).");
    NO_LISTENER
}

/// `-dL`: the program and the libraries that it has loaded.
pub fn loaded_objects() -> String {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut seen = Vec::new();
    let executable = maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|flags| flags.contains('x')));
    for line in executable {
        if let Some(at) = line.find('/')
            && !seen.contains(&&line[at..])
        {
            seen.push(&line[at..]);
        }
    }
    format!("List of loaded object files:\n{}\n", seen.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::config::{Bind, Proxy};
    use ir::expr::Address;

    fn check(proxies: Vec<Proxy>, expected: u8) {
        let console = Console::new();
        console.set_quiet(true);
        let config = Config { proxies, ..Config::default() };
        assert_eq!(verdict(&console, &config), expected);
    }

    #[test]
    fn needs_a_listener() {
        let bind = Bind {
            address: Address::Fd(3),
            name: None,
            id: None,
            maxconn: 0,
            backlog: None,
            accept_proxy: false,
            defer_accept: false,
            tcp_fast_open: false,
            transparent: false,
            interface: None,
            mss: None,
            tcp_ut: None,
            v4v6: false,
            v6only: false,
            proto: None,
            unix_mode: None,
            unix_uid: None,
            unix_gid: None,
            tls: None,
            place: Default::default(),
        };
        let frontend = Proxy { is_frontend: true, binds: vec![bind], ..Proxy::default() };
        check(vec![], 2);
        check(vec![Proxy::default()], 2);
        check(vec![Proxy { disabled: true, ..frontend.clone() }], 2);
        check(vec![frontend], 0);
    }

    #[test]
    fn own_program_is_loaded() {
        let program = std::env::current_exe().unwrap();
        assert!(loaded_objects().contains(&*program.to_string_lossy()));
    }
}
