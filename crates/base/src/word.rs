//! The likeness of two words, for "did you mean". Left out: where the candidates come from.

/// Letters are 26 classes, all digits one, and anything else one more, which the ends of a word
/// belong to as well.
const CLASSES: usize = 28;
const OTHER: usize = CLASSES - 1;

/// Which classes a word has, and how often each class follows each.
struct Shape {
    present: u32,
    pairs: [u8; CLASSES * CLASSES],
}

impl Shape {
    fn of<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> Shape {
        let mut shape = Shape { present: 0, pairs: [0; CLASSES * CLASSES] };
        for word in words {
            let mut from = OTHER;
            for byte in word {
                let to = class(*byte);
                shape.present |= 1 << to;
                shape.count(from, to);
                from = to;
            }
            shape.count(from, OTHER);
        }
        shape
    }

    fn count(&mut self, from: usize, to: usize) {
        let pair = &mut self.pairs[CLASSES * from + to];
        *pair = pair.saturating_add(1);
    }

    fn distance(&self, other: &Shape) -> usize {
        let pairs = self.pairs.iter().zip(&other.pairs);
        let pairs: usize = pairs.map(|(a, b)| usize::from(a.abs_diff(*b))).sum();
        pairs + (self.present ^ other.present).count_ones() as usize
    }
}

fn class(byte: u8) -> usize {
    match byte {
        b'a'..=b'z' => usize::from(byte - b'a'),
        b'A'..=b'Z' => usize::from(byte - b'A'),
        b'0'..=b'9' => OTHER - 1,
        _ => OTHER,
    }
}

/// How much two lists of words differ, as HAProxy counts it for commands of several words: 0 for
/// the same letters following each other.
pub fn distance<'a>(
    words: impl IntoIterator<Item = &'a [u8]>,
    others: impl IntoIterator<Item = &'a [u8]>,
) -> usize {
    Shape::of(words).distance(&Shape::of(others))
}

/// The candidate most like `word`, the first one among equals; `None` when all differ too much.
/// These are HAProxy's verdicts: it compares how letters follow each other, and gives up at a
/// distance above twice the length of either word.
pub fn best_match<'a>(word: &[u8], candidates: impl IntoIterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    best_match_with(word, candidates.into_iter().map(|candidate| (candidate, 2)))
}

/// As [`best_match`], with a factor of its own in place of the two for each candidate: HAProxy
/// takes 3 for actions that are known by their first letters (`set-var(…)`).
pub fn best_match_with<'a>(
    word: &[u8],
    candidates: impl IntoIterator<Item = (&'a [u8], usize)>,
) -> Option<&'a [u8]> {
    let shape = Shape::of([word]);
    let mut best: Option<(usize, usize, &[u8])> = None;
    for (candidate, factor) in candidates {
        let distance = shape.distance(&Shape::of([candidate]));
        if best.is_none_or(|(least, _, _)| distance < least) {
            best = Some((distance, factor, candidate));
        }
    }
    let (distance, factor, candidate) = best?;
    let shorter = word.len().min(candidate.len());
    (distance <= factor * shorter).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, candidates: &[&str], expected: Option<&str>) {
        let got = best_match(word.as_bytes(), candidates.iter().map(|c| c.as_bytes()));
        assert_eq!(got, expected.map(str::as_bytes), "{word}");
    }

    #[test]
    fn verdicts() {
        let words = ["maxconn", "weight", "check", "inter", "maxqueue"];
        check("maxconx", &words, Some("maxconn"));
        check("MAXCONN", &words, Some("maxconn"));
        check("wieght", &words, Some("weight"));
        check("chck", &words, Some("check"));
        check("zzzzzz", &words, None);
        check("", &words, None);
        check("weight", &[], None);
        // The first of two that are equally far.
        check("ab", &["abx", "aby"], Some("abx"));
    }

    #[test]
    fn tolerance() {
        let at = |factor| best_match_with(b"xvar", [(&b"set-var"[..], factor)]);
        assert_eq!((at(2), at(3)), (None, Some(&b"set-var"[..])));
    }

    #[test]
    fn several_words() {
        let show = |word| [&b"show"[..], word];
        assert_eq!(distance(show(b"info"), show(b"info")), 0);
        assert!(distance(show(b"inof"), show(b"info")) < distance(show(b"stat"), show(b"info")));
    }
}
