//! Words of one line (manual, 2.2 and 2.3).
