//! The command `livegate-lab check`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use livegate_api::verify::wire::MIN_ACTIONS;
use livegate_liveness::challenge::{Action, Challenge};
use livegate_liveness::thresholds::ThresholdSets;
use livegate_server::cli::values::action;
use livegate_server::pool::start_pool;
use livegate_server::settings::{measuring, operating_point};
use serde::Serialize;

use super::Failure;
use super::angles::AnglesArgs;
use crate::check;
use crate::progress::Progress;

/// Exit code of a check that rejected the capture.
const REJECTED: u8 = 3;

#[derive(Args)]
pub(super) struct CheckArgs {
    /// A clip, mp4 or webm; or a folder of frames named NN_PHASE.jpg, .jpeg or .png, for example
    /// 03_turn_left.jpg, used in the order of their names.
    capture: PathBuf,
    /// The actions of the challenge, in order, separated by commas.
    #[arg(long, value_delimiter = ',', required = true, value_parser = action)]
    actions: Vec<Action>,
    #[command(flatten)]
    angles: AnglesArgs,
    /// The frames are mirror images.
    #[arg(long)]
    mirrored: bool,
    /// Prints JSON instead of tables.
    #[arg(long)]
    json: bool,
}

impl CheckArgs {
    pub(super) async fn run(self) -> Result<u8, Failure> {
        if self.actions.len() < MIN_ACTIONS {
            return Err(format!("--actions names fewer than {MIN_ACTIONS}").into());
        }
        let mut seen = Vec::new();
        for action in &self.actions {
            if seen.contains(action) {
                return Err(format!("--actions names {} twice", action.name()).into());
            }
            seen.push(*action);
        }
        let challenge = Challenge {
            actions: self.actions,
            angles: self.angles.into(),
            mirrored: self.mirrored,
        };
        let (models, threads) = measuring()?;
        let point = operating_point::read(models.thresholds.as_deref())?.point;
        let sets = ThresholdSets::from(&point);
        let start = async || start_pool(&models, &point, threads).await;
        let (report, used) = if self.capture.is_dir() {
            let frames = check::read_folder(&self.capture)?;
            let progress = Progress::new(frames.len(), std::io::stderr().is_terminal());
            let pool = start().await?;
            let report = check::check_frames(&pool, &sets, &challenge, frames, &progress).await?;
            progress.finish();
            (report, pool.models().clone())
        } else {
            let clip = check::read_only_clip(&self.capture)?;
            let pool = start().await?;
            let report = check::check_clip(&pool, &sets, &challenge, clip).await?;
            (report, pool.models().clone())
        };
        let used = sets.name_of(&used).unwrap_or("unknown");
        let printed = if self.json {
            in_lines(&report.to_json()?)?
        } else {
            format!("Models: {used}\n\n{}", report.to_text())
        };
        std::io::stdout().write_all(printed.as_bytes())?;
        Ok(if report.is_verified() { 0 } else { REJECTED })
    }
}

/// JSON with indentation, for people.
pub(super) fn in_lines(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}
