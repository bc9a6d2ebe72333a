//! Memory stays below what docs/operate.md says, whatever is sent.

use std::sync::Arc;
use std::time::Duration;

use image::{Rgb, RgbImage};
use livegate_api::keys::create::NewKey;
use livegate_tests::client::{Capture, Client, clip_body};
use livegate_tests::media::jpeg;
use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinSet;

use super::bombs;
use super::callers::{bodies, head, heads, raw};
use crate::watching::logs::capture;
use crate::watching::process::Service;

const MIB: u64 = 1 << 20;

/// The settings of these processes.
const UPLOAD_MIB: u64 = 64;
const THREADS: u64 = 1;

/// The same sums as in docs/operate.md, "Memory".
const API_BYTES: u64 = (400 + 3 * (UPLOAD_MIB + 256)) * MIB;
const WORKER_BYTES: u64 = (100 + THREADS * 500) * MIB;

/// Callers of each kind at once.
const CALLERS: usize = 40;

/// How often somebody comes back who is told that there is no room, a second apart.
const TRIES: usize = 120;

async fn start(variables: &[(&'static str, String)]) -> Service {
    let key = NewKey {
        requests_per_minute: 1_000_000,
        concurrency: 1_000,
        ..NewKey::named("hostile")
    };
    let own = [
        ("LIVEGATE_MAX_UPLOAD_MB", UPLOAD_MIB.to_string()),
        ("LIVEGATE_WORKER_THREADS", THREADS.to_string()),
        // Time for all of it: what is refused takes no memory.
        ("LIVEGATE_VERIFY_TIMEOUT_SECONDS", "300".to_owned()),
    ];
    Service::start_for(&key, &[variables, &own].concat()).await
}

/// Empty addresses: everything in one process.
fn embedded() -> [(&'static str, String); 2] {
    ["LIVEGATE_AMQP_URL", "LIVEGATE_REDIS_URL"].map(|name| (name, String::new()))
}

/// Everything at once; each caller is answered as he deserves, or closed.
async fn attack(service: &Service) {
    let (address, key) = (service.client.address(), &service.key.secret);
    let mut callers = JoinSet::new();
    for (head, end) in heads() {
        for _ in 0..CALLERS {
            let head = head.clone();
            callers.spawn(async move {
                let ended = raw(address, head.clone(), Vec::new(), 0).await;
                assert_eq!(ended, end, "{} bytes of a head", head.len());
            });
        }
    }
    for _ in 0..CALLERS {
        // As much as takes no room, but for its end.
        let head = head("/v1/liveness/session", key, "Content-Length: 65536");
        callers.spawn(async move {
            let ended = raw(address, head, vec![b' '; 65_535], 1).await;
            assert_eq!(ended, Some(400), "the rest never comes");
        });
    }
    for (head, body, times, status) in bodies(key) {
        callers.spawn(async move {
            let start = String::from_utf8_lossy(&head).into_owned();
            let ended = raw(address, head, body, times).await;
            assert!(
                [Some(status), Some(429)].contains(&ended),
                "{ended:?}, not {status}: {start}"
            );
        });
    }
    let media = tokio::task::spawn_blocking(media).await.unwrap();
    for medium in media {
        for _ in 0..2 {
            let (client, medium) = (service.client.clone(), Arc::clone(&medium));
            callers.spawn(async move { verify(&client, &medium).await });
        }
    }
    let frame = Arc::new(bombs::jpeg_of_noise());
    let session = service.client.interactive_session("BLINK").await;
    for _ in 0..CALLERS {
        let (client, session, frame) =
            (service.client.clone(), session.clone(), Arc::clone(&frame));
        callers.spawn(async move {
            let answer = client.frame(&session, &frame).await;
            // Looked at, too many, or too late: the inference threads are busy with all the rest.
            assert!([200, 429, 502].contains(&answer.status), "{}", answer.body);
        });
    }
    while let Some(done) = callers.join_next().await {
        done.unwrap();
    }
}

/// A capture or a clip, as a verification of the session named "".
type Medium = Arc<dyn Fn(&str) -> Value + Send + Sync>;

fn media() -> Vec<Medium> {
    let pictures = [
        bombs::png(),
        bombs::png_with_profile(),
        bombs::jpeg(),
        bombs::jpeg_of_scans(),
    ];
    // Two of a kind are a batch; the rest of the frames cost next to nothing.
    let small = jpeg(&RgbImage::from_pixel(160, 160, Rgb([90; 3])));
    let captures = pictures.into_iter().map(|picture| -> Medium {
        let frame = |i| {
            if i < 2 {
                picture.clone()
            } else {
                small.clone()
            }
        };
        let capture = Capture((0..8).map(|i| ("center".to_owned(), frame(i))).collect());
        Arc::new(move |session| capture.body(session))
    });
    let clips = bombs::clips().into_iter();
    let clips = clips.map(|clip| -> Medium { Arc::new(move |session| clip_body(session, &clip)) });
    captures.chain(clips).collect()
}

/// Comes back until there is room for it, and time to hear it out.
async fn verify(client: &Client, medium: &Medium) {
    let session = client.session(&["turn_left", "turn_right"]).await;
    for _ in 0..TRIES {
        let body = medium(&session);
        let request = client.request(Method::POST, "/v1/liveness/verify");
        // Whoever is refused while still sending may find the connection closed.
        if let Ok(answer) = request.json(&body).send().await {
            match answer.status().as_u16() {
                200 => {
                    let answer: Value = answer.json().await.unwrap();
                    return assert_eq!(answer["verified"], false, "{answer}");
                }
                status => assert!([400, 429].contains(&status), "{status}"),
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("there was never room");
}

/// Somebody who means well is served as ever.
async fn is_served(service: &Service) {
    let answer = service.client.verify_new(&capture()).await;
    assert_eq!(answer.body["frames_analyzed"], 8, "{}", answer.body);
}

#[track_caller]
fn stays_below(what: &str, peak: u64, bound: u64) {
    assert!(
        peak < bound,
        "{what}: {} MiB of {}",
        peak / MIB,
        bound / MIB
    );
}

/// In the crowd a 429 may come first; alone, each is told what is wrong with it.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn each_of_them_alone_is_told_what_is_wrong() {
    let service = start(&embedded()).await;
    let (address, key) = (service.client.address(), &service.key.secret);
    for (head, body, times, status) in bodies(key) {
        let start = String::from_utf8_lossy(&head).into_owned();
        let ended = raw(address, head, body, times).await;
        assert_eq!(ended, Some(status), "{start}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn embedded_memory_stays_below_its_bound_whatever_is_sent() {
    let service = start(&embedded()).await;
    is_served(&service).await;
    attack(&service).await;
    is_served(&service).await;
    stays_below(
        "API with workers",
        service.api.peak_memory(),
        API_BYTES + WORKER_BYTES,
    );
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn memory_of_api_and_worker_stays_below_their_bounds_whatever_is_sent() {
    let service = start(&[]).await;
    let worker = service.worker().await;
    is_served(&service).await;
    attack(&service).await;
    is_served(&service).await;
    stays_below("API", service.api.peak_memory(), API_BYTES);
    stays_below("worker", worker.peak_memory(), WORKER_BYTES);
}
