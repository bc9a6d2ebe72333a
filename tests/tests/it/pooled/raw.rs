//! What is on the wire after a refusal, byte by byte.

use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_tests::app::{App, Options, spawn, spawn_app};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::{Call, LARGE, SMALL, refusing_app};

const MIB: usize = 1 << 20;

/// Longer than the rest of a body is waited for.
const LIMIT: Duration = Duration::from_secs(10);

async fn connect(app: &App) -> TcpStream {
    TcpStream::connect(app.client.address()).await.unwrap()
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// Reads one answer; the one to a HEAD has no body.
    async fn read(stream: &mut TcpStream, is_to_head: bool) -> Self {
        timeout(LIMIT, Self::read_at_last(stream, is_to_head))
            .await
            .expect("no answer")
    }

    async fn read_at_last(stream: &mut TcpStream, is_to_head: bool) -> Self {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = stream.read_u8().await;
            head.push(
                byte.unwrap_or_else(|e| panic!("{e} in {:?}", String::from_utf8_lossy(&head))),
            );
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1);
        let length = length.map_or(0, |l| l.lines().next().unwrap().parse().unwrap());
        let mut body = vec![0; if is_to_head { 0 } else { length }];
        stream.read_exact(&mut body).await.unwrap();
        Self {
            status: head[9..12].parse().unwrap(),
            head,
            body: String::from_utf8(body).unwrap(),
        }
    }

    fn closes(&self) -> bool {
        self.head.contains("\r\nconnection: close\r\n")
    }
}

/// Whether nothing more comes.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    // Cut off or ended in order: both are closed.
    let ended = timeout(LIMIT, stream.read_to_end(&mut rest)).await;
    assert!(rest.is_empty(), "{:?}", String::from_utf8_lossy(&rest));
    ended.is_ok()
}

fn head(call: &Call, framing: &str) -> Vec<u8> {
    let headers = call
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    let headers: String = headers.collect();
    let (method, path) = (call.method, &call.path);
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}{framing}\r\n\r\n").into_bytes()
}

fn with_length(call: &Call) -> (Vec<u8>, Vec<u8>) {
    let framing = format!("Content-Length: {}", call.size);
    (head(call, &framing), call.body())
}

