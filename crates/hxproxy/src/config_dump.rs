//! `-dC`: the configuration as it was read, without comments, words separated by one blank. With a
//! key, names, addresses and paths are hashes, and what else may be secret is left out.
//!
//! Nothing is checked but the words of lines. HAProxy reads a configuration twice, and prints it
//! both times.

use base::addr::{self, Endpoint, Host, Port, Rules};
use check::Loader;
use diag::{Diagnostic, FileId, SourceMap};
use syntax::Reader;

use crate::world::World;

/// What follows `-dC`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConfigDump {
    /// Lines begin with their numbers.
    pub numbered: bool,
    /// What names are hashed with; 0 shows everything.
    pub key: u32,
}

impl ConfigDump {
    /// `123,line`
    pub fn new(text: &str) -> Self {
        let digits = text.bytes().take_while(u8::is_ascii_digit);
        let number =
            digits.fold(0u32, |sum, digit| sum.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')));
        Self { numbered: text.split(',').any(|word| word == "line"), key: number }
    }

    /// What is printed, and what is wrong with the lines.
    pub fn run(self, world: &World, sources: &SourceMap) -> (Vec<u8>, Vec<Diagnostic>) {
        let (mut out, mut told) = (Vec::new(), Vec::new());
        let files = (0..).map(FileId).map_while(|id| sources.get(id).map(|file| (id, file)));
        for (id, file) in files {
            let before = told.len();
            let mut reader = Reader::new(id, &file.name, file.text());
            while let Some((number, words)) = reader.next_words(world, &mut told) {
                if self.numbered {
                    out.extend_from_slice(format!("{number}\t").as_bytes());
                }
                self.line(world, &words, &mut out);
            }
            if told.len() > before {
                let message = format!("Error(s) found in configuration file : {}", file.name);
                told.push(Diagnostic::post_error("refused-file", message));
            }
        }
        match told.is_empty() {
            true => out.extend_from_within(..),
            false => told.push(Diagnostic::post_error("fatal", "Fatal errors found in configuration.")),
        }
        (out, told)
    }

    fn line(self, world: &World, words: &[Vec<u8>], out: &mut Vec<u8>) {
        let is_section = words.first().is_some_and(|word| check::section_of(word).is_some());
        if !is_section {
            out.push(b'\t');
        }
        let rule = if is_section { &SECTION } else { rule(words) };
        if self.key == 0 {
            words.iter().for_each(|word| out.extend_from_slice(&[word, b" ".as_slice()].concat()));
        } else if words.first().is_some_and(|word| !word.is_empty()) {
            let shown = words.iter().zip(rule.words.iter().chain(std::iter::repeat(&Show::Not)));
            let shown = shown.filter(|(_, show)| **show != Show::Not);
            let shown: Vec<Vec<u8>> = shown.map(|(word, show)| self.word(world, word, *show)).collect();
            out.extend_from_slice(&shown.join(&b' '));
            if !rule.closed {
                out.push(b' ');
                let rest: &[u8] = if words.len() > rule.words.len() { b"[...]" } else { b"" };
                out.extend_from_slice(rest);
            }
        }
        out.push(b'\n');
    }

    fn word(self, world: &World, word: &[u8], show: Show) -> Vec<u8> {
        match show {
            _ if word.is_empty() => Vec::new(),
            Show::Word | Show::Not => word.to_vec(),
            Show::Id => self.hash(word, "ID(", ")"),
            Show::Path => self.hash(word, "PATH(", ")"),
            Show::Text => self.hash(word, "", ""),
            Show::Address => self.address(world, word),
        }
    }

    fn hash(self, text: &[u8], before: &str, behind: &str) -> Vec<u8> {
        let hash = base::hash::xxh32(text, self.key) & 0x00ff_ffff;
        format!("{before}{hash:06x}{behind}").into_bytes()
    }

    /// Addresses of the machine itself stay.
    fn address(self, world: &World, text: &[u8]) -> Vec<u8> {
        const PLAIN: [&[u8]; 4] = [b"localhost", b"stdout", b"stderr", b"global"];
        if PLAIN.contains(&text) || text.starts_with(b"fd@") || text.starts_with(b"sockpair@") {
            return text.to_vec();
        }
        let rules = Rules { port_range: true, ..Rules::SERVER };
        let parsed = addr::parse(text, &rules, &|_| None).map(|address| address.endpoint);
        let Ok(Endpoint::Ip { host, port }) = parsed else { return self.hash(text, "", "") };
        let ip = match host {
            Host::Ip(ip) => ip,
            Host::Name { name, .. } => match world.resolve_host(&name) {
                Some(ip) => ip,
                None => return self.hash(text, "", ""),
            },
        };
        let shown = ip.to_string();
        let own = if ip.is_ipv6() {
            shown == "::1"
        } else {
            ["127", "255", "0"].iter().any(|s| shown.starts_with(s))
        };
        if own {
            return text.to_vec();
        }
        let behind = match port {
            Port::One(port) | Port::Range(port, _) if port != 0 => format!("):{port}"),
            _ => ")".to_owned(),
        };
        self.hash(shown.as_bytes(), if ip.is_ipv6() { "IPV6(" } else { "IPV4(" }, &behind)
    }
}

/// How a word is shown where there is a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Show {
    Word,
    Id,
    Path,
    Text,
    Address,
    Not,
}

/// How a line is shown: the first words of the keyword, and the words that are shown.
struct Rule {
    start: &'static str,
    words: &'static [Show],
    /// Nothing is written behind these words, not even that there is more.
    closed: bool,
}

const fn open(start: &'static str, words: &'static [Show]) -> Rule {
    Rule { start, words, closed: false }
}

const fn closed(start: &'static str, words: &'static [Show]) -> Rule {
    Rule { start, words, closed: true }
}

use Show::{Address as A, Id as I, Path as P, Text as T, Word as W};

const SECTION: Rule = closed("", &[W, I]);

/// The first that fits holds.
const RULES: &[Rule] = &[
    open("anonkey", &[W]),
    closed("maxconn", &[W, W]),
    closed("stats timeout", &[W, W, W]),
    closed("stats maxconn", &[W, W, W]),
    open("stats socket", &[W, W, A]),
    closed("stats auth", &[W, W, T]),
    closed("timeout", &[W, W, W]),
    closed("mode", &[W, W]),
    open("user", &[W, I]),
    open("bind", &[W, A]),
    open("server", &[W, I, A]),
    open("redirect prefix", &[W, W, P]),
    open("redirect location", &[W, W, P]),
    open("redirect", &[W, W, W]),
    open("acl", &[W, I, W]),
    open("log", &[W, A]),
    open("peer", &[W, I, A]),
    open("use_backend", &[W, I]),
    closed("default_backend", &[W, I]),
    open("source", &[W, A]),
    open("nameserver", &[W, I, A]),
    open("http-request", &[W, W]),
    open("http-response", &[W, W]),
    open("http-after-response", &[W, W]),
    open("filter", &[W, W]),
    closed("errorfile", &[W, W, P]),
    open("cookie", &[W, I, W]),
    open("", &[W, W, W]),
];

fn rule(words: &[Vec<u8>]) -> &'static Rule {
    let fits = |rule: &&Rule| {
        let mut parts = rule.start.split_whitespace().zip(words);
        let enough = rule.start.split_whitespace().count() <= words.len();
        enough && parts.all(|(part, word)| part.as_bytes() == word)
    };
    RULES.iter().find(fits).unwrap_or(&SECTION)
}
