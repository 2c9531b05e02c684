//! Runs of usual bytes, sixteen at a time; what is left at the end is looked up byte by byte.

use super::chars::{LOWER_TOKEN, TARGET};

const LANES: usize = 16;
type Chunk = [u8; LANES];

/// A bit for each byte of `chunk`, the lowest for the first: set if the byte is from `low` to `high`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn within(chunk: &Chunk, low: u8, high: u8) -> u32 {
    use std::arch::x86_64::*;
    // SAFETY: all processors of this kind have SSE2, and the load is of the chunk's 16 bytes.
    unsafe {
        let bytes = _mm_loadu_si128(chunk.as_ptr().cast());
        let above = _mm_sub_epi8(bytes, _mm_set1_epi8(low.cast_signed()));
        let nearer = _mm_min_epu8(above, _mm_set1_epi8((high - low).cast_signed()));
        _mm_movemask_epi8(_mm_cmpeq_epi8(nearer, above)).cast_unsigned()
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn within(chunk: &Chunk, low: u8, high: u8) -> u32 {
    let bits = chunk.iter().enumerate();
    bits.fold(0, |bits, (lane, byte)| bits | u32::from((low..=high).contains(byte)) << lane)
}

/// The number of the lowest bit that is not set.
fn ones(bits: u32) -> usize {
    bits.trailing_ones() as usize
}

/// What makes a capital small, for as many lanes as the row's number says.
const DIFFERENCE: [Chunk; LANES + 1] = {
    let mut rows = [[0; LANES]; LANES + 1];
    let mut row = 0;
    while row <= LANES {
        let mut lane = 0;
        while lane < row {
            rows[row][lane] = b'a' - b'A';
            lane += 1;
        }
        row += 1;
    }
    rows
};

/// Turns the token at the start of `bytes` to lower case and returns its length.
#[inline(always)]
pub(super) fn lower_token(bytes: &mut [u8]) -> usize {
    let len = bytes.len();
    let mut rest = bytes;
    while let Some(chunk) = rest.first_chunk_mut() {
        let letters = within(chunk, b'A', b'Z') | within(chunk, b'a', b'z');
        let inside = ones(letters | within(chunk, b'-', b'-'));
        // One store for all: what reads the name next does not wait for bytes to come together.
        for (byte, difference) in chunk.iter_mut().zip(DIFFERENCE[inside]) {
            *byte |= if byte.is_ascii_uppercase() { difference } else { 0 };
        }
        let Some(byte) = chunk.get(inside) else {
            rest = &mut rest[LANES..];
            continue;
        };
        // Digits and the rarer characters of a token have no case.
        if LOWER_TOKEN[usize::from(*byte)] == 0 {
            return len - rest.len() + inside;
        }
        rest = &mut rest[inside + 1..];
    }
    let mut done = len - rest.len();
    for byte in rest {
        match LOWER_TOKEN[usize::from(*byte)] {
            0 => break,
            lower => *byte = lower,
        }
        done += 1;
    }
    done
}

/// `bytes` from the first control character on; empty if there is none.
#[inline(always)]
pub(super) fn skip_text(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let Some((chunk, tail)) = rest.split_first_chunk() {
        let controls = within(chunk, 0, 0x1f);
        if controls != 0 {
            return &rest[controls.trailing_zeros() as usize % LANES..];
        }
        rest = tail;
    }
    while let [byte, tail @ ..] = rest
        && *byte >= 0x20
    {
        rest = tail;
    }
    rest
}

/// How many bytes at the start of `bytes` may stand in a request target.
#[inline]
pub(super) fn target_len(bytes: &[u8]) -> usize {
    let mut done = 0;
    while let Some(chunk) = bytes[done..].first_chunk() {
        let inside = ones(within(chunk, 0x21, 0x7e) & !within(chunk, b'#', b'#'));
        done += inside;
        if inside < LANES {
            return done;
        }
    }
    done + bytes[done..].iter().take_while(|byte| TARGET[usize::from(**byte)]).count()
}

/// How many bytes at the start of `bytes` are a usual host with its port: only letters, digits and
/// `-.:`.
pub(super) fn plain_host_len(bytes: &[u8]) -> usize {
    let mut done = 0;
    while let Some(chunk) = bytes[done..].first_chunk() {
        let letters = within(chunk, b'a', b'z') | within(chunk, b'A', b'Z');
        let inside = ones(letters | within(chunk, b'0', b':') | within(chunk, b'-', b'.'));
        done += inside;
        if inside < LANES {
            return done;
        }
    }
    let rest = &bytes[done..];
    done + rest.iter().take_while(|byte| is_plain_host(**byte)).count()
}

const fn is_plain_host(byte: u8) -> bool {
    matches!(byte, b'0'..=b':' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each byte at each place of a run of `usual` bytes ends it or does not, whatever the length.
    fn check(usual: u8, scan: impl Fn(&mut [u8]) -> usize, inside: impl Fn(u8) -> bool) {
        for byte in 0..=255 {
            for len in 1..40 {
                for at in 0..len {
                    let mut bytes = vec![usual; len];
                    bytes[at] = byte;
                    if let Some(next) = bytes.get_mut(at + 1) {
                        *next = 0; // ends all runs
                    }
                    let expected = if inside(byte) { at + 1 } else { at };
                    assert_eq!(scan(&mut bytes), expected, "{byte:#x} at {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn runs_end_where_the_tables_say() {
        check(b'a', |bytes| bytes.len() - skip_text(bytes).len(), |byte| byte >= 0x20);
        check(b'a', |bytes| target_len(bytes), |byte| TARGET[usize::from(byte)]);
        check(b'a', |bytes| plain_host_len(bytes), is_plain_host);
        for usual in [b'A', b'-', b'_', b'1'] {
            check(usual, lower_token, |byte| LOWER_TOKEN[usize::from(byte)] != 0);
        }
    }

    #[test]
    fn tokens_become_lower_case() {
        let check = |input: &str, expected: &str| {
            let mut bytes = input.as_bytes().to_vec();
            lower_token(&mut bytes);
            assert_eq!(std::str::from_utf8(&bytes), Ok(expected));
        };
        check("Host: A", "host: A");
        check("X-Forwarded-For: ABCDEFGHIJ", "x-forwarded-for: ABCDEFGHIJ");
        check("X1B_CDEFGHIJ^KLMNOPQ:RSTUVWXYZ", "x1b_cdefghij^klmnopq:RSTUVWXYZ");
        check("@A[Z{z`Zz", "@A[Z{z`Zz");
        check("A`Z", "a`z");
    }
}
