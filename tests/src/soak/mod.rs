//! Soak test: thousands of verifies while parts of the service are killed and started again.
//!
//! Everything but the models is real: API replicas, workers, RabbitMQ and Redis are processes, and
//! `chaos` kills them. `caller` acts as an integrator's backend, which asks another replica when one is
//! down. `ledger` checks every answer.

mod caller;
mod chaos;
mod ledger;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use futures_util::{StreamExt, stream};
use livegate_common::broker::Queue;

use self::caller::Caller;
pub use self::chaos::Deeds;
use self::ledger::Ledger;
pub use self::ledger::Report;
use crate::client::Capture;
use crate::fleet::{Fleet, Plan, RECOVERY};

/// Parameters of a soak test.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// Number of verifies.
    pub verifies: usize,
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

/// Runs the soak test and reports the result of every verify.
///
/// # Panics
/// When the service does not come back within [`RECOVERY`], or a queue holds anything at the end.
pub async fn run(soak: Soak) -> Report {
    let mut rng = Rng::with_seed(soak.seed);
    let fleet = Fleet::start(Plan {
        workers: 3,
        verify_seconds: VERIFY_SECONDS,
        ..Plan::default()
    })
    .await;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut callers: Vec<Caller> = (0..soak.verifies)
        .map(|_| Caller {
            clients: fleet.clients.clone(),
            ledger: Arc::clone(&ledger),
            rng: rng.fork(),
        })
        .collect();
    let verifies = stream::iter(&mut callers)
        .map(Caller::verify)
        .buffer_unordered(soak.at_once.max(1))
        .collect::<()>();
    let began = Instant::now();
    let (fleet, deeds) = chaos::meanwhile(fleet, &mut rng, soak.calm, verifies).await;
    let took = began.elapsed();

    let last = fleet.recovered(Instant::now(), RECOVERY).await;
    // Workers drop batches that nobody waits for, or the broker lets them expire.
    let deadline = Instant::now() + RECOVERY;
    for queue in Queue::ALL {
        while fleet.waiting(queue).await > 0 {
            assert!(Instant::now() < deadline, "{} is not drained", queue.name());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    for client in &fleet.clients {
        let answer = client.verify_new(&Capture::good()).await;
        assert_eq!(answer.body["verified"], true, "after all: {}", answer.body);
    }
    let recovery = deeds.slowest.max(last);
    let ledger = ledger.lock().unwrap();
    ledger.report(&fleet.records(), deeds, took, recovery)
}
