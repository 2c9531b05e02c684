//! The string hashes of `hash-type`, `balance` and the converters of the same names: public
//! algorithms, with the values HAProxy gives. Left out: the other forms of
//! xxHash, and the cryptographic ones.

/// Daniel J. Bernstein's hash, the variant that multiplies by 33 and adds.
pub fn djb2(key: &[u8]) -> u32 {
    key.iter().fold(5381, |hash: u32, b| hash.wrapping_mul(33).wrapping_add(u32::from(*b)))
}

/// The hash of the sdbm database library: multiplies by 65599 and adds.
pub fn sdbm(key: &[u8]) -> u32 {
    key.iter().fold(0, |hash: u32, b| hash.wrapping_mul(65599).wrapping_add(u32::from(*b)))
}

/// Willy Tarreau's wt6: two words that rotate each other.
pub fn wt6(key: &[u8]) -> u32 {
    let (mut left, mut right) = (0xa53c_965a_u32, 0x5ca6_953a_u32);
    let (mut left_turn, mut right_turn) = (6, 18);
    for byte in key {
        let mixed_left = !(left ^ u32::from(*byte));
        let mixed_right = !right.wrapping_add(u32::from(*byte));
        left = mixed_right.rotate_left(left_turn);
        right = mixed_left.rotate_left(right_turn);
        let turns = (left >> 16 ^ right) & 0xffff;
        (left_turn, right_turn) = (turns & 31, turns >> 11);
    }
    left ^ right
}

/// xxHash of 32 bits with a seed.
pub fn xxh32(key: &[u8], seed: u32) -> u32 {
    const PRIMES: [u32; 5] = [0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d, 0x27d4_eb2f, 0x1656_67b1];
    let [first, second, third, fourth, fifth] = PRIMES;
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word: u32, b| word << 8 | u32::from(*b));
    let round = |lane: u32, input: u32| {
        lane.wrapping_add(input.wrapping_mul(second)).rotate_left(13).wrapping_mul(first)
    };
    let (blocks, rest) = key.as_chunks::<16>();
    let mut lanes =
        [first.wrapping_add(second), second, 0, 0u32.wrapping_sub(first)].map(|lane| seed.wrapping_add(lane));
    for block in blocks {
        for (lane, input) in lanes.iter_mut().zip(block.chunks(4)) {
            *lane = round(*lane, word(input));
        }
    }
    let turned = lanes.iter().zip([1, 7, 12, 18]).map(|(lane, turn)| lane.rotate_left(turn));
    let start = if blocks.is_empty() { seed.wrapping_add(fifth) } else { turned.fold(0, u32::wrapping_add) };
    let length = u32::try_from(key.len() & 0xffff_ffff).unwrap_or(0);
    let (words, bytes) = rest.as_chunks::<4>();
    let hash = words.iter().fold(start.wrapping_add(length), |hash, input| {
        hash.wrapping_add(word(input).wrapping_mul(third)).rotate_left(17).wrapping_mul(fourth)
    });
    let hash = bytes.iter().fold(hash, |hash, byte| {
        hash.wrapping_add(u32::from(*byte).wrapping_mul(fifth)).rotate_left(11).wrapping_mul(first)
    });
    let hash = (hash ^ hash >> 15).wrapping_mul(second);
    let hash = (hash ^ hash >> 13).wrapping_mul(third);
    hash ^ hash >> 16
}

/// xxHash of 64 bits with a seed.
pub fn xxh64(key: &[u8], seed: u64) -> u64 {
    const FIRST: u64 = 0x9e37_79b1_85eb_ca87;
    const SECOND: u64 = 0xc2b2_ae3d_27d4_eb4f;
    const THIRD: u64 = 0x1656_67b1_9e37_79f9;
    const FOURTH: u64 = 0x85eb_ca77_c2b2_ae63;
    const FIFTH: u64 = 0x27d4_eb2f_1656_67c5;
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word: u64, b| word << 8 | u64::from(*b));
    let round = |lane: u64, input: u64| {
        lane.wrapping_add(input.wrapping_mul(SECOND)).rotate_left(31).wrapping_mul(FIRST)
    };
    let merge = |hash: u64, lane: u64| (hash ^ round(0, lane)).wrapping_mul(FIRST).wrapping_add(FOURTH);
    let (blocks, rest) = key.as_chunks::<32>();
    let mut lanes =
        [FIRST.wrapping_add(SECOND), SECOND, 0, 0u64.wrapping_sub(FIRST)].map(|lane| seed.wrapping_add(lane));
    for block in blocks {
        for (lane, input) in lanes.iter_mut().zip(block.chunks(8)) {
            *lane = round(*lane, word(input));
        }
    }
    let turned = lanes.iter().zip([1, 7, 12, 18]).map(|(lane, turn)| lane.rotate_left(turn));
    let start = if blocks.is_empty() {
        seed.wrapping_add(FIFTH)
    } else {
        lanes.iter().fold(turned.fold(0, u64::wrapping_add), |hash, lane| merge(hash, *lane))
    };
    let (words, rest) = rest.as_chunks::<8>();
    let hash = words.iter().fold(start.wrapping_add(key.len() as u64), |hash, input| {
        (hash ^ round(0, word(input))).rotate_left(27).wrapping_mul(FIRST).wrapping_add(FOURTH)
    });
    let (halves, bytes) = rest.as_chunks::<4>();
    let hash = halves.iter().fold(hash, |hash, input| {
        let mixed = hash ^ word(input).wrapping_mul(FIRST);
        mixed.rotate_left(23).wrapping_mul(SECOND).wrapping_add(THIRD)
    });
    let hash = bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte).wrapping_mul(FIFTH)).rotate_left(11).wrapping_mul(FIRST)
    });
    let hash = (hash ^ hash >> 33).wrapping_mul(SECOND);
    let hash = (hash ^ hash >> 29).wrapping_mul(THIRD);
    hash ^ hash >> 32
}

