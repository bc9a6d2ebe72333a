//! The command line.

mod calibrate;
mod evaluate;
mod keys;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use livegate_common::hardening;
use livegate_common::liveness::challenge::{Action, Angles, Challenge, Range};
use livegate_common::liveness::thresholds::ThresholdSets;
use livegate_common::operating_point;
use livegate_common::shutdown::Shutdown;
use serde::Serialize;

use self::calibrate::CalibrateArgs;
use self::evaluate::EvaluateArgs;
use self::keys::KeysCommand;
use crate::check::{self, Progress};
use crate::config::{Config, measuring};
use crate::serve::{serve, start_pool};
use crate::server_to_server::wire::MIN_ACTIONS;

/// Exit code of a check that rejected the capture.
const REJECTED: u8 = 3;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Livegate's API server. Without a command it serves; settings come from the environment (see the
/// README).
#[derive(Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Manages the API keys in the file that LIVEGATE_KEYS names (default keys.toml).
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Judges a clip or a folder of frames as verify would: exit code 0 verified, 3 rejected, 1 error.
    Check(CheckArgs),
    /// Measures the error rates of a labelled set and writes a report: exit code 0 when it is written,
    /// 1 error. What was measured before is not measured again.
    Evaluate(EvaluateArgs),
    /// Writes the thresholds file for the models in use, from a labelled set, at a target APCER.
    Calibrate(CalibrateArgs),
}

#[derive(Args)]
struct CheckArgs {
    /// A clip, mp4 or webm; or a folder of frames named NN_PHASE.jpg, .jpeg or .png, for example
    /// 03_turn_left.jpg, taken in the order of their names.
    capture: PathBuf,
    /// The actions asked for, in their order, separated by commas.
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

/// How far is far enough.
#[derive(Args)]
struct AnglesArgs {
    /// Degrees, 15 to 40.
    #[arg(long, default_value_t = Angles::default().yaw_deg, value_parser = |s: &str| in_range(s, Angles::YAW))]
    yaw_deg: f32,
    /// Degrees, 10 to 30.
    #[arg(long, default_value_t = Angles::default().pitch_deg, value_parser = |s: &str| in_range(s, Angles::PITCH))]
    pitch_deg: f32,
    /// Eye aspect ratio, 0.12 to 0.28.
    #[arg(long, default_value_t = Angles::default().blink_ear, value_parser = |s: &str| in_range(s, Angles::BLINK))]
    blink_ear: f32,
}

impl From<AnglesArgs> for Angles {
    fn from(args: AnglesArgs) -> Self {
        Self {
            yaw_deg: args.yaw_deg,
            pitch_deg: args.pitch_deg,
            blink_ear: args.blink_ear,
        }
    }
}

fn action(name: &str) -> Result<Action, String> {
    Action::from_name(name).ok_or_else(|| {
        let names = Action::ALL.map(Action::name).join(", ");
        format!("it must be one of {names}")
    })
}

fn in_range(text: &str, range: Range) -> Result<f32, String> {
    let value: Option<f32> = text.parse().ok();
    value
        .filter(|v| range.contains(f64::from(*v)))
        .ok_or_else(|| format!("it must be a number from {} to {}", range.min, range.max))
}

impl Cli {
    /// Does what was asked and gives the exit code.
    ///
    /// # Errors
    /// Whatever kept it from being done; the text is for the operator.
    pub async fn run(self) -> Result<u8, Failure> {
        hardening::keep_memory_private()?;
        match self.command {
            None => {
                let shutdown = Shutdown::on_signals()?;
                serve(Config::from_env()?, shutdown).await?;
                Ok(0)
            }
            Some(Command::Keys(command)) => command.run(),
            Some(Command::Check(args)) => args.run().await,
            Some(Command::Evaluate(args)) => args.run().await,
            Some(Command::Calibrate(args)) => args.run().await,
        }
    }
}

impl CheckArgs {
    async fn run(self) -> Result<u8, Failure> {
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
        let point = operating_point::read(models.thresholds.as_deref())?;
        let sets = ThresholdSets::from(&point);
        let start = async || start_pool(&models, &point, threads).await;
        let report = if self.capture.is_dir() {
            let frames = check::read_folder(&self.capture)?;
            let progress = Progress::new(frames.len(), std::io::stderr().is_terminal());
            let pool = start().await?;
            let report = check::check_frames(&pool, &sets, &challenge, frames, &progress).await?;
            progress.finish();
            report
        } else {
            let clip = check::read_clip(&self.capture)?;
            check::check_clip(&start().await?, &sets, &challenge, clip).await?
        };
        let printed = if self.json {
            in_lines(&report.to_json()?)?
        } else {
            report.to_text()
        };
        std::io::stdout().write_all(printed.as_bytes())?;
        Ok(if report.is_verified() { 0 } else { REJECTED })
    }
}

/// JSON as a person can read it.
fn in_lines(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}
