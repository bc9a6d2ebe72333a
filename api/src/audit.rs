//! The audit log: one JSON line for each claimed verification and for each interactive session that has
//! ended. It never holds media.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::config::AuditTarget;
use crate::contract::established::Established;
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
    /// Our id of the request that ended the session; a fresh id where no request did.
    pub request_id: String,
    /// The caller's own id of that request; `None` if it gave none. Callers may give any, also twice.
    pub caller_request_id: Option<String>,
    /// Id of the API key, never the key itself.
    pub key_id: String,
    /// Id of the session.
    pub session_id: String,
    /// Whether it is a session of a test key, whose verdict rests on no measurement. Absent where it is not.
    #[serde(skip_serializing_if = "is_real")]
    pub test: bool,
    /// `images`, `video` or `interactive`.
    pub mode: &'static str,
    /// `verified`, `rejected` or `failed`; for an interactive session also `cancelled`, and `expired` if it had no
    /// frame.
    pub verdict: &'static str,
    /// The reasons of the verdict, in the documented order; empty for `cancelled` and `expired`.
    pub reason_codes: Vec<ReasonCode>,
    /// Combined confidence, 0 to 1, when verified.
    pub confidence: Option<f64>,
    /// Mean anti-spoof score, 0 to 1, where it was measured; higher is more likely a live person.
    pub anti_spoof_avg_score: Option<f64>,
    /// Consistency of all frames with one person, 0 to 1, where it was measured.
    pub same_person_score: Option<f64>,
    /// What was established beyond the pixels; see docs/integrate.md.
    pub evidence_level: Vec<Established>,
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

/// Whether a session is a real one, by its `test`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_real(test: &bool) -> bool {
    !*test
}

/// Microseconds as milliseconds, rounded to a tenth, as records state them.
pub fn milliseconds(microseconds: u64) -> f64 {
    (Duration::from_micros(microseconds).as_secs_f64() * 1e4).round() / 10.0
}

/// Longest time that an answer waits until its record is written. A disk that is slower delays no answer further.
const WRITING: Duration = Duration::from_secs(1);

/// A record on its way to the log.
struct Entry {
    record: AuditRecord,
    /// Told once the system has taken the line.
    written: oneshot::Sender<()>,
}

/// Accepts audit records. Clones write to the same log.
#[derive(Clone)]
pub struct Audit {
    records: mpsc::Sender<Entry>,
    metrics: Metrics,
}

/// A reserved place in the log for one record, which is never dropped for want of room.
pub struct AuditPlace {
    place: mpsc::OwnedPermit<Entry>,
    metrics: Metrics,
}

impl AuditPlace {
    /// Sends the record to the log, counts its verdict in the metrics unless it is a test, and waits until the line is written: at most a
    /// second. So a process that is killed right after its answer has written the answer's record.
    pub async fn record(self, record: AuditRecord) {
        if !record.test {
            self.metrics
                .ended(record.mode, record.verdict, &record.reason_codes);
        }
        let (written, writing) = oneshot::channel();
        self.place.send(Entry { record, written });
        // The writer logs a line that it cannot write.
        let _ = tokio::time::timeout(WRITING, writing).await;
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

fn write_all(mut out: Box<dyn Write + Send>, mut records: mpsc::Receiver<Entry>) {
    while let Some(Entry { record, written }) = records.blocking_recv() {
        let result = serde_json::to_vec(&record)
            .map_err(io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                // One call for each line, so that the lines of several processes do not mix.
                out.write_all(&line)?;
                out.flush()
            });
        if let Err(error) = result {
            tracing::error!(error = %error, "An audit record could not be written and is lost: {error}");
        }
        // Nobody waits any more if it took too long.
        let _ = written.send(());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as threads;

    use super::*;

    fn record(session_id: &str) -> AuditRecord {
        AuditRecord {
            time: String::new(),
            request_id: String::new(),
            caller_request_id: None,
            key_id: String::new(),
            session_id: session_id.to_owned(),
            test: false,
            mode: "images",
            verdict: "failed",
            reason_codes: Vec::new(),
            confidence: None,
            anti_spoof_avg_score: None,
            same_person_score: None,
            evidence_level: Vec::new(),
            frames: 8,
            processing_time_ms: 1,
            worker_cpu_ms: 0.0,
            inference_cpu_ms: 0.0,
        }
    }

    fn log(places: usize) -> (Audit, mpsc::Receiver<Entry>) {
        let (sender, records) = mpsc::channel(places);
        let metrics = Metrics::default();
        (
            Audit {
                records: sender,
                metrics,
            },
            records,
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_that_is_behind_refuses_places_and_one_that_was_given_stays() {
        let (audit, mut records) = log(1);
        let place = audit.reserve().ok().unwrap();
        let refused = || audit.reserve().err().unwrap();
        assert!(matches!(refused(), ApiError::ConcurrencyLimited { .. }));
        // Nobody writes it, so it is given up after a second of the paused clock.
        place.record(record("live_1")).await;
        assert!(matches!(refused(), ApiError::ConcurrencyLimited { .. }));
        assert_eq!(records.recv().await.unwrap().record.session_id, "live_1");
        // Returned unused, as by a verify that lost its claim.
        drop(audit.reserve().ok().unwrap());
        assert!(audit.reserve().is_ok());
        drop(records);
        assert!(matches!(refused(), ApiError::Processing(_)));
    }

    /// A log whose every write waits for a permit.
    struct Slow {
        permits: threads::Receiver<()>,
        lines: threads::Sender<Vec<u8>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.permits.recv().map_err(io::Error::other)?;
            self.lines.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn an_answer_waits_until_its_line_is_written() {
        let (audit, records) = log(4);
        let (permit, permits) = threads::channel();
        let (lines, written) = threads::channel();
        let writer =
            std::thread::spawn(move || write_all(Box::new(Slow { permits, lines }), records));
        let recording = audit.reserve().ok().unwrap().record(record("live_2"));
        tokio::pin!(recording);
        assert!(futures_util::poll!(&mut recording).is_pending());
        assert!(written.try_recv().is_err());
        permit.send(()).unwrap();
        recording.await;
        assert!(
            String::from_utf8(written.try_recv().unwrap())
                .unwrap()
                .contains("live_2")
        );
        // A log that cannot be written delays nothing.
        drop(permit);
        audit.reserve().ok().unwrap().record(record("live_3")).await;
        drop(audit);
        writer.join().unwrap();
    }
}
