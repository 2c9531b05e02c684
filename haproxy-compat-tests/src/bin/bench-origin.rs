//! The origin of the benchmarks: `bench-origin PORT NAME=BYTES…` answers `GET /NAME` with that many
//! bytes. It does far less than any proxy, so that the proxy under test is what is busy: one that waits
//! for its origin is charged for its sleeps instead of its work.
//!
//! Left out: everything else of HTTP. It takes a request for complete at its empty line.

use std::collections::HashMap;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};

/// Whole answers, by path.
type Answers = HashMap<Vec<u8>, Vec<u8>>;

fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1);
    let port = words.next().and_then(|word| word.parse().ok()).expect("usage: bench-origin PORT NAME=BYTES…");
    let answers = Rc::new(words.filter_map(|word| answer(&word)).collect::<Answers>());
    let runtime = Builder::new_current_thread().enable_io().build_local(LocalOptions::default())?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(serve(stream, answers.clone()));
        }
    })
}

/// `small=128`: the path and its answer.
fn answer(word: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (name, size) = word.split_once('=')?;
    let size: usize = size.parse().ok()?;
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\n\
         Content-Type: text/plain\r\nContent-Length: {size}\r\n\r\n"
    )
    .into_bytes();
    answer.resize(answer.len() + size, b'x');
    Some((format!("/{name}").into_bytes(), answer))
}

/// Answers until the client leaves.
async fn serve(mut stream: TcpStream, answers: Rc<Answers>) {
    let mut received = Vec::with_capacity(4096);
    while let Ok(1..) = stream.read_buf(&mut received).await {
        while let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let path = received.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
            let Some(answer) = answers.get(path) else { return };
            if stream.write_all(answer).await.is_err() {
                return;
            }
            received.drain(..end + 4);
        }
    }
}
