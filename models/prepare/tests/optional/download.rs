//! Downloads from a test server that does everything a server should not do.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use livegate_prepare::fetch::FetchError;
use livegate_prepare::optional::{self, Limits, PublicRepositories, Supply, Unavailable};

use super::{CONTENT, manifest, run};

/// A server that answers each request with `answer` and counts requests. It lives as long as the process.
fn server(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            counter.fetch_add(1, Ordering::SeqCst);
            let head = String::from_utf8_lossy(&head).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            answer(&path, &mut stream);
        }
    });
    (base, requests)
}

/// Writes a whole response. It does not matter if the client has hung up.
fn respond(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n"
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        total: Duration::from_secs(20),
        max_bytes: 1000,
    }
}

fn public(base: &str, limits: Limits) -> Supply {
    Supply::Public(PublicRepositories::at(base, limits))
}

/// Why `a.onnx` could not be obtained. Nothing may be left of it.
fn refusal(supply: &Supply) -> Unavailable {
    let dir = tempfile::tempdir().unwrap();
    let outcome = run(&dir, supply);
    assert!(outcome.config.is_none() && outcome.new.is_empty());
    let left: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name != ".lock")
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let mut absent = outcome.absent.into_iter();
    absent.find(|(name, _)| name == "a.onnx").unwrap().1
}

#[test]
fn a_published_model_is_downloaded_once_and_configured() {
    let (base, requests) = server(|path, stream| {
        let right = path == "/owner/name/c0ffee/best/model.onnx";
        let status = if right { "200 OK" } else { "404 Not Found" };
        respond(stream, status, "", CONTENT);
    });
    let dir = tempfile::tempdir().unwrap();
    let supply = public(&base, limits());
    let outcome = run(&dir, &supply);
    assert_eq!(
        (outcome.used, outcome.new),
        (vec!["a.onnx".to_owned()], vec!["a.onnx".to_owned()])
    );
    assert!(
        matches!(outcome.absent.as_slice(), [(name, Unavailable::NoAddress)] if name == "b.onnx")
    );
    assert_eq!(fs::read(dir.path().join("a.onnx")).unwrap(), CONTENT);
    let again = run(&dir, &supply);
    assert!(again.new.is_empty() && again.config.is_some());
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[test]
fn other_bytes_than_the_pinned_are_refused() {
    let (base, _) = server(|_, stream| respond(stream, "200 OK", "", b"another network"));
    let reason = refusal(&public(&base, limits()));
    assert!(matches!(reason, Unavailable::WrongHash { .. }), "{reason}");
}

#[test]
fn a_file_that_is_too_large_is_not_read_to_its_end() {
    // With the length announced, and without.
    let (announced, _) = server(|_, stream| respond(stream, "200 OK", "", &[0; 5000]));
    let (endless, _) = server(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while stream.write_all(&[0; 1000]).is_ok() {}
    });
    for base in [announced, endless] {
        let reason = refusal(&public(&base, limits()));
        assert!(
            matches!(reason, Unavailable::TooLarge { limit: 1000 }),
            "{reason}"
        );
    }
}

#[test]
fn a_status_other_than_success_is_named() {
    for (status, code) in [("404 Not Found", 404), ("500 Internal Server Error", 500)] {
        let (base, _) = server(move |_, stream| respond(stream, status, "", CONTENT));
        let reason = refusal(&public(&base, limits()));
        assert!(
            matches!(reason, Unavailable::Status { status, .. } if status == code),
            "{reason}"
        );
    }
}

#[test]
fn a_server_that_stalls_is_given_up() {
    let silent = |_: &str, _: &mut TcpStream| std::thread::sleep(Duration::from_secs(3600));
    let halting = |_: &str, stream: &mut TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na ne");
        std::thread::sleep(Duration::from_secs(3600));
    };
    for base in [server(silent).0, server(halting).0] {
        let limits = Limits {
            total: Duration::from_millis(300),
            ..limits()
        };
        let reason = refusal(&public(&base, limits));
        assert!(
            matches!(reason, Unavailable::Unreachable { .. }),
            "{reason}"
        );
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let reason = refusal(&public(&base, limits()));
    assert!(reason.to_string().contains(&base), "{reason}");
}

#[test]
fn redirects_to_http_are_refused() {
    let (elsewhere, requests) = server(|_, stream| respond(stream, "200 OK", "", CONTENT));
    let (base, _) = server(move |path, stream| {
        let header = format!("Location: {elsewhere}{path}\r\n");
        respond(stream, "302 Found", &header, b"");
    });
    let reason = refusal(&public(&base, limits()));
    assert!(matches!(reason, Unavailable::Redirect { .. }), "{reason}");
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[test]
fn redirects_on_the_same_server_are_followed_a_few_times() {
    let (base, _) = server(|path, stream| {
        if path == "/moved" {
            respond(stream, "200 OK", "", CONTENT);
        } else {
            respond(stream, "301 Moved Permanently", "Location: /moved\r\n", b"");
        }
    });
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(run(&dir, &public(&base, limits())).used, ["a.onnx"]);
    let (base, requests) =
        server(|path, stream| respond(stream, "302 Found", &format!("Location: {path}\r\n"), b""));
    let reason = refusal(&public(&base, limits()));
    assert!(matches!(reason, Unavailable::Redirect { .. }), "{reason}");
    assert!(requests.load(Ordering::SeqCst) < 10);
}

#[test]
fn a_server_without_tls_is_no_https_server() {
    let (base, _) = server(|_, stream| respond(stream, "200 OK", "", CONTENT));
    // The server waits for the rest of a head. The client sees a handshake that does not arrive.
    let limits = Limits {
        connect: Duration::from_millis(300),
        ..limits()
    };
    let reason = refusal(&public(&base.replace("http:", "https:"), limits));
    assert!(
        matches!(reason, Unavailable::Unreachable { .. }),
        "{reason}"
    );
}

#[test]
fn an_interrupted_download_ends_at_once() {
    let interrupted = Arc::new(AtomicBool::new(false));
    let signal = Arc::clone(&interrupted);
    let (base, _) = server(move |_, _| {
        signal.store(true, Ordering::SeqCst);
        std::thread::sleep(Duration::from_secs(3600));
    });
    let dir = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let supply = public(
        &base,
        Limits {
            total: Duration::from_secs(600),
            ..limits()
        },
    );
    let result = optional::fetch(
        dir.path(),
        &manifest(),
        &supply,
        &interrupted,
        &mut Vec::new(),
    );
    assert!(matches!(result, Err(FetchError::Interrupted)));
    assert!(start.elapsed() < Duration::from_secs(300));
}
