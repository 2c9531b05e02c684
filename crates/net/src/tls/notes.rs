//! What callbacks of the TLS library see during a handshake. They run inside its calls, on the same
//! stack, and leave what they see where the call around them finds it.

use std::cell::Cell;

use ir::config::Tune;
use openssl::ssl::SslContextBuilder;
use openssl::x509::X509StoreContextRef;
use state::TlsParts;
use state::tls::{Hello, Secrets, Verified};

use super::ffi;
use super::pace::Limits;

/// What is kept of the connections of a context beside what they need themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept {
    pub(super) parts: TlsParts,
    /// Bytes for the lists of a ClientHello; 0: it is not kept.
    hello_room: usize,
    secrets: bool,
    /// In which pieces its connections send.
    pub(super) limits: Limits,
    /// Chains are sent without their root.
    pub(super) skip_root: bool,
}

impl Kept {
    /// The parts, as far as `tune.ssl.capture-buffer-size` and `tune.ssl.keylog` allow them.
    pub fn new(parts: TlsParts, tune: &Tune) -> Self {
        let hello_room = if parts.has(TlsParts::HELLO) { tune.ssl_capture_buffer_size } else { 0 };
        let secrets = parts.has(TlsParts::SECRETS) && tune.ssl_keylog;
        Self { parts, hello_room, secrets, limits: Limits::new(tune), skip_root: tune.ssl_skip_root }
    }

    /// Sets up the callbacks that this takes.
    pub(super) fn listen(self, context: &mut SslContextBuilder) {
        if self.hello_room > 0 || self.limits.counts_key_updates() {
            ffi::on_handshake_message(context, see_message, self.hello_room);
        }
        if self.secrets {
            context.set_keylog_callback(|_, line| {
                note(|notes| notes.secrets.get_or_insert_default().take_line(line));
            });
        }
    }
}

/// A certificate that the verification refused: its depth (0 is the other side's own) and the
/// X.509 error's number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    pub depth: u32,
    pub code: i32,
}

/// See the module.
#[derive(Default)]
pub(super) struct Notes {
    pub refused: Option<Refused>,
    /// Without the result, which the library keeps.
    pub verified: Verified,
    /// The other side's certificate, DER, where it was refused: the library does not keep that.
    pub refused_peer: Option<Vec<u8>>,
    pub hello: Option<Box<Hello>>,
    pub secrets: Option<Box<Secrets>>,
}

thread_local! {
    static NOTES: Cell<Notes> = Cell::default();
    static KEY_UPDATES: Cell<u32> = const { Cell::new(0) };
}

/// Makes a call of the library, and says how often the peer changed its keys meanwhile.
pub(super) fn counting_key_updates<R>(call: impl FnOnce() -> R) -> (R, u32) {
    KEY_UPDATES.set(0);
    let result = call();
    (result, KEY_UPDATES.get())
}

impl Notes {
    /// Makes a call of the library whose callbacks add to these notes.
    pub fn during<R>(&mut self, call: impl FnOnce() -> R) -> R {
        NOTES.set(std::mem::take(self));
        let result = call();
        *self = NOTES.take();
        result
    }
}

fn note(add: impl FnOnce(&mut Notes)) {
    let mut notes = NOTES.take();
    add(&mut notes);
    NOTES.set(notes);
}

/// A second hello takes the place of the first.
fn see_message(message: &[u8], room: usize) {
    const KEY_UPDATE: u8 = 24;
    if message.first() == Some(&KEY_UPDATE) {
        return KEY_UPDATES.set(KEY_UPDATES.get().saturating_add(1));
    }
    if room == 0 {
        return;
    }
    if let Some(hello) = Hello::read(message, room) {
        note(|notes| notes.hello = Some(Box::new(hello)));
    }
}

/// Notes that a certificate was looked at, and the error if there is one.
pub(super) fn see_certificate(
    store: &X509StoreContextRef,
    is_fine: bool,
    is_forgiven: impl FnOnce(Refused) -> bool,
) -> bool {
    note(|notes| notes.verified.done = true);
    if is_fine {
        return true;
    }
    let refused = Refused { depth: store.error_depth(), code: store.error().as_raw() };
    let forgiven = is_forgiven(refused);
    note(|notes| {
        let code = u32::try_from(refused.code).unwrap_or(u32::MAX);
        let verified = &mut notes.verified;
        if refused.depth == 0 && verified.error == 0 {
            verified.error = code;
        } else if refused.depth > 0 && verified.ca_error == 0 {
            (verified.ca_error, verified.ca_depth) = (code, refused.depth);
        }
        if !forgiven {
            notes.refused = Some(refused);
            notes.refused_peer = leaf(store);
        }
    });
    forgiven
}

fn leaf(store: &X509StoreContextRef) -> Option<Vec<u8>> {
    let below = store.chain().and_then(|chain| chain.get(0));
    below.or_else(|| store.current_cert())?.to_der().ok()
}
