//! The servers that a pick chooses from: the usable active ones, else the backups.

use ir::id::ServerId;

use super::Balance;
use crate::live::{LiveProxy, LiveServer};
use crate::stream::Stream;

/// See the module. Never empty.
pub(super) struct Group<'a> {
    live: &'a LiveProxy,
    backups: &'a [bool],
    members: Members,
    unit: u32,
}

#[derive(Clone, Copy)]
enum Members {
    Active,
    Backups,
    /// The first usable backup alone: the default without `option allbackups`.
    One(ServerId),
}

impl<'a> Group<'a> {
    /// `None` where no server is usable.
    pub fn new(balance: &'a Balance, stream: &Stream) -> Option<Self> {
        let live = stream.plan.live.proxies.get(balance.backend.index())?;
        let group = |members| Self { live, backups: &balance.backups, members, unit: balance.unit };
        let active = group(Members::Active);
        if active.servers().next().is_some() {
            return Some(active);
        }
        let backups = group(Members::Backups);
        let (first, _) = backups.servers().next()?;
        Some(if balance.all_backups { backups } else { group(Members::One(first)) })
    }

    /// The usable members in the order of the configuration.
    pub fn servers(&self) -> impl Iterator<Item = (ServerId, &'a LiveServer)> + '_ {
        let is_member = |id: ServerId, backup: bool| match self.members {
            Members::Active => !backup,
            Members::Backups => backup,
            Members::One(only) => id == only,
        };
        self.live
            .servers
            .iter()
            .zip(self.backups)
            .enumerate()
            .map(|(index, (server, backup))| (ServerId(index as u32), server, *backup))
            .filter(move |(id, server, backup)| is_member(*id, *backup) && server.is_usable())
            .map(|(id, server, _)| (id, server))
    }

    /// See [`has_room`].
    pub fn has_room(&self, server: &LiveServer) -> bool {
        has_room(server, self.streams())
    }

    /// The backend's streams.
    pub fn streams(&self) -> u32 {
        self.live.backend.get()
    }

    pub fn len(&self) -> usize {
        self.servers().count()
    }

    pub fn server(&self, id: ServerId) -> &'a LiveServer {
        &self.live.servers[id.index()]
    }

    /// The weight in units of the greatest common divisor of the configured ones.
    pub fn weight(&self, server: &LiveServer) -> u32 {
        server.weight().div_ceil(self.unit)
    }

    /// The members with these weights.
    pub fn weights(&self) -> impl Iterator<Item = (ServerId, u32)> + '_ {
        self.servers().map(|(id, server)| (id, self.weight(server)))
    }

    /// Whether all members have the same weight.
    pub fn is_even(&self) -> bool {
        let mut weights = self.servers().map(|(_, server)| server.weight());
        let first = weights.next();
        weights.all(|weight| Some(weight) == first)
    }
}

/// Whether a server takes one more stream at once: its limit is not reached and nobody waits.
/// `streams` are those of the backend.
pub(super) fn has_room(server: &LiveServer, streams: u32) -> bool {
    server.connections.limit() == 0 || (server.queue.get() == 0 && server.has_room(streams))
}

/// The first of `servers` with room, of a group, that is not to be avoided, else the avoided one.
pub(super) fn first_with_room<'a>(
    group: &Group<'_>,
    servers: impl Iterator<Item = (ServerId, &'a LiveServer)>,
    exclude: Option<ServerId>,
) -> Option<ServerId> {
    let mut avoided = None;
    for (id, _) in servers.filter(|(_, server)| group.has_room(server)) {
        if Some(id) != exclude {
            return Some(id);
        }
        avoided = Some(id);
    }
    avoided
}
