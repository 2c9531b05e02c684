//! The file of all servers' states: whether it can be read. What it says is not used yet.

use diag::{Diagnostic, Severity};

use crate::context::Context;
use crate::numbers;

/// The one version of the format.
const VERSION: i64 = 1;

/// Tells when `server-state-file` cannot be read.
pub fn global_file(c: &mut Context<'_>) {
    let (base, file) = (&c.process.server_state_base, &c.process.server_state_file);
    if file.is_empty() {
        return;
    }
    let path = match file.starts_with(b"/") || base.is_empty() {
        true => file.clone(),
        false if base.ends_with(b"/") => [base.as_slice(), file].concat(),
        false => [base.as_slice(), b"/", file].concat(),
    };
    let shown = String::from_utf8_lossy(&path).into_owned();
    let (severity, text) = match c.read_file(&path) {
        Err(error) => {
            let severity = match error.starts_with("No such file") {
                true => Severity::Notice,
                false => Severity::Warning,
            };
            (severity, format!("config: Can't open global server state file '{shown}': {error}"))
        }
        Ok(text) if text.is_empty() => {
            (Severity::Notice, format!("config: Empty global server state file '{shown}'."))
        }
        Ok(text) => match numbers::strtol(&text, false) {
            (VERSION, [b'\n', ..]) => return,
            _ => {
                let text = format!("config: Can't get version of the global server state file '{shown}'.");
                (Severity::Warning, text)
            }
        },
    };
    c.push(Diagnostic { severity, ..Diagnostic::post_warning("no-file", text) });
}
