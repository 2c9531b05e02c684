//! The time limits of a stream as they are now: what `set-timeout` and `set-retries` gave it, else
//! what its proxies say. All in milliseconds; `None`: no limit.

use ir::config::Timeouts;

use crate::stream::Stream;

/// What rules set for one stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides {
    pub client: Option<u64>,
    pub connect: Option<u64>,
    pub queue: Option<u64>,
    pub server: Option<u64>,
    pub tarpit: Option<u64>,
    pub tunnel: Option<u64>,
    pub retries: Option<u32>,
    /// A request that was sent is not repeated.
    pub sends_once: bool,
    /// Marks of packets to the server.
    pub mark: Option<u32>,
    pub tos: Option<i32>,
}

impl Overrides {
    /// Those of the backend's side are lost where the stream goes to another backend than the
    /// proxy that set them.
    pub fn leave_proxy(&mut self) {
        let Self { client, tarpit, mark, tos, sends_once, .. } = *self;
        *self = Self { client, tarpit, mark, tos, sends_once, ..Self::default() };
    }
}

impl Stream {
    fn backend_timeouts(&self) -> &'static Timeouts {
        let proxy = self.backend.unwrap_or(self.session.frontend);
        &self.plan.settings(proxy).timeouts
    }

    pub fn client_timeout(&self) -> Option<u64> {
        self.overrides.client.or(self.plan.settings(self.session.frontend).timeouts.client)
    }

    pub fn connect_timeout(&self) -> Option<u64> {
        self.overrides.connect.or(self.backend_timeouts().connect)
    }

    /// `timeout connect` where `timeout queue` is not given.
    pub fn queue_timeout(&self) -> Option<u64> {
        let Timeouts { queue, connect, .. } = self.backend_timeouts();
        self.overrides.queue.or(*queue).or(*connect)
    }

    pub fn server_timeout(&self) -> Option<u64> {
        self.overrides.server.or(self.backend_timeouts().server)
    }

    /// `timeout connect` where `timeout tarpit` is not given, in proxies that have servers.
    pub fn tarpit_timeout(&self) -> Option<u64> {
        let proxy = self.plan.settings(self.backend.unwrap_or(self.session.frontend));
        let Timeouts { tarpit, connect, .. } = proxy.timeouts;
        self.overrides.tarpit.or(tarpit).or(connect.filter(|_| proxy.is_backend))
    }

    pub fn tunnel_timeout(&self) -> Option<u64> {
        self.overrides.tunnel.or(self.backend_timeouts().tunnel)
    }

    /// `retries`
    pub fn max_retries(&self) -> u32 {
        let proxy = self.backend.unwrap_or(self.session.frontend);
        self.overrides.retries.unwrap_or(self.plan.settings(proxy).retries)
    }
}
