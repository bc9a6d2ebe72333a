//! Verifies by the thousand while parts of the service are killed and started again, and what became of
//! each.
//!
//! Everything is real but the looking: API replicas, workers, RabbitMQ and Redis are processes, and
//! `chaos` kills them. `caller` does what an integrator's backend does: it asks another replica when
//! one is gone. `ledger` holds every answer to what is promised.

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

/// What to do to the service.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// Verifies.
    pub verifies: usize,
    /// Verifies at once.
    pub at_once: usize,
    /// What every choice is drawn from: kinds of captures, who is killed, and every pause. When a request
    /// meets a kill is for the machine to say.
    pub seed: u64,
    /// How long broker and store are left alone between two outages.
    pub calm: Duration,
}

/// Until when a verify is answered, seconds: long enough for many to outlive an outage of the broker, and
/// short enough for some not to.
const VERIFY_SECONDS: u64 = 10;

/// Does it, and says what became of every verify.
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
    // What nobody awaits any more is dropped by the workers, or expires.
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
