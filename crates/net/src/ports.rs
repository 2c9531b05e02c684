//! The ports of a `source` range. One stays taken for as long as its connection lives, so that a
//! port is never tried that would lead to the same connection twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

const BITS: u32 = u64::BITS;

/// The ports of one server, shared by all threads.
#[derive(Debug)]
pub struct Ports {
    first: u16,
    count: u32,
    /// A bit a port: it is taken.
    taken: Box<[AtomicU64]>,
    /// Where the next search begins: a port that was just given back is used last.
    next: AtomicU32,
}

impl Ports {
    pub fn new(first: u16, last: u16) -> Self {
        let count = u32::from(last.saturating_sub(first)) + 1;
        let words = count.div_ceil(BITS);
        Self { first, count, taken: (0..words).map(|_| AtomicU64::new(0)).collect(), next: AtomicU32::new(0) }
    }

    /// Takes a free port; `None`: all are taken.
    pub fn take(self: &Arc<Self>) -> Option<Port> {
        for _ in 0..self.count {
            let at = self.next.fetch_add(1, Ordering::Relaxed) % self.count;
            let bit = 1 << (at % BITS);
            let before = self.taken[(at / BITS) as usize].fetch_or(bit, Ordering::AcqRel);
            if before & bit == 0 {
                return Some(Port { ports: self.clone(), at });
            }
        }
        None
    }
}

/// A port that is taken until this is dropped.
#[derive(Debug)]
pub struct Port {
    ports: Arc<Ports>,
    at: u32,
}

impl Port {
    pub fn number(&self) -> u16 {
        self.ports.first.wrapping_add(self.at as u16)
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        let bit = 1 << (self.at % BITS);
        self.ports.taken[(self.at / BITS) as usize].fetch_and(!bit, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once() {
        let ports = Arc::new(Ports::new(1000, 1099));
        let mut held: Vec<_> = (0..100).map(|_| ports.take().expect("free")).collect();
        let mut numbers: Vec<_> = held.iter().map(Port::number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1000..=1099).collect::<Vec<_>>());
        assert!(ports.take().is_none());
        held.truncate(99);
        assert_eq!(ports.take().map(|port| port.number()), Some(1099));
    }

    #[test]
    fn a_range_of_one() {
        let ports = Arc::new(Ports::new(65535, 65535));
        let port = ports.take().expect("free");
        assert_eq!(port.number(), 65535);
        assert!(ports.take().is_none());
    }
}
