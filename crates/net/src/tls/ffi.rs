//! The few calls of the TLS library that the `openssl` crate leaves out or marks unsafe; all
//! `unsafe` of TLS stands here. With another library behind that crate this file changes.

mod tickets;

use std::ffi::{CString, c_char, c_int, c_long, c_uint, c_ulong, c_void};
use std::sync::OnceLock;

use foreign_types::ForeignTypeRef;
use openssl::asn1::Asn1TimeRef;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::ssl::{
    Ssl, SslCipherRef, SslContext, SslContextBuilder, SslMethod, SslRef, SslSession, SslSessionRef,
};
use openssl::stack::Stack;
use openssl::x509::{GeneralName, X509NameRef, X509Ref};

pub use tickets::set_ticket_keys;

unsafe extern "C" {
    fn SSL_client_hello_get0_ext(
        ssl: *mut openssl_sys::SSL,
        kind: c_uint,
        out: *mut *const u8,
        len: *mut usize,
    ) -> c_int;
    fn SSL_set_shutdown(ssl: *mut openssl_sys::SSL, mode: c_int);
    fn SSL_CTX_set_timeout(context: *mut openssl_sys::SSL_CTX, seconds: c_long) -> c_long;
    fn SSL_SESSION_is_resumable(session: *const openssl_sys::SSL_SESSION) -> c_int;
    fn SSL_CTX_set_msg_callback(context: *mut openssl_sys::SSL_CTX, callback: Option<MessageFn>);
    fn SSL_CIPHER_find(ssl: *mut openssl_sys::SSL, id: *const u8) -> *const openssl_sys::SSL_CIPHER;
    fn X509_get_X509_PUBKEY(certificate: *const openssl_sys::X509) -> *mut c_void;
    fn X509_PUBKEY_get0_param(
        algorithm: *mut *mut openssl_sys::ASN1_OBJECT,
        bytes: *mut *const u8,
        len: *mut c_int,
        parameters: *mut *mut c_void,
        key: *mut c_void,
    ) -> c_int;
    fn X509_NAME_print_ex(
        out: *mut openssl_sys::BIO,
        name: *const openssl_sys::X509_NAME,
        indent: c_int,
        flags: c_ulong,
    ) -> c_int;
    fn GENERAL_NAME_print(out: *mut openssl_sys::BIO, name: *mut openssl_sys::GENERAL_NAME) -> c_int;
    fn CERTIFICATEPOLICIES_free(policies: *mut c_void);
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

/// Whether it was sent, the version, the kind of content, the bytes, and the context's argument.
type MessageFn = unsafe extern "C" fn(
    sent: c_int,
    version: c_int,
    kind: c_int,
    bytes: *const c_void,
    len: usize,
    ssl: *mut openssl_sys::SSL,
    argument: *mut c_void,
);

/// Who looks at handshake messages, with the number that was given for it.
pub type SeeMessage = fn(&[u8], usize);

/// What a context's message callback is for.
struct Watch {
    see: SeeMessage,
    number: usize,
}

/// Shows the handshake messages that the other side sends to `see`.
pub fn on_handshake_message(context: &mut SslContextBuilder, see: SeeMessage, number: usize) {
    const SET_ARGUMENT: c_int = 16;
    // The callback may run as long as a connection lives, and a context as long as the process: a
    // line of the configuration has one.
    let watch: &'static Watch = Box::leak(Box::new(Watch { see, number }));
    // SAFETY: the builder's pointer is valid; the callback takes the argument for what it is.
    unsafe {
        SSL_CTX_set_msg_callback(context.as_ptr(), Some(on_message));
        let argument = std::ptr::from_ref(watch).cast_mut().cast();
        openssl_sys::SSL_CTX_ctrl(context.as_ptr(), SET_ARGUMENT, 0, argument);
    }
}

unsafe extern "C" fn on_message(
    sent: c_int,
    _: c_int,
    kind: c_int,
    bytes: *const c_void,
    len: usize,
    _: *mut openssl_sys::SSL,
    argument: *mut c_void,
) {
    const HANDSHAKE: c_int = 22;
    if sent != 0 || kind != HANDSHAKE || bytes.is_null() {
        return;
    }
    // SAFETY: the library lends `len` bytes for the time of the call; the argument is that of
    // `on_handshake_message`, which nobody changes.
    let (message, watch) =
        unsafe { (std::slice::from_raw_parts(bytes.cast(), len), &*argument.cast::<Watch>()) };
    (watch.see)(message, watch.number);
}

/// The group of the key exchange; nothing where there was none, or one without a number.
pub fn negotiated_group(ssl: &SslRef) -> Option<Nid> {
    const GET_NEGOTIATED_GROUP: c_int = 134;
    // The library looks into the session, also where there is none.
    ssl.session()?;
    // SAFETY: the pointer is valid; the call reads a number.
    let group = unsafe { openssl_sys::SSL_ctrl(ssl.as_ptr(), GET_NEGOTIATED_GROUP, 0, std::ptr::null_mut()) };
    c_int::try_from(group).ok().filter(|group| *group > 0).map(Nid::from_raw)
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

/// The signature algorithms of clients' certificates, in the library's language.
pub fn set_client_sigalgs(context: &mut SslContextBuilder, list: &str) -> Result<(), ErrorStack> {
    const SET_CLIENT_SIGALGS_LIST: c_int = 102;
    let list = CString::new(list).map_err(|_| ErrorStack::get())?;
    let text = list.as_ptr().cast_mut().cast();
    // SAFETY: the builder's pointer is valid; the library only reads the text, which lives through the call.
    let done = unsafe { openssl_sys::SSL_CTX_ctrl(context.as_ptr(), SET_CLIENT_SIGALGS_LIST, 0, text) };
    if done == 1 { Ok(()) } else { Err(ErrorStack::get()) }
}

/// Offers a session for resumption.
pub fn set_session(ssl: &mut SslRef, session: &SslSession) -> Result<(), ErrorStack> {
    // SAFETY: the crate wants the session to come from a context of the same kind; ours all come
    // from the context that makes `ssl`, see `ClientContext::connect`.
    unsafe { ssl.set_session(session) }
}

/// Whether the other side gave what resuming a session takes.
pub fn is_resumable(session: &SslSessionRef) -> bool {
    // SAFETY: the pointer is valid; the call reads a flag.
    unsafe { SSL_SESSION_is_resumable(session.as_ptr()) == 1 }
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

/// The name of a cipher by the number that it has in hellos.
pub fn cipher_name(id: [u8; 2]) -> Option<&'static str> {
    /// Ciphers are asked for through a connection, any one.
    static ANY: OnceLock<Option<Ssl>> = OnceLock::new();
    let any = ANY.get_or_init(|| {
        let context = SslContext::builder(SslMethod::tls()).ok()?.build();
        Ssl::new(&context).ok()
    });
    // SAFETY: both pointers are valid; the call only reads, and what it gives lives for ever.
    unsafe {
        let cipher = SSL_CIPHER_find(any.as_ref()?.as_ptr(), id.as_ptr());
        (!cipher.is_null()).then(|| SslCipherRef::from_ptr(cipher.cast_mut()).name())
    }
}

/// The bytes of an ASN.1 string, which `owner` keeps.
///
/// # Safety
/// The pointer is valid as long as `owner`.
unsafe fn asn1_bytes<T: ?Sized>(_owner: &T, string: *const openssl_sys::ASN1_STRING) -> &[u8] {
    // SAFETY: as this function's.
    unsafe {
        let (bytes, len) =
            (openssl_sys::ASN1_STRING_get0_data(string), openssl_sys::ASN1_STRING_length(string));
        match usize::try_from(len) {
            Ok(len) if !bytes.is_null() => std::slice::from_raw_parts(bytes, len),
            _ => &[],
        }
    }
}

/// A certificate's serial number, without its sign.
pub fn serial(certificate: &X509Ref) -> &[u8] {
    // SAFETY: an ASN.1 integer is a string to these functions.
    unsafe { asn1_bytes(certificate, certificate.serial_number().as_ptr().cast()) }
}

/// How a certificate writes a time.
pub enum TimeForm {
    /// With two digits of the year.
    Short,
    /// With four.
    Long,
    Other,
}

/// A time as the certificate writes it.
pub fn time(time: &Asn1TimeRef) -> (TimeForm, &[u8]) {
    const SHORT: c_int = 23;
    const LONG: c_int = 24;
    let string = time.as_ptr().cast();
    // SAFETY: an ASN.1 time is a string to these functions.
    let (kind, bytes) = unsafe { (openssl_sys::ASN1_STRING_type(string), asn1_bytes(time, string)) };
    let form = match kind {
        SHORT => TimeForm::Short,
        LONG => TimeForm::Long,
        _ => TimeForm::Other,
    };
    (form, bytes)
}

/// The algorithm of a certificate's key.
pub fn key_algorithm(certificate: &X509Ref) -> Option<Nid> {
    let mut algorithm = std::ptr::null_mut();
    let null = std::ptr::null_mut::<c_void>();
    // SAFETY: the certificate owns the key and its algorithm; the other outputs are not wanted.
    unsafe {
        let key = X509_get_X509_PUBKEY(certificate.as_ptr());
        let found = X509_PUBKEY_get0_param(&mut algorithm, null.cast(), null.cast(), null.cast(), key);
        (found == 1).then(|| Nid::from_raw(openssl_sys::OBJ_obj2nid(algorithm)))
    }
}

/// What is written into a BIO.
fn written(write: impl FnOnce(*mut openssl_sys::BIO)) -> Vec<u8> {
    let mut text = Vec::new();
    // SAFETY: the BIO is ours; reading gives at most the bytes that there is room for.
    unsafe {
        let bio = openssl_sys::BIO_new(openssl_sys::BIO_s_mem());
        if bio.is_null() {
            return text;
        }
        write(bio);
        let mut part = [0_u8; 512];
        while let Ok(len @ 1..) = usize::try_from(openssl_sys::BIO_read(bio, part.as_mut_ptr().cast(), 512)) {
            text.extend_from_slice(&part[..len]);
        }
        openssl_sys::BIO_free_all(bio);
    }
    text
}

/// A name in the form of RFC 2253.
pub fn rfc2253(name: &X509NameRef) -> Vec<u8> {
    const RFC2253: c_ulong = 0x0111_0317;
    // SAFETY: both pointers are valid.
    written(|bio| unsafe {
        X509_NAME_print_ex(bio, name.as_ptr(), 0, RFC2253);
    })
}

/// Alternative names, as `DNS:a.example, IP Address:192.0.2.1`.
pub fn alternative_names(names: &Stack<GeneralName>) -> Vec<u8> {
    let one = |name: &openssl::x509::GeneralNameRef| {
        // SAFETY: both pointers are valid.
        written(|bio| unsafe {
            GENERAL_NAME_print(bio, name.as_ptr());
        })
    };
    names.iter().map(one).collect::<Vec<_>>().join(&b", "[..])
}

/// The numbers of a certificate's policies, as `2.23.140.1.2.1`.
pub fn policies(certificate: &X509Ref) -> Vec<String> {
    /// The beginning of the library's structure.
    #[repr(C)]
    struct Policy {
        id: *mut openssl_sys::ASN1_OBJECT,
    }
    const IN_NUMBERS: c_int = 1;
    let mut found = Vec::new();
    let null = std::ptr::null_mut::<c_int>();
    // SAFETY: the list is ours until it is freed; its places hold policies, whose ids are set.
    unsafe {
        let list = openssl_sys::X509_get_ext_d2i(
            certificate.as_ptr(),
            openssl_sys::NID_certificate_policies,
            null,
            null,
        );
        if list.is_null() {
            return found;
        }
        for at in 0..openssl_sys::OPENSSL_sk_num(list.cast()) {
            let policy = openssl_sys::OPENSSL_sk_value(list.cast(), at).cast::<Policy>();
            let mut text = [0_u8; 128];
            let room = text.as_mut_ptr().cast::<c_char>();
            let len = openssl_sys::OBJ_obj2txt(room, 128, (*policy).id, IN_NUMBERS);
            // A longer one is cut, and no number any more.
            if let Ok(len @ 1..128) = usize::try_from(len) {
                found.push(String::from_utf8_lossy(&text[..len]).into_owned());
            }
        }
        CERTIFICATEPOLICIES_free(list);
    }
    found
}
