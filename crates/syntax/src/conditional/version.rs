//! Version numbers as HAProxy and OpenSSL write them.

/// Whether `wanted` is a later version than `present`. A text that is no version never is.
pub(super) fn is_newer(wanted: &[u8], present: &str) -> bool {
    match (parse(wanted), parse(present.as_bytes())) {
        (Some(wanted), Some(present)) => wanted > present,
        _ => false,
    }
}

/// Up to four numbers, the stage (1 dev, 2 rc or pre, 3 released) with its number, and the
/// commit's number: `2.4-dev18-12ab34-7`.
type Version = [u64; 7];

const RELEASED: u64 = 3;

fn parse(text: &[u8]) -> Option<Version> {
    let mut version = [0, 0, 0, 0, RELEASED, 0, 0];
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    for (index, number) in version.iter_mut().take(4).enumerate() {
        (*number, rest) = leading_number(rest);
        match rest.split_first() {
            None => return Some(version),
            Some((b'-', after)) => return tag(version, after),
            Some((b'.', after)) if index < 3 => rest = after,
            _ => return None,
        }
    }
    None
}

/// What follows the first dash: a stage, a commit, or both.
fn tag(mut version: Version, text: &[u8]) -> Option<Version> {
    let stages: [(&[u8], u64); 3] = [(b"dev", 1), (b"rc", 2), (b"pre", 2)];
    let found = stages.iter().find_map(|(name, stage)| Some((text.strip_prefix(*name)?, *stage)));
    let mut rest = text;
    if let Some((number, stage)) = found {
        version[4] = stage;
        (version[5], rest) = leading_number(number);
        match rest.split_first() {
            None => return Some(version),
            Some((b'-', after)) => rest = after,
            _ => return None,
        }
    }
    let last = match rest.iter().rposition(|b| *b == b'-') {
        Some(dash) if dash + 1 == rest.len() => return None,
        Some(dash) => &rest[dash + 1..],
        None => rest,
    };
    version[6] = base::bytes::parse_u64(last).unwrap_or(0);
    Some(version)
}

/// Leading digits, none of them being 0, and what follows.
fn leading_number(text: &[u8]) -> (u64, &[u8]) {
    let (digits, rest) = text.split_at(text.iter().take_while(|b| b.is_ascii_digit()).count());
    let large = if digits.is_empty() { 0 } else { u64::MAX };
    (base::bytes::parse_u64(digits).unwrap_or(large), rest)
}

/// `OPENSSL_VERSION_NUMBER` of a version in the scheme of OpenSSL 1.1: `1.1.1w`, `3.0.0-beta2`.
pub(super) fn openssl_number(text: &[u8]) -> Option<u32> {
    let (major, rest) = component(text, 0xf)?;
    let (minor, rest) = component(rest.strip_prefix(b".")?, 0xff)?;
    let (fix, rest) = component(rest.strip_prefix(b".")?, 0xff)?;
    let (patch, status) = match rest {
        [] => (0, 0xf),
        [b'-', b'b', b'e', b't', b'a', number @ ..] => (0, component(number, 14)?.0),
        [b'-', ..] => (0, 0),
        letters => (patch_number(letters), 0xf),
    };
    let number = major << 28 | minor << 20 | fix << 12 | patch << 4 | status;
    (number != 0).then_some(number)
}

fn component(text: &[u8], max: u32) -> Option<(u32, &[u8])> {
    let (number, rest) = leading_number(text);
    let number = u32::try_from(number).ok()?;
    (number <= max).then_some((number, rest))
}

/// One more than the letters' places in the alphabet: `a` is 1, `zh` is 33.
fn patch_number(letters: &[u8]) -> u32 {
    let place = |letter: &u8| u32::from((letter & !0x20).wrapping_sub(b'A'));
    letters.iter().map(place).fold(1, u32::wrapping_add) & 0xff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn haproxy() {
        let check = |wanted: &str, present: &str, newer| {
            assert_eq!(is_newer(wanted.as_bytes(), present), newer, "{wanted} {present}");
        };
        check("3.5", "3.5.0", false);
        check("3.5.1", "3.5.0", true);
        check("3.5-dev5", "3.5-dev5-50872d-2", false);
        check("3.5-dev6", "3.5-dev5-50872d-2", true);
        check("3.5", "3.5-dev5-50872d-2", true);
        check("3.5-rc1", "3.5-dev5", true);
        check("3.5-rc1", "3.5.0", false);
        check("2.4-dev19", "3.5.0-hxproxy", false);
        check("3.5.0-7", "3.5.0", true);
        check("4", "3.5.0", true);
        check("x", "3.5.0", false);
        check("", "3.5.0", false);
        check("3.5.0.0.0", "3.5.0", false);
    }

    #[test]
    fn openssl() {
        let check = |text: &str, number| {
            assert_eq!(openssl_number(text.as_bytes()), number, "{text}");
        };
        check("1.1.1", Some(0x1010_100f));
        check("1.1.1w", Some(0x1010_117f));
        check("1.0.2zh", Some(0x1000_221f));
        check("3.0.0-beta2", Some(0x3000_0002));
        check("3.0.0-alpha17", Some(0x3000_0000));
        check("3.0.17", Some(0x3001_100f));
        check("3.0", None);
        check("x", None);
        check("", None);
        check("16.0.0", None);
        check("1.1.1-beta15", None);
    }
}
