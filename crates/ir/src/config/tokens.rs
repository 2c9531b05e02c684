//! What signed and encrypted tokens (JWS, JWE) are verified and decrypted with.

use std::collections::HashMap;

use crate::Bytes;

/// Names of the algorithms that encrypt a token's key, in the order in which they are looked for.
pub const KEY_ALGORITHMS: [&str; 17] = [
    "RSA1_5",
    "RSA-OAEP",
    "RSA-OAEP-256",
    "A128KW",
    "A192KW",
    "A256KW",
    "dir",
    "ECDH-ES",
    "ECDH-ES+A128KW",
    "ECDH-ES+A192KW",
    "ECDH-ES+A256KW",
    "A128GCMKW",
    "A192GCMKW",
    "A256GCMKW",
    "PBES2-HS256+A128KW",
    "PBES2-HS384+A192KW",
    "PBES2-HS512+A256KW",
];

/// The same for a token's content.
pub const CONTENT_ALGORITHMS: [&str; 6] =
    ["A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM"];

/// The keys, read while the configuration was checked.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// Public keys in PEM, by the paths under which `jwt_verify` names them.
    pub public_keys: HashMap<Bytes, Bytes>,
    /// All certificates by name; those that tokens may use (`jwt on`) with what their PEM file holds.
    pub certificates: HashMap<Bytes, Option<Bytes>>,
    /// `jwt.decrypt_alg_list`: the [`KEY_ALGORITHMS`] that may be used. Without one: all but the first,
    /// which is weak (RFC 8725, 3.2).
    pub key_algorithms: Option<Vec<&'static str>>,
    /// `jwt.decrypt_enc_list`: of [`CONTENT_ALGORITHMS`]. Without one: all.
    pub content_algorithms: Option<Vec<&'static str>>,
}
