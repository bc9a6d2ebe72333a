//! Metrics of the API. docs/watching.md explains each of them.

mod labels;

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use livegate_common::broker::Publisher;
use livegate_telemetry::metrics::SECONDS;
use poem::http::Method;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tracing::Span;

use self::labels::{
    ApiLabel, CodeLabel, EndLabel, KeyLabel, KindLabel, LimitLabel, ReasonLabel, RequestLabel,
    RouteLabel, StageLabel, WorkLabel,
};
use crate::admission::Estimates;
use crate::contract::reason::ReasonCode;
use crate::error::{Code, Refusal};

/// Keys that get series of their own; all further ones share one series. A key costs the metrics store
/// a dozen series.
const MOST_KEYS: usize = 1000;

/// Label of keys beyond [`MOST_KEYS`].
const OTHER_KEYS: &str = "other";

/// The verdicts of each mode.
const ENDS: [(&str, &[&str]); 3] = [
    ("images", &["verified", "rejected", "failed"]),
    ("video", &["verified", "rejected", "failed"]),
    (
        "interactive",
        &["verified", "rejected", "expired", "cancelled"],
    ),
];

/// The metrics of one API process. Clones share the same counters.
#[derive(Clone)]
pub struct Metrics {
    requests: Family<RequestLabel, Counter>,
    tests: Family<RequestLabel, Counter>,
    durations: Family<RouteLabel, Histogram, fn() -> Histogram>,
    errors: Family<CodeLabel, Counter>,
    limited: Family<LimitLabel, Counter>,
    key_refusals: Family<KeyLabel, Counter>,
    keys: Arc<Mutex<HashSet<Arc<str>>>>,
    created: Family<ApiLabel, Counter>,
    ended: Family<EndLabel, Counter>,
    reasons: Family<ReasonLabel, Counter>,
    stages: Family<StageLabel, Histogram, fn() -> Histogram>,
    republished: Counter,
    ahead: Family<WorkLabel, Gauge<f64, AtomicU64>>,
    prices: Family<KindLabel, Gauge<f64, AtomicU64>>,
    threads: Gauge,
    clips: Gauge,
    broker: Gauge,
    store: Gauge,
    workers: Gauge,
}

/// A stage of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From a verify's body to a capture.
    Parse,
    /// Waiting for the turn of one batch.
    Turn,
    /// Sealing one batch.
    Seal,
    /// Publishing one batch, until the broker confirms it.
    Publish,
    /// From the turn of the first batch to the last outcome.
    Wait,
    /// From measurements to a verdict.
    Decide,
    /// From a verdict to its answer, best frame included.
    Answer,
}

impl Stage {
    const ALL: [Self; 7] = [
        Self::Parse,
        Self::Turn,
        Self::Seal,
        Self::Publish,
        Self::Wait,
        Self::Decide,
        Self::Answer,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Turn => "turn",
            Self::Seal => "seal",
            Self::Publish => "publish",
            Self::Wait => "wait",
            Self::Decide => "decide",
            Self::Answer => "answer",
        }
    }

    /// The span of this stage in a trace.
    pub fn span(self) -> Span {
        tracing::debug_span!("stage", otel.name = self.name())
    }
}

/// A request that was answered, for the metrics.
pub struct Answered<'a> {
    /// Template of the path; `None`: the path does not exist.
    pub route: Option<&'a str>,
    /// The method.
    pub method: &'a Method,
    /// The answer's status.
    pub status: u16,
    /// Time from the request's head to its answer.
    pub took: Duration,
    /// The refusal, if it was refused.
    pub refusal: Option<&'a Refusal>,
    /// Id of the caller's key, if one was authenticated.
    pub key: Option<&'a Arc<str>>,
    /// Whether that is a test key.
    pub is_test: bool,
}

/// Counts a clip as being verified until it is dropped.
pub struct ClipInFlight(Gauge);

