//! The command `livegate-lab evaluate`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use livegate_common::shutdown::Shutdown;
use livegate_models::ModelSet;
use livegate_server::pool::start_pool;
use livegate_server::settings::{measuring, operating_point};

use super::Failure;
use super::angles::AnglesArgs;
use super::check::in_lines;
use crate::evaluate::journal::Journal;
use crate::evaluate::manifest::Set;
use crate::evaluate::{Setting, evaluate};
use crate::progress::Progress;

#[derive(Args)]
pub(super) struct EvaluateArgs {
    /// Manifest of the labelled set, TOML; docs/evaluation.md describes it.
    manifest: PathBuf,
    /// Folder of the media [default: the manifest's].
    #[arg(long)]
    media: Option<PathBuf>,
    /// Folder of the report and of earlier measurements, which are not repeated.
    #[arg(long, default_value = "report")]
    out: PathBuf,
    /// File of thresholds [default: that of LIVEGATE_THRESHOLDS, or the shipped ones].
    #[arg(long)]
    thresholds: Option<PathBuf>,
    /// Repeats all measurements.
    #[arg(long)]
    restart: bool,
    #[command(flatten)]
    angles: AnglesArgs,
    /// Prints JSON instead of tables.
    #[arg(long)]
    json: bool,
}

impl EvaluateArgs {
    pub(super) async fn run(self) -> Result<u8, Failure> {
        let shutdown = Shutdown::on_signals()?;
        let media = self.media.as_deref();
        let set = tokio::task::block_in_place(|| Set::read(&self.manifest, media))?;
        let mut journal = Journal::open(&self.out, self.restart)?;
        let (models, threads) = measuring()?;
        let files = ModelSet::load(&models.cache, models.config.as_deref())?;
        let file = self.thresholds.as_ref().or(models.thresholds.as_ref());
        let numbers = operating_point::read(file.map(PathBuf::as_path))?.point;
        let pool = start_pool(&models, &numbers, threads).await?;
        let point = Setting::new(&files, &numbers, self.angles.into());
        let progress = Progress::new(set.captures.len(), std::io::stderr().is_terminal());
        let evaluating = evaluate(&pool, &set, &point, &mut journal, &progress, &shutdown);
        let report = evaluating.await;
        progress.finish();
        let report = report?;
        report.write(&self.out)?;
        let printed = if self.json {
            in_lines(&report)?
        } else {
            format!("{}\nWritten to {}.\n", report.to_text(), self.out.display())
        };
        std::io::stdout().write_all(printed.as_bytes())?;
        Ok(0)
    }
}
