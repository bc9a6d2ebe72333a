//! Kills parts of the service at random times.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::sync::watch;

use super::estate::Estate;
use crate::client::Client;
use crate::fleet::{Process, Processes, RECOVERY, until_ready};

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

/// Kills parts of the service while `work` runs. Workers and replicas are killed often, servers at times, also
/// while other parts are down. At the end all parts run. `outages` counts the servers' outages.
pub(super) async fn meanwhile(
    mut service: (Processes, Estate),
    rng: &mut Rng,
    calm: Duration,
    outages: &AtomicUsize,
    work: impl Future<Output = ()>,
) -> ((Processes, Estate), Deeds) {
    let (stop, stopped) = watch::channel(false);
    let mut whim = || Whim {
        rng: rng.fork(),
        stopped: stopped.clone(),
    };
    let fleet = &mut service.0;
    let clients = fleet.clients.clone();
    let processes = processes(take(&mut fleet.replicas), take(&mut fleet.workers), whim());
    let servers = servers(service.1, &clients, calm, outages, whim());
    let work = async {
        work.await;
        stop.send_replace(true);
    };
    let (of_processes, of_servers, ()) = tokio::join!(processes, servers, work);
    let mut deeds = Deeds::default();
    (service.0.replicas, service.0.workers) = of_processes.0;
    service.1 = of_servers.0;
    deeds.replicas = of_processes.1.replicas;
    deeds.slowest = of_servers.1.slowest;
    deeds.kills = of_processes.1.kills;
    deeds.kills.extend(of_servers.1.kills);
    (service, deeds)
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

/// Kills the servers in turn.
async fn servers(
    mut estate: Estate,
    replicas: &[Client],
    calm: Duration,
    outages: &AtomicUsize,
    mut whim: Whim,
) -> (Estate, Deeds) {
    let mut deeds = Deeds::default();
    let calm_ms = u64::try_from(calm.as_millis()).unwrap_or(u64::MAX / 2);
    let either = whim.rng.usize(..2);
    let first = if estate.is_redundant() { 0 } else { either };
    for round in first.. {
        if !whim.pause(calm_ms / 2, calm_ms).await {
            break;
        }
        let victim = estate.victim(round);
        *deeds.kills.entry(victim.name()).or_default() += 1;
        estate.stop(victim);
        let mut since = Instant::now();
        if estate.is_redundant() {
            // The others take over. A master that came back before would be empty.
            whim.pause(3000, 6000).await;
        } else {
            whim.pause(0, 3000).await;
            estate = run_blocking_if_large(estate, move |e| e.start_again(victim)).await;
            since = Instant::now();
        }
        for replica in replicas {
            until_ready(replica, since, RECOVERY).await;
        }
        deeds.slowest = deeds.slowest.max(since.elapsed());
        if estate.is_redundant() {
            estate = run_blocking_if_large(estate, move |e| e.start_again(victim)).await;
        }
        outages.fetch_add(1, Ordering::Relaxed);
    }
    (estate, deeds)
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
