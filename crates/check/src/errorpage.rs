//! Error pages: whole HTTP/1 responses in files, checked while the configuration is read.

use ir::Bytes;
use syntax::Word;

use crate::context::Context;

/// The page of `errorfile CODE FILE` with its status. The error is HAProxy's, behind the keyword.
pub fn file(c: &mut Context<'_>, code: &Word, file: &Word) -> Result<(u16, Bytes), String> {
    let status = crate::numbers::lenient(&code.text);
    let known = u16::try_from(status).ok().filter(|_| crate::keywords::has_error_page(status));
    let Some(status) = known else { return Err(format!("status code '{status}' not handled.")) };
    if let Some(page) = c.error_pages.get(&file.text) {
        return Ok((status, page.clone()));
    }
    let name = file.lossy();
    let mut page = c.read_file(&file.text).map_err(|_| format!("error opening file '{name}'."))?;
    let most = c.config.global.tune.bufsize;
    if page.len() > most {
        let text = format!("custom error message file '{name}' larger than {most} bytes. Truncating.");
        c.warn_bare("large-page", file.span, text);
        page.truncate(most);
    }
    check(&page).map_err(|message| format!("'{name}': {message}"))?;
    c.error_pages.insert(file.text.clone(), page.clone());
    Ok((status, page))
}

/// Whether it is a response that can be sent as it stands.
fn check(page: &[u8]) -> Result<(), String> {
    if page.is_empty() {
        return Ok(());
    }
    let head = Head::parse(page).map_err(|at| format!("unable to parse headers (error offset: {at})"))?;
    if head.status < 200 && head.status != 101 {
        return Err(format!("invalid http status code for an error message ({})", head.status));
    }
    let body = page.len() - head.len;
    let has_none = matches!(head.status, 204 | 304);
    if head.chunked && !has_none {
        return Err("chunk-encoded payload not supported".to_owned());
    }
    let length = head.content_length.filter(|_| !has_none);
    if (has_none || length == Some(0)) && body > 0 {
        return Err("message payload not expected".to_owned());
    }
    match length {
        Some(length) if length != body as u64 => {
            Err(format!("payload size does not match the announced content-length ({body} != {length})"))
        }
        _ => Ok(()),
    }
}

/// What the head of a response says about its body.
struct Head {
    status: u16,
    /// Bytes, with the empty line.
    len: usize,
    content_length: Option<u64>,
    chunked: bool,
}

impl Head {
    /// Reads the head; the error is the offset of what is wrong, or of -1 when the head has no end.
    fn parse(page: &[u8]) -> Result<Self, i64> {
        let mut head = Head { status: 0, len: 0, content_length: None, chunked: false };
        let mut start = 0;
        loop {
            let Some(length) = page[start..].iter().position(|byte| *byte == b'\n') else { return Err(-1) };
            let line = &page[start..start + length];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let offset = |at: usize| i64::try_from(start + at).unwrap_or(i64::MAX);
            if head.len == 0 {
                head.status = status_line(line).map_err(offset)?;
            } else if line.is_empty() {
                head.len = start + length + 1;
                return Ok(head);
            } else {
                head.header(line).map_err(offset)?;
            }
            start += length + 1;
            head.len = start;
        }
    }

    /// Takes a header line; the error is an offset in it.
    fn header(&mut self, line: &[u8]) -> Result<(), usize> {
        let end = line.iter().position(|byte| !is_token(*byte)).unwrap_or(line.len());
        if end == 0 || line.get(end) != Some(&b':') {
            return Err(end);
        }
        let value = line[end + 1..].trim_ascii();
        if line[..end].eq_ignore_ascii_case(b"content-length") {
            let length = base::bytes::parse_u64(value).ok_or(end + 1)?;
            if self.content_length.is_some_and(|other| other != length) {
                return Err(end + 1);
            }
            self.content_length = Some(length);
        } else if line[..end].eq_ignore_ascii_case(b"transfer-encoding") {
            let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
            self.chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
        }
        Ok(())
    }
}

/// `HTTP/1.1 503 Reason`; the error is an offset in it.
fn status_line(line: &[u8]) -> Result<u16, usize> {
    let is_version = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.');
    let version = line.iter().take_while(|byte| is_version(byte)).count();
    if version == 0 || line.get(version) != Some(&b' ') {
        return Err(version);
    }
    if !line.starts_with(b"HTTP/") || version != 8 {
        return Err(version.min(4));
    }
    let start = version + line[version..].iter().take_while(|byte| **byte == b' ').count();
    let digits = line[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    match std::str::from_utf8(&line[start..start + digits]).ok().and_then(|text| text.parse().ok()) {
        Some(status) if matches!(line.get(start + digits), None | Some(b' ')) => Ok(status),
        _ => Err(start + digits),
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    #[track_caller]
    fn check(page: &str, expected: &str) {
        assert_eq!(super::check(page.as_bytes()).err().unwrap_or_default(), expected, "{page}");
    }

    #[test]
    fn pages() {
        check("", "");
        check("HTTP/1.0 503 No\r\n\r\nbody", "");
        check("HTTP/1.0 503 No\nContent-Length: 4\n\nbody", "");
        check("HTTP/1.1 204 No\r\n\r\n", "");
        check("HTTP/1.1 204 No\r\n\r\nx", "message payload not expected");
        check("HTTP/1.1 100 No\r\n\r\n", "invalid http status code for an error message (100)");
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "chunk-encoded payload not supported");
        check(
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodies",
            "payload size does not match the announced content-length (6 != 4)",
        );
    }
}
