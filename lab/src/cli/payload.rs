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
    #[arg(long, default_value = "live_00000000000000000000000000000000")]
    session: String,
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
