//! The commands of `livegate-api keys`.

use std::io::Write;
use std::time::Duration;

use clap::{Args, Subcommand};
use livegate_api::keys::change::{MAX_KEEP_OLD, MAX_KEEP_OLD_DAYS, revoke, rotate};
use livegate_api::keys::create::{NewKey, create};
use livegate_api::keys::list::list;
use livegate_liveness::challenge::{Action, Angles};

use super::Failure;
use super::key_table::to_text;
use super::values::{action, in_range};
use crate::settings::key_file;

#[derive(Subcommand)]
pub(super) enum KeysCommand {
    /// Makes a key and prints it. It is shown only once; the file holds its hash.
    Create(CreateArgs),
    /// Lists the keys: ids, names, limits and defaults, without secrets.
    List(ListArgs),
    /// Gives a key a new secret and prints it. It is shown only once; id, limits and sessions stay.
    Rotate(RotateArgs),
    /// Removes a key. Running servers refuse it within two seconds.
    Revoke(RevokeArgs),
}

#[derive(Args)]
pub(super) struct CreateArgs {
    /// Name of the key.
    #[arg(long)]
    name: String,
    /// Makes a test key, tsk_test_…: its sessions take a test_outcome and need no face.
    #[arg(long)]
    test: bool,
    /// Makes a key that may not use liveness.
    #[arg(long)]
    no_liveness: bool,
    /// Requests per minute.
    #[arg(long, default_value_t = NewKey::named("").requests_per_minute, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    requests_per_minute: u32,
    /// Verifications at once.
    #[arg(long, default_value_t = NewKey::named("").concurrency, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    concurrency: u32,
    /// Actions of its sessions where a request names none, shuffled for each session: at least 2,
    /// separated by commas [default: all].
    #[arg(long, value_delimiter = ',', value_parser = action)]
    actions: Option<Vec<Action>>,
    /// Default yaw of its sessions, degrees, 15 to 40 [default: 25].
    #[arg(long, value_parser = |s: &str| in_range(s, Angles::YAW))]
    yaw_deg: Option<f32>,
    /// Default pitch of its sessions, degrees, 10 to 30 [default: 20].
    #[arg(long, value_parser = |s: &str| in_range(s, Angles::PITCH))]
    pitch_deg: Option<f32>,
    /// Default eye aspect ratio of its sessions' blinks, 0.12 to 0.28 [default: 0.2].
    #[arg(long, value_parser = |s: &str| in_range(s, Angles::BLINK))]
    blink_ear: Option<f32>,
}

#[derive(Args)]
pub(super) struct ListArgs {
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct RotateArgs {
    /// The key's id, `key_…`.
    key: String,
    /// How long the old secret stays valid beside the new one, for example 10m or 24h, at most 30d
    /// [default: not at all].
    #[arg(long, value_name = "DURATION", value_parser = keep_old_for)]
    keep_old_for: Option<Duration>,
}

#[derive(Args)]
pub(super) struct RevokeArgs {
    /// The key's id, `key_…`.
    key: String,
}

fn keep_old_for(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).ok();
    duration.filter(|d| *d <= MAX_KEEP_OLD).ok_or_else(|| {
        format!("it must be a duration such as 10m, 24h or 7d, at most {MAX_KEEP_OLD_DAYS} days")
    })
}

impl KeysCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create(args) => args.run(),
            Self::List(args) => args.run(),
            Self::Rotate(args) => args.run(),
            Self::Revoke(args) => args.run(),
        }
    }
}

impl CreateArgs {
    fn run(self) -> Result<(), Failure> {
        let path = key_file();
        let new = NewKey {
            name: self.name,
            test: self.test,
            liveness: !self.no_liveness,
            requests_per_minute: self.requests_per_minute,
            concurrency: self.concurrency,
            actions: self.actions,
            yaw_deg: self.yaw_deg,
            pitch_deg: self.pitch_deg,
            blink_ear: self.blink_ear,
        };
        let is_new_file = !path.exists();
        let key = create(&path, &new)?;
        // The secret alone goes to standard output, for scripts; the rest goes to standard error.
        writeln!(std::io::stdout(), "{}", key.secret)?;
        let whole = std::path::absolute(&path).unwrap_or(path);
        let (id, path) = (key.id, whole.display());
        if is_new_file {
            writeln!(
                std::io::stderr(),
                "Made the key file {path}. A server reads the one that its LIVEGATE_KEYS names."
            )?;
        }
        writeln!(
            std::io::stderr(),
            "Made key {id} in {path}; running servers take it within two seconds. Its secret, above, is shown this once: keep it now. Send it as X-AI-API-Key."
        )?;
        Ok(())
    }
}

impl ListArgs {
    fn run(self) -> Result<(), Failure> {
        let keys = list(&key_file())?;
        let mut out = std::io::stdout().lock();
        if self.json {
            serde_json::to_writer_pretty(&mut out, &keys)?;
            writeln!(out)?;
        } else {
            write!(out, "{}", to_text(&keys))?;
        }
        Ok(())
    }
}

impl RotateArgs {
    fn run(self) -> Result<(), Failure> {
        let rotated = rotate(&key_file(), &self.key, self.keep_old_for)?;
        writeln!(std::io::stdout(), "{}", rotated.secret)?;
        let old = match rotated.old_until {
            Some(until) => format!("counts beside it until {until}"),
            None => "stops counting within two seconds".to_owned(),
        };
        let id = self.key;
        writeln!(
            std::io::stderr(),
            "Gave key {id} a new secret, shown this once: keep it now. The old one {old}."
        )?;
        Ok(())
    }
}

impl RevokeArgs {
    fn run(self) -> Result<(), Failure> {
        let path = key_file();
        revoke(&path, &self.key)?;
        let (id, path) = (self.key, path.display());
        writeln!(
            std::io::stderr(),
            "Removed key {id} from {path}; running servers refuse it within two seconds."
        )?;
        Ok(())
    }
}
