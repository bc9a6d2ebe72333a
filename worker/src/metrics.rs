//! Metrics of a worker. docs/watching.md explains each of them.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use livegate_common::broker::Queue;
use livegate_common::job::{Cost, Look};
use livegate_telemetry::metrics::SECONDS;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::stages::Stage;

/// Metrics of one pool of inference threads and of the code that feeds it. Clones share the same
/// counters.
#[derive(Clone)]
pub struct Metrics {
    stages: Family<StageLabel, Histogram, fn() -> Histogram>,
    threads: Gauge,
    busy: Counter<f64, AtomicU64>,
    cpu: Family<CpuLabel, Counter<f64, AtomicU64>>,
    reloads: Counter,
    in_hand: Gauge,
    taken: Family<QueueLabel, Counter>,
    redelivered: Family<QueueLabel, Counter>,
    ended: Family<EndLabel, Counter>,
    frames: Family<FrameLabel, Counter>,
    clips: Family<ClipLabel, Counter>,
}

/// How the work on a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchEnd {
    /// The outcome is stored.
    Done,
    /// The work failed, and the failure is stored.
    Failed,
    /// Nobody waited for the outcome any more.
    Expired,
    /// The message is not a batch of this version.
    Unreadable,
}

impl BatchEnd {
    const ALL: [Self; 4] = [Self::Done, Self::Failed, Self::Expired, Self::Unreadable];

    /// Name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Unreadable => "unreadable",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabel {
    stage: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CpuLabel {
    part: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabel {
    queue: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabel {
    queue: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FrameLabel {
    look: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClipLabel {
    result: &'static str,
}

/// One batch that a worker has taken. Counts it as in hand until dropped.
pub struct InHand(Gauge);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Creates the metrics of a pool with `threads` threads. Each series starts at 0, so that `rate()`
    /// sees the first increment.
    pub(crate) fn new(threads: usize) -> Self {
        let metrics = Self {
            stages: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            threads: Gauge::default(),
            busy: Counter::default(),
            cpu: Family::default(),
            reloads: Counter::default(),
            in_hand: Gauge::default(),
            taken: Family::default(),
            redelivered: Family::default(),
            ended: Family::default(),
            frames: Family::default(),
            clips: Family::default(),
        };
        metrics
            .threads
            .set(i64::try_from(threads).unwrap_or(i64::MAX));
        for stage in Stage::ALL {
            let stage = stage.name();
            drop(metrics.stages.get_or_create(&StageLabel { stage }));
        }
        for queue in Queue::ALL.map(Queue::name) {
            drop(metrics.taken.get_or_create(&QueueLabel { queue }));
            drop(metrics.redelivered.get_or_create(&QueueLabel { queue }));
            for result in BatchEnd::ALL.map(BatchEnd::name) {
                drop(metrics.ended.get_or_create(&EndLabel { queue, result }));
            }
        }
        for result in ["measured", "undecodable"] {
            for look in ["whole", "glance"] {
                drop(metrics.frames.get_or_create(&FrameLabel { look, result }));
            }
        }
        for result in ["measured", "unplayable"] {
            drop(metrics.clips.get_or_create(&ClipLabel { result }));
        }
        metrics.cost(Cost::default());
        metrics
    }

    /// Adds the metrics to `registry`, prefixed `livegate_worker`.
    pub fn register(&self, registry: &mut Registry) {
        let worker = registry.sub_registry_with_prefix("livegate_worker");
        worker.register_with_unit(
            "stage_duration",
            "How long each stage of measuring took, by stage",
            Unit::Seconds,
            self.stages.clone(),
        );
        worker.register(
            "threads",
            "Inference threads of this process",
            self.threads.clone(),
        );
        worker.register_with_unit(
            "busy",
            "Time that inference threads spent on tasks, all threads together",
            Unit::Seconds,
            self.busy.clone(),
        );
        worker.register_with_unit(
            "cpu",
            "Processor time of inference threads on frames, inside the inference runtime and outside",
            Unit::Seconds,
            self.cpu.clone(),
        );
        worker.register(
            "model_reloads",
            "Times that an inference thread loaded its models again after a panic",
            self.reloads.clone(),
        );
        worker.register(
            "batches_in_hand",
            "Batches that were taken and are not done with",
            self.in_hand.clone(),
        );
        worker.register(
            "batches_taken",
            "Batches taken from the broker, by queue",
            self.taken.clone(),
        );
        worker.register(
            "batches_redelivered",
            "Batches taken that another worker had taken before and not acknowledged, by queue",
            self.redelivered.clone(),
        );
        worker.register(
            "batches_ended",
            "Batches done with, by queue and result: done, failed, expired or unreadable",
            self.ended.clone(),
        );
        worker.register(
            "frames",
            "Frames looked at, by how closely (whole, glance) and result (measured, undecodable)",
            self.frames.clone(),
        );
        worker.register(
            "clips",
            "Clips worked on, by result: measured, unplayable",
            self.clips.clone(),
        );
    }

    /// Records the duration of a stage.
    pub(crate) fn stage(&self, stage: Stage, took: Duration) {
        let label = StageLabel {
            stage: stage.name(),
        };
        self.stages
            .get_or_create(&label)
            .observe(took.as_secs_f64());
    }

    /// Adds time that a thread was busy.
    pub(crate) fn busy(&self, time: Duration) {
        self.busy.inc_by(time.as_secs_f64());
    }

    /// Adds processor time spent on measuring.
    pub(crate) fn cost(&self, cost: Cost) {
        let other_us = cost.cpu_us.saturating_sub(cost.inference_us);
        for (part, us) in [("inference", cost.inference_us), ("other", other_us)] {
            let cpu = self.cpu.get_or_create(&CpuLabel { part });
            cpu.inc_by(Duration::from_micros(us).as_secs_f64());
        }
    }

    /// Counts that a thread loaded its models again.
    pub(crate) fn reloaded(&self) {
        self.reloads.inc();
    }

    /// Counts a batch that was taken. It stays in hand until the returned value is dropped.
    pub(crate) fn take(&self, queue: Queue, redelivered: bool) -> InHand {
        let label = QueueLabel {
            queue: queue.name(),
        };
        self.taken.get_or_create(&label).inc();
        if redelivered {
            self.redelivered.get_or_create(&label).inc();
        }
        self.in_hand.inc();
        InHand(self.in_hand.clone())
    }

    /// Counts the end of a batch.
    pub(crate) fn end(&self, queue: Queue, end: BatchEnd) {
        let label = EndLabel {
            queue: queue.name(),
            result: end.name(),
        };
        self.ended.get_or_create(&label).inc();
    }

    /// Counts a frame that was measured or could not be decoded.
    pub(crate) fn frame(&self, look: Look, decodable: bool) {
        let label = FrameLabel {
            look: match look {
                Look::Whole => "whole",
                Look::Glance => "glance",
            },
            result: if decodable { "measured" } else { "undecodable" },
        };
        self.frames.get_or_create(&label).inc();
    }

    /// Counts a clip that was measured or refused.
    pub(crate) fn clip(&self, playable: bool) {
        let result = if playable { "measured" } else { "unplayable" };
        self.clips.get_or_create(&ClipLabel { result }).inc();
    }
}
