//! The few calls of the TLS library that the `openssl` crate leaves out or marks unsafe; all
//! `unsafe` of TLS stands here. With another library behind that crate this file changes.

use std::ffi::{c_int, c_long, c_uint};

use foreign_types::ForeignTypeRef;
use openssl::error::ErrorStack;
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
