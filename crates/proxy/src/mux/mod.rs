//! Client connections: from bytes to streams and back, one file a version.

pub mod h1;
pub mod h2;
