use livegate_common::shutdown::Trigger;
use poem::{Response, handler};
use tokio::io::DuplexStream;

use super::*;

const LIMITS: Limits = Limits {
    head: Duration::from_secs(15),
    idle: Duration::from_secs(75),
};

#[handler]
async fn echo(body: Vec<u8>) -> Response {
    Response::builder().body(body)
}

fn connect() -> (DuplexStream, Trigger) {
    let (caller, server) = tokio::io::duplex(1 << 20);
    let (trigger, stop) = Shutdown::new();
    tokio::spawn(serve(server, Arc::new(echo), LIMITS, stop));
    (caller, trigger)
}

/// Reads to the end: what was said, and after how long, in whole seconds.
async fn ended(stream: &mut DuplexStream) -> (String, u64) {
    let start = Instant::now();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await.unwrap();
    let said = String::from_utf8_lossy(&said).into_owned();
    (said, start.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn only_a_whole_head_ends_the_wait_for_it() {
    for parts in [
        &[][..],
        &["\r\n\r\n\r\n"],
        &["\r\n\r\nGET / HTTP/1.1\r\n"],
        &["G", "ET / HTTP/1.1\r\nHost: x\r\n", "A: b\r"],
    ] {
        let (mut stream, _trigger) = connect();
        for part in parts {
            stream.write_all(part.as_bytes()).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert_eq!(ended(&mut stream).await, (String::new(), 15), "{parts:?}");
    }
    let (mut stream, _trigger) = connect();
    let head = b"\r\nPOST / HTTP/1.1\nContent-Length: 2\n\n";
    stream.write_all(head).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    stream.write_all(b"ok").await.unwrap();
    let (said, after) = ended(&mut stream).await;
    assert!(said.ends_with("\r\n\r\nok") && after == 75, "{said}");
}

#[tokio::test(start_paused = true)]
async fn after_an_answer_a_connection_may_rest_but_a_head_once_begun_is_due() {
    let whole = b"GET / HTTP/1.1\r\n\r\n";
    for (pause, more, after) in [(0, "", 75), (70, "\r\n", 5), (70, "GET", 15)] {
        let (mut stream, _trigger) = connect();
        stream.write_all(whole).await.unwrap();
        tokio::time::sleep(Duration::from_secs(pause)).await;
        stream.write_all(more.as_bytes()).await.unwrap();
        let (said, waited) = ended(&mut stream).await;
        assert!(said.starts_with("HTTP/1.1 200"), "{said}");
        assert_eq!(waited, after, "{more:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_is_read_up_to_its_limit() {
    let fill = |bytes: usize| "a".repeat(bytes);
    let longest = MAX_HEAD - "GET / HTTP/1.1\r\na: \r\n\r\n".len();
    for (head, status) in [
        (
            format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", fill(longest)),
            200,
        ),
        (
            format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", fill(longest + 1)),
            431,
        ),
        (format!("GET / HTTP/1.1\r\na: {}", fill(MAX_HEAD)), 431),
        (format!("GET /{}", fill(MAX_HEAD)), 414),
        ("\r\n".repeat(MAX_HEAD), 414),
    ] {
        // Alone, and after another request.
        for before in ["", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nok"] {
            for piece in [1000, head.len()] {
                let (mut stream, _trigger) = connect();
                stream.write_all(before.as_bytes()).await.unwrap();
                for part in head.as_bytes().chunks(piece) {
                    stream.write_all(part).await.unwrap();
                    tokio::task::yield_now().await;
                }
                let (said, _) = ended(&mut stream).await;
                let said = said.split("\r\n\r\nok").last().unwrap();
                let wanted = format!("HTTP/1.1 {status} ");
                assert!(
                    said.starts_with(&wanted),
                    "{} by {piece}: {said}",
                    head.len()
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn http_2_is_refused_however_it_begins() {
    for piece in [1, 3, 24] {
        let (mut stream, _trigger) = connect();
        for part in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".chunks(piece) {
            stream.write_all(part).await.unwrap();
            tokio::task::yield_now().await;
        }
        let (said, after) = ended(&mut stream).await;
        assert!(said.contains("HTTP/1.1 only") && after == 15, "{said}");
    }
    let (mut stream, _trigger) = connect();
    stream.write_all(b"PRINT / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(ended(&mut stream).await.0.starts_with("HTTP/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn told_to_stop_it_answers_what_runs_and_takes_no_more() {
    let request = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n";
    for (sent, rest, answers) in [("", "", 0), ("ok", "", 1), ("o", "k", 1)] {
        let (mut stream, trigger) = connect();
        if !sent.is_empty() {
            stream
                .write_all(&[&request[..], sent.as_bytes()].concat())
                .await
                .unwrap();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        trigger.stop();
        tokio::time::sleep(Duration::from_secs(1)).await;
        stream.write_all(rest.as_bytes()).await.unwrap_or_default();
        let (said, after) = ended(&mut stream).await;
        assert_eq!(
            (said.matches("200 OK").count(), after),
            (answers, 0),
            "{sent}"
        );
    }
}
