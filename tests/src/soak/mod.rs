//! Soak test: thousands of verifies while parts of the service are killed and started again.
//!
//! Everything but the models is real: API replicas, workers, RabbitMQ and Redis are processes, and
//! `chaos` kills them. The workers have the scripted analyzer, which waits for a time that the capture says.
//! `caller` acts as an integrator's backend, which asks another replica when one is down. `ledger` checks
//! every answer.

mod caller;
mod chaos;
mod estate;
mod ledger;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use futures_util::{StreamExt, stream};
use livegate_common::broker::Queue;

use self::caller::Caller;
pub use self::chaos::Deeds;
use self::estate::Estate;
pub use self::estate::Servers;
use self::ledger::Ledger;
pub use self::ledger::Report;
use crate::client::Capture;
use crate::fleet::{Plan, Processes, RECOVERY};

/// Parameters of a soak test.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// The servers.
    pub servers: Servers,
    /// Number of verifies, at least.
    pub verifies: usize,
    /// Number of outages of servers, at least.
    pub outages: usize,
    /// Number of verifies at once.
    pub at_once: usize,
    /// Seed of all random choices: kinds of captures, victims and pauses. Whether a request coincides with a
    /// kill also depends on the machine.
    pub seed: u64,
    /// Time between two outages of broker or store.
    pub calm: Duration,
}

/// Deadline of a verify, seconds: long enough for many verifies to outlast an outage of the broker, and short
/// enough for some to fail.
const VERIFY_SECONDS: u64 = 10;

/// Threads of each worker. The scripted analyzer sleeps, so that they take next to no processor time.
const WORKER_THREADS: usize = 4;

/// Runs the soak test and reports the result of every verify.
///
/// # Panics
/// When the service does not come back within [`RECOVERY`], or a queue holds anything at the end.
pub async fn run(soak: Soak) -> Report {
    let mut rng = Rng::with_seed(soak.seed);
    let starting = tokio::task::spawn_blocking(move || Estate::start(soak.servers));
    let estate = starting.await.expect("the servers start");
    let mut variables = estate.variables();
    variables.push(("LIVEGATE_WORKER_THREADS", WORKER_THREADS.to_string()));
    let plan = Plan {
        workers: 3,
        verify_seconds: VERIFY_SECONDS,
        variables,
        ..Plan::default()
    };
    let processes = Processes::start(estate.urls(), plan).await;

    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let (clients, outages) = (processes.clients.clone(), AtomicUsize::new(0));
    let mut callers_rng = rng.fork();
    let callers = std::iter::from_fn(|| {
        Some(Caller {
            clients: clients.clone(),
            ledger: Arc::clone(&ledger),
            rng: callers_rng.fork(),
        })
    });
    let is_enough =
        |done: usize| done >= soak.verifies && outages.load(Ordering::Relaxed) >= soak.outages;
    let verifies = stream::iter((0..).zip(callers).take_while(|(n, _)| !is_enough(*n)))
        .map(async |(_, mut caller)| caller.verify().await)
        .buffer_unordered(soak.at_once.max(1))
        .collect::<()>();
    let began = Instant::now();
    let service = (processes, estate);
    let (service, deeds) = chaos::meanwhile(service, &mut rng, soak.calm, &outages, verifies).await;
    let (processes, estate) = service;
    let took = began.elapsed();

    let last = processes.recovered(Instant::now(), RECOVERY).await;
    // Workers drop batches that nobody waits for, or the broker lets them expire.
    let deadline = Instant::now() + RECOVERY;
    for queue in Queue::ALL {
        while estate.waiting(queue).await > 0 {
            assert!(Instant::now() < deadline, "{} is not drained", queue.name());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    for client in &processes.clients {
        let answer = client.verify_new(&Capture::good()).await;
        assert_eq!(answer.body["verified"], true, "after all: {}", answer.body);
    }
    let recovery = deeds.slowest.max(last);
    let ledger = ledger.lock().unwrap();
    ledger.report(&processes.records(), deeds, took, recovery)
}
