//! Sets of threads: `1-4`, `odd`, `1/all`, `2/1-3,5` (manual, 5.1, `thread`).

use crate::fail::Checked;
use crate::given::Given;

const MAX_THREADS: usize = 1024;
const MAX_THREADS_PER_GROUP: usize = 64;
const MAX_GROUPS: usize = 32;

/// Checks a set. Gives the number of its thread groups, none for absolute numbers, and the threads.
pub fn check(given: &Given<'_>) -> Checked<(usize, Vec<u16>)> {
    Set::new(&given.value.lossy()).read().map_err(|text| given.fail("bad-thread", text))
}

/// The text from where it is not read yet.
struct Set<'t> {
    rest: &'t str,
    /// Numbers are those of a group.
    relative: bool,
    groups: Vec<usize>,
    /// Absolute numbers from 1.
    threads: Vec<u16>,
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn number(text: &str) -> usize {
    if text.is_empty() { 0 } else { text.parse().unwrap_or(usize::MAX) }
}

fn character(text: &str, at: usize) -> char {
    text[at..].chars().next().unwrap_or('\0')
}

impl<'t> Set<'t> {
    fn new(text: &'t str) -> Self {
        let relative = text[digits(text)..].starts_with('/');
        Self { rest: text, relative, groups: Vec::new(), threads: Vec::new() }
    }

    fn most(&self) -> usize {
        if self.relative { MAX_THREADS_PER_GROUP } else { MAX_THREADS }
    }

    fn read(mut self) -> Result<(usize, Vec<u16>), String> {
        let mut group = 0;
        while !self.rest.is_empty() {
            let end = digits(self.rest);
            let next = self.rest[end..].chars().next();
            if end > 0 && next.is_some_and(|next| !matches!(next, '/' | '-' | ',')) {
                return Err(self.bad_character(end));
            }
            if group == 0 && self.relative {
                group = self.group(end)?;
                if !self.groups.contains(&group) {
                    self.groups.push(group);
                }
                self.rest = &self.rest[end + 1..];
                continue;
            }
            if next == Some('/') {
                return Err(match group {
                    0 => format!(
                        "group-relative thread specification '{}' is not permitted after a absolute thread range.",
                        self.rest
                    ),
                    _ => format!("redundant thread group specification '{}' for group {group}", self.rest),
                });
            }
            let read = self.range(end)?;
            self.add(&self.rest[..read], group);
            let more = self.rest[read..].starts_with(',');
            self.rest = self.rest.get(read + 1..).unwrap_or("");
            if more && self.relative {
                group = 0;
            }
        }
        Ok((self.groups.len(), self.threads))
    }

    /// Adds what a range names that was found to be right.
    fn add(&mut self, range: &str, group: usize) {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let all = (1, self.most());
        let (first, last) = match (first, number(first), last) {
            ("all" | "odd" | "even" | "", ..) => all,
            (_, first, "") => (first, self.most()),
            (_, first, last) => (first.min(number(last)), first.max(number(last))),
        };
        let before = group.saturating_sub(1) * MAX_THREADS_PER_GROUP;
        let fits = |thread: &usize| match range {
            "odd" => !thread.is_multiple_of(2),
            "even" => thread.is_multiple_of(2),
            _ => true,
        };
        let found = (first..=last.min(self.most())).filter(fits);
        self.threads.extend(found.filter_map(|thread| u16::try_from(before + thread).ok()));
    }

    fn bad_character(&self, at: usize) -> String {
        let found = character(self.rest, at);
        format!("invalid character '{found}' in thread set specification: '{}'.", self.rest)
    }

    /// The number in front of a slash.
    fn group(&self, end: usize) -> Result<usize, String> {
        let rest = self.rest;
        if end == 0 && rest.starts_with('/') {
            return Err(format!("thread group number expected before '{rest}'."));
        }
        if !rest[end..].starts_with('/') {
            return Err(format!(
                "absolute thread specification '{rest}' is not permitted after a group-relative thread range."
            ));
        }
        let group = number(&rest[..end]);
        match (1..=MAX_GROUPS).contains(&group) {
            true => Ok(group),
            false => Err(format!(
                "invalid thread group number '{group}', permitted range is 1..{MAX_GROUPS} in '{rest}'."
            )),
        }
    }

    /// One number, range or word; gives where it ends.
    fn range(&self, end: usize) -> Result<usize, String> {
        let (rest, most) = (self.rest, self.most());
        let end = end + rest[end..].find(['-', ',']).unwrap_or(rest.len() - end);
        let is_word = matches!(&rest[..end], "all" | "odd" | "even");
        let first = number(rest[..end].get(..digits(rest)).unwrap_or(""));
        if !is_word && end > 0 && !(1..=most).contains(&first) {
            return Err(format!(
                "invalid first thread number '{rest}', permitted range is 1..{most}, or 'all', 'odd', 'even'."
            ));
        }
        if !rest[end..].starts_with('-') {
            return Ok(end);
        }
        if is_word {
            return Err(format!("extraneous range after 'all', 'odd' or 'even': '{rest}'."));
        }
        let last = &rest[end + 1..];
        let length = digits(last);
        let stop = last[length..].chars().next();
        let bad = if length == 0 {
            stop.is_some_and(|stop| stop != ',')
        } else {
            !(1..=most).contains(&number(&last[..length]))
        };
        if bad {
            return Err(format!("invalid last thread number '{last}', permitted range is 1..{most}."));
        }
        match stop {
            None | Some(',') => Ok(end + 1 + length),
            Some(found) => {
                Err(format!("invalid character '{found}' after thread set specification: '{last}'."))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<usize, &str>) {
        let groups = Set::new(text).read().map(|(groups, _)| groups);
        assert_eq!(groups, expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn threads() {
        let check = |text: &str, expected: &[u16]| {
            let threads = Set::new(text).read().expect("a set").1;
            assert_eq!(threads, expected, "{text}");
        };
        check("", &[]);
        check("1-3,7", &[1, 2, 3, 7]);
        check("3-1", &[1, 2, 3]);
        check("2/1,1/5", &[65, 5]);
        assert_eq!(Set::new("1/odd").read().expect("a set").1.len(), 32);
        assert_eq!(Set::new("1000-").read().expect("a set").1.len(), 25);
    }

    #[test]
    fn sets() {
        check("", Ok(0));
        check("1", Ok(0));
        check("1-4,odd,7-", Ok(0));
        check("all", Ok(0));
        check("1/all", Ok(1));
        check("1/1-3", Ok(1));
        check("1,2x", Err("invalid character 'x' in thread set specification: '2x'."));
        check(
            "0",
            Err("invalid first thread number '0', permitted range is 1..1024, or 'all', 'odd', 'even'."),
        );
        check("33/1", Err("invalid thread group number '33', permitted range is 1..32 in '33/1'."));
        check("/1", Err("thread group number expected before '/1'."));
        check(
            "1/65",
            Err("invalid first thread number '65', permitted range is 1..64, or 'all', 'odd', 'even'."),
        );
        check("odd-3", Err("extraneous range after 'all', 'odd' or 'even': 'odd-3'."));
        check("1-x", Err("invalid last thread number 'x', permitted range is 1..1024."));
        check("1-3x", Err("invalid character 'x' after thread set specification: '3x'."));
    }
}
