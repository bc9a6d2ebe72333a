//! Measures the service on RabbitMQ and Redis.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use livegate_common::presence::{Presence, RedisPresence};
use livegate_common::redis_pool::RedisPool;
use livegate_tests::client::Capture;
use livegate_tests::servers::{RabbitMq, Redis};

use crate::service::{Running, Service};
use crate::{VERIFIES, WARM_UP, figure, load, median, percentile};

const SEAL_KEY: &str = "dGhlIGtleSBvZiB0aGUgdGVzdHMsIDMyIGJ5dGVzISE=";
/// Rounds in which the pools take turns, so that a drifting speed of the machine affects all alike.
const ROUNDS: usize = 7;

/// Compares pools of workers with the embedded service, many clients, and an overload.
pub async fn measure(folder: &Path, capture: &Arc<Capture>) {
    let embedded = Service::api(folder, "beside", &[]).await;
    let one = Pool::start(folder, 1, 1).await;
    let two_threads = Pool::start(folder, 1, 2).await;
    let two_workers = Pool::start(folder, 2, 1).await;
    let all = [&one, &two_threads, &two_workers];
    for pool in all {
        for _ in 0..WARM_UP * 2 {
            pool.api.verify(capture).await;
        }
    }
    queue_path(&embedded, &two_threads.api, capture).await;
    scaling(all, capture).await;
    println!("RabbitMQ and Redis, many clients:");
    for pool in all {
        for clients in load::CLIENTS {
            load::closed(&pool.name, &pool.api, capture, clients).await;
        }
    }
    for pool in [&one, &two_workers] {
        load::open(&pool.name, &pool.api, capture).await;
    }
    for pool in all {
        println!("RabbitMQ and Redis, {}:", pool.name);
        figure("workers ready after start", pool.ready_ms, "ms");
        figure("worker memory, resident", pool.most("VmRSS"), "MB");
        figure("worker memory, peak", pool.most("VmHWM"), "MB");
        figure("api memory, peak", pool.api.peak_mb(), "MB");
    }
}

/// Cost of broker and store for one verify: the embedded service, and one worker with as many threads,
/// take turns.
async fn queue_path(embedded: &Service, queued: &Service, capture: &Capture) {
    for _ in 0..WARM_UP {
        embedded.verify(capture).await;
    }
    let (mut in_process, mut through) = (Vec::new(), Vec::new());
    for _ in 0..VERIFIES {
        in_process.push(embedded.verify(capture).await);
        through.push(queued.verify(capture).await);
    }
    let (direct, queue) = (
        percentile(&mut in_process, 50),
        percentile(&mut through, 50),
    );
    println!("one client, {VERIFIES} verifies each, in turns:");
    figure("p50, embedded, 2 threads", direct, "ms");
    figure("p50, one worker, 2 threads", queue, "ms");
    figure(
        "p95, embedded, 2 threads",
        percentile(&mut in_process, 95),
        "ms",
    );
    figure(
        "p95, one worker, 2 threads",
        percentile(&mut through, 95),
        "ms",
    );
    figure("queue path beyond embedded", queue - direct, "ms");
}

/// Speed with twice as many threads or processes, compared with one.
async fn scaling(pools: [&Pool; 3], capture: &Capture) {
    let mut rates = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (pool, rates) in pools.iter().zip(&mut rates) {
            rates.push(load::rate(&pool.api, capture, 4, 24).await.0);
        }
    }
    println!("4 clients, 24 verifies a round, {ROUNDS} rounds in turns, medians:");
    let of_one = rates[0].clone();
    for (pool, rates) in pools.iter().zip(rates) {
        let shares = rates.iter().zip(&of_one).map(|(rate, one)| rate / one);
        println!(
            "  {:<36} {:5.2} verifies a second, {:5.2} times the first's",
            pool.name,
            median(rates.iter().copied()),
            median(shares)
        );
    }
}

/// An API replica with a broker, a store and workers of its own.
struct Pool {
    name: String,
    api: Arc<Service>,
    workers: Vec<Running>,
    ready_ms: f64,
    _rabbitmq: RabbitMq,
    _redis: Redis,
}

impl Pool {
    async fn start(folder: &Path, workers: u32, threads: usize) -> Self {
        let rabbitmq = std::thread::spawn(RabbitMq::start);
        let redis = Redis::start();
        let rabbitmq = rabbitmq.join().unwrap();
        let variables = [
            ("LIVEGATE_AMQP_URL", rabbitmq.url()),
            ("LIVEGATE_REDIS_URL", redis.url()),
            ("LIVEGATE_SEAL_KEY", SEAL_KEY.to_owned()),
            ("LIVEGATE_WORKER_THREADS", threads.to_string()),
        ];
        let presence = RedisPresence::new(RedisPool::connect(&redis.url().parse().unwrap()));
        let began = Instant::now();
        let start = |_| Running::start("livegate-worker", &variables);
        let all: Vec<Running> = (0..workers).map(start).collect();
        while presence.workers().await.unwrap_or_default().count < workers {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let ready_ms = began.elapsed().as_secs_f64() * 1e3;
        let file = format!("distributed-{workers}-{threads}");
        Self {
            name: format!("{workers} worker process(es) of {threads} thread(s)"),
            api: Arc::new(Service::api(folder, &file, &variables[..3]).await),
            workers: all,
            ready_ms,
            _rabbitmq: rabbitmq,
            _redis: redis,
        }
    }

    /// The largest value of this memory figure over all workers.
    fn most(&self, name: &str) -> f64 {
        let each = self.workers.iter().map(|w| w.memory_mb(name));
        each.fold(0.0, f64::max)
    }
}
