//! `hash-type`: what makes a number of a key.

use ir::Bytes;

type Function = fn(&[u8]) -> u32;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mix {
    function: Function,
    avalanche: bool,
    /// The key is a number already, as text.
    pub is_number: bool,
}

impl Mix {
    /// The words are those of `hash-type`: the method, the function, the modifier.
    pub fn new(words: &[Bytes]) -> Self {
        const FUNCTIONS: [(&[u8], Function); 4] = [
            (b"djb2", base::hash::djb2),
            (b"wt6", base::hash::wt6),
            (b"crc32", base::hash::crc32),
            (b"none", number),
        ];
        let named = words.get(1).and_then(|word| FUNCTIONS.iter().find(|(name, _)| *name == &word[..]));
        let (name, function) = *named.unwrap_or(&(b"sdbm", base::hash::sdbm));
        let modified = words.get(2).is_some_and(|word| word == b"avalanche");
        // The method alone stands for a good mix.
        let alone = words.len() == 1 && words[0] == b"consistent";
        Self { function, avalanche: modified || alone, is_number: name == b"none" }
    }

    pub fn of(&self, key: &[u8]) -> u32 {
        self.spread((self.function)(key))
    }

    /// The modifier alone.
    pub fn spread(&self, hash: u32) -> u32 {
        if self.avalanche { base::hash::avalanche(hash) } else { hash }
    }
}

/// The digits that a key begins with.
fn number(key: &[u8]) -> u32 {
    let digits = key.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: u32, digit| number.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_as_numbers() {
        let check = |key: &str, expected: u32| assert_eq!(number(key.as_bytes()), expected, "{key}");
        check("0", 0);
        check("17", 17);
        check("17 x", 17);
        check("x", 0);
    }

    #[test]
    fn words() {
        let check = |words: &str, expected: u32| {
            let words: Vec<Bytes> = words.split_whitespace().map(|word| word.as_bytes().to_vec()).collect();
            assert_eq!(Mix::new(&words).of(b"17"), expected, "{words:?}");
        };
        check("", base::hash::sdbm(b"17"));
        check("map-based", base::hash::sdbm(b"17"));
        check("consistent", base::hash::avalanche(base::hash::sdbm(b"17")));
        check("consistent sdbm", base::hash::sdbm(b"17"));
        check("map-based crc32 avalanche", base::hash::avalanche(base::hash::crc32(b"17")));
        check("map-based none", 17);
    }
}
