//! The vocabulary between the layers.
//!
//! - [`manual`]: where HAProxy's manual describes a keyword.
//! - [`spec`]: what a row of the registry says about a keyword, fetch, converter or action.
//! - [`config`]: the checked configuration: plain data, linked by ids, never by pointers.
//! - [`expr`]: checked expressions, conditions, log-formats and rules.
//! - [`verify_errors`]: how OpenSSL calls what is wrong with a certificate.
//!
//! Nothing here parses, runs or performs I/O.

pub mod checks;
pub mod config;
pub mod expr;
pub mod id;
pub mod manual;
pub mod sources;
pub mod spec;
pub mod types;
pub mod verify_errors;

/// Text of the configuration. HAProxy's configuration is bytes, not UTF-8.
pub type Bytes = Vec<u8>;
