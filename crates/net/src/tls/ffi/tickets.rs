//! The library's callback for keys of session tickets.

use std::ffi::{c_char, c_int, c_uchar, c_void};
use std::sync::{Arc, OnceLock};

use foreign_types::ForeignTypeRef;
use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{SslContext, SslContextBuilder, SslRef};
use openssl::symm::Cipher;

use crate::tls::tickets::{TicketKey, TicketKeys};

unsafe extern "C" {
    fn SSL_CTX_set_tlsext_ticket_key_evp_cb(
        context: *mut openssl_sys::SSL_CTX,
        callback: Option<TicketFn>,
    ) -> c_int;
    fn EVP_MAC_init(mac: *mut c_void, key: *const c_uchar, len: usize, parameters: *const Parameter)
    -> c_int;
}

/// The connection, the key's name, the block that encryption begins with, what encrypts, what signs, and
/// whether the ticket is new.
type TicketFn = unsafe extern "C" fn(
    ssl: *mut openssl_sys::SSL,
    name: *mut c_uchar,
    block: *mut c_uchar,
    cipher: *mut openssl_sys::EVP_CIPHER_CTX,
    mac: *mut c_void,
    sealing: c_int,
) -> c_int;

/// The library's `OSSL_PARAM`.
#[repr(C)]
struct Parameter {
    key: *const c_char,
    kind: u32,
    data: *const c_void,
    len: usize,
    returned: usize,
}

/// Bytes of a name, and of the block that encryption begins with.
const NAME: usize = 16;
const BLOCK: usize = 16;

/// Where contexts hold the keys.
fn index() -> Option<Index<SslContext, Arc<TicketKeys>>> {
    static INDEX: OnceLock<Option<Index<SslContext, Arc<TicketKeys>>>> = OnceLock::new();
    *INDEX.get_or_init(|| SslContext::new_ex_index().ok())
}

/// Has the context seal and open its tickets with these keys.
pub fn set_ticket_keys(context: &mut SslContextBuilder, keys: &Arc<TicketKeys>) -> Result<(), ErrorStack> {
    let index = index().ok_or_else(ErrorStack::get)?;
    context.set_ex_data(index, keys.clone());
    // SAFETY: the builder's pointer is valid; the callback is a function that lives for ever.
    match unsafe { SSL_CTX_set_tlsext_ticket_key_evp_cb(context.as_ptr(), Some(on_ticket)) } {
        1 => Ok(()),
        _ => Err(ErrorStack::get()),
    }
}

/// 1: done; 2: done, and the client is to get a new ticket; 0: the key is not known; -1: failed.
unsafe extern "C" fn on_ticket(
    ssl: *mut openssl_sys::SSL,
    name: *mut c_uchar,
    block: *mut c_uchar,
    cipher: *mut openssl_sys::EVP_CIPHER_CTX,
    mac: *mut c_void,
    sealing: c_int,
) -> c_int {
    const FAILED: c_int = -1;
    // SAFETY: the library lends the connection, and room for a name and a block, for the time of the call.
    let (ssl, name, block) = unsafe {
        (
            SslRef::from_ptr(ssl),
            std::slice::from_raw_parts_mut(name, NAME),
            std::slice::from_raw_parts_mut(block, BLOCK),
        )
    };
    let Some(keys) = index().and_then(|index| ssl.ssl_context().ex_data(index)) else { return FAILED };
    let (key, renews) = if sealing == 1 {
        let Some(key) = keys.sealing() else { return FAILED };
        name.copy_from_slice(&key.name);
        if openssl::rand::rand_bytes(block).is_err() {
            return FAILED;
        }
        (key, false)
    } else {
        let Some(found) = keys.opening(name) else { return 0 };
        found
    };
    // SAFETY: both contexts are the library's own, which it made for this.
    match unsafe { begin(key, block, cipher, mac, sealing) } {
        true => 1 + c_int::from(renews),
        false => FAILED,
    }
}

/// Gives the key to what encrypts and to what signs.
///
/// # Safety
/// Both contexts are valid.
unsafe fn begin(
    key: &TicketKey,
    block: &[u8],
    cipher: *mut openssl_sys::EVP_CIPHER_CTX,
    mac: *mut c_void,
    sealing: c_int,
) -> bool {
    const TEXT: u32 = 4;
    const UNUSED: usize = usize::MAX;
    let kind = if key.aes.len() == 16 { Cipher::aes_128_cbc() } else { Cipher::aes_256_cbc() };
    let (name, digest) = (c"digest", c"SHA256");
    let parameters = [
        Parameter {
            key: name.as_ptr(),
            kind: TEXT,
            data: digest.as_ptr().cast(),
            len: digest.count_bytes(),
            returned: UNUSED,
        },
        Parameter { key: std::ptr::null(), kind: 0, data: std::ptr::null(), len: 0, returned: 0 },
    ];
    let (engine, key_of_cipher) = (std::ptr::null_mut(), key.aes.as_ptr());
    // SAFETY: as this function's; the key is as long as the cipher's, the block as any of AES, and the
    // parameters end with one without a name.
    unsafe {
        openssl_sys::EVP_CipherInit_ex(cipher, kind.as_ptr(), engine, key_of_cipher, block.as_ptr(), sealing)
            == 1
            && EVP_MAC_init(mac, key.hmac.as_ptr(), key.hmac.len(), parameters.as_ptr()) == 1
    }
}
