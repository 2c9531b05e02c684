//! What a stream is evaluated against: the plan (the checked configuration made runnable), the
//! live state that threads share, and the data of a session and of a stream.
//!
//! No I/O and no async here; the time is a parameter or a field that the runtime sets.

pub mod balance;
pub mod captures;
pub mod ends;
pub mod limits;
pub mod link;
pub mod live;
pub mod needs;
pub mod persist;
pub mod plan;
pub mod sample;
pub mod session;
pub mod stream;
pub mod termination;
pub mod testing;
pub mod timing;
pub mod tls;
pub mod track;
pub mod vars;

pub use needs::{Needs, TlsParts};
pub use plan::Plan;
pub use sample::{Fetched, Missing, Value};
pub use session::Session;
pub use stream::Stream;
