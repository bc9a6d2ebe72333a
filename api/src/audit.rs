//! The audit log: one JSON line for each claimed verification and for each interactive session that has
//! ended. It never holds media.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::config::AuditTarget;
use crate::contract::reason::ReasonCode;
use crate::error::{ApiError, Busy};
use crate::metrics::Metrics;

/// Records that may wait for a slow disk. Once more wait, verifications are refused.
const QUEUE: usize = 1024;

/// One verification or one interactive session, as one line of the audit log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditRecord {
    /// When the verdict was reached: RFC 3339, UTC.
    pub time: String,
    /// Id of the request that ended the session; a fresh id where no request did.
    pub request_id: String,
    /// Id of the API key, never the key itself.
    pub key_id: String,
    /// Id of the session.
    pub session_id: String,
    /// `images`, `video` or `interactive`.
    pub mode: &'static str,
    /// `verified`, `rejected` or `failed`; `expired` for an interactive session without a frame.
    pub verdict: &'static str,
    /// The reasons of the verdict, in the documented order; empty for `expired`.
    pub reason_codes: Vec<ReasonCode>,
    /// Combined confidence, 0 to 1, when verified.
    pub confidence: Option<f64>,
    /// Mean anti-spoof score, 0 to 1, where it was measured; higher is more likely a live person.
    pub anti_spoof_avg_score: Option<f64>,
    /// Consistency of all frames with one person, 0 to 1, where it was measured.
    pub same_person_score: Option<f64>,
    /// Number of frames in the capture or the session.
    pub frames: usize,
    /// The server's own processing time, milliseconds; for an interactive session the sum over its
    /// frames.
    pub processing_time_ms: u64,
    /// Processor time that the workers spent on the frames, milliseconds; 0 when processing failed.
    pub worker_cpu_ms: f64,
    /// The part of `worker_cpu_ms` spent inside the inference runtime, milliseconds.
    pub inference_cpu_ms: f64,
}

/// Microseconds as milliseconds, rounded to a tenth, as records state them.
pub fn milliseconds(microseconds: u64) -> f64 {
    (Duration::from_micros(microseconds).as_secs_f64() * 1e4).round() / 10.0
}

/// Accepts audit records. Clones write to the same log.
#[derive(Clone)]
pub struct Audit {
    records: mpsc::Sender<AuditRecord>,
    metrics: Metrics,
}

/// A reserved place in the log for one record. Its holder never waits for the log, and its record is
/// never dropped.
pub struct AuditPlace {
    place: mpsc::OwnedPermit<AuditRecord>,
    metrics: Metrics,
}

impl AuditPlace {
    /// Sends the record to the log, and counts its verdict in the metrics.
    pub fn record(self, record: AuditRecord) {
        self.metrics
            .ended(record.mode, record.verdict, &record.reason_codes);
        self.place.send(record);
    }
}

/// The thread that writes the log.
pub struct AuditWriter(JoinHandle<()>);

impl Audit {
    /// Opens the log and starts the thread that writes it. `places` is the number of verifications that
    /// may hold a reserved place at once before the log counts as behind.
    ///
    /// # Errors
    /// The I/O error of a file that cannot be opened for appending, or of a thread that cannot be
    /// started.
    pub fn open(
        target: &AuditTarget,
        places: usize,
        metrics: Metrics,
    ) -> io::Result<(Self, AuditWriter)> {
        let out: Box<dyn Write + Send> = match target {
            AuditTarget::StandardOutput => Box::new(io::stdout()),
            AuditTarget::File(path) => {
                let options = OpenOptions::new()
                    .create(true)
                    .append(true)
                    .mode(0o600)
                    .clone();
                Box::new(options.open(path)?)
            }
        };
        let (sender, records) = mpsc::channel(QUEUE + places);
        let thread = std::thread::Builder::new().name("audit".to_owned());
        let writer = thread.spawn(move || write_all(out, records))?;
        let audit = Self {
            records: sender,
            metrics,
        };
        Ok((audit, AuditWriter(writer)))
    }

    /// Reserves a place for the record of a verification that is about to start.
    ///
    /// # Errors
    /// [`ApiError::ConcurrencyLimited`] when the log is far behind, since no verification may go
    /// without a record. [`ApiError::Processing`] when the log has stopped.
    pub fn reserve(&self) -> Result<AuditPlace, ApiError> {
        match self.records.clone().try_reserve_owned() {
            Ok(place) => Ok(AuditPlace {
                place,
                metrics: self.metrics.clone(),
            }),
            Err(TrySendError::Full(_)) => {
                tracing::error!("The audit log is so far behind that verifications are refused");
                Err(ApiError::busy(Busy::Server, Duration::from_secs(1)))
            }
            Err(TrySendError::Closed(_)) => Err(ApiError::internal("the audit log has stopped")),
        }
    }
}

impl AuditWriter {
    /// Waits until every record is written. Returns only after every [`Audit`] has been dropped.
    pub fn finish(self) {
        let _ = self.0.join();
    }
}

fn write_all(mut out: Box<dyn Write + Send>, mut records: mpsc::Receiver<AuditRecord>) {
    while let Some(record) = records.blocking_recv() {
        let written = serde_json::to_vec(&record)
            .map_err(io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                // One call for each line, so that the lines of several processes do not mix.
                out.write_all(&line)?;
                out.flush()
            });
        if let Err(error) = written {
            tracing::error!(error = %error, "An audit record could not be written and is lost: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_log_that_is_behind_refuses_places_and_one_that_was_given_stays() {
        let (sender, mut records) = mpsc::channel(1);
        let audit = Audit {
            records: sender,
            metrics: Metrics::default(),
        };
        let place = audit.reserve().ok().unwrap();
        let refused = || audit.reserve().err().unwrap();
        assert!(matches!(refused(), ApiError::ConcurrencyLimited { .. }));
        place.record(AuditRecord {
            time: String::new(),
            request_id: String::new(),
            key_id: String::new(),
            session_id: "live_1".to_owned(),
            mode: "images",
            verdict: "failed",
            reason_codes: Vec::new(),
            confidence: None,
            anti_spoof_avg_score: None,
            same_person_score: None,
            frames: 8,
            processing_time_ms: 1,
            worker_cpu_ms: 0.0,
            inference_cpu_ms: 0.0,
        });
        assert!(matches!(refused(), ApiError::ConcurrencyLimited { .. }));
        assert_eq!(records.recv().await.unwrap().session_id, "live_1");
        // Returned unused, as by a verify that lost its claim.
        drop(audit.reserve().ok().unwrap());
        assert!(audit.reserve().is_ok());
        drop(records);
        assert!(matches!(refused(), ApiError::Processing(_)));
    }
}
