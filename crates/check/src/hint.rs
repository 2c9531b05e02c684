//! "did you mean": a word of a table that looks like the one written.

/// The candidate most like `word`, when one is near enough.
pub fn best<'a>(word: &[u8], candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let candidates = candidates.into_iter().map(str::as_bytes);
    std::str::from_utf8(base::word::best_match(word, candidates)?).ok()
}

/// `; did you mean 'x' maybe ?`, or nothing.
pub fn suffix(best: Option<&str>) -> String {
    best.map_or_else(String::new, |best| format!("; did you mean '{best}' maybe ?"))
}
