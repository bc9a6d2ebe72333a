//! The command `livegate-lab calibrate`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use livegate_common::shutdown::Shutdown;
use livegate_liveness::thresholds::{PadThresholds, Scale};
use livegate_models::ModelSet;
use livegate_server::pool::start_pool;
use livegate_server::settings::{measuring, operating_point};

use super::Failure;
use super::angles::AnglesArgs;
use crate::calibrate::{base_pad, calibrate};
use crate::evaluate::journal::Journal;
use crate::evaluate::manifest::Set;
use crate::evaluate::{Setting, evaluate};
use crate::progress::Progress;

#[derive(Args)]
pub(super) struct CalibrateArgs {
    /// Manifest of the labelled set, as for `evaluate`; it needs bona fide captures and attacks.
    manifest: PathBuf,
    /// Largest APCER of any attack instrument species on the set, 0 to 1.
    #[arg(long, value_parser = share)]
    target_apcer: f64,
    /// File to write, for LIVEGATE_THRESHOLDS.
    #[arg(long)]
    output: PathBuf,
    /// Folder of the media [default: the manifest's].
    #[arg(long)]
    media: Option<PathBuf>,
    /// Folder of earlier measurements, which are not repeated.
    #[arg(long, default_value = "report")]
    out: PathBuf,
    /// Name of the models in the file.
    #[arg(long, default_value = "calibrated")]
    name: String,
    #[command(flatten)]
    angles: AnglesArgs,
}

fn share(text: &str) -> Result<f64, String> {
    let value: Option<f64> = text.parse().ok();
    value
        .filter(|v| (0.0..=1.0).contains(v))
        .ok_or_else(|| "it must be a number from 0 to 1, as 0.05".to_owned())
}

impl CalibrateArgs {
    pub(super) async fn run(self) -> Result<u8, Failure> {
        let shutdown = Shutdown::on_signals()?;
        let media = self.media.as_deref();
        let set = tokio::task::block_in_place(|| Set::read(&self.manifest, media))?;
        let mut journal = Journal::open(&self.out, false)?;
        let (models, threads) = measuring()?;
        let files = ModelSet::load(&models.cache, models.config.as_deref())?;
        let in_use = files.listed_as(&self.name);
        let base = operating_point::read(models.thresholds.as_deref())?.point;
        // The models that the thresholds were for do not matter: the new thresholds are for the models
        // in use.
        let mut raw = base.clone();
        raw.models = vec![in_use.clone()];
        // The weakest part decides, so the thresholds of parts keep their distance from that of the
        // whole.
        raw.thresholds.pad = PadThresholds {
            scale: Scale::default(),
            ..base_pad(&base, &in_use).clone()
        };
        let pool = start_pool(&models, &raw, threads).await?;
        let point = Setting::new(&files, &raw, self.angles.into());
        let progress = Progress::new(set.captures.len(), std::io::stderr().is_terminal());
        let evaluating = evaluate(&pool, &set, &point, &mut journal, &progress, &shutdown);
        let report = evaluating.await;
        progress.finish();
        let report = report?;
        let found = calibrate(&report.captures, self.target_apcer)?;
        let identity = &report.overall.identity;
        let written = found.operating_point(&base, in_use, identity, &set.name)?;
        std::fs::write(&self.output, written.to_toml()?)
            .map_err(|e| format!("{} cannot be written: {e}", self.output.display()))?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", found.words(&set.name))?;
        if found.is_uncertain() {
            writeln!(
                out,
                "The set is too small to be sure of the target: the true APCER of a species may be above it, up to the end of its interval."
            )?;
        }
        writeln!(
            out,
            "Written to {}: set LIVEGATE_THRESHOLDS to it, for API and workers.",
            self.output.display()
        )?;
        Ok(0)
    }
}
