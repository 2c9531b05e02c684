//! `balance first`: the first server with a free place.

use ir::id::ServerId;

use super::group::{Group, first_with_room};

pub(super) fn pick(group: &Group, exclude: Option<ServerId>) -> Option<ServerId> {
    first_with_room(group, group.servers(), exclude)
}
