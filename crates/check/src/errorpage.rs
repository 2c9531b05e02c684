//! Error pages: whole HTTP/1 responses in files, checked while the configuration is read.

use ir::Bytes;
use syntax::Word;

use crate::context::Context;
use crate::loader::PathKind;

/// The page of `errorfile CODE FILE` with its status. The error is HAProxy's, behind the keyword.
pub fn file(c: &mut Context<'_>, code: &Word, file: &Word) -> Result<(u16, Bytes), String> {
    let status = i64::from(crate::numbers::wrapped(&code.text));
    let known = u16::try_from(status).ok().filter(|_| crate::keywords::has_error_page(status));
    let Some(status) = known else { return Err(format!("status code '{status}' not handled.")) };
    page(c, file).map(|page| (status, page))
}

/// The page of a file, for whatever status.
pub fn page(c: &mut Context<'_>, file: &Word) -> Result<Bytes, String> {
    if let Some(page) = c.error_pages.get(&file.text) {
        return Ok(page.clone());
    }
    let name = file.lossy();
    let mut page = c.read_file(&file.text).map_err(|_| match c.path_kind(&file.text) {
        Ok(PathKind::Directory) => format!("error reading file '{name}'."),
        _ => format!("error opening file '{name}'."),
    })?;
    let most = c.config.global.tune.bufsize;
    if page.len() > most {
        let text = format!("custom error message file '{name}' larger than {most} bytes. Truncating.");
        c.warn_bare("large-page", file.span, text);
        page.truncate(most);
    }
    check(&page, most).map_err(|message| format!("'{name}': {message}"))?;
    c.error_pages.insert(file.text.clone(), page.clone());
    Ok(page)
}

/// Whether it is a response that can be sent as it stands.
fn check(page: &[u8], buffer: usize) -> Result<(), String> {
    if page.is_empty() {
        return Ok(());
    }
    let head = Head::parse(page).map_err(|at| format!("unable to parse headers (error offset: {at})"))?;
    if head.version.len() != 8 {
        return Err(format!("invalid http version ({})", String::from_utf8_lossy(&head.version)));
    }
    if head.status < 200 && (head.status == 100 || head.status > 101) {
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
        _ if head.size + body > buffer => Err("unable to add payload into the HTX message".to_owned()),
        _ => Ok(()),
    }
}

/// What the head of a response says about its body.
#[derive(Default)]
struct Head {
    version: Bytes,
    status: u16,
    /// Bytes, with the empty line.
    len: usize,
    content_length: Option<u64>,
    chunked: bool,
    /// What it takes of a buffer in HAProxy's own form of a message.
    size: usize,
}

/// What any message takes of a buffer, and what each header adds to its text.
const MESSAGE: usize = 85;
const BLOCK: usize = 8;

/// What is wrong with a head: an offset, or this when it has no end.
const NO_END: i64 = -2;

fn at(offset: usize) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

impl Head {
    /// Reads the head as HAProxy's HTTP/1 parser does.
    fn parse(page: &[u8]) -> Result<Self, i64> {
        let mut head = Self::default();
        let start = page.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let mut line = head.status_line(page, start)?;
        loop {
            match page.get(line..).unwrap_or_default() {
                [b'\n', ..] => break head.len = line + 1,
                [b'\r', b'\n', ..] => break head.len = line + 2,
                _ => line = head.header(page, line)?,
            }
        }
        Ok(head)
    }

    /// `HTTP/1.1 503 Reason`; gives where the next line begins.
    fn status_line(&mut self, page: &[u8], start: usize) -> Result<usize, i64> {
        let is_version =
            |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"/.".contains(&byte);
        let end = skip(page, start, is_version)?;
        let code = skip(page, end, |byte| byte == b' ' || byte == b'\t')?;
        if code == end {
            return Err(at(end));
        }
        self.version = page[start..end].to_vec();
        let end = skip(page, code, |byte| byte.is_ascii_digit())?;
        if end > code + 3 || !page[end].is_ascii_whitespace() {
            return Err(at(end.min(code + 3)));
        }
        let digits = page[code..end].iter();
        self.status = digits.fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
        let next = line_end(page, end)?;
        self.size = MESSAGE + self.version.len() + (end - code) + page[end..next].trim_ascii().len();
        Ok(next)
    }

    /// Takes a header with the lines that continue it; gives where the next line begins.
    fn header(&mut self, page: &[u8], start: usize) -> Result<usize, i64> {
        let end = skip(page, start, is_token)?;
        if end == start || page[end] != b':' {
            return Err(at(end));
        }
        let value = skip(page, end + 1, |byte| byte == b' ' || byte == b'\t')?;
        let mut next = line_end(page, value)?;
        while matches!(page.get(next), Some(b' ' | b'\t')) {
            next = line_end(page, next)?;
        }
        let text = page[value..next].trim_ascii();
        self.size += BLOCK + (end - start) + text.len();
        if page[start..end].eq_ignore_ascii_case(b"content-length") {
            for part in text.split(|byte| *byte == b',') {
                let length = base::bytes::parse_u64(part.trim_ascii()).ok_or(at(value))?;
                if self.content_length.is_some_and(|other| other != length) {
                    return Err(at(value));
                }
                self.content_length = Some(length);
            }
        } else if page[start..end].eq_ignore_ascii_case(b"transfer-encoding") {
            let last = text.rsplit(|byte| *byte == b',').next().unwrap_or_default();
            self.chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
        }
        Ok(next)
    }
}

/// The offset of the first byte that is not taken. There must be one.
fn skip(page: &[u8], from: usize, is_taken: impl Fn(u8) -> bool) -> Result<usize, i64> {
    let rest = page.get(from..).unwrap_or_default();
    rest.iter().position(|byte| !is_taken(*byte)).map(|length| from + length).ok_or(NO_END)
}

/// The offset behind the line's end.
fn line_end(page: &[u8], from: usize) -> Result<usize, i64> {
    let end = skip(page, from, |byte| byte != b'\r' && byte != b'\n')?;
    match (page[end], page.get(end + 1)) {
        (b'\n', _) => Ok(end + 1),
        (_, Some(b'\n')) => Ok(end + 2),
        (_, Some(_)) => Err(at(end + 1)),
        (_, None) => Err(NO_END),
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    #[track_caller]
    fn check(page: &str, expected: &str) {
        assert_eq!(super::check(page.as_bytes(), 16384).err().unwrap_or_default(), expected, "{page}");
    }

    #[test]
    fn pages() {
        check("", "");
        check("HTTP/1.0 503 No\r\n\r\nbody", "");
        check("HTTP/1.0 503 No\nContent-Length: 4\n\nbody", "");
        check("HTTP/1.1 204 No\r\n\r\n", "");
        check("HTTP/1.1 204 No\r\n\r\nx", "message payload not expected");
        check("HTTP/1.1 503 No\r\n", "unable to parse headers (error offset: -2)");
        check("HTTP/1.1 5033 No\r\n\r\n", "unable to parse headers (error offset: 12)");
        check("<html>", "unable to parse headers (error offset: 0)");
        check("HTTP/1.12 503 No\r\n\r\n", "invalid http version (HTTP/1.12)");
        check("HTTP/1.1 100 No\r\n\r\n", "invalid http status code for an error message (100)");
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "chunk-encoded payload not supported");
        check(
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodies",
            "payload size does not match the announced content-length (6 != 4)",
        );
    }
}
