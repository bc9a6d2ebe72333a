//! The audit log: one JSON line for each claimed verification, and never any media.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::thread::JoinHandle;

use serde::Serialize;
use tokio::sync::mpsc;

use crate::config::AuditTarget;
use crate::server_to_server::vocabulary::ReasonCode;

/// Records that may wait for a slow disk before verifications wait for it too.
const QUEUE: usize = 1024;

/// One verification, as it is remembered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditRecord {
    /// When it was decided: RFC 3339, UTC.
    pub time: String,
    /// The request's id.
    pub request_id: String,
    /// The key's id.
    pub key_id: String,
    /// The session.
    pub session_id: String,
    /// `images` or `video`.
    pub mode: &'static str,
    /// `verified`, `rejected` or `failed`.
    pub verdict: &'static str,
    /// Why.
    pub reason_codes: Vec<ReasonCode>,
    /// Combined confidence, when verified.
    pub confidence: Option<f64>,
    /// Mean anti-spoof score, where it was measured.
    pub anti_spoof_avg_score: Option<f64>,
    /// Identity consistency, where it was measured.
    pub same_person_score: Option<f64>,
    /// Frames in the capture.
    pub frames: usize,
    /// The server's own time, milliseconds.
    pub processing_time_ms: u64,
}

/// Takes records. Clones write to the same log.
#[derive(Clone)]
pub struct Audit(mpsc::Sender<AuditRecord>);

/// The thread that writes.
pub struct AuditWriter(JoinHandle<()>);

impl Audit {
    /// Opens the log and starts the thread that writes it.
    ///
    /// # Errors
    /// The I/O error of a file that cannot be opened for appending, or of a thread that cannot be
    /// started.
    pub fn open(target: &AuditTarget) -> io::Result<(Self, AuditWriter)> {
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
        let (sender, records) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new().name("audit".to_owned());
        let writer = thread.spawn(move || write_all(out, records))?;
        Ok((Self(sender), AuditWriter(writer)))
    }

    /// Hands a record to the log. Waits when the log is far behind: no record is dropped.
    pub async fn record(&self, record: AuditRecord) {
        if self.0.send(record).await.is_err() {
            tracing::error!("An audit record is lost: the audit log has stopped");
        }
    }
}

impl AuditWriter {
    /// Waits until everything is written, once every [`Audit`] is gone.
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
                // In one call, so that lines of several processes do not mix.
                out.write_all(&line)?;
                out.flush()
            });
        if let Err(error) = written {
            tracing::error!(error = %error, "An audit record is lost: {error}");
        }
    }
}
