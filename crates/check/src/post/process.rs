//! What `global` says and only the end can tell: sizes that contradict each other, files that
//! cannot be read. What the files say is not used yet.

use diag::{Diagnostic, Severity};

use ir::config::Mode;

use crate::context::Context;
use crate::draft::Draft;
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

/// Tells when `stats-file` cannot be read.
pub fn stats_file(c: &mut Context<'_>) {
    let path = std::mem::take(&mut c.process.stats_file);
    if !path.is_empty() && c.read_file(&path).is_err() {
        let shown = String::from_utf8_lossy(&path);
        let text = format!("config: Can't load stats-file '{shown}': cannot open file.");
        c.push(Diagnostic::post_warning("no-file", text));
    }
}

/// Warns of small buffers that are the larger ones.
pub fn buffers(c: &mut Context<'_>) {
    let (small, usual) = (c.process.small_bufsize, c.config.global.tune.bufsize);
    if small > usual as u64 {
        let text = format!(
            "invalid small buffer size {small} bytes which is greater than default bufsize {usual} bytes."
        );
        c.push(Diagnostic::post_warning("out-of-range", text));
    }
}

/// The size of a buffer that HTTP can no longer count in.
const HUGE: usize = 256 << 20;

/// Refuses buffers that are too large for HTTP.
pub fn huge_buffers(c: &mut Context<'_>, drafts: &[Draft]) {
    let size = c.config.global.tune.bufsize;
    if size >= HUGE && drafts.iter().any(|draft| draft.proxy.mode == Mode::Http) {
        let text =
            format!("global.tune.bufsize must be below 256 MB when HTTP is in use (current value = {size}).");
        c.push(Diagnostic::post_error("out-of-range", text));
    }
}

/// Reads `h1-case-adjust-file`: a header and how it is written, a line each.
pub fn header_cases(c: &mut Context<'_>) {
    let Some(path) = c.process.header_case_file.take() else { return };
    let full = match path.starts_with(b"/") {
        true => path,
        false => [c.loader.current_dir().as_slice(), b"/", &path].concat(),
    };
    let shown = format!("h1-headers-case-adjust-file '{}'", String::from_utf8_lossy(&full));
    let Ok(text) = c.loader.read_file(&full) else {
        return c.push(Diagnostic::post_error("no-file", format!("{shown}: failed to open file.")));
    };
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let end = line.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(line.len());
        let (from, to) = line.split_at(end);
        if let Err(why) = crate::keywords::add_header_case(c, from, to.trim_ascii()) {
            let text = format!("{shown} : {why} at line {number}.");
            return c.push(Diagnostic::post_error("bad-value", text));
        }
    }
}

/// Warns when experimental keywords are allowed and none is used.
pub fn experimental(c: &mut Context<'_>) {
    if c.exposes_experimental && !c.process.uses_experimental.get() {
        let text = "Option 'expose-experimental-directives' is set in the global section but is no longer used. It \
                    is strongly recommended to remove it in order to avoid using an experimental directive by \
                    accident in the future.";
        c.push(Diagnostic::post_warning("experimental", text));
    }
}

/// Tells when `httpclient.resolvers.id` names no section. One named `default` is always there.
pub fn client_resolvers(c: &mut Context<'_>) {
    let name = std::mem::take(&mut c.process.client_resolvers);
    let known = |resolvers: &ir::config::Resolvers| resolvers.name == name;
    if !name.is_empty() && name != b"default" && !c.config.resolvers.iter().any(known) {
        let text = format!(
            "Proxy '<OCSP-UPDATE>': Can't find resolvers section '{}' for do-resolve action.",
            String::from_utf8_lossy(&name)
        );
        c.push(Diagnostic::post_error("unknown-name", text));
    }
}
