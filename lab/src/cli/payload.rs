//! The command `livegate-lab payload`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::payload::payload;

#[derive(Args)]
pub(super) struct PayloadArgs {
    /// A clip, mp4 or webm; or a folder of frames named NN_PHASE.jpg, .jpeg or .png, for example
    /// 03_turn_left.jpg, used in the order of their names.
    capture: PathBuf,
    /// Id of the session for which it was captured, `live_…`.
    #[arg(long, default_value = "live_00000000000000000000000000000000", value_parser = session_id)]
    session: String,
}

/// Why an id is not a session's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be a session_id of the server-to-server API: live_ and 32 hexadecimal digits")]
struct NotASession;

fn session_id(text: &str) -> Result<String, NotASession> {
    let digits = text.strip_prefix("live_").filter(|d| d.len() == 32);
    let is_id = digits.is_some_and(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
    is_id.then(|| text.to_owned()).ok_or(NotASession)
}

impl PayloadArgs {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let body = payload(&self.capture, &self.session)?;
        let mut out = std::io::stdout().lock();
        serde_json::to_writer(&mut out, &body)?;
        writeln!(out)?;
        Ok(0)
    }
}
