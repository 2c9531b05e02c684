//! How many messages reached each sampled log target (`sample` of `log` lines), so that the
//! threads together keep to its ranges.

use std::sync::atomic::{AtomicU32, Ordering};

use ir::config::{Config, LogTarget};

use crate::plan::LogOwner;

/// See the module.
#[derive(Debug)]
pub struct LogSamples {
    global: Box<[AtomicU32]>,
    proxies: Box<[Box<[AtomicU32]>]>,
    forwards: Box<[Box<[AtomicU32]>]>,
}

impl LogSamples {
    pub fn new(config: &Config) -> Self {
        let counters = |targets: &[LogTarget]| targets.iter().map(|_| AtomicU32::new(0)).collect();
        Self {
            global: counters(&config.global.log),
            proxies: config.proxies.iter().map(|proxy| counters(&proxy.logs)).collect(),
            forwards: config.log_forwards.iter().map(|forward| counters(&forward.logs)).collect(),
        }
    }

    /// Counts a message for a target of its owner: its number in a round of `size`, from 1.
    pub fn next(&self, owner: LogOwner, target: usize, size: u32) -> u32 {
        let targets = match owner {
            LogOwner::Global => Some(&self.global),
            LogOwner::Proxy(id) => self.proxies.get(id.index()),
            LogOwner::Forward(index) => self.forwards.get(index),
        };
        let Some(counter) = targets.and_then(|targets| targets.get(target)) else { return 1 };
        let next = |at: u32| Some((at + 1) % size.max(1));
        // It always has a next value.
        counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or_default() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_counts_for_itself() {
        let samples = LogSamples {
            global: [0, 0].map(AtomicU32::new).into(),
            proxies: [[AtomicU32::new(0)].into()].into(),
            forwards: Box::default(),
        };
        let web = LogOwner::Proxy(ir::id::ProxyId(0));
        let got: Vec<u32> = (0..5).map(|_| samples.next(web, 0, 3)).collect();
        assert_eq!(got, [1, 2, 3, 1, 2]);
        assert_eq!(
            (
                samples.next(LogOwner::Global, 0, 2),
                samples.next(LogOwner::Global, 1, 2),
                samples.next(LogOwner::Global, 0, 2)
            ),
            (1, 1, 2)
        );
        assert_eq!((samples.next(web, 7, 2), samples.next(LogOwner::Forward(9), 0, 2)), (1, 1));
    }
}
