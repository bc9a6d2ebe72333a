//! One key, or one end user's token, against everybody else.

use std::io::Cursor;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use image::{ImageFormat, RgbImage};
use livegate_api::config::ServerConfig;
use livegate_api::keys::create::NewKey;
use livegate_tests::app::{App, Options, spawn};
use livegate_tests::client::{Answer, Capture, Client, base64};
use livegate_tests::scripted::{Scene, png};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::callers::head;

const MIB: usize = 1 << 20;

/// Opens connections that send this head, then this number of bytes of the body, and then nothing.
async fn stall(app: &App, head: &[u8], connections: usize, bytes: usize) -> Vec<TcpStream> {
    let one = async || {
        let mut stream = TcpStream::connect(app.client.address()).await.unwrap();
        stream.write_all(head).await.unwrap();
        // What is refused half-way is closed.
        let _ = stream.write_all(&vec![b' '; bytes]).await;
        stream
    };
    join_all((0..connections).map(|_| one())).await
}

/// A capture whose body needs upload room.
fn large_body(session: &str) -> Value {
    let mut body = Capture::good().body(session);
    body["padding"] = json!("x".repeat(200_000));
    body
}

async fn other_key(app: &App) -> Client {
    let other = app.add_key(&NewKey::named("other"));
    let client = app.client.with_key(&other.secret);
    app.until_known(&client).await;
    client
}

#[tokio::test]
async fn stalled_uploads_of_one_token_cost_no_other_session_a_frame() {
    let app = spawn(Options::default()).await;
    let created = app.client.interactive("challenges=SMILE").await;
    let (id, token) = (&created.body["session_id"], &created.body["client_token"]);
    let (id, token) = (id.as_str().unwrap(), token.as_str().unwrap());
    let frame = format!(
        "POST /api/v1/liveness/sessions/{id}/frame HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {}\r\n\r\n",
        10 * MIB
    );
    // A session may open as many as its burst of frames. Some announce, and some send nearly all that they announce.
    let _idle = stall(&app, frame.as_bytes(), 31, 0).await;
    let _stalled = stall(&app, frame.as_bytes(), 8, 9 * MIB).await;
    let mut large = png(&Scene::default());
    large.resize(300_000, 0);
    // Of another session of the same key, and of another key.
    for client in [app.client.clone(), other_key(&app).await] {
        let session = client.interactive_session("SMILE").await;
        let answer = client.frame(&session, &large).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[tokio::test]
async fn stalled_uploads_of_one_key_cost_no_other_key_a_verify() {
    let app = spawn(Options {
        server: ServerConfig {
            max_upload_mib: 128,
            ..Options::default().server
        },
        ..Options::default()
    })
    .await;
    let announced = format!(
        "Content-Type: application/json\r\nContent-Length: {}",
        35 * MIB
    );
    let head = head("/v1/liveness/verify", &app.key.secret, &announced);
    let other = other_key(&app).await;
    let _idle = stall(&app, &head, 40, 0).await;
    let _stalled = stall(&app, &head, 12, 20 * MIB).await;
    let session = other.session(&["turn_left", "turn_right"]).await;
    let answer = other.verify_raw(&large_body(&session)).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
}

/// Room and time for everything that is sent.
fn patient() -> Options {
    Options {
        server: ServerConfig {
            verify_timeout: Duration::from_secs(60),
            ..ServerConfig::default()
        },
        key: NewKey {
            concurrency: 100,
            requests_per_minute: 10_000,
            ..NewKey::named("flood")
        },
        ..Options::default()
    }
}

/// Has one key flood the server, and another one verify beside it. Returns how many answers the flood had when the other
/// key had its own, and all answers of the flood.
async fn beside(app: &App, flood: Vec<Value>) -> (usize, Vec<Answer>) {
    let other = other_key(app).await;
    let waiting: Vec<String> = (flood.iter())
        .map(|body| body["session_id"].as_str().unwrap().to_owned())
        .collect();
    let mut flooding: FuturesUnordered<_> = flood
        .into_iter()
        .map(|body| {
            let client = app.client.clone();
            tokio::spawn(async move { client.verify_raw(&body).await })
        })
        .collect();
    // All of them were let in, and wait.
    for session in &waiting {
        app.until(
            async || app.client.status(session).await,
            |answer| answer.body["state"] != "pending",
        )
        .await;
    }
    let session = other.session(&["turn_left", "turn_right"]).await;
    let capture = Capture::good();
    let mut modest = Box::pin(other.verify(&session, &capture));
    let mut answers = Vec::new();
    loop {
        tokio::select! {
            biased;
            answer = &mut modest => {
                assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
                break;
            }
            answer = flooding.next() => {
                answers.extend(answer.map(Result::unwrap));
                assert!(!flooding.is_empty(), "the modest key waited for all of the flood");
            }
        }
    }
    let before = answers.len();
    answers.extend(join_all(flooding).await.into_iter().map(Result::unwrap));
    (before, answers)
}

#[tokio::test]
async fn a_key_that_floods_with_captures_waits_for_itself() {
    let app = spawn(patient()).await;
    let slow = Capture::left_right(|_, scene| scene.delay_ms = 40);
    let mut flood = Vec::new();
    for _ in 0..40 {
        flood.push(slow.body(&app.client.session(&["turn_left", "turn_right"]).await));
    }
    let (before, answers) = beside(&app, flood).await;
    // It came last, and did not wait for half of them.
    assert!(before < 20, "{before} of 40 went ahead");
    assert!(answers.iter().all(|a| a.body["verified"] == json!(true)));
}

#[tokio::test]
async fn a_key_that_floods_with_large_pictures_waits_for_itself() {
    let mut large = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(4096, 4096, |x, y| {
        image::Rgb([(x % 256) as u8, 3, (y % 256) as u8])
    });
    picture.write_to(&mut large, ImageFormat::Png).unwrap();
    let large = base64(large.get_ref());
    let app = spawn(patient()).await;
    let mut flood = Vec::new();
    for _ in 0..4 {
        let session = app.client.session(&["turn_left", "turn_right"]).await;
        let mut body = Capture::good().body(&session);
        for frame in body["frames"].as_array_mut().unwrap() {
            frame["image_b64"] = json!(large);
        }
        flood.push(body);
    }
    let (before, answers) = beside(&app, flood).await;
    assert!(before <= 2, "{before} of 4 went ahead");
    assert!(answers.iter().all(|a| a.status == 200), "{answers:?}");
}

#[tokio::test]
async fn a_refusal_says_when_there_is_room_and_then_there_is() {
    let app = spawn(Options {
        server: ServerConfig {
            verify_timeout: Duration::from_secs(2),
            ..ServerConfig::default()
        },
        ..patient()
    })
    .await;
    let slow = Capture::left_right(|_, scene| scene.delay_ms = 20);
    // The server learns what this costs.
    let first = app.client.verify_new(&slow).await;
    assert_eq!(first.body["verified"], json!(true), "{}", first.body);
    let send = async || {
        let session = app.client.session(&["turn_left", "turn_right"]).await;
        (app.client.verify(&session, &slow).await, session)
    };
    let answers = join_all((0..30).map(|_| send())).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|(answer, _)| answer.status == 200);
    assert!(!done.is_empty() && !refused.is_empty());
    for (answer, _) in &refused {
        answer.assert_error(429, "CONCURRENCY_LIMIT");
    }
    let (answer, session) = &refused[0];
    let seconds: u64 = answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=3).contains(&seconds), "{seconds}");
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let again = app.client.verify(session, &slow).await;
    assert_eq!(again.body["verified"], json!(true), "{}", again.body);
}
