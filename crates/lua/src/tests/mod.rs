//! Scripts run end to end: what they register, answer and log. The expectations were taken from
//! HAProxy 3.5.

mod api;
mod limits;
mod scripts;
mod services;

use crate::ServiceError;
use crate::testing::{Script, load};

/// The body of the service `x`, whose function gets `applet`.
fn service(body: &str) -> Script {
    load(&format!("core.register_service('x', 'http', function(applet)\n{body}\nend)"))
}

/// Runs a service that ends well, with a GET request. Chunks go without saying.
fn answer(body: &str, expected_head: &str, expected_body: &str) {
    let answer = service(body).serve("lua.x", "GET /p/a?q=1 HTTP/1.1\nhost: h\nx-a: 1\nx-a: 2", b"");
    assert_eq!(answer.result, Ok(()), "{body}");
    let head = answer.head.strip_suffix("|transfer-encoding: chunked").unwrap_or(&answer.head);
    assert_eq!(head, expected_head, "{body}");
    assert_eq!(String::from_utf8_lossy(&answer.body), expected_body, "{body}");
}

/// A service that fails: the alert behind `Lua applet http '<lua.x>': `, with `FILE` for the path.
fn fails(body: &str, expected: &str) {
    let script = service(body);
    let answer = script.serve("x", "GET / HTTP/1.1", b"");
    assert!(matches!(answer.result, Err(ServiceError::Failed(_))), "{body}: {:?}", answer.result);
    let expected = format!("ALERT Lua applet http '<lua.x>': {expected}").replace("FILE", &script.path);
    assert_eq!(script.sink.take(), [expected], "{body}");
}
