//! `-c`: the verdict once the configuration was read, checked and planned without an error.

use crate::console::Console;

/// Says that the configuration may run.
///
/// HAProxy says so only with `-V`; this program says it unless it is quiet. A configuration
/// without any listener is valid, as in HAProxy 3.5, although it would not start.
pub fn accept(console: &Console) {
    if console.warnings() > 0 {
        console.say("Warnings were found.");
    }
    console.say("Configuration file is valid");
}

/// `-dL`: the program and the libraries that it has loaded.
pub fn loaded_objects() -> String {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut seen = Vec::new();
    let executable =
        maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|flags| flags.contains('x')));
    for line in executable {
        if let Some(at) = line.find('/')
            && !seen.contains(&&line[at..])
        {
            seen.push(&line[at..]);
        }
    }
    format!("{}\n", seen.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_program_is_loaded() {
        let program = std::env::current_exe().unwrap();
        assert!(loaded_objects().contains(&*program.to_string_lossy()));
    }
}
