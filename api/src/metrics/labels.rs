//! Metric labels. Never caller-controlled.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;

/// Labels of an answered request: path template, method and status.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabel {
    pub route: String,
    pub method: &'static str,
    pub status: u16,
}

/// Labels of an answer time: path template and method.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabel {
    pub route: String,
    pub method: &'static str,
}

/// Label of an error answer: its code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CodeLabel {
    pub code: &'static str,
}

/// Label of a 429: the limit that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LimitLabel {
    pub limit: &'static str,
}

/// Labels of a refused request of a known key: key id and code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct KeyLabel {
    pub key: Arc<str>,
    pub code: &'static str,
}

/// Label of a price: the kind of work.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct KindLabel {
    pub kind: String,
}

/// Label of a created session: its API.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ApiLabel {
    pub api: &'static str,
}

/// Labels of a session that ended: mode and verdict.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct EndLabel {
    pub mode: &'static str,
    pub verdict: &'static str,
}

/// Labels of a reason code: mode and code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ReasonLabel {
    pub mode: &'static str,
    pub reason: &'static str,
}

/// Label of a stage of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StageLabel {
    pub stage: &'static str,
}

/// Label of work in flight: verify or interactive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WorkLabel {
    pub work: &'static str,
}
