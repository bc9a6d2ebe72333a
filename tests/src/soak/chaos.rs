//! Kills parts of the service at random times.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::sync::watch;

use crate::client::Client;
use crate::fleet::{Fleet, Process, RECOVERY, until_ready};
use crate::servers::{RabbitMq, Redis};

/// What was done to the service.
#[derive(Clone, Debug, Default)]
pub struct Deeds {
    /// How often each part was killed.
    pub kills: BTreeMap<&'static str, usize>,
    /// Longest time from the return of broker or store until every replica reported that it was healthy.
    pub slowest: Duration,
    /// Kills of replicas, by index and time.
    pub replicas: Vec<(usize, Instant)>,
}

impl Deeds {
    /// Whether a replica was killed between two times, or just before or after: a kill and its effect
    /// are not observed at the same moment.
    pub(super) fn killed(&self, replica: usize, from: Instant, to: Instant) -> bool {
        const BESIDE: Duration = Duration::from_secs(1);
        let mut kills = self.replicas.iter();
        kills.any(|(index, at)| *index == replica && *at + BESIDE > from && *at < to + BESIDE)
    }
}

/// Kills parts of the service while `work` runs. Workers and replicas are killed often, broker and store
/// at times, also while other parts are down. At the end all parts run.
pub(super) async fn meanwhile(
    mut fleet: Fleet,
    rng: &mut Rng,
    calm: Duration,
    work: impl Future<Output = ()>,
) -> (Fleet, Deeds) {
    let (stop, stopped) = watch::channel(false);
    let mut whim = || Whim {
        rng: rng.fork(),
        stopped: stopped.clone(),
    };
    let clients = fleet.clients.clone();
    let processes = processes(fleet.replicas, fleet.workers, whim());
    let servers = servers(fleet.rabbitmq, fleet.redis, &clients, calm, whim());
    let work = async {
        work.await;
        stop.send_replace(true);
    };
    let (of_processes, of_servers, ()) = tokio::join!(processes, servers, work);
    let mut deeds = Deeds::default();
    (fleet.replicas, fleet.workers) = of_processes.0;
    (fleet.rabbitmq, fleet.redis) = of_servers.0;
    deeds.replicas = of_processes.1.replicas;
    deeds.slowest = of_servers.1.slowest;
    deeds.kills = of_processes.1.kills;
    deeds.kills.extend(of_servers.1.kills);
    (fleet, deeds)
}

/// Random choice of times and victims.
struct Whim {
    rng: Rng,
    stopped: watch::Receiver<bool>,
}

impl Whim {
    /// Waits for a random time. Returns whether to go on.
    async fn pause(&mut self, from_ms: u64, to_ms: u64) -> bool {
        let pause = Duration::from_millis(self.rng.u64(from_ms..=to_ms));
        let stopped = self.stopped.wait_for(|stopped| *stopped);
        tokio::time::timeout(pause, stopped).await.is_err()
    }
}

/// Kills one process at a time, so that one replica always runs.
async fn processes(
    mut replicas: Vec<Process>,
    mut workers: Vec<Process>,
    mut whim: Whim,
) -> ((Vec<Process>, Vec<Process>), Deeds) {
    let mut deeds = Deeds::default();
    while whim.pause(200, 2000).await {
        let victim = if whim.rng.u8(..4) > 0 {
            *deeds.kills.entry("worker").or_default() += 1;
            let index = whim.rng.usize(..workers.len());
            &mut workers[index]
        } else {
            *deeds.kills.entry("api").or_default() += 1;
            let index = whim.rng.usize(..replicas.len());
            deeds.replicas.push((index, Instant::now()));
            &mut replicas[index]
        };
        victim.kill();
        whim.pause(0, 500).await;
        victim.start_again();
    }
    ((replicas, workers), deeds)
}

/// Kills broker and store in turn.
async fn servers(
    mut rabbitmq: RabbitMq,
    mut redis: Redis,
    replicas: &[Client],
    calm: Duration,
    mut whim: Whim,
) -> ((RabbitMq, Redis), Deeds) {
    let mut deeds = Deeds::default();
    let calm_ms = u64::try_from(calm.as_millis()).unwrap_or(u64::MAX / 2);
    let mut broker = whim.rng.bool();
    while whim.pause(calm_ms / 2, calm_ms).await {
        if broker {
            *deeds.kills.entry("broker").or_default() += 1;
            rabbitmq.stop();
            whim.pause(0, 2000).await;
            rabbitmq = run_blocking_if_large(rabbitmq, RabbitMq::start_again).await;
        } else {
            *deeds.kills.entry("store").or_default() += 1;
            redis.stop();
            whim.pause(0, 4000).await;
            redis = run_blocking_if_large(redis, Redis::start_again).await;
        }
        let since = Instant::now();
        for replica in replicas {
            until_ready(replica, since, RECOVERY).await;
        }
        deeds.slowest = deeds.slowest.max(since.elapsed());
        broker = !broker;
    }
    ((rabbitmq, redis), deeds)
}

/// Runs blocking work of several seconds beside the async runtime.
async fn run_blocking_if_large<T: Send + 'static>(
    mut server: T,
    start: impl FnOnce(&mut T) + Send + 'static,
) -> T {
    let started = tokio::task::spawn_blocking(move || {
        start(&mut server);
        server
    });
    started.await.expect("the server starts")
}
