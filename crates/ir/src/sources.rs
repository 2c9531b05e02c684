//! What a sample fetch takes its value from, and where each such source is there.

use crate::spec::Contexts;

/// One source of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Known when the configuration is read.
    Constant,
    /// The process and the stream.
    Internal,
    Listener,
    Frontend,
    ClientAddress,
    ClientConnection,
    Tracking,
    RequestBuffer,
    /// Request headers, which rules may change.
    RequestHeaders,
    /// What is kept of the request.
    Request,
    RequestBody,
    Backend,
    Server,
    ServerAddress,
    ServerConnection,
    ResponseBuffer,
    /// Response headers, which rules may change.
    ResponseHeaders,
    /// What is kept of the response.
    Response,
    ResponseBody,
    /// Counted as the request goes through.
    RequestEnd,
    /// Counted as the response goes through.
    ResponseEnd,
    TransactionEnd,
    SessionEnd,
}

/// The name that messages give each source, and its contexts, in the order of [`Source`].
const TABLE: [(&str, Contexts); 23] = [
    ("", Contexts::ALL),
    ("internal state", Contexts::new("YYYYYYYYYYYYYYYYYYYY.Y")),
    ("listener", Contexts::new("YYYYYYYYYYYYYYYYYYY...")),
    ("frontend", Contexts::new("YYYYYYYYYYYYYYYYYYY...")),
    ("client address", Contexts::new("YYYYYYYYYYYYYYYYYYYY..")),
    ("client-side connection", Contexts::new(".YYYYYYYYYYYYYYYYYY...")),
    ("track counters", Contexts::new("YYYYYYYYYYYYYYYYYYY...")),
    ("request buffer", Contexts::new("..YYYYYYYYY...........")),
    ("HTTP request headers", Contexts::new("..YYYYYYYYY...........")),
    ("HTTP request", Contexts::new("..YYYYYYYYYYYYYYYYY...")),
    ("HTTP request body", Contexts::new("....YYYYYYY...........")),
    ("backend", Contexts::new("......YYYYYYYYYYYYYY..")),
    ("server", Contexts::new("..........YYYYYYYYYY..")),
    ("server address", Contexts::new("...........YYYYYYYYY..")),
    ("server-side connection", Contexts::new("...........YYYYYYYYY..")),
    ("response buffer", Contexts::new("...........YYYYYYY.Y..")),
    ("HTTP response headers", Contexts::new("...........YYYYYYY.Y..")),
    ("HTTP response", Contexts::new("...........YYYYYYYYY..")),
    ("HTTP response body", Contexts::new(".............YYYYY.Y..")),
    ("request buffer statistics", Contexts::new("..YYYYYYYYYYYYYYYYY...")),
    ("response buffer statistics", Contexts::new(".........YYYYYYYYYY...")),
    ("transaction statistics", Contexts::new("..YYYYYYYYYYYYYYYYY...")),
    ("session statistics", Contexts::new("YYYYYYYYYYYYYYYYYYY...")),
];

/// A set of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources(u32);

impl Sources {
    /// The bytes of a connection.
    pub const BUFFERS: Self = Self::of(&[Source::RequestBuffer, Source::ResponseBuffer]);
    /// What the client sends.
    pub const REQUEST: Self =
        Self::of(&[Source::RequestBuffer, Source::RequestHeaders, Source::Request, Source::RequestBody]);
    /// Any part of an HTTP message.
    pub const HTTP: Self = Self::of(&[
        Source::RequestHeaders,
        Source::Request,
        Source::RequestBody,
        Source::ResponseHeaders,
        Source::Response,
        Source::ResponseBody,
    ]);

    /// What only streams have, not the sessions that they are of.
    pub const STREAM: Self = Self::of(&[
        Source::RequestBuffer,
        Source::RequestHeaders,
        Source::Request,
        Source::RequestBody,
        Source::Backend,
        Source::Server,
        Source::ServerAddress,
        Source::ServerConnection,
        Source::ResponseBuffer,
        Source::ResponseHeaders,
        Source::Response,
        Source::ResponseBody,
        Source::RequestEnd,
        Source::ResponseEnd,
        Source::TransactionEnd,
    ]);

    /// What is known when the last byte went through.
    pub const END: Self = Self::of(&[
        Source::ResponseBody,
        Source::RequestEnd,
        Source::ResponseEnd,
        Source::TransactionEnd,
        Source::SessionEnd,
    ]);

    pub const fn of(sources: &[Source]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < sources.len() {
            bits |= 1 << sources[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    /// Where at least one of them is there.
    pub const fn contexts(self) -> Contexts {
        let (mut bits, mut at) = (0, 0);
        while at < TABLE.len() {
            if self.0 & (1 << at) != 0 {
                bits |= TABLE[at].1.0;
            }
            at += 1;
        }
        Contexts(bits)
    }

    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there are some, and all are of `other`.
    pub const fn are_of(self, other: Self) -> bool {
        self.0 != 0 && self.0 & !other.0 == 0
    }

    /// Their names, as messages list them.
    pub fn names(self) -> String {
        let names = TABLE.iter().enumerate().filter(|(at, _)| self.0 & (1 << at) != 0);
        names.map(|(_, (name, _))| *name).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_contexts() {
        let check = |sources: &[Source], names: &str, contexts: &str| {
            let sources = Sources::of(sources);
            assert_eq!((sources.names().as_str(), sources.contexts()), (names, Contexts::new(contexts)));
        };
        check(&[Source::SessionEnd], "session statistics", "YYYYYYYYYYYYYYYYYYY...");
        check(
            &[Source::ResponseHeaders, Source::RequestHeaders],
            "HTTP request headers,HTTP response headers",
            "..YYYYYYYYYYYYYYYY.Y..",
        );
        check(&[], "", "");
    }
}
