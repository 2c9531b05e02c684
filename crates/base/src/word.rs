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
    fn of(word: &[u8]) -> Shape {
        let mut shape = Shape { present: 0, pairs: [0; CLASSES * CLASSES] };
        let mut from = OTHER;
        for byte in word {
            let to = class(*byte);
            shape.present |= 1 << to;
            shape.count(from, to);
            from = to;
        }
        shape.count(from, OTHER);
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

/// The candidate most like `word`, the first one among equals; `None` when all differ too much.
/// These are HAProxy's verdicts: it compares how letters follow each other, and gives up at a
/// distance above twice the length of either word.
pub fn best_match<'a>(word: &[u8], candidates: impl IntoIterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    let shape = Shape::of(word);
    let mut best: Option<(usize, &[u8])> = None;
    for candidate in candidates {
        let distance = shape.distance(&Shape::of(candidate));
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    let (distance, candidate) = best?;
    (distance <= 2 * word.len() && distance <= 2 * candidate.len()).then_some(candidate)
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
}
