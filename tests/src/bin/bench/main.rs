//! `make bench`: speed and memory of the release binaries, measured from outside. It prints figures
//! and fails on none.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measuring tool: it prints, and ends where something is missing"
)]

mod live;
mod service;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use livegate_common::presence::{Presence, RedisPresence};
use livegate_common::redis_pool::RedisPool;
use livegate_tests::client::Capture;
use livegate_tests::clips::made;
use livegate_tests::media::{jpeg, portrait_frame};
use livegate_tests::servers::{RabbitMq, Redis};

use crate::service::{Running, Service};

const VERIFIES: usize = 40;
const CLIPS: usize = 10;
const WARM_UP: usize = 5;
const SEAL_KEY: &str = "dGhlIGtleSBvZiB0aGUgdGVzdHMsIDMyIGJ5dGVzISE=";

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let capture = capture();
    let bytes: usize = capture.0.iter().map(|(_, jpeg)| jpeg.len()).sum();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{cores} cores; a verify is 8 frames of 1280x720, {} KB of JPEG each",
        bytes / 8 / 1000
    );
    embedded(folder.path(), &capture).await;
    distributed(folder.path(), &capture).await;
}

/// A face in each of eight different 1280x720 frames.
fn capture() -> Capture {
    let tags = ["center", "center", "turn_left", "turn_left", "turn_left"];
    let tags = tags.into_iter().chain(["turn_right"; 3]);
    let frame = |(i, tag): (u32, &str)| {
        let picture = portrait_frame(640 + 10 * i, 12 * i64::from(i));
        (tag.to_owned(), jpeg(&picture))
    };
    Capture((0..).zip(tags).map(frame).collect())
}

/// A face before a camera with some noise.
fn clip() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("picture.jpg");
    fs::write(&picture, jpeg(&portrait_frame(680, 0))).unwrap();
    let source = ["-loop", "1", "-framerate", "30", "-t", "5", "-i"];
    let noisy = ["-vf", "noise=alls=10:allf=t", "-pix_fmt", "yuv420p"];
    let options = [&source[..], &[picture.to_str().unwrap()], &noisy].concat();
    made(&options, "mp4")
}

async fn embedded(folder: &Path, capture: &Capture) {
    let api = Service::api(folder, "embedded", &[]).await;
    for _ in 0..WARM_UP {
        api.verify(capture).await;
    }
    let (cpu_before, mut times) = (api.cpu_ms(), Vec::new());
    for _ in 0..VERIFIES {
        times.push(api.verify(capture).await);
    }
    let cpu = (api.cpu_ms() - cpu_before) / VERIFIES as f64;
    let records = api.audit();
    let mean = |field: &str| {
        let last = &records[records.len() - VERIFIES..];
        let sum: f64 = last.iter().filter_map(|r| r[field].as_f64()).sum();
        sum / VERIFIES as f64
    };
    let (worker, inference) = (mean("worker_cpu_ms"), mean("inference_cpu_ms"));
    println!("embedded, one client, {VERIFIES} verifies:");
    println!("  ready after start            {:8.0} ms", api.ready_ms);
    println!(
        "  p50, request to answer       {:8.1} ms",
        percentile(&mut times, 50)
    );
    println!(
        "  p95                          {:8.1} ms",
        percentile(&mut times, 95)
    );
    println!("  CPU in all, per verify       {cpu:8.1} ms");
    println!("  CPU inside `run`             {inference:8.1} ms");
    println!("  CPU outside `run`            {:8.1} ms", cpu - inference);
    println!(
        "  share of worker CPU in `run` {:8.1} %",
        100.0 * inference / worker
    );
    println!("  resident memory, peak        {:8.0} MB", api.peak_mb());

    let clip = clip();
    let (cpu_before, mut times) = (api.cpu_ms(), Vec::new());
    for _ in 0..CLIPS {
        times.push(api.verify_clip(&clip).await);
    }
    let cpu = (api.cpu_ms() - cpu_before) / CLIPS as f64;
    println!("embedded, one client, {CLIPS} clips of 5 s, 1280x720 at 30 frames a second:");
    println!(
        "  p50, request to answer       {:8.1} ms",
        percentile(&mut times, 50)
    );
    println!("  CPU of the API, per clip     {cpu:8.1} ms");

    let began = Instant::now();
    let clients = 8;
    let load = (0..clients).map(|_| async {
        for _ in 0..VERIFIES / clients {
            api.verify(capture).await;
        }
    });
    futures_util::future::join_all(load).await;
    let rate = VERIFIES as f64 / began.elapsed().as_secs_f64();
    println!("embedded, {clients} clients:");
    println!("  verifies a second            {rate:8.1}");

    live::measure(&api).await;
}

async fn distributed(folder: &Path, capture: &Capture) {
    let rabbitmq = std::thread::spawn(RabbitMq::start);
    let redis = Redis::start();
    let rabbitmq = rabbitmq.join().unwrap();
    let variables = [
        ("LIVEGATE_AMQP_URL", rabbitmq.url()),
        ("LIVEGATE_REDIS_URL", redis.url()),
        ("LIVEGATE_SEAL_KEY", SEAL_KEY.to_owned()),
    ];
    let presence = RedisPresence::new(RedisPool::connect(&redis.url()).unwrap());
    let began = Instant::now();
    let worker = Running::start("livegate-worker", &variables);
    while presence.count().await.unwrap_or(0) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let ready = began.elapsed();
    let api = Service::api(folder, "distributed", &variables).await;
    let mut times = Vec::new();
    for _ in 0..WARM_UP {
        api.verify(capture).await;
    }
    for _ in 0..VERIFIES {
        times.push(api.verify(capture).await);
    }
    println!("RabbitMQ and Redis, one worker process, one client, {VERIFIES} verifies:");
    println!(
        "  p50, request to answer       {:8.1} ms",
        percentile(&mut times, 50)
    );
    println!(
        "  worker ready after start     {:8.0} ms",
        ready.as_secs_f64() * 1e3
    );
    println!(
        "  worker memory, resident      {:8.0} MB",
        worker.memory_mb("VmRSS")
    );
    println!(
        "  worker memory, peak          {:8.0} MB",
        worker.memory_mb("VmHWM")
    );
    println!("  api memory, peak             {:8.0} MB", api.peak_mb());
}

fn percentile(times: &mut [Duration], p: usize) -> f64 {
    times.sort();
    times[(times.len() - 1) * p / 100].as_secs_f64() * 1e3
}
