//! Callers that are up to something. Each says how it ended: with which status, or closed without a word.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What a connection may take in all: longer than heads and bodies may, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(150);

/// The status of the answer, or nothing where the connection was closed without one.
pub type End = Option<u16>;

/// Sends a head, and after it the same bytes again and again; reads until it is closed.
pub async fn raw(to: SocketAddr, head: Vec<u8>, body: Vec<u8>, times: usize) -> End {
    let (mut read, mut write) = TcpStream::connect(to).await.unwrap().into_split();
    let sending = async {
        write.write_all(&head).await?;
        for _ in 0..times {
            write.write_all(&body).await?;
        }
        Ok::<_, std::io::Error>(())
    };
    let mut said = Vec::new();
    let reading = async {
        // Cut off or ended in order: both are closed.
        let _ = read.read_to_end(&mut said).await;
    };
    // Who is refused may go on sending; who is heard out waits for the answer.
    let talking = async {
        tokio::pin!(sending, reading);
        tokio::select! {
            () = &mut reading => {}
            _ = &mut sending => reading.await,
        }
    };
    let ended = timeout(PATIENCE, talking).await;
    assert!(
        ended.is_ok(),
        "still open: {}",
        String::from_utf8_lossy(&head)
    );
    let said = String::from_utf8_lossy(&said);
    said.strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok())
}

/// The head of a request to this path; the connection ends with its answer.
pub fn head(path: &str, key: &str, framing: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-AI-API-Key: {key}\r\n{framing}\r\n\r\n"
    )
    .into_bytes()
}

/// Heads that never become requests, and what they are told.
pub fn heads() -> Vec<(Vec<u8>, End)> {
    let start = "GET / HTTP/1.1\r\nHost: x\r\n";
    let header = |bytes: usize| format!("a: {}", "b".repeat(bytes));
    [
        (String::new(), None),
        (start.to_owned(), None),
        // As much as may be, and no end.
        (format!("{start}{}", header(32_000)), None),
        (format!("{start}{}", header(40_000)), Some(431)),
        (format!("{start}{}", header(4 << 20)), Some(431)),
        (format!("GET /{}", "b".repeat(40_000)), Some(414)),
        ("\r\n".repeat(20_000), Some(414)),
        (format!("{start}\u{0}\r\n\r\n"), Some(400)),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), None),
    ]
    .map(|(head, end)| (head.into_bytes(), end))
    .into()
}

/// Bodies that nobody may send, and their answers.
pub fn bodies(key: &str) -> Vec<(Vec<u8>, Vec<u8>, usize, u16)> {
    const MIB: usize = 1 << 20;
    let verify = "/v1/liveness/verify";
    let session = "/v1/liveness/session";
    let live = "/api/v1/liveness/sessions/0/frame";
    let chunked = "Transfer-Encoding: chunked\r\nContent-Type: application/json";
    let form = "Transfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=x";
    let of = |length: usize| format!("Content-Length: {length}\r\nContent-Type: application/json");
    let chunk = |byte: u8| [&b"100000\r\n"[..], &vec![byte; MIB], b"\r\n"].concat();
    let whole = |path, body: Vec<u8>, status| (head(path, key, &of(body.len())), body, 1, status);
    let deep = |open: &str| open.repeat(30 * MIB / open.len()).into_bytes();
    let escaped = "\\u0061".repeat(5 * MIB);
    let names: String = (0..1_000_000).map(|n| format!("\"{n}\":[],")).collect();
    let mut bytes_of_no_text = br#"{"session_id": "live_"#.to_vec();
    bytes_of_no_text.extend([0xff, 0xfe, b'"', b'}']);
    vec![
        // More than there is, in one number or without an end.
        (head(verify, key, &of(1 << 40)), Vec::new(), 0, 413),
        (head(verify, key, "Content-Length: 99999999999999999999"), Vec::new(), 0, 400),
        (head(verify, key, chunked), chunk(b' '), 100_000, 413),
        (head(session, key, chunked), chunk(b' '), 100_000, 413),
        (head(verify, "tsk_none", chunked), chunk(b' '), 100_000, 401),
        (head("/api/v1/liveness/sessions", key, chunked), chunk(b' '), 100_000, 413),
        (head(live, key, form), chunk(b' '), 100_000, 413),
        // JSON without a floor, with a million names, of nothing but escapes, and what is no text.
        whole(verify, deep("["), 400),
        whole(verify, deep("{\"a\":"), 400),
        whole(verify, deep("[[],"), 400),
        whole(verify, format!("{{{names}\"a\":1}}").into_bytes(), 400),
        whole(verify, format!("{{\"session_id\": \"{escaped}\"}}").into_bytes(), 400),
        whole(verify, format!("{{\"{escaped}\": 1}}").into_bytes(), 400),
        whole(verify, format!("{{\"session_id\": \"{escaped}\", \"mode\": \"video\", \"video_b64\": \"AAAA\"}}").into_bytes(), 404),
        whole(verify, bytes_of_no_text, 400),
        whole(session, vec![0xff; 60_000], 400),
        (head(&format!("{session}/%ff%fe"), key, &of(0)), Vec::new(), 0, 404),
        ([&head(session, "", "a: b")[..20], b"\xff\xfe HTTP/1.1\r\n\r\n"].concat(), Vec::new(), 0, 400),
        ([b"POST /v1/liveness/session HTTP/1.1\r\nHost: x\r\nX-AI-API-Key: \xff\xfe\r\nConnection: close\r\n\r\n".to_vec()].concat(), Vec::new(), 0, 401),
    ]
}
