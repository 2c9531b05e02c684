//! The order in which servers of unequal weights take turns, made anew when a weight or a state
//! changes. A reader takes a lock that is only ever written at such a change.

use std::sync::RwLock;

use ir::id::ServerId;

use super::group::Group;

/// A cached order: as many places as the sum of the weights.
#[derive(Debug, Default)]
pub(super) struct Sequence(RwLock<Order>);

#[derive(Debug, Default)]
struct Order {
    /// What the places were made for.
    weights: Vec<(ServerId, u32)>,
    places: Vec<ServerId>,
}

impl Sequence {
    /// Calls `f` with the places for the group as it is now, made by `make` where it changed.
    pub fn with<R>(
        &self,
        group: &Group,
        make: fn(&[(ServerId, u32)]) -> Vec<ServerId>,
        f: impl FnOnce(&[ServerId]) -> R,
    ) -> R {
        let weights = || group.servers().map(|(id, server)| (id, group.weight(server)));
        {
            let order = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
            if weights().eq(order.weights.iter().copied()) {
                return f(&order.places);
            }
        }
        let weights: Vec<_> = weights().collect();
        let places = make(&weights);
        let result = f(&places);
        *self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Order { weights, places };
        result
    }
}
