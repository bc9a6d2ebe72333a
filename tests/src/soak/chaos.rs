//! Who is killed, and when.

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
    /// The longest that it took, once broker or store was back, until every replica said that all is well.
    pub slowest: Duration,
    /// When replicas were killed: index and moment.
    pub replicas: Vec<(usize, Instant)>,
}

impl Deeds {
    /// Whether a replica was killed between two moments, or just beside them: neither a kill nor an end
    /// is seen the moment that it comes.
    pub(super) fn killed(&self, replica: usize, from: Instant, to: Instant) -> bool {
        const BESIDE: Duration = Duration::from_secs(1);
        let mut kills = self.replicas.iter();
        kills.any(|(index, at)| *index == replica && *at + BESIDE > from && *at < to + BESIDE)
    }
}

/// Kills for as long as `work` takes: workers and replicas every moment, broker and store now and then,
/// at times while one of the others is down, too. In the end all of them are there.
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

/// When to do something, and to whom.
struct Whim {
    rng: Rng,
    stopped: watch::Receiver<bool>,
}

impl Whim {
    /// A random pause; whether to go on after it.
    async fn pause(&mut self, from_ms: u64, to_ms: u64) -> bool {
        let pause = Duration::from_millis(self.rng.u64(from_ms..=to_ms));
        let stopped = self.stopped.wait_for(|stopped| *stopped);
        tokio::time::timeout(pause, stopped).await.is_err()
    }
}

/// One process at a time, so that a replica is always left.
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

/// Broker and store in turn.
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
            rabbitmq = aside(rabbitmq, RabbitMq::start_again).await;
        } else {
            *deeds.kills.entry("store").or_default() += 1;
            redis.stop();
            whim.pause(0, 4000).await;
            redis = aside(redis, Redis::start_again).await;
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

/// Does what blocks for seconds while others go on.
async fn aside<T: Send + 'static>(mut server: T, start: impl FnOnce(&mut T) + Send + 'static) -> T {
    let started = tokio::task::spawn_blocking(move || {
        start(&mut server);
        server
    });
    started.await.expect("the server starts")
}
