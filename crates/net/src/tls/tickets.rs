//! Keys of session tickets from a file (`tls-ticket-keys`), so that processes and machines that share it
//! resume each other's sessions, and a new process those of the one before.

use super::error::ContextError;

/// Keys that are kept: the last ones of a file.
const KEPT: usize = 3;
const NAME: usize = 16;

/// What tickets are sealed and opened with.
#[derive(Debug)]
pub struct TicketKeys {
    /// The one that seals first, then the newer one and the older one, which only open.
    keys: Vec<TicketKey>,
}

/// A key in its three parts.
#[derive(Clone, Debug)]
pub struct TicketKey {
    pub name: [u8; NAME],
    /// 16 or 32 bytes, for AES-128 or AES-256.
    pub aes: Vec<u8>,
    /// As long.
    pub hmac: Vec<u8>,
}

impl TicketKeys {
    /// Reads the text of a file: a key in base64 a line, of which the one before the last seals.
    ///
    /// # Errors
    /// A line that is no key, or too few: the checker has found the same before, unless the file changed.
    pub fn new(text: &[u8]) -> Result<Self, ContextError> {
        let bad = || ContextError::Setting("unable to load ssl tickets keys".to_string());
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        let keys: Option<Vec<TicketKey>> = lines.map(key).collect();
        let keys = keys.ok_or_else(bad)?;
        let last = keys.len().checked_sub(KEPT).and_then(|from| keys.get(from..)).ok_or_else(bad)?;
        let [older, sealing, newer] = last else { return Err(bad()) };
        Ok(Self { keys: [sealing, newer, older].map(Clone::clone).to_vec() })
    }

    /// The key that seals.
    pub fn sealing(&self) -> Option<&TicketKey> {
        self.keys.first()
    }

    /// The key that opens a ticket of that name, and whether the client is to get a new ticket.
    pub fn opening(&self, name: &[u8]) -> Option<(&TicketKey, bool)> {
        let at = self.keys.iter().position(|key| key.name == name)?;
        Some((&self.keys[at], at > 0))
    }
}

fn key(line: &[u8]) -> Option<TicketKey> {
    let bytes = openssl::base64::decode_block(std::str::from_utf8(line).ok()?).ok()?;
    let (name, secrets) = bytes.split_first_chunk::<NAME>()?;
    if !matches!(secrets.len(), 32 | 64) {
        return None;
    }
    let (aes, hmac) = secrets.split_at(secrets.len() / 2);
    Some(TicketKey { name: *name, aes: aes.to_vec(), hmac: hmac.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_before_the_last_seals() {
        let line = |first: u8, len: usize| {
            let mut key = vec![7; len];
            key[..NAME].fill(first);
            openssl::base64::encode_block(&key)
        };
        let file = |len: usize| (1..=4).map(|first| line(first, len) + "\n").collect::<String>();
        for (len, half) in [(48, 16), (80, 32)] {
            let keys = TicketKeys::new(file(len).as_bytes()).expect("keys");
            let sealing = keys.sealing().expect("a key");
            assert_eq!((sealing.name, sealing.aes.len(), sealing.hmac.len()), ([3; NAME], half, half));
            let renews = |first: u8| keys.opening(&[first; NAME]).map(|(_, renews)| renews);
            assert_eq!([1, 2, 3, 4].map(renews), [None, Some(true), Some(false), Some(true)]);
        }
        for wrong in ["", &line(1, 48), &(file(48) + "x"), &(file(48) + &line(1, 40))] {
            assert!(TicketKeys::new(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
