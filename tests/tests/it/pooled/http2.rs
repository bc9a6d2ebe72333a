//! Callers that begin with HTTP/2, which is not served.

use std::time::Duration;

use livegate_tests::app::spawn_app;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::document::tools::{base_url, run, system};

const LIMIT: Duration = Duration::from_secs(30);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

#[tokio::test]
async fn curl_shows_what_to_change() {
    let app = spawn_app().await;
    for body in ["", "{}", &"x".repeat(3 << 20)] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("body");
        std::fs::write(&file, body).unwrap();
        let mut curl = system("curl");
        curl.args([
            "-sS",
            "--http2-prior-knowledge",
            "-w",
            "\n%{http_code} %{content_type}",
        ])
        .arg("--data-binary")
        .arg(format!("@{}", file.display()))
        .arg(format!("{}/v1/liveness/session", base_url(&app)));
        let told = run(curl, LIMIT).await;
        assert!(
            told.contains("HTTP/1.1 only") && told.ends_with("\n505 application/json"),
            "{}: {told}",
            body.len()
        );
    }
}

#[tokio::test]
async fn node_js_is_answered_in_the_one_shape() {
    let app = spawn_app().await;
    let program = r#"
        import http2 from "node:http2";
        const client = http2.connect(process.env.BASE);
        client.on("error", () => {});
        client.on("goaway", (code, last, data) => console.log(code, String(data)));
        const request = client.request({ ":path": "/v1/liveness/health" });
        let body = "";
        request.on("response", (h) => console.log(h[":status"], h["content-type"], h["x-request-id"].length));
        request.on("data", (data) => (body += data));
        request.on("end", () => console.log(JSON.parse(body).code));
        request.on("error", () => {});
        client.on("close", () => process.exit());
    "#;
    let mut node = system("node");
    node.args(["--input-type=module", "--eval", program])
        .env("BASE", base_url(&app));
    let told = run(node, LIMIT).await;
    for part in [
        "505 application/json 3",
        "INVALID_INPUT",
        "13 This service speaks HTTP/1.1 only",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[tokio::test]
async fn a_connection_without_a_request_is_given_up_in_time() {
    let mut options = livegate_tests::app::Options::default();
    options.server.head_timeout = Duration::from_millis(300);
    let app = livegate_tests::app::spawn(options).await;
    // Piece by piece, without a request, and with frames without end.
    let padding = [&[0, 0x40, 0, 4, 1, 0, 0, 0, 0][..], &[0; 16 << 10]].concat();
    for (pieces, ends) in [
        (vec![PREFACE], false),
        (
            vec![&PREFACE[..2], &PREFACE[2..9], &PREFACE[9..], SETTINGS],
            false,
        ),
        (vec![PREFACE, SETTINGS], true),
        (vec![PREFACE, &padding, &padding, &padding], false),
    ] {
        let mut stream = TcpStream::connect(app.client.address()).await.unwrap();
        for piece in &pieces {
            stream.write_all(piece).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if ends {
            stream.shutdown().await.unwrap();
        }
        let mut said = Vec::new();
        let closed = timeout(Duration::from_secs(10), stream.read_to_end(&mut said));
        let _ = closed.await.expect("it stays open");
        assert!(said.starts_with(SETTINGS), "{said:?}");
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("HTTP/1.1 only"), "{said}");
    }
}
