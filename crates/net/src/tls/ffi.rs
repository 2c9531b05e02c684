//! The few calls of the TLS library that the `openssl` crate leaves out or marks unsafe; all
//! `unsafe` of TLS stands here. With another library behind that crate this file changes.

use std::ffi::{c_int, c_long, c_uint, c_void};

use foreign_types::ForeignTypeRef;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::ssl::{SslContextBuilder, SslRef, SslSession};

unsafe extern "C" {
    fn SSL_client_hello_get0_ext(
        ssl: *mut openssl_sys::SSL,
        kind: c_uint,
        out: *mut *const u8,
        len: *mut usize,
    ) -> c_int;
    fn SSL_set_shutdown(ssl: *mut openssl_sys::SSL, mode: c_int);
    fn SSL_CTX_set_timeout(context: *mut openssl_sys::SSL_CTX, seconds: c_long) -> c_long;
    fn HMAC(
        digest: *const openssl_sys::EVP_MD,
        key: *const c_void,
        key_len: c_int,
        data: *const u8,
        data_len: usize,
        out: *mut u8,
        out_len: *mut c_uint,
    ) -> *mut u8;
}

/// The content of an extension of the ClientHello. Only inside the client-hello callback; the
/// borrow of `ssl` keeps the answer from leaving it.
pub fn client_hello_extension(ssl: &SslRef, kind: u16) -> Option<&[u8]> {
    let (mut data, mut len) = (std::ptr::null(), 0);
    // SAFETY: the library fills both outputs with a range of the ClientHello it holds, or says 0.
    unsafe {
        let found = SSL_client_hello_get0_ext(ssl.as_ptr(), kind.into(), &mut data, &mut len);
        (found == 1 && !data.is_null()).then(|| std::slice::from_raw_parts(data, len))
    }
}

/// How long a session can be resumed, in seconds.
pub fn set_session_timeout(context: &mut SslContextBuilder, seconds: u64) {
    let seconds = c_long::try_from(seconds).unwrap_or(c_long::MAX);
    // SAFETY: the builder's pointer is valid; the call stores a number.
    unsafe { SSL_CTX_set_timeout(context.as_ptr(), seconds) };
}

/// Offers a session for resumption.
pub fn set_session(ssl: &mut SslRef, session: &SslSession) -> Result<(), ErrorStack> {
    // SAFETY: the crate wants the session to come from a context of the same kind; ours all come
    // from the context that makes `ssl`, see `ClientContext::connect`.
    unsafe { ssl.set_session(session) }
}

/// Makes the library take the connection as closed by both sides, without a word to the peer.
/// Else it forgets the session when the connection is freed, and nobody can resume it.
pub fn keep_session(ssl: &SslRef) {
    const SENT_AND_RECEIVED: c_int = 3;
    // SAFETY: the pointer is valid; the call stores two flags of the connection.
    unsafe { SSL_set_shutdown(ssl.as_ptr(), SENT_AND_RECEIVED) };
}

/// The most bytes of a digest.
pub const MAX_DIGEST: usize = 64;

/// The keyed hash of `data`. Nothing where the digest cannot make one, as SHAKE.
pub fn hmac(digest: MessageDigest, key: &[u8], data: &[u8], out: &mut [u8; MAX_DIGEST]) -> Option<usize> {
    let key_len = c_int::try_from(key.len()).ok()?;
    let mut len = 0;
    // SAFETY: the lengths are those of the slices, and `out` has room for the longest digest; a key
    // of no bytes is a valid pointer too.
    let made = unsafe {
        let key = key.as_ptr().cast();
        HMAC(digest.as_ptr(), key, key_len, data.as_ptr(), data.len(), out.as_mut_ptr(), &mut len)
    };
    usize::try_from(len).ok().filter(|_| !made.is_null())
}