impl Drop for ClipInFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    /// All metrics at 0. Every series but those of routes and keys is created now, so that `rate()`
    /// sees the first increment.
    fn default() -> Self {
        let metrics = Self {
            requests: Family::default(),
            tests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            errors: Family::default(),
            limited: Family::default(),
            key_refusals: Family::default(),
            keys: Arc::default(),
            created: Family::default(),
            ended: Family::default(),
            reasons: Family::default(),
            stages: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            republished: Counter::default(),
            ahead: Family::default(),
            prices: Family::default(),
            threads: Gauge::default(),
            clips: Gauge::default(),
            broker: Gauge::default(),
            store: Gauge::default(),
            workers: Gauge::default(),
        };
        for code in Code::ALL.iter().map(|code| code.name()) {
            drop(metrics.errors.get_or_create(&CodeLabel { code }));
        }
        for limit in Refusal::LIMITS {
            drop(metrics.limited.get_or_create(&LimitLabel { limit }));
        }
        for api in ["server_to_server", "interactive"] {
            drop(metrics.created.get_or_create(&ApiLabel { api }));
        }
        for (mode, verdicts) in ENDS {
            for &verdict in verdicts {
                drop(metrics.ended.get_or_create(&EndLabel { mode, verdict }));
            }
        }
        for stage in Stage::ALL.map(Stage::name) {
            drop(metrics.stages.get_or_create(&StageLabel { stage }));
        }
        metrics
    }
}

impl Metrics {
    /// Registers all metrics with `registry`.
    pub fn register(&self, registry: &mut Registry) {
        let ours = registry.sub_registry_with_prefix("livegate");
        ours.register(
            "build",
            "Version of the running server",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        ours.register(
            "http_requests",
            "Requests answered, by path template, method and status",
            self.requests.clone(),
        );
        ours.register(
            "test_requests",
            "Requests of test keys answered, by path template, method and status; in no other count",
            self.tests.clone(),
        );
        ours.register_with_unit(
            "http_request_duration",
            "From a request's head to its answer, by path template and method",
            Unit::Seconds,
            self.durations.clone(),
        );
        ours.register("errors", "Error answers, by code", self.errors.clone());
        ours.register(
            "limited",
            "Requests refused with 429, by the limit that was reached",
            self.limited.clone(),
        );
        ours.register(
            "key_refusals",
            "Requests of known keys refused with a 4xx, by key id and code",
            self.key_refusals.clone(),
        );
        ours.register(
            "sessions_created",
            "Sessions created, by API",
            self.created.clone(),
        );
        ours.register(
            "sessions_ended",
            "Sessions that ended, by mode and verdict",
            self.ended.clone(),
        );
        ours.register(
            "verdict_reasons",
            "Reason codes of sessions that ended, by mode; one session can have several",
            self.reasons.clone(),
        );
        ours.register_with_unit(
            "stage_duration",
            "How long each stage of a request took in the API, by stage",
            Unit::Seconds,
            self.stages.clone(),
        );
        ours.register(
            "batches_republished",
            "Batches published again because the broker was away",
            self.republished.clone(),
        );
        ours.register_with_unit(
            "work_ahead",
            "Time until all work in hand of this process is expected to be done, by work: verify or interactive",
            Unit::Seconds,
            self.ahead.clone(),
        );
        ours.register_with_unit(
            "expected_cost",
            "Time that one thread is expected to take for a picture, by kind, or for a second of a clip",
            Unit::Seconds,
            self.prices.clone(),
        );
        ours.register(
            "inference_threads",
            "Threads of all workers, by which the work ahead is divided",
            self.threads.clone(),
        );
        ours.register(
            "clips_in_flight",
            "Clips being verified",
            self.clips.clone(),
        );
        ours.register(
            "broker_connected",
            "Whether the queue can be reached (1) or not (0)",
            self.broker.clone(),
        );
        ours.register(
            "store_reachable",
            "Whether the store can be reached (1) or not (0)",
            self.store.clone(),
        );
        ours.register(
            "workers",
            "Worker processes seen lately; 0 also where the store cannot be reached",
            self.workers.clone(),
        );
    }

    /// Counts a request that was answered.
    pub fn answered(&self, answered: &Answered<'_>) {
        let route = answered.route.unwrap_or(UNMATCHED).to_owned();
        let method = method_name(answered.method);
        let status = answered.status;
        if answered.is_test {
            // Not among the others: an integrator's tests must raise no alert.
            let request = RequestLabel {
                route,
                method,
                status,
            };
            self.tests.get_or_create(&request).inc();
            return;
        }
        let of_route = RouteLabel { route, method };
        let durations = self.durations.get_or_create(&of_route);
        durations.observe(answered.took.as_secs_f64());
        let RouteLabel { route, method } = of_route;
        let request = RequestLabel {
            route,
            method,
            status,
        };
        self.requests.get_or_create(&request).inc();
        let Some(refusal) = answered.refusal else {
            return;
        };
        let code = refusal.code.name();
        self.errors.get_or_create(&CodeLabel { code }).inc();
        if let Some(limit) = refusal.limit {
            self.limited.get_or_create(&LimitLabel { limit }).inc();
        }
        if let Some(key) = answered
            .key
            .filter(|_| refusal.code.status().is_client_error())
        {
            let key = self.label_of(key);
            self.key_refusals
                .get_or_create(&KeyLabel { key, code })
                .inc();
        }
    }

    fn label_of(&self, key: &Arc<str>) -> Arc<str> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.contains(key) || keys.len() < MOST_KEYS {
            keys.insert(Arc::clone(key));
            Arc::clone(key)
        } else {
            OTHER_KEYS.into()
        }
    }

