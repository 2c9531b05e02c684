//! What must be kept of connections for the samples and log fields that a configuration uses.
//! Each row says it, the plan joins it, and who uses none of them pays for none.

/// Parts of [`TlsFacts`](crate::tls::TlsFacts).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TlsParts(u8);

impl TlsParts {
    pub const NONE: Self = Self(0);
    /// Everything that takes no memory of its own.
    pub const BASE: Self = Self(1);
    /// [`Keys`](crate::tls::Keys)
    pub const KEYS: Self = Self(2);
    /// The other side's certificate.
    pub const PEER: Self = Self(4);
    /// [`Chain`](crate::tls::Chain)
    pub const CHAIN: Self = Self(8);
    /// [`Hello`](crate::tls::Hello), where `tune.ssl.capture-buffer-size` leaves room for it.
    pub const HELLO: Self = Self(16);
    /// [`Secrets`](crate::tls::Secrets), where `tune.ssl.keylog` allows it.
    pub const SECRETS: Self = Self(32);
    /// [`Shown`](crate::tls::Shown)
    pub const SHOWN: Self = Self(64);
    const ALL: Self = Self(127);

    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of these parts is among them.
    pub const fn has(self, part: Self) -> bool {
        self.0 & part.0 != 0
    }
}

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// [`Stream::server_addresses`](crate::Stream::server_addresses), which cost two system calls.
    pub server_addresses: bool,
    /// [`ServerLink::last_info`](crate::link::ServerLink::last_info), which costs one.
    pub server_tcp_info: bool,
    /// The part of a request's body that came with its head.
    pub request_body: bool,
    /// The part of a response's body that came with its head.
    pub response_body: bool,
    /// Of client connections, beside [`TlsParts::BASE`], which is always there.
    pub client_tls: TlsParts,
    /// Of server connections.
    pub server_tls: TlsParts,
}

impl Needs {
    pub const NONE: Self = Self::client(TlsParts::NONE);
    pub const SERVER_ADDRESSES: Self = Self { server_addresses: true, ..Self::NONE };
    pub const SERVER_TCP_INFO: Self = Self { server_tcp_info: true, ..Self::NONE };
    pub const REQUEST_BODY: Self = Self { request_body: true, ..Self::NONE };
    pub const RESPONSE_BODY: Self = Self { response_body: true, ..Self::NONE };
    /// For those who do not say what they will ask for.
    pub const ALL: Self = Self {
        server_addresses: true,
        server_tcp_info: true,
        request_body: true,
        response_body: true,
        client_tls: TlsParts::ALL,
        server_tls: TlsParts::ALL,
    };

    pub const fn client(parts: TlsParts) -> Self {
        Self::tls(parts, TlsParts::NONE)
    }

    pub const fn server(parts: TlsParts) -> Self {
        Self::tls(TlsParts::NONE, parts)
    }

    const fn tls(client_tls: TlsParts, server_tls: TlsParts) -> Self {
        Self {
            server_addresses: false,
            server_tcp_info: false,
            request_body: false,
            response_body: false,
            client_tls,
            server_tls,
        }
    }

    /// What one of both needs.
    pub const fn with(self, other: Self) -> Self {
        Self {
            server_addresses: self.server_addresses | other.server_addresses,
            server_tcp_info: self.server_tcp_info | other.server_tcp_info,
            request_body: self.request_body | other.request_body,
            response_body: self.response_body | other.response_body,
            client_tls: self.client_tls.with(other.client_tls),
            server_tls: self.server_tls.with(other.server_tls),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_add_up() {
        let both = Needs::client(TlsParts::KEYS).with(Needs::server(TlsParts::PEER));
        assert!(both.client_tls.has(TlsParts::KEYS) && !both.client_tls.has(TlsParts::PEER));
        assert!(both.server_tls.has(TlsParts::PEER) && !both.server_addresses);
        assert_eq!(both.with(Needs::ALL), Needs::ALL);
        assert_eq!(Needs::NONE.with(Needs::NONE), Needs::default());
    }
}
