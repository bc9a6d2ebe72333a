//! The report of a run, as text and as JSON.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::plan::QueueLengths;
use super::setup::{Arrivals, Setup};
use super::shapes::Medium;
use super::traffic::Traffic;
use super::world::Run;

/// The figures of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The machine whose service times were used.
    pub machine: String,
    /// Arrivals a second; `None` where clients wait for their answers.
    pub per_second: Option<f64>,
    /// Clients that wait for their answers.
    pub clients: Option<u32>,
    /// Workers.
    pub workers: u32,
    /// Threads of each worker.
    pub threads: u32,
    /// API replicas.
    pub replicas: u32,
    /// API keys.
    pub keys: u32,
    /// Cores that all share.
    pub cores: Option<u32>,
    /// Seed of the run.
    pub seed: u64,
    /// Verifies that were answered a second.
    pub verifies_per_second: f64,
    /// Share of the threads' time that measuring took, 0 to 1.
    pub thread_use: f64,
    /// Cores that the workers use, those of decoders included. Arithmetic from the load, not simulated.
    pub worker_cores: Option<f64>,
    /// Cores that the API uses in all. Arithmetic from the load, not simulated.
    pub api_cores: Option<f64>,
    /// Requests of each kind.
    pub kinds: Vec<KindReport>,
    /// Largest number of requests in hand, counted once a second.
    pub most_in_hand: usize,
    /// Most messages in the queue of verifies, likewise.
    pub most_waiting: usize,
    /// Most bytes in both queues, likewise.
    pub most_waiting_bytes: usize,
    /// Messages that the broker refused since a queue was full.
    pub queue_full: u64,
    /// What broker and store carry a second.
    pub traffic: Option<Traffic>,
    /// What KEDA sees.
    pub keda: Option<KedaReport>,
}

/// The figures of one kind of request.
#[derive(Clone, Debug, Serialize)]
pub struct KindReport {
    /// The kind.
    pub kind: &'static str,
    /// Requests that arrived.
    pub arrived: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests refused with 429: the key has no place left, its own work fills its share, all work fills the server.
    pub refused: [u64; 3],
    /// Requests that did not end before their deadline: 502.
    pub late: u64,
    /// Latencies of the answers, milliseconds.
    pub p50_ms: Option<f64>,
    /// Their p95.
    pub p95_ms: Option<f64>,
    /// Their p99.
    pub p99_ms: Option<f64>,
}

/// What KEDA sees, and the setting that follows.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct KedaReport {
    /// Messages that wait.
    pub waiting: QueueLengths,
    /// `autoscaling.verifyQueueLength` of the chart; `None` where the queue does not tell too few workers from enough.
    pub verify_queue_length: Option<u32>,
}

impl Report {
    /// The figures of a run of this setup.
    pub fn new(setup: &Setup, run: &Run) -> Self {
        let (per_second, clients) = match setup.arrivals {
            Arrivals::Open { per_second, .. } => (Some(per_second), None),
            Arrivals::Closed { clients } => (None, Some(clients)),
        };
        let looks = &run.looks;
        let most = |of: &[usize]| of.iter().copied().max().unwrap_or(0);
        let (mix, times) = (&setup.mix, &setup.times);
        Self {
            machine: times.machine.clone(),
            per_second,
            clients,
            workers: setup.workers,
            threads: setup.threads,
            replicas: setup.replicas,
            keys: setup.keys,
            cores: setup.cores,
            seed: setup.seed,
            verifies_per_second: run.tally.verifies_per_second(),
            thread_use: run.thread_s / (f64::from(setup.all_threads()) * setup.seconds),
            worker_cores: per_second.map(|n| n * mix.worker_core_s(times)),
            api_cores: per_second.map(|n| n * mix.api_core_s(times, setup.all_threads())),
            kinds: Medium::ALL
                .into_iter()
                .filter_map(|m| KindReport::of(run, m))
                .collect(),
            most_in_hand: most(&looks.in_hand),
            most_waiting: most(&looks.verify),
            most_waiting_bytes: most(&looks.bytes),
            queue_full: run.full,
            traffic: None,
            keda: None,
        }
    }

    /// The report with what KEDA sees.
    #[must_use]
    pub fn with_keda(self, waiting: QueueLengths) -> Self {
        Self {
            keda: Some(KedaReport {
                waiting,
                verify_queue_length: waiting.value(),
            }),
            ..self
        }
    }

    /// The report with the traffic.
    #[must_use]
    pub fn with_traffic(self, traffic: Traffic) -> Self {
        Self {
            traffic: Some(traffic),
            ..self
        }
    }

