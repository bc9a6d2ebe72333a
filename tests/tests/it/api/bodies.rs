//! What is read of a body, and when: the key comes first, and the limit holds.

use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_tests::app::{App, Options, spawn, spawn_app};
use livegate_tests::client::{Capture, Client};
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const MIB: usize = 1 << 20;

/// Sends only the head of a POST and reads the status that comes back without any body sent.
async fn status_for_head(app: &App, key: &str, framing: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(app.client.address()).await.unwrap();
    let head = format!(
        "POST /v1/liveness/verify HTTP/1.1\r\nHost: x\r\nX-AI-API-Key: {key}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let status = read_status(&mut stream).await;
    (stream, status)
}

async fn read_status(stream: &mut TcpStream) -> String {
    let mut start = [0; 12];
    // Far below the time that a body may take to arrive.
    timeout(Duration::from_secs(5), stream.read_exact(&mut start))
        .await
        .unwrap()
        .unwrap();
    String::from_utf8_lossy(&start[9..]).into_owned()
}

#[tokio::test]
async fn the_key_is_checked_before_a_byte_of_the_body_is_read() {
    let app = spawn_app().await;
    let length = format!("Content-Length: {}", 20 * MIB);
    assert_eq!(status_for_head(&app, "tsk_wrong", &length).await.1, "401");
    assert_eq!(
        status_for_head(&app, "tsk_wrong", "Transfer-Encoding: chunked")
            .await
            .1,
        "401"
    );
    // The body is too large as well, which a stranger is not told.
    let length = format!("Content-Length: {}", 200 * MIB);
    assert_eq!(status_for_head(&app, "tsk_wrong", &length).await.1, "401");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_without_being_read_to_its_end() {
    let app = spawn_app().await;
    let length = format!("Content-Length: {}", 36 * MIB + 1);
    assert_eq!(
        status_for_head(&app, &app.key.secret, &length).await.1,
        "413"
    );

    // Chunked, so its length is not known: refused as soon as it is over.
    let mut stream = TcpStream::connect(app.client.address()).await.unwrap();
    let head = format!(
        "POST /v1/liveness/verify HTTP/1.1\r\nHost: x\r\nX-AI-API-Key: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        app.key.secret
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = [b"100000\r\n".as_slice(), &vec![b' '; MIB], b"\r\n"].concat();
    for _ in 0..37 {
        stream.write_all(&chunk).await.unwrap();
    }
    assert_eq!(read_status(&mut stream).await, "413");
}

#[tokio::test]
async fn a_caller_that_sends_it_all_first_still_gets_the_answer() {
    let app = spawn_app().await;
    for (client, megabytes, status, code) in [
        (app.client.clone(), 40, 413, "VIDEO_TOO_LARGE"),
        (app.client.with_key("tsk_wrong"), 20, 401, "UNAUTHORIZED"),
    ] {
        for _ in 0..5 {
            let request = client.request(Method::POST, "/v1/liveness/verify");
            let request = request.header("content-type", "application/json");
            let answer = Client::send(request.body(vec![b' '; megabytes * MIB])).await;
            answer.assert_error(status, code);
        }
    }
}

#[tokio::test]
async fn a_session_body_has_a_limit_of_its_own() {
    let app = spawn_app().await;
    let request = app.client.request(Method::POST, "/v1/liveness/session");
    let request = request.header("content-type", "application/json");
    let answer = Client::send(request.body(vec![b' '; 65 << 10])).await;
    answer.assert_error(413, "VIDEO_TOO_LARGE");
    assert!(answer.error().contains("64 KiB"), "{}", answer.error());
}

#[tokio::test]
async fn large_bodies_beyond_the_room_for_them_are_refused_and_small_ones_get_in() {
    let server = ServerConfig {
        max_upload_mib: 36,
        ..Options::default().server
    };
    let app = spawn(Options {
        server,
        ..Options::default()
    })
    .await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let head = format!(
        "POST /v1/liveness/verify HTTP/1.1\r\nHost: x\r\nX-AI-API-Key: {}\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        app.key.secret,
        30 * MIB
    );
    let mut first = TcpStream::connect(app.client.address()).await.unwrap();
    first.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(read_status(&mut first).await, "100", "it may come");
    let large = async || {
        let request = app.client.request(Method::POST, "/v1/liveness/verify");
        let request = request.header("content-type", "application/json");
        Client::send(request.body(vec![b' '; 8 * MIB])).await
    };
    // What it announces takes no room, and what comes of it does.
    large().await.assert_error(400, "MISSING_FIELDS");
    first.write_all(&vec![b' '; 20 * MIB]).await.unwrap();
    let refused = app.until(large, |answer| answer.status != 400).await;
    refused.assert_error(429, "CONCURRENCY_LIMIT");
    let answer = app.client.verify(&session, &Capture::good()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);

    // Whoever hangs up leaves his room to others.
    drop(first);
    let again = app.until(large, |answer| answer.status != 429).await;
    again.assert_error(400, "MISSING_FIELDS");
}

#[tokio::test]
async fn a_body_that_would_be_ignored_is_refused_however_its_length_is_told() {
    let app = spawn_app().await;
    for (framing, status) in [
        ("Content-Length: 21\r\n\r\n{\"num_challenges\": 5}", "400"),
        (
            "Transfer-Encoding: chunked\r\n\r\n15\r\n{\"num_challenges\": 5}\r\n0\r\n\r\n",
            "400",
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n4\r\n    \r\n0\r\n\r\n",
            "200",
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n1\r\n \r\n0\r\n\r\n",
            "200",
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "200",
        ),
        ("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200"),
        ("Content-Length: 2\r\n\r\n{}", "200"),
        ("\r\n", "200"),
    ] {
        let mut stream = TcpStream::connect(app.client.address()).await.unwrap();
        let request = format!(
            "POST /api/v1/liveness/sessions HTTP/1.1\r\nHost: x\r\nX-AI-API-Key: {}\r\n{framing}",
            app.key.secret
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(read_status(&mut stream).await, status, "{framing}");
    }
}
