//! Completion for shells: HAProxy's switches, the classes of `-dK`, the commands with their options.

use std::fmt::Write;

use crate::args::{SWITCHES, Switch, Takes, usage_of};
use crate::{commands, dump};

/// The switches that take a file as their next word.
const FILES: [&str; 3] = ["-f", "-p", "-x"];

/// Every first word: switches, classes of `-dK`, commands.
fn words() -> Vec<String> {
    let mut words: Vec<String> = SWITCHES.iter().map(|switch| switch.start.to_owned()).collect();
    words.extend(dump::classes().map(|class| format!("-dK{class}")));
    words.push("--generate".to_owned());
    words.extend(commands::all().map(|command| command.get_name().to_owned()));
    words
}

/// The long options of a command with the values that each takes.
fn options(command: &clap::Command) -> Vec<(String, Vec<String>)> {
    let long = |arg: &clap::Arg| {
        let values = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        Some((format!("--{}", arg.get_long()?), values))
    };
    // What clap knows about flags is that they are true or false.
    let valued = |(name, values): (String, Vec<String>)| {
        let is_flag = values.iter().any(|value| value == "true");
        (name, if is_flag { Vec::new() } else { values })
    };
    command.get_arguments().filter_map(long).map(valued).collect()
}

pub fn bash() -> String {
    let mut out = String::from(
        "# bash completion for hxproxy: source this file.\n\
         _hxproxy() {\n    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n\
         \x20   case $before in\n",
    );
    let _ = writeln!(out, "        --generate) words='{}' ;;", super::names().collect::<Vec<_>>().join(" "));
    for command in commands::all() {
        for (name, values) in options(&command).iter().filter(|(_, values)| !values.is_empty()) {
            let _ = writeln!(out, "        {name}) words='{}' ;;", values.join(" "));
        }
    }
    out.push_str("        *) case ${COMP_WORDS[1]} in\n");
    for command in commands::all() {
        let names: Vec<String> = options(&command).into_iter().map(|(name, _)| name).collect();
        let _ = writeln!(out, "            {}) words='{}' ;;", command.get_name(), names.join(" "));
    }
    let _ = writeln!(out, "            *) words='{}' ;;", words().join(" "));
    out.push_str(
        "        esac ;;\n    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n\
         complete -o default -F _hxproxy hxproxy haproxy\n",
    );
    out
}

/// Text inside single quotes, for zsh and fish.
fn quoted(text: &str) -> String {
    text.replace('\'', "'\\''")
}

/// Text of a description of `_arguments`, where brackets and colons have a meaning.
fn description(text: &str) -> String {
    quoted(&text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]").replace(':', "\\:"))
}

fn about(command: &clap::Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

pub fn zsh() -> String {
    let mut out = String::from(
        "#compdef hxproxy haproxy\n# zsh completion for hxproxy: put this file into a folder of $fpath.\n\
         case ${words[2]} in\n",
    );
    for command in commands::all() {
        let _ = write!(out, "{}) _arguments '1:command:' ", command.get_name());
        for (name, values) in options(&command) {
            match values.is_empty() {
                true => drop(write!(out, "'{name}' ")),
                false => drop(write!(out, "'{name}:value:({})' ", values.join(" "))),
            }
        }
        out.push_str("'*:file:_files' ;;\n");
    }
    out.push_str("*) _arguments \\\n");
    for switch in SWITCHES {
        let _ = writeln!(
            out,
            "    '*{}[{}]{}' \\",
            switch.start,
            description(usage_of(switch.start)),
            zsh_value(switch)
        );
    }
    for class in dump::classes() {
        let _ = writeln!(out, "    '-dK{class}[keywords of the class]' \\");
    }
    let kinds: Vec<&str> = super::names().collect();
    let _ = writeln!(out, "    '--generate[write what the registry knows]:what:({})' \\", kinds.join(" "));
    let commands: Vec<String> = commands::all()
        .map(|command| format!("{}\\:\"{}\"", command.get_name(), description(&about(&command))))
        .collect();
    let _ = writeln!(out, "    '1::command:(({}))' ;;\nesac", commands.join(" "));
    out
}

fn zsh_value(switch: &Switch) -> &'static str {
    match switch.takes {
        _ if FILES.contains(&switch.start) => ":file:_files",
        _ if switch.start == "-C" => ":folder:_files -/",
        Takes::Next => ":value:",
        Takes::Pids => ":process:_pids",
        _ => "",
    }
}

pub fn fish() -> String {
    let mut out =
        String::from("# fish completion for hxproxy: put this file into ~/.config/fish/completions.\n");
    let names: Vec<String> = commands::all().map(|command| command.get_name().to_owned()).collect();
    let free = format!("not __fish_seen_subcommand_from {}", names.join(" "));
    for switch in SWITCHES {
        let (name, text) = (switch.start.trim_start_matches('-'), quoted(usage_of(switch.start)));
        let value = match switch.takes {
            _ if FILES.contains(&switch.start) || switch.start == "-C" => " -rF",
            Takes::Next | Takes::Pids => " -x",
            _ => "",
        };
        let _ = writeln!(out, "complete -c hxproxy -n '{free}' -o '{name}'{value} -d '{text}'");
    }
    for class in dump::classes() {
        let _ = writeln!(out, "complete -c hxproxy -n '{free}' -o 'dK{class}' -d 'keywords of the class'");
    }
    let kinds: Vec<&str> = super::names().collect();
    let _ = writeln!(out, "complete -c hxproxy -n '{free}' -l generate -xa '{}'", kinds.join(" "));
    for command in commands::all() {
        let (name, text) = (command.get_name(), quoted(&about(&command)));
        let _ = writeln!(out, "complete -c hxproxy -n __fish_use_subcommand -a {name} -d '{text}'");
        for (option, values) in options(&command) {
            let long = option.trim_start_matches('-');
            let value =
                if values.is_empty() { String::new() } else { format!(" -xa '{}'", values.join(" ")) };
            let _ =
                writeln!(out, "complete -c hxproxy -n '__fish_seen_subcommand_from {name}' -l {long}{value}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_are_there() {
        for (shell, text) in [("bash", bash()), ("zsh", zsh()), ("fish", fish())] {
            for word in ["dKall", "sf", "generate", "sarif", "zero-warning", "explain"] {
                assert!(text.contains(word), "{shell}: {word}");
            }
        }
        assert!(words().contains(&"-dKcfg".to_owned()));
    }
}