    /// The report for people.
    pub fn to_text(&self) -> String {
        let mut text = format!("Service times: {}\n\n", self.machine);
        let load = match (self.per_second, self.clients) {
            (Some(rate), _) => format!("{rate} arrivals a second"),
            (None, clients) => {
                format!("{} clients, one verify after another", clients.unwrap_or(0))
            }
        };
        let cores = self
            .cores
            .map_or("of their own".to_owned(), |n| format!("{n}, shared by all"));
        let mut table = two_columns();
        let mut line = |name: &str, value: String| {
            table.add_row([name.to_owned(), value]);
        };
        line("load", load);
        line(
            "workers, threads each",
            format!("{} x {}", self.workers, self.threads),
        );
        line(
            "API replicas, keys",
            format!("{}, {}", self.replicas, self.keys),
        );
        line("cores", cores);
        line(
            "verifies answered a second",
            format!("{:.1}", self.verifies_per_second),
        );
        line("threads in use", format!("{:.0}%", 100.0 * self.thread_use));
        if let (Some(workers), Some(api)) = (self.worker_cores, self.api_cores) {
            line(
                "cores in use by workers, API",
                format!("{workers:.1}, {api:.1}"),
            );
        }
        line("most requests in hand", self.most_in_hand.to_string());
        let waiting = format!(
            "{}, {:.1} MB",
            self.most_waiting,
            megabytes(self.most_waiting_bytes)
        );
        line("most messages in the queue", waiting);
        if self.queue_full > 0 {
            line("publishes refused, queue full", self.queue_full.to_string());
        }
        if let Some(traffic) = &self.traffic {
            line(
                "RabbitMQ, messages a second",
                format!("{:.0}", traffic.messages),
            );
            let each_way = format!("{:.1} MB in, the same out", traffic.message_bytes / 1e6);
            line("RabbitMQ, bytes a second", each_way);
            line(
                "Redis, calls a second",
                format!("{:.0}", traffic.store_calls),
            );
            let each_way = format!("{:.1} MB in, the same out", traffic.outcome_bytes / 1e6);
            line("Redis, bytes of outcomes a second", each_way);
        }
        let _ = writeln!(text, "{table}\n\n{}", self.kinds_table());
        if let Some(keda) = &self.keda {
            let _ = writeln!(text, "\n{}", keda.to_text(self.workers));
        }
        text
    }

    fn kinds_table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_header([
            "requests",
            "arrived",
            "answered",
            "429 key",
            "429 share",
            "429 server",
            "502",
            "p50 ms",
            "p95 ms",
            "p99 ms",
        ]);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let ms = |ms: Option<f64>| ms.map_or("-".to_owned(), |ms| format!("{ms:.0}"));
        for kind in &self.kinds {
            let [key, share, server] = kind.refused;
            let counts = [kind.arrived, kind.answered, key, share, server, kind.late];
            let times = [kind.p50_ms, kind.p95_ms, kind.p99_ms];
            let name = [kind.kind.to_owned()].into_iter();
            let counts = counts.iter().map(u64::to_string);
            table.add_row(name.chain(counts).chain(times.into_iter().map(ms)));
        }
        table
    }
}

impl KindReport {
    /// `None` where none arrived.
    fn of(run: &Run, medium: Medium) -> Option<Self> {
        let counts = run.tally.of(medium);
        let kind = match medium {
            Medium::Frames => "verify, frames",
            Medium::Clip => "verify, clip",
            Medium::Live => "live frame",
        };
        (counts.arrived > 0).then(|| Self {
            kind,
            arrived: counts.arrived,
            answered: counts.answered,
            refused: [
                counts.refused_key,
                counts.refused_share,
                counts.refused_server,
            ],
            late: counts.late,
            p50_ms: counts.percentile(50),
            p95_ms: counts.percentile(95),
            p99_ms: counts.percentile(99),
        })
    }
}

impl KedaReport {
    fn to_text(self, workers: u32) -> String {
        let QueueLengths { planned, short } = self.waiting;
        let seen = format!(
            "KEDA: {planned:.2} messages wait for each worker with these workers, {short:.2} with a tenth more work than they can do."
        );
        let hint = match self.verify_queue_length {
            Some(value) => format!(
                "Set in the chart's values, for this load:\n\nautoscaling:\n  enabled: true\n  minReplicas: {workers}\n  verifyQueueLength: {value}"
            ),
            None => "The length of the queue does not tell these two apart: scale by the API's metric of work ahead, or by CPU \
                     (docs/capacity.md)."
                .to_owned(),
        };
        format!("{seen}\n{hint}")
    }
}

fn two_columns() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table
}

#[expect(clippy::cast_precision_loss, reason = "gigabytes at most")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
