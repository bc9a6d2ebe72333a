//! More than the service can do, of each kind of capture, and one key beside another that floods.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use image::{ImageFormat, Rgb, RgbImage};
use livegate_api::keys::create::NewKey;
use livegate_tests::client::{Capture, Client, base64, clip_body};
use serde_json::{Value, json};

use crate::percentile;
use crate::service::Service;

/// Time for which a rate is kept.
const KEPT: Duration = Duration::from_secs(20);

/// Captures, one after the other from a few clients, from which the capacity is taken.
const CLIENTS: usize = 4;

/// Verifies of the modest key.
const MODEST: usize = 12;

/// Clients of the key that floods.
const FLOODING: usize = 48;

/// Pause of a client that floods after a 429, whatever it is told.
const IMPATIENT: Duration = Duration::from_millis(50);

/// A kind of capture to send.
#[derive(Clone)]
pub struct Kind {
    name: &'static str,
    /// The body, without a session.
    body: Arc<Value>,
    /// Captures from which the capacity is taken.
    sample: usize,
}

impl Kind {
    /// Captures of 8 frames, clips of 5 s, and captures of 20 PNG of 4096x4096 pixels.
    pub fn all(capture: &Capture, clip: &[u8]) -> [Self; 3] {
        let mut large = capture.body("");
        let picture = json!(base64(&large_picture()));
        let frame = |index: usize| json!({"index": index, "timestamp_ms": 200 * index, "phase": "center", "image_b64": picture});
        large["frames"] = (0..20).map(frame).collect();
        let kind = |name, body, sample| Self {
            name,
            body: Arc::new(body),
            sample,
        };
        [
            kind("captures of 8 frames", capture.body(""), 64),
            kind("clips of 5 s", clip_body("", clip), 12),
            kind("20 PNG of 4096x4096", large, 8),
        ]
    }

    /// Verifies once; returns the status, the seconds after which to retry, and the time.
    async fn send(&self, client: &Client) -> (u16, Option<u64>, Duration) {
        let session = client.session(&["turn_left", "turn_right"]).await;
        let mut body = (*self.body).clone();
        body["session_id"] = json!(session);
        let began = Instant::now();
        let answer = client.verify_raw(&body).await;
        let retry = answer.headers.get("retry-after");
        let retry = retry.and_then(|v| v.to_str().ok()?.parse().ok());
        (answer.status, retry, began.elapsed())
    }
}

fn large_picture() -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    // Twenty of them fit into a body.
    let colour = |x: u32, y: u32| Rgb([(x / 16) as u8, (y / 16) as u8, 7]);
    let picture = RgbImage::from_fn(4096, 4096, colour);
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// Half, once and twice as many of each kind as the service can do.
pub async fn rates(folder: &Path, kinds: &[Kind]) {
    for kind in kinds {
        let api = Arc::new(Service::api(folder, "overload", &[]).await);
        println!("embedded, {}:", kind.name);
        rates_of(&api, kind).await;
    }
}

/// One key with captures of the first kind, beside another that floods, with each kind.
pub async fn beside(folder: &Path, kinds: &[Kind; 3]) {
    for kind in kinds {
        let api = Service::api(folder, "tenants", &[]).await;
        println!(
            "embedded, {} of one key beside {FLOODING} clients of another with {}:",
            kinds[0].name, kind.name
        );
        beside_one(&api, &kinds[0], kind).await;
    }
}

async fn rates_of(api: &Arc<Service>, kind: &Kind) {
    let began = Instant::now();
    let one = async || {
        for _ in 0..kind.sample.div_ceil(CLIENTS) {
            while let (status, Some(retry), _) = kind.send(&api.client).await {
                assert_eq!(status, 429);
                tokio::time::sleep(Duration::from_secs(retry)).await;
            }
        }
    };
    join_all((0..CLIENTS).map(|_| one())).await;
    let sent = kind.sample.div_ceil(CLIENTS) * CLIENTS;
    let capacity = sent as f64 / began.elapsed().as_secs_f64();
    println!("  capacity, {CLIENTS} clients: {capacity:.2} a second");
    for share in [0.5, 1.0, 2.0] {
        at_rate(api, kind, share, capacity).await;
    }
}

async fn at_rate(api: &Arc<Service>, kind: &Kind, share: f64, capacity: f64) {
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / (share * capacity)));
    let (began, mut sent) = (Instant::now(), Vec::new());
    while began.elapsed() < KEPT {
        ticks.tick().await;
        let (api, kind) = (Arc::clone(api), kind.clone());
        sent.push(tokio::spawn(async move { kind.send(&api.client).await }));
    }
    let (mut done, mut refused, mut told, mut late) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for one in sent {
        match one.await.unwrap() {
            (200, _, took) => done.push(took),
            (429, retry, took) => {
                refused.push(took);
                told.extend(retry);
            }
            (_, _, _) => late += 1,
        }
    }
    println!(
        "  {share} times that: {} answered, {}; {} refused, {}; {late} otherwise; Retry-After {:?} to {:?}",
        done.len(),
        times(&mut done),
        refused.len(),
        times(&mut refused),
        told.iter().min().unwrap_or(&0),
        told.iter().max().unwrap_or(&0)
    );
}

fn times(times: &mut [Duration]) -> String {
    if times.is_empty() {
        return "-".to_owned();
    }
    let (p50, p95) = (percentile(times, 50), percentile(times, 95));
    format!("p50 {p50:.0} ms, p95 {p95:.0} ms")
}

/// The latency of a modest key, alone and beside one that floods.
async fn beside_one(api: &Service, own: &Kind, flood: &Kind) {
    let (modest, flooding) = (
        api.key(&tenant("modest")).await,
        api.key(&tenant("flood")).await,
    );
    let verify = async || {
        let mut times = Vec::new();
        let mut refusals = 0;
        for _ in 0..MODEST {
            let began = Instant::now();
            loop {
                let (status, retry, _) = own.send(&modest).await;
                match status {
                    200 => break times.push(began.elapsed()),
                    429 => refusals += 1,
                    other => println!("    answered {other}"),
                }
                tokio::time::sleep(Duration::from_secs(retry.unwrap_or(1))).await;
            }
        }
        (times, refusals)
    };
    let (mut alone, _) = verify().await;
    println!("  alone:  {}", times(&mut alone));
    let stop = AtomicBool::new(false);
    let keep_on = async || {
        let mut counts = [0_usize; 3];
        while !stop.load(Ordering::Relaxed) {
            match flood.send(&flooding).await.0 {
                200 => counts[0] += 1,
                429 => {
                    counts[1] += 1;
                    tokio::time::sleep(IMPATIENT).await;
                }
                _ => counts[2] += 1,
            }
        }
        counts
    };
    let measuring = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let began = Instant::now();
        let (mut beside, refusals) = verify().await;
        stop.store(true, Ordering::Relaxed);
        println!(
            "  beside: {}; {refusals} refusals; {:.0} s in all",
            times(&mut beside),
            began.elapsed().as_secs_f64()
        );
    };
    let (_, floods) = tokio::join!(measuring, join_all((0..FLOODING).map(|_| keep_on())));
    let sum = |n: usize| floods.iter().map(|counts| counts[n]).sum::<usize>();
    println!(
        "  the flood: {} answered, {} refused, {} otherwise",
        sum(0),
        sum(1),
        sum(2)
    );
}

/// Keys of the same size.
fn tenant(name: &str) -> NewKey {
    NewKey {
        requests_per_minute: 1_000_000,
        concurrency: 100,
        ..NewKey::named(name)
    }
}
