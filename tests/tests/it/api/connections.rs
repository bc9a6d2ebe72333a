//! Connections whose callers take their time.

use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_tests::app::{App, Options, spawn};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

const HEAD: Duration = Duration::from_millis(300);

async fn app(change: impl FnOnce(&mut ServerConfig)) -> App {
    let mut server = Options::default().server;
    change(&mut server);
    spawn(Options {
        server,
        ..Options::default()
    })
    .await
}

async fn connect(app: &App, send: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.client.address()).await.unwrap();
    stream.write_all(send.as_bytes()).await.unwrap();
    stream
}

/// Reads until the server closes, and gives what it said.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let closed = timeout(Duration::from_secs(10), stream.read_to_end(&mut said));
    // Cut off or ended in order: both are closed.
    let _ = closed.await.expect("it stays open");
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn a_connection_without_a_whole_head_is_closed() {
    let app = app(|server| server.head_timeout = HEAD).await;
    let half = "GET /v1/liveness/health HTTP/1.1\r\nHost: x\r\n";
    let whole = format!("{half}\r\n");
    for (send, answers) in [
        ("", 0),
        ("\r\n\r\n", 0),
        (half, 0),
        // The second one on a connection that was answered.
        (&format!("{whole}{half}"), 1),
    ] {
        let mut stream = connect(&app, send).await;
        if answers > 0 {
            // Once the rest of the head begins, it is due.
            stream.read_u8().await.unwrap();
            stream.write_all(b"A: b").await.unwrap();
        }
        let said = until_closed(&mut stream).await;
        assert_eq!(said.matches("TTP/1.1 200").count(), answers, "{send:?}");
    }
}

#[tokio::test]
async fn a_body_may_take_longer_than_a_head() {
    let app = app(|server| server.head_timeout = HEAD).await;
    for expect in ["", "Expect: 100-continue\r\n"] {
        let head = format!(
            "POST /v1/liveness/session HTTP/1.1\r\nHost: x\r\nX-AI-API-Key: {}\r\nContent-Length: 2\r\nConnection: close\r\n{expect}\r\n",
            app.key.secret
        );
        let mut stream = connect(&app, &head).await;
        // A body that is late, which only time can tell.
        tokio::time::sleep(HEAD * 2).await;
        stream.write_all(b"{}").await.unwrap();
        let said = until_closed(&mut stream).await;
        assert!(said.contains("HTTP/1.1 200"), "{said}");
    }
}

#[tokio::test]
async fn half_a_head_does_not_keep_the_server_from_stopping() {
    let app = app(|server| {
        server.head_timeout = HEAD;
        server.verify_timeout = Duration::from_secs(60);
    })
    .await;
    let _stream = connect(&app, "GET / HTTP/1.1\r\n").await;
    let start = Instant::now();
    timeout(Duration::from_secs(10), app.stop()).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_until_one_is_closed() {
    let app = app(|server| server.max_connections = 1).await;
    let whole = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let first = connect(&app, "GET / HTTP/1.1\r\n").await;
    let mut second = connect(&app, whole).await;
    let early = timeout(Duration::from_millis(200), second.read_u8()).await;
    assert!(early.is_err(), "answered while there was no place");
    drop(first);
    assert!(until_closed(&mut second).await.contains("303"));
}

#[tokio::test]
async fn heads_that_never_become_requests_are_refused_in_the_one_shape() {
    let app = app(|_| {}).await;
    let many = "a: b\r\n".repeat(150);
    let long = "a".repeat(500_000);
    for (send, status, says) in [
        (
            format!("GET /{} HTTP/1.1\r\n\r\n", &long[..70_000]),
            "414 URI Too Long",
            "address",
        ),
        (
            format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", &long[..33_000]),
            "431 Request Header Fields Too Large",
            "headers",
        ),
        (
            format!("GET / HTTP/1.1\r\n{many}\r\n"),
            "431 Request Header Fields Too Large",
            "headers",
        ),
        (
            format!("GET / HTTP/1.1\r\na: {long}\r\n\r\n"),
            "431 Request Header Fields Too Large",
            "headers",
        ),
        (
            "GET / HTTP/1.1\r\nno header\r\n\r\n".to_owned(),
            "400 Bad Request",
            "head",
        ),
        (
            "GET / HTTP/9.1\r\n\r\n".to_owned(),
            "400 Bad Request",
            "head",
        ),
    ] {
        let mut stream = connect(&app, &send).await;
        let said = until_closed(&mut stream).await;
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{said}"
        );
        for header in [
            "content-type: application/json\r\n",
            "x-request-id: ",
            &format!("content-length: {}\r\n", body.len()),
            "connection: close",
        ] {
            assert!(head.contains(header), "{said}");
        }
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["code"], "INVALID_INPUT");
        assert!(body["error"].as_str().unwrap().contains(says), "{body}");
    }
    // The answer before such a head is left as it is.
    let two = "GET / HTTP/1.1\r\nHost: x\r\n\r\nno head\r\n\r\n";
    let said = until_closed(&mut connect(&app, two).await).await;
    assert!(said.starts_with("HTTP/1.1 303"), "{said}");
    assert!(said.contains("HTTP/1.1 400 Bad Request\r\n"), "{said}");
}