    /// Counts a session that was created.
    pub fn created(&self, api: &'static str) {
        self.created.get_or_create(&ApiLabel { api }).inc();
    }

    /// Counts a session of this mode that ended with this verdict, for these reasons.
    pub fn ended(&self, mode: &'static str, verdict: &'static str, reasons: &[ReasonCode]) {
        self.ended.get_or_create(&EndLabel { mode, verdict }).inc();
        for reason in reasons {
            let reason = reason.name();
            let label = ReasonLabel { mode, reason };
            self.reasons.get_or_create(&label).inc();
        }
    }

    /// Counts an interactive session that was cancelled before its first frame, and so has no audit record.
    pub fn cancelled(&self) {
        let label = EndLabel {
            mode: "interactive",
            verdict: "cancelled",
        };
        self.ended.get_or_create(&label).inc();
    }

    /// Records the duration of a stage that began at `began`.
    pub fn stage(&self, stage: Stage, began: Instant) {
        let stage = stage.name();
        let times = self.stages.get_or_create(&StageLabel { stage });
        times.observe(began.elapsed().as_secs_f64());
    }

    /// Counts batches that are published again.
    pub fn republished(&self, batches: usize) {
        let batches = u64::try_from(batches).unwrap_or(u64::MAX);
        self.republished.inc_by(batches);
    }

    /// Counts a clip as being verified until the returned value is dropped.
    pub fn clip(&self) -> ClipInFlight {
        self.clips.inc();
        ClipInFlight(self.clips.clone())
    }

    /// Updates the gauges before a scrape. `workers` is `None` where the store cannot be reached.
    pub fn look(&self, estimates: &Estimates, publisher: &dyn Publisher, workers: Option<u32>) {
        for (work, seconds) in estimates.ahead {
            self.ahead.get_or_create(&WorkLabel { work }).set(seconds);
        }
        for (kind, price) in &estimates.prices {
            let kind = kind.clone();
            self.prices.get_or_create(&KindLabel { kind }).set(*price);
        }
        #[expect(clippy::cast_possible_truncation, reason = "a number of threads")]
        self.threads.set(estimates.threads as i64);
        self.broker.set(i64::from(publisher.is_connected()));
        self.store.set(i64::from(workers.is_some()));
        self.workers.set(i64::from(workers.unwrap_or(0)));
    }
}

/// The route of a path that does not exist, in metrics, logs and traces. Such a path may hold anything, and must
/// not create a series of its own.
pub const UNMATCHED: &str = "unmatched";

/// The method's name; one fixed name for methods that are not known, since callers can make up any.
pub fn method_name(method: &Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|known| method.as_str() == *known)
        .unwrap_or("other")
}

#[cfg(test)]
mod tests;