/// CRC-32 as in Ethernet and gzip (polynomial 0x04C11DB7, reflected).
pub fn crc32(key: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(key);
    crc.sum()
}

/// CRC-32C (RFC 4960, appendix B), bit by bit.
pub fn crc32c(key: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    !key.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ ((crc & 1) * POLYNOMIAL))
    })
}

/// Bob Jenkins's full avalanche over 32 bits, then a multiplication by a large prime that
/// spreads the values around a consistent-hashing ring.
pub fn avalanche(hash: u32) -> u32 {
    let a = hash.wrapping_add(0x7ed5_5d16).wrapping_add(hash << 12);
    let a = a ^ 0xc761_c23c ^ a >> 19;
    let a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    let a = a.wrapping_add(0xd3a2_646c) ^ a << 9;
    let a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    let a = a ^ 0xb55a_4f09 ^ a >> 16;
    a.wrapping_mul(3_221_225_473)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that HAProxy 3.5's converters of the same names answer for these paths; with an
    /// argument they add the avalanche.
    #[test]
    fn same_as_haproxy() {
        check(djb2, "/abc", 2_088_271_610, Some(1_563_166_642));
        check(sdbm, "/abc", 3_135_654_771, Some(2_611_440_265));
        check(wt6, "/abc", 4_175_322_074, Some(2_702_208_831));
        check(crc32, "/abc", 326_170_788, None);
        check(crc32c, "/abc", 640_227_501, None);
        let long = "/some/longer/path/with/more.bytes";
        check(djb2, long, 337_218_876, Some(1_742_164_436));
        check(sdbm, long, 1_506_545_227, Some(3_566_292_733));
        check(wt6, long, 2_207_317_031, Some(68_903_910));
        check(crc32, long, 1_347_240_138, None);
        check(crc32c, long, 2_073_070_752, None);
    }

    /// Test vectors of the algorithm's own documentation and tools.
    #[test]
    fn xxh32_vectors() {
        assert_eq!(xxh32(b"", 0), 0x02cc_5d05);
        assert_eq!(xxh32(b"abc", 0), 0x32d1_53ff);
        assert_eq!(xxh32(b"Nobody inspects the spammish repetition", 0), 0xe229_3b2f);
    }

    /// The same; the last is a list of ciphers, with the value that HAProxy logs for it.
    #[test]
    fn xxh64_vectors() {
        assert_eq!(xxh64(b"", 0), 0xef46_db37_51d8_e999);
        assert_eq!(xxh64(b"abc", 0), 0x44bc_2cf5_ad77_0999);
        assert_eq!(xxh64(b"Nobody inspects the spammish repetition", 0), 0xfbce_a83c_8a37_8bf1);
        let ciphers = b"\x13\x02\x13\x03\x13\x01\xC0\x2C\xC0\x30\x00\x9F\xCC\xA9\xCC\xA8\xCC\xAA\xC0\x2B\
            \xC0\x2F\x00\x9E\xC0\x24\xC0\x28\x00\x6B\xC0\x23\xC0\x27\x00\x67\xC0\x0A\xC0\x14\x00\x39\xC0\
            \x09\xC0\x13\x00\x33\x00\x9D\x00\x9C\x00\x3D\x00\x3C\x00\x35\x00\x2F\x00\xFF";
        assert_eq!(xxh64(ciphers, 0) as i64, -8_670_171_557_397_906_448);
    }

    fn check(hash: fn(&[u8]) -> u32, key: &str, expected: u32, spread: Option<u32>) {
        let got = hash(key.as_bytes());
        assert_eq!(got, expected, "{key}");
        if let Some(spread) = spread {
            assert_eq!(avalanche(got), spread, "{key}");
        }
    }
}
