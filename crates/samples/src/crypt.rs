//! Password hashes of crypt(3): the C library knows all forms that a user list may hold.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};

/// The library's working memory; its size and alignment are part of libcrypt's interface.
#[repr(C, align(16))]
struct Data([u8; 32768]);

#[link(name = "crypt")]
unsafe extern "C" {
    fn crypt_r(phrase: *const c_char, setting: *const c_char, data: *mut Data) -> *const c_char;
}

/// Whether `password` has this hash. An unknown form of hash fits no password.
pub fn verify(password: &[u8], hash: &[u8]) -> bool {
    thread_local! {
        static DATA: RefCell<Option<Box<Data>>> = const { RefCell::new(None) };
    }
    let (Ok(password), Ok(setting)) = (CString::new(password), CString::new(hash)) else { return false };
    DATA.with_borrow_mut(|data| {
        let data = data.get_or_insert_with(|| Box::new(Data([0; 32768])));
        // SAFETY: both strings end with a zero byte and live during the call; the memory is
        // as large as the library's `struct crypt_data` and zeroed before its first use.
        let result = unsafe { crypt_r(password.as_ptr(), setting.as_ptr(), &mut **data) };
        // SAFETY: where it is not null the result is a string within `data`.
        !result.is_null() && unsafe { CStr::from_ptr(result) }.to_bytes() == hash
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let check = |password: &str, hash: &str, expected| {
            assert_eq!(verify(password.as_bytes(), hash.as_bytes()), expected, "{password} {hash}");
        };
        // Made by `openssl passwd -6 -salt abc secret` and `-5`, `-1`.
        check("secret", SHA512, true);
        check("Secret", SHA512, false);
        check("secret", SHA256, true);
        check("secret", MD5, true);
        check("secret", "secret", false);
        check("secret", "$9$nothing", false);
        check("", "", false);
    }

    const SHA512: &str =
        "$6$abc$IdWKNKTJEb8LxY7CGg8YBXlvtfZzFw7Mp/r6niK9YB2mdvgY..TKjv1T..8RadRt2qvUHYRLr/TsVArtr91iR1";
    const SHA256: &str = "$5$abc$qsg6EHbUzHQzF1POlD7zUwBINSELQxypPaeDcZe6vH0";
    const MD5: &str = "$1$abc$iCQ2D3nhptRYi27fDYv2s1";
}