fn chunked(call: &Call) -> (Vec<u8>, Vec<u8>) {
    let mut body = Vec::new();
    for chunk in call.body().chunks(60_000) {
        body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        body.extend_from_slice(chunk);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\nX-Trailer: 1\r\n\r\n");
    (head(call, "Transfer-Encoding: chunked"), body)
}

async fn send(stream: &mut TcpStream, (head, body): (Vec<u8>, Vec<u8>)) {
    stream.write_all(&[head, body].concat()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_keeps_the_connection_or_says_that_it_closes_it() {
    let (app, valid, refusals) = refusing_app().await;
    for refusal in &refusals {
        for framed in [with_length(refusal), chunked(refusal)] {
            for pause in [Duration::ZERO, Duration::from_millis(30)] {
                let mut stream = connect(&app).await;
                send(&mut stream, with_length(&valid)).await;
                assert_eq!(Answer::read(&mut stream, false).await.status, 200);
                stream.write_all(&framed.0).await.unwrap();
                tokio::time::sleep(pause).await;
                stream.write_all(&framed.1).await.unwrap();
                let refused = Answer::read(&mut stream, false).await;
                assert_eq!(refused.status, refusal.status, "{}", refusal.name);
                assert_eq!(
                    refused.closes(),
                    refusal.size > MIB,
                    "{}: {refused:?}",
                    refusal.name
                );
                if refused.closes() {
                    assert!(is_closed(&mut stream).await);
                } else {
                    send(&mut stream, with_length(&valid)).await;
                    assert_eq!(Answer::read(&mut stream, false).await.status, 200);
                }
            }
        }
    }
}

/// The refusal of an unknown key, with a body of this size.
fn stranger(size: usize) -> Call {
    Call {
        name: "401".to_owned(),
        method: "POST",
        path: "/v1/liveness/verify".to_owned(),
        status: 401,
        size,
        headers: vec![("X-AI-API-Key", "tsk_wrong".to_owned())],
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_long() {
    let app = spawn_app().await;
    for framing in [
        "Content-Length: 1000\r\n\r\nten bytes!",
        "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    ] {
        let mut stream = connect(&app).await;
        let (head, body) = framing.split_once("\r\n\r\n").unwrap();
        let start = Instant::now();
        stream
            .write_all(&self::head(&stranger(0), head))
            .await
            .unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        // A byte now and then does not keep it waiting.
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            stream
                .write_all(if head.starts_with('C') {
                    b"."
                } else {
                    b"1\r\n.\r\n"
                })
                .await
                .unwrap();
        }
        let refused = Answer::read(&mut stream, false).await;
        assert!(refused.status == 401 && refused.closes(), "{refused:?}");
        assert!(
            start.elapsed() < Duration::from_secs(4),
            "{:?}",
            start.elapsed()
        );
        assert!(is_closed(&mut stream).await);
    }
}

#[tokio::test]
async fn a_large_body_is_not_waited_for_at_all_and_may_still_be_sent() {
    let app = spawn_app().await;
    let call = stranger(8 * MIB);
    let (head, body) = with_length(&call);
    let mut stream = connect(&app).await;
    let start = Instant::now();
    stream.write_all(&head).await.unwrap();
    // The refusal is there before any of the body.
    stream.readable().await.unwrap();
    stream.write_all(&body).await.unwrap();
    let refused = Answer::read(&mut stream, false).await;
    assert!(refused.status == 401 && refused.closes(), "{refused:?}");
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_caller_that_waits_for_100_gets_the_refusal_at_once_and_sends_no_body() {
    let app = spawn_app().await;
    for framing in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        let mut stream = connect(&app).await;
        let start = Instant::now();
        let framing = format!("{framing}\r\nExpect: 100-Continue");
        stream
            .write_all(&head(&stranger(0), &framing))
            .await
            .unwrap();
        let refused = Answer::read(&mut stream, false).await;
        assert!(refused.status == 401 && refused.closes(), "{refused:?}");
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "{:?}",
            start.elapsed()
        );
        assert!(is_closed(&mut stream).await);
    }
    // One that does not wait is served, on one connection: the answer may come with the 100 in one piece.
    let mut stream = connect(&app).await;
    for _ in 0..3 {
        let call = Call {
            path: "/v1/liveness/session".to_owned(),
            headers: vec![("X-AI-API-Key", app.key.secret.clone())],
            ..stranger(2)
        };
        let head = head(&call, "Content-Length: 2\r\nExpect: 100-continue");
        send(&mut stream, (head, b"{}".to_vec())).await;
        assert_eq!(Answer::read(&mut stream, false).await.status, 100);
        let served = Answer::read(&mut stream, false).await;
        assert!(served.status == 200 && !served.closes(), "{served:?}");
    }
}

#[tokio::test]
async fn http_1_0_is_told_the_same() {
    let app = spawn_app().await;
    for (connection, size, stays) in [
        ("Connection: keep-alive\r\n", SMALL, true),
        ("Connection: keep-alive\r\n", LARGE, false),
        ("", SMALL, false),
    ] {
        let call = stranger(size);
        let framing = format!("{connection}Content-Length: {size}");
        let request = String::from_utf8(head(&call, &framing)).unwrap();
        let request = request.replace("HTTP/1.1", "HTTP/1.0").into_bytes();
        let mut stream = connect(&app).await;
        send(&mut stream, (request.clone(), call.body())).await;
        let refused = Answer::read(&mut stream, false).await;
        let keeps = refused.head.contains("keep-alive");
        assert_eq!((refused.status, keeps), (401, stays), "{refused:?}");
        if stays {
            send(&mut stream, (request, call.body())).await;
            assert_eq!(Answer::read(&mut stream, false).await.status, 401);
        } else {
            assert!(is_closed(&mut stream).await);
        }
    }
}

#[tokio::test]
async fn requests_that_follow_at_once_are_answered() {
    let (app, valid, refusals) = refusing_app().await;
    let mut all = Vec::new();
    // Small ones: of such a body no more may come after an answer than a head may have.
    let small = refusals
        .iter()
        .filter(|r| r.size == SMALL && r.status != 413);
    let number = small.clone().count();
    for refusal in small {
        let refusal = Call {
            size: 2000,
            ..refusal.clone()
        };
        let (first, second) = (chunked(&refusal), with_length(&valid));
        all.extend([first.0, first.1, second.0, second.1].concat());
    }
    let mut stream = connect(&app).await;
    let (mut reading, mut writing) = stream.split();
    let read = async {
        let mut said = Vec::new();
        let served = |said: &[u8]| {
            String::from_utf8_lossy(said)
                .matches("HTTP/1.1 200")
                .count()
        };
        while served(&said) < number {
            let mut some = [0; 4096];
            let read = reading.read(&mut some).await.unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&said));
            said.extend_from_slice(&some[..read]);
        }
    };
    let both = async { tokio::join!(writing.write_all(&all), read) };
    timeout(LIMIT, both)
        .await
        .expect("not all are answered")
        .0
        .unwrap();
}

#[tokio::test]
async fn a_body_that_nothing_reads_does_no_harm() {
    let app = spawn_app().await;
    let session = app.client.interactive_session("SMILE").await;
    let live = format!("/api/v1/liveness/sessions/{session}");
    let health = "/v1/liveness/health";
    let page = ("Origin", "https://a.example".to_owned());
    let asks = ("Access-Control-Request-Method", "POST".to_owned());
    for (method, path, status, more) in [
        ("GET", health, 200, vec![]),
        ("HEAD", health, 200, vec![]),
        ("HEAD", "/nothing", 404, vec![]),
        ("OPTIONS", &live, 405, vec![page, asks]),
        ("GET", &live, 200, vec![]),
        ("DELETE", &live, 200, vec![]),
        ("GET", "/docs", 200, vec![]),
    ] {
        let mut headers = vec![("X-AI-API-Key", app.key.secret.clone())];
        headers.extend(more);
        let call = Call {
            method,
            path: path.to_owned(),
            headers,
            ..stranger(2)
        };
        let mut stream = connect(&app).await;
        for framed in [with_length(&call), chunked(&call)] {
            send(&mut stream, framed).await;
            let answer = Answer::read(&mut stream, method == "HEAD").await;
            let is_gone = answer.status == 404 && method == "DELETE";
            assert!(
                answer.status == status || is_gone,
                "{method} {path}: {answer:?}"
            );
            assert!(!answer.closes(), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn the_other_429s_keep_the_connection_or_say_that_they_close_it() {
    let server = ServerConfig {
        max_upload_mib: 36,
        ..Options::default().server
    };
    let app = spawn(Options {
        server,
        ..Options::default()
    })
    .await;
    // A session's frames, faster than they may come.
    let session = app.client.interactive_session("SMILE").await;
    let frame = Call {
        path: format!("/api/v1/liveness/sessions/{session}/frame"),
        headers: vec![
            ("X-AI-API-Key", app.key.secret.clone()),
            ("Content-Type", "multipart/form-data".to_owned()),
        ],
        ..stranger(2000)
    };
    let mut stream = connect(&app).await;
    let mut refused = 0;
    for _ in 0..300 {
        send(&mut stream, with_length(&frame)).await;
        let answer = Answer::read(&mut stream, false).await;
        assert!(!answer.closes(), "{answer:?}");
        refused += usize::from(answer.status == 429);
        if refused > 20 {
            break;
        }
    }
    assert!(refused > 20, "{refused}");
    // The room for bodies.
    let mut first = connect(&app).await;
    let verify = Call {
        headers: vec![("X-AI-API-Key", app.key.secret.clone())],
        ..stranger(SMALL)
    };
    let framing = format!("Expect: 100-continue\r\nContent-Length: {}", 36 * MIB);
    first.write_all(&head(&verify, &framing)).await.unwrap();
    assert_eq!(Answer::read(&mut first, false).await.status, 100);
    // Nearly all of what it announces: it has taken room for the rest.
    first.write_all(&vec![b' '; 33 * MIB]).await.unwrap();
    // The rest comes slowly: a body that stalls is given up.
    let slowly = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            first.write_all(&[b' '; 20_000]).await.unwrap();
        }
    });
    let is_full = async || {
        let mut stream = connect(&app).await;
        send(&mut stream, with_length(&verify)).await;
        Answer::read(&mut stream, false).await.status == 429
    };
    while !is_full().await {}
    for (size, closes) in [(SMALL, false), (LARGE, true)] {
        let call = Call {
            size,
            ..verify.clone()
        };
        let mut stream = connect(&app).await;
        send(&mut stream, with_length(&call)).await;
        let answer = Answer::read(&mut stream, false).await;
        assert_eq!(
            (answer.status, answer.closes()),
            (429, closes),
            "{answer:?}"
        );
    }
    slowly.abort();
}

#[tokio::test]
async fn a_long_head_is_refused_on_a_connection_that_was_used_before() {
    let app = spawn_app().await;
    let call = stranger(SMALL);
    let mut stream = connect(&app).await;
    send(&mut stream, with_length(&call)).await;
    assert_eq!(Answer::read(&mut stream, false).await.status, 401);
    let long = format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "a".repeat(40_000));
    stream.write_all(long.as_bytes()).await.unwrap();
    let refused = Answer::read(&mut stream, false).await;
    assert!(refused.status == 431 && refused.closes(), "{refused:?}");
    let body: Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!(body["code"], "INVALID_INPUT");
    // But what follows the last answer is the rest of its body.
    for size in [LARGE, 8 * MIB] {
        let mut stream = connect(&app).await;
        send(&mut stream, with_length(&stranger(size))).await;
        let refused = Answer::read(&mut stream, false).await;
        assert!(refused.status == 401 && refused.closes(), "{refused:?}");
        assert!(is_closed(&mut stream).await);
    }
}
