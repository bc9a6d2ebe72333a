//! The least number of workers for a load, and what KEDA sees at that number and below it.

use serde::Serialize;

use super::setup::{Arrivals, Setup};
use super::shapes::Medium;
use super::tally::Tally;
use super::world::{Run, World};

/// What a service must give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// Largest share of requests that end without an answer, of each kind, 0 to 1.
    pub refused_at_most: f64,
    /// Largest p95 of verifies of frames, milliseconds.
    pub p95_ms: f64,
    /// Largest part of what the workers can do that the load may need, 0 to 1. Close to 1 the queue grows for
    /// longer than a run lasts, so a run that goes well shows nothing.
    pub use_at_most: f64,
}

/// A number of workers that is enough.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Worker processes.
    pub workers: u32,
    /// The run with them.
    pub run: Run,
}

/// No number of workers is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no number of workers reaches these goals: with {0} of them p95 or refusals are still above. Is --p95-ms below the time of one verify, or --threads too few for it?"
)]
pub struct Unreachable(u32);

/// Largest number of workers beyond what the thread time alone needs, as a factor, that is tried.
const MOST_TIMES: f64 = 4.0;

/// The search ends when the number is known to this part of it.
const EXACT_TO: u32 = 100;

impl Goal {
    /// Whether a run reached the goal.
    pub fn is_met(&self, tally: &Tally) -> bool {
        let refused = |medium| tally.of(medium).failed_share() > self.refused_at_most;
        let p95 = tally.of(Medium::Frames).percentile(95);
        !Medium::ALL.into_iter().any(refused) && p95.is_none_or(|p95| p95 <= self.p95_ms)
    }
}

/// Workers that have just as much to do as they can, on average: by the time of their threads, or, where each worker has
/// cores of its own, by that of its cores, which decoders of clips use as well.
pub fn least_by_work(setup: &Setup) -> f64 {
    let each = match setup.cores {
        Some(_) => setup.mix.thread_s(&setup.times),
        None => setup.mix.worker_core_s(&setup.times),
    };
    match setup.arrivals {
        Arrivals::Open { per_second, .. } => per_second * each / f64::from(setup.threads),
        Arrivals::Closed { .. } => 1.0,
    }
}

/// Simulates this number of workers. Stops early when more than `most_failed` requests have ended without an answer.
pub fn with_workers(setup: &Setup, workers: u32, most_failed: u64) -> Run {
    let setup = Setup {
        workers,
        ..setup.clone()
    };
    World::new(&setup).run(most_failed)
}

/// Searches the least number of workers with which `goal` is met: to 1, or to 1% above 100.
///
/// # Errors
/// [`Unreachable`] where four times the workers that the thread time alone needs are not enough.
pub fn search(setup: &Setup, goal: &Goal) -> Result<Plan, Unreachable> {
    let floor = least_by_work(setup) / goal.use_at_most;
    let whole = |workers: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "thousands of workers, and not negative"
        )]
        let whole = workers.ceil() as u32;
        whole.max(1)
    };
    let most_failed = most_failed(setup, goal);
    let attempt = |workers| {
        let run = with_workers(setup, workers, most_failed);
        goal.is_met(&run.tally).then_some(Plan { workers, run })
    };
    let mut too_few = whole(floor) - 1;
    let mut times = 1.0;
    let mut best = loop {
        let workers = whole(floor * times);
        if let Some(plan) = attempt(workers) {
            break plan;
        }
        too_few = too_few.max(workers);
        if times > MOST_TIMES && workers > 4 {
            return Err(Unreachable(workers));
        }
        times = (times * 1.2).max(f64::from(workers + 1) / floor.max(1e-9));
    };
    while best.workers - too_few > 1.max(best.workers / EXACT_TO) {
        let middle = too_few + (best.workers - too_few) / 2;
        match attempt(middle) {
            Some(plan) => best = plan,
            None => too_few = middle,
        }
    }
    Ok(best)
}

/// Requests without an answer beyond which no goal is met.
fn most_failed(setup: &Setup, goal: &Goal) -> u64 {
    let requests: f64 = match setup.arrivals {
        Arrivals::Open { per_second, .. } => {
            let each = setup.mix.requests(&setup.times);
            per_second * setup.seconds * each.iter().map(|(_, n)| n).sum::<f64>()
        }
        Arrivals::Closed { .. } => return u64::MAX,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "millions at most, and not negative"
    )]
    // Chance may put more of them into the warm-up, which does not count.
    let most = (2.0 * goal.refused_at_most * requests + 100.0) as u64;
    most
}

/// What KEDA sees of the queue of verifies: messages that no worker has taken, for each worker.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct QueueLengths {
    /// Mean with the planned workers.
    pub planned: f64,
    /// Mean with the same workers, and a tenth more work than they can do.
    pub short: f64,
}

impl QueueLengths {
    /// The lengths at a plan, and with too few workers.
    pub fn of(setup: &Setup, plan: &Plan) -> Self {
        let needed = least_by_work(setup);
        let times = 1.1 * f64::from(plan.workers) / needed;
        let arrivals = match setup.arrivals {
            Arrivals::Open {
                per_second,
                spacing,
            } => Arrivals::Open {
                per_second: per_second * times,
                spacing,
            },
            closed @ Arrivals::Closed { .. } => closed,
        };
        let overloaded = Setup {
            arrivals,
            ..setup.clone()
        };
        let short = with_workers(&overloaded, plan.workers, u64::MAX);
        let each = |run: &Run| mean(&run.looks.verify) / f64::from(plan.workers);
        Self {
            planned: each(&plan.run),
            short: each(&short),
        }
    }

    /// A value for `verifyQueueLength`: a whole number above what waits with enough workers, and below what waits with too few.
    /// `None` where no number tells the two apart.
    pub fn value(&self) -> Option<u32> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "messages, and not negative"
        )]
        let value = self.planned.floor() as u32 + 1;
        (f64::from(value) < self.short).then_some(value)
    }
}

/// Mean of the second half, when the queues have become as long as they become.
fn mean(lengths: &[usize]) -> f64 {
    let later = lengths.get(lengths.len() / 2..).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "thousands of messages")]
    let mean = later.iter().sum::<usize>() as f64 / later.len().max(1) as f64;
    mean
}
