//! What is made of the weights of a backend's servers, as the order in which they take turns: made
//! anew when a weight or a state changes. A reader takes a lock that is only ever written at such a
//! change.

use std::sync::RwLock;

use ir::id::ServerId;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Sequence<T>(RwLock<Made<T>>);

#[derive(Debug, Default)]
struct Made<T> {
    /// What it was made for.
    weights: Vec<(ServerId, u32)>,
    made: T,
}

impl<T> Sequence<T> {
    /// Calls `f` with what `make` gave for the weights as they are now.
    pub fn with<R, W: Iterator<Item = (ServerId, u32)>>(
        &self,
        weights: impl Fn() -> W,
        make: impl FnOnce(&[(ServerId, u32)]) -> T,
        f: impl FnOnce(&T) -> R,
    ) -> R {
        {
            let order = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
            if weights().eq(order.weights.iter().copied()) {
                return f(&order.made);
            }
        }
        let weights: Vec<_> = weights().collect();
        let made = make(&weights);
        let result = f(&made);
        *self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Made { weights, made };
        result
    }
}
