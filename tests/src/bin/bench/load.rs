//! Load of many clients at once: verifies a second, the time of each, and the answers to those that are
//! too many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use livegate_tests::client::Capture;

use crate::percentile;
use crate::service::Service;

/// Numbers of clients that send one verify after another.
pub const CLIENTS: [usize; 3] = [1, 8, 32];
/// Number of verifies in each such measurement.
const VERIFIES: usize = 64;
/// Time for which a rate is kept.
const KEPT: Duration = Duration::from_secs(15);
/// Time that a client waits after a 429, as its `Retry-After` says.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Verifies a second, and the time of each accepted one. Each client sends one after another, and
/// repeats a refused one after a pause.
pub async fn rate(
    api: &Service,
    capture: &Capture,
    clients: usize,
    verifies: usize,
) -> (f64, Vec<Duration>) {
    let (began, left) = (Instant::now(), AtomicUsize::new(verifies));
    let one = async || {
        let mut times = Vec::new();
        while left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
            .is_ok()
        {
            let took = loop {
                match api.try_verify(capture).await {
                    (200, took) => break took,
                    (429, _) => tokio::time::sleep(RETRY_AFTER).await,
                    (status, _) => panic!("answered {status}"),
                }
            };
            times.push(took);
        }
        times
    };
    let all = join_all((0..clients).map(|_| one())).await;
    (
        verifies as f64 / began.elapsed().as_secs_f64(),
        all.concat(),
    )
}

/// Prints the rate with this number of clients.
pub async fn closed(name: &str, api: &Service, capture: &Capture, clients: usize) {
    let (rate, mut times) = rate(api, capture, clients, VERIFIES).await;
    println!(
        "  {name}, {clients:2} clients: {rate:5.1} verifies a second, p50 {:6.0} ms, p95 {:6.0} ms",
        percentile(&mut times, 50),
        percentile(&mut times, 95)
    );
}

/// Sends half and then twice as many verifies a second as the service can do, without waiting for
/// answers, and prints the results.
pub async fn open(name: &str, api: &Arc<Service>, capture: &Arc<Capture>) {
    let (capacity, _) = rate(api, capture, 4, VERIFIES).await;
    println!("  {name}, 4 clients: {capacity:.2} verifies a second");
    for share in [0.5, 2.0] {
        at_rate(name, api, capture, share * capacity).await;
    }
}

async fn at_rate(name: &str, api: &Arc<Service>, capture: &Arc<Capture>, rate: f64) {
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    let (began, mut sent) = (Instant::now(), Vec::new());
    while began.elapsed() < KEPT {
        ticks.tick().await;
        let (api, capture) = (Arc::clone(api), Arc::clone(capture));
        sent.push(tokio::spawn(async move { api.try_verify(&capture).await }));
    }
    let (mut accepted, mut refused, mut others) = (Vec::new(), Vec::new(), 0);
    for one in sent {
        match one.await.unwrap() {
            (200, took) => accepted.push(took),
            (429, took) => refused.push(took),
            (_, _) => others += 1,
        }
    }
    println!(
        "  {name}, {rate:.1} verifies a second for {} s:",
        KEPT.as_secs()
    );
    for (what, mut times) in [("answered", accepted), ("429", refused)] {
        if times.is_empty() {
            println!("    {what:<9} none");
            continue;
        }
        println!(
            "    {what:<9} {:4}, p50 {:6.0} ms, p95 {:6.0} ms",
            times.len(),
            percentile(&mut times, 50),
            percentile(&mut times, 95)
        );
    }
    println!("    otherwise {others:4}");
}
