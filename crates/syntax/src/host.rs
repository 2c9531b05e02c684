//! What the grammar asks of its caller. Left out: the answers.

use crate::Line;

/// Facts about the process, for variables and for the predicates of `.if` and `-cc`
/// (manual, 2.3 and 2.4).
pub trait Facts {
    /// The value of an environment variable. Asked line by line, so that `setenv` on one line
    /// holds for the next.
    fn variable(&self, name: &[u8]) -> Option<Vec<u8>>;

    /// The names of all environment variables, for the hint about a misspelt one.
    fn variable_names(&self) -> Vec<Vec<u8>>;

    /// Whether `-vv` lists the feature with a `+`.
    fn feature(&self, name: &[u8]) -> bool;

    /// The version that `-v` prints, such as `3.5.0`.
    fn version(&self) -> &str;

    /// The TLS library's `OPENSSL_VERSION_NUMBER`, such as `0x30000110` for 3.0.17; `None`
    /// without one.
    fn openssl_version(&self) -> Option<u32>;

    /// The name of the TLS library, such as `OpenSSL 3.0.17 1 Jul 2025`; empty without one.
    fn ssl_library(&self) -> &str;

    /// The API number of AWS-LC, when that is the TLS library.
    fn awslc_api(&self) -> Option<u32>;

    /// Whether a run-time option (`EPOLL`, `SPLICE`, …) is on; false for unknown names.
    fn enabled(&self, option: &[u8]) -> bool;

    /// Whether the TLS library runs in FIPS mode.
    fn fips_mode(&self) -> bool;
}

/// What reading a whole file asks.
pub trait Host: Facts {
    /// Whether the word opens a section.
    fn is_section(&self, keyword: &[u8]) -> bool;

    /// Told of each line before the next one is read, so that `setenv` and its like can take
    /// effect. `section` is the header of the section the line stands in.
    fn line(&mut self, section: Option<&Line>, line: &Line);
}
