//! SOCKS4 towards a proxy in front of a server (manual, `socks4`): one request, one answer.

use std::net::{IpAddr, SocketAddr};

use state::link::ConnError;

use crate::io::Io;

/// Asks for a connection to `target`, which is an IPv4 address; another one is asked for as 0.0.0.0.
///
/// # Errors
/// Which step failed, or that the proxy does not want to.
pub async fn ask(io: &mut Io, target: SocketAddr) -> Result<(), ConnError> {
    const GRANTED: u8 = 90;
    const ANSWER: usize = 8;
    io.write_all(&request(target)).await.map_err(|_| ConnError::SocksSend)?;
    let mut answer = [0; ANSWER];
    let mut got = 0;
    while got < ANSWER {
        match std::future::poll_fn(|cx| io.poll_read(cx, &mut answer[got..])).await {
            Ok(0) => return Err(ConnError::SocksReceive),
            Ok(count) => got += count,
            Err(_) => return Err(ConnError::SocksAbort),
        }
    }
    if answer[1] == GRANTED { Ok(()) } else { Err(ConnError::SocksDeny) }
}

fn request(target: SocketAddr) -> Vec<u8> {
    const CONNECT: [u8; 2] = [4, 1];
    let ip = match target.ip().to_canonical() {
        IpAddr::V4(ip) => ip.octets(),
        IpAddr::V6(_) => [0; 4],
    };
    [&CONNECT[..], &target.port().to_be_bytes(), &ip, b"HAProxy\0"].concat()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::io::Socket;

    async fn check(answer: &'static [u8], expected: Result<(), ConnError>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (ours, theirs) =
            tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let mut io = Io::Plain(Socket::tcp(ours.unwrap()));
        let proxy = async {
            let mut theirs = theirs.unwrap().0;
            let mut request = [0; 16];
            theirs.read_exact(&mut request).await.unwrap();
            theirs.write_all(answer).await.unwrap();
            request
        };
        let (asked, request) = tokio::join!(ask(&mut io, "192.0.2.7:258".parse().unwrap()), proxy);
        assert_eq!(asked, expected, "{answer:?}");
        assert_eq!(request, *b"\x04\x01\x01\x02\xc0\x00\x02\x07HAProxy\0");
    }

    #[tokio::test]
    async fn answers() {
        check(&[0, 90, 0, 0, 0, 0, 0, 0], Ok(())).await;
        check(&[0, 91, 0, 0, 0, 0, 0, 0], Err(ConnError::SocksDeny)).await;
        check(&[0, 90], Err(ConnError::SocksReceive)).await;
    }
}
