//! The service through RabbitMQ and Redis.

use std::path::Path;
use std::time::{Duration, Instant};

use livegate_common::presence::{Presence, RedisPresence};
use livegate_common::redis_pool::RedisPool;
use livegate_tests::client::Capture;
use livegate_tests::servers::{RabbitMq, Redis};

use crate::service::{Running, Service};
use crate::{VERIFIES, WARM_UP, figure, load, percentile};

const SEAL_KEY: &str = "dGhlIGtleSBvZiB0aGUgdGVzdHMsIDMyIGJ5dGVzISE=";
/// Worker processes, and the inference threads of each.
const POOLS: [(u32, usize); 3] = [(1, 1), (1, 2), (2, 1)];

/// One verify after another, and many clients, with pools of workers.
pub async fn measure(folder: &Path, capture: &Capture) {
    let mut rates = Vec::new();
    for (workers, threads) in POOLS {
        rates.push(pool(folder, capture, workers, threads).await);
    }
    if let [one, two_threads, two_workers] = rates[..] {
        println!("RabbitMQ and Redis, twice the threads against twice as much, 8 clients:");
        figure("one worker of 2 threads", two_threads / one / 2.0, "");
        figure("2 workers of one thread", two_workers / one / 2.0, "");
    }
}

/// Measures one pool; the verifies a second of 8 clients.
async fn pool(folder: &Path, capture: &Capture, workers: u32, threads: usize) -> f64 {
    let rabbitmq = std::thread::spawn(RabbitMq::start);
    let redis = Redis::start();
    let rabbitmq = rabbitmq.join().unwrap();
    let variables = [
        ("LIVEGATE_AMQP_URL", rabbitmq.url()),
        ("LIVEGATE_REDIS_URL", redis.url()),
        ("LIVEGATE_SEAL_KEY", SEAL_KEY.to_owned()),
        ("LIVEGATE_WORKER_THREADS", threads.to_string()),
    ];
    let presence = RedisPresence::new(RedisPool::connect(&redis.url()).unwrap());
    let began = Instant::now();
    let start = |_| Running::start("livegate-worker", &variables);
    let all: Vec<Running> = (0..workers).map(start).collect();
    while presence.count().await.unwrap_or(0) < workers {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let ready = began.elapsed();
    let name = format!("distributed-{workers}-{threads}");
    let api = Service::api(folder, &name, &variables[..3]).await;
    let mut times = Vec::new();
    for _ in 0..WARM_UP * workers as usize {
        api.verify(capture).await;
    }
    for _ in 0..VERIFIES {
        times.push(api.verify(capture).await);
    }
    println!(
        "RabbitMQ and Redis, {workers} worker processes of {threads} threads, one client, {VERIFIES} verifies:"
    );
    figure("p50, request to answer", percentile(&mut times, 50), "ms");
    figure("p95", percentile(&mut times, 95), "ms");
    figure("workers ready after start", ready.as_secs_f64() * 1e3, "ms");
    let mut rate_of_8 = 0.0;
    for clients in load::CLIENTS {
        let rate = load::closed("distributed", &api, capture, clients).await;
        if clients == 8 {
            rate_of_8 = rate;
        }
    }
    let most = |name: &str| {
        let each = all.iter().map(|w| w.memory_mb(name));
        each.fold(0.0, f64::max)
    };
    figure("worker memory, resident", most("VmRSS"), "MB");
    figure("worker memory, peak", most("VmHWM"), "MB");
    figure("api memory, peak", api.peak_mb(), "MB");
    rate_of_8
}
