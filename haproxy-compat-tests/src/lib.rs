//! What the compatibility tests share: the proxy under test, the condition a case may carry, and
//! running the programs that judge it. It starts no proxy itself and knows no test.

mod only;
mod proxy;
mod run;

pub use only::Only;
pub use proxy::Proxy;
pub use run::{folder, run, script};
